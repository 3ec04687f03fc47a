"""The rows F to I: provisioning, registration, reachability, and what is good."""

from __future__ import annotations

from monitors.diagnosis.rule import Layer, Rule, Sureness, Weight
from monitors.evidence import Evidence
from monitors.signals import (
    Config,
    Link,
    Mapping,
    Options,
    PhoneEvent,
    Registration,
    Security,
    Trouble,
)

CERTAIN, LIKELY, POSSIBLE = Sureness.CERTAIN, Sureness.LIKELY, Sureness.POSSIBLE
_GONE = frozenset({Registration.NONE, Registration.EXPIRED, Registration.REMOVED})
_QUIET = frozenset({Options.SILENT, Options.REFUSED})
_LINK_UP = frozenset({Link.UP, Link.DEGRADED, Link.UNSTABLE})


def _config(evidence: Evidence, value: Config) -> bool:
    return evidence.config.value is value


def _registration(evidence: Evidence, *values: Registration) -> bool:
    return evidence.registration.value in values


def _refused_for(evidence: Evidence, why: Security) -> bool:
    return evidence.security.value is why


def _no_contact(evidence: Evidence) -> bool:
    return evidence.registration.value in _GONE


def _unreachable(evidence: Evidence) -> bool:
    return _registration(evidence, Registration.UNREACHABLE)


CONFIG = (
    Rule("F9", Layer.CONFIG, lambda e: _config(e, Config.NOT_RENDERED), sureness=CERTAIN),
    Rule("F1", Layer.CONFIG, lambda e: _config(e, Config.NOT_ASSIGNED), sureness=CERTAIN),
    Rule("F3", Layer.CONFIG, lambda e: _config(e, Config.REFUSED), sureness=CERTAIN),
    Rule("F8", Layer.CONFIG, lambda e: _config(e, Config.RESETS_ITSELF)),
    Rule("F7", Layer.CONFIG, lambda e: _config(e, Config.FIRMWARE_LOOP), sureness=CERTAIN),
    Rule("F4", Layer.CONFIG, lambda e: _config(e, Config.BROKEN_OFF)),
    Rule("F2", Layer.CONFIG, lambda e: _config(e, Config.PARTIAL)),
    Rule("F6", Layer.CONFIG, lambda e: _config(e, Config.WRONG_MODEL)),
)

REGISTRATION = (
    Rule("G1", Layer.REGISTRATION, lambda e: _refused_for(e, Security.WRONG_PASSWORD),
         sureness=CERTAIN),
    Rule("G2", Layer.REGISTRATION, lambda e: _refused_for(e, Security.UNKNOWN_EXTENSION),
         sureness=CERTAIN),
    Rule("G3", Layer.REGISTRATION, lambda e: _refused_for(e, Security.ACL), sureness=CERTAIN),
    Rule("G8", Layer.REGISTRATION, lambda e: _refused_for(e, Security.TLS), sureness=CERTAIN),
    Rule("G11", Layer.REGISTRATION, lambda e: _refused_for(e, Security.TOO_OFTEN),
         sureness=CERTAIN),
    Rule("G6", Layer.REGISTRATION, lambda e: _registration(e, Registration.OTHER_ADDRESS)),
    Rule("G7", Layer.REGISTRATION, lambda e: _registration(e, Registration.OTHER_AGENT)),
    Rule(
        "G4",
        Layer.REGISTRATION,
        lambda e: _no_contact(e) and e.event.value is PhoneEvent.REGISTER_FAILED,
        needs=("security",),
    ),
    Rule(
        "G5",
        Layer.REGISTRATION,
        lambda e: _no_contact(e) and e.options.value in {Options.UNAVAILABLE, Options.NOT_FOUND},
    ),
    Rule("F5", Layer.REGISTRATION, lambda e: _no_contact(e) and _config(e, Config.STALE)),
    Rule(
        "G10",
        Layer.REGISTRATION,
        lambda e: (
            _registration(e, Registration.EXPIRED)
            and e.options.value in _QUIET
            and e.link.value in _LINK_UP
        ),
    ),
    Rule(
        "G9",
        Layer.REGISTRATION,
        lambda e: (
            _registration(e, Registration.REMOVED)
            or (_no_contact(e) and e.event.value is PhoneEvent.UNREGISTERED)
        ),
    ),
    # whatever step is proven between two restarts
    Rule("B12", Layer.REACHABILITY, lambda e: Trouble.REBOOTS in e.troubles),
    Rule(
        "G12",
        Layer.REGISTRATION,
        _no_contact,
        Weight.ABSENCE,
        POSSIBLE,
        needs=("security", "event", "options", "link"),
    ),
)  # fmt: skip

REACHABILITY = (
    Rule(
        "H2",
        Layer.REACHABILITY,
        lambda e: _unreachable(e) and e.options.value is Options.ALIVE,
        sureness=CERTAIN,
    ),
    Rule(
        "H8",
        Layer.REACHABILITY,
        lambda e: _unreachable(e) and e.options.value is Options.OVERLOADED,
    ),
    Rule(
        "H3",
        Layer.REACHABILITY,
        lambda e: _unreachable(e) and e.link.value in _LINK_UP and e.options.value in _QUIET,
    ),
    Rule(
        "H9",
        Layer.REACHABILITY,
        lambda e: _unreachable(e) and e.options.value is Options.OTHER_DEVICE,
    ),
    Rule(
        "H11",
        Layer.REACHABILITY,
        _unreachable,
        Weight.ABSENCE,
        POSSIBLE,
        needs=("link", "options"),
    ),
)

WHILE_WELL = (
    Rule("H9", Layer.WELL, lambda e: e.options.value is Options.OTHER_DEVICE, Weight.WARNING),
    Rule("H10", Layer.WELL, lambda e: bool(e.handsets_out), Weight.WARNING),
    Rule("H8", Layer.WELL, lambda e: e.options.value is Options.OVERLOADED, Weight.WARNING),
    Rule("F9", Layer.WELL, lambda e: _config(e, Config.NOT_RENDERED), Weight.WARNING, CERTAIN),
    Rule("F6", Layer.WELL, lambda e: _config(e, Config.WRONG_MODEL), Weight.WARNING),
    Rule("F7", Layer.WELL, lambda e: _config(e, Config.FIRMWARE_LOOP), Weight.WARNING),
    Rule("H7", Layer.WELL, lambda e: Trouble.SLOW in e.troubles, Weight.WARNING),
    Rule("I4", Layer.WELL, lambda e: not e.emergency_key, Weight.WARNING, CERTAIN),
    Rule("F5", Layer.WELL, lambda e: _config(e, Config.STALE), Weight.WARNING),
)

GOOD = (
    Rule(
        "H6",
        Layer.WELL,
        lambda e: (
            _registration(e, Registration.UNCHECKED)
            and e.options.value in _QUIET
            and e.link.value not in _LINK_UP
        ),
        Weight.WARNING,
        POSSIBLE,
        needs=("link",),
    ),
    Rule("H5", Layer.WELL, lambda e: e.options.value in _QUIET, Weight.NOTE),
    Rule(
        "H4",
        Layer.WELL,
        lambda e: e.options.value in {Options.FILTERED, Options.NEVER_ANSWERED},
        Weight.NOTE,
    ),
    Rule("I5", Layer.WELL, lambda e: e.mapping.value is Mapping.ASSUMED, Weight.NOTE),
    Rule("I1", Layer.WELL, lambda _: True, Weight.NOTE, CERTAIN),
)
