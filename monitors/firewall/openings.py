"""Which ports of a PBX and of bellwire must be open, and to whom: from the inventory. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Literal
from urllib.parse import urlsplit

from provisioner.errors import InventoryError
from provisioner.pbx.endpoints import endpoints
from provisioner.pbx.hardening import apps_from, hardening_of
from provisioner.pbx.proposal import sip_port, transports
from provisioner.pbx.site import PbxSite

Network = IPv4Network | IPv6Network
Protocol = Literal["udp", "tcp"]
TFTP_PORT = 69
_URL_PORTS: dict[str, tuple[Protocol, int]] = {
    "http": ("tcp", 80),
    "https": ("tcp", 443),
    "tftp": ("udp", TFTP_PORT),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports that only some networks may reach.

    Attributes:
        what: for people.
        sources: whoever is neither in them nor in ``strangers`` is dropped.
        strangers: networks of apps, which may knock, but not often.
        closed: others are dropped; False: they are left to the operator's own rules.
    """

    what: str
    protocol: Protocol
    first: int
    last: int
    sources: tuple[Network, ...]
    strangers: tuple[Network, ...] = ()
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Bellwire:
    """Where bellwire itself listens and from where it is used.

    Attributes:
        tftp, pnp, quality: ports besides that of the site's URL; 0: it does not listen.
        ami_from: from where it logs in to the manager interface, besides the machine itself.
        pages_from: from where people open its pages; none: nobody is kept from them.
    """

    tftp: int = 0
    pnp: int = 0
    quality: int = 0
    ami_from: tuple[str, ...] = ()
    pages_from: tuple[str, ...] = ()


NOT_HERE = Bellwire()


def openings(sites: Iterable[PbxSite], bellwire: Bellwire = NOT_HERE) -> tuple[Opening, ...]:
    """Return what must be open on the machine of a PBX and of bellwire.

    Args:
        sites: all sites that it serves.
        bellwire: where it listens.

    Raises:
        InventoryError: a site names no networks, so phones cannot be told from strangers.
    """
    found: list[Opening] = []
    for pbx in sites:
        if not pbx.site.networks:
            raise InventoryError(
                f"site {pbx.site.id} names no networks: its phones cannot be told from strangers"
            )
        found += _of_pbx(pbx, _networks(bellwire.ami_from))
        found += _of_bellwire(pbx, bellwire)
    return tuple(_joined(found))


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


def _of_pbx(pbx: PbxSite, ami_from: tuple[Network, ...]) -> Iterator[Opening]:
    hardening = hardening_of(pbx)
    phones = tuple(pbx.site.networks)
    apps = _networks(apps_from(pbx, endpoints(pbx)))
    strangers = tuple(n for n in apps if n not in phones)
    known = (*phones, *_networks(hardening.trunks))
    for protocol in transports(pbx):
        port = sip_port(pbx)
        kind: Protocol = "udp" if protocol == "udp" else "tcp"
        yield Opening("SIP", kind, port, port, known, strangers)
    if hardening.tls is not None:
        port = hardening.tls.port
        yield Opening("SIP over TLS", "tcp", port, port, known, strangers)
    yield Opening("voice", "udp", hardening.rtp_first, hardening.rtp_last, (*known, *strangers))
    reached = pbx.site.pbx
    if reached is not None and reached.kind == "asterisk" and reached.host:
        yield Opening("manager interface", "tcp", reached.port, reached.port, ami_from)


def _of_bellwire(pbx: PbxSite, bellwire: Bellwire) -> Iterator[Opening]:
    """The phones' files come from the port of the site's URL, whatever stands before bellwire."""
    phones = tuple(pbx.site.networks)
    parts = urlsplit(pbx.site.url)
    if parts.scheme in _URL_PORTS:
        kind, usual = _URL_PORTS[parts.scheme]
        port, people = parts.port or usual, _networks(bellwire.pages_from)
        closed = bool(people) or kind == "udp"
        yield Opening("provisioning", kind, port, port, (*phones, *people), closed=closed)
    for what, port in (
        ("provisioning by TFTP", bellwire.tftp),
        ("provisioning by PnP", bellwire.pnp),
        ("reports on call quality", bellwire.quality),
    ):
        if port:
            yield Opening(what, "udp", port, port, phones)


def _joined(found: Iterable[Opening]) -> Iterator[Opening]:
    """One opening for each range of ports: sites share an Asterisk, and PnP may share SIP's."""
    by_ports: dict[tuple[Protocol, int, int], list[Opening]] = {}
    for one in found:
        by_ports.setdefault((one.protocol, one.first, one.last), []).append(one)
    for (protocol, first, last), some in by_ports.items():
        what = ", ".join(dict.fromkeys(one.what for one in some))
        sources = together(n for one in some for n in one.sources)
        strangers = together(n for one in some for n in one.strangers)
        closed = any(one.closed for one in some)
        yield Opening(what, protocol, first, last, sources, strangers, closed)


def together(networks: Iterable[Network]) -> tuple[Network, ...]:
    """Return networks without those that lie in others, IPv4 first."""
    every = list(networks)
    v4 = collapse_addresses(n for n in every if isinstance(n, IPv4Network))
    v6 = collapse_addresses(n for n in every if isinstance(n, IPv6Network))
    return (*v4, *v6)
