"""What a person asks for on a phone's page, and how it stands. The page never waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitors.remedies.action import Action, ActionState
from monitors.remedies.case import Guard, Verdict
from monitors.store.action_pages import action_of
from monitors.store.incident_pages import incidents_of_phone
from monitors.store.wishes import (
    LOOKED_FRESH,
    PATIENCE,
    Wish,
    WishState,
    ask,
    wish_of,
    wish_to_look,
)
from provisioner.inventory.audit import note
from provisioner.mac import MacAddress
from web.installation import Installation


@dataclass(frozen=True, slots=True)
class Standing:
    """How a wish stands.

    Attributes:
        stage: ``looking``, ``may``, ``doubt``, ``refused``, ``asked``, ``done``, ``helped``,
            ``failed``, ``not-done``, or ``nobody``: no monitor has taken it in time.
        action: its row in the journal, once there is one.
    """

    wish: Wish
    stage: str
    action: Action | None = None

    @property
    def goes_on(self) -> bool:
        """Whether the page should look again soon."""
        return self.stage in {"looking", "asked", "done"}

    @property
    def against(self) -> tuple[Guard, ...]:
        """The guards that are against it, the severest first."""
        found = [g for g in self.wish.guards if g.verdict is not Verdict.OK]
        return tuple(sorted(found, key=lambda g: g.verdict is not Verdict.REFUSED))

    @property
    def fine(self) -> tuple[Guard, ...]:
        """Those that have nothing against it."""
        return tuple(g for g in self.wish.guards if g.verdict is Verdict.OK)


def standing_of(wish: Wish, action: Action | None, now: datetime) -> Standing:
    """Return how a wish stands. Pure."""
    return Standing(wish, _stage(wish, action, now), action)


def _stage(wish: Wish, action: Action | None, now: datetime) -> str:
    if wish.state is WishState.LOOKED:
        if now - wish.at > LOOKED_FRESH:
            return "old"
        stages = {Verdict.OK: "may", Verdict.CONFIRM: "doubt", Verdict.REFUSED: "refused"}
        return stages[wish.verdict]
    if wish.state is WishState.ENDED:
        return _ended(wish, action)
    if now - wish.at > PATIENCE:
        return "nobody"
    return "looking" if wish.state in {WishState.LOOK, WishState.LOOKING} else "asked"


def _ended(wish: Wish, action: Action | None) -> str:
    if wish.result == "refused":
        return "not-done"
    if action is None:
        return "failed"
    stages = {
        ActionState.VERIFIED: "helped", ActionState.FAILED: "failed", ActionState.DONE: "done",
    }  # fmt: skip
    return stages.get(action.state, "asked")


def read_standing(
    installation: Installation, site: str, mac: str, number: int, now: datetime
) -> Standing | None:
    """Return how a wish about a phone stands; None: there is none of this number."""
    wish = wish_of(installation.monitoring, number)
    if wish is None or (wish.site, wish.mac) != (site, mac):
        return None
    action = action_of(installation.monitoring, wish.action_id) if wish.action_id else None
    return standing_of(wish, action, now)


def begin(
    installation: Installation, site: str, mac: str, remedy: str, who: str, now: datetime
) -> int:
    """Ask whether something may be done to a phone; returns the number of the wish."""
    found = incidents_of_phone(installation.monitoring, mac, 5)
    incident = next((i.id for i in found if i.is_open and mac in i.macs), None)
    return wish_to_look(installation.monitoring, site, mac, remedy, who, now, incident)


def go_on(installation: Installation, standing: Standing, who: str, now: datetime) -> bool:
    """Ask that it be done; False: it may not be, or was asked already."""
    if standing.stage not in {"may", "doubt"}:
        return False
    wish, confirmed = standing.wish, standing.stage == "doubt"
    if not ask(installation.monitoring, wish.id, now, confirmed=confirmed):
        return False
    doubts = "; ".join(guard.sentence for guard in standing.against)
    told = f"{wish.remedy} {wish.port}".strip() + f"; {doubts or 'nothing against it'}"
    with installation.database.write() as session:
        note(session, now, who, "mend", f"phone {MacAddress(wish.mac).colons}", told[:1000])
    return True
