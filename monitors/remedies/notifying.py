"""Telling a phone to fetch or to restart: through the PBX, or straight to it."""

from __future__ import annotations

from monitors.remedies.kinds import Remedy, WayKind
from monitors.remedies.ways import Way, Ways
from provisioner.catalogue.loader import Catalogue
from provisioner.errors import PbxError
from provisioner.inventory.records import Pbx
from provisioner.resync import Target, event_for, notify_direct, notify_through_pbx


def notify_ways(
    catalogue: Catalogue, pbx: Pbx | None, target: Target, remedy: Remedy, sip_port: int
) -> Ways:
    """Return the ways a phone can be told, best first: it obeys its registrar."""
    event = event_for(catalogue, target.phone, reboot=remedy is Remedy.REBOOT)
    found: list[Way] = []
    missing: list[str] = []
    if pbx is not None and pbx.host and pbx.kind == "asterisk":
        found.append(Way(WayKind.PBX, f"NOTIFY {event} through {pbx.kind} {pbx.host}"))
    else:
        missing.append("an Asterisk with its manager interface (pbx: ami:)")
    if target.address:
        words = f"NOTIFY {event} straight to {target.address}:{sip_port}"
        found.append(Way(WayKind.DIRECT, words))
    else:
        missing.append("an address of the phone: it never fetched")
    return Ways(tuple(found), " and ".join(missing))


def notify(
    catalogue: Catalogue,
    pbx: Pbx | None,
    target: Target,
    remedy: Remedy,
    ways: Ways,
    sip_port: int,
) -> tuple[WayKind | None, str]:
    """Tell a phone by the first way that works.

    Returns:
        The way; None: none worked. And what there is to say of it.
    """
    reboot = remedy is Remedy.REBOOT
    problems: list[str] = []
    for way in ways.found:
        if way.kind is WayKind.PBX and pbx is not None:
            try:
                (notified,) = notify_through_pbx(catalogue, pbx, [target], reboot=reboot)
            except PbxError as failed:
                problems.append(str(failed))
                continue
        else:
            notified = notify_direct(catalogue, target, sip_port, reboot=reboot)
        if not notified.problem:
            return way.kind, f"sent to {', '.join(notified.contacts)}"
        problems.append(notified.problem)
    return None, "; ".join(problems) or "there is no way to tell it"
