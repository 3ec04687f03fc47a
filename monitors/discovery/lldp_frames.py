"""What an LLDP frame says of its sender (IEEE 802.1AB), with LLDP-MED (ANSI/TIA-1057). Pure.

Phones use a network address as chassis and their MAC as port.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitors.discovery.sighting import Sighting, Via, ipv4_text, shown
from provisioner.mac import MacAddress, parse_mac

_END, _CHASSIS, _PORT, _NAME, _DESCRIPTION, _CAPABILITIES, _MANAGEMENT, _OWN = (
    0, 1, 2, 5, 6, 7, 8, 127,
)  # fmt: skip
_CHASSIS_MAC, _CHASSIS_NETWORK, _PORT_MAC = 4, 5, 3
_IPV4 = 1
_TELEPHONE = 0x20
_MED = b"\x00\x12\xbb"
_MED_CAPABILITIES, _MED_POLICY, _MED_FIRMWARE, _MED_SOFTWARE = 1, 2, 6, 7
_MED_SERIAL, _MED_MAKER, _MED_MODEL = 8, 9, 10
_ENDPOINT_PHONE = 3
_VOICE = 1


@dataclass(frozen=True, slots=True)
class Lldp:
    """A frame of LLDP.

    Attributes:
        med_class: 3 is a phone; 0: it says none.
        voice_vlan: the VLAN it uses for voice; None: unknown, or untagged.
    """

    mac: MacAddress | None = None
    address: str = ""
    name: str = ""
    description: str = ""
    is_telephone: bool = False
    med_class: int = 0
    voice_vlan: int | None = None
    maker: str = ""
    model: str = ""
    serial: str = ""
    firmware: str = ""


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and value of each element; what is cut off ends it."""
    at = 0
    while at + 2 <= len(data):
        head = int.from_bytes(data[at : at + 2], "big")
        kind, length = head >> 9, head & 0x1FF
        if kind == _END or at + 2 + length > len(data):
            return
        yield kind, data[at + 2 : at + 2 + length]
        at += 2 + length


def lldp(data: bytes) -> Lldp:
    """Return what the payload of an LLDP frame says."""
    said: dict[int, bytes] = {}
    med: dict[int, bytes] = {}
    policies: list[bytes] = []
    for kind, value in elements(data):
        if kind == _OWN and value[:3] == _MED and len(value) > 3:  # noqa: PLR2004 - the maker's id
            policies += [value[4:]] if value[3] == _MED_POLICY else []
            med.setdefault(value[3], value[4:])
        else:
            said.setdefault(kind, value)
    chassis, port = said.get(_CHASSIS, b""), said.get(_PORT, b"")
    capable = said.get(_CAPABILITIES, b"")
    about = med.get(_MED_CAPABILITIES, b"")
    inventory = {
        name: shown(med.get(number, b""))
        for name, number in (("maker", _MED_MAKER), ("model", _MED_MODEL), ("serial", _MED_SERIAL))
    }
    return Lldp(
        mac=_mac(chassis, _CHASSIS_MAC) or _mac(port, _PORT_MAC),
        address=_address(chassis, said.get(_MANAGEMENT, b"")),
        name=shown(said.get(_NAME, b"")),
        description=shown(said.get(_DESCRIPTION, b""), 200),
        is_telephone=len(capable) >= 2 and bool(capable[1] & _TELEPHONE),  # noqa: PLR2004
        med_class=about[2] if len(about) > 2 else 0,  # noqa: PLR2004 - after the two octets of bits
        voice_vlan=_voice_vlan(policies),
        firmware=shown(med.get(_MED_SOFTWARE, b"")) or shown(med.get(_MED_FIRMWARE, b"")),
        **inventory,
    )


def read_lldp(data: bytes, source: MacAddress | None) -> Sighting | None:
    """Return the sender of an LLDP frame.

    Args:
        data: the payload of the frame.
        source: the frame's own sender address.
    """
    said = lldp(data)
    mac = said.mac or source
    if mac is None:
        return None
    words = (said.maker, said.model, said.description or said.name)
    return Sighting(
        mac,
        Via.LLDP,
        said.address,
        vendor=said.maker,
        model=said.model,
        products=tuple(filter(None, (said.model, said.description, said.name))),
        firmware=said.firmware,
        agent=" ".join(dict.fromkeys(filter(None, words))),
        is_phone=said.is_telephone or said.med_class == _ENDPOINT_PHONE,
    )


def _mac(value: bytes, kind: int) -> MacAddress | None:
    return parse_mac(value[1:].hex()) if value[:1] == bytes([kind]) else None


def _address(chassis: bytes, management: bytes) -> str:
    if chassis[:2] == bytes([_CHASSIS_NETWORK, _IPV4]) and ipv4_text(chassis[2:]):
        return ipv4_text(chassis[2:])
    if management[:2] == bytes([5, _IPV4]):  # one octet of family and four of address
        return ipv4_text(management[2:6])
    return ""


def _voice_vlan(policies: list[bytes]) -> int | None:
    """Bits: application 8, unknown 1, tagged 1, none 1, VLAN 12, priority 3, DSCP 6."""
    for policy in policies:
        if len(policy) != 4 or policy[0] != _VOICE:  # noqa: PLR2004
            continue
        bits = int.from_bytes(policy[1:], "big")
        is_unknown, is_tagged, vlan = bits >> 23, bits >> 22 & 1, bits >> 9 & 0xFFF
        if not is_unknown and is_tagged and vlan:
            return vlan
    return None
