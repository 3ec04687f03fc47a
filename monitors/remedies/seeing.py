"""What is seen of a phone after something was done to it: its port, its fetches, its reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitors.phone_events import meaning_of
from monitors.remedies.action import Action
from monitors.remedies.live import called, read_now, refreshed_now
from monitors.signals import Link, PhoneEvent, PortPower, Registration, SwitchState
from monitors.store.memory import evidence_of, switches_of
from monitors.switches.reading import PortReading, SwitchReading
from provisioner.db import Database
from provisioner.inventory.fetches import fetches_of
from provisioner.inventory.phone_reports import reports_of
from provisioner.inventory.records import Switch
from provisioner.mac import MacAddress

FRESH = timedelta(seconds=15)
"""What the PBX says sooner after a restart may still be of the time before it."""
_SERVED = frozenset({"sent", "part", "not-modified"})  # outcomes of ``provisioner.answers``
_UP = frozenset({Link.UP, Link.DEGRADED, Link.UNSTABLE})


def seen_since(
    monitoring: Database, events: Database, action: Action, port: PortReading | None, now: datetime
) -> dict[str, datetime]:
    """Return the steps that were seen since an action was done, each with its time.

    Args:
        monitoring: what the sweeps found out.
        events: fetches and reports.
        action: one that was done.
        port: its port as it is now; None: not known, or not looked at.
        now: naive UTC.
    """
    since = (action.done_at if action.switch else None) or action.at
    found: dict[str, datetime] = {}
    if port is not None:
        if port.state is PortPower.DELIVERING:
            found["power"] = now
        if port.link in _UP:
            found["link"] = now
    fetches = fetches_of(events, action.mac)
    fetched = [f.at for f in fetches if f.at >= since and f.outcome in _SERVED]
    if fetched:
        found["fetched"] = min(fetched)
    for report in reports_of(events, action.mac):
        meaning = meaning_of(report.model.partition("/")[0], report.event)
        step = {PhoneEvent.SETUP: "started", PhoneEvent.REGISTERED: "registered"}.get(
            meaning or PhoneEvent.NONE
        )
        if step and report.at >= since:
            found[step] = min(report.at, found.get(step, report.at))
    registered = _registered(monitoring, action, since + FRESH, now)
    if registered is not None:
        found.setdefault("registered", registered)
    return found


def _registered(
    monitoring: Database, action: Action, since: datetime, now: datetime
) -> datetime | None:
    """When the PBX last reached the phone, if that was after a time."""
    kept = evidence_of(monitoring, [MacAddress(action.mac)], now).get(MacAddress(action.mac))
    if kept is None or kept.evidence.registration.value is not Registration.REACHABLE:
        return None
    age_s = kept.evidence.registration.age_s
    at = now - timedelta(seconds=age_s) if age_s is not None else kept.at
    return at if at >= since else None


def port_now(
    monitoring: Database, action: Action, switches: Iterable[Switch]
) -> PortReading | None:
    """Read the port of an action as it is at this moment; None: it cannot be read."""
    switch = next((s for s in switches if called(s) == action.switch), None)
    if switch is None:
        return None
    kept = switches_of(monitoring, action.site, [action.switch]).get(action.switch)
    last = kept.reading if kept and kept.reading.state is SwitchState.UP else None
    reading = refreshed_now(switch, last) if last else read_now([switch])[0]
    return _port(reading, action)


def _port(reading: SwitchReading, action: Action) -> PortReading | None:
    if reading.state is not SwitchState.UP:
        return None
    return reading.port(action.if_index)
