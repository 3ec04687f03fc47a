"""The main job: a hotel's phones boot, fetch, register at a real PBX and call each other."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from provisioner.catalogue.loader import load
from provisioner.pbx.ami import AmiClient
from tests.integration.hotel import SITE, Hotel
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from web.simulated.device import SimKey
from web.simulated.fleet import FleetPhone
from web.simulated.sip_user import Call, SipEngine, SipUser

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

RECEPTION = "80:5e:c0:00:01:00"  # yealink/t46u with an expansion module
CONCIERGE = "0c:38:3e:00:01:01"  # fanvil/x4u
DOOR = "0c:38:3e:00:07:00"  # fanvil/i30
H5_101 = "0c:38:3e:01:01:01"
H2U_201 = "0c:38:3e:02:02:01"
T31P_301 = "80:5e:c0:03:03:01"
MANAGER = "00:04:13:00:01:03"  # snom/d785
DECT = "80:5e:c0:00:03:00"  # yealink/w70b


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotel]:
    with Hotel(tmp_path_factory.mktemp("hotel"), max_rooms_per_floor=3) as made:
        boot_from_dhcp(made)
        made.registered = made.fleet.register()  # type: ignore[attr-defined]
        yield made


def boot_from_dhcp(hotel: Hotel) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda p: p.device.boot(dhcp_url=hotel.dhcp_url(p.device.model_id)),
                hotel.fleet.phones.values(),
            )
        )


def names_asked(phone: FleetPhone) -> list[tuple[str, int]]:
    return [(r.url.rsplit("/", 1)[-1], r.status) for r in phone.device.requests]


def key(phone: FleetPhone, **wanted: str) -> SimKey:
    for each in phone.config.keys:
        if all(getattr(each, name) == value for name, value in wanted.items()):
            return each
    raise AssertionError(f"{phone.device.model_id} has no key {wanted}: {phone.config.keys}")


def user(phone: FleetPhone) -> SipUser:
    assert phone.user is not None
    return phone.user


def ringing(phone: FleetPhone) -> Call:
    """The call that rings at a phone now; calls that others took in the meantime are passed over."""
    for _ in range(50):
        call = user(phone).wait_call()
        assert call is not None, f"{phone.device.model_id} does not ring"
        if call.state == "ringing":
            return call
    raise AssertionError("only calls that are over")


def test_every_phone_boots_from_option_66_alone(hotel: Hotel) -> None:
    models = Counter(p.device.model_id for p in hotel.fleet.phones.values())
    assert len(models) >= 12, models
    silent = [p.device.mac for p in hotel.fleet.phones.values() if not p.config.accounts]
    assert silent == []
    status = json.loads(hotel.bellwire("status", "--json").stdout)
    assert {p["status"] for p in status["phones"]} == {"provisioned"}
    assert status["waiting"] == []


@pytest.mark.parametrize(
    ("mac", "first_names"),
    [
        (RECEPTION, ["805ec0000100.boot", "805ec0000100.cfg"]),
        (MANAGER, ["snomD785.htm", "snomD785-000413000103.htm"]),
        (H5_101, ["0c383e010101.cfg"]),
    ],
)
def test_names_are_asked_in_the_vendors_order(
    hotel: Hotel, mac: str, first_names: list[str]
) -> None:
    asked = [name for name, _ in names_asked(hotel.phone(mac))]
    found = [name for name in asked if name in first_names]
    assert found[: len(first_names)] == first_names, asked
    assert any("/p/" in r.url for r in hotel.phone(mac).device.requests)


def test_every_account_registers_with_what_was_read(hotel: Hotel) -> None:
    wrong = {mac: codes for mac, codes in hotel.registered.items() if set(codes) != {200}}  # type: ignore[attr-defined]
    assert wrong == {}
    listed = hotel.asterisk.cli("pjsip show contacts")
    assert "2101" in listed
    assert "107" in listed  # a DECT handset
    assert hotel.asterisk.warnings() == []


def test_h2u_has_its_speed_dials_on_the_digits_and_emergency_on_its_own_key(hotel: Hotel) -> None:
    keys = {k.slot: k for k in hotel.phone(H2U_201).config.keys if k.type != "none"}
    assert keys["emergency-1"].value == "112"
    assert [keys[f"digit-{n}"].value for n in (1, 2, 3, 4, 5, 6)] == [
        *("100", "107", "108", "*55", "*97", "109")
    ]
    assert all(k.type == "speed_dial" for k in keys.values())


def test_a_guest_presses_reception_and_reception_rings(hotel: Hotel) -> None:
    guest, reception = hotel.phone(H5_101), hotel.phone(RECEPTION)
    call = user(guest).press(key(guest, type="speed_dial", value="100"))
    assert call is not None
    incoming = ringing(reception)
    assert call.wait("ringing")
    incoming.answer()
    assert call.wait("answered")
    call.hang_up()
    assert incoming.wait("ended")


@pytest.mark.parametrize("mac", [H2U_201, T31P_301, DECT])
def test_other_vendors_phones_reach_reception_too(hotel: Hotel, mac: str) -> None:
    call = user(hotel.phone(mac)).call("100")
    incoming = ringing(hotel.phone(CONCIERGE))
    incoming.answer()
    assert call.wait("answered")
    incoming.hang_up()
    assert call.wait("ended")


def test_the_lamp_of_a_room_follows_its_phone(hotel: Hotel) -> None:
    reception, guest = hotel.phone(RECEPTION), hotel.phone(T31P_301)
    lamp = key(reception, type="blf", value="2301")
    watcher = user(reception)
    assert watcher.subscribe_blf(lamp.value, lamp.account) == 200
    assert watcher.wait_blf("2301", "idle")
    call = user(hotel.phone(H5_101)).call("2301")
    incoming = ringing(guest)
    assert watcher.wait_blf("2301", "ringing")
    incoming.answer()
    assert watcher.wait_blf("2301", "busy")
    call.hang_up()
    assert watcher.wait_blf("2301", "idle")


def test_every_busy_lamp_of_reception_can_be_watched(hotel: Hotel) -> None:
    reception = hotel.phone(RECEPTION)
    rooms = [k for k in reception.config.keys if k.type == "blf"]
    known = {p["extension"] for p in hotel_rooms(hotel)}
    assert {k.value for k in rooms} >= known
    for lamp in [k for k in rooms if k.value in known][:5]:
        assert user(reception).subscribe_blf(lamp.value, lamp.account) == 200


def hotel_rooms(hotel: Hotel) -> list[dict[str, str]]:
    import yaml

    content = yaml.safe_load(hotel.site_file.read_text(encoding="utf-8"))
    return [r for r in content["sites"][0]["rooms"] if r["template"] == "guest-room"]


def test_the_door_calls_reception_and_is_opened_by_the_door_key(hotel: Hotel) -> None:
    door, reception = hotel.phone(DOOR), hotel.phone(RECEPTION)
    opener = key(reception, type="dtmf")
    assert opener.value == door.config.door_open_code == "9#"
    call = user(door).press(key(door, type="speed_dial", value="100"))
    assert call is not None
    incoming = ringing(reception)
    incoming.answer()
    assert call.wait("answered")
    assert user(reception).press(opener) is incoming
    assert call.wait_dtmf("9#"), call.received_dtmf
    call.hang_up()
    assert incoming.wait("ended")


def test_a_door_reaches_nobody_else(hotel: Hotel) -> None:
    call = user(hotel.phone(DOOR)).call("2101")
    assert call.wait("ended")
    assert call.status in {403, 404, 603}


def test_a_wrong_secret_is_refused(hotel: Hotel) -> None:
    account = replace(hotel.phone(H5_101).config.accounts[0], secret="not-its-secret")
    engine = SipEngine()
    try:
        thief = SipUser(
            engine, [account], "thief", resolve=lambda _n: ("127.0.0.1", hotel.asterisk.sip_port)
        )
        assert [r.status for r in thief.register()] in ([401], [403])
        thief.close()
    finally:
        engine.close()


@pytest.mark.skipif(which("sipp") is None, reason="sipp is missing (package sip-tester)")
def test_sipp_registers_with_a_rendered_secret(hotel: Hotel, tmp_path: Path) -> None:
    account = hotel.phone(T31P_301).config.accounts[0]

    def register(secret: str) -> int:
        users = tmp_path / "users.csv"
        users.write_text(
            f"SEQUENTIAL\n{account.user};[authentication username={account.auth_user} "
            f"password={secret}]\n"
        )
        command = [
            *("sipp", f"127.0.0.1:{hotel.asterisk.sip_port}", "-sf"),
            *(str(Path(__file__).with_name("sipp_register.xml")), "-inf", str(users)),
            *("-m", "1", "-i", "127.0.0.1", "-nostdin", "-timeout", "20", "-timeout_error"),
        ]
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode

    assert register(account.secret) == 0
    assert register(account.secret + "x") != 0


@pytest.mark.parametrize("mac", [RECEPTION, MANAGER, H5_101, DECT])
def test_resync_makes_one_phone_fetch_again(hotel: Hotel, mac: str) -> None:
    phone = hotel.phone(mac)
    others = {m: p.fetched_again for m, p in hotel.fleet.phones.items()}
    done = hotel.bellwire("resync", mac, "--json")
    rows = json.loads(done.stdout)
    assert [r["result"] for r in rows] == ["fetched"], rows
    again = {m for m, p in hotel.fleet.phones.items() if p.fetched_again > others[m]}
    assert again == {phone.device.mac}


def test_a_change_reaches_the_phone_by_resync(hotel: Hotel) -> None:
    phone = hotel.phone(T31P_301)
    before = phone.config.utc_offset_min
    text = hotel.site_file.read_text(encoding="utf-8")
    try:
        hotel.site_file.write_text(text.replace("Europe/Madrid", "Atlantic/Canary"))
        hotel.bellwire("apply", str(hotel.site_file), "--no-render")
        hotel.bellwire("resync", T31P_301)
        assert before == 60
        assert phone.config.utc_offset_min == 0
    finally:
        hotel.site_file.write_text(text)
        hotel.bellwire("apply", str(hotel.site_file), "--no-render")
        hotel.bellwire("resync", T31P_301)
    assert phone.config.utc_offset_min == 60


def test_resync_of_the_site_says_who_did_not_fetch(hotel: Hotel) -> None:
    gone = hotel.phone("00:04:13:00:01:04")
    user(gone).close()
    try:
        done = hotel.bellwire("resync", SITE, "--json", check=False)
        rows = {r["mac"]: r["result"] for r in json.loads(done.stdout)}
        assert rows.pop("00:04:13:00:01:04") == "not-notified"
        assert set(rows.values()) == {"fetched"}, rows
        assert done.returncode == 1
    finally:
        gone.user = None
        hotel.fleet.register([gone.device.mac])


def test_asterisk_knows_each_phone_by_its_contact(hotel: Hotel) -> None:
    rig = hotel.asterisk
    with AmiClient.connect("127.0.0.1", rig.ami_port, rig.ami_user, rig.ami_secret, 10) as ami:
        contacts = ami.contacts()
    expected = sum(len(p.config.accounts) for p in hotel.fleet.phones.values())
    contacts = [c for c in contacts if c.user_agent != "sipp"]
    assert len(contacts) == expected
    assert {c.status for c in contacts} <= {"Reachable", "NonQualified", "Unknown"}


def test_the_sample_has_phones_of_the_makers_and_kinds_a_hotel_has() -> None:
    from tests.integration.hotel import SAMPLE

    named = set(re.findall(r"\b[a-z]+/[a-z0-9-]+", SAMPLE.read_text(encoding="utf-8")))
    used = [model for model in load().models.values() if model.id in named]
    assert {m.vendor for m in used} >= {"fanvil", "snom", "yealink"}
    assert {m.kind for m in used} >= {"desk", "hotel", "conference", "dect-base", "door-station"}
