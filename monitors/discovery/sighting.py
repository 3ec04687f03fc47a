"""What one frame says of a device."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from provisioner.mac import MacAddress


class Via(StrEnum):
    """How a device made itself known, the most telling first."""

    PNP = "pnp"
    LLDP = "lldp"
    DHCP = "dhcp"
    ARP = "arp"


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device, as it describes itself.

    Attributes:
        address: IPv4, or empty.
        vendor: the maker in its own words.
        vendor_class: DHCP option 60.
        model: its model in its own words.
        products: texts that may name the model, the surest first.
        firmware: its version.
        agent: what it said, for people.
        is_phone: it says that it is one.
    """

    mac: MacAddress
    via: Via
    address: str = ""
    vendor: str = ""
    vendor_class: str = ""
    model: str = ""
    products: tuple[str, ...] = ()
    firmware: str = ""
    agent: str = ""
    is_phone: bool = False


def shown(octets: bytes, most: int = 80) -> str:
    """Return octets from outside as a text that can be shown, cut."""
    decoded = octets.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(c for c in decoded[:most] if c.isprintable()).strip()


def ipv4_text(octets: bytes) -> str:
    """Return an IPv4 address of four octets; what is none of one host is empty."""
    if len(octets) != 4 or octets[0] in {0, 127} or octets[0] >= 224:  # noqa: PLR2004 - RFC 6890
        return ""
    return ".".join(map(str, octets))
