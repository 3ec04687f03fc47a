"""The settings that a site file writes, checked where they are written."""

from __future__ import annotations

from collections.abc import Iterator

from provisioner.inventory.records import Layer
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_shape import FileSite
from provisioner.inventory.site_yaml import Path_
from provisioner.layers import first_wrong


def check_settings(source: SiteFile) -> None:
    """Refuse settings that no phone may have, also where no phone uses them yet.

    Raises:
        SiteFileError: names file, line and setting.
    """
    for number, site in enumerate(source.content.sites):
        for path, layer, above in layers_of(site, ("sites", number)):
            wrong = first_wrong({above: dict(layer)} if above else layer)
            if wrong is not None:
                inner, problem = wrong
                raise source.error((*path, *inner[1 if above else 0 :]), problem)


def layers_of(site: FileSite, path: Path_) -> Iterator[tuple[Path_, Layer, str]]:
    """Each layer with its path, and the section that it is the inside of."""
    yield (*path, "sip"), site.sip, "sip"
    yield (*path, "settings"), site.settings, ""
    for name, preset in site.presets.items():
        yield (*path, "presets", name, "settings"), preset.settings, ""
    for name, template in site.room_templates.items():
        yield (*path, "room_templates", name, "settings"), template.settings, ""
    for number, room in enumerate(site.rooms):
        here = (*path, "rooms", number)
        yield (*here, "settings"), room.settings, ""
        for position, phone in room.phones.items():
            yield (*here, "phones", position, "settings"), phone.settings, ""
