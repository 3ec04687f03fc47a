"""A change in stages as its page shows it: each stage with its phones, back and missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from provisioner.edits.rollout import Member, Standing
from provisioner.edits.staging import Staged
from web.installation import Installation
from web.overview.narrow import MANY, read_some
from web.pages import language
from web.pages.language import N_, gettext
from web.staging import stage_desk

SHOWN, ROOMS_SHOWN = 8, 6
STANDINGS = {
    Standing.LATER: N_("later"),
    Standing.WAITING: N_("have not fetched yet"),
    Standing.FETCHED: N_("have fetched, not working again yet"),
    Standing.BACK: N_("back"),
    Standing.SAME: N_("nothing new for them"),
    Standing.AWAY: N_("were down before"),
}
STATES = {
    "active": (N_("under way"), "recovering", "recovering"),
    "paused": (N_("paused"), "warning", "clock"),
    "stopped": (N_("stopped by itself"), "down", "down"),
    "done": (N_("done"), "working", "working"),
    "withdrawn": (N_("taken back"), "unknown", "left"),
}


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage.

    Attributes:
        standing: as steps are drawn: ``done``, ``now``, ``waiting`` or ``bad``.
        counts: words and numbers of how its phones stand.
        missing: MAC and place of those that are waited for.
        more: so many of these are not listed.
    """

    name: str
    standing: str
    phones: int
    counts: tuple[tuple[str, int], ...]
    missing: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A change in stages; ``word``: its state, with kind and icon."""

    staged: Staged
    word: tuple[str, str, str]
    stages: tuple[StageView, ...]

    @property
    def is_open(self) -> bool:
        """Whether phones are in the middle of it."""
        return self.staged.state in {"active", "paused", "stopped"}


def read_rollout(installation: Installation, site: str) -> RolloutView | None:
    """Return the last change in stages of a site; None: there never was one."""
    found = stage_desk(installation).shown(site)
    if found is None:
        return None
    staged, members = found
    places = _places(installation, staged, [m.mac for m in members if m.is_missing])
    stages = tuple(
        _stage(staged, number, [m for m in members if m.stage == number], places)
        for number in range(len(staged.stages))
    )
    word, kind, icon = STATES[str(staged.state)]
    return RolloutView(staged, (gettext(word), kind, icon), stages)


def _stage(staged: Staged, number: int, members: list[Member], places: dict[str, str]) -> StageView:
    counts = Counter(member.how for member in members)
    missing = [(m.mac, places.get(m.mac, m.mac)) for m in members if m.is_missing]
    return StageView(
        name=_name(staged.stages[number]),
        standing=_standing(staged, number),
        phones=len(members),
        counts=tuple((gettext(STANDINGS[how]), counts[how]) for how in STANDINGS if counts[how]),
        missing=tuple(missing[:SHOWN]),
        more=max(len(missing) - SHOWN, 0),
    )


def _standing(staged: Staged, number: int) -> str:
    if staged.state == "done" or number < staged.stage:
        return "done"
    if number > staged.stage or staged.state == "withdrawn":
        return "waiting"
    return "bad" if staged.state == "stopped" else "now"


def _name(stage: str) -> str:
    """A stage in words: ``rooms=101,214`` is "Room 101, 214"."""
    kind, _, names = stage.partition("=")
    rooms = names.split(",")
    shown = ", ".join(rooms[:ROOMS_SHOWN]) + (" …" if len(rooms) > ROOMS_SHOWN else "")
    if kind == "rooms":
        return gettext("Room %(room)s") % {"room": shown}
    return gettext("Floor %(floor)s") % {"floor": shown} if kind == "floor" else gettext("All")


def _places(installation: Installation, staged: Staged, macs: list[str]) -> dict[str, str]:
    if not macs:
        return {}
    read = read_some(
        installation, staged.site, macs[:MANY], language.current(), staged.made_at, states=False
    )
    return {mac: phone.place for mac, phone in read.phones.items()}
