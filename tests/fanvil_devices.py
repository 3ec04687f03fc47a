"""Fanvil files as rendered, and as a simulated Fanvil device understands them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import ceil

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import KeyGroup, Model
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render, render_first_contact
from tests.kits import make_kit
from web.simulated import fanvil_spec as known
from web.simulated.device import DeviceConfig, Fetch, Fetched, SimulatedDevice
from web.simulated.fanvil import maker
from web.simulated.fanvil_meaning import KeyBlock
from web.simulated.fanvil_spec import FanvilSpec

VENDOR = "fanvil"
FIRMWARE = {"new": "2.12.20", "old": "1.12.2"}


def provisioned() -> list[str]:
    """Every model that gets a file."""
    return sorted(m.id for m in load().models.values() if m.vendor == VENDOR and m.dialects)


def spoken() -> list[tuple[str, str]]:
    """Every model with a firmware for each generation of names that it speaks."""
    return [
        (model, FIRMWARE[generation])
        for model in provisioned()
        for generation in dict.fromkeys(
            _generation(entry.id) for entry in load().models[model].dialects
        )
    ]


def fitting() -> list[tuple[str, str, str]]:
    """Every model, firmware and preset that go together."""
    return [
        (model, firmware, preset.id)
        for model, firmware in spoken()
        for preset in load().presets_for(load().models[model])
    ]


@cache
def spec_of(model_id: str, firmware: str) -> FanvilSpec:
    """What the simulated device of a model is: names and counts are the catalogue's, what they
    mean is the simulation's own."""
    model = load().models[model_id]
    dialect = load().dialect_of(model, firmware)
    generation = _generation(dialect.id)
    groups = [_block(group, generation) for group in model.keys]
    return FanvilSpec(
        model_id=model.id,
        product=model.agents[0],
        generation="old" if generation == "old" else "new",
        lines=model.accounts,
        blocks=tuple(groups),
        firmware=firmware,
        common_file=f"{model.code}.cfg" if model.code else "",
        firmware_list=model.firmware_name,
        own_endings=tuple(f".{name.rsplit('.', 1)[1]}" for name in own_names(model, dialect.id)),
        is_desk=generation == "old" and model.kind == "desk",
        seller="Nethesis" if model.name.startswith("NP-") else "Fanvil",
    )


def own_names(model: Model, dialect_id: str) -> list[str]:
    files = load().vendors[VENDOR].dialect(dialect_id).files
    return [files[0].name, *files[0].aliases]


@cache
def kit_of(model: str, firmware: str, preset: str) -> PhoneKit:
    """A phone with as many accounts as it takes, two at most."""
    extensions = ("2214", "2215")[: load().models[model].accounts]
    return make_kit(model, preset, firmware=firmware, extensions=extensions)


@cache
def files_of(model: str, firmware: str, preset: str) -> tuple[RenderedFile, ...]:
    """Rendered once for all the tests that look at it."""
    return render(load().folder, kit_of(model, firmware, preset))


def body_of(kit: PhoneKit, *, masked: bool = False) -> str:
    files = render(load().folder, kit, masked=masked)
    return next(f for f in files if f.role == "device").body.decode()


def understood(kit: PhoneKit) -> DeviceConfig:
    return read_by_device(kit, render(load().folder, kit))


def read_by_device(kit: PhoneKit, files: Iterable[RenderedFile]) -> DeviceConfig:
    """What the simulated device makes of the phone's files in its first cycle."""
    bodies = {name: file.body for file in files for name in (file.name, *file.aliases)}

    def fetch(url: str, _agent: str) -> Fetched:
        body = bodies.get(url.rsplit("/", 1)[-1])
        return Fetched(404) if body is None else Fetched(200, body)

    return device_of(kit, fetch).boot(dhcp_url=kit.urls.directory.text, cycles=1)


def boot_from_nothing(kit: PhoneKit) -> DeviceConfig:
    """Boot a fresh device on the site's plain URL, where only the first contact is answered."""
    first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    site = {f"{kit.urls.base}{n}": f.body for f in first for n in (f.name, *f.aliases)}
    own = {
        kit.urls.file(name).text: file.body
        for file in render(load().folder, kit)
        for name in (file.name, *file.aliases)
    }

    def fetch(url: str, _agent: str) -> Fetched:
        body = (site | own).get(url)
        return Fetched(404) if body is None else Fetched(200, body)

    return device_of(kit, fetch).boot(dhcp_url=f"{kit.urls.base}$mac.cfg")


def device_of(kit: PhoneKit, fetch: Fetch) -> SimulatedDevice:
    firmware = kit.firmware or FIRMWARE[_generation(kit.dialect.id)]
    return maker(spec_of(kit.model.id, firmware))(str(kit.phone.mac), fetch, "")


def _generation(dialect_id: str) -> str:
    return dialect_id.split("-", 1)[0]


def _block(group: KeyGroup, generation: str) -> KeyBlock:
    if generation == "old":
        return known.OLD_SOFT if group.id == "soft" else known.function(group.id, group.count)
    per_page = group.per_page or group.count
    pages = ceil(group.count / per_page)
    if group.id in {"side", "dss"}:
        return getattr(known, group.id)(per_page, pages)  # type: ignore[no-any-return]
    return known.EMERGENCY if group.id == "emergency" else known.soft_dss(group.id, group.count)
