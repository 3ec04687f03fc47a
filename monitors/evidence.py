"""Everything that is known of one phone at one moment, as values."""

from __future__ import annotations

from collections.abc import Mapping as Facts
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from monitors.signals import (
    Address,
    Budget,
    Config,
    Link,
    Mapping,
    Neighbour,
    Options,
    PhoneEvent,
    PortPower,
    Registration,
    Security,
    Signal,
    SwitchState,
    Trouble,
    Vlan,
    Watts,
    Whereabouts,
)


class Group(StrEnum):
    """What phones have in common when many fail together."""

    SITE = "site"
    PBX = "pbx"
    SWITCH = "switch"
    VLAN = "vlan"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class GroupFinding:
    """Many phones of a group failed together: one incident instead of many.

    Attributes:
        rule: id of the group rule, ``A1`` to ``A10``.
        name: which switch, VLAN, model or PBX.
        phones: MACs of those that fail.
        share: failing ones of all in the group, 0 to 1.
    """

    rule: str
    group: Group
    name: str
    phones: frozenset[str]
    share: float


FRESH_S: Facts[str, float] = {
    "mapping": 86400,
    "switch": 150,
    "power": 150,
    "watts": 150,
    "budget": 150,
    "link": 150,
    "neighbour": 360,
    "whereabouts": 86400,
    "vlan": 900,
    "address": 3600,
    "config": 604800,
    "event": 600,
    "registration": 150,
    "security": 600,
    "options": 150,
}
"""How long a signal holds, in seconds (the monitoring notes, 7.1); older ones are unknown."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What every probe said last, of one phone.

    Attributes:
        troubles: what was counted in the last hour.
        finding: the group this phone fails with, if any.
        settled_s: seconds since it last started, got its link or was sent a new file.
        handsets_out: DECT handsets of a base that are not there.
        emergency_key: whether a phone that should have one has it.
        facts: names and numbers for the sentence: room, port, switch, vlan, ip, ...
    """

    mapping: Signal[Mapping] = Signal(Mapping.NONE)
    switch: Signal[SwitchState] = Signal(SwitchState.UNKNOWN)
    power: Signal[PortPower] = Signal(PortPower.UNKNOWN)
    watts: Signal[Watts] = Signal(Watts.UNKNOWN)
    budget: Signal[Budget] = Signal(Budget.UNKNOWN)
    link: Signal[Link] = Signal(Link.UNKNOWN)
    neighbour: Signal[Neighbour] = Signal(Neighbour.UNKNOWN)
    whereabouts: Signal[Whereabouts] = Signal(Whereabouts.UNKNOWN)
    vlan: Signal[Vlan] = Signal(Vlan.UNKNOWN)
    address: Signal[Address] = Signal(Address.UNKNOWN)
    config: Signal[Config] = Signal(Config.UNKNOWN)
    event: Signal[PhoneEvent] = Signal(PhoneEvent.UNKNOWN)
    registration: Signal[Registration] = Signal(Registration.UNKNOWN)
    security: Signal[Security] = Signal(Security.UNKNOWN)
    options: Signal[Options] = Signal(Options.UNKNOWN)
    troubles: frozenset[Trouble] = frozenset()
    finding: GroupFinding | None = None
    settled_s: float = 3600.0
    handsets_out: tuple[str, ...] = ()
    emergency_key: bool = True
    facts: Facts[str, str] = field(default_factory=dict)

    def signals(self) -> dict[str, Signal[Any]]:
        """Return the signals by name, in the order of the ladder."""
        return {name: getattr(self, name) for name in FRESH_S}


def without_the_stale(evidence: Evidence) -> Evidence:
    """Return the evidence with every signal that is too old set to unknown."""
    stale: dict[str, Any] = {}
    for name, signal in evidence.signals().items():
        if signal.age_s is not None and signal.age_s > FRESH_S[name]:
            kind = type(signal.value)
            unknown = kind.NONE if kind is Mapping else kind.UNKNOWN
            stale[name] = replace(signal, value=unknown)
    return replace(evidence, **stale) if stale else evidence
