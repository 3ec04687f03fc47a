"""From an Ethernet frame to what it says: which protocol it is, and who sent it. Pure."""

from __future__ import annotations

from monitors.discovery.dhcp_frames import CLIENT_PORT, SERVER_PORT, read_dhcp
from monitors.discovery.lldp_frames import read_lldp
from monitors.discovery.sighting import Sighting, Via, ipv4_text
from provisioner.mac import MacAddress, parse_mac
from provisioner.sip.headers import SIP_PORT, MalformedMessageError
from provisioner.sip.message import SipRequest, parse_message
from provisioner.sip.ua_profile import parse_subscribe

IPV4, ARP, LLDP, UDP = 0x0800, 0x0806, 0x88CC, 17
VLAN_TAGS = frozenset({0x8100, 0x88A8})
PNP_GROUP = bytes([224, 0, 1, 75])
_MOST_TAGS = 2
_NO_FRAGMENT = 0x1FFF
_ARP_ETHERNET_IPV4 = bytes.fromhex("0001080006" + "04")


def read_frame(frame: bytes) -> Sighting | None:
    """Return the device that a frame tells of; None: it tells of none.

    Args:
        frame: from the destination's address on, with or without VLAN tags, without checksum.
    """
    source = parse_mac(frame[6:12].hex())
    kind, payload = _payload(frame)
    if kind == LLDP:
        return read_lldp(payload, source)
    if kind == ARP:
        return read_arp(payload)
    return _read_ipv4(payload) if kind == IPV4 else None


def _payload(frame: bytes) -> tuple[int, bytes]:
    at = 12
    for _ in range(_MOST_TAGS):
        if int.from_bytes(frame[at : at + 2], "big") not in VLAN_TAGS:
            break
        at += 4
    return int.from_bytes(frame[at : at + 2], "big"), frame[at + 2 :]


def read_arp(payload: bytes) -> Sighting | None:
    """Return the sender of an ARP message (RFC 826), also of an announcement (RFC 5227)."""
    if payload[:6] != _ARP_ETHERNET_IPV4 or len(payload) < 28:  # noqa: PLR2004
        return None
    mac, address = parse_mac(payload[8:14].hex()), ipv4_text(payload[14:18])
    return Sighting(mac, Via.ARP, address) if mac is not None and address else None


def arp_request(own_mac: MacAddress, own_address: str, target: str) -> bytes:
    """Return the frame that asks who has an address.

    Args:
        own_mac: who asks.
        own_address: of the asking interface; empty: a probe, which changes no table (RFC 5227).
        target: the address asked for.
    """
    mac = bytes.fromhex(own_mac)
    asked = _ARP_ETHERNET_IPV4 + b"\x00\x01" + mac + _octets(own_address or "0.0.0.0")  # noqa: S104
    frame = b"\xff" * 6 + mac + ARP.to_bytes(2, "big") + asked + bytes(6) + _octets(target)
    return frame.ljust(60, b"\0")  # the least that Ethernet carries


def _octets(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def _read_ipv4(packet: bytes) -> Sighting | None:
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != UDP:  # noqa: PLR2004
        return None
    if int.from_bytes(packet[6:8], "big") & _NO_FRAGMENT:
        return None
    length = int.from_bytes(packet[2:4], "big") or len(packet)
    datagram = packet[4 * (packet[0] & 15) : length]
    if len(datagram) < 8:  # noqa: PLR2004 - a header
        return None
    port = int.from_bytes(datagram[2:4], "big")
    if port in {SERVER_PORT, CLIENT_PORT}:
        return read_dhcp(datagram[8:])
    if port == SIP_PORT and packet[16:20] == PNP_GROUP:
        return read_pnp(datagram[8:], ipv4_text(packet[12:16]))
    return None


def read_pnp(payload: bytes, address: str) -> Sighting | None:
    """Return the phone that asks the plug-and-play group for its settings."""
    try:
        request = parse_message(payload)
        ask = parse_subscribe(request) if isinstance(request, SipRequest) else None
    except MalformedMessageError:
        return None
    if ask is None:
        return None
    products = tuple(filter(None, (ask.model, ask.user_agent)))
    said = ask.user_agent or " ".join(filter(None, (ask.vendor, ask.model, ask.version)))
    return Sighting(
        ask.mac,
        Via.PNP,
        address,
        vendor=ask.vendor,
        model=ask.model,
        products=products,
        firmware=ask.version,
        agent=said,
        is_phone=True,
    )
