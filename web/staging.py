"""Changes in stages: how their phones are, asking them to fetch, and moving on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import select, update

from monitors.status import State
from monitors.store.statuses import statuses_of
from provisioner.edits.stage_desk import StageDesk
from provisioner.errors import DeviceError
from provisioner.inventory.fetches import fetches_of
from provisioner.inventory.records import Site
from provisioner.inventory.staged import StagedPhoneRow, StagedRow
from provisioner.inventory.store import phone_of, site_of
from provisioner.inventory.tables import PhoneRow, SiteRow
from provisioner.mac import MacAddress
from provisioner.resync import Target, notify_through_pbx
from web.installation import Installation

log = logging.getLogger(__name__)

WORDS = {
    State.WORKING: "working",
    State.WARNING: "working",
    State.DOWN: "down",
    State.NOT_INSTALLED: "down",
}


def stage_desk(installation: Installation) -> StageDesk:
    """Return what moves staged changes; it asks the monitor's memory how phones are."""

    def condition(macs: Iterable[str]) -> Mapping[str, tuple[str, datetime]]:
        found = statuses_of(installation.monitoring, macs)
        return {
            mac: (WORDS[kept.status.state], kept.judged_at)
            for mac, kept in found.items()
            if kept.status.state in WORDS
        }

    return StageDesk(installation.edits, condition)


def move_stages(installation: Installation, now: datetime) -> None:
    """Ask released phones to fetch, and move every staged change that can move."""
    stage_desk(installation).step(now)
    ask_released(installation)


def ask_released(installation: Installation) -> int:
    """Ask phones whose new files lie ready to fetch them, as far as their PBX allows.

    Each is asked once; where there is no way, they come at their own time. Returns how many
    were asked.
    """
    with installation.database.read() as session:
        query = (
            select(StagedPhoneRow.staged_id, PhoneRow)
            .join(PhoneRow, PhoneRow.mac == StagedPhoneRow.mac)
            .join(StagedRow, StagedRow.id == StagedPhoneRow.staged_id)
            .where(
                StagedRow.state == "active",
                StagedPhoneRow.released_at.is_not(None),
                StagedPhoneRow.asked.is_(False),
                PhoneRow.dirty.is_(False),
            )
        )
        rows = list(session.execute(query))
        ids = {row.site_id for _, row in rows}
        sites = {
            site.id: site_of(site, installation.box)
            for site in session.scalars(select(SiteRow).where(SiteRow.id.in_(ids)))
        }
    asked = 0
    for site_id, site in sites.items():
        mine = [(number, row) for number, row in rows if row.site_id == site_id]
        asked += _ask(installation, site, [row for _, row in mine])
        with installation.database.write() as session:
            for number, row in mine:
                session.execute(
                    update(StagedPhoneRow)
                    .where(StagedPhoneRow.staged_id == number, StagedPhoneRow.mac == row.mac)
                    .values(asked=True)
                )
    return asked


def _ask(installation: Installation, site: Site, rows: list[PhoneRow]) -> int:
    if site.pbx is None or site.pbx.kind != "asterisk" or not site.pbx.host:
        return 0
    targets = []
    for row in rows:
        phone = phone_of(row, installation.box)
        last = fetches_of(installation.events, row.mac, 1)
        numbers = (*phone.accounts, *(h.extension for h in phone.handsets))
        targets.append(Target(phone, numbers, last[0].address if last else ""))
    try:
        done = notify_through_pbx(installation.catalogue, site.pbx, targets, reboot=False)
    except DeviceError as problem:
        log.warning("the phones of %s cannot be asked to fetch: %s", site.id, problem)
        return 0
    missed = [MacAddress(str(n.target.phone.mac)).colons for n in done if not n.contacts]
    if missed:
        log.info("the PBX of %s has no contact of %s", site.id, ", ".join(missed))
    return len(done) - len(missed)
