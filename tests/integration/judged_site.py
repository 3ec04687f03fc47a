"""A small hotel that has been judged: what the monitor would store, stored by its own functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitors.diagnosis.explain import explain
from monitors.evidence import Evidence, GroupFinding
from monitors.incident_steps import Judged
from monitors.incidents import decide
from monitors.signals import Signal
from monitors.status import State, Status
from monitors.store.incidents import open_incidents, take
from monitors.store.memory import keep_evidence
from monitors.store.statuses import KeptStatus, keep_statuses, statuses
from provisioner.mac import MacAddress
from web.installation import Installation

DEFAULTS = Evidence().signals()
WELL: dict[str, Any] = {
    "mapping": ("proven", "Gi0/14"), "switch": "up", "power": ("delivering", "class 2"),
    "watts": ("normal", "3.9 W"), "link": ("up", "up, 100 Mbit/s"), "neighbour": "this-phone",
    "whereabouts": ("in-place", "sw-2 Gi0/14"), "vlan": ("voice", "VLAN 20"),
    "address": ("good", "10.20.0.9"), "config": "current", "registration": "reachable",
    "options": ("alive", "200 OK, 4 ms"),
}  # fmt: skip
SHORT: dict[str, Any] = {
    "mapping": ("proven", "Gi0/14"), "switch": "up", "power": ("short", "short"), "link": "down",
    "registration": "none", "options": "silent",
}  # fmt: skip
FACTS = {"port": "Gi0/14", "switch": "sw-2", "room": "214", "pbx": "pbx.casa.example"}


def evidence(given: Mapping[str, Any], age_s: float = 10.0, **rest: Any) -> Evidence:
    """Evidence from words: ``power="short"`` or ``power=("short", "as measured")``."""
    made: dict[str, Any] = {}
    for name, said in given.items():
        value, measured = said if isinstance(said, tuple) else (said, "")
        kind = type(DEFAULTS[name].value)
        made[name] = Signal(kind(value), age_s, "snmp sw-2", measured)
    return Evidence(**made, facts=FACTS, **rest)


def judge(
    installation: Installation,
    site: str,
    states: Mapping[str, tuple[State, Evidence]],
    at: datetime,
    since: datetime | None = None,
    *,
    with_evidence: bool = True,
) -> None:
    """Store what a sweep that found these states would: statuses, evidence, incidents."""
    monitoring = installation.monitoring
    before = statuses(monitoring, site)
    kept, judged = [], []
    findings: dict[str, GroupFinding | None] = {}
    for mac, (state, known) in states.items():
        found = explain(known)
        status = Status(state, since or at, found.rule)
        made_from = before[mac].judged_at if mac in before else None
        kept.append(
            KeptStatus(
                mac, site, status, str(found.sureness), at, known.facts, found.missing, made_from
            )
        )
        findings[mac] = known.finding
        judged.append(Judged(mac, status, str(found.sureness), known.facts, known.finding))
    assert keep_statuses(monitoring, kept) == set(states)
    if with_evidence:
        keep_evidence(monitoring, {MacAddress(m): e for m, (_, e) in states.items()}, at)
    everyone = [*judged, *(_again(k) for mac, k in before.items() if mac not in states)]
    take(monitoring, site, decide(open_incidents(monitoring, site), everyone, at), at)


def _again(kept: KeptStatus) -> Judged:
    return Judged(kept.mac, kept.status, kept.sureness, kept.facts)


def with_finding(known: Evidence, finding: GroupFinding) -> Evidence:
    """The same evidence of a phone that fails with its group."""
    return replace(known, finding=finding)
