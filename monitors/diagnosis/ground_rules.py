"""The rows B to E: power, link, placement and VLAN, address."""

from __future__ import annotations

from monitors.diagnosis.rule import Layer, Rule, Sureness, Weight
from monitors.evidence import Evidence
from monitors.signals import (
    Address,
    Budget,
    Config,
    Link,
    Mapping,
    Neighbour,
    PortPower,
    Registration,
    SwitchState,
    Trouble,
    Vlan,
    Watts,
    Whereabouts,
)

_NO_LINK = frozenset({Link.DOWN, Link.UNKNOWN})
_SOME_LINK = frozenset({Link.UP, Link.DEGRADED, Link.UNSTABLE})
_SHORT_OF_WATTS = frozenset({Budget.TIGHT, Budget.EXHAUSTED})
_IDLE = frozenset({PortPower.SEARCHING, PortPower.NOT_POE})
CERTAIN, POSSIBLE = Sureness.CERTAIN, Sureness.POSSIBLE


def _power(evidence: Evidence, *states: PortPower) -> bool:
    return evidence.power.value in states


def _denied(evidence: Evidence) -> bool:
    refused = Trouble.DENIED in evidence.troubles and _power(evidence, PortPower.SEARCHING)
    return _power(evidence, PortPower.DENIED) or refused


def _nothing_there(evidence: Evidence) -> bool:
    return _power(evidence, PortPower.SEARCHING) and evidence.link.value in _NO_LINK


def _is(evidence: Evidence, neighbour: Neighbour) -> bool:
    return evidence.neighbour.value is neighbour


POWER = (
    Rule("B1", Layer.POWER, lambda e: _power(e, PortPower.OFF), sureness=CERTAIN),
    Rule(
        "B2",
        Layer.POWER,
        lambda e: _denied(e) and e.budget.value in _SHORT_OF_WATTS,
        sureness=CERTAIN,
    ),
    Rule("B3", Layer.POWER, _denied, needs=("budget",)),
    Rule("B4", Layer.POWER, lambda e: _power(e, PortPower.OVERLOAD), sureness=CERTAIN),
    Rule("B5", Layer.POWER, lambda e: _power(e, PortPower.SHORT), sureness=CERTAIN),
    Rule(
        "B5",
        Layer.POWER,
        lambda e: Trouble.SHORT in e.troubles and not _power(e, PortPower.DELIVERING),
    ),
    Rule(
        "B6",
        Layer.POWER,
        lambda e: _power(e, PortPower.FAULT, PortPower.HARDWARE),
        sureness=CERTAIN,
    ),
    Rule("B9", Layer.POWER, lambda e: _nothing_there(e) and Trouble.NOT_A_POE_DEVICE in e.troubles),
    Rule(
        "B8",
        Layer.POWER,
        lambda e: _nothing_there(e) and e.whereabouts.value is Whereabouts.NEVER,
    ),
    Rule("B7", Layer.POWER, _nothing_there),
    Rule(
        "B10",
        Layer.POWER,
        lambda e: _power(e, PortPower.NOT_POE) and e.link.value in _NO_LINK,
    ),
    Rule(
        "B11",
        Layer.POWER,
        lambda e: (
            _power(e, PortPower.DELIVERING)
            and e.watts.value in {Watts.LOW, Watts.NONE}
            and e.link.value is Link.DOWN
        ),
    ),
    Rule(
        "B12",
        Layer.POWER,
        lambda e: (
            bool({Trouble.POWER_LOST, Trouble.REBOOTS} & e.troubles)
            and e.link.value not in {Link.ADMIN_DOWN, Link.BLOCKED}  # the port itself says why
        ),
    ),
    Rule(
        "B13",
        Layer.POWER,
        lambda e: (
            e.mapping.value is Mapping.NONE
            or e.switch.value in {SwitchState.UNKNOWN, SwitchState.DOWN, SwitchState.REFUSED}
        ),
        Weight.ABSENCE,
        POSSIBLE,
        needs=("mapping", "switch", "power"),
    ),
)

LINK = (
    Rule("C1", Layer.LINK, lambda e: e.link.value is Link.ADMIN_DOWN, sureness=CERTAIN),
    Rule("C6", Layer.LINK, lambda e: e.link.value is Link.BLOCKED, sureness=CERTAIN),
    Rule(
        "C2",
        Layer.LINK,
        lambda e: _power(e, PortPower.DELIVERING) and e.link.value is Link.DOWN,
    ),
    Rule("C5", Layer.LINK, lambda e: e.link.value is Link.UNSTABLE),
    Rule(
        "H1",
        Layer.LINK,
        lambda e: e.link.value is Link.DOWN and e.registration.value is Registration.UNREACHABLE,
    ),
    Rule(
        "B7",
        Layer.LINK,
        lambda e: e.link.value is Link.DOWN,
        sureness=POSSIBLE,
        needs=("power",),
    ),
)

PLACE = (
    Rule(
        "D5",
        Layer.PLACE,
        lambda e: e.whereabouts.value is Whereabouts.TWO_PLACES,
        sureness=CERTAIN,
    ),
    Rule("D8", Layer.PLACE, lambda e: _is(e, Neighbour.TWO_PHONES)),
    Rule("D1", Layer.PLACE, lambda e: _is(e, Neighbour.OTHER_PHONE), sureness=CERTAIN),
    Rule("D4", Layer.PLACE, lambda e: e.whereabouts.value is Whereabouts.OTHER_PORT),
    Rule("D2", Layer.PLACE, lambda e: _is(e, Neighbour.UNKNOWN_PHONE), sureness=CERTAIN),
    Rule("D3", Layer.PLACE, lambda e: _is(e, Neighbour.NOT_A_PHONE)),
    Rule("D7", Layer.PLACE, lambda e: e.vlan.value is Vlan.UNAUTHORISED, sureness=CERTAIN),
    Rule("D6", Layer.PLACE, lambda e: e.vlan.value is Vlan.WRONG),
)

ADDRESS = (
    Rule("E4", Layer.ADDRESS, lambda e: e.address.value is Address.DUPLICATE, sureness=CERTAIN),
    Rule("E2", Layer.ADDRESS, lambda e: e.address.value is Address.FALLBACK, sureness=CERTAIN),
    Rule("E3", Layer.ADDRESS, lambda e: e.address.value is Address.OUTSIDE),
    Rule("E1", Layer.ADDRESS, lambda e: e.address.value is Address.NONE),
    Rule(
        "E5",
        Layer.CONFIG,  # a good address is what it says, no proof against it
        lambda e: e.address.value is Address.GOOD and e.config.value is Config.NEVER,
    ),
)

WHILE_WELL = (
    Rule("D1", Layer.PLACE, lambda e: _is(e, Neighbour.OTHER_PHONE), Weight.WARNING),
    Rule(
        "D4", Layer.PLACE, lambda e: e.whereabouts.value is Whereabouts.OTHER_PORT, Weight.WARNING
    ),
    Rule("D8", Layer.PLACE, lambda e: _is(e, Neighbour.TWO_PHONES), Weight.WARNING),
    Rule("D6", Layer.PLACE, lambda e: e.vlan.value is Vlan.WRONG, Weight.WARNING),
    Rule("C4", Layer.LINK, lambda e: e.link.value is Link.DEGRADED, Weight.WARNING, CERTAIN),
    # a phone that restarts takes its link down each time
    Rule(
        "B12",
        Layer.POWER,
        lambda e: bool({Trouble.POWER_LOST, Trouble.REBOOTS} & e.troubles),
        Weight.WARNING,
    ),
    Rule(
        "C5",
        Layer.LINK,
        lambda e: e.link.value is Link.UNSTABLE or Trouble.LINK_ERRORS in e.troubles,
        Weight.WARNING,
    ),
    Rule(
        "I3",
        Layer.POWER,
        lambda e: e.watts.value is Watts.HIGH or e.budget.value in _SHORT_OF_WATTS,
        Weight.WARNING,
    ),
    Rule(
        "C3",
        Layer.POWER,
        lambda e: (
            e.power.value in _IDLE and _is(e, Neighbour.THIS_PHONE) and e.link.value in _SOME_LINK
        ),
        Weight.NOTE,
    ),
)
"""The same signals on a phone that works: worth a word, never a fault."""
