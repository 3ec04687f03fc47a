"""Simulated Yealinks that fetched the files of a kit, and which kits there are."""

from __future__ import annotations

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.key_types import KeyType
from provisioner.keys import PlacedKey
from provisioner.kit import PhoneKit
from provisioner.render import RenderedFile, render
from web.simulated.device import Fetched, SimKey, SimulatedDevice
from web.simulated.yealink import DEVICES
from web.simulated.yealink_models import MODELS
from web.simulated.yealink_reading import STATIC_SINCE

OLD = "53.80.0.3"
OF_AN_ACCOUNT = {
    KeyType.LINE, KeyType.SPEED_DIAL, KeyType.EMERGENCY, KeyType.BLF, KeyType.INTERCOM,
    KeyType.PARK, KeyType.PICKUP, KeyType.GROUP_PICKUP, KeyType.VOICEMAIL,
}  # fmt: skip
SPOKEN = {KeyType.EMERGENCY: "speed_dial", KeyType.DOOR_OPEN: "dtmf"}
BEFORE_81 = frozenset({"v70", "v80", "singlecell-v80"})
# generations that exist, tried after the one a device of that model has
_GENERATIONS = (87, 80, 72)


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


def heard(placed: PlacedKey) -> SimKey:
    """The key as the device should understand it."""
    key = placed.key
    assert key is not None
    return SimKey(
        slot=placed.slot.id,
        type=SPOKEN.get(key.type, str(key.type)),
        value=key.value,
        label=key.label,
        account=key.account if key.type in OF_AN_ACCOUNT else 1,
        pickup=(key.pickup or "*8") if key.type is KeyType.BLF else "",
    )


def wanted_keys(kit: PhoneKit) -> tuple[SimKey, ...]:
    return tuple(
        heard(placed)
        for placed in kit.plan.slots
        if placed.key is not None and placed.key.type is not KeyType.NONE
    )


def models() -> list[Model]:
    """All Yealinks that have files of their own."""
    return [m for m in load().models.values() if m.vendor == "yealink" and m.dialects]


def firmwares(model: Model) -> dict[str, str]:
    """A firmware for each dialect that a model can speak."""
    family, own, *_ = MODELS[model.id].firmware.split(".")
    found: dict[str, str] = {}
    for generation in (int(own), *_GENERATIONS):
        firmware = f"{family}.{generation}.0.10"
        dialect = load().dialect_of(model, firmware).id
        if (generation < STATIC_SINCE) == (dialect in BEFORE_81):
            found.setdefault(dialect, firmware)
    assert set(found) == {entry.id for entry in model.dialects}, model.id
    return found


def handsets_for(model: Model) -> int:
    return 3 if model.dect else 0


def cases() -> list[tuple[str, str, str]]:
    """(model, its main preset, firmware), for every dialect of every model."""
    return [
        (model.id, load().main_preset(model).id, firmware)
        for model in models()
        for firmware in firmwares(model).values()
    ]
