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
from provisioner.delivery import Delivery, utc_now
from provisioner.downloads import Downloads
from provisioner.edits.desk import EditDesk
from provisioner.errors import SettingsError
from provisioner.filestore.files import Library
from provisioner.filestore.serving import LibraryShelf
from provisioner.filestore.vault import Vault
from provisioner.inventory.fetches import Recorder
from provisioner.inventory.learned import Learner
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow, StampRow
from provisioner.phonebooks.shelf import PhoneBooks
from provisioner.press import Press
from provisioner.ratelimit import Guard
from provisioner.reports import ReportShelf
from provisioner.secrets import Box, open_box
from provisioner.soft_phones.answering import SoftPhones
from web.migrate import check_key, has_key, upgrade

log = logging.getLogger(__name__)

MARK = "SIMULATED"


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything a command or a server works with."""

    settings: Settings
    database: Database
    events: Database
    monitoring: Database
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
    def edits(self) -> EditDesk:
        """Previews and applies edits of rooms, accounts and heads of sites."""
        return EditDesk(self.applier, self.events)

    @property
    def press(self) -> Press:
        """Renders phones."""
        return Press(self.database, self.box, self.catalogue)

    def recorder(self) -> Recorder:
        """A new recorder of fetches; the caller starts and closes it."""
        return Recorder(self.events, self.settings.access.waiting_max)

    def learner(self) -> Learner:
        """A new writer of what phones teach, at work; whoever gets it closes it."""
        made = Learner(self.database)
        made.start()
        return made

    def guard(self) -> Guard:
        """A new guard against guessers, one for a process."""
        access = self.settings.access
        return Guard(access.refusals_per_minute, access.shut_out_s, access.shut_out_max_s)

    def delivery(
        self, recorder: Recorder, guard: Guard | None = None, learner: Learner | None = None
    ) -> Delivery:
        """A new delivery; the caller closes it, and with it its learner."""
        made = Delivery(
            self.database,
            self.box,
            self.catalogue,
            recorder,
            guard or self.guard(),
            [ReportShelf(), self.file_shelf(), self.phone_books()],
        )
        made.downloads = Downloads(self.settings.http.downloads)
        made.learner = learner
        return made

    @property
    def filestore(self) -> Library:
        """Firmware, wallpapers, logos and ring tones."""
        return Library(self.database, self.catalogue, self.vault)

    @property
    def vault(self) -> Vault:
        """The bytes of the library."""
        return Vault(self.settings.data / "library")

    def file_shelf(self) -> LibraryShelf:
        """A new shelf of what phones may have of the library."""
        return LibraryShelf(self.database, self.vault, utc_now)

    def phone_books(self) -> PhoneBooks:
        """A new shelf of the sites' phone books; the caller closes it."""
        return PhoneBooks(self.database, self.box, self.catalogue)

    def soft_phones(self, recorder: Recorder, guard: Guard) -> SoftPhones:
        """What answers soft phones that follow a link."""
        return SoftPhones(self.database, self.box, self.catalogue, recorder, guard, utc_now)

    def close(self) -> None:
        """Close the databases."""
        self.database.close()
        self.events.close()
        self.monitoring.close()


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
    monitoring = Database(settings.monitoring_url)
    upgrade("inventory", database)
    upgrade("events", events)
    upgrade("monitoring", monitoring)
    box = open_box(settings.secret_key_file, make=not has_key(database))
    check_key(database, box)
    _mark_after_new_release(database, catalogue)
    return Installation(settings, database, events, monitoring, box, catalogue)


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
    names = (
        "assembly", "clock", "fanvil_xml", "keys", "kit", "layers", "placeholders", "render",
        "resolve", "room_keys", "setting_values", "settings", "syntaxes", "wanted_keys",
        "watched", "zone_data", "filestore/offers", "filestore/rollout",
    )  # fmt: skip
    files = [*folder.rglob("*.toml"), *folder.rglob("*.j2"), *(code / f"{n}.py" for n in names)]
    for file in sorted(files):
        made.update(file.name.encode())
        made.update(file.read_bytes())
    return made.hexdigest()
