"""An opened data folder: settings, databases, keys and catalogue, wired together once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update

from provisioner.apply import Applier
from provisioner.catalogue.loader import Catalogue, load
from provisioner.config import Settings
from provisioner.db import Database
from provisioner.delivery import Delivery
from provisioner.errors import SettingsError
from provisioner.inventory.fetches import Recorder
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow, StampRow
from provisioner.press import Press
from provisioner.ratelimit import Guard
from provisioner.secrets import Box, open_box
from web.migrate import check_key, has_key, upgrade

log = logging.getLogger(__name__)

MARK = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a command or a server works with."""

    settings: Settings
    database: Database
    events: Database
    box: Box
    catalogue: Catalogue

    @property
    def simulated_mark(self) -> Path:
        """A file that is there when the phones of this data folder are simulated."""
        return self.settings.data / MARK

    @property
    def applier(self) -> Applier:
        """Plans and applies site files."""
        armed = timedelta(hours=self.settings.access.armed_hours)
        return Applier(self.database, self.box, self.catalogue, armed)

    @property
    def press(self) -> Press:
        """Renders phones."""
        return Press(self.database, self.box, self.catalogue)

    def recorder(self) -> Recorder:
        """A new recorder of fetches; the caller starts and closes it."""
        return Recorder(self.events, self.settings.access.waiting_max)

    def delivery(self, recorder: Recorder) -> Delivery:
        """A new delivery; the caller closes it."""
        access = self.settings.access
        guard = Guard(access.refusals_per_minute, access.shut_out_s, access.shut_out_max_s)
        return Delivery(self.database, self.box, self.catalogue, recorder, guard)

    def close(self) -> None:
        """Close the databases."""
        self.database.close()
        self.events.close()


@contextmanager
def opened(settings: Settings) -> Iterator[Installation]:
    """Open a data folder for the length of a ``with`` block; see ``open_installation``."""
    installation = open_installation(settings)
    try:
        yield installation
    finally:
        installation.close()


def open_installation(settings: Settings) -> Installation:
    """Open a data folder, making and migrating it as needed.

    Raises:
        BellwireError: a vendor file is wrong, or the key file is not the right one.
    """
    catalogue = load()
    try:
        settings.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as problem:
        raise SettingsError(f"data folder {settings.data}: {problem.strerror}") from problem
    database = Database(settings.main_url)
    events = Database(settings.events_url)
    upgrade("inventory", database)
    upgrade("events", events)
    box = open_box(settings.secret_key_file, make=not has_key(database))
    check_key(database, box)
    _mark_after_new_release(database, catalogue)
    return Installation(settings, database, events, box, catalogue)


def _mark_after_new_release(database: Database, catalogue: Catalogue) -> None:
    """Mark every phone when vendor data or code that renders is not what it was."""
    digest = release_digest(catalogue.folder)
    with database.read() as session:
        known = session.scalars(select(StampRow.catalogue_digest)).one()
    if known == digest:
        return
    with database.write() as session:
        generation = next_generation(session)
        session.execute(update(PhoneRow).values(dirty=True, generation=generation))
        session.execute(update(StampRow).values(catalogue_digest=digest))


def release_digest(folder: Path) -> str:
    """Return a digest of all vendor data and of the modules that turn it into files."""
    import provisioner

    made = hashlib.sha256()
    code = Path(provisioner.__file__).parent
    names = ("clock", "keys", "kit", "render", "resolve", "settings", "syntaxes")
    files = [*folder.rglob("*.toml"), *folder.rglob("*.j2"), *(code / f"{n}.py" for n in names)]
    for file in sorted(files):
        made.update(file.name.encode())
        made.update(file.read_bytes())
    return made.hexdigest()
