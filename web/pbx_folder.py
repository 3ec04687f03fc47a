"""A stored site as its PBX must know it, and files in a folder of the PBX's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from provisioner.delivery import utc_now
from provisioner.inventory import store
from provisioner.inventory.phones import require_site
from provisioner.pbx.asterisk import PbxFile
from provisioner.pbx.site import PbxSite, pbx_site
from provisioner.soft_phones.links import soft_phones_of
from web.installation import Installation

FILE_MODE = 0o640


def pbx_of(installation: Installation, site: str) -> PbxSite:
    """Return a stored site as its PBX must know it.

    Raises:
        UnknownThingError: no such site.
    """
    with installation.database.read() as session:
        require_site(session, site)
        held = store.stored(session, installation.box, [site])
        soft_phones = soft_phones_of(session, site, utc_now())
    return replace(pbx_site(installation.catalogue, held, site), soft_phones=soft_phones)


def write_pbx_files(files: Iterable[PbxFile], out: Path) -> None:
    """Write files for the PBX's group alone; a reader sees the old file or the new one."""
    out.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = out / file.name
        fresh = target.with_suffix(".new")
        fresh.touch(mode=FILE_MODE)
        fresh.write_text(file.text, encoding="utf-8")
        fresh.replace(target)
