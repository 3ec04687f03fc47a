"""What is in the databases, read without changing or migrating anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from provisioner.config import Settings
from provisioner.secrets import Box
from web.backups.manifest import DATABASES, BackupError

ROWS = 500


@dataclass(frozen=True, slots=True)
class Contents:
    """What an installation holds, as far as a backup is compared by it."""

    revisions: dict[str, str]
    phones: int
    rendered_files: int
    rendered: str
    contents: tuple[str, ...]


def engines_of(folder: Path) -> dict[str, Engine]:
    """Return engines for SQLite files that nobody writes to, by line of migrations."""
    return {
        line: create_engine(f"sqlite:///file:{folder / name}?mode=ro&uri=true", poolclass=NullPool)
        for line, name in DATABASES.items()
    }


def live_engines(settings: Settings) -> dict[str, Engine]:
    """Return engines for the databases of an installation, by line of migrations."""
    urls = {
        "inventory": settings.main_url,
        "events": settings.events_url,
        "monitoring": settings.monitoring_url,
    }
    return {
        line: create_engine(url, poolclass=NullPool, hide_parameters=True)
        for line, url in urls.items()
    }


def contents(engines: Mapping[str, Engine], box: Box) -> Contents:
    """Read databases, and decrypt every rendered file.

    Raises:
        SecretsError: something was encrypted with another key.
        BackupError: there are no databases of bellwire, or a rendered file is not what it was.
    """
    try:
        with engines["inventory"].connect() as connection:
            count, rendered = rendered_digest(connection, box)
            phones = connection.execute(text("select count(*) from phone")).scalar_one()
            digests = connection.execute(text("select distinct digest from library_file"))
            library = tuple(sorted(digests.scalars()))
        return Contents(_revisions(engines), phones, count, rendered, library)
    except OperationalError as problem:
        raise BackupError(f"the databases cannot be read: {problem.orig}") from problem


def rendered_digest(connection: Connection, box: Box) -> tuple[int, str]:
    """Return how many rendered files there are, and one digest over their names and bytes.

    Raises:
        SecretsError: one was encrypted with another key.
        BackupError: one is not what it was when it was stored.
    """
    key_check = connection.execute(text("select key_check from stamp")).scalar_one()
    if key_check:
        box.open(key_check)
    made, count = hashlib.sha256(), 0
    query = text("select mac, name, body, digest from rendered order by mac, name")
    for mac, name, body, digest in connection.execute(query, execution_options={"yield_per": ROWS}):
        found = hashlib.sha256(box.open_body(bytes(body))).hexdigest()
        if found != digest:
            raise BackupError(f"{mac}: the stored file {name} is damaged")
        made.update(f"{mac} {name} {digest}\n".encode())
        count += 1
    return count, made.hexdigest()


def _revisions(engines: Mapping[str, Engine]) -> dict[str, str]:
    found = {}
    for line, engine in engines.items():
        table = f"alembic_{line}"
        with engine.connect() as connection:
            if inspect(connection).has_table(table):
                query = text(f"select version_num from {table}")  # noqa: S608 - a fixed name
                found[line] = str(connection.execute(query).scalar_one_or_none() or "")
    return found
