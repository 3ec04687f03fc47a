"""What a DHCP message says of the phone that asks (RFC 2131, 2132, 3396). Pure."""

from __future__ import annotations

from monitors.discovery.sighting import Sighting, Via, ipv4_text, shown
from provisioner.mac import MacAddress, parse_mac

SERVER_PORT, CLIENT_PORT = 67, 68
_REQUEST, _REPLY = 1, 2
_ETHERNET, _MAC_OCTETS = 1, 6
_HEAD, _COOKIE = 236, b"\x63\x82\x53\x63"
_PAD, _END = 0, 255
_HOST_NAME, _REQUESTED, _OVERLOAD, _KIND = 12, 50, 52, 53
_ASKS_FOR, _VENDOR_CLASS, _CLIENT_ID = 55, 60, 61
_ACK, _INFORM, _DECLINE, _RELEASE = 5, 8, 4, 7
_MOST_CODES = 40


def options(data: bytes) -> dict[int, bytes]:
    """Return options by code; those sent in parts are put together (RFC 3396).

    Args:
        data: a whole DHCP message. What is cut off or overlong ends the reading.
    """
    found = _options(data[_HEAD + len(_COOKIE) :])
    overload = found.get(_OVERLOAD, b"\0")[:1]
    for bit, field in ((1, data[108:236]), (2, data[44:108])):  # file, then sname
        if overload and overload[0] & bit:
            for code, value in _options(field).items():
                found[code] = found.get(code, b"") + value
    return found


def _options(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 1 < len(data) and data[at] != _END:
        if data[at] == _PAD:
            at += 1
            continue
        code, length = data[at], data[at + 1]
        if at + 2 + length > len(data):
            break
        found[code] = found.get(code, b"") + data[at + 2 : at + 2 + length]
        at += 2 + length
    return found


def read_dhcp(data: bytes) -> Sighting | None:
    """Return the client that a DHCP message is from, or for; None: it tells of none.

    Args:
        data: the payload of a datagram to port 67 or 68.
    """
    if len(data) < _HEAD + len(_COOKIE) or data[_HEAD : _HEAD + 4] != _COOKIE:
        return None
    told = options(data)
    kind = told.get(_KIND, b"\0")[:1]
    mac = _mac(data, told)
    if mac is None or kind in {bytes([_DECLINE]), bytes([_RELEASE])}:
        return None
    if data[0] == _REPLY:  # only what the server grants is an address
        given = ipv4_text(data[16:20]) if kind == bytes([_ACK]) else ""
        return Sighting(mac, Via.DHCP, given) if given else None
    if data[0] != _REQUEST:
        return None
    own = ipv4_text(data[12:16]) or ipv4_text(told.get(_REQUESTED, b""))
    host, vendor_class = (shown(told.get(code, b"")) for code in (_HOST_NAME, _VENDOR_CLASS))
    return Sighting(
        mac,
        Via.DHCP,
        own,
        vendor_class=vendor_class,
        products=tuple(filter(None, (vendor_class, _without_mac(host, mac)))),
        agent=_agent(vendor_class, host, told.get(_ASKS_FOR, b"")),
    )


def _mac(data: bytes, told: dict[int, bytes]) -> MacAddress | None:
    """The hardware address, or the one in the client's identifier (option 61)."""
    if (data[1], data[2]) == (_ETHERNET, _MAC_OCTETS):
        mac = parse_mac(data[28:34].hex())
        if mac is not None:
            return mac
    named = told.get(_CLIENT_ID, b"")
    if len(named) == 1 + _MAC_OCTETS and named[0] == _ETHERNET:
        return parse_mac(named[1:].hex())
    return None


def _without_mac(host: str, mac: MacAddress) -> str:
    """A host name without the MAC or its last half at the end: snomD735-000413A11FA7."""
    for tail in (str(mac), str(mac)[6:]):
        if host.lower().endswith(tail):
            return host[: -len(tail)].rstrip("-_ .")
    return host


def _agent(vendor_class: str, host: str, asks_for: bytes) -> str:
    codes = ",".join(map(str, asks_for[:_MOST_CODES]))
    said = (("class", vendor_class), ("host", host), ("asks for", codes))
    return "; ".join(f"{what} {value}" for what, value in said if value)
