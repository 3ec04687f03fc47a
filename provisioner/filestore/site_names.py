"""The files of the library that a site file names: they must be there."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.filestore.formats import SETTINGS
from provisioner.filestore.tables import LibraryFileRow
from provisioner.filestore.users import SCHEME, names_in
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_settings import layers_of


def check_library_names(session: Session, sources: Iterable[SiteFile]) -> None:
    """Refuse a setting that names a file which the library does not have for its site.

    Raises:
        SiteFileError: names file, line and setting.
    """
    columns = (LibraryFileRow.name, LibraryFileRow.kind, LibraryFileRow.site_id)
    rows = [(name.lower(), kind, site) for name, kind, site in session.execute(select(*columns))]
    for source in sources:
        for number, site in enumerate(source.content.sites):
            there = {name: kind for name, kind, owner in rows if owner in {"", site.id}}
            for path, layer, above in layers_of(site, ("sites", number)):
                for setting, name in names_in(layer) if not above else ():
                    problem = _problem(there, setting, name)
                    if problem:
                        raise source.error((*path, *setting.split(".")), problem)


def _problem(there: dict[str, str], setting: str, name: str) -> str:
    kind = there.get(name.lower())
    wanted = SETTINGS[setting]
    if kind is None:
        known = ", ".join(sorted(n for n, k in there.items() if k == wanted)) or "none"
        return (
            f"the library has no {wanted} {name!r}; it has: {known} "
            f"(bellwire files add FILE --kind {wanted} brings one in)"
        )
    return "" if kind == wanted else f"{SCHEME}{name} is a {kind}, not a {wanted}"
