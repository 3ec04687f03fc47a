"""Kamailio, by JSON-RPC over HTTP: its location table (modules usrloc, jsonrpcs and xhttp)."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from monitors.probes.registrations import PbxContact, Reach, RegistrationsReading, plain
from provisioner.errors import PbxError
from provisioner.sip.headers import SIP_PORT, MalformedMessageError, SipUri, parse_uri

MAX_BYTES = 128 * 1024 * 1024
_JSON = {"Content-Type": "application/json"}
_NO_SUCH = 404
_NOT_SET = {"", "[not set]", "N/A", "n/a"}
_OVER = {"expired", "deleted"}
_HIGHEST = 10 * 365 * 86400  # seconds that a date can bear, and more microseconds than any answer


@dataclass(frozen=True, slots=True)
class KamailioAccess:
    """How to reach the RPC of a Kamailio.

    Attributes:
        path: where ``xhttp`` hands over to ``jsonrpcs``.
        table: the location table of ``usrloc``.
    """

    host: str
    port: int
    path: str = "/RPC"
    table: str = "location"
    tls: bool = False
    timeout_s: float = 5.0

    @property
    def name(self) -> str:
        """The PBX, for people."""
        return f"kamailio {self.host}"


def read_registrations(access: KamailioAccess, now: Callable[[], datetime]) -> RegistrationsReading:
    """Return who is registered (``ul.dump``); a PBX that cannot be asked is in the reading."""
    try:
        result = call(access, "ul.dump")
        at = now()
        contacts = list(contacts_of_dump(result, access.table, at))
    except PbxError as problem:
        return RegistrationsReading(access.name, now(), problem=str(problem))
    return RegistrationsReading.of(access.name, at, contacts)


def read_extension(
    access: KamailioAccess, extension: str, now: Callable[[], datetime]
) -> RegistrationsReading:
    """Return the registrations of one extension (``ul.lookup``), as for ``read_registrations``."""
    try:
        result = call(access, "ul.lookup", access.table, extension)
        at = now()
        contacts = list(_contacts_of_record(result, at)) if isinstance(result, dict) else []
    except PbxError as problem:
        return RegistrationsReading(access.name, now(), problem=str(problem))
    return RegistrationsReading.of(access.name, at, contacts)


def call(access: KamailioAccess, method: str, *parameters: str) -> object:
    """Call a method and return its result; None: what is looked up is not there.

    Raises:
        PbxError: the RPC cannot be reached, is none, or refuses (permanent).
    """
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1})
    kind = http.client.HTTPSConnection if access.tls else http.client.HTTPConnection
    connection = kind(access.host, access.port, timeout=access.timeout_s)
    try:
        connection.request("POST", access.path, body, _JSON)
        response = connection.getresponse()
        data = response.read(MAX_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        said = f"JSON-RPC port {access.port} cannot be asked: {problem or type(problem).__name__}"
        raise PbxError(access.host, said) from None
    finally:
        connection.close()
    if len(data) > MAX_BYTES:
        raise PbxError(access.host, f"{method} answers more than {MAX_BYTES} bytes")
    return _result(access, method, response.status, data)


def _result(access: KamailioAccess, method: str, status: int, data: bytes) -> object:
    """The result in a JSON-RPC answer; Kamailio answers an error with HTTP 500."""
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not {"result", "error"} & answer.keys():
        what = f"HTTP {status} at {access.path} is no JSON-RPC"
        raise PbxError(access.host, what, permanent=status == _NO_SUCH)
    error = answer.get("error")
    if error is None:
        return answer["result"]
    message = plain(error.get("message", "") if isinstance(error, dict) else error)
    if "not found in location" in message.lower():
        return None
    raise PbxError(access.host, f"{method} is refused: {message}", permanent=True)


def contacts_of_dump(result: object, table: str, at: datetime) -> Iterator[PbxContact]:
    """Yield the contacts of a ``ul.dump``; what has another shape is passed over.

    Args:
        result: as read from JSON.
        table: the location table that counts.
        at: naive UTC, when it was asked: a contact tells how many seconds it has left.
    """
    for domain in _rows(result, "Domains", "Domain"):
        if domain.get("Domain") == table:
            for record in _rows(domain, "AoRs", "Info"):
                yield from _contacts_of_record(record, at)


def _contacts_of_record(record: Mapping[str, Any], at: datetime) -> Iterator[PbxContact]:
    extension = plain(record.get("AoR", "")).partition("@")[0]
    for row in _rows(record, "Contacts", "Contact"):
        if str(row.get("Expires")) not in _OVER:  # whatever it is: a list cannot be looked up
            yield _contact(extension, row, at)


def _rows(holder: object, names: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Yield what a list of ``{name: {...}}`` holds."""
    listed = holder.get(names) if isinstance(holder, Mapping) else None
    for item in listed if isinstance(listed, list) else []:
        row = item.get(name) if isinstance(item, Mapping) else None
        if isinstance(row, Mapping):
            yield row


def _contact(extension: str, row: Mapping[str, Any], at: datetime) -> PbxContact:
    """Return one contact; ``Received`` is where it came from, when a translator was found."""
    uri = _text(row, "Address")
    source = _uri(_text(row, "Received")) or _uri(uri)
    rtt_us = _number(row, "KA-Roundtrip")  # usrloc measures it with ka_mode
    expires_s = _number(row, "Expires")  # or a word, such as "permanent"
    return PbxContact(
        extension=extension,
        uri=uri,
        address=source.host if source else "",
        port=(source.port or SIP_PORT) if source else 0,
        agent=_text(row, "User-Agent"),
        instance=_text(row, "Instance"),
        expires_at=None if expires_s is None else at + timedelta(seconds=expires_s),
        reach=Reach.REACHABLE if rtt_us else Reach.UNCHECKED,
        rtt_s=rtt_us / 1_000_000 if rtt_us else None,
    )


def _number(row: Mapping[str, Any], name: str) -> int | None:
    """A number of a sensible size; None: it is a word, or not there."""
    value = row.get(name)
    return value if isinstance(value, int) and abs(value) < _HIGHEST else None


def _text(row: Mapping[str, Any], name: str) -> str:
    text = plain(row.get(name, ""))
    return "" if text in _NOT_SET else text


def _uri(text: str) -> SipUri | None:
    try:
        return parse_uri(text)
    except MalformedMessageError:
        return None
