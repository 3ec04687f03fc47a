"""Stores what a sweep found: statuses and incidents first, then figures and memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitors.evidence import Evidence
from monitors.history import Sample
from monitors.incidents import decide
from monitors.places import Remembered
from monitors.policy import reopen_time
from monitors.signals import Registration
from monitors.store.incidents import open_incidents, take
from monitors.store.memory import keep_evidence, keep_learned, keep_places, keep_switch
from monitors.store.samples import keep_samples
from monitors.store.statuses import forget_statuses, keep_statuses, statuses
from monitors.sweep.judging import judged
from monitors.sweep.site_sweep import Swept
from monitors.switches.reading import SwitchReading
from provisioner.db import Database
from provisioner.mac import MacAddress

EVIDENCE_AGAIN = timedelta(minutes=5)
PLACE_AGAIN_S = 600.0
_THERE = frozenset({Registration.REACHABLE, Registration.UNCHECKED, Registration.UNREACHABLE})
_NOT_THERE = frozenset({Registration.NONE, Registration.EXPIRED, Registration.REMOVED})


@dataclass(slots=True)
class Keeper:
    """Remembers what is stored already, so that only what is new is written; one for a site."""

    database: Database
    _places: dict[MacAddress, Remembered] = field(default_factory=dict)
    _evidence: dict[MacAddress, tuple[object, datetime]] = field(default_factory=dict)
    _switches: dict[str, object] = field(default_factory=dict)

    def keep(self, swept: Swept) -> None:
        """Store everything of a sweep."""
        self._keep_statuses(swept)
        keep_samples(self.database, samples_of(swept))
        self._keep_evidence(swept)
        self._keep_places(swept)
        for name, reading in swept.switches.items():
            shown = _shown(reading)
            if self._switches.get(name) != shown:
                keep_switch(self.database, swept.site.id, reading, swept.at)
                self._switches[name] = shown
        keep_learned(self.database, swept.learned, swept.at)

    def _keep_statuses(self, swept: Swept) -> None:
        site, kept = swept.site, {one.mac: one for one in swept.statuses}
        stored = keep_statuses(self.database, kept.values())
        forget_statuses(self.database, site.id, kept)
        mine = {mac: kept[mac] for mac in stored}
        verdicts = {v.subject.mac: v for v in swept.verdicts if v.subject.mac in stored}
        if len(mine) < len(kept):  # another worker has judged the others meanwhile
            mine = {**statuses(self.database, site.id), **mine}
        steps = decide(
            open_incidents(self.database, site.id),
            judged(mine.values(), verdicts),
            swept.at,
            swept.standing,
        )
        take(self.database, site.id, steps, swept.at, reopen_time(site.monitoring))

    def _keep_evidence(self, swept: Swept) -> None:
        """Evidence whose values are as before is stored now and then only: it is large."""
        wanted: dict[MacAddress, Evidence] = {}
        for verdict in swept.verdicts:
            mac, values = verdict.subject.mac, _values(verdict.evidence)
            before = self._evidence.get(mac)
            if before and before[0] == values and swept.at - before[1] < EVIDENCE_AGAIN:
                continue
            wanted[mac] = verdict.evidence
            self._evidence[mac] = (values, swept.at)
        keep_evidence(self.database, wanted, swept.at)
        for gone in set(self._evidence) - {v.subject.mac for v in swept.verdicts}:
            del self._evidence[gone]

    def _keep_places(self, swept: Swept) -> None:
        wanted = {
            mac: place
            for mac, place in swept.topology.remembered.items()
            if _is_news(self._places.get(mac), place)
        }
        keep_places(self.database, wanted, swept.at)
        self._places |= wanted


def _is_news(before: Remembered | None, now: Remembered) -> bool:
    if before is None or replace(before, last_at_s=now.last_at_s) != now:
        return True
    return now.last_at_s - before.last_at_s >= PLACE_AGAIN_S


def _values(evidence: Evidence) -> object:
    signals = tuple((s.value, s.source) for s in evidence.signals().values())
    return signals, evidence.troubles, evidence.finding, evidence.handsets_out


def _shown(reading: SwitchReading) -> object:
    """What of a switch is worth storing at once; watts and counters may wait."""
    ports = tuple((p.if_index, p.state, p.link, p.admin, p.neighbours) for p in reading.ports)
    return reading.state, reading.failure, ports, reading.budget


def samples_of(swept: Swept) -> list[Sample]:
    """Return the figures of a sweep. Pure."""
    at_s = int(swept.at.replace(tzinfo=UTC).timestamp())
    watts = _power_mw(swept)
    found = []
    for verdict in swept.verdicts:
        mac = verdict.subject.mac
        value = verdict.evidence.registration.value
        registered = True if value in _THERE else False if value in _NOT_THERE else None
        rtt_s = swept.round_trips_s.get(mac)
        rtt_us = round(rtt_s * 1_000_000) if rtt_s is not None else None
        sample = Sample(mac, at_s, rtt_us, watts.get(mac), registered, swept.mos.get(mac))
        if any(value is not None for _, value in sample.values()):
            found.append(sample)
    return found


def _power_mw(swept: Swept) -> dict[MacAddress, int]:
    found: dict[MacAddress, int] = {}
    for mac, located in swept.topology.phones.items():
        seen = swept.observed.get(located.place.switch) if located.place else None
        port = seen.reading.port(located.place.if_index) if seen and located.place else None
        if port is not None and port.power_mw is not None:
            found[mac] = port.power_mw
    return found
