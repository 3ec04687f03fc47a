"""CDP neighbours (CISCO-CDP-MIB). Many phones speak it: Cisco's, Polycom's, Snom's."""

from __future__ import annotations

import re

from monitors.snmp.values import Value
from monitors.switches import mibs
from monitors.switches.reading import How, Neighbour
from monitors.switches.tables import Columns, column, integer, ipv4, mac, text
from provisioner.mac import MacAddress, parse_mac

_ROUTER, _BRIDGES, _PHONE = 0x01, 0x0E, 0x80
_IN_NAME = re.compile(r"^(?:SEP)?([0-9A-Fa-f]{12})(?:\.|$)")
_PLATFORM = re.compile(r"\bphone\b|SoundPoint|\bVVX\b|\bsnom", re.IGNORECASE)
_NO_VLAN = frozenset({0, 4095})


def cdp_neighbours(columns: Columns) -> dict[int, list[Neighbour]]:
    """Return CDP neighbours by ifIndex."""
    found: dict[int, list[Neighbour]] = {}
    devices = column(columns, mibs.CDP_DEVICE)
    for index in sorted(devices):
        name = text(devices[index])
        platform = text(column(columns, mibs.CDP_PLATFORM).get(index))
        can = _capabilities(column(columns, mibs.CDP_CAPABILITIES).get(index))
        is_phone = bool(can & _PHONE or name.startswith("SEP") or _PLATFORM.search(platform))
        vlan = integer(column(columns, mibs.CDP_VOICE_VLAN), index)
        seen = Neighbour(
            how=How.CDP,
            mac=_mac(name, devices[index]),
            ip=ipv4(column(columns, mibs.CDP_ADDRESS).get(index)),
            name=name,
            description=platform,
            is_phone=is_phone,
            is_bridge=not is_phone and bool(can & (_ROUTER | _BRIDGES)),
            voice_vlan=None if vlan in _NO_VLAN else vlan,
        )
        found.setdefault(index[0], []).append(seen)
    return found


def _mac(name: str, raw: Value) -> MacAddress | None:
    """Phones are named ``SEP`` and their MAC; small switches by their MAC alone."""
    match = _IN_NAME.match(name)
    if match:
        return parse_mac(match[1])
    return None if name else mac(raw)


def _capabilities(value: Value | None) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) and len(value) <= 4 else 0  # noqa: PLR2004
