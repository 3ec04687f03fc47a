"""What a backup says of itself: which files, from which version, and what they must add up to."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from provisioner.errors import BellwireError

MANIFEST = "manifest.json"
KEY = "secret.key"
LIBRARY = "library"
DATABASES = {"inventory": "bellwire.db", "events": "events.db", "monitoring": "monitoring.db"}
"""Files of the databases under SQLite, by their line of migrations."""
PLAIN_FILES = ("switch_host_keys", "SIMULATED")
"""What else a data folder may hold that cannot be made anew."""
PIECE_BYTES = 1024 * 1024


class BackupError(BellwireError):
    """A backup cannot be made, is damaged or may not be put back there."""


class Manifest(BaseModel):
    """The file ``manifest.json`` of a backup.

    Attributes:
        database: ``postgresql``: the databases are not in this folder, a dump of them is needed.
        revisions: the newest migration of each database.
        files: SHA-256 by name of every file, the library's excepted: those are named by theirs.
        contents: names of the library's contents.
        phones: how many the inventory has.
        rendered: a digest over all rendered files, see ``reading.rendered_digest``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    bellwire: str
    made_at: datetime
    database: Literal["sqlite", "postgresql"]
    revisions: dict[str, str]
    files: dict[str, str]
    contents: tuple[str, ...]
    phones: int
    rendered: str


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says of itself.

    Raises:
        BackupError: it is no backup, or one of a form that this version does not know.
    """
    file = folder / MANIFEST
    try:
        return Manifest.model_validate_json(file.read_bytes())
    except OSError as problem:
        raise BackupError(f"{folder} is no backup: {MANIFEST}: {problem.strerror}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BackupError(f"{file}: {key}: {first['msg']}") from problem


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
