"""Putting a backup back into an empty data folder.

Everything is unpacked and checked beside its place first; nothing that is there is ever replaced.
"""

from __future__ import annotations

import gzip
import shutil
import tempfile
import zlib
from pathlib import Path

from alembic.script import ScriptDirectory

from provisioner.config import Settings
from provisioner.secrets import Box
from web.backups.making import FILE_MODE, FOLDER_MODE, to_disk
from web.backups.manifest import (
    DATABASES,
    KEY,
    LIBRARY,
    PIECE_BYTES,
    PLAIN_FILES,
    BackupError,
    Manifest,
    digest_of,
    read_manifest,
)
from web.backups.reading import contents, engines_of
from web.migrate import FOLDER


def restore(folder: Path, settings: Settings) -> Manifest:
    """Put a backup into the data folder that ``settings`` names, which must hold none.

    Under PostgreSQL only key and library come from the backup; a dump has the rest.

    Raises:
        BackupError: it is damaged, from a newer version, or there is data already.
        SecretsError: its key does not open its data.
        OSError: the disk is full.
    """
    manifest = read_manifest(folder)
    _check_version(manifest)
    if (manifest.database == "sqlite") != settings.main_url.startswith("sqlite"):
        raise BackupError(f"{folder} is of {manifest.database}, and the configuration is not")
    settings.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    _check_target(settings)
    fresh = Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.data))
    try:
        _unpack(folder, manifest, fresh)
        if manifest.database == "sqlite":
            _check_contents(manifest, fresh)
        to_disk(fresh)
        _place(fresh, settings)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return manifest


def _check_version(manifest: Manifest) -> None:
    for line, revision in manifest.revisions.items():
        scripts = ScriptDirectory(str(FOLDER / line))
        if revision not in {script.revision for script in scripts.walk_revisions()}:
            raise BackupError(
                f"the backup is of bellwire {manifest.bellwire}, newer than this one: its "
                f"{line} database is at {revision}; install that version first"
            )


def _check_target(settings: Settings) -> None:
    names = (*DATABASES.values(), KEY, LIBRARY, *PLAIN_FILES)
    there = [settings.data / name for name in names if (settings.data / name).exists()]
    if settings.secret_key_file.exists():
        there.append(settings.secret_key_file)
    if there:
        raise BackupError(f"{there[0]} is there already; move the old data away first")


def _unpack(folder: Path, manifest: Manifest, fresh: Path) -> None:
    for name, digest in manifest.files.items():
        _check_file(folder / name, digest)
        packed = name.endswith(".gz")
        target = fresh / name.removesuffix(".gz")
        opener = gzip.open if packed else open
        try:
            with opener(folder / name, "rb") as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, PIECE_BYTES)
        except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
            raise BackupError(f"{folder / name} is damaged: {problem}") from problem
        target.chmod(FILE_MODE)
    (fresh / LIBRARY).mkdir(mode=FOLDER_MODE)
    for digest in manifest.contents:
        _check_file(folder / LIBRARY / digest, digest)
        shutil.copyfile(folder / LIBRARY / digest, fresh / LIBRARY / digest)
        (fresh / LIBRARY / digest).chmod(0o640)


def _check_file(file: Path, digest: str) -> None:
    if not file.is_file():
        raise BackupError(f"{file} is missing from the backup")
    if digest_of(file) != digest:
        raise BackupError(f"{file} is damaged: it is not what was backed up")


def _check_contents(manifest: Manifest, fresh: Path) -> None:
    held = contents(engines_of(fresh), Box(fresh / KEY))
    if (held.phones, held.rendered) != (manifest.phones, manifest.rendered):
        raise BackupError("the backup is damaged: its phones' files are not those backed up")


def _place(fresh: Path, settings: Settings) -> None:
    """Move everything to its place, the inventory last: without it nothing is there."""
    names = [f.name for f in fresh.iterdir() if f.name not in {KEY, DATABASES["inventory"]}]
    settings.secret_key_file.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh / KEY, settings.secret_key_file)
    for name in [*names, DATABASES["inventory"]]:
        if (fresh / name).exists():
            (fresh / name).rename(settings.data / name)
