"""LLDP neighbours, with LLDP-MED, as agents really write them.

Phones use a network address as chassis and their MAC as port (IEEE 802.1AB; seen of ShoreTel,
Polycom, Grandstream and Yealink phones). Agents deviate: texts instead of octets, capabilities
in the order of the wire instead of BITS, indexes of one number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Facts

from monitors.snmp.values import Oid, Rows, Value
from monitors.switches import mibs
from monitors.switches.interfaces import Interface
from monitors.switches.reading import How, Neighbour
from monitors.switches.tables import Columns, column, integer, ipv4, ipv4_of, mac, text
from provisioner.mac import MacAddress

_KIND_MAC_CHASSIS, _KIND_NETWORK_CHASSIS, _KIND_MAC_PORT = 4, 5, 3
_IPV4_FAMILY = 1
_MED_PHONE = 3
_VOICE = 0x40  # application type voice(1) in BITS
_ROUTER, _ACCESS_POINT, _BRIDGE, _PHONE = 0x08, 0x10, 0x20, 0x04
_HEX_BYTE = re.compile(r"[0-9A-Fa-f]{2}")
_TEXT_IPV4 = re.compile(r"(\d{1,3}\.){3}\d{1,3}")
_CISCO_PHONE = re.compile(r"^SEP([0-9A-Fa-f]{12})(\.|$)")
_MOST_CHARS = 120
_INDEX = 3  # time mark, local port, neighbour


def capabilities(value: Value | None) -> int:
    """Return the capabilities as one octet of BITS: bridge 0x20, access point 0x10, phone 0x04.

    An INTEGER (RouterOS) and two octets that begin with zero (ExtremeXOS) are in the order of
    the wire, lowest bit first. Texts are what net-snmp prints: ``24 00 2 5``.
    """
    if isinstance(value, int):
        return _reversed(value & 0xFF)
    if not isinstance(value, bytes) or not value:
        return 0
    if len(value) > 2 or _HEX_BYTE.fullmatch(text(value)):  # noqa: PLR2004 - the two octets
        first = text(value).split(" ")[0]
        return int(first, 16) if _HEX_BYTE.fullmatch(first) else 0
    if len(value) == 2 and value[0] == 0:  # noqa: PLR2004
        return _reversed(value[1])
    return value[0]


def _reversed(octet: int) -> int:
    return int(f"{octet:08b}"[::-1], 2)


def local_ports(
    columns: Columns, interfaces: Facts[int, Interface], base_ports: Facts[int, int]
) -> dict[int, int]:
    """Return the interface by LLDP local port number, as far as the port table tells.

    The number is an interface with one maker, a bridge port with another: a name that one
    interface has is surer than either.
    """
    by_name: dict[str, int] = {}
    for interface in sorted(interfaces.values(), key=lambda i: -i.index):
        by_name |= {n: interface.index for n in (interface.alias, interface.descr) if n}
    by_name |= {i.name: i.index for i in interfaces.values() if i.name}
    found: dict[int, int] = {}
    ids, descriptions = (
        {index[0]: text(value) for index, value in column(columns, which).items()}
        for which in (mibs.LLDP_LOCAL_ID, mibs.LLDP_LOCAL_DESCR)
    )
    for number in {*ids, *descriptions}:
        for name in (ids.get(number), descriptions.get(number)):
            if name and name in by_name and not name.isdigit():
                found.setdefault(number, by_name[name])
        if number not in found:
            guess = _by_number(number, interfaces, base_ports)
            if guess is not None:
                found[number] = guess
    return found


def _by_number(
    number: int, interfaces: Facts[int, Interface], base_ports: Facts[int, int]
) -> int | None:
    if number in base_ports:
        return base_ports[number]
    return number if number in interfaces else None


def lldp_neighbours(
    columns: Columns,
    interfaces: Facts[int, Interface],
    base_ports: Facts[int, int],
    local_column: Oid | None = None,
) -> dict[int, list[Neighbour]]:
    """Return LLDP neighbours by ifIndex.

    Args:
        columns: the LLDP tables.
        interfaces: by ifIndex.
        base_ports: interface by bridge port.
        local_column: a maker's column with the interface of each neighbour.
    """
    known = local_ports(columns, interfaces, base_ports)
    told = column(columns, local_column) if local_column else {}
    addresses = _addresses(column(columns, mibs.LLDP_ADDRESS))
    voice = _voice_vlans(column(columns, mibs.MED_VLAN))
    indexes = {*column(columns, mibs.LLDP_CHASSIS), *column(columns, mibs.LLDP_PORT)}
    found: dict[int, list[Neighbour]] = {}
    for index in sorted(indexes):
        where = integer(_by_neighbour(told), (index[-1],)) if told else None
        if where is None and len(index) >= _INDEX:
            number = index[1]
            where = known.get(number, _by_number(number, interfaces, base_ports))
        if where is not None:
            seen = _neighbour(columns, index, addresses.get(index, ""), voice.get(index))
            found.setdefault(where, []).append(seen)
    return found


def _by_neighbour(told: Rows) -> Rows:
    return {(index[-1],): value for index, value in told.items()}


def _neighbour(columns: Columns, index: Oid, address: str, voice_vlan: int | None) -> Neighbour:
    def value(which: Oid) -> Value | None:
        return column(columns, which).get(index)

    chassis, port = value(mibs.LLDP_CHASSIS), value(mibs.LLDP_PORT)
    chassis_kind = integer(column(columns, mibs.LLDP_CHASSIS_KIND), index)
    port_kind = integer(column(columns, mibs.LLDP_PORT_KIND), index)
    does = capabilities(value(mibs.LLDP_DOES)) or capabilities(value(mibs.LLDP_CAN))
    name = text(value(mibs.LLDP_NAME))
    cisco = _CISCO_PHONE.match(name)
    kind = integer(column(columns, mibs.MED_CLASS), index)
    asks_for_voice = kind is None and voice_vlan is not None  # some agents leave the class out
    is_phone = bool(does & _PHONE or cisco or kind == _MED_PHONE or asks_for_voice)
    described = text(value(mibs.MED_MODEL)) or text(value(mibs.LLDP_DESCR))
    return Neighbour(
        how=How.LLDP,
        mac=_identity(chassis_kind, chassis, port_kind, port),
        ip=_chassis_address(chassis_kind, chassis) or address,
        name=name,
        description=described[:_MOST_CHARS],
        is_phone=is_phone,
        is_bridge=not is_phone and bool(does & (_BRIDGE | _ROUTER | _ACCESS_POINT)),
        voice_vlan=voice_vlan,
    )


def _identity(
    chassis_kind: int | None, chassis: Value | None, port_kind: int | None, port: Value | None
) -> MacAddress | None:
    """A device's MAC is its chassis; a phone's chassis is its address, and its port its MAC."""
    own = mac(chassis) if chassis_kind in {_KIND_MAC_CHASSIS, None} else None
    return own or (mac(port) if port_kind in {_KIND_MAC_PORT, None} else None)


def _chassis_address(kind: int | None, chassis: Value | None) -> str:
    if kind != _KIND_NETWORK_CHASSIS or not isinstance(chassis, bytes):
        return ""
    if chassis[:1] == bytes([_IPV4_FAMILY]):
        return ipv4(chassis[1:])
    written = text(chassis)
    return written if _TEXT_IPV4.fullmatch(written) else ""


def _addresses(rows: Rows) -> dict[Oid, str]:
    """Management addresses stand in the index: neighbour, family, length, octets."""
    found: dict[Oid, str] = {}
    for index in sorted(rows):
        for start in (_INDEX, 1):
            tail = index[start:]
            if tail[:2] == (_IPV4_FAMILY, 4) and len(tail) == 6:  # noqa: PLR2004 - IPv4
                address = ipv4_of(tail[2:])
                if address:
                    found.setdefault(index[:start], address)
                break
    return found


def _voice_vlans(rows: Rows) -> dict[Oid, int]:
    """The policy of the application voice: index neighbour, length of BITS, BITS."""
    found: dict[Oid, int] = {}
    for index, value in rows.items():
        if len(index) > _INDEX + 1 and index[_INDEX + 1] == _VOICE and isinstance(value, int):
            found[index[:_INDEX]] = value
    return found
