"""Simulated Gigaset bases that fetched the files of a kit."""

from __future__ import annotations

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render
from web.simulated.device import Fetched
from web.simulated.gigaset import DEVICES, GigasetBase

MAC = "7c2f80e0d605"
NASTY = "p&<>\"'; =#%:x\\$5ñ/я${a}"


def models() -> list[Model]:
    """All bases that have a file of their own."""
    return [m for m in load().models.values() if m.vendor == "gigaset" and m.dialects]


def file_of(kit: PhoneKit, *, masked: bool = False) -> RenderedFile:
    (file,) = render(load().folder, kit, masked=masked)
    return file


def booted(kit: PhoneKit) -> GigasetBase:
    """A base that fetched its file from its token URL, and whatever else is there."""
    file = file_of(kit)
    bodies = {kit.urls.file(file.name).text: file.body}
    if kit.offer is not None:
        bodies[kit.offer.url.text] = b"image"

    def fetch(url: str, _agent: str) -> Fetched:
        return Fetched(200, bodies[url]) if url in bodies else Fetched(404)

    device = DEVICES[kit.model.id](kit.phone.mac, fetch, kit.firmware or "")
    assert isinstance(device, GigasetBase)
    device.boot(dhcp_url=kit.urls.directory.text)
    assert device.refused == []
    return device
