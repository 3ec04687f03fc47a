"""What goes into a Fanvil file comes out of a simulated Fanvil device."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from provisioner.render import render_first_contact
from tests.fanvil_devices import MODELS, body_of, boot_from_nothing, fitting, understood
from tests.kits import SECRETS, TOKEN, make_kit, with_site
from web.simulated.device import SimKey

DIALLING = {"emergency": "speed_dial", "door_open": "dtmf"}


def expected_keys(kit: PhoneKit) -> dict[str, tuple[str, str, int]]:
    return {
        placed.slot.id: (
            DIALLING.get(placed.key.type, str(placed.key.type)),
            "" if placed.key.type in ("line", "voicemail") else placed.key.value,
            placed.key.account,
        )
        for placed in kit.plan.slots
        if placed.key is not None
    }


def got_keys(keys: tuple[SimKey, ...]) -> dict[str, tuple[str, str, int]]:
    return {
        k.slot: (k.type, "" if k.type in ("line", "voicemail") else k.value, k.account)
        for k in keys
    }


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_round_trip(model: str, preset: str) -> None:
    kit = make_kit(model, preset, extensions=("2214", "2215"))
    config = understood(kit)
    assert [
        (a.number, a.user, a.auth_user, a.secret, a.server, a.port, a.expires_s, a.transport)
        for a in config.accounts
    ] == [
        (n, e, e, f"Secret-of-{e}-xyz", "pbx.aurora.example", 5060, 600, "udp")
        for n, e in ((1, "2214"), (2, "2215"))
    ]
    assert got_keys(config.keys) == expected_keys(kit)
    assert (config.utc_offset_min, config.dst_start, config.dst_end) == (
        60, (3, 5, 0, 2), (10, 5, 0, 3),
    )  # fmt: skip
    assert config.vlan_id == 20
    assert config.language == "es"
    assert config.ntp_server == "10.20.0.1"
    assert config.emergency_numbers == ("112",)
    assert config.admin_password == SECRETS.admin_password.get_secret_value()
    assert config.multicast_listen == kit.settings.paging.listen
    assert config.provisioning_url == f"http://prov.aurora.example:8080/p/{TOKEN}/0c383e000214.cfg"


def test_hotel_keys_of_a_telephone_without_a_screen() -> None:
    config = understood(make_kit("fanvil/h2u-v2", "guest-room"))
    by_slot = {k.slot: k for k in config.keys}
    assert (by_slot["emergency-1"].value, by_slot["emergency-1"].label) == ("112", "SOS")
    assert [by_slot[f"digit-{n}"].value for n in range(1, 7)] == [
        "100", "107", "108", "*55", "*97", "109",
    ]  # fmt: skip
    assert "digit-7" not in by_slot


def test_bathroom_dials_reception_after_five_seconds() -> None:
    config = understood(make_kit("fanvil/h2u-v2", "bathroom"))
    assert config.accounts[0].hotline == "100"
    assert config.raw["<SIP CONFIG MODULE> SIP1 WarmLine Time"] == "5"


def test_door_station() -> None:
    config = understood(make_kit("fanvil/i30", "door-station"))
    assert config.door_open_code == "9#"
    assert config.accounts[0].auto_answer
    assert config.raw["<EGS CFG MODULE> Opening Duration"] == "5"
    local = config.raw["<EGS CFG MODULE> Local Password"]
    assert local == SECRETS.menu_pin.get_secret_value() != "6789"


def test_a_door_station_without_a_key_calls_whom_its_settings_say() -> None:
    kit = make_kit("fanvil/i30", "door-station", keys=(PhoneKey(type="none", slot="call-1"),))
    assert [k.key and k.key.type for k in kit.plan.group("call")] == ["none"]
    empty = make_kit("fanvil/i30", "door-station", site=with_site(numbers={}),
                     settings={"door": {"call": "600"}})  # fmt: skip
    assert [(k.slot, k.value) for k in understood(empty).keys] == [("call-1", "600")]


def test_accounts_and_keys_that_are_no_longer_there_are_blanked() -> None:
    body = body_of(make_kit("fanvil/x4u", "office"))
    for n in range(2, 13):
        assert f"SIP{n} Enable Reg:0\r\n" in body
        assert f"SIP{n} Register Pswd:\r\n" in body
    assert len(re.findall(r"Fkey\d Type:", body)) == 33
    assert len(re.findall(r"Fkey\d Type:0\r", body)) == 30


@pytest.mark.parametrize("model", MODELS)
def test_all_keys_and_one_too_many(model: str) -> None:
    groups = [g for g in load().model(model).keys if g.fill and KeyType.SPEED_DIAL in g.accepts]
    room = sum(g.count for g in groups)
    keys = tuple(PhoneKey(type="speed_dial", value=str(700 + n)) for n in range(room + 1))
    kit = make_kit(model, "dect-base", keys=keys)
    assert len(kit.plan.left_over) == 1
    assert [k.value for k in understood(kit).keys] == [str(700 + n) for n in range(room)]


@pytest.mark.parametrize("model", MODELS)
def test_no_keys(model: str) -> None:
    kit = make_kit(model, "dect-base")
    assert understood(kit).keys == ()
    blanked = re.findall(r"Fkey\d+ Type:0\r", body_of(kit))
    assert len(blanked) == sum(g.count for g in kit.model.keys)


@pytest.mark.parametrize("model", ["fanvil/x4u", "fanvil/h5"])
def test_every_key_type(model: str) -> None:
    keys = (
        PhoneKey(type="blf", value="201", label="Room 201", account=2),
        PhoneKey(type="intercom", value="300"),
        PhoneKey(type="park", value="701"),
        PhoneKey(type="forward", value="444"),
        PhoneKey(type="paging", value="239.255.1.2:5006"),
        PhoneKey(type="dnd"),
    )
    config = understood(make_kit(model, "dect-base", keys=keys))
    assert [(k.type, k.value, k.account) for k in config.keys] == [
        ("blf", "201", 2), ("intercom", "300", 1), ("park", "701", 1), ("forward", "444", 1),
        ("paging", "239.255.1.2:5006", 1), ("dnd", "", 1),
    ]  # fmt: skip
    assert config.keys[0].pickup == "*8201"
    for kind in ("pickup", "transfer", "record", "forward", "voicemail"):
        kit = make_kit(model, "dect-base", keys=(PhoneKey(type=kind),))
        assert [k.type for k in understood(kit).keys] == [kind]
    kit = make_kit(model, "dect-base", keys=(PhoneKey(type="url", value="http://a.b/c?d=1&e=2"),))
    assert understood(kit).keys[0].value == "http://a.b/c?d=1&e=2"


def test_keys_keep_their_page() -> None:
    keys = (PhoneKey(type="blf", value="214", slot="dss-8"),)
    kit = make_kit("fanvil/x4u", "dect-base", keys=keys)
    assert [k.slot for k in understood(kit).keys] == ["dss-8"]
    after = body_of(kit).split("--Dsskey Config2--:\r\n", 1)[1]
    assert "Fkey2 Type:1\r\nFkey2 Value:214@1/ba*8214\r\n" in after.split("--", 1)[0]


def test_a_soft_key_shows_on_the_screen() -> None:
    keys = (PhoneKey(type="speed_dial", value="55", label="Taxi", slot="soft-2"),)
    config = understood(make_kit("fanvil/h5", "guest-room", keys=keys))
    assert [(k.value, k.label) for k in config.keys if k.slot == "soft-2"] == [("55", "Taxi")]
    assert config.raw["<SCREEN KEY CONFIG MODULE> Desktop Softkey"] == "none;dsskey2;none;none;"


@pytest.mark.parametrize("model", MODELS)
def test_special_characters_come_back(model: str) -> None:
    odd = "a&b<c>d\"e'f;g=h#i%j:k"
    kit = make_kit(
        model, "dect-base", names={"2214": f"Ñandú {odd}"},
        keys=(PhoneKey(type="speed_dial", value="1", label="é&<:>"),),
        settings={"access": {"admin_password": odd}},
    )  # fmt: skip
    config = understood(kit)
    assert config.accounts[0].display_name == f"Ñandú {odd}"
    assert config.admin_password == odd
    assert config.keys[0].label == "é&<:>"


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_a_masked_file_holds_no_secret(model: str, preset: str) -> None:
    body = body_of(
        make_kit(model, preset, settings={
            "telemetry": {"action_urls": True}, "directory": {"phonebook": True},
        }),
        masked=True,
    )  # fmt: skip
    secrets = [getattr(SECRETS, name).get_secret_value() for name in SECRETS.__slots__]
    for secret in (*secrets, "Secret-of-"):
        assert secret not in body


@pytest.mark.parametrize("model", MODELS)
def test_first_contact_holds_nothing_but_the_server(model: str) -> None:
    kit = make_kit(model, "dect-base")
    files = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert [f.name for f in files] == ["0c383e000214.cfg"]
    body = files[0].body.decode()
    assert f"p/{TOKEN}/$mac.cfg" in body
    assert "SIP" not in body.replace("--Sip", "")
    assert "assword" not in body
    first = body.split("\r\n", 1)[0]
    assert first.split(":")[1].strip() < body_of(kit).split("\r\n", 1)[0].split(":")[1].strip()


@pytest.mark.parametrize(("model", "preset"), fitting())
def test_form_of_the_file(model: str, preset: str) -> None:
    kit = make_kit(model, preset)
    body = body_of(kit)
    lines = body.split("\r\n")
    assert len(lines[0]) == 64
    assert lines[-2:] == ["<<END OF FILE>>", ""]
    assert "\n" not in body.replace("\r\n", "")
    assert body == body_of(make_kit(model, preset))


@pytest.mark.parametrize("model", MODELS)
def test_first_contact_leads_to_the_phones_own_files(model: str) -> None:
    config = boot_from_nothing(make_kit(model, "dect-base"))
    assert [a.user for a in config.accounts] == ["2214"]
    assert f"/p/{TOKEN}/" in config.provisioning_url
    discovery = {value for name, value in config.raw.items() if name.endswith("> DHCP Option")}
    assert discovery == {"0"}, "a configured phone asks nobody else for its server"
