"""Everything the guards look at, read at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitors.places import Place, Remembered, Topology
from monitors.policy import notify_policy
from monitors.remedies.busy import calls_at
from monitors.remedies.case import Case
from monitors.remedies.kinds import Remedy
from monitors.remedies.live import called, read_now, this_host
from monitors.remedies.notifying import notify_ways
from monitors.remedies.surroundings import Patient, Workshop, extensions_of
from monitors.remedies.ways import ways_of
from monitors.signals import SwitchState
from monitors.store.action_pages import actions_of
from monitors.store.actions import Plan, limit_now
from monitors.store.maintenance import windows_of
from monitors.store.memory import places_of, switches_of
from monitors.switches.reading import SwitchReading
from monitors.topology import locate
from provisioner.inventory.fetches import last_fetches
from provisioner.inventory.records import Switch
from provisioner.resync import Target

STORED_FRESH = timedelta(minutes=10)
"""Readings of other switches help to see a phone in two places; older ones do not."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the switches say of a phone now."""

    topology: Topology
    readings: dict[str, SwitchReading]
    memory: Remembered | None


def case_of(shop: Workshop, patient: Patient, remedy: Remedy, off_s: float) -> Case:
    """Return everything the guards look at; switch and PBX are asked now.

    Args:
        shop: what remedies share.
        patient: the phone.
        remedy: what is to be done.
        off_s: for how long power is to be away.
    """
    now = shop.clock()
    phone, site = patient.phone, patient.site
    before = [a for a in actions_of(shop.monitoring, mac=str(phone.mac)) if a.remedy == remedy]
    case = Case(
        remedy,
        phone,
        now,
        extensions=extensions_of(phone),
        neighbours={
            p.mac: (f"{p.room} {p.position}", extensions_of(p)) for p in patient.neighbours()
        },
        calls=calls_at(site.pbx),
        last=max((at for a in before if (at := a.off_at or a.done_at)), default=None),
        urgent=_urgent(shop, patient),
        excepted=_excepted(patient),
    )
    if remedy.is_power:
        case = _with_port(shop, patient, case, off_s)
    else:
        target = target_of(shop, patient)
        ways = notify_ways(shop.catalogue, site.pbx, target, remedy, shop.sip_port)
        case = replace(case, ways=ways)
    return replace(case, maintenance=_maintenance(shop, patient, case, now))


def target_of(shop: Workshop, patient: Patient) -> Target:
    """Return the phone as a NOTIFY needs it."""
    fetch = last_fetches(shop.events).get(str(patient.phone.mac))
    return Target(
        patient.phone, extensions_of(patient.phone), fetch.address if fetch else ""
    )  # fmt: skip


def _with_port(shop: Workshop, patient: Patient, case: Case, off_s: float) -> Case:
    """Add the switch and the port, read now."""
    seen = _seen(shop, patient, case.now)
    located = seen.topology.phones[case.phone.mac]
    place = located.place or (seen.memory.last if seen.memory else None)
    case = replace(
        case,
        located=located,
        memory=seen.memory,
        uplinks=seen.topology.uplinks,
        host=this_host(s.host for s in patient.site.switches),
    )
    switch = patient.switch(place.switch) if place else None
    reading = seen.readings.get(place.switch) if place else None
    if place is None or switch is None or reading is None:
        return case
    port = reading.port(place.if_index)
    case = replace(case, switch=reading, port=port, sees_macs=any(p.learned for p in reading.ports))
    if port is None:
        return case
    ways = ways_of(case.remedy, switch, reading, port, round(off_s))
    wanted = plan_of(patient, case, "")
    return replace(case, ways=ways, limit=limit_now(shop.monitoring, wanted, case.now))


def plan_of(patient: Patient, case: Case, who: str, incident_id: int | None = None) -> Plan:
    """Return what the journal is to say of it."""
    phone, port = patient.phone, case.port
    writes = case.remedy.is_power and case.switch is not None and port is not None
    return Plan(
        site=phone.site,
        mac=str(phone.mac),
        remedy=str(case.remedy),
        who=who,
        switch=case.switch.name if writes and case.switch else "",
        if_index=(port.if_index or 0) if writes and port else 0,
        port=port.name if writes and port else "",
        incident_id=incident_id,
    )


def _seen(shop: Workshop, patient: Patient, now: datetime) -> _Seen:
    """Read the switches the phone was last seen on, or all of them when nobody knows."""
    memory = places_of(shop.monitoring)
    mine = memory.get(patient.phone.mac)
    fresh = {r.name: r for r in read_now(_candidates(patient, mine))}
    names = [called(s) for s in patient.site.switches if called(s) not in fresh]
    kept = switches_of(shop.monitoring, patient.site.id, names)
    others = [k.reading for k in kept.values()
              if now - k.at <= STORED_FRESH and k.reading.state is SwitchState.UP]  # fmt: skip
    macs = [p.mac for p in patient.inventory.phones]
    now_s = now.replace(tzinfo=UTC).timestamp()
    topology = locate([*fresh.values(), *others], macs, memory, now_s)
    place = topology.phones[patient.phone.mac].place
    if place is not None and place.switch not in fresh:  # it has moved: that switch is read too
        moved = [s for s in patient.site.switches if called(s) == place.switch]
        fresh |= {r.name: r for r in read_now(moved)}
        others = [r for r in others if r.name != place.switch]
        topology = locate([*fresh.values(), *others], macs, memory, now_s)
    return _Seen(topology, fresh, mine)


def _candidates(patient: Patient, memory: Remembered | None) -> list[Switch]:
    switches = list(patient.site.switches)
    if memory is None:
        return switches
    names = {memory.last.switch, memory.home.switch}
    return [s for s in switches if called(s) in names] or switches


def _urgent(shop: Workshop, patient: Patient) -> str:
    policy = notify_policy(patient.site, shop.catalogue.presets)
    phone = patient.phone
    if phone.preset in policy.urgent_presets:
        return f"preset {phone.preset}"
    if phone.position in policy.urgent_positions:
        return f"position {phone.position}"
    return ""


def _excepted(patient: Patient) -> str:
    phone, told = patient.phone, patient.site.monitoring.remedies
    for name, value, some in (
        ("preset", phone.preset, told.except_presets),
        ("position", phone.position, told.except_positions),
        ("room", phone.room, told.except_rooms),
    ):
        if value in some:
            return f"the site file leaves {name} {value} alone"
    return ""


def _maintenance(shop: Workshop, patient: Patient, case: Case, now: datetime) -> str:
    kept = windows_of(shop.monitoring, patient.site.id, now)
    policy = notify_policy(patient.site, shop.catalogue.presets, (k.window for k in kept))
    names = _names(case.switch, case.located.home if case.located else None)
    switches = {n for name in names if (s := patient.switch(name)) for n in (name, s.host)}
    for window in policy.windows:
        if not window.start <= now < window.end:
            continue
        whole = not window.rooms and not window.switches
        if whole or patient.phone.room in window.rooms or switches & window.switches:
            return f"maintenance until {policy.local(window.end):%Y-%m-%d %H:%M}"
    return ""


def _names(switch: SwitchReading | None, home: Place | None) -> Iterable[str]:
    if switch is not None:
        yield switch.name
    if home is not None:
        yield home.switch
