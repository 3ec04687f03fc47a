"""Waiting phones, as an installer is offered them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address

from monitors.places import Place
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Position
from provisioner.inventory.fetches import WaitingPhone
from provisioner.inventory.records import Site
from provisioner.mac import parse_mac
from web.pages.install.ground import Ground
from web.pages.install.ports import Seat

OFFERED_MAX = 60


@dataclass(frozen=True, slots=True)
class Candidate:
    """A phone that waits.

    Attributes:
        mac: with colons.
        model: None: bellwire does not know which it is.
        title: maker and model, as far as they are known.
        switch, port: where it hangs; empty: nobody knows.
        is_at_room: on a port of this room.
    """

    mac: str
    vendor: str
    model: Model | None
    title: str
    seen_at: datetime
    address: str
    switch: str = ""
    port: str = ""
    is_at_room: bool = False


def candidates(
    ground: Ground,
    waiting: Iterable[WaitingPhone],
    seats: Mapping[str, Seat],
    room: str,
    homes: frozenset[Place],
) -> tuple[Candidate, ...]:
    """Return the phones that wait at a site: those on the room's port first, then newest first.

    Args:
        ground: the site.
        waiting: newest first.
        seats: the ports they were seen at, by MAC.
        room: its id.
        homes: the ports where phones of the room belong.
    """
    found = []
    for phone in waiting:
        mac, seat = parse_mac(phone.mac), seats.get(phone.mac)
        if mac is None or not (seat or is_here(ground.site, phone.address)):
            continue
        model = model_of(ground, phone)
        found.append(
            Candidate(
                mac=mac.colons,
                vendor=phone.vendor,
                model=model,
                title=_title(ground, phone, model),
                seen_at=phone.last_seen,
                address=phone.address,
                switch=seat.place.switch if seat else "",
                port=_port(seat) if seat else "",
                is_at_room=seat is not None and seat.is_of(room, homes),
            )
        )
    found.sort(key=lambda candidate: not candidate.is_at_room)  # the rest stays as it was
    return tuple(found[:OFFERED_MAX])


def is_here(site: Site, address: str) -> bool:
    """Whether a phone with this address may be one of a site."""
    if not site.networks:
        return True
    try:
        held = ip_address(address)
    except ValueError:
        return False
    return any(held in network for network in site.networks)


def fitting(
    ground: Ground, position: Position, some: Sequence[Candidate]
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Return those that suit a position, those of unknown models among them; and the others."""
    fits = tuple(
        c
        for c in some
        if (ground.suits(c.model, position) if c.model else c.vendor in ground.catalogue.vendors)
    )
    return fits, tuple(c for c in some if c not in fits)


def model_of(ground: Ground, phone: WaitingPhone) -> Model | None:
    """Return the model that a waiting phone has said it is, if anybody knows it."""
    known = ground.catalogue.models.get(phone.model)
    return known or ground.catalogue.model_of_agent(phone.vendor, phone.model)


def _title(ground: Ground, phone: WaitingPhone, model: Model | None) -> str:
    if model is not None:
        return ground.model_name(model.id)
    return f"{ground.vendor_name(phone.vendor)} {phone.model}".strip()


def _port(seat: Seat) -> str:
    return seat.place.port or str(seat.place.if_index)
