"""The action URLs of phones: what a phone says when something happens to it. Pure.

The URL lies under the phone's token, so who calls it is known. What it says in its query is
checked value by value: a phone may leave a variable as it stands (``$ip``), and anybody who has
the token may write anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import parse_qsl

from provisioner.inventory.phone_reports import PhoneReport
from provisioner.mac import parse_mac
from provisioner.resources import Resource
from provisioner.shelf import Entry

EVENT_FILE = "event"
MAX_QUERY = 1024
MAX_VALUES = 16

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_USER = re.compile(r"[\w.+*#@:-]{1,64}", re.ASCII)
_FIRMWARE = re.compile(r"[\w.+/-]{1,64}", re.ASCII)
_EMPTY = Resource("event", "text/plain; charset=utf-8", b"", hashlib.sha256(b"").hexdigest())


def read_report(entry: Entry, query: str, address: str, now: datetime) -> PhoneReport | None:
    """Return what a phone reports; None: it is no report, or speaks for another phone.

    Args:
        entry: the phone whose token the URL holds.
        query: what follows the question mark, undecoded.
        address: the peer.
        now: naive UTC.
    """
    values = _values(query)
    event = _event(entry, values)
    if not event:
        return None
    return PhoneReport(
        at=now,
        mac=entry.mac,
        site=entry.site,
        event=event,
        address=address,
        ip=_ip(values.get("ip", "")),
        account=_only(_USER, values.get("user", "")),
        model=entry.model,
        firmware=_only(_FIRMWARE, values.get("firmware", "")),
    )


def _event(entry: Entry, values: Mapping[str, str]) -> str:
    """The event's word; empty: there is none, or the MAC is another phone's."""
    mac = parse_mac(values.get("mac"))
    if mac is not None and mac != entry.mac:
        return ""
    # Snom's templates say name
    return _only(_WORD, values.get("e") or values.get("name") or "")


def _values(query: str) -> dict[str, str]:
    """The first value of each name; nothing of a query that is too long."""
    if len(query) > MAX_QUERY:
        return {}
    try:
        pairs = parse_qsl(query, max_num_fields=MAX_VALUES)
    except ValueError:  # more values than any template writes
        return {}
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values


def _ip(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return ""


def _only(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


class ReportShelf:
    """Answers action URLs with an empty file; what they say is written down with the answer."""

    def find(self, entry: Entry, name: str, query: str) -> Resource | None:
        """Return the empty answer to a report (see ``Resources``)."""
        if not self.may_have(entry, name) or not _event(entry, _values(query)):
            return None
        return _EMPTY

    def may_have(self, entry: Entry, name: str) -> bool:  # noqa: ARG002 - the protocol's
        """Whether a request is a report (see ``Resources``)."""
        return name.lower() == EVENT_FILE

    def close(self) -> None:
        """Hold nothing."""
