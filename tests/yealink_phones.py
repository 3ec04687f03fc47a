"""Simulated Yealinks that fetched the files of a kit, and which kits there are."""

from __future__ import annotations

from provisioner.catalogue.loader import load
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render
from web.simulated.device import Fetched, SimulatedDevice
from web.simulated.yealink import DEVICES

OLD = "53.80.0.3"


def files_of(kit: PhoneKit, *, masked: bool = False) -> tuple[RenderedFile, ...]:
    return render(load().folder, kit, masked=masked)


def booted(kit: PhoneKit) -> SimulatedDevice:
    """A device that fetched the files of a kit from its token URL."""
    bodies = {kit.urls.file(f.name).text: f.body for f in files_of(kit)}

    def fetch(url: str, _agent: str) -> Fetched:
        return Fetched(200, bodies[url]) if url in bodies else Fetched(404)

    device = DEVICES[kit.model.id](kit.phone.mac, fetch, kit.firmware or "")
    device.boot(dhcp_url=kit.urls.directory.text)
    return device


def cases() -> list[tuple[str, str, str | None]]:
    catalogue = load()
    firmwares = {"yealink/t19p-e2": OLD, "yealink/w70b": "146.87.0.18"}
    return [
        (model.id, preset.id, firmware)
        for model in catalogue.models.values()
        if model.vendor == "yealink" and model.dialects
        for preset in catalogue.presets.values()
        if model.kind in preset.kinds and preset.needs <= model.features
        for firmware in dict.fromkeys((DEVICES[model.id]("0" * 12, _nothing, "").firmware,
                                       firmwares.get(model.id)))
        if firmware
    ]  # fmt: skip


def _nothing(_url: str, _agent: str) -> Fetched:
    return Fetched(404)
