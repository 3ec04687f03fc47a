"""The monitor process tells people: every site's messages, from the inventory as it is now."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from monitors.notify.scenes import scene_of, senders_of
from monitors.notify.sending import notify
from monitors.store.calls import prune_calls
from monitors.store.maintenance import windows_of
from monitors.store.pruning import prune
from monitors.store.statuses import statuses
from provisioner.delivery import utc_now
from provisioner.errors import BellwireError
from provisioner.inventory.records import Inventory, Site
from provisioner.inventory.store import phone_of, room_of, site_of
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow, StampRow
from web.installation import Installation

log = logging.getLogger(__name__)


class Teller:
    """Sends what is due; one for a process.

    Args:
        installation: with the inventory, the monitoring database and the mail server.
        clock: gives naive UTC.
    """

    def __init__(self, installation: Installation, clock: Callable[[], datetime] = utc_now) -> None:
        self._installation = installation
        self._clock = clock
        self._worker = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._stamp: tuple[int, int, int] | None = None
        self._inventory = Inventory()

    def tell(self) -> int:
        """Send what all sites are due; returns how many messages; one sick site stops no other."""
        inventory = self._read()
        sent = 0
        for site in inventory.sites:
            try:
                sent += self._tell(site, inventory)
            except (BellwireError, SQLAlchemyError):
                log.exception("people of site %s cannot be told", site.id)
        return sent

    def _tell(self, site: Site, inventory: Inventory) -> int:
        here = self._installation
        senders = senders_of(site, here.settings.smtp, self._clock)
        if not senders:
            return 0
        windows = [kept.window for kept in windows_of(here.monitoring, site.id, self._clock())]
        fed_by = {
            mac: kept.facts.get("switch", "")
            for mac, kept in statuses(here.monitoring, site.id).items()
        }
        scene = scene_of(site, inventory, here.catalogue, windows, fed_by)
        return notify(here.monitoring, scene, senders, self._worker, self._clock)

    def _read(self) -> Inventory:
        """The inventory without its accounts, read again when something has changed."""
        box = self._installation.box
        with self._installation.database.read() as session:
            row = session.scalars(select(StampRow)).one()
            stamp = (row.generation, row.epoch, row.sites)
            if stamp != self._stamp:
                self._inventory = Inventory(
                    tuple(site_of(site, box) for site in session.scalars(select(SiteRow))),
                    tuple(room_of(room, box) for room in session.scalars(select(RoomRow))),
                    (),
                    tuple(phone_of(phone, box) for phone in session.scalars(select(PhoneRow))),
                )
                self._stamp = stamp
        return self._inventory


def prune_monitoring(installation: Installation, now: datetime) -> None:
    """Roll up and forget figures, incidents and messages as the retention says."""
    with installation.database.read() as session:
        known = set(session.scalars(select(PhoneRow.mac)))
    prune(installation.monitoring, installation.settings.retention, now, known)
    days = installation.settings.retention.incident_days
    prune_calls(installation.monitoring, (now - timedelta(days=days)).date())
