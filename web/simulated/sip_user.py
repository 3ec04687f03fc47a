"""The SIP side of one simulated phone: it registers, calls, is called, and watches lamps.

The methods block and may be called by any thread but the engine's; the protocol runs in the
engine's thread, and callbacks in threads of their own.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from provisioner.sip.transport import SocketAddress
from web.simulated.device import SimAccount, SimKey
from web.simulated.sip_answering import SipAnswering
from web.simulated.sip_call import Call
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import SILENT
from web.simulated.sip_outgoing import OutgoingCall
from web.simulated.sip_registration import RegisterResult, Registration
from web.simulated.sip_subscription import (
    DIALOG_EVENT,
    DIALOG_INFO,
    MESSAGE_EVENT,
    MESSAGE_SUMMARY,
    OnBody,
    Subscription,
    lamp,
)

__all__ = ["Call", "RegisterResult", "Resolve", "SipEngine", "SipUser"]

Resolve = Callable[[str], SocketAddress]
"""Maps a server's name in the phone's configuration to where it is."""

GOODBYE_S = 2.0
NOWHERE: SocketAddress = ("127.0.0.1", 0)  # nothing can be sent there, so every request gets a 503

_CALLING_KEYS = {"speed_dial", "blf", "intercom", "park", "pickup", "group_pickup", "voicemail"}
_DIGIT_KEYS = {"dtmf", "door_open"}
_SILENT_KEYS = {"line", "none"}


class SipUser(SipAnswering):
    """One simulated phone; ``SipAnswering`` says what it does on its own.

    Args:
        engine: what serves it, shared by many.
        accounts: its accounts; it speaks UDP, so those with another transport get a 503.
        user_agent: SIP User-Agent.
        resolve: where the servers of its accounts are; their names are looked up when None.
        host: own address.
        port: own port; 0 takes a free one.

    Attributes:
        blf: the lamps of watched extensions: ``idle``, ``ringing`` or ``busy``.
        blf_seen: all states of each lamp, in order.

    Raises:
        SipError: there is no port.
        MalformedMessageError: a server's name cannot stand in a SIP message.
    """

    def __init__(
        self,
        engine: SipEngine,
        accounts: Sequence[SimAccount],
        user_agent: str,
        resolve: Resolve | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._resolve = resolve
        self.blf: dict[str, str] = {}
        self.blf_seen: dict[str, list[str]] = {}
        super().__init__(engine, accounts, user_agent, self._server_of, host, port)
        self._mail_boxes: dict[int, Subscription] = {}
        try:
            self._registrations = [Registration(engine, line) for line in self._lines.values()]
        except BaseException:
            self._link.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def registrations(self) -> list[RegisterResult]:
        """How the last attempt of each account that has made one went."""
        return [each.result for each in self._registrations if each.result is not None]

    @property
    def register_count(self) -> int:
        """How many registrations of all accounts have been granted, refreshes too."""
        return sum(each.count for each in self._registrations)

    def register(self, timeout_s: float = 10.0) -> list[RegisterResult]:
        """Register all accounts and keep them registered; return how each went.

        An account that is told to watch its mail box subscribes to it, without waiting.
        """
        with self._engine.lock:
            for each in self._registrations:
                each.start()
        self._engine.wait_for(
            lambda: all(each.result is not None for each in self._registrations), timeout_s
        )
        silent = f"no answer within {timeout_s:g} s"
        results = [
            each.result or RegisterResult(line.account.number, SILENT, silent)
            for each, line in zip(self._registrations, self._lines.values(), strict=True)
        ]
        for result in results:
            if result.is_registered and self._lines[result.account].account.mwi:
                self._watch_messages(result.account)
        return results

    def wait_registered(self, count: int, timeout_s: float = 10.0) -> bool:
        """Wait until ``register_count`` is at least ``count`` and return whether it is."""
        return self._engine.wait_for(lambda: self.register_count >= count, timeout_s)

    def subscribe_blf(self, extension: str, account: int = 1, timeout_s: float = 10.0) -> int:
        """Watch an extension and return the status of the SUBSCRIBE; 408 for silence.

        Raises:
            ValueError: there is no such account.
        """

        def on_body(body: bytes) -> None:
            self.blf[extension] = state = lamp(body)
            self.blf_seen.setdefault(extension, []).append(state)

        line = self._line(account)
        subscription = self._subscribe(line, DIALOG_EVENT, DIALOG_INFO, extension, on_body)
        self._engine.wait_for(lambda: subscription.status is not None, timeout_s)
        return subscription.status or SILENT

    def wait_blf(self, extension: str, state: str, timeout_s: float = 10.0) -> bool:
        """Wait until a lamp shows ``state`` and return whether it does."""
        return self._engine.wait_for(lambda: self.blf.get(extension) == state, timeout_s)

    def wait_messages(self, *, is_waiting: bool, timeout_s: float = 10.0) -> bool:
        """Wait until the message lamp is on, or off, and return whether it is."""
        return self._engine.wait_for(lambda: self.messages_waiting == is_waiting, timeout_s)

    def call(self, number: str, account: int = 1, *, media: bool = False) -> Call:
        """Call a number; returns before anyone answers.

        Args:
            number: what is dialled.
            account: number of the account on the phone.
            media: whether silence is sent while the call is answered.

        Raises:
            ValueError: there is no such account.
        """
        with self._engine.lock:
            call = OutgoingCall(self._engine, self._line(account), number, media=media)
            self._add_call(call)
            return call

    def press(self, key: SimKey) -> Call | None:
        """Press a key: it calls, sends digits in the call, or does nothing that SIP would see.

        Returns:
            The call that the key made, or the call that the digits went into.

        Raises:
            ValueError: no SIP call does what the key does, or the key has no number to call.
        """
        if key.type in _SILENT_KEYS:
            return None
        if key.type in _DIGIT_KEYS:
            call = self.current_call
            if call is not None:
                call.send_dtmf(key.value)
            return call
        if key.type not in _CALLING_KEYS:
            raise ValueError(f"a {key.type} key makes no SIP call")
        number = self._number_of(key)
        if not number:
            raise ValueError(f"the {key.type} key at {key.slot} has no number")
        return self.call(number, key.account)

    @property
    def current_call(self) -> Call | None:
        """The newest call that is answered."""
        answered = [call for call in self.calls if call.state == "answered"]
        return answered[-1] if answered else None

    def close(self, *, goodbye: bool = True) -> None:
        """End calls, subscriptions and registrations and give the socket back.

        Args:
            goodbye: False leaves without a word, as a phone does that loses its power.
        """
        if goodbye:
            self._say_goodbye()
        with self._engine.lock:
            for each in self._registrations:
                each.abandon()
            for call in self._calls:
                call.abandon()
            self._link.close()

    def _say_goodbye(self) -> None:
        """Tell the server and wait a while for its answers."""
        with self._engine.lock:
            for call in self._calls:
                call.hang_up()
            for subscription in self._subscriptions:
                subscription.stop()
            leaving = [each for each in self._registrations if each.stop()]
        self._engine.wait_for(
            lambda: (
                all(each.result is not None for each in leaving)
                and all(call.state == "ended" for call in self._calls)
            ),
            GOODBYE_S,
        )

    def _number_of(self, key: SimKey) -> str:
        """Return what a key dials; the lamp key of a ringing extension takes its call."""
        if key.type == "blf" and key.pickup and self.blf.get(key.value) == "ringing":
            return key.pickup if key.value in key.pickup else key.pickup + key.value
        return key.value

    def _watch_messages(self, account: int) -> None:
        """Subscribe to an account's mail box, once."""
        line = self._line(account)
        if account not in self._mail_boxes:
            self._mail_boxes[account] = self._subscribe(
                line,
                MESSAGE_EVENT,
                MESSAGE_SUMMARY,
                line.account.user,
                lambda body: self._on_summary(account, body),
            )

    def _subscribe(
        self, line: SipLine, event: str, accept: str, user: str, on_body: OnBody
    ) -> Subscription:
        with self._engine.lock:
            subscription = Subscription(self._engine, line, event, accept, user, on_body)
            self._subscriptions.append(subscription)
            subscription.start()
            return subscription

    def _line(self, account: int) -> SipLine:
        if account not in self._lines:
            raise ValueError(f"the phone has no account {account}")
        return self._lines[account]

    def _server_of(self, account: SimAccount) -> SocketAddress:
        """Return where an account's requests go."""
        if account.transport.lower() != "udp" or not account.server:
            return NOWHERE
        try:
            if self._resolve is not None:
                return self._resolve(account.server)
            return socket.gethostbyname(account.server), account.port
        except OSError:
            return NOWHERE
