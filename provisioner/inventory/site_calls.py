"""The part ``calls`` of a site file as a record, once everything in it can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from provisioner.inventory.calls_plan import site_plan, unreadable
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Site
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_yaml import Path_


def with_calls(
    site: Site, written: FileCalls | None, extensions: Iterable[str], source: SiteFile, path: Path_
) -> Site:
    """Return a site with its rules of calls.

    Args:
        site: without them.
        written: the part ``calls``; None: the site has none.
        extensions: all accounts of the site.
        source: the file.
        path: where the site stands in it.

    Raises:
        SiteFileError: a number, mask or extension cannot be read; names its field.
    """
    if written is None:
        return site
    calls = written.record()
    for where, why in unreadable(calls, site_plan(site, extensions, calls)):
        raise source.error((*path, "calls", *where), why)
    return replace(site, calls=calls)
