"""From everything that was heard of a site's phones to the evidence of each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitors.call_quality import QualityReading
from monitors.evidence import Evidence
from monitors.phone_events import event_signal, meaning_of
from monitors.places import Located, Topology
from monitors.probes.registrations import PbxContact
from monitors.signals import Address, PhoneEvent, Signal, Trouble
from monitors.sweep.address_meaning import (
    Claim,
    Network,
    address_signal,
    newest,
    parsed,
    without_address,
)
from monitors.sweep.config_meaning import config_signal, reboots, started_at, troubles_of
from monitors.sweep.fetch_ledger import HOUR, Fetches
from monitors.sweep.options_desk import OptionsDesk
from monitors.sweep.registration_desk import PhoneState
from monitors.sweep.subjects import Subject
from monitors.sweep.switch_desk import link_up_s
from monitors.switches.signals_of import Observed, PortSignals, port_signals
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.mac import MacAddress

LATELY_S = 3600.0
"""An address that was seen longer ago says nothing of whose contact it is now."""
SETTLED_MOST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything that was heard of a site, but for its PBX.

    Attributes:
        reports: what phones reported in the last hour, newest first, by MAC.
        rooms: what to call each phone's room.
        shared: addresses that more than one device has.
        tell_addresses: switches that have told addresses of phones.
        named_before: phones that have named their address by LLDP or CDP.
        others: phones that are another model, or have other files, than they should.
        grace_s: how long a phone may take to get an address.
    """

    now: datetime
    networks: Sequence[Network]
    topology: Topology
    observed: Mapping[str, Observed]
    fetches: Mapping[str, Fetches]
    reports: Mapping[str, Sequence[PhoneReport]]
    qualities: Mapping[str, QualityReading]
    rooms: Mapping[MacAddress, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    tell_addresses: frozenset[str] = frozenset()
    named_before: frozenset[MacAddress] = frozenset()
    others: Mapping[MacAddress, Subject] = field(default_factory=dict)
    grace_s: float = 60.0

    def as_it_is(self, subject: Subject) -> Subject:
        """Return a phone as it shows itself, to know it again by that."""
        return self.others.get(subject.mac, subject)


def claims_of(subject: Subject, heard: Heard) -> list[Claim]:
    """Return who but the PBX says which address a phone has."""
    claims: list[Claim] = []
    located = heard.topology.phones.get(subject.mac)
    if located is not None and located.ip and located.place is not None:
        seen = heard.observed.get(located.place.switch)
        age_s = seen.neighbours_age_s if seen else 0.0
        source = f"snmp {located.place.switch}"
        claims.append(Claim(located.ip, age_s, source, proves=located.names_ip is True))
    claims += [
        Claim(report.ip or report.address, _age_s(report.at, heard.now), "its report")
        for report in heard.reports.get(subject.mac, ())
    ]
    fetches = heard.fetches.get(subject.mac)
    if fetches is not None and fetches.got:
        last = max(fetches.got.values(), key=lambda e: e.at)
        claims.append(Claim(last.address, _age_s(last.at, heard.now), "fetch log"))
    return claims


def addresses_of(subjects: Iterable[Subject], heard: Heard) -> dict[MacAddress, frozenset[str]]:
    """Return where each phone was seen lately by others than the PBX."""
    found: dict[MacAddress, frozenset[str]] = {}
    for subject in subjects:
        young = [c for c in claims_of(subject, heard) if c.age_s <= LATELY_S]
        best = newest(young)
        if best is not None:
            found[subject.mac] = frozenset({best.address})
    return found


def evidence_of(
    subject: Subject, heard: Heard, state: PhoneState, options: OptionsDesk
) -> Evidence:
    """Return what is known of a phone; its group is found later.

    Args:
        subject: the phone.
        heard: what was heard of its site.
        state: how its accounts stand.
        options: what it answers to OPTIONS.
    """
    port = port_signals(
        subject.mac, heard.topology, heard.observed, subject.voice_vlan, heard.rooms
    )
    fetches = heard.fetches.get(subject.mac)
    reports = heard.reports.get(subject.mac, ())
    setups = _setups(subject, reports, heard.now)
    restarts = reboots(fetches, len(setups), subject, heard.now)
    slow = options.slow_s(subject.mac)
    quality = heard.qualities.get(subject.mac)
    is_slow = slow is not None or (quality is not None and quality.is_slow)
    speaks = state.speaks
    extension = speaks.extension if speaks else next(iter(subject.accounts), "")
    made = Evidence(
        mapping=port.mapping,
        switch=port.switch,
        power=port.power,
        watts=port.watts,
        budget=port.budget,
        link=port.link,
        neighbour=port.neighbour,
        whereabouts=port.whereabouts,
        vlan=port.vlan,
        address=_address(subject, heard, port, state),
        config=config_signal(fetches, subject, heard.now),
        event=event_signal(reports, extension, heard.now, is_told=subject.reports),
        options=options.signal(heard.as_it_is(subject), heard.now),
        troubles=port.troubles | troubles_of(restarts) | _slow(is_slow=is_slow),
        settled_s=_settled_s(subject, heard, fetches, setups),
        handsets_out=state.handsets_out,
        emergency_key=subject.emergency,
    )
    if speaks is not None:
        made = replace(made, registration=speaks.registration, security=speaks.security)
    rtt = slow if slow is not None else (quality.rtt_p95_ms or 0) / 1000 if quality else None
    counts = {"count": str(restarts) if restarts else "", "rtt_ms": f"{rtt * 1000:.0f}" if rtt else
              ""}  # fmt: skip
    return replace(made, facts={**port.facts, **{n: v for n, v in counts.items() if v}})


def _address(
    subject: Subject, heard: Heard, port: PortSignals, state: PhoneState
) -> Signal[Address]:
    claims = claims_of(subject, heard)
    if state.speaks is not None and state.speaks.contact is not None:
        claims.append(_claim_of_contact(state.speaks.contact, state.speaks.alive_at, heard.now))
    located = heard.topology.phones.get(subject.mac)
    lacking = None
    if located is not None and located.place and located.place.switch in heard.tell_addresses:
        up_s, none_s = _link_up_s(subject, heard), _told_none_s(located, heard)
        lacking = without_address(located, port.link, up_s, heard.grace_s, none_s)
    return address_signal(claims, heard.networks, heard.shared, lacking)


def _claim_of_contact(contact: PbxContact, alive_at: datetime | None, now: datetime) -> Claim:
    """A contact is as old as the last sign of life: a PBX keeps it when the phone is gone."""
    own = contact.own_address if parsed(contact.own_address) else contact.address
    if alive_at is None:
        return Claim(own, LATELY_S, "its contact", proves=False)
    return Claim(own, _age_s(alive_at, now), "its contact")


def _told_none_s(located: Located, heard: Heard) -> float | None:
    """Seconds since a phone that used to name its address spoke without naming one."""
    silent = located.names_ip is not False or located.mac not in heard.named_before
    if silent or located.place is None:
        return None
    seen = heard.observed.get(located.place.switch)
    return seen.neighbours_age_s if seen else None


def _link_up_s(subject: Subject, heard: Heard) -> float | None:
    located = heard.topology.phones.get(subject.mac)
    if located is None or located.place is None:
        return None
    seen = heard.observed.get(located.place.switch)
    return link_up_s(seen.reading, located.place.if_index) if seen else None


def _setups(subject: Subject, reports: Iterable[PhoneReport], now: datetime) -> list[datetime]:
    """When a phone reported, within the last hour, that it has started."""
    vendor = subject.model_id.partition("/")[0]
    return [
        r.at
        for r in reports
        if r.at >= now - HOUR and meaning_of(vendor, r.event) is PhoneEvent.SETUP
    ]


def _settled_s(
    subject: Subject, heard: Heard, fetches: Fetches | None, setups: Iterable[datetime]
) -> float:
    moments = [*started_at(fetches, subject), *setups]
    ages = [_age_s(at, heard.now) for at in moments]
    link_s = _link_up_s(subject, heard)
    return min([*ages, *([link_s] if link_s is not None else []), SETTLED_MOST_S])


def _slow(*, is_slow: bool) -> frozenset[Trouble]:
    return frozenset({Trouble.SLOW}) if is_slow else frozenset()


def _age_s(at: datetime, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
