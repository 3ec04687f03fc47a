"""How far up the ladder a phone is proven to be well connected. Pure.

What was true a while ago proves nothing against what has been seen since: a phone that fetched
its files a minute ago, and whose port has no link now, has no link. That a contact is stored, or
that a phone obeys its registrar only and says nothing, proves nothing either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from monitors.diagnosis.rule import Layer
from monitors.evidence import Evidence
from monitors.signals import (
    Address,
    Config,
    Link,
    Neighbour,
    Options,
    PhoneEvent,
    PortPower,
    Security,
    Signal,
    Vlan,
    Whereabouts,
)

JUST_NOW_S = 180.0

_ALIVE = frozenset({Options.ALIVE, Options.NOT_FOUND, Options.UNAVAILABLE, Options.OVERLOADED})
_TRIED = frozenset(
    {Security.WRONG_PASSWORD, Security.UNKNOWN_EXTENSION, Security.ACL, Security.TOO_OFTEN}
)
_ASKED = frozenset({Config.REFUSED, Config.PARTIAL, Config.WRONG_MODEL, Config.NOT_ASSIGNED})
_LINK_UP = frozenset({Link.UP, Link.DEGRADED, Link.UNSTABLE})
_NO_LINK = frozenset({Link.DOWN, Link.ADMIN_DOWN, Link.BLOCKED})
_NO_POWER = frozenset(
    {
        PortPower.OFF,
        PortPower.DENIED,
        PortPower.OVERLOAD,
        PortPower.SHORT,
        PortPower.FAULT,
        PortPower.HARDWARE,
    }
)
_SOMEBODY_ELSE = frozenset({Neighbour.OTHER_PHONE, Neighbour.UNKNOWN_PHONE, Neighbour.NOT_A_PHONE})
_OTHER_VLAN = frozenset({Vlan.WRONG, Vlan.UNAUTHORISED})
_BAD_ADDRESS = frozenset({Address.NONE, Address.FALLBACK, Address.OUTSIDE, Address.DUPLICATE})


def proven_layer(evidence: Evidence) -> Layer:
    """Return the highest step of the ladder that something positive and fresh proves."""
    if _was_there(evidence):
        return Layer.ADDRESS
    if evidence.config.value is Config.CURRENT and _proves(evidence, evidence.config):
        return Layer.CONFIG
    if evidence.address.value is Address.GOOD and _proves(evidence, evidence.address):
        return Layer.ADDRESS
    if evidence.neighbour.value is Neighbour.THIS_PHONE and evidence.link.value in _LINK_UP:
        return Layer.LINK
    if evidence.link.value in _LINK_UP:
        return Layer.POWER
    return Layer.NOTHING


def _was_there(evidence: Evidence) -> bool:
    """It answered us, reported, asked for files that it did not get, or tried to register."""
    if evidence.options.value in _ALIVE and not _is_refuted(evidence, evidence.options):
        return True
    reported = evidence.event.value not in {PhoneEvent.NONE, PhoneEvent.UNKNOWN}
    if reported and _proves(evidence, evidence.event):
        return True
    asked = evidence.config.value in _ASKED and _proves(evidence, evidence.config)
    return asked or (evidence.security.value in _TRIED and _proves(evidence, evidence.security))


def _proves(evidence: Evidence, told: Signal[Any]) -> bool:
    is_young = told.age_s is not None and told.age_s <= JUST_NOW_S
    return is_young and not _is_refuted(evidence, told)


def _is_refuted(evidence: Evidence, told: Signal[Any]) -> bool:
    """Whether something was seen since that could not be, were the phone still as it was."""
    age_s = 0.0 if told.age_s is None else told.age_s
    return any((seen.age_s or 0.0) <= age_s for seen in _against(evidence))


def _against(evidence: Evidence) -> Iterator[Signal[Any]]:
    """What says that the phone is not connected, or not as it should be."""
    if evidence.link.value in _NO_LINK:
        yield evidence.link
    if evidence.power.value in _NO_POWER and evidence.link.value not in _LINK_UP:
        yield evidence.power
    is_displaced = evidence.whereabouts.value in {Whereabouts.GONE, Whereabouts.TWO_PLACES}
    if is_displaced or evidence.neighbour.value in _SOMEBODY_ELSE:
        yield evidence.neighbour
    if evidence.vlan.value in _OTHER_VLAN:
        yield evidence.vlan
    if evidence.address.value in _BAD_ADDRESS:
        yield evidence.address
