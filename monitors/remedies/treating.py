"""One remedy for one phone, from the guards to the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from monitors.remedies.action import Action
from monitors.remedies.case import Case, Guard, Verdict
from monitors.remedies.cli_feed import CliFeed, SshAccess
from monitors.remedies.entry import Entry
from monitors.remedies.feed import Feed, FeedError, Undo
from monitors.remedies.gathering import case_of, plan_of, target_of
from monitors.remedies.guards import automatic, judge, may
from monitors.remedies.kinds import Remedy, WayKind
from monitors.remedies.notifying import notify
from monitors.remedies.performing import OFF_S, Ended, perform
from monitors.remedies.snmp_feed import SnmpFeed, write_access
from monitors.remedies.surroundings import Patient, Workshop
from monitors.remedies.ways import Way
from monitors.store import actions
from provisioner.inventory.records import Switch


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants it.

    Attributes:
        who: a person; empty: bellwire itself.
        confirmed: the person has said that what the guards doubt is meant.
        incident_id: which incident it is for.
        off_s: for how long power is to be away.
    """

    who: str = ""
    confirmed: bool = False
    incident_id: int | None = None
    off_s: float = OFF_S


class Result(StrEnum):
    """What became of it."""

    REFUSED = "refused"
    DONE = "done"
    FAILED = "failed"
    STRANDED = "stranded"


@dataclass(frozen=True, slots=True)
class Examined:
    """What would be done, and whether it may."""

    case: Case
    guards: tuple[Guard, ...]
    may: bool

    @property
    def objections(self) -> str:
        """What stands against it, in one line."""
        return "; ".join(g.sentence for g in self.guards if g.verdict is not Verdict.OK)


@dataclass(frozen=True, slots=True)
class Treated:
    """What came of a remedy.

    Attributes:
        action_id: its row in the journal; None: it has none.
    """

    result: Result
    detail: str = ""
    way: WayKind | None = None
    action_id: int | None = None


def examine(shop: Workshop, patient: Patient, remedy: Remedy, asked: Asked) -> Examined:
    """Look at the phone, its port and its calls now, and say whether it may be treated."""
    case = case_of(shop, patient, remedy, asked.off_s)
    guards = judge(case)
    if not asked.who:
        guards = (*guards, *automatic(case))
    allowed = may(guards, by_hand=bool(asked.who), confirmed=asked.confirmed)
    return Examined(case, guards, allowed)


Prepare = Callable[[], None]


def treat(
    shop: Workshop,
    patient: Patient,
    examined: Examined,
    asked: Asked,
    first: Prepare | None = None,
) -> Treated:
    """Do what was examined, if it may be done.

    Args:
        shop: what remedies share.
        patient: the phone.
        examined: the guards' words of this moment.
        asked: who wants it.
        first: is called once the journal has it and before anything is written.
    """
    case, now = examined.case, shop.clock()
    plan = plan_of(patient, case, asked.who, asked.incident_id)
    if not examined.may:
        actions.refused(shop.monitoring, plan, examined.objections, now)
        return Treated(Result.REFUSED, examined.objections)
    planned = actions.plan(shop.monitoring, plan, shop.worker, now)
    if isinstance(planned, str):
        actions.refused(shop.monitoring, plan, planned, now)
        return Treated(Result.REFUSED, planned)
    if first is not None:
        first()
    entry = Entry(shop.monitoring, planned, shop.worker, shop.clock)
    if case.remedy.is_power:
        return _power(shop, patient, case, entry, asked.off_s)
    return _notify(shop, patient, case, entry)


def _power(
    shop: Workshop, patient: Patient, case: Case, entry: Entry, off_s: float
) -> Treated:  # fmt: skip
    switch = patient.switch(case.switch.name) if case.switch else None

    def open_feed(way: Way) -> Feed:
        if switch is None:
            raise FeedError("", "the switch is not in the site file any more", nothing_done=True)
        return feed_by(shop, switch, way)

    made = perform(case.remedy, case.ways.found, open_feed, entry, off_s, shop.wait)
    results = {Ended.DONE: Result.DONE, Ended.STRANDED: Result.STRANDED}
    result = results.get(made.ended, Result.FAILED)
    return Treated(result, made.detail, made.way, entry.id)


def _notify(shop: Workshop, patient: Patient, case: Case, entry: Entry) -> Treated:
    target = target_of(shop, patient)
    pbx = patient.site.pbx
    way, said = notify(shop.catalogue, pbx, target, case.remedy, case.ways, shop.sip_port)
    if way is None:
        entry.failed(said)
        return Treated(Result.FAILED, said, None, entry.id)
    entry.done(way, said)
    return Treated(Result.DONE, said, way, entry.id)


def feed_by(shop: Workshop, switch: Switch, way: Way) -> Feed:
    """Return what switches a port's power by a way; raises FeedError."""
    if way.kind is WayKind.CLI:
        access = SshAccess(switch, shop.host_keys, shop.timeout_s)
        return CliFeed(access, way.dialogue, way.driver, way.port)
    return SnmpFeed(write_access(switch), way)


def feed_for_undo(shop: Workshop, switch: Switch | None, action: Action, undo: Undo) -> Feed:
    """Return what gives power back as the journal says; raises FeedError."""
    if switch is None:
        problem = "the switch is not in the site file any more"
        raise FeedError(action.switch, problem, nothing_done=True)
    if undo.way is WayKind.CLI:
        access = SshAccess(switch, shop.host_keys, shop.timeout_s)
        return CliFeed(access, undo.dialogue, undo.driver, undo.port)
    return SnmpFeed(write_access(switch))
