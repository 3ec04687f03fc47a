"""What may come into the library: name, models, kind and content, checked against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.schema import Role
from provisioner.catalogue.versions import version_tuple
from provisioner.errors import UnknownThingError
from provisioner.filestore.findings import FileRefusedError, Findings
from provisioner.filestore.firmware_images import check_image
from provisioner.filestore.formats import (
    MAX_BYTES,
    FileKind,
    PictureRule,
    RingToneRule,
    formats_of,
)
from provisioner.filestore.pictures import check_picture
from provisioner.filestore.ring_tones import check_ring_tone
from provisioner.identify import read_name

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FREE_ROLES = frozenset({Role.FIRMWARE, Role.LANGUAGE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file as somebody wants to add it.

    Attributes:
        name: as phones will ask for it; empty: the file's own.
        site: empty: for all sites.
        models: names of models it is for; empty: for all of the vendor, or for all.
        handset: a DECT handset model: the image is for handsets, the models are their bases. Of a
            model that is no base: a part of it that has an image of its own.
        version: of a firmware, as phones report it.
        sha256: what its bytes must come to; empty: not said.
    """

    file: Path
    kind: FileKind
    name: str = ""
    site: str = ""
    vendor: str = ""
    models: tuple[str, ...] = ()
    handset: str = ""
    version: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """What a file is called and for whom it is: all that can be checked without its bytes."""

    name: str
    vendor: str
    models: tuple[Model, ...]
    handset: str = ""

    @property
    def is_for_a_part(self) -> bool:
        """Whether it is for a part of phones that are no DECT bases."""
        return bool(self.handset) and all(model.dect is None for model in self.models)


def label_of(catalogue: Catalogue, wanted: Wanted) -> Label:
    """Return a file's label.

    Raises:
        FileRefusedError: the name cannot be asked for by a phone, or something is left out.
        UnknownThingError: there is no such vendor or model.
    """
    name = wanted.name or wanted.file.name
    models = tuple(sorted({catalogue.model(m).id for m in wanted.models}))
    found = tuple(catalogue.models[m] for m in models)
    vendors = {model.vendor for model in found}
    vendor = wanted.vendor.lower() or (vendors.pop() if len(vendors) == 1 else "")
    if vendor and vendor not in catalogue.vendors:
        known = ", ".join(sorted(catalogue.vendors))
        raise UnknownThingError(f"there is no vendor {vendor!r}; known are: {known}")
    problem = next(_problems(catalogue, wanted, name, vendor, found), None)
    if problem is not None:
        raise FileRefusedError(f"{name}: {problem}")
    return Label(name, vendor, found, _as_known(wanted.handset, found))


def _as_known(handset: str, models: Iterable[Model]) -> str:
    """A handset model as the catalogue spells it, when it knows it."""
    known = [name for model in models if model.dect for name in model.dect.handset_models]
    return next((name for name in known if name.lower() == handset.lower()), handset)


def _problems(
    catalogue: Catalogue, wanted: Wanted, name: str, vendor: str, models: tuple[Model, ...]
) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield (
            "a name is made of letters, digits, points, hyphens and underscores, begins with a "
            "letter or digit and has at most 100 of them; say --name"
        )
    roles, _, _ = read_name(catalogue, name)
    if set(roles.values()) - _FREE_ROLES:
        yield "phones ask for that name when they want something else; say --name"
    strangers = [model.id for model in models if model.vendor != vendor]
    if strangers:
        yield f"one file is for the models of one vendor; {strangers[0]} is of another"
    if wanted.kind is FileKind.FIRMWARE:
        yield from _firmware_problems(wanted, models)
    elif wanted.handset or wanted.version:
        yield "only a firmware has a version or is for handsets"


def _firmware_problems(wanted: Wanted, models: tuple[Model, ...]) -> Iterator[str]:
    if not models:
        yield "say which models the firmware is for (--model)"
    if not _WORD.fullmatch(wanted.version) or not version_tuple(wanted.version):
        yield "say its version as the phones report it, such as 108.86.0.90 (--version)"
    if wanted.handset and not _WORD.fullmatch(wanted.handset):
        yield f"{wanted.handset!r} is no name of a handset model"
    if wanted.handset and len({model.dect is None for model in models}) > 1:
        yield "some of these models are DECT bases and some are not; add it for each kind"
    unserved = [model.id for model in models if not model.dialects]
    if unserved:
        yield f"{unserved[0]} is not provisioned by a file of its own"


def check_content(catalogue: Catalogue, wanted: Wanted, label: Label, content: Path) -> Findings:
    """Return what was found out about the bytes of a file.

    Raises:
        FileRefusedError: they are not what the label says.
    """
    known = formats_of(catalogue.folder, label.vendor)
    if wanted.kind is FileKind.FIRMWARE:
        found = check_image(content, label.name, known.firmware)
        if label.is_for_a_part:
            found = replace(found, facts={"part": True})
        return _warned(found, label, known.firmware)
    if wanted.kind is FileKind.RINGTONE:
        _check_size(content, label.name, known.ringtone, wanted.kind)
        found = check_ring_tone(content, label.name, known.ringtone)
        return _warned(found, label, known.ringtone)
    rule = known.logo if wanted.kind is FileKind.LOGO else known.wallpaper
    _check_size(content, label.name, rule, wanted.kind)
    return _warned(check_picture(content, label.name, rule, label.models), label, rule)


def _check_size(
    content: Path, name: str, rule: PictureRule | RingToneRule | None, kind: FileKind
) -> None:
    most = min(rule.max_bytes if rule else MAX_BYTES[kind], MAX_BYTES[kind])
    size = content.stat().st_size
    if size > most:
        raise FileRefusedError(f"{name}: {size} bytes are too many; at most {most}")


def _warned(found: Findings, label: Label, rule: object) -> Findings:
    """Findings that say so when nothing is known of what the vendor's phones take."""
    if rule is not None or not label.vendor:
        return found
    told = f"nothing is known of what {label.vendor} phones take: hardly anything was checked"
    return replace(found, warnings=(*found.warnings, told))
