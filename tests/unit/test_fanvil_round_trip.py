"""What goes into the files of every Fanvil model comes out of a simulated device: for every preset
that fits it, and for every generation of firmware that it may run."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from tests.fanvil_devices import files_of, kit_of, read_by_device, spoken, understood
from tests.kits import SECRETS, TOKEN, make_kit
from web.simulated.device import DeviceConfig, SimKey

PLAIN = {KeyType.EMERGENCY: "speed_dial", KeyType.GROUP_PICKUP: "speed_dial",
         KeyType.DOOR_OPEN: "dtmf"}  # fmt: skip
WITHOUT_VALUE = {KeyType.LINE, KeyType.DND, KeyType.TRANSFER, KeyType.RECORD}
EVENTS = {KeyType.VOICEMAIL, KeyType.PICKUP, KeyType.FORWARD}
_Key = tuple[str, str, int, str]


def expected(kit: PhoneKit, key: PhoneKey) -> _Key | None:
    """What a device can know of a key: type, value, account and the code that picks up."""
    word, value = PLAIN.get(key.type, str(key.type)), key.value
    directory = kit.settings.directory
    if key.type is KeyType.NONE:
        return None
    if key.type is KeyType.DIRECTORY:
        known = bool(directory.ldap_server) or directory.phonebook
        return ("directory", "", 1, "") if known else None
    if key.type in WITHOUT_VALUE:
        return word, "", key.account if key.type is KeyType.LINE else 1, ""
    if key.type in EVENTS and "screen" in kit.model.features and _is_event(kit, key):
        return word, "", 1, ""
    if not value:
        return None
    code = key.pickup or kit.settings.sip.pickup_code
    if key.type is KeyType.PICKUP:
        return "speed_dial", f"{code}{value}", key.account, ""
    if key.type is KeyType.VOICEMAIL:
        return "speed_dial", value, key.account, ""
    account = 1 if word in {"dtmf", "paging", "url"} else key.account
    return word, value, account, f"{code}{value}" if word == "blf" else ""


def _is_event(kit: PhoneKit, key: PhoneKey) -> bool:
    is_box = key.type is KeyType.VOICEMAIL and key.value == kit.settings.calls.voicemail
    return not key.value or is_box


def planned(kit: PhoneKit) -> dict[str, _Key]:
    keys: dict[str, _Key] = {}
    for placed in kit.plan.slots:
        told = expected(kit, placed.key) if placed.key else None
        if told is None and placed.slot.id == "call-1" and placed.key is None:
            told = ("speed_dial", kit.settings.door.call, 1, "") if kit.settings.door.call else None
        if told is not None:
            keys[placed.slot.id] = told
    return keys


def read(keys: tuple[SimKey, ...]) -> dict[str, _Key]:
    return {k.slot: (k.type, k.value, k.account, k.pickup) for k in keys}


def check(kit: PhoneKit, config: DeviceConfig) -> None:
    s = kit.settings
    assert [
        (a.number, a.user, a.auth_user, a.secret, a.display_name, a.server, a.port, a.expires_s)
        for a in config.accounts
    ] == [
        (n.number, n.user, n.auth_user, n.secret.get_secret_value(), n.display_name,
         s.sip.registrar, s.sip.port, s.sip.expires_s)
        for n in kit.lines
    ]  # fmt: skip
    assert {(a.transport, a.dtmf) for a in config.accounts} == {(s.sip.transport, s.sip.dtmf)}
    assert config.accounts[0].hotline == s.calls.hotline
    assert read(config.keys) == planned(kit)
    assert config.utc_offset_min == kit.clock.offset_min
    for told, change in ((config.dst_start, kit.clock.start), (config.dst_end, kit.clock.end)):
        assert change is not None
        assert told == (change.month, change.week, change.weekday, change.hour)
    assert config.vlan_id == s.network.vlan_id == 20
    assert config.language == s.locale.language == "es"
    assert config.ntp_server == s.locale.ntp_servers[0]
    assert config.emergency_numbers == s.emergency.numbers[:1]
    assert config.multicast_listen == s.paging.listen
    assert config.admin_password == SECRETS.admin_password.get_secret_value()
    ending = "xml" if kit.dialect.id == "new-xml" else "cfg"
    assert config.provisioning_url == (
        f"http://prov.aurora.example:8080/p/{TOKEN}/0c383e000214.{ending}"
    )
    if kit.dialect.id == "old-xml":
        assert config.door_open_code == s.door.open_code


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_every_preset(model: str, firmware: str) -> None:
    presets = load().presets_for(load().models[model])
    assert presets
    for preset in presets:
        files = files_of(model, firmware, preset.id)
        kit = kit_of(model, firmware, preset.id)
        check(kit, read_by_device(kit, files))


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_all_keys_and_one_too_many(model: str, firmware: str) -> None:
    groups = [g for g in load().models[model].keys if g.fill and KeyType.SPEED_DIAL in g.accepts]
    room = sum(g.count - len(g.reserved) for g in groups)
    keys = tuple(PhoneKey(type="speed_dial", value=str(700 + n)) for n in range(room + 1))
    kit = make_kit(model, "dect-base", keys=keys, firmware=firmware)
    assert len(kit.plan.left_over) == 1
    assert [k.value for k in understood(kit).keys] == [str(700 + n) for n in range(room)]


@pytest.mark.parametrize(("model", "firmware"), spoken())
def test_no_keys_and_all_lines(model: str, firmware: str) -> None:
    extensions = tuple(str(300 + n) for n in range(load().models[model].accounts))
    config = understood(make_kit(model, "dect-base", firmware=firmware, extensions=extensions))
    assert config.keys == ()
    assert [a.user for a in config.accounts] == list(extensions)
