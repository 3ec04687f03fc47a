"""Migrations: bringing all databases to the newest form, at every start.

The inventory, the fetch log and what the monitor remembers are separate databases under SQLite
and may share one under PostgreSQL; each has its own line of Alembic scripts and its own version
table.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, func, select, update

from monitors.store.calls_tables import guarded_call  # noqa: F401 - into its metadata
from monitors.store.shut_out import shut_out  # noqa: F401 - likewise
from monitors.store.tables import metadata as monitoring_metadata
from provisioner.db import Database
from provisioner.edits.tables import ChangeRow  # noqa: F401 - into Base.metadata
from provisioner.errors import SecretsError
from provisioner.filestore.tables import LibraryFileRow  # noqa: F401 - likewise
from provisioner.inventory.fetches import metadata as events_metadata
from provisioner.inventory.staged import StagedRow  # noqa: F401 - likewise
from provisioner.inventory.tables import Base, StampRow
from provisioner.secrets import Box
from web.accounts.tables import UserRow  # noqa: F401 - likewise

FOLDER = Path(__file__).parent / "migrations"
LINES: dict[str, MetaData] = {
    "inventory": Base.metadata,
    "events": events_metadata,
    "monitoring": monitoring_metadata,
}
_KEY_CHECK = "bellwire"
_TURN = 0x62656C6C


def config_for(line: str, database: Database) -> Config:
    """Return Alembic's configuration for one line of scripts."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER / line))
    config.set_main_option("path_separator", "os")
    config.attributes["database"] = database
    return config


def upgrade(line: str, database: Database, revision: str = "head") -> None:
    """Run the missing scripts; takes no lock when none is."""
    config = config_for(line, database)
    if revision == "head" and _is_newest(line, database, config):
        return
    command.upgrade(config, revision)


def _is_newest(line: str, database: Database, config: Config) -> bool:
    with database.reader.connect() as connection:
        there = MigrationContext.configure(
            connection, opts={"version_table": f"alembic_{line}"}
        ).get_current_heads()
    return bool(there) and set(there) == set(ScriptDirectory.from_config(config).get_heads())


def downgrade(line: str, database: Database, revision: str) -> None:
    """Go back to a revision; ``base`` removes all tables."""
    command.downgrade(config_for(line, database), revision)


def run(line: str) -> None:
    """What ``env.py`` does: run scripts on the database that ``config_for`` was given."""
    database: Database = context.config.attributes["database"]
    # one transaction for all scripts, begun before it is read which are missing: else a process
    # that starts at the same time runs one of them again
    with database.writer.connect() as connection, connection.begin():
        if not database.is_sqlite:  # SQLite has locked already
            connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
        context.configure(
            connection=connection,
            target_metadata=LINES[line],
            version_table=f"alembic_{line}",
            render_as_batch=database.is_sqlite,
            include_object=lambda _o, name, kind, _r, _c: (
                kind != "table" or name in LINES[line].tables
            ),
        )
        with context.begin_transaction():
            context.run_migrations()


def has_key(database: Database) -> bool:
    """Whether something was stored with a key already."""
    with database.read() as session:
        return bool(session.scalars(select(StampRow.key_check)).one())


def check_key(database: Database, box: Box) -> None:
    """Make sure that the key file belongs to this database.

    Raises:
        SecretsError: the data was written with another key.
    """
    with database.read() as session:
        sealed = session.scalars(select(StampRow.key_check)).one()
    if sealed:
        if box.open(sealed).get_secret_value() != _KEY_CHECK:
            raise SecretsError("the key file is not the one this data was written with")
        return
    with database.write() as session:
        session.execute(update(StampRow).values(key_check=box.seal(_KEY_CHECK)))
