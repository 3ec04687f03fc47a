"""Reading columns: integers, texts and MAC addresses out of what an agent wrote there."""

from __future__ import annotations

import re
from collections.abc import Mapping

from monitors.snmp.values import Oid, Rows, Value
from provisioner.mac import MacAddress, parse_mac

Columns = Mapping[Oid, Rows]
MAC_OCTETS = 6
_HEX_MAC = re.compile(r"[0-9a-f]{2}([-:. ]?[0-9a-f]{2}){5}", re.IGNORECASE)
_NOTHING: Rows = {}


def column(columns: Columns, which: Oid) -> Rows:
    """Return a column; one without rows is empty."""
    return columns.get(which, _NOTHING)


def integers(rows: Rows) -> dict[int, int]:
    """Return numbers by the first number of their index."""
    return {index[0]: value for index, value in rows.items() if index and isinstance(value, int)}


def integer(rows: Rows, index: Oid) -> int | None:
    """Return the number at an index, if there is one."""
    value = rows.get(index)
    return value if isinstance(value, int) else None


def text(value: Value | None) -> str:
    """Return a string as people may read it; what is no text is empty."""
    if not isinstance(value, bytes):
        return ""
    decoded = value.rstrip(b"\0").decode("utf-8", "replace").replace("\0", " ")
    if "\ufffd" in decoded or any(ord(c) < ord(" ") and c not in "\r\n\t" for c in decoded):
        return ""
    shown = "".join(c for c in decoded if c.isprintable() or c.isspace())
    return " ".join(shown.split())


def mac(value: Value | None) -> MacAddress | None:
    """Return a MAC address written as six octets or as text; None: it is none."""
    if not isinstance(value, bytes):
        return None
    if len(value) == MAC_OCTETS:
        return parse_mac(value.hex())
    written = text(value)
    return parse_mac(written.replace(" ", ":")) if _HEX_MAC.fullmatch(written) else None


def mac_of(octets: Oid) -> MacAddress | None:
    """Return the MAC address in the last six numbers of an index."""
    last = octets[-MAC_OCTETS:]
    if len(last) != MAC_OCTETS or any(not 0 <= n <= 255 for n in last):  # noqa: PLR2004 - octets
        return None
    return parse_mac(bytes(last).hex())


def ipv4(value: Value | None) -> str:
    """Return an IPv4 address of four octets; 0.0.0.0 and anything else is none."""
    if not isinstance(value, bytes) or len(value) != 4 or value == bytes(4):  # noqa: PLR2004
        return ""
    return ".".join(map(str, value))


def ipv4_of(octets: Oid) -> str:
    """Return the IPv4 address in four numbers of an index."""
    return ipv4(bytes(octets)) if all(0 <= n <= 255 for n in octets) else ""  # noqa: PLR2004
