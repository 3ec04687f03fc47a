"""FreeSWITCH, by its event socket: registrations, and what mod_sofia tells of them.

Its list of registrations names no device and does not say who is there; the events do
(``user-agent``, and ``Ping-Status`` where pinging is on). A ``Ping-Time`` of 0.00 means nothing:
it is shown without pinging too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitors.probes.pbx.event_socket import EventSocket
from monitors.probes.registrations import (
    Change,
    ContactEvent,
    LiveEvent,
    PbxContact,
    RegistrationsReading,
    SecurityEvent,
    plain,
)
from monitors.signals import Security
from provisioner.errors import PbxError

SHOW = "show registrations as json"
SUBCLASSES = (
    "sofia::register",
    "sofia::unregister",
    "sofia::expire",
    "sofia::register_failure",
    "sofia::sip_user_state",
)
_CHANGES = {
    "sofia::register": Change.REGISTERED,
    "sofia::unregister": Change.REMOVED,
    "sofia::expire": Change.EXPIRED,
}
_PINGS = {"REACHABLE": Change.REACHABLE, "UNREACHABLE": Change.UNREACHABLE}
_USER_NAMES = ("from-user", "user", "sip_user", "to-user", "username")


@dataclass(frozen=True, slots=True)
class FreeSwitchAccess:
    """How to reach an event socket."""

    host: str
    port: int
    password: str = field(repr=False)
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        """The PBX, for people."""
        return f"freeswitch {self.host}"


def read_registrations(
    access: FreeSwitchAccess, now: Callable[[], datetime]
) -> RegistrationsReading:
    """Return who is registered; a PBX that cannot be asked is in the reading."""
    try:
        with EventSocket.connect(
            access.host, access.port, access.password, access.timeout_s
        ) as session:
            contacts = list(contacts_of_show(access.host, session.api(SHOW)))
    except PbxError as problem:
        return RegistrationsReading(access.name, now(), problem=str(problem))
    return RegistrationsReading.of(access.name, now(), contacts)


def contacts_of_show(host: str, text: str) -> Iterator[PbxContact]:
    """Yield the contacts of ``show registrations as json``.

    Raises:
        PbxError: the text is not what it should be.
    """
    try:
        shown = json.loads(text)
    except (ValueError, RecursionError):
        shown = None
    if not isinstance(shown, dict) or "row_count" not in shown:
        raise PbxError(host, f"{SHOW} gives no list: {plain(text[:60])}", permanent=True)
    rows = shown.get("rows", [])  # without any registration there are no rows
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping):
            yield _contact(row)


def _contact(row: Mapping[str, Any]) -> PbxContact:
    port = str(row.get("network_port", ""))
    expires = str(row.get("expires", ""))
    # sofia/internal/sip:101@10.0.0.5:5060: the profile stands before the contact
    uri = re.sub(r"^sofia/[^/]+/", "", plain(row.get("url", "")))
    until = int(expires) if re.fullmatch(r"[1-9][0-9]{0,10}", expires) else None
    return PbxContact(
        extension=plain(row.get("reg_user", "")),
        uri=uri,
        address=plain(row.get("network_ip", "")),
        port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
        expires_at=None
        if until is None
        else datetime.fromtimestamp(until, UTC).replace(tzinfo=None),
    )


class FreeSwitchLive:
    """A session that is told what happens; for one thread.

    Raises:
        PbxError: as for ``EventSocket.connect``.
    """

    def __init__(self, access: FreeSwitchAccess, now: Callable[[], datetime]) -> None:
        self._now = now
        self._session = EventSocket.connect(
            access.host, access.port, access.password, access.timeout_s
        )
        try:
            self._session.subscribe(SUBCLASSES)
        except PbxError:
            self._session.close()
            raise

    def event(self, wait_s: float) -> LiveEvent | None:
        """Return the next thing that matters; None: there was none in time.

        Raises:
            PbxError: the connection broke, or the PBX does not answer any more.
        """
        headers = self._session.event(wait_s)
        if headers is None:
            self._session.api("status")
            return None
        return live_event(headers, self._now())

    def close(self) -> None:
        """Close the session."""
        self._session.close()


def live_event(headers: Mapping[str, str], at: datetime) -> LiveEvent | None:
    """Return an event of mod_sofia in the common shape; None: it is of no interest.

    A refused registration does not say why: a wrong password and an unknown extension look alike.

    Args:
        headers: of the event, decoded.
        at: naive UTC, when it came.
    """
    kind = headers.get("Event-Subclass", "")
    user = next((plain(headers[name]) for name in _USER_NAMES if headers.get(name)), "")
    if kind == "sofia::register_failure":
        address = plain(headers.get("network-ip", ""))
        tried = plain(headers.get("to-user", "")) or user
        return SecurityEvent(at, Security.UNKNOWN, tried, address, kind) if address else None
    if kind == "sofia::sip_user_state":
        change = _PINGS.get(headers.get("Ping-Status", "").upper())
    else:
        change = _CHANGES.get(kind)
    if change is None or not user:
        return None
    uri = headers.get("contact") or headers.get("sip_contact") or ""
    return ContactEvent(at, user, change, plain(uri))
