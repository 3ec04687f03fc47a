"""Another device in a phone's place: those that wait, and what has been typed."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from sqlalchemy import select

from provisioner.inventory.fetches import WaitingPhone, waiting_phones
from provisioner.inventory.tables import SiteRow
from web.installation import Installation

WAITING_MAX = 8


def waiting_for(installation: Installation, site: str, model: str) -> list[WaitingPhone]:
    """Return phones that wait in a site's networks, those of the same model first, then new ones.

    Args:
        installation: the opened data folder.
        site: its id.
        model: of the phone whose place is to be taken.
    """
    with installation.database.read() as session:
        networks = session.scalar(select(SiteRow.networks).where(SiteRow.id == site)) or []
    here = [w for w in waiting_phones(installation.events) if is_inside(w.address, networks)]
    here.sort(key=lambda waiting: waiting.model != model)
    return here[:WAITING_MAX]


def is_inside(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of some networks. Pure."""
    try:
        place = ip_address(address)
    except ValueError:
        return False
    return any(place in ip_network(network) for network in networks)
