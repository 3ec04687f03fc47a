"""What the tests of Snom's templates share: a server of rendered files and booted phones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Preset
from provisioner.inventory.records import Accessory
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render
from tests.kits import make_kit
from web.simulated.device import Fetched, SimulatedDevice
from web.simulated.snom import maker
from web.simulated.snom_spec import Line, SnomSpec

MAC = "00041396d9b4"
NASTY = """a&b<c>d"e'f;g=h#i%j]]>k"""
# a firmware of each dialect; the others have but one
FIRMWARE = {"desk-10": "10.1.169.16", "desk-8": "8.7.5.35"}
LINES: dict[str, Line] = {
    "desk-10": "desk", "desk-8": "desk", "paging": "desk", "rtx-dect": "rtx",
    "vtech": "conference", "vtech-c620": "c620", "vtech-m100": "m100", "vtech-m500": "m500",
    "vtech-core": "core", "m3": "m3",
}  # fmt: skip
_READ_AS = {"door_open": "dtmf", "emergency": "speed_dial"}


def provisioned() -> list[Model]:
    """Every Snom that has files of its own."""
    models = load().models.values()
    return [m for m in models if m.vendor == "snom" and m.dialects]


def speaking(model: Model) -> list[tuple[str, str | None]]:
    """Each dialect of a model, with a firmware that speaks it."""
    return [(entry.id, FIRMWARE.get(entry.id)) for entry in model.dialects]


def cases() -> Iterator[tuple[Model, Preset, str, str | None]]:
    """Every model with every preset that fits, in every dialect it can speak."""
    for model in provisioned():
        for preset in load().presets_for(model):
            for dialect, firmware in speaking(model):
                yield model, preset, dialect, firmware


def spec_of(model: Model, dialect: str) -> SnomSpec:
    """What a simulated device must know of its own body; the rest it reads."""
    counts = {group.id: group for group in model.keys}
    soft = counts.get("soft")
    return SnomSpec(
        model.id,
        model.type_string,
        LINES[dialect],
        model.accounts,
        keys=counts["line"].count if "line" in counts else 0,
        soft_keys=soft.count if soft else 0,
        soft_first=soft.first if soft else 0,
    )


def full_kit(model: Model, preset: str, firmware: str | None, **changes: Any) -> PhoneKit:
    """A kit with all that hangs on a phone: modules on a desk phone, handsets on a base."""
    changes.setdefault("extensions", ("2214", "2215")[: model.accounts])
    changes.setdefault("handsets", min(3, model.dect.handsets) if model.dect else 0)
    if model.expansion:
        module = Accessory(model.expansion.models[0], model.expansion.max)
        changes.setdefault("accessories", (module,))
    return make_kit(model.id, preset, mac=MAC, firmware=firmware, **changes)


def serve(files: tuple[RenderedFile, ...]) -> Callable[[str, str], Fetched]:
    """A server that has these files, under any directory, and a page for everything else."""
    bodies = {n.lower(): f.body for f in files for n in (f.name, *f.aliases)}

    def fetch(url: str, agent: str) -> Fetched:
        body = bodies.get(unquote(url).rsplit("/", 1)[-1].lower())
        return Fetched(404, b"<html>not here</html>") if body is None else Fetched(200, body)

    return fetch


def device_of(kit: PhoneKit, fetch: Callable[[str, str], Fetched]) -> SimulatedDevice:
    """The kit's device, switched off; with the kit's modules where it can have some."""
    spec = spec_of(kit.model, kit.dialect.id)
    device = maker(spec)(str(kit.phone.mac), fetch, kit.firmware or "")
    if kit.plan.modules:
        device.modules = len(kit.plan.modules)  # type: ignore[attr-defined]
    return device


def booted(kit: PhoneKit) -> SimulatedDevice:
    """The kit's device after it has fetched the kit's files."""
    device = device_of(kit, serve(render(load().folder, kit)))
    device.boot(dhcp_url=kit.urls.directory.text)
    return device


def wanted_keys(kit: PhoneKit) -> dict[str, tuple[str, str, str]]:
    """Type word, value and label by slot, in the words of a simulated phone."""
    made = {}
    for placed in kit.plan.slots:
        if placed.key is not None:
            kind = _READ_AS.get(placed.key.type, placed.key.type.value)
            value = "" if kind in {"line", "voicemail"} else placed.key.value
            made[placed.slot.id] = (kind, value, placed.key.label)
    return made


def keys_read(device: SimulatedDevice) -> dict[str, tuple[str, str, str]]:
    """The function keys as a device understood them, without those under its screen."""
    keys = device.config.keys
    return {k.slot: (k.type, k.value, k.label) for k in keys if not k.slot.startswith("soft-")}
