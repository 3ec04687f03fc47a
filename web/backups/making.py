"""Making a backup of an installation that runs on.

1. The key, then a copy of each database by SQLite's own backup: each copy is of one moment. 2. The
copies are read and every rendered file decrypted with the copied key: if the key was being rotated
meanwhile, all is done again. 3. The library's contents, which never change: shared with the backup
before by hard links. 4. The folder gets its name, and so begins to exist, at the very end.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from provisioner.config import Settings
from provisioner.errors import SecretsError
from provisioner.secrets import Box
from web.backups.manifest import (
    DATABASES,
    KEY,
    LIBRARY,
    MANIFEST,
    PIECE_BYTES,
    PLAIN_FILES,
    BackupError,
    Manifest,
    digest_of,
)
from web.backups.reading import Contents, contents, engines_of, live_engines

ATTEMPTS = 3
FOLDER_MODE, FILE_MODE = 0o700, 0o600
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup."""

    folder: Path
    manifest: Manifest
    size_bytes: int


def make_backup(settings: Settings, out: Path, at: datetime) -> Backup:
    """Copy everything that cannot be made anew into a new folder below ``out``.

    Args:
        settings: of the installation; its servers may run.
        out: where backups are kept; made when it is not there (mode 0700).
        at: now, naive UTC; the folder is named by it.

    Raises:
        BackupError: there is nothing to copy, or what was copied is damaged.
        SecretsError: the key file is missing or is not the one of the data.
        OSError: the disk is full.
    """
    _check_source(settings)
    out.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=out))
    try:
        held = _copied(settings, fresh)
        _copy_library(settings.data / LIBRARY, held.contents, fresh / LIBRARY, backups_in(out))
        is_sqlite = _is_sqlite(settings)
        manifest = Manifest(
            bellwire=version("bellwire"),
            made_at=at,
            database="sqlite" if is_sqlite else "postgresql",
            revisions=held.revisions,
            files={f.name: digest_of(f) for f in sorted(fresh.iterdir()) if f.is_file()},
            contents=held.contents,
            phones=held.phones,
            rendered=held.rendered,
        )
        (fresh / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        to_disk(fresh)
        folder = _named(fresh, out, at)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return Backup(folder, manifest, sum(f.stat().st_size for f in folder.rglob("*")))


def backups_in(out: Path) -> list[Path]:
    """Return the finished backups of a folder, oldest first."""
    found = out.iterdir() if out.is_dir() else iter(())
    return sorted(f for f in found if _NAME.fullmatch(f.name) and (f / MANIFEST).is_file())


def forget_old(out: Path, keep: int) -> list[Path]:
    """Remove all backups but the newest; returns those that are gone."""
    old = backups_in(out)[:-keep]
    for folder in old:
        (folder / MANIFEST).unlink()  # from here on it is none, whatever stops us
        shutil.rmtree(folder)
    return old


def _check_source(settings: Settings) -> None:
    if not settings.secret_key_file.is_file():
        raise SecretsError(f"{settings.secret_key_file} is missing; without it data is worthless")
    if _is_sqlite(settings) and not (settings.data / DATABASES["inventory"]).is_file():
        raise BackupError(f"{settings.data}: there is no bellwire data")


def _is_sqlite(settings: Settings) -> bool:
    return settings.main_url.startswith("sqlite")


def _copied(settings: Settings, fresh: Path) -> Contents:
    """Copy key, databases and small files; try again when a key rotation came in between."""
    for attempt in range(ATTEMPTS):
        shutil.copyfile(settings.secret_key_file, fresh / KEY)
        (fresh / KEY).chmod(FILE_MODE)
        try:
            return _databases(settings, fresh)
        except SecretsError:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError  # the last attempt returns or raises


def _databases(settings: Settings, fresh: Path) -> Contents:
    for name in PLAIN_FILES:
        if (settings.data / name).is_file():
            shutil.copyfile(settings.data / name, fresh / name)
    box = Box(fresh / KEY)
    if not _is_sqlite(settings):
        return contents(live_engines(settings), box)
    for name in DATABASES.values():
        _copy_database(settings.data / name, fresh / name)
    held = contents(engines_of(fresh), box)
    for name in DATABASES.values():
        _pack(fresh / name)
    return held


def _copy_database(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
    except sqlite3.Error as problem:
        raise BackupError(f"{source}: {problem}") from problem
    if found != "ok":
        raise BackupError(f"{source} is damaged: {found}")


def _pack(file: Path) -> None:
    packed = file.with_name(file.name + ".gz")
    with file.open("rb") as source, gzip.open(packed, "wb", compresslevel=3) as target:
        shutil.copyfileobj(source, target, PIECE_BYTES)
    packed.chmod(FILE_MODE)
    file.unlink()


def _copy_library(
    library: Path, wanted: tuple[str, ...], target: Path, earlier: list[Path]
) -> None:
    target.mkdir(mode=FOLDER_MODE)
    before = earlier[-1] / LIBRARY if earlier else None
    for digest in wanted:
        if before is not None and (before / digest).is_file():
            os.link(before / digest, target / digest)
            continue
        if not (library / digest).is_file():
            raise BackupError(f"{library / digest} is missing: a file of the library is lost")
        shutil.copyfile(library / digest, target / digest)
        if digest_of(target / digest) != digest:
            raise BackupError(f"{library / digest} is damaged")


def _named(fresh: Path, out: Path, at: datetime) -> Path:
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    for name in _names(stamp):
        if not (out / name).exists():
            return fresh.rename(out / name)
    raise AssertionError  # names do not end


def _names(stamp: str) -> Iterator[str]:
    yield stamp
    number = 2
    while True:
        yield f"{stamp}-{number}"
        number += 1


def to_disk(folder: Path) -> None:
    """Bring all files of a folder to the disk, and then their names."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
