"""Every model, every dialect it can speak, every fitting preset: what goes in comes out.

The simulated phone reads what is rendered and says which accounts, keys, zone, VLAN and server
it understood; these equal the kit.
"""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Kind, Model
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from tests.kits import make_kit
from tests.yealink_phones import booted, firmwares, handsets_for, models, wanted_keys
from web.simulated.device import DeviceConfig

SETTINGS: dict[str, object] = {"network": {"vlan_id": 321}}


def wanted_accounts(kit: PhoneKit) -> list[tuple[object, ...]]:
    sip = kit.settings.sip
    return [
        (
            line.number, line.user, line.auth_user, line.secret.get_secret_value(),
            line.display_name, line.label, sip.registrar, sip.port, sip.transport, sip.expires_s,
            sip.dtmf, line.voicemail and kit.settings.calls.voicemail_lamp,
        )
        for line in kit.lines[: kit.model.accounts]
    ]  # fmt: skip


def accounts_of(config: DeviceConfig) -> list[tuple[object, ...]]:
    return [
        (
            a.number, a.user, a.auth_user, a.secret, a.display_name, a.label, a.server, a.port,
            a.transport, a.expires_s, a.dtmf, a.mwi,
        )
        for a in config.accounts
    ]  # fmt: skip


def same(kit: PhoneKit, config: DeviceConfig) -> None:
    clock = kit.clock
    start, end = clock.start, clock.end
    assert accounts_of(config) == wanted_accounts(kit)
    assert config.keys == wanted_keys(kit)
    assert [(h.slot, h.name, h.account) for h in config.handsets] == [
        (h.slot, h.name, h.line.number) for h in kit.handsets
    ]
    assert config.utc_offset_min == clock.offset_min
    assert config.dst_start == (start and (start.month, start.week, start.weekday, start.hour))
    assert config.dst_end == (end and (end.month, end.week, end.weekday, end.hour))
    assert config.vlan_id == kit.settings.network.vlan_id == 321
    assert config.ntp_server == kit.settings.locale.ntp_servers[0]
    assert config.provisioning_url == kit.urls.directory.text
    assert config.emergency_numbers == kit.settings.emergency.numbers
    assert config.admin_password == kit.secrets.admin_password.get_secret_value()
    if kit.model.kind is not Kind.DECT_BASE or kit.handsets:
        assert config.language == "es"
    if kit.model.kind is not Kind.DECT_BASE:
        assert {a.hotline for a in config.accounts} == {kit.settings.calls.hotline}


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id.split("/")[1])
def test_every_preset_in_every_dialect(model: Model) -> None:
    catalogue = load()
    assert catalogue.presets_for(model)
    for dialect, firmware in firmwares(model).items():
        for preset in catalogue.presets_for(model):
            kit = make_kit(
                model.id, preset.id, firmware=firmware, handsets=handsets_for(model),
                settings=SETTINGS,
            )  # fmt: skip
            assert kit.dialect.id == dialect
            device = booted(kit)
            assert device.applied == 1
            same(kit, device.config)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id.split("/")[1])
def test_all_keys_of_phone_and_modules_at_once(model: Model) -> None:
    """As many busy lamps as the phone and all its modules can carry, and one more."""
    catalogue = load()
    modules = model.expansion.models[:1] if model.expansion else ()
    attached = [catalogue.models[m] for m in modules] * (
        model.expansion.max if model.expansion else 0
    )
    free = sum(
        group.count - len(group.reserved)
        for one in (model, *attached)
        for group in one.keys
        if group.fill and KeyType.BLF in group.accepts
    )
    keys = tuple(
        PhoneKey(type=KeyType.BLF, value=str(30000 + n), label=f"Room {n}") for n in range(free + 1)
    )
    accessories = tuple(Accessory(m, model.expansion.max) for m in modules if model.expansion)
    for firmware in firmwares(model).values():
        kit = make_kit(model.id, "dect-base", firmware=firmware, keys=keys, accessories=accessories)
        assert [left.key.value for left in kit.plan.left_over] == [str(30000 + free)]
        config = booted(kit).config
        assert config.keys == wanted_keys(kit)
        assert len(config.keys) == free
