"""Talk to Asterisk's manager interface (AMI): who is registered, and NOTIFYs through the PBX.

Written against Asterisk 16 with PJSIP; one session asks one thing at a time.
"""

from __future__ import annotations

import re
import secrets
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from provisioner.errors import PbxError
from provisioner.pbx.ami_packets import Packet, PacketStream, QuietError

MAX_EVENTS = 100_000
MAX_UNASKED = 10_000


@dataclass(frozen=True, slots=True)
class AmiResponse:
    """What an action was answered.

    Attributes:
        message: Asterisk's sentence, empty when there is none.
        fields: all headers; a repeated one has its values on lines of their own.
    """

    message: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contact:
    """One registered contact (``PJSIPShowContacts``).

    Attributes:
        aor: address of record, from the object's name.
        endpoint: empty when Asterisk does not say.
        uri: the contact URI.
        via_addr: where the registration came from, empty for a static contact.
        via_port: None for a static contact.
        user_agent: as the phone sent it.
        status: ``Reachable``, ``Unreachable``, ``NonQualified`` or ``Unknown``.
        expires_at: None for a contact that does not expire.
        rtt_us: round trip, None when it was not measured.
    """

    aor: str
    endpoint: str
    uri: str
    via_addr: str
    via_port: int | None
    user_agent: str
    status: str
    expires_at: datetime | None
    rtt_us: int | None


class AmiClient:
    """A logged-in manager session, for one thread.

    Use ``AmiClient.connect(...)`` in a ``with`` statement.

    Args:
        channel: a connected socket; it belongs to the client from now on.
        host: the PBX, for messages.
        timeout_s: how long one action may take.
    """

    def __init__(self, channel: socket.socket, host: str, timeout_s: float) -> None:
        self._stream = PacketStream(channel, host, timeout_s)
        self._host = host
        self._timeout_s = timeout_s
        self._unasked: deque[Packet] = deque(maxlen=MAX_UNASKED)

    @classmethod
    def connect(
        cls,
        host: str,
        port: int,
        username: str,
        secret: str,
        timeout_s: float = 5.0,
        events: str = "off",
    ) -> Self:
        """Connect and log in.

        Args:
            host: the PBX.
            port: of its manager interface.
            username: manager user.
            secret: of that user.
            timeout_s: how long one action may take.
            events: classes of events to be told of unasked, for example ``system,security``.

        Raises:
            PbxError: nobody answers, it is no AMI (permanent) or it refuses the login (permanent).
        """
        try:
            channel = socket.create_connection((host, port), timeout_s)
        except (OSError, UnicodeError) as error:
            raise PbxError(host, f"AMI port {port} cannot be reached: {error}") from None
        client = cls(channel, host, timeout_s)
        try:
            client._log_in(username, secret, events)
        except BaseException:
            channel.close()
            raise
        return client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Log off and close; calling it again does no harm."""
        with suppress(PbxError):  # the PBX is gone, or the session was closed before
            self._stream.send([("Action", "Logoff")])
        self._stream.close()

    def action(self, name: str, **headers: str | Sequence[str]) -> AmiResponse:
        """Do one action and return its answer.

        Args:
            name: the action, for example ``Ping``.
            headers: its headers; a sequence is sent as one header per item.

        Raises:
            PbxError: it is refused (permanent), or there is no answer in time.
        """
        deadline_s = time.monotonic() + self._timeout_s
        return self._answer_to(self._send(name, headers), name, deadline_s)

    def collect(
        self, name: str, complete_event: str, **headers: str | Sequence[str]
    ) -> list[Packet]:
        """Do one action that lists things and return its events.

        Args:
            name: the action, for example ``PJSIPShowContacts``.
            complete_event: the event that ends the list; it is not returned.
            headers: as for ``action``.

        Raises:
            PbxError: it is refused (permanent), or the list is not complete in time.
        """
        deadline_s = time.monotonic() + self._timeout_s
        action_id = self._send(name, headers)
        self._answer_to(action_id, name, deadline_s)
        events: list[Packet] = []
        while len(events) < MAX_EVENTS:
            event = self._packet_of(action_id, "Event", deadline_s)
            if event["Event"].lower() == complete_event.lower():
                return events
            events.append(event)
        raise PbxError(self._host, f"{name} lists more than {MAX_EVENTS} events")

    def event(self, wait_s: float) -> Packet | None:
        """Return the next event that nobody asked for; None: there was none in time.

        Raises:
            PbxError: the connection broke.
        """
        if self._unasked:
            return self._unasked.popleft()
        deadline_s = time.monotonic() + wait_s
        try:
            while "Event" not in (packet := self._stream.packet(deadline_s)):
                continue
        except QuietError:
            return None
        return packet

    def wait(self, wait_s: float, other: socket.socket) -> bool:
        """Wait until something has come here or at another socket; returns whether here."""
        return bool(self._unasked) or self._stream.wait(wait_s, other)

    def contacts(self) -> list[Contact]:
        """Return all contacts of all endpoints, static ones too.

        Raises:
            PbxError: as for ``collect``.
        """
        try:
            events = self.collect("PJSIPShowContacts", "ContactListComplete")
        except PbxError as error:
            # Asterisk has no empty list: without any contact the action fails.
            if "no contacts found" in str(error).lower():
                return []
            raise
        return [_contact(event) for event in events if event["Event"] == "ContactList"]

    def pjsip_notify(
        self, *, variables: Sequence[str], uri: str | None = None, endpoint: str | None = None
    ) -> AmiResponse:
        """Let the PBX send a NOTIFY, to every contact of an endpoint or to one URI.

        Success means that Asterisk queued it, not that a phone has it. For a URI it needs
        ``default_outbound_endpoint`` in its ``[global]`` section; without it, it reports success
        and sends nothing.

        Args:
            variables: headers as ``Event=check-sync;reboot=false``.
            uri: a contact's URI; this or ``endpoint``, not both.
            endpoint: the endpoint's name.

        Raises:
            PbxError: it is refused (permanent), or there is no answer in time.
            ValueError: both or neither of ``uri`` and ``endpoint``, or a variable without ``=``.
        """
        if (uri is None) == (endpoint is None):
            raise ValueError("either uri or endpoint is needed, not both")
        if not variables or any("=" not in variable for variable in variables):
            raise ValueError("variables are written Name=value")
        target = {"Endpoint": endpoint} if endpoint is not None else {"URI": uri or ""}
        # Asterisk splits the value at commas and takes quotes and backslashes away.
        escaped = [re.sub(r'([\\",])', r"\\\1", variable) for variable in variables]
        return self.action("PJSIPNotify", **target, Variable=escaped)

    def _log_in(self, username: str, secret: str, events: str) -> None:
        """Check the banner and log in."""
        deadline_s = time.monotonic() + self._timeout_s
        banner = self._stream.line(deadline_s)
        if not banner.startswith(b"Asterisk Call Manager"):
            raise PbxError(self._host, "what answers is not an Asterisk manager", permanent=True)
        headers = {"Username": username, "Secret": secret, "Events": events}
        self._answer_to(self._send("Login", headers), "Login", deadline_s)

    def _send(self, name: str, headers: Mapping[str, str | Sequence[str]]) -> str:
        """Send an action and return its ActionID."""
        action_id = secrets.token_hex(8)
        lines = [("Action", name), ("ActionID", action_id)]
        for key, value in headers.items():
            lines += [(key, item) for item in ((value,) if isinstance(value, str) else value)]
        self._stream.send(lines)
        return action_id

    def _answer_to(self, action_id: str, name: str, deadline_s: float) -> AmiResponse:
        """Return the answer to an action."""
        fields = self._packet_of(action_id, "Response", deadline_s)
        message = fields.get("Message", "")
        if fields["Response"].lower() == "error":
            raise PbxError(self._host, f"{name} is refused: {message}", permanent=True)
        return AmiResponse(message, fields)

    def _packet_of(self, action_id: str, kind: str, deadline_s: float) -> Packet:
        """Return the next packet of an action that has a ``kind`` header; keep unasked events."""
        while True:
            packet = self._stream.packet(deadline_s)
            if packet.get("ActionID") == action_id and kind in packet:
                return packet
            if "Event" in packet and "ActionID" not in packet:
                self._unasked.append(packet)


def _contact(event: Packet) -> Contact:
    """Return a ``ContactList`` event as a value."""
    expires_s = _number(event.get("ExpirationTime", ""))
    return Contact(
        # A dynamic contact is named <aor>;@<hash>, a static one <aor>@@<hash>.
        aor=re.split(r";@|@@", event.get("ObjectName", ""), maxsplit=1)[0],
        endpoint=event.get("Endpoint", ""),
        uri=event.get("Uri", ""),
        via_addr=event.get("ViaAddr", ""),
        via_port=_number(event.get("ViaPort", "")) or None,
        user_agent=event.get("UserAgent", ""),
        status=event.get("Status", "Unknown"),
        expires_at=datetime.fromtimestamp(expires_s, UTC) if expires_s else None,
        rtt_us=_number(event.get("RoundtripUsec", "")),
    )


def _number(text: str) -> int | None:
    """Return a number of Asterisk's; None for ``N/A``, nothing and anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,11}", text) else None
