"""Many phones that fail together have one cause: found before each is judged by itself. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from monitors.evidence import Evidence, Group, GroupFinding
from monitors.signals import (
    Address,
    Budget,
    Config,
    Link,
    Options,
    PortPower,
    Registration,
    SwitchState,
)

SHARE_MIN = 0.6
PHONES_MIN = 3
TOGETHER_S = 180.0
"""How far apart the first and the last of a group may have failed (the monitoring notes, 7.2)."""

_ALIVE = frozenset({Options.ALIVE, Options.NOT_FOUND, Options.UNAVAILABLE})
_LINK_UP = frozenset({Link.UP, Link.DEGRADED, Link.UNSTABLE})
_UNFED = frozenset({PortPower.SEARCHING, PortPower.FAULT, PortPower.HARDWARE, PortPower.DENIED})
_LOST = frozenset({Registration.NONE, Registration.EXPIRED, Registration.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class Member:
    """A phone, the groups it belongs to, and what is known of it.

    Attributes:
        groups: name of its site, PBX, switch, VLAN and model with firmware, as far as known.
        failing_s: for how long it has not worked; None: it works.
    """

    mac: str
    groups: Mapping[Group, str]
    evidence: Evidence
    failing_s: float | None = None


@dataclass(frozen=True, slots=True)
class _GroupRule:
    id: str
    group: Group
    matches: Callable[[Evidence], bool]
    together: bool = field(default=True)


def _link_is_up(evidence: Evidence) -> bool:
    return evidence.link.value in _LINK_UP


_RULES = (
    _GroupRule("A3", Group.SWITCH, lambda e: e.switch.value is SwitchState.DOWN),
    _GroupRule(
        "A4",
        Group.SWITCH,
        lambda e: (
            e.switch.value is SwitchState.UP
            and (e.budget.value is Budget.FAULTY or e.power.value in _UNFED)
        ),
    ),
    _GroupRule("A6", Group.VLAN, lambda e: _link_is_up(e) and e.address.value is Address.NONE),
    _GroupRule("A9", Group.MODEL, lambda e: e.config.value is Config.REFUSED, together=False),
    _GroupRule(
        "A8",
        Group.SITE,
        lambda e: e.config.value in {Config.NEVER, Config.BROKEN_OFF},
        together=False,
    ),
    _GroupRule(
        "A2",
        Group.PBX,
        lambda e: (
            e.registration.value in _LOST
            and (e.options.value in _ALIVE or _link_is_up(e))
            and e.security.value.name in {"NONE", "UNKNOWN"}
            and e.config.value in {Config.CURRENT, Config.STALE, Config.UNKNOWN}
        ),
    ),
    _GroupRule(
        "A10",
        Group.VLAN,
        lambda e: e.registration.value is Registration.UNREACHABLE and _link_is_up(e),
    ),
    _GroupRule(
        "A7",
        Group.MODEL,
        lambda e: e.registration.value in _LOST and e.config.value is Config.CURRENT,
    ),
)


def collapse(members: Iterable[Member]) -> dict[str, GroupFinding]:
    """Return the group finding of each phone that fails with its group, by MAC.

    A group counts when at least 60 % of its phones, and three, fail in the same way within
    three minutes of each other. The first rule that explains a phone keeps it.
    """
    everyone = list(members)
    found: dict[str, GroupFinding] = {}
    for rule in _RULES:
        for name, phones in _by_name(everyone, rule.group).items():
            finding = _finding(rule, name, [m for m in phones if m.mac not in found], len(phones))
            if finding is not None:
                found |= dict.fromkeys(finding.phones, finding)
    return found


def _by_name(members: Iterable[Member], group: Group) -> dict[str, list[Member]]:
    groups: dict[str, list[Member]] = {}
    for member in members:
        name = member.groups.get(group, "")
        if name:
            groups.setdefault(name, []).append(member)
    return groups


def _finding(
    rule: _GroupRule, name: str, members: Iterable[Member], size: int
) -> GroupFinding | None:
    failing = [m for m in members if m.failing_s is not None and rule.matches(m.evidence)]
    if rule.together:
        failing = _together(failing)
    if len(failing) < PHONES_MIN or len(failing) / size < SHARE_MIN:
        return None
    macs = frozenset(m.mac for m in failing)
    return GroupFinding(rule.id, rule.group, name, macs, len(failing) / size)


def _together(failing: list[Member]) -> list[Member]:
    """The largest number of phones that failed within ``TOGETHER_S`` of each other."""
    ordered = sorted(failing, key=lambda m: m.failing_s or 0.0)
    best: list[Member] = []
    start = 0
    for end, member in enumerate(ordered):
        while (member.failing_s or 0.0) - (ordered[start].failing_s or 0.0) > TOGETHER_S:
            start += 1
        if end + 1 - start > len(best):
            best = ordered[start : end + 1]
    return best
