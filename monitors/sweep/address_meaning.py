"""From everything that names a phone's address to the signal: where is it in the network? Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from monitors.places import Located
from monitors.signals import Address, Link, Signal
from provisioner.mac import MacAddress

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody says that the phone has this address.

    Attributes:
        age_s: seconds since.
        proves: the phone itself was heard there then; what is only stored somewhere, such as an
            entry of an ARP table, tells where to look for it and proves nothing.
    """

    address: str
    age_s: float
    source: str
    proves: bool = True


@lru_cache(maxsize=65_536)
def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address a device may have; None: the text is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return None if found.is_unspecified else found


def newest(claims: Iterable[Claim]) -> Claim | None:
    """Return the claim that is most recent and names a real address."""
    real = [claim for claim in claims if parsed(claim.address) is not None]
    return min(real, key=lambda claim: claim.age_s, default=None)


def address_signal(
    claims: Sequence[Claim],
    networks: Sequence[Network],
    shared: frozenset[str] = frozenset(),
    lacking: Signal[Address] | None = None,
) -> Signal[Address]:
    """Return what is known of a phone's address.

    Args:
        claims: all that name it.
        networks: of its site; none: any is right.
        shared: addresses that more than one device has.
        lacking: said when it has none although it should, as ``without_address`` found.
    """
    if lacking is not None:
        heard = newest(claim for claim in claims if claim.proves)
        if heard is None or heard.age_s > (lacking.age_s or 0.0):
            return lacking
    best = newest(claims)
    if best is None:
        return Signal(Address.UNKNOWN)
    age_s = best.age_s if best.proves else None
    return Signal(_value(best.address, networks, shared), age_s, best.source, best.address)


def _value(text: str, networks: Sequence[Network], shared: frozenset[str]) -> Address:
    address = parsed(text)
    if address is None:
        return Address.UNKNOWN
    if text in shared:
        return Address.DUPLICATE
    if address.is_link_local:
        return Address.FALLBACK
    inside = any(address.version == n.version and address in n for n in networks)
    return Address.GOOD if inside or not networks else Address.OUTSIDE


def without_address(
    located: Located,
    link: Signal[Link],
    link_up_s: float | None,
    settle_s: float,
    told_none_s: float | None = None,
) -> Signal[Address] | None:
    """Return that a phone has no address although it hangs on the network; None: it may have one.

    Args:
        located: where a switch that tells addresses sees it.
        link: of its port.
        link_up_s: seconds since its link came; None: not known.
        settle_s: for how long it may still be asking for one.
        told_none_s: seconds since it spoke LLDP or CDP without naming an address, although it
            used to; None: it did not.
    """
    if located.place is None or link.age_s is None:
        return None
    if located.ip and told_none_s is None:
        return None
    if link.value not in {Link.UP, Link.DEGRADED, Link.UNSTABLE}:
        return None
    if link_up_s is not None and link_up_s < settle_s:
        return None
    if told_none_s is not None:
        return Signal(Address.NONE, told_none_s, link.source, "it names none any more")
    return Signal(Address.NONE, link_up_s or link.age_s, link.source, "the switch knows none")


def shared_addresses(addresses: Iterable[Mapping[MacAddress, str]]) -> frozenset[str]:
    """Return the addresses that switches have seen at more than one device."""
    owners: dict[str, set[MacAddress]] = {}
    for table in addresses:
        for mac, address in table.items():
            if address:
                owners.setdefault(address, set()).add(mac)
    return frozenset(address for address, macs in owners.items() if len(macs) > 1)
