"""What an installer has chosen for a room, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.bulk.cells import Column, Said, Trouble
from provisioner.bulk.macs import mac_in, why_no_mac
from provisioner.catalogue.presets import Position
from provisioner.mac import MacAddress, parse_mac
from web.pages.install.ground import Ground
from web.pages.install.room import RoomView, Spot

FIELDS = ("name", "floor", "extension")
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pick:
    """What was chosen for a position, as it was sent.

    Attributes:
        waiting: MAC of a waiting phone; ``typed``: what was typed instead.
        model: id; empty: as the phone says, or as in other rooms.
        move: the phone may be taken from where it stands.
    """

    waiting: str = ""
    typed: str = ""
    model: str = ""
    move: bool = False

    @property
    def text(self) -> str:
        """The MAC as it was given; what was typed counts."""
        return self.typed or self.waiting


@dataclass(frozen=True, slots=True)
class Draft:
    """A room's form as it was sent. ``fields``: name, floor and extension."""

    fields: Mapping[str, str]
    picks: Mapping[str, Pick]


@dataclass(frozen=True, slots=True)
class Choice:
    """A phone for a position.

    Attributes:
        origin: room and position where it stands now, if it does.
        is_guessed: nobody has said which model it is; it is what stands in other rooms.
        may_move: what is wrong is only that it must be moved, which was not allowed yet.
    """

    position: str
    mac: MacAddress
    model: str = ""
    origin: tuple[str, str] | None = None
    is_guessed: bool = False
    may_move: bool = False


@dataclass(slots=True)
class Considered:
    """A draft, looked at.

    Attributes:
        choices: by position, those whose MAC is one.
        wrong: what is wrong, by position; of the room as a whole under the empty name.
    """

    choices: dict[str, Choice] = field(default_factory=dict)
    wrong: dict[str, list[Said]] = field(default_factory=dict)

    def refuse(self, position: str, said: Said) -> None:
        """Note what is wrong."""
        self.wrong.setdefault(position, []).append(said)

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.wrong


def draft_of(form: Mapping[str, str], view: RoomView) -> Draft:
    """Return what a browser has sent for a room."""
    fields = {name: form.get(name, view.text(name)).strip() for name in FIELDS}
    picks = {
        spot.id: Pick(
            form.get(f"pick-{spot.id}", "").strip(),
            form.get(f"mac-{spot.id}", "").strip(),
            form.get(f"model-{spot.id}", "").strip(),
            form.get(f"move-{spot.id}") == "yes",
        )
        for spot in view.spots
        if not spot.mac
    }
    return Draft(fields, {name: pick for name, pick in picks.items() if pick.text})


def macs_of(draft: Draft, view: RoomView) -> dict[str, MacAddress]:
    """Return the MACs of a draft by position, where there is one."""
    found = {name: mac_in(pick.text, view.ground.makers) for name, pick in draft.picks.items()}
    return {name: mac for name, mac in found.items() if mac is not None}


def consider(
    draft: Draft, view: RoomView, stands: Mapping[MacAddress, tuple[str, str, str]]
) -> Considered:
    """Look at what was chosen.

    Args:
        draft: as sent.
        view: the room.
        stands: site, room and position of those phones that are in an inventory already.
    """
    made = Considered()
    macs = macs_of(draft, view)
    taken: dict[MacAddress, str] = {}
    for position, pick in draft.picks.items():
        mac = macs.get(position)
        if mac is None:
            made.refuse(position, Said(Column.MAC, why_no_mac(pick.text)))
            continue
        if mac in taken:
            facts = {"position": taken[mac], "room": view.id}
            made.refuse(position, Said(Column.MAC, Trouble.MAC_ELSEWHERE, facts))
            continue
        taken[mac] = position
        _consider(position, pick, mac, view, stands.get(mac), made)
    return made


def _consider(
    position: str,
    pick: Pick,
    mac: MacAddress,
    view: RoomView,
    stands: tuple[str, str, str] | None,
    made: Considered,
) -> None:
    spot = view.spot(position)
    if spot is None or spot.place is None:
        return
    origin, may_move = None, False
    if stands is not None and stands[0] != view.ground.site.id:
        made.refuse(position, Said(Column.MAC, Trouble.MAC_OTHER_SITE))
        return
    if stands is not None:
        origin = stands[1], stands[2]
        if not pick.move:
            facts = {"room": origin[0], "position": origin[1]}
            made.refuse(position, Said(Column.MAC, Trouble.MAC_ELSEWHERE, facts))
            may_move = True
    model, is_guessed = pick.model or model_said(mac, spot), False
    if not model and origin is None:
        model, is_guessed = usual_model(view.ground, spot.place, spot.usual, mac), True
        if not model:
            made.refuse(position, Said(Column.MODEL, Trouble.MODEL_NEEDED))
    made.choices[position] = Choice(position, mac, model, origin, is_guessed, may_move)


def model_said(mac: MacAddress, spot: Spot) -> str:
    """Return the model that a waiting phone has said it is, or nothing."""
    for candidate in (*spot.fits, *spot.others):
        if parse_mac(candidate.mac) == mac and candidate.model is not None:
            return candidate.model.id
    return ""


def usual_model(ground: Ground, place: Position, usual: Iterable[str], mac: MacAddress) -> str:
    """Return the model that a phone of this maker most likely is at a position, or nothing."""
    maker = ground.makers.get(mac.oui)
    for name in (*usual, *place.models):
        model = ground.catalogue.models.get(name)
        right = model is not None and maker in (None, model.vendor)
        if model is not None and right and ground.suits(model, place):
            return model.id
    return ""
