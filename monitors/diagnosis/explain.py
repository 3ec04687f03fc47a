"""Evidence to exactly one diagnosis: the ladder, walked from the wall socket up. Pure.

1. Signals that are too old count as unknown. 2. A phone that fails with its group has the
group's cause. 3. A phone that the PBX reaches is well; at most a warning or a note is left to
say. 4. Otherwise the highest step that is proven is found, and the first rule of the steps above
it that matches is the cause: what some device says goes before what nobody says. 5. What no
rule knows is said to be undecided, with the signals that would decide it. A phone of which
nobody says that it is lost is not called so: then it is only unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from monitors.diagnosis import ground_rules, service_rules
from monitors.diagnosis.group_rules import GROUP
from monitors.diagnosis.proof import proven_layer
from monitors.diagnosis.rule import Layer, Rule, Sureness, Weight
from monitors.evidence import Evidence, without_the_stale
from monitors.signals import (
    Config,
    Mapping,
    Options,
    PhoneEvent,
    PortPower,
    Registration,
    SwitchState,
    Whereabouts,
)

__all__ = ["GRACE_S", "LADDER", "RULES", "WELL", "Diagnosis", "explain", "proven_layer"]

GRACE_S = 90.0
"""A phone that has just started is not judged: booting takes 40 to 120 s."""

LADDER: tuple[Rule, ...] = (
    *ground_rules.POWER,
    *ground_rules.LINK,
    *ground_rules.PLACE,
    *ground_rules.ADDRESS,
    *service_rules.CONFIG,
    *service_rules.REGISTRATION,
    *service_rules.REACHABILITY,
)
WELL: tuple[Rule, ...] = (
    *service_rules.WHILE_WELL,
    *ground_rules.WHILE_WELL,
    *service_rules.GOOD,
)
RULES: tuple[Rule, ...] = (*GROUP, *LADDER, *WELL)


def _above(weight: Weight) -> dict[Layer, tuple[Rule, ...]]:
    """The rules of the steps above each one."""
    return {
        step: tuple(r for r in LADDER if r.layer > step and r.weight is weight) for step in Layer
    }


_SAID, _ABSENT = _above(Weight.FAULT), _above(Weight.ABSENCE)
_WAITING = Rule("J1", Layer.NOTHING, lambda _: True, Weight.NOTE, Sureness.POSSIBLE)
_NOT_INSTALLED = Rule("J2", Layer.NOTHING, lambda _: True, Weight.NOTE)
_UNDECIDED = Rule("J3", Layer.NOTHING, lambda _: True, Weight.FAULT, Sureness.POSSIBLE)
_NOBODY_SAYS = Rule("J4", Layer.NOTHING, lambda _: True, Weight.NOTE, Sureness.POSSIBLE)
_ANSWERS = Rule("I6", Layer.WELL, lambda _: True, Weight.NOTE, needs=("registration",))

_CONTACT_UNSEEN = frozenset({Registration.UNKNOWN, Registration.PBX_UNKNOWN})
_MISSED = frozenset(
    {
        Registration.NONE,
        Registration.EXPIRED,
        Registration.REMOVED,
        Registration.UNREACHABLE,
        Registration.OTHER_ADDRESS,
        Registration.OTHER_AGENT,
    }
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One cause, for one phone.

    Attributes:
        rule: the row of the table.
        layer: the step of the ladder it is about.
        missing: signals that would make it surer, or decide it.
    """

    rule: str
    layer: Layer
    weight: Weight
    sureness: Sureness
    missing: tuple[str, ...] = ()

    @property
    def is_fault(self) -> bool:
        """Whether the phone does not work."""
        return self.weight in {Weight.FAULT, Weight.ABSENCE}


def explain(evidence: Evidence, grace_s: float = GRACE_S) -> Diagnosis:
    """Return the one primary diagnosis of a phone, whatever its signals are.

    Args:
        evidence: what is known of it.
        grace_s: how long after a start silence means nothing.
    """
    fresh = without_the_stale(evidence)
    rule = _first(GROUP, fresh) or _own(fresh, grace_s)
    missing = [name for name in rule.needs if _is_missing(fresh, name)]
    if rule in {_UNDECIDED, _NOBODY_SAYS}:
        missing = [name for name in fresh.signals() if _is_missing(fresh, name)]
    return Diagnosis(rule.id, rule.layer, rule.weight, rule.sureness, tuple(missing))


def _own(evidence: Evidence, grace_s: float) -> Rule:
    """The phone's own cause, once no group explains it."""
    if evidence.registration.value is Registration.REACHABLE:
        return _well(evidence)
    proven = proven_layer(evidence)
    return _first(_SAID[proven], evidence) or _unsaid(evidence, proven, grace_s)


def _unsaid(evidence: Evidence, proven: Layer, grace_s: float) -> Rule:
    """No device says what is wrong: perhaps nothing is, or it is too early, or data are missing."""
    if evidence.registration.value is Registration.UNCHECKED:
        return _well(evidence)
    if evidence.registration.value in _CONTACT_UNSEEN and evidence.options.value is Options.ALIVE:
        return _ANSWERS
    if evidence.settled_s < grace_s:
        return _WAITING
    if _never_there(evidence):
        return _NOT_INSTALLED
    if not _is_lost(evidence):
        return _NOBODY_SAYS
    return _first(_ABSENT[proven], evidence) or _UNDECIDED


def _well(evidence: Evidence) -> Rule:
    return _first(WELL, evidence) or service_rules.GOOD[-1]


def _first(rules: Iterable[Rule], evidence: Evidence) -> Rule | None:
    return next((rule for rule in rules if rule.when(evidence)), None)


def _is_lost(evidence: Evidence) -> bool:
    """Somebody who saw it, or whom it answered, misses it now."""
    return (
        evidence.registration.value in _MISSED
        or evidence.options.value is Options.SILENT
        or evidence.whereabouts.value is Whereabouts.GONE
        or evidence.switch.value is SwitchState.DOWN
    )


def _never_there(evidence: Evidence) -> bool:
    """Nobody has ever seen it: it is still in its box."""
    return (
        evidence.config.value is Config.NEVER
        and evidence.whereabouts.value in {Whereabouts.NEVER, Whereabouts.UNKNOWN}
        and evidence.power.value in {PortPower.UNKNOWN, PortPower.SEARCHING}
        and evidence.event.value in {PhoneEvent.NONE, PhoneEvent.UNKNOWN}
        and evidence.mapping.value in {Mapping.NONE, Mapping.ASSUMED}
    )


def _is_missing(evidence: Evidence, name: str) -> bool:
    value = evidence.signals()[name].value
    return str(value) == "unknown" or value is Mapping.NONE
