"""What the installer's pages keep between requests: ports of phones, answers of PBXs."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from provisioner.delivery import utc_now
from web.pages.install.ports import PortBook
from web.pages.install.registrations import Switchboard

KEY = "bellwire.install"


@dataclass(frozen=True, slots=True)
class Tools:
    """One set for a process."""

    ports: PortBook = field(default_factory=PortBook)
    switchboard: Switchboard = field(default_factory=lambda: Switchboard(utc_now))


def tools() -> Tools:
    """Return the tools of the application that answers."""
    found = current_app.extensions.get(KEY)
    if not isinstance(found, Tools):
        found = current_app.extensions.setdefault(KEY, Tools())
    made: Tools = found
    return made
