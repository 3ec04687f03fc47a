"""One sweep of one site: ask, understand, judge. What it found is stored by ``keeping``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from monitors.evidence import Evidence, GroupFinding
from monitors.places import Remembered, Topology
from monitors.policy import status_policy
from monitors.probes.options_meaning import Learned
from monitors.probes.sip_options import Pace, ask_all
from monitors.snmp.client import SnmpClient
from monitors.store.statuses import KeptStatus
from monitors.sweep.address_meaning import newest, shared_addresses
from monitors.sweep.evidence_of import Heard, addresses_of, claims_of, evidence_of
from monitors.sweep.in_use import as_it_is, has_just_fetched
from monitors.sweep.judging import (
    Verdict,
    diagnosed,
    next_status,
    standing_findings,
    times_of,
)
from monitors.sweep.news import PhoneNews
from monitors.sweep.options_desk import OptionsDesk, target
from monitors.sweep.pbx_desk import PbxDesk
from monitors.sweep.registration_desk import PbxNews, PhoneState, RegistrationDesk
from monitors.sweep.subjects import Subject, by_extension
from monitors.sweep.switch_desk import SwitchDesk
from monitors.switches.reading import SwitchReading
from monitors.switches.signals_of import Observed
from monitors.topology import locate
from provisioner.catalogue.loader import Catalogue
from provisioner.config import Monitor
from provisioner.inventory.records import Site
from provisioner.mac import MacAddress

T = TypeVar("T")
Ask = Callable[[Coroutine[Any, Any, T]], T]
"""Runs a coroutine where the network is talked to, and waits for its end."""
BUSY_SHARE = 0.7
"""OPTIONS take this much of the time between two sweeps at most."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of a site found.

    Attributes:
        at: naive UTC, when everything had been asked.
        switches: readings that are new, by name.
        learned: what phones' answers have taught anew.
        registered: whether each phone is registered; without those of which nobody knows.
        round_trips_s: of OPTIONS, or of the PBX's own question.
        standing: troubles that need no phone, found twice in a row.
        mos: of calls that ended since the last sweep, in hundredths.
    """

    site: Site
    at: datetime
    verdicts: tuple[Verdict, ...]
    statuses: tuple[KeptStatus, ...]
    topology: Topology
    observed: Mapping[str, Observed]
    switches: Mapping[str, SwitchReading]
    learned: Mapping[MacAddress, Learned]
    states: Mapping[MacAddress, PhoneState]
    round_trips_s: Mapping[MacAddress, float]
    standing: tuple[GroupFinding, ...]
    mos: Mapping[MacAddress, int] = field(default_factory=dict)


@dataclass(slots=True)
class SiteSweep:
    """What is remembered of one site between sweeps; one sweep at a time.

    Attributes:
        remembered: where phones were and belong, as of the last sweep.
    """

    catalogue: Catalogue
    settings: Monitor
    news: PhoneNews
    clock: Callable[[], datetime]
    pbx: PbxDesk | None = None
    remembered: dict[MacAddress, Remembered] = field(default_factory=dict)
    switches: SwitchDesk = field(init=False)
    registrations: RegistrationDesk = field(init=False)
    options: OptionsDesk = field(init=False)
    _tell_addresses: set[str] = field(default_factory=set)
    _named: set[MacAddress] = field(default_factory=set)
    _makers: frozenset[str] = field(init=False)
    _judged_at: datetime | None = None
    _stood: frozenset[GroupFinding] = frozenset()

    def __post_init__(self) -> None:
        """Make the desks."""
        self.switches = SwitchDesk(self.settings.switch_s, self.settings.switches_at_once)
        self.registrations = RegistrationDesk(self.catalogue)
        self.options = OptionsDesk(self.catalogue)
        vendors = self.catalogue.vendors.values()
        self._makers = frozenset(oui for vendor in vendors for oui in vendor.ouis)

    def sweep(
        self,
        site: Site,
        subjects: Sequence[Subject],
        previous: Mapping[str, KeptStatus],
        client: SnmpClient,
        ask: Ask[Any],
    ) -> Swept:
        """Ask everything that can be asked of a site, and judge all of its phones.

        Args:
            site: with its switches.
            subjects: all of its phones.
            previous: their statuses up to now.
            client: asks switches.
            ask: runs what talks to the network.
        """
        began_s = _seconds(self.clock())
        readings, pbx_news = ask(self._ask_infrastructure(client, site, began_s))
        self.news.refresh(self.clock())
        heard = self._heard(site, subjects)
        states = self._states(subjects, heard, pbx_news)
        learned = self._ask_phones(site, subjects, heard, states, ask)
        now = self.clock()
        evidence = [(s, evidence_of(s, heard, states[s.mac], self.options)) for s in subjects]
        return self._judge(site, previous, evidence, states, heard, _Asked(
            readings, pbx_news, learned, now))  # fmt: skip

    async def _ask_infrastructure(
        self, client: SnmpClient, site: Site, now_s: float
    ) -> tuple[dict[str, SwitchReading], PbxNews]:
        """Switches and PBX, at the same time."""
        switches = self.switches.read(client, site.switches, now_s)
        if self.pbx is None:
            return await switches, PbxNews()
        pbx = asyncio.to_thread(self.pbx.news)
        readings, news = await asyncio.gather(switches, pbx)
        return readings, news

    def _heard(self, site: Site, subjects: Sequence[Subject]) -> Heard:
        now = self.clock()
        now_s = _seconds(now)
        observed = self.switches.observed(now_s)
        readings = [seen.reading for seen in observed.values()]
        macs = [s.mac for s in subjects]
        fetches = self.news.fetches_of(frozenset(map(str, macs)))
        seen = [(s, as_it_is(s, fetches.get(s.mac), self.catalogue)) for s in subjects]
        topology = locate(readings, macs, self.remembered, now_s, self._makers)
        self.remembered = dict(topology.remembered)
        self._tell_addresses |= {
            p.place.switch for p in topology.phones.values() if p.place is not None and p.ip
        }
        return Heard(
            now=now,
            networks=site.networks,
            topology=topology,
            observed=observed,
            fetches=fetches,
            reports=self.news.reports,
            qualities=self.news.qualities,
            rooms={s.mac: s.room_name for s in subjects},
            shared=shared_addresses(reading.addresses for reading in readings),
            tell_addresses=frozenset(self._tell_addresses),
            named_before=self._named_before(topology),
            others={s.mac: shown for s, shown in seen if shown is not s},
            grace_s=self.settings.grace_s,
        )

    def _named_before(self, topology: Topology) -> frozenset[MacAddress]:
        """Phones that have ever named their address, also a moment ago."""
        self._named = (self._named & set(topology.phones)) | {
            mac for mac, located in topology.phones.items() if located.names_ip
        }
        return frozenset(self._named)

    def _states(
        self, subjects: Sequence[Subject], heard: Heard, news: PbxNews
    ) -> dict[MacAddress, PhoneState]:
        users = by_extension(subjects)
        addresses = addresses_of(subjects, heard)
        self.registrations.forget(s.mac for s in subjects)
        return {
            s.mac: self.registrations.state(heard.as_it_is(s), users, addresses, news, heard.now)
            for s in subjects
        }

    def _ask_phones(
        self,
        site: Site,
        subjects: Sequence[Subject],
        heard: Heard,
        states: Mapping[MacAddress, PhoneState],
        ask: Ask[Any],
    ) -> dict[MacAddress, Learned]:
        """OPTIONS to every phone of which somebody knows where it is."""
        targets = []
        for subject in subjects:
            speaks = states[subject.mac].speaks
            best = newest(claims_of(subject, heard))
            contact = speaks.contact or speaks.last if speaks else None
            where = target(subject, contact, best.address if best else "", site.networks)
            if where is not None:
                targets.append(where)
        needed = len(targets) / (BUSY_SHARE * self.settings.sweep_s)
        pace = Pace(per_s=max(self.settings.options_per_s, needed))
        readings = ask(ask_all(targets, pace, self.settings.options_t1_s))
        self.options.forget(s.mac for s in subjects)
        known = {s.mac: heard.as_it_is(s) for s in subjects}
        grace_s = self.settings.grace_s
        settling = {
            s.mac
            for s in subjects
            if has_just_fetched(s, heard.fetches.get(s.mac), heard.now, grace_s)
        }
        return self.options.take(readings, known, settling)

    def _judge(
        self,
        site: Site,
        previous: Mapping[str, KeptStatus],
        evidence: Sequence[tuple[Subject, Evidence]],
        states: Mapping[MacAddress, PhoneState],
        heard: Heard,
        asked: _Asked,
    ) -> Swept:
        name = self.pbx.name if self.pbx else ""
        now, zone = asked.at, ZoneInfo(site.timezone)
        verdicts = diagnosed(evidence, previous, name, now, self.settings.grace_s)
        policy = status_policy(site.monitoring)
        kept = []
        for verdict in verdicts:
            mac = verdict.subject.mac
            times = times_of(verdict, states[mac], zone, now)
            before = previous.get(mac)
            kept.append(next_status(verdict, states[mac], before, policy, now, times))
        reading = asked.pbx.reading
        problem = reading.problem if reading else ""
        standing = standing_findings(heard.observed, name, problem)
        stood, self._stood = self._stood, frozenset(standing)
        return Swept(
            site, now, tuple(verdicts), tuple(kept), heard.topology, heard.observed,
            asked.switches, asked.learned, states, self._round_trips(states, now),
            tuple(f for f in standing if f in stood), self._mos(states, now),
        )  # fmt: skip

    def _mos(self, macs: Iterable[MacAddress], now: datetime) -> dict[MacAddress, int]:
        """How the calls sounded of which phones have told since the last sweep."""
        since, self._judged_at = self._judged_at, now
        found: dict[MacAddress, int] = {}
        for mac in macs:
            told = self.news.qualities.get(mac)
            if told is None or told.at is None or told.mos is None:
                continue
            if since is not None and since < told.at <= now:
                found[mac] = round(told.mos * 100)
        return found

    def _round_trips(
        self, states: Mapping[MacAddress, PhoneState], now: datetime
    ) -> dict[MacAddress, float]:
        found: dict[MacAddress, float] = {}
        for mac, state in states.items():
            own = self.options.round_trip_s(mac, now, self.settings.sweep_s)
            contact = state.speaks.contact if state.speaks else None
            rtt = own if own is not None else contact.rtt_s if contact else None
            if rtt is not None:
                found[mac] = rtt
        return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came back, and when all of it had."""

    switches: Mapping[str, SwitchReading]
    pbx: PbxNews
    learned: Mapping[MacAddress, Learned]
    at: datetime


def _seconds(at: datetime) -> float:
    return at.replace(tzinfo=UTC).timestamp()
