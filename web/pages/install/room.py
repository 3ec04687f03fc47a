"""One room as its page shows it: template, positions, who stands there and who might."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Position, RoomTemplate
from provisioner.edits.documents import etag_of, room_document
from provisioner.errors import UnknownThingError
from provisioner.inventory.fetches import waiting_phones
from provisioner.inventory.records import Pbx
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from provisioner.mac import MacAddress
from web.installation import Installation
from web.pages.install.candidates import Candidate, candidates, fitting
from web.pages.install.ground import Ground, read_ground, worded
from web.pages.install.ports import PortBook, homes_of

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Spot:
    """A position of a room.

    Attributes:
        place: in the template; None: the template has no such position, but a phone stands there.
        use: what a phone is for there, in words.
        mac, model: of the phone that stands there; ``mac`` with colons, empty: none.
        fits: waiting phones that suit it; ``others`` do not.
        models: those it may be, usual ones first, as pairs of id and words.
        usual: models that stand at this position of other rooms, the most frequent first.
    """

    id: str
    name: str
    place: Position | None
    use: str = ""
    mac: str = ""
    model: str = ""
    fits: tuple[Candidate, ...] = ()
    others: tuple[Candidate, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    usual: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room with what may be put into it.

    Attributes:
        document: the room as it is stored.
        template: that is shown; it may differ from the stored one, which is ``planned``.
        phones: MACs by position.
    """

    ground: Ground
    id: str
    document: Document
    template: RoomTemplate | None
    planned: str
    spots: tuple[Spot, ...] = ()
    phones: Mapping[str, MacAddress] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """What a change is based on."""
        return etag_of(self.document)

    def text(self, name: str) -> str:
        """Return a field of the stored room."""
        return str(self.document.get(name, ""))

    def spot(self, position: str) -> Spot | None:
        """Return a position, or None."""
        return next((spot for spot in self.spots if spot.id == position), None)

    @property
    def is_full(self) -> bool:
        """Whether a phone stands at every position."""
        return bool(self.spots) and all(spot.mac for spot in self.spots)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which template the page is to show.

    Attributes:
        template: as chosen, or kept from the room before.
        instead: it was kept: it counts only for a room without a template, or with this one.
    """

    template: str = ""
    instead: str | None = None


def read_room(
    installation: Installation, site: str, room: str, wish: Wish, language: str, book: PortBook
) -> RoomView | None:
    """Return a room; None: there is no such site or room.

    Args:
        installation: the opened data folder.
        site: its id.
        room: its id.
        wish: which template is to be shown.
        language: of the words.
        book: knows the ports of waiting phones.
    """
    with installation.database.read() as session:
        ground = read_ground(session, installation, site)
        if ground is None:
            return None
        try:
            document = room_document(session, installation.box, site, room, ground.catalogue)
        except UnknownThingError:
            return None
        planned = str(document.get("template", ""))
        template = ground.templates.get(_template(wish, planned, document))
        usual = _usual(session, site, template.id) if template else {}
    phones = {p: MacAddress(phone["mac"]) for p, phone in document.get("phones", {}).items()}
    waiting = waiting_phones(installation.events)
    seats = book.seats(installation.monitoring, ground.site, (w.mac for w in waiting))
    homes = homes_of(installation.monitoring, phones.values())
    found = candidates(ground, waiting, seats, room, homes)
    spots = _spots(ground, template, document, usual, found, language)
    return RoomView(ground, room, document, template, planned, spots, phones)


@dataclass(frozen=True, slots=True)
class Standing:
    """The phones that stand in a room, by position, and the PBX that knows them."""

    phones: Mapping[str, MacAddress]
    pbx: Pbx | None


def read_standing(installation: Installation, site: str, room: str) -> Standing | None:
    """Return who stands in a room, and no more; None: there is no such site or room."""
    with installation.database.read() as session:
        row = session.get(SiteRow, site)
        if row is None or session.get(RoomRow, (site, room)) is None:
            return None
        query = select(PhoneRow.position, PhoneRow.mac)
        query = query.where(PhoneRow.site_id == site, PhoneRow.room_id == room)
        phones = {r.position: MacAddress(r.mac) for r in session.execute(query)}
        return Standing(phones, site_of(row, installation.box).pbx)


def _template(wish: Wish, planned: str, document: Document) -> str:
    """The template to be shown: what was chosen, or kept, or planned."""
    if not wish.template:
        return planned
    if wish.instead is None:
        return wish.template
    is_kept = not document.get("phones") and planned in {"", wish.instead}
    return wish.template if is_kept else planned


def _usual(session: Session, site: str, template: str) -> dict[str, tuple[str, ...]]:
    """Models that stand at each position of rooms with this template, frequent ones first."""
    count = func.count()
    query = (
        select(PhoneRow.position, PhoneRow.model)
        .join(RoomRow)
        .where(RoomRow.site_id == site, RoomRow.template == template)
        .group_by(PhoneRow.position, PhoneRow.model)
        .order_by(count.desc(), PhoneRow.model)
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in session.execute(query):
        found[row.position] = (*found.get(row.position, ()), row.model)
    return found


def _spots(
    ground: Ground,
    template: RoomTemplate | None,
    document: Document,
    usual: Mapping[str, tuple[str, ...]],
    found: Sequence[Candidate],
    language: str,
) -> tuple[Spot, ...]:
    phones = document.get("phones", {})
    made = [
        _spot(ground, place, phones.get(place.id, {}), usual.get(place.id, ()), found, language)
        for place in (template.positions if template else ())
    ]
    beyond = [position for position in phones if not template or not template.position(position)]
    made += [
        Spot(p, p, None, "", phones[p]["mac"], str(phones[p]["model"])) for p in sorted(beyond)
    ]
    return tuple(made)


def _spot(
    ground: Ground,
    place: Position,
    phone: Mapping[str, Any],
    usual: tuple[str, ...],
    found: Sequence[Candidate],
    language: str,
) -> Spot:
    preset = ground.presets.get(place.preset)
    use = worded(preset.name, language, place.preset) if preset else place.preset
    fits, others = fitting(ground, place, found)
    return Spot(
        id=place.id,
        name=worded(place.name, language, place.id),
        place=place,
        use=use,
        mac=phone.get("mac", ""),
        model=str(phone.get("model", "")),
        fits=fits,
        others=others,
        models=tuple((m.id, ground.model_name(m.id)) for m in models_for(ground, place, usual)),
        usual=usual,
    )


def models_for(ground: Ground, place: Position, usual: Sequence[str]) -> list[Model]:
    """Return the models that suit a position: those at it elsewhere, the template's, the rest."""
    named = dict.fromkeys((*usual, *place.models, *ground.catalogue.models))
    some = (ground.catalogue.models.get(name) for name in named)
    return [model for model in some if model is not None and ground.suits(model, place)]
