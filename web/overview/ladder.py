"""The ladder as it is shown: each step ok, bad or unknown, with what its signals say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from monitors import signals
from monitors.diagnosis.explain import LADDER, RULES, proven_layer
from monitors.diagnosis.rule import Layer
from monitors.evidence import FRESH_S, Evidence, without_the_stale
from monitors.signals import (
    Address,
    Budget,
    Config,
    Link,
    Neighbour,
    Options,
    PhoneEvent,
    PortPower,
    Registration,
    Security,
    Signal,
    SwitchState,
    Vlan,
    Watts,
    Whereabouts,
)
from web.overview.values import EvidenceView, StepView
from web.overview.wording import Voice

OK, BAD, UNKNOWN = "ok", "bad", "unknown"
STEPS: Mapping[Layer, tuple[str, ...]] = {
    Layer.POWER: ("power", "watts", "budget"),
    Layer.LINK: ("link",),
    Layer.PLACE: ("neighbour", "whereabouts", "vlan"),
    Layer.ADDRESS: ("address",),
    Layer.CONFIG: ("config",),
    Layer.REGISTRATION: ("registration", "security", "event"),
    Layer.REACHABILITY: ("options",),
}
"""The signals of each step, the one that decides first."""

Words = Mapping[str, frozenset[StrEnum]]
GOOD: Words = {
    "mapping": frozenset({signals.Mapping.PROVEN, signals.Mapping.LIKELY}),
    "switch": frozenset({SwitchState.UP}),
    "power": frozenset({PortPower.DELIVERING}),
    "watts": frozenset({Watts.NORMAL}),
    "budget": frozenset({Budget.ENOUGH}),
    "link": frozenset({Link.UP}),
    "neighbour": frozenset({Neighbour.THIS_PHONE}),
    "whereabouts": frozenset({Whereabouts.IN_PLACE}),
    "vlan": frozenset({Vlan.VOICE}),
    "address": frozenset({Address.GOOD}),
    "config": frozenset({Config.CURRENT}),
    "event": frozenset({PhoneEvent.REGISTERED}),
    "registration": frozenset(
        {Registration.REACHABLE, Registration.UNCHECKED, Registration.UNREACHABLE}
    ),
    "security": frozenset(),
    "options": frozenset({Options.ALIVE}),
}
NEITHER: Words = {
    "mapping": frozenset({signals.Mapping.ASSUMED, signals.Mapping.NONE}),
    "switch": frozenset({SwitchState.UNKNOWN}),
    "power": frozenset({PortPower.SEARCHING, PortPower.NOT_POE, PortPower.UNKNOWN}),
    "watts": frozenset({Watts.NONE, Watts.UNKNOWN}),
    "budget": frozenset({Budget.TIGHT, Budget.UNKNOWN}),
    "link": frozenset({Link.UNKNOWN}),
    "neighbour": frozenset({Neighbour.NOTHING, Neighbour.UNKNOWN}),
    "whereabouts": frozenset({Whereabouts.NEVER, Whereabouts.UNKNOWN}),
    "vlan": frozenset({Vlan.UNKNOWN}),
    "address": frozenset({Address.UNKNOWN}),
    "config": frozenset({Config.NEVER, Config.UNKNOWN}),
    "event": frozenset({PhoneEvent.SETUP, PhoneEvent.NONE, PhoneEvent.UNKNOWN}),
    "registration": frozenset({Registration.PBX_UNKNOWN, Registration.UNKNOWN}),
    "security": frozenset({Security.NONE, Security.UNKNOWN}),
    "options": frozenset(
        {
            Options.NOT_FOUND, Options.UNAVAILABLE, Options.NEVER_ANSWERED, Options.FILTERED,
            Options.UNKNOWN,
        }
    ),
}  # fmt: skip
"""What is neither good nor bad by itself; everything else is bad."""

_NAMED = frozenset({"switch", "budget", "event", "vlan", "security"})
"""Signals whose values mean little without their names."""
_ANSWERS = "I6"  # the one rule of a phone that is well which is in no list


def layer_of(rule: str) -> Layer:
    """Return the step of the ladder a diagnosis is about."""
    for known in (*LADDER, *RULES):
        if known.id == rule:
            return known.layer
    return Layer.WELL if rule == _ANSWERS else Layer.NOTHING


def mark_of(name: str, signal: Signal[Any]) -> str:
    """Return what a value means by itself."""
    if signal.value in GOOD[name]:
        return OK
    return UNKNOWN if signal.value in NEITHER[name] else BAD


def is_known(signal: Signal[Any]) -> bool:
    """Whether a signal says anything."""
    return str(signal.value) != UNKNOWN and signal.value is not signals.Mapping.NONE


def steps(evidence: Evidence, cause: Layer, voice: Voice, *, trouble: bool) -> tuple[StepView, ...]:
    """Return the ladder of a phone.

    Args:
        evidence: what it was judged by, ages as of now.
        cause: the step the diagnosis is about.
        voice: who is spoken to.
        trouble: whether the diagnosis is of something that is wrong.
    """
    fresh = without_the_stale(evidence)
    proven = _proven(fresh)
    return tuple(
        StepView(
            layer,
            voice.step(layer),
            BAD if trouble and layer is cause else _mark(fresh, layer, proven),
            _text(fresh, layer, voice),
            trouble and layer is cause,
        )
        for layer in STEPS
    )


def _proven(evidence: Evidence) -> Layer:
    """The highest step that is proven: a live contact proves all of them."""
    if evidence.registration.value is Registration.REACHABLE:
        return Layer.REACHABILITY
    if evidence.registration.value is Registration.UNCHECKED:
        return max(Layer.REGISTRATION, proven_layer(evidence))
    return proven_layer(evidence)


def _mark(evidence: Evidence, layer: Layer, proven: Layer) -> str:
    if layer <= proven:
        return OK
    there = evidence.signals()
    marks = [mark_of(name, there[name]) for name in STEPS[layer] if is_known(there[name])]
    if layer is Layer.REACHABILITY and evidence.registration.value is Registration.UNREACHABLE:
        return BAD
    if layer is Layer.POWER:
        marks = marks[:1]  # watts and supply say nothing of power that is not asked for
    if BAD in marks:
        return BAD
    return OK if OK in marks else UNKNOWN


def _text(evidence: Evidence, layer: Layer, voice: Voice) -> str:
    there = evidence.signals()
    names = [name for name in STEPS[layer] if _is_news(name, there[name])]
    if layer is Layer.POWER and mark_of("switch", evidence.switch) == BAD:
        names.insert(0, "switch")
    return "; ".join(_said(name, there[name], voice) for name in names)


def _is_news(name: str, signal: Signal[Any]) -> bool:
    """Whether it says something; that nobody refused or reported anything is no news."""
    is_silence = name in {"security", "event"} and str(signal.value) == "none"
    return is_known(signal) and not is_silence


def _said(name: str, signal: Signal[Any], voice: Voice) -> str:
    words = value_text(name, signal, voice)
    return f"{voice.signal(name)}: {words}" if name in _NAMED else words


def value_text(name: str, signal: Signal[Any], voice: Voice) -> str:
    """Return what a signal says, with the measured value where that says more."""
    words = voice.value(name, signal)
    measured = signal.measured.removeprefix(f"{signal.value}, ")
    return words if measured in {"", str(signal.value), "unknown"} else f"{words} ({measured})"


def evidence_views(evidence: Evidence, voice: Voice) -> tuple[EvidenceView, ...]:
    """Return every signal that says something, from the wall socket up."""
    return tuple(
        EvidenceView(
            signal=name,
            value=str(signal.value),
            name=voice.signal(name),
            text=voice.value(name, signal),
            said=value_text(name, signal, voice),
            measured=signal.measured,
            age_s=signal.age_s,
            source=signal.source,
            mark=mark_of(name, signal),
            is_stale=signal.age_s is not None and signal.age_s > FRESH_S[name],
        )
        for name, signal in evidence.signals().items()
        if is_known(signal)
    )
