"""Every Snom, every preset that fits, every dialect: what goes in is what the phone understands."""

from __future__ import annotations

from itertools import groupby
from urllib.parse import urlsplit

import pytest

from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Preset
from provisioner.key_types import KeyType
from provisioner.kit import PhoneKit
from tests.snom_phones import booted, cases, full_kit, keys_read, provisioned, wanted_keys
from web.simulated.device import DeviceConfig, SimulatedDevice

# only the older 7xx have a key of their own for parked calls, others dial the number
_PARK = {"park": "speed_dial"}
BY_MODEL = {
    model: [case[1:] for case in group]
    for model, group in groupby(cases(), key=lambda case: case[0].id)
}


def test_all_models_are_here() -> None:
    assert len(BY_MODEL) == len(provisioned())
    assert len(BY_MODEL) >= 50
    assert sum(map(len, BY_MODEL.values())) > 400


@pytest.mark.parametrize("model", provisioned(), ids=lambda model: model.id)
def test_round_trip(model: Model) -> None:
    for preset, dialect, firmware in BY_MODEL[model.id]:
        kit = full_kit(model, preset.id, firmware)
        assert kit.dialect.id == dialect, (preset.id, firmware)
        device = booted(kit)
        assert device.applied == 1, "the second fetch of the same files changes nothing"
        assert getattr(device, "refused", []) == [], (preset.id, dialect)
        _same_accounts(kit, device.config)
        _same_keys(kit, device, preset)
        _same_place(kit, device.config)


def _same_accounts(kit: PhoneKit, config: DeviceConfig) -> None:
    s = kit.settings
    assert len(config.accounts) == len(kit.lines)
    for line, account in zip(kit.lines, config.accounts, strict=True):
        assert account.user == line.user
        assert account.auth_user == line.auth_user
        assert account.secret == line.secret.get_secret_value()
        assert account.display_name == line.display_name
        assert (account.server, account.port) == (s.sip.registrar, s.sip.port)
        assert (account.transport, account.expires_s) == (s.sip.transport, s.sip.expires_s)
    read = {(h.name, h.ipui) for h in config.handsets}
    if kit.dialect.id != "m3":
        assert {(h.name, h.ipui) for h in kit.handsets} <= read
    by_slot = {h.slot: kit.lines[h.account - 1].extension for h in config.handsets}
    if config.handsets:
        assert [by_slot[h.slot] for h in kit.handsets] == [h.line.extension for h in kit.handsets]


def _same_keys(kit: PhoneKit, device: SimulatedDevice, preset: Preset) -> None:
    wanted = {
        slot: key if kit.model.family == "desk-7" else (_PARK.get(key[0], key[0]), *key[1:])
        for slot, key in wanted_keys(kit).items()
        if not slot.startswith("soft-")
    }
    types = {placed.key.type for placed in kit.plan.slots if placed.key}
    read = keys_read(device)
    if types & {KeyType.PICKUP, KeyType.GROUP_PICKUP}:  # they are told as numbers
        assert set(read) == set(wanted), preset.id
    else:
        assert read == wanted, preset.id


def _same_place(kit: PhoneKit, config: DeviceConfig) -> None:
    s = kit.settings
    assert config.ntp_server == s.locale.ntp_servers[0]
    if kit.dialect.id == "m3":
        assert urlsplit(config.provisioning_url).hostname == kit.urls.host.partition(":")[0]
        return
    assert config.provisioning_url == kit.urls.directory.text
    assert config.admin_password == kit.secrets.admin_password.get_secret_value()
    assert config.utc_offset_min == kit.clock.offset_min
    if not kit.dialect.id.startswith("vtech"):
        assert config.vlan_id == s.network.vlan_id
    if kit.dialect.id.startswith("desk"):
        assert config.emergency_numbers == s.emergency.numbers
    if kit.dialect.id in {"desk-8", "desk-10", "paging"}:
        assert config.multicast_listen == s.paging.listen
