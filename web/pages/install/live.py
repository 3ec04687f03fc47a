"""The live line of a phone that was just put in: powered, fetched, registered, reachable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from monitors.evidence import Evidence, without_the_stale
from monitors.fetch_status import PhoneSeen, ProvisioningStatus, provisioning_status
from monitors.phone_events import event_signal
from monitors.probes.registrations import PbxContact, Reach
from monitors.signals import Options, PhoneEvent, PortPower, Registration
from monitors.store.memory import evidence_of
from provisioner.inventory.fetches import FetchEvent, fetches_of
from provisioner.inventory.phone_reports import PhoneReport, reports_of
from provisioner.inventory.tables import PhoneRow
from web.installation import Installation
from web.pages.formats import ago
from web.pages.install.registrations import Switchboard, contact_of
from web.pages.install.room import Standing
from web.pages.language import gettext

DONE, NOW, WAITING, BAD = "done", "now", "waiting", "bad"
_ON_THE_NETWORK = timedelta(minutes=10)
"""A phone that has asked for a file so lately has power."""
_REGISTERED = frozenset({Registration.REACHABLE, Registration.UNCHECKED, Registration.UNREACHABLE})
_NO_POWER = frozenset(
    {PortPower.DENIED, PortPower.OVERLOAD, PortPower.SHORT, PortPower.FAULT, PortPower.HARDWARE}
)
_REFUSED = frozenset({ProvisioningStatus.REFUSED, ProvisioningStatus.NOT_RENDERED})

Rung = tuple[str, str, str, str]
"""Icon, words, standing and detail, as the ladder of the pages takes them."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of one phone now.

    Attributes:
        seen: by the fetch log.
        evidence: of the monitor, what is stale left out.
        reports: of the phone itself.
        contact: at the PBX.
    """

    seen: PhoneSeen
    evidence: Evidence = field(default_factory=Evidence)
    reports: tuple[PhoneReport, ...] = ()
    contact: PbxContact | None = None
    extension: str = ""


def is_green(rungs: tuple[Rung, ...]) -> bool:
    """Whether a phone has come all the way."""
    return all(standing == DONE for _, _, standing, _ in rungs)


def standings(signs: Signs, now: datetime) -> tuple[str, str, str, str]:
    """Return how power, files, registration and reachability stand. Pure.

    The first that is not there yet is under way; what comes later proves power.
    """
    fetched, _, _ = provisioning_status(signs.seen, now)
    known, reported = signs.evidence, _reported(signs, now)
    registered = signs.contact is not None or known.registration.value in _REGISTERED or reported
    reachable = (
        (signs.contact is not None and signs.contact.reach is Reach.REACHABLE)
        or known.registration.value is Registration.REACHABLE
        or known.options.value is Options.ALIVE
    )
    last = signs.seen.last
    powered = (
        known.power.value is PortPower.DELIVERING
        or registered
        or reachable
        or (last is not None and now - last.at < _ON_THE_NETWORK)
    )
    came = signs.seen.token_seen_at is not None and last is None  # the log is kept for a while
    has_files = fetched is ProvisioningStatus.PROVISIONED or (came and not signs.seen.problem)
    there = (powered, has_files, registered or reachable, reachable)
    made = [DONE if is_there else WAITING for is_there in there]
    if not all(there):
        first = made.index(WAITING)
        is_unfed = first == 0 and known.power.value in _NO_POWER
        is_refused = first == 1 and fetched in _REFUSED
        made[first] = BAD if is_unfed or is_refused else NOW
    return made[0], made[1], made[2], made[3]


def _reported(signs: Signs, now: datetime) -> bool:
    """Whether the phone itself has said last that it is registered."""
    said = event_signal(signs.reports, signs.extension, now, is_told=False)
    seen_at = signs.seen.token_seen_at
    if said.value is not PhoneEvent.REGISTERED or said.age_s is None or seen_at is None:
        return False
    return now - timedelta(seconds=said.age_s) >= seen_at - timedelta(seconds=1)


def rungs(signs: Signs, now: datetime) -> tuple[Rung, ...]:
    """Return the line as the pages draw it."""
    power, files, registered, reachable = standings(signs, now)
    last, contact = signs.seen.last, signs.contact
    rtt_s = contact.rtt_s if contact is not None else None
    return (
        ("power", gettext("Powered"), power, signs.evidence.watts.measured * (power == DONE)),
        ("fetched", gettext("Fetched"), files, _fetched(last, files)),
        ("registered", gettext("Registered"), registered,
         signs.extension if registered == DONE else ""),
        ("reachable", gettext("Reachable"), reachable,
         f"{rtt_s * 1000:.0f} ms" if rtt_s is not None and reachable == DONE else ""),
    )  # fmt: skip


def _fetched(last: FetchEvent | None, standing: str) -> str:
    return ago(last.at) if last is not None and standing == DONE else ""


def read_signs(
    installation: Installation,
    site: str,
    standing: Standing,
    board: Switchboard,
    now: datetime,
    *,
    ask: bool,
) -> dict[str, Signs]:
    """Return what is known of some phones of a room, by position.

    Args:
        installation: the opened data folder.
        site: its id.
        standing: who stands in the room.
        board: asks the PBX.
        now: naive UTC.
        ask: whether to ask the PBX anew.
    """
    macs = standing.phones
    wanted = [str(mac) for mac in macs.values()]
    with installation.database.read() as session:
        query = select(
            PhoneRow.mac, PhoneRow.armed_until, PhoneRow.token_seen_at, PhoneRow.problem,
            PhoneRow.accounts, PhoneRow.handsets,
        ).where(PhoneRow.mac.in_(wanted))  # fmt: skip
        rows = {row.mac: row for row in session.execute(query)}
    kept = evidence_of(installation.monitoring, macs.values(), now)
    reading = board.reading(site, standing.pbx, ask=ask) if rows else None
    found = {}
    for position, mac in macs.items():
        row = rows.get(str(mac))
        if row is None:
            continue
        fetches = fetches_of(installation.events, str(mac), 1)
        reports = tuple(reports_of(installation.events, str(mac), 10))
        extensions = (*row.accounts, *(h["extension"] for h in row.handsets))
        addresses = {f.address for f in fetches} | {r.address for r in reports}
        found[position] = Signs(
            PhoneSeen(row.armed_until, row.token_seen_at, row.problem, next(iter(fetches), None)),
            without_the_stale(kept[mac].evidence) if mac in kept else Evidence(),
            reports,
            contact_of(reading, extensions, mac, frozenset(addresses)),
            extensions[0] if extensions else "",
        )
    return found
