"""Which incidents there should be: statuses and open incidents in, steps out. Pure.

A phone that is down belongs to exactly one incident: that of the group it fails with, or its
own. The last phones of a group to come back stay with it for a while, although too few are left
to be a group: otherwise each would raise an incident of its own while a switch restarts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitors.evidence import Group, GroupFinding
from monitors.incident_steps import (
    ATTACK,
    CALLS,
    Close,
    Ending,
    Judged,
    Keep,
    Leave,
    Open,
    OpenIncident,
    Step,
)
from monitors.status import State

LINGER = timedelta(minutes=10)
"""How long a phone that is still down stays with a group that is none any more."""
STANDING_LINGER = timedelta(minutes=2)
"""How long a trouble without phones, such as a PBX that cannot be asked, is kept open unseen."""
_BAD = frozenset({State.FAILING, State.DOWN, State.RECOVERING})


def phone_key(mac: str) -> str:
    """Return the key of a phone's own incident."""
    return f"phone {mac}"


def group_key(finding: GroupFinding) -> str:
    """Return the key of a group's incident: the same whatever its cause turns out to be."""
    return f"{finding.group} {finding.name}"


def decide(
    known: Iterable[OpenIncident],
    phones: Iterable[Judged],
    now: datetime,
    standing: Iterable[GroupFinding] = (),
) -> tuple[Step, ...]:
    """Return what is to be done so that the open incidents say what is wrong now.

    Args:
        known: the open incidents of a site.
        phones: all phones of the site, well or not; one that is missing here is retired.
        now: naive UTC.
        standing: troubles of the site that need no phones: its PBX cannot be asked.
    """
    everyone = {phone.mac: phone for phone in phones}
    there = {each.key: each for each in known if not each.key.startswith((ATTACK, CALLS))}
    wanted = _wanted(everyone, there, now, standing)
    steps: list[Step] = []
    for key, want in wanted.items():
        incident = there.get(key)
        steps += [want.opened(key)] if incident is None else _kept(incident, want, everyone)
    in_groups = {mac for want in wanted.values() if want.grouped for mac in want.members}
    for key, incident in there.items():
        if key not in wanted:
            steps += _closed(incident, everyone, in_groups)
    return tuple(steps)


@dataclass(slots=True)
class _Want:
    """An incident that there should be."""

    finding: GroupFinding | None = None
    members: dict[str, Judged] = field(default_factory=dict)
    began_at: datetime | None = None
    rule: str = ""
    grouped: bool = False

    def opened(self, key: str) -> Open:
        name = self.finding.name if self.finding else ""
        sureness, macs = self.sureness(), frozenset(self.members)
        began = self.began_at or min(m.status.since for m in self.members.values())
        return Open(key, self.grouped, name, self.cause(), sureness, self.facts(), macs, began)

    def cause(self) -> str:
        return self.finding.rule if self.finding else self.rule

    def first(self) -> Judged | None:
        """The phone that speaks for all: one that has the cause that is named."""
        ordered = [self.members[mac] for mac in sorted(self.members)]
        same = (m for m in ordered if m.status.rule == self.cause())
        return next(same, ordered[0] if ordered else None)

    def sureness(self) -> str:
        first = self.first()
        return first.sureness if first else "certain"

    def facts(self) -> dict[str, str]:
        first = self.first()
        facts = dict(first.facts) if first else {}
        if self.finding is not None:
            facts |= _group_facts(self.finding)
        return facts


def _group_facts(finding: GroupFinding) -> dict[str, str]:
    facts = {"phones": str(len(finding.phones))} if finding.phones else {}
    if finding.group is not Group.SITE:
        facts[str(finding.group)] = finding.name
    return facts


def _wanted(
    phones: Mapping[str, Judged],
    there: Mapping[str, OpenIncident],
    now: datetime,
    standing: Iterable[GroupFinding],
) -> dict[str, _Want]:
    wanted: dict[str, _Want] = {}
    homes = {mac: incident for incident in there.values() for mac in incident.macs}
    for finding in standing:
        wanted[group_key(finding)] = _Want(finding, began_at=now, grouped=True)
    down = {group_key(p.finding) for p in phones.values() if p.finding and p.status.is_open}
    for phone in phones.values():
        key = _home(phone, homes.get(phone.mac), down, now)
        if key is None:
            continue
        want = wanted.setdefault(key, _Want(grouped=key != phone_key(phone.mac)))
        want.members[phone.mac] = phone
        if phone.finding is not None:
            want.finding = _larger(want.finding, phone.finding)
        elif not want.grouped:
            want.rule = phone.status.rule
    for key, incident in there.items():
        unseen = incident.grouped and not incident.macs and key not in wanted
        if unseen and now - incident.found_at < STANDING_LINGER:
            wanted[key] = _Want(grouped=True)
    return wanted


def _home(
    phone: Judged, incident: OpenIncident | None, down: set[str], now: datetime
) -> str | None:
    """Return the key of the incident a phone belongs to; None: to none."""
    if phone.status.state not in _BAD:
        return None
    if phone.finding is not None and group_key(phone.finding) in down:
        return group_key(phone.finding)
    if not phone.status.is_open:
        return None
    if incident is not None and incident.grouped and _stays(phone, incident, now):
        return incident.key
    return phone_key(phone.mac)


def _stays(phone: Judged, incident: OpenIncident, now: datetime) -> bool:
    return phone.status.state is State.RECOVERING or now - incident.found_at < LINGER


def _larger(one: GroupFinding | None, other: GroupFinding) -> GroupFinding:
    """Two causes in one group: the one of more phones names it."""
    return other if one is None or len(other.phones) > len(one.phones) else one


def _kept(incident: OpenIncident, want: _Want, everyone: Mapping[str, Judged]) -> list[Step]:
    cause = want.cause()
    rule = cause if cause and cause != incident.rule else None
    joined = frozenset(want.members) - incident.macs
    steps: list[Step] = _left(incident, incident.macs - set(want.members), everyone)
    is_found = want.finding is not None
    if rule is not None or joined or is_found:
        made = Keep(
            incident.id, incident.rule, rule, want.sureness(), want.facts(), joined, is_found
        )
        steps.append(made)
    return steps


def _left(
    incident: OpenIncident, macs: Iterable[str], everyone: Mapping[str, Judged]
) -> list[Step]:
    well = {mac for mac in macs if mac in everyone and not everyone[mac].status.is_open}
    other = set(macs) - well
    return [
        Leave(incident.id, frozenset(some), recovered)
        for some, recovered in ((well, True), (other, False))
        if some
    ]


def _closed(
    incident: OpenIncident, everyone: Mapping[str, Judged], in_groups: set[str]
) -> list[Step]:
    ending = Ending.RECOVERED
    if incident.macs and not incident.macs & set(everyone):
        ending = Ending.RETIRED
    elif incident.macs & in_groups:
        ending = Ending.MERGED
    return [*_left(incident, incident.macs, everyone), Close(incident.id, ending)]
