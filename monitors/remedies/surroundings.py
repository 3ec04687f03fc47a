"""What a remedy works with: databases, the site, its phones; as they are now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitors.remedies.live import called
from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.inventory.records import Inventory, Phone, Site, Switch


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all remedies of a process share.

    Attributes:
        events: fetches and reports.
        host_keys: file of SSH keys of switches.
        clock: gives naive UTC.
        worker: the name this process claims rows by.
        wait: waits so many seconds, or less when the process is told to end.
        timeout_s: of SSH.
        sip_port: where phones listen that are told without a PBX.
    """

    monitoring: Database
    events: Database
    catalogue: Catalogue
    host_keys: Path
    clock: Callable[[], datetime]
    worker: str
    wait: Callable[[float], object] = time.sleep
    timeout_s: float = 15.0
    sip_port: int = 5060


@dataclass(frozen=True, slots=True)
class Patient:
    """A phone with its site."""

    site: Site
    phone: Phone
    inventory: Inventory

    def neighbours(self) -> list[Phone]:
        """Return all other phones of the inventory, of other sites too."""
        return [p for p in self.inventory.phones if p.mac != self.phone.mac]

    def switch(self, name: str) -> Switch | None:
        """Return a switch of the site by what it is called."""
        return next((s for s in self.site.switches if called(s) == name), None)


def extensions_of(phone: Phone) -> tuple[str, ...]:
    """Return a phone's extensions, its handsets' included."""
    return (*phone.accounts, *(handset.extension for handset in phone.handsets))
