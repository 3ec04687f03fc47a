"""What a simulated phone does when a request comes, all of it in the engine's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from provisioner.sip.headers import MalformedMessageError, new_token, parse_uri, tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.device import SimAccount
from web.simulated.sip_call import Call
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_incoming import IncomingCall
from web.simulated.sip_line import ALLOW, SipLine
from web.simulated.sip_link import OK, Passes, SipLink
from web.simulated.sip_outgoing import OutgoingCall
from web.simulated.sip_subscription import (
    DIALOG_EVENT,
    MESSAGE_EVENT,
    MessageSummary,
    Subscription,
    asks_reboot,
    message_summary,
)

_CHECK_SYNC_EVENT = "check-sync"
# Methods that a phone knows and does not serve get 405, others 501 (RFC 3261 section 8.2.1).
_NOT_ALLOWED = {"MESSAGE", "PRACK", "PUBLISH", "REFER", "REGISTER", "SUBSCRIBE", "UPDATE"}

FindServer = Callable[[SimAccount], SocketAddress]


class SipAnswering:
    """The answering half of a phone.

    Args:
        engine: what serves it.
        accounts: its accounts.
        user_agent: SIP User-Agent.
        find_server: where an account's requests are sent.
        host: own address.
        port: own port; 0 takes a free one.

    Attributes:
        options_status: what OPTIONS is answered with.
        on_check_sync: called, in a thread of its own, when a NOTIFY asks to fetch the settings
            again, with whether to restart.
        on_incoming: what to do with calls: ``ring``, ``answer`` or ``busy``.
        media: whether answered calls that come in send silence.
        message_summaries: what the mail box of each account, by its number, holds.

    Raises:
        SipError: there is no port.
    """

    def __init__(
        self,
        engine: SipEngine,
        accounts: Sequence[SimAccount],
        user_agent: str,
        find_server: FindServer,
        host: str,
        port: int = 0,
    ) -> None:
        self._engine = engine
        self._user_agent = user_agent
        self._calls: list[Call] = []
        self._ringing: list[Call] = []
        self._subscriptions: list[Subscription] = []
        self.on_check_sync: Callable[[bool], None] | None = None
        self.on_incoming = "ring"
        self.media = False
        self.options_status = OK
        self.message_summaries: dict[int, MessageSummary] = {}
        self._handlers: dict[str, Callable[[SipRequest, SocketAddress], None]] = {
            "ACK": self._on_in_call,
            "BYE": self._on_in_call,
            "CANCEL": self._on_in_call,
            "INFO": self._on_in_call,
            "INVITE": self._on_invite,
            "NOTIFY": self._on_notify,
            "OPTIONS": self._on_options,
        }
        servers = [find_server(account) for account in accounts]
        self._link = SipLink(engine, (host, port), self._on_request, self._on_stray)
        self._lines = {
            account.number: SipLine(account, self._link, user_agent, server)
            for account, server in zip(accounts, servers, strict=True)
        }

    @property
    def address(self) -> SocketAddress:
        """Where the phone listens."""
        return self._link.address

    @property
    def passes(self) -> Passes | None:
        """What gets through to it and from it, as ``SipLink.passes``."""
        return self._link.passes

    @passes.setter
    def passes(self, passes: Passes | None) -> None:
        self._link.passes = passes

    @property
    def calls(self) -> tuple[Call, ...]:
        """Its calls, and those that ended a moment ago, the oldest first."""
        with self._engine.lock:
            return tuple(self._calls)

    @property
    def messages_waiting(self) -> bool:
        """Whether its message lamp is on."""
        return any(summary.is_waiting for summary in self.message_summaries.values())

    def wait_call(self, timeout_s: float = 10.0) -> Call | None:
        """Wait for a call to come in and return it; each is returned once, also one over again."""
        self._engine.wait_for(lambda: bool(self._ringing), timeout_s)
        with self._engine.lock:
            return self._ringing.pop(0) if self._ringing else None

    def _add_call(self, call: Call) -> None:
        """Keep a call, and drop those of which no message comes any more."""
        self._calls = [each for each in self._calls if each.is_alive]
        self._calls.append(call)

    def _on_request(self, request: SipRequest, source: SocketAddress) -> None:
        """Answer a request."""
        handler = self._handlers.get(request.method)
        if handler is not None:
            handler(request, source)
        else:
            self._answer(request, source, 405 if request.method in _NOT_ALLOWED else 501)

    def _on_stray(self, response: SipResponse, _: SocketAddress) -> None:
        """Take a repeated 2xx to an INVITE of ours."""
        tag = tag_of(response.needed("From"))
        for call in self._calls:
            is_own = call.call_id == response.needed("Call-ID") and call.local_tag == tag
            if is_own and isinstance(call, OutgoingCall):
                call.on_stray(response)

    def _on_options(self, request: SipRequest, source: SocketAddress) -> None:
        """Say what we can (RFC 3261 section 11.2)."""
        headers = (("Accept", "application/sdp"), ("Accept-Encoding", "identity"))
        self._answer(request, source, self.options_status, headers)

    def _on_in_call(self, request: SipRequest, source: SocketAddress) -> None:
        """Hand a request to its call."""
        call = self._call_of(request)
        if call is not None:
            call.on_request(request, source)
        elif request.method != "ACK":
            self._answer(request, source, 481)

    def _on_invite(self, request: SipRequest, source: SocketAddress) -> None:
        """Take a call, or a change of one."""
        if tag_of(request.needed("To")):
            self._on_in_call(request, source)
            return
        line = self._line_of(request)
        if line is None:
            self._answer(request, source, 404)
            return
        if self._call_of(request) is not None:
            self._answer(request, source, 482)
            return
        policy = "answer" if line.account.auto_answer else self.on_incoming
        try:
            call = IncomingCall(self._engine, line, request, source, media=self.media)
        except MalformedMessageError:
            self._answer(request, source, 488)
            return
        self._add_call(call)
        call.begin(policy)
        self._ringing.append(call)
        self._engine.changed()

    def _on_notify(self, request: SipRequest, source: SocketAddress) -> None:
        """Take news: of a subscription, or unasked (check-sync, message-summary)."""
        event = request.header("Event") or ""
        name = event.partition(";")[0].strip().lower()
        call_id = request.needed("Call-ID")
        subscription = next((x for x in self._subscriptions if x.call_id == call_id), None)
        if subscription is not None:
            self._answer(request, source, OK)
            subscription.on_notify(request)
        elif name == _CHECK_SYNC_EVENT:
            self._answer(request, source, OK)
            self._check_sync(asks_reboot(event))
        elif name == MESSAGE_EVENT:
            self._answer(request, source, OK)
            line = self._line_of(request)
            if line is not None and request.body:
                self._on_summary(line.account.number, request.body)
        else:
            self._answer(request, source, 481 if name == DIALOG_EVENT else 489)

    def _check_sync(self, is_reboot: bool) -> None:  # noqa: FBT001 - as the callback has it
        """Tell who wants to know, where it may take its time."""
        callback = self.on_check_sync
        if callback is not None:
            self._engine.in_background(lambda: callback(is_reboot))

    def _on_summary(self, account: int, body: bytes) -> None:
        self.message_summaries[account] = message_summary(body)
        self._engine.changed()

    def _call_of(self, request: SipRequest) -> Call | None:
        return next((call for call in self._calls if call.owns(request)), None)

    def _line_of(self, request: SipRequest) -> SipLine | None:
        """Return the account that a request is for, by the user of our Contact."""
        user = parse_uri(request.uri).user
        lines = self._lines.values()
        return next((line for line in lines if line.account.user == user), None)

    def _answer(
        self, request: SipRequest, source: SocketAddress, status: int, headers: Fields = ()
    ) -> None:
        """Answer outside calls, in the phone's name."""
        own = (("Allow", ALLOW), ("User-Agent", self._user_agent), *headers)
        self._link.answer(request, source, status, tag=new_token(), headers=own)
