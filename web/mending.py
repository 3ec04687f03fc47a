"""The monitor process mends phones, where their sites allow it, and looks whether it helped."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from monitors.diagnosis.rule import Sureness
from monitors.incidents import phone_key
from monitors.remedies.action import Action, ActionState
from monitors.remedies.choosing import Condition, next_automatic
from monitors.remedies.completing import complete
from monitors.remedies.feed import Feed, FeedError, Undo
from monitors.remedies.kinds import Remedy
from monitors.remedies.performing import OFF_S
from monitors.remedies.seeing import port_now, seen_since
from monitors.remedies.surroundings import Patient, Workshop
from monitors.remedies.treating import Asked, Treated, examine, feed_for_undo, treat
from monitors.remedies.verifying import judged
from monitors.store.action_pages import actions_of, actions_to_verify
from monitors.store.actions import settle
from monitors.store.incidents import open_incidents
from monitors.store.statuses import KeptStatus, statuses
from monitors.store.wishes import Wish, WishState, ended, looked, take_wishes, unanswerable
from provisioner.delivery import utc_now
from provisioner.errors import BellwireError
from provisioner.inventory.records import Inventory, Phone, Site
from provisioner.inventory.store import phone_of, room_of, site_of
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow, StampRow
from web.installation import Installation

log = logging.getLogger(__name__)

MOST_PER_ROUND = 3
"""New remedies of a site in one round: when more phones are down at once, it is something else."""
HOST_KEYS = "switch_host_keys"


class Mender:
    """Mends phones; one for a process.

    Args:
        installation: with the inventory and the monitoring database.
        clock: gives naive UTC.
        stop: set when the process is to end: power that is away is given back at once then.
        off_s: for how long power is taken away.
    """

    def __init__(
        self,
        installation: Installation,
        clock: Callable[[], datetime] = utc_now,
        stop: threading.Event | None = None,
        off_s: float = OFF_S,
    ) -> None:
        self._installation = installation
        self._stop = stop or threading.Event()
        self._off_s = off_s
        self._stamp: tuple[int, int, int] | None = None
        self._inventory = Inventory()
        self.shop = Workshop(
            installation.monitoring,
            installation.events,
            installation.catalogue,
            installation.settings.data / HOST_KEYS,
            clock,
            f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}",
            self._stop.wait,
        )

    def mend(self) -> int:
        """Do one round; returns how many remedies were begun. One sick site stops no other."""
        inventory = self.inventory()
        self._guarded("what a crash left", self.finish)
        begun = 0
        for site in inventory.sites:
            if site.monitoring.remedies.automatic and not self._stop.is_set():
                begun += self._guarded(f"site {site.id}", partial(self._site, site))
        self._guarded("what was done", self.verify)
        return begun

    def fulfil(self) -> int:
        """Look at, or do, what people have asked for; returns how many. None stops another."""
        done = 0
        for wish in take_wishes(self.shop.monitoring, self.shop.clock()):
            try:
                self._fulfil(wish)
            except (BellwireError, SQLAlchemyError, OSError) as problem:
                log.exception("what %s asked for cannot be done", wish.who)
                unanswerable(self.shop.monitoring, wish.id, str(problem), self.shop.clock())
            done += 1
            if self._stop.is_set():
                break
        return done

    def _fulfil(self, wish: Wish) -> None:
        shop, patient = self.shop, self.patient(wish.mac)
        if patient is None:
            unanswerable(shop.monitoring, wish.id, "this phone is no more", shop.clock())
            return
        asked = Asked(wish.who, wish.confirmed, wish.incident_id, self._off_s)
        examined = examine(shop, patient, Remedy(wish.remedy), asked)
        if wish.state is WishState.LOOK:
            case = examined.case
            port = f"{case.switch.name} {case.port.name}" if case.switch and case.port else ""
            looked(shop.monitoring, wish.id, examined.guards, port, shop.clock())
            return
        treated = treat(shop, patient, examined, asked)
        self._say(patient.phone, wish.remedy, treated)
        ended(
            shop.monitoring, wish.id, str(treated.result), treated.detail, treated.action_id,
            shop.clock(),
        )  # fmt: skip

    def finish(self) -> int:
        """Give back power that another process took away and did not give back."""
        shop = self.shop
        return complete(shop.monitoring, shop.worker, shop.clock, self._feed)

    def verify(self) -> int:
        """Look whether what was done has helped; returns how many are settled now."""
        return sum(self.look_at(action) for action in actions_to_verify(self.shop.monitoring))

    def look_at(self, action: Action) -> bool:
        """Look at one; whether it is settled now."""
        shop, port = self.shop, None
        if action.switch and "link" not in action.seen:
            site = self._site_called(action.site)
            port = port_now(shop.monitoring, action, site.switches) if site else None
        now = shop.clock()
        seen = seen_since(shop.monitoring, shop.events, action, port, now)
        found = judged(action, seen, now)
        settle(shop.monitoring, action, found.state, found.seen, found.detail, now)
        return found.state is not ActionState.DONE

    def patient(self, mac: str) -> Patient | None:
        """Return a phone with its site; None: nobody knows it."""
        inventory = self.inventory()
        phone = next((p for p in inventory.phones if p.mac == mac), None)
        return self._patient(phone) if phone else None

    def inventory(self) -> Inventory:
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

    def _site(self, site: Site) -> int:
        shop, begun = self.shop, 0
        incidents = {i.key: i.id for i in open_incidents(shop.monitoring, site.id) if not i.grouped}
        if not incidents:
            return 0
        known = statuses(shop.monitoring, site.id)
        for phone in self._inventory.phones:
            incident, status = incidents.get(phone_key(str(phone.mac))), known.get(str(phone.mac))
            if phone.site == site.id and incident is not None and status is not None:
                where = f"phone {phone.mac.colons}"
                begun += self._guarded(where, partial(self._phone, site, phone, incident, status))
            if begun >= MOST_PER_ROUND or self._stop.is_set():
                break
        return begun

    def _phone(self, site: Site, phone: Phone, incident: int, kept: KeptStatus) -> int:
        """Do what is next for a phone that is down; 1 when something was begun."""
        shop, status = self.shop, kept.status
        before = actions_of(shop.monitoring, incidents=[incident])
        condition = Condition(
            status.state, status.rule, Sureness(kept.sureness), kept.judged_at
        )  # fmt: skip
        remedy = next_automatic(site.monitoring.remedies, condition, before, shop.clock())
        if remedy is None:
            return 0
        asked = Asked(incident_id=incident, off_s=self._off_s)
        patient = self._patient(phone)
        treated = treat(shop, patient, examine(shop, patient, remedy, asked), asked)
        self._say(phone, str(remedy), treated)
        return int(treated.action_id is not None)

    def _say(self, phone: Phone, remedy: str, treated: Treated) -> None:
        where = f"{phone.site} {phone.room} {phone.position} ({phone.mac.colons})"
        log.info("%s of %s: %s %s", remedy, where, treated.result, treated.detail)

    def _patient(self, phone: Phone) -> Patient:
        site = self._site_called(phone.site)
        if site is None:
            raise BellwireError(f"phone {phone.mac.colons} is of a site that is not there")
        return Patient(site, phone, self._inventory)

    def _site_called(self, site_id: str) -> Site | None:
        return next((s for s in self._inventory.sites if s.id == site_id), None)

    def _feed(self, action: Action, undo: Undo) -> Feed:
        site = self._site_called(action.site)
        switches = site.switches if site else ()
        switch = next((s for s in switches if action.switch in {s.name, s.host}), None)
        if switch is None:
            raise FeedError(action.switch, "no switch of the inventory", nothing_done=True)
        return feed_for_undo(self.shop, switch, action, undo)

    def _guarded(self, what: str, do: Callable[[], int]) -> int:
        try:
            return do()
        except (BellwireError, SQLAlchemyError, OSError):
            log.exception("%s cannot be mended", what)
            return 0
