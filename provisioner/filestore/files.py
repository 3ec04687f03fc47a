"""The files of the library: added, listed, chosen for a phone, removed when nobody uses them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import DuplicateError, InventoryError, UnknownThingError
from provisioner.filestore.findings import FileRefusedError, Findings
from provisioner.filestore.formats import MAX_BYTES, FileKind
from provisioner.filestore.intake import Label, Wanted, check_content, label_of
from provisioner.filestore.tables import LibraryFileRow
from provisioner.filestore.users import users_of
from provisioner.filestore.vault import Content, Vault
from provisioner.inventory.audit import note
from provisioner.inventory.phones import require_site


@dataclass(frozen=True, slots=True)
class Added:
    """A file that is in the library now.

    Attributes:
        is_new: False: it was there already, exactly so.
    """

    row: LibraryFileRow
    warnings: tuple[str, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Library:
    """What files are added and removed with."""

    database: Database
    catalogue: Catalogue
    vault: Vault

    def add(self, wanted: Wanted, who: str) -> Added:
        """Check a file and keep it; its bytes first, so that a name always leads to them. Audited.

        Raises:
            FileRefusedError: it is not what it should be.
            DuplicateError: another file has that name already.
            UnknownThingError: there is no such vendor, model or site.
        """
        label = label_of(self.catalogue, wanted)
        if wanted.site:
            with self.database.read() as session:
                require_site(session, wanted.site)

        def check(file: Path, content: Content) -> Findings:
            if wanted.sha256 and wanted.sha256.strip().lower() != content.digest:
                raise FileRefusedError(
                    f"{label.name}: its SHA-256 is {content.digest}, not {wanted.sha256}"
                )
            return check_content(self.catalogue, wanted, label, file)

        content, findings = self.vault.take(wanted.file, MAX_BYTES[wanted.kind], check)
        now = datetime.now(UTC).replace(tzinfo=None)
        values = _values(wanted, label, content, findings)
        with self.database.write() as session:
            held = _held(session, values)
            if held is not None:
                return Added(held, findings.warnings, is_new=False)
            row = LibraryFileRow(**values, added_at=now, added_by=who[:100])
            session.add(row)
            session.flush()
            note(session, now, who, f"{wanted.kind}-add", label.name, f"sha256 {content.digest}")
        return Added(row, findings.warnings, is_new=True)

    def remove(self, name: str, kinds: Iterable[FileKind], who: str) -> LibraryFileRow:
        """Forget a file, and its bytes when no other name leads to them. Audited.

        Args:
            name: its name or number.
            kinds: which it may be of.
            who: for the audit log.

        Raises:
            UnknownThingError: there is none, or more than one, of that name.
            InventoryError: it is in use; names who uses it.
        """
        now = datetime.now(UTC).replace(tzinfo=None)
        with self.database.write() as session:
            row = the_file(session, name, kinds)
            users = users_of(session, row)
            if users:
                shown = "; ".join(users[:5]) + ("; ..." if len(users) > 5 else "")  # noqa: PLR2004
                raise InventoryError(f"{row.name} is in use by {shown}")
            session.execute(delete(LibraryFileRow).where(LibraryFileRow.id == row.id))
            same = select(func.count()).select_from(LibraryFileRow)
            others = session.scalars(same.where(LibraryFileRow.digest == row.digest)).one()
            note(session, now, who, f"{row.kind}-remove", row.name, f"sha256 {row.digest}")
        if not others:
            self.vault.discard(row.digest)
        return row

    def sweep(self, older_than_s: float = 3600.0) -> int:
        """Remove bytes that a crash left without a name; returns how many files."""
        with self.database.read() as session:
            kept = set(session.scalars(select(LibraryFileRow.digest)))
        return self.vault.sweep(kept, older_than_s)


def all_files(session: Session, kinds: Iterable[FileKind]) -> list[LibraryFileRow]:
    """Return the files of these kinds, by name."""
    query = select(LibraryFileRow).where(LibraryFileRow.kind.in_([str(k) for k in kinds]))
    return list(session.scalars(query.order_by(LibraryFileRow.name, LibraryFileRow.id)))


def the_file(session: Session, name: str, kinds: Iterable[FileKind]) -> LibraryFileRow:
    """Return the one file of a name or number; raises UnknownThingError."""
    rows = all_files(session, kinds)
    found = [row for row in rows if row.name.lower() == name.lower()]
    found = found or [row for row in rows if str(row.id) == name]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{row.id} ({_for_whom(row)})" for row in found)
        raise UnknownThingError(f"several files are called {name!r}; say its number: {several}")
    known = ", ".join(row.name for row in rows[:20]) or "none"
    raise UnknownThingError(f"the library has no {name!r}; known are: {known}")


def best_for(rows: Iterable[LibraryFileRow], site: str, model: str) -> LibraryFileRow | None:
    """Return the file that a phone gets among those of one name: its site's own first. Pure."""
    fitting = [
        row for row in rows if row.site_id in {"", site} and fits(row.vendor, row.models, model)
    ]
    return max(fitting, key=lambda r: (bool(r.site_id), bool(r.models), r.id), default=None)


def fits(vendor: str, models: Sequence[Any], model: str) -> bool:
    """Whether a file with such a label is for a model. Pure."""
    if models:
        return model in models
    return not vendor or model.startswith(f"{vendor}/")


def _for_whom(row: LibraryFileRow) -> str:
    return " ".join(filter(None, [row.site_id, row.vendor, *map(str, row.models)])) or "for all"


def _held(session: Session, values: dict[str, Any]) -> LibraryFileRow | None:
    """The same file, already there; raises DuplicateError when it is another one."""
    query = select(LibraryFileRow).where(func.lower(LibraryFileRow.name) == values["name"].lower())
    for row in session.scalars(query):
        if (row.site_id, row.fits) != (values["site_id"], values["fits"]):
            continue
        differing = [name for name, value in values.items() if getattr(row, name) != value]
        if not differing:
            return row
        raise DuplicateError(
            f"the library has a {row.kind} {row.name} already, with another "
            f"{' and '.join(differing)}; remove it first or say --name"
        )
    return None


def _values(wanted: Wanted, label: Label, content: Content, findings: Findings) -> dict[str, Any]:
    models = [model.id for model in label.models]
    return {
        "name": label.name,
        "kind": str(wanted.kind),
        "site_id": wanted.site,
        "vendor": label.vendor,
        "models": models,
        "fits": _fits(label.vendor, models),
        "handset": label.handset,
        "version": wanted.version,
        "digest": content.digest,
        "size_bytes": content.size_bytes,
        "media_type": findings.media_type,
        "facts": dict(findings.facts),
    }


def _fits(vendor: str, models: list[str]) -> str:
    """What tells files of one name apart: for whom they are."""
    return hashlib.sha256(" ".join([vendor, *models]).encode()).hexdigest() if vendor else ""
