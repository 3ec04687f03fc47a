"""Single settings, and what a Yealink is told for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from provisioner.kit import Offer
from provisioner.render import render_first_contact
from tests.kits import TOKEN, make_kit
from tests.yealink_phones import OLD, booted, files_of, firmwares, models


def test_a_tls_site() -> None:
    settings = {"sip": {"transport": "tls", "port": 5061, "srtp": "required", "dtmf": "info",
                        "backup_registrar": "pbx2.example", "outbound_proxy": "sbc.example"}}  # fmt: skip
    config = booted(make_kit("yealink/t46u", "office", settings=settings)).config
    assert (config.accounts[0].transport, config.accounts[0].port) == ("tls", 5061)
    assert config.accounts[0].dtmf == "info"
    assert config.raw["account.1.srtp_encryption"] == "2"
    assert config.raw["account.1.srtp.cipher_list"].startswith("AES_CM_128")
    assert config.raw["account.1.sip_server.2.address"] == "pbx2.example"
    assert config.raw["account.1.outbound_proxy_enable"] == "1"
    assert config.raw["account.1.fallback.redundancy_type"] == "1"
    base = booted(make_kit("yealink/w80dm", "dect-base", handsets=1, settings=settings)).config
    assert (base.accounts[0].transport, base.accounts[0].port) == ("tls", 5061)
    assert base.raw["template.1.sip_server.2.address"] == "pbx2.example"
    assert base.raw["template.1.outbound.1.address"] == "sbc.example"


def test_calls_paging_and_what_a_guest_may_not() -> None:
    corridor = booted(make_kit("yealink/t19p-e2", "corridor")).config
    assert corridor.accounts[0].hotline == "100"
    assert corridor.raw["features.hotline_delay"] == "3"
    assert corridor.raw["features.intercom.allow"] == "1"
    assert corridor.multicast_listen == ("239.255.1.1:5004",)
    assert corridor.emergency_numbers == ("112",)
    assert corridor.raw["voice.ring_vol"] == "14"
    assert corridor.raw["phone_setting.phone_lock.lock_key_type"] == "2"
    assert corridor.raw["phone_setting.phone_lock.unlock_pin"] == "482915"
    guest = booted(make_kit("yealink/t31p", "guest-room")).config.raw
    assert guest["features.dnd.allow"] == guest["features.fwd.allow"] == "0"
    assert guest["features.save_call_history"] == guest["call_waiting.enable"] == "0"


def test_forwards_are_written_only_where_they_are_allowed() -> None:
    settings: dict[str, object] = {"calls": {"forward_always": {"to": "100"}}}
    raw = booted(make_kit("yealink/t31p", "office", settings=settings)).config.raw
    assert (raw["account.1.always_fwd.enable"], raw["account.1.always_fwd.target"]) == ("1", "100")
    raw = booted(make_kit("yealink/t31p", "guest-room", settings=settings)).config.raw
    assert raw["account.1.always_fwd.enable"] == "0"


def test_codecs_keep_their_order_in_both_dialects() -> None:
    settings: dict[str, object] = {"audio": {"codecs": ["pcma", "g722"]}}
    new = booted(make_kit("yealink/t19p-e2", "office", settings=settings, firmware="53.84.0.1"))
    old = booted(make_kit("yealink/t19p-e2", "office", settings=settings, firmware=OLD))
    raw = new.config.raw
    assert (raw["account.1.codec.pcma.priority"], raw["account.1.codec.g722.priority"]) == (
        "1",
        "2",
    )
    assert raw["account.1.codec.pcmu.enable"] == "0"
    raw = old.config.raw
    on = {
        raw[f"account.1.codec.{n}.payload_type"]: raw[f"account.1.codec.{n}.priority"]
        for n in range(1, 12)
        if raw[f"account.1.codec.{n}.enable"] == "1"
    }
    assert on == {"PCMA": "1", "G722": "2"}


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0"), (1, "15"), (60, "60"), (61, "120"), (3600, "1800")]
)
def test_backlight_takes_the_next_step_the_phone_knows(seconds: int, written: str) -> None:
    kit = make_kit("yealink/t46u", "office", settings={"screen": {"backlight_s": seconds}})
    assert booted(kit).config.raw["phone_setting.backlight_time"] == written


def test_pictures_go_to_the_screens_that_show_them() -> None:
    screen: dict[str, object] = {
        "screen": {"wallpaper": "http://x.example/a/b.png", "logo": "http://x.example/l.dob"}
    }
    colour = booted(make_kit("yealink/t46u", "office", settings=screen)).config.raw
    assert colour["phone_setting.backgrounds"] == "b.png"
    assert "lcd_logo.url" not in colour
    mono = booted(make_kit("yealink/t31p", "office", settings=screen)).config.raw
    assert mono["lcd_logo.url"] == "http://x.example/l.dob"
    assert "wallpaper_upload.url" not in mono


def test_firmware_is_named_only_when_it_differs() -> None:
    firmware: dict[str, object] = {
        "firmware": {"version": "108.86.0.90", "url": "http://x.example/T46U-108.86.0.90.rom"}
    }
    older = booted(make_kit("yealink/t46u", "office", settings=firmware, firmware="108.86.0.20"))
    assert older.requests[-1].url == "http://x.example/T46U-108.86.0.90.rom" or any(
        request.url.endswith(".rom") for request in older.requests
    )
    same = booted(make_kit("yealink/t46u", "office", settings=firmware, firmware="108.86.0.90"))
    assert not any(request.url.endswith(".rom") for request in same.requests)


def test_action_urls_carry_the_token_and_the_phones_own_words() -> None:
    kit = make_kit("yealink/t46u", "office", settings={"telemetry": {"action_urls": True}})
    raw = booted(kit).config.raw
    url = raw["action_url.registered"]
    assert url.startswith(f"http://prov.aurora.example:8080/p/{TOKEN}/event?e=registered&mac=$mac")
    assert len(url) <= 511
    assert "action_url.registered" not in booted(make_kit("yealink/t46u", "office")).config.raw


@pytest.mark.parametrize(("seconds", "asked"), [(10, "60"), (120, "120"), (3600, "3600")])
def test_the_main_registrar_is_tried_again(seconds: int, asked: str) -> None:
    sip = {"sip": {"backup_registrar": "pbx2.example", "failback_s": seconds}}
    for model_id, firmware in (("yealink/t46u", None), ("yealink/t46g", "28.80.0.95"),
                               ("yealink/w70b", "146.87.0.18")):  # fmt: skip
        handsets = 1 if model_id.endswith("w70b") else 0
        kit = make_kit(model_id, "office", settings=sip, firmware=firmware, handsets=handsets)
        raw = booted(kit).config.raw
        assert raw["account.1.fallback.timeout"] == str(seconds)
        assert raw["account.1.sip_server.1.failback_mode"] == "3"
        assert raw["account.1.sip_server.1.failback_timeout"] == asked


def test_stun_is_told_in_each_generations_words() -> None:
    sip: dict[str, object] = {"sip": {"stun_server": "stun.example", "stun_port": 3479}}
    new = booted(make_kit("yealink/t46g", "office", settings=sip, firmware="28.83.0.35")).config.raw
    old = booted(make_kit("yealink/t46g", "office", settings=sip, firmware="28.80.0.95")).config.raw
    for raw, path in ((new, "static.sip.nat_stun"), (old, "sip.nat_stun")):
        assert (raw[f"{path}.enable"], raw[f"{path}.server"]) == ("1", "stun.example")
        assert (raw[f"{path}.port"], raw["account.1.nat.nat_traversal"]) == ("3479", "1")
    assert old["account.1.nat.stun_server"] == "stun.example"
    assert "account.1.nat.stun_server" not in new


@pytest.mark.parametrize(
    ("way", "mode"), [("off", "0"), ("md5", "1"), ("eap-tls", "2"), ("peap-mschapv2", "3")]
)
def test_802_1x(way: str, mode: str) -> None:
    network = {"network": {"dot1x": way, "dot1x_identity": "room-214", "dot1x_password": "pw"}}
    raw = booted(make_kit("yealink/t31p", "guest-room", settings=network)).config.raw
    assert raw["static.network.802_1x.mode"] == mode
    assert raw["static.network.802_1x.identity"] == "room-214"
    assert raw["static.network.802_1x.md5_password"] == "pw"


@pytest.mark.parametrize(
    ("after_s", "rings"), [(5, "1"), (20, "3"), (30, "5"), (60, "10"), (120, "20")]
)
def test_no_answer_is_counted_in_rings(after_s: int, rings: str) -> None:
    calls = {"calls": {"forward_no_answer": {"to": "100", "after_s": after_s}}}
    for firmware, path in (
        ("28.83.0.35", "account.1.timeout_fwd"),
        ("28.72.0.1", "forward.no_answer"),
    ):
        raw = booted(
            make_kit("yealink/t46g", "office", settings=calls, firmware=firmware)
        ).config.raw
        assert (raw[f"{path}.enable"], raw[f"{path}.target"]) == ("1", "100")
        assert raw[f"{path}.timeout"] == rings


def test_a_daily_fetch_has_the_phones_own_minute() -> None:
    kit = make_kit("yealink/t46u", "office")
    assert kit.fetch_at is not None
    at = f"{kit.fetch_at[0]:02d}:{kit.fetch_at[1]:02d}"
    raw = booted(kit).config.raw
    flexible = "static.auto_provision.flexible"
    assert (raw[f"{flexible}.enable"], raw[f"{flexible}.interval"]) == ("1", "1")
    assert raw[f"{flexible}.begin_time"] == raw[f"{flexible}.end_time"] == at
    assert raw["static.auto_provision.repeat.enable"] == "0"
    old = booted(make_kit("yealink/t19p-e2", "office", firmware=OLD)).config.raw
    assert (old["auto_provision.weekly.enable"], old["auto_provision.weekly.mask"]) == (
        "1",
        "0123456",
    )
    assert old["auto_provision.weekly.begin_time"] == at
    assert old["auto_provision.repeat.enable"] == "0"


@pytest.mark.parametrize(
    ("provisioning", "new", "old"),
    [
        ({"repeat_minutes": 60}, ("1", "60", "0"), ("1", "60", "0")),
        ({"window": ""}, ("1", "1440", "0"), ("1", "1440", "0")),
        ({"repeat_minutes": 0}, ("0", "1440", "0"), ("0", "1440", "0")),
        ({"repeat_minutes": 10080}, ("0", "10080", "1"), ("1", "10080", "0")),
    ],
)
def test_other_rhythms_of_fetching(
    provisioning: dict[str, object], new: tuple[str, ...], old: tuple[str, ...]
) -> None:
    """(repeat, its minutes, spread over the night): before 81 a phone knows single days only."""
    settings: dict[str, object] = {"provisioning": provisioning}
    for firmware, prefix, spread, wanted in (
        ("53.84.0.1", "static.", "flexible", new), (OLD, "", "weekly", old),
    ):  # fmt: skip
        kit = make_kit("yealink/t19p-e2", "office", settings=settings, firmware=firmware)
        raw = booted(kit).config.raw
        path = f"{prefix}auto_provision"
        assert wanted == (
            raw[f"{path}.repeat.enable"], raw[f"{path}.repeat.minutes"],
            raw[f"{path}.{spread}.enable"],
        )  # fmt: skip
        if firmware != OLD:
            days = max(1, int(wanted[1]) // 1440)
            assert raw[f"{path}.flexible.interval"] == str(days)


def test_own_files_come_from_the_library_under_the_phones_token() -> None:
    settings: dict[str, object] = {
        "audio": {"ring_file": "library:bell.wav"}, "screen": {"wallpaper": "library:sea.jpg"},
    }  # fmt: skip
    own = f"http://prov.aurora.example:8080/p/{TOKEN}/"
    new = booted(make_kit("yealink/t46g", "office", settings=settings, firmware="28.83.0.35"))
    old = booted(make_kit("yealink/t46g", "office", settings=settings, firmware="28.80.0.95"))
    for raw, word in ((new.config.raw, ""), (old.config.raw, "Config:")):
        assert raw["ringtone.url"] == f"{own}bell.wav"
        assert raw["phone_setting.ring_type"] == f"{word}bell.wav"
        assert raw["wallpaper_upload.url"] == f"{own}sea.jpg"
        assert raw["phone_setting.backgrounds"] == f"{word}sea.jpg"


def test_ring_tones_of_the_phone() -> None:
    audio: dict[str, object] = {"audio": {"ringtone": 5}}
    for firmware, written in (("28.83.0.35", "Ring5.wav"), ("28.80.0.95", "Resource:Ring5.wav"),
                              ("28.72.0.1", "Ring5.wav")):  # fmt: skip
        kit = make_kit("yealink/t46g", "office", settings=audio, firmware=firmware)
        assert booted(kit).config.raw["phone_setting.ring_type"] == written


def test_a_colour_screen_shows_a_logo_where_there_is_no_other_picture() -> None:
    screen: dict[str, object] = {"screen": {"logo": "http://x.example/l.png?size=2"}}
    raw = booted(make_kit("yealink/t54w", "office", settings=screen)).config.raw
    assert raw["wallpaper_upload.url"] == "http://x.example/l.png?size=2"
    assert raw["phone_setting.backgrounds"] == "l.png"


def test_hotel_and_room_stand_on_screens_that_can_show_them() -> None:
    hotel: dict[str, object] = {"hotel": {"name": "Hotel Aurora", "room": "214"}}
    raw = booted(make_kit("yealink/t31p", "guest-room", settings=hotel)).config.raw
    assert raw["features.station_name.value"] == "Hotel Aurora 214"
    old = make_kit("yealink/t19p-e2", "guest-room", settings=hotel)
    assert "features.station_name.value" not in booted(old).config.raw
    assert any(warning.startswith("hotel.name") for warning in old.warnings)


def test_volumes() -> None:
    audio = {"ring_volume_percent": 100, "handset_volume_percent": 0, "speaker_volume_percent": 47}
    raw = booted(make_kit("yealink/t46u", "office", settings={"audio": audio})).config.raw
    assert [raw["voice.ring_vol"], raw["voice.handset.spk_vol"], raw["voice.handfree.spk_vol"]] == [
        "15",
        "0",
        "7",
    ]


def test_before_73_servers_and_forwards_have_their_old_names() -> None:
    settings: dict[str, object] = {
        "sip": {"srtp": "required", "outbound_proxy": "sbc.example"},
        "calls": {"forward_always": {"to": "100"}},
    }
    kit = make_kit("yealink/t38g", "office", settings=settings)
    config = booted(kit).config
    assert kit.dialect.id == "v70"
    assert (config.accounts[0].server, config.accounts[0].expires_s) == ("pbx.aurora.example", 600)
    assert config.raw["account.1.outbound_host"] == "sbc.example"
    assert config.raw["account.1.srtp_encryption"] == "1"  # forced, in that firmware's words
    assert config.raw["forward.always.target"] == "100"
    assert "account.1.sip_server.1.address" not in config.raw
    assert config.raw["linekey.1.line"] == "0"
    assert config.keys[0].account == 1


def test_a_manager_lets_in_the_bases_it_is_told_of() -> None:
    bases = [
        {"mac": "80:5E:C0:00:07:77", "name": "Lobby"},
        {"mac": "805ec0000778", "name": "Floor 2", "cluster": 2, "sync_level": 3},
    ]
    settings: dict[str, object] = {"dect": {"role": "manager", "bases": bases}}
    raw = booted(make_kit("yealink/w80dm", "dect-base", handsets=1, settings=settings)).config.raw
    told = [
        raw[f"station.allowed.2.{name}"] for name in ("mac", "name", "sync.cluster", "sync.level")
    ]
    assert raw["station.allowed.1.mac"] == "805ec0000777"
    assert told == ["805ec0000778", "Floor 2", "2", "3"]


def test_a_base_of_a_multicell_system_is_told_its_manager_and_no_account() -> None:
    manager: dict[str, object] = {"dect": {"manager": "10.20.0.9"}}
    config = booted(make_kit("yealink/w80b", "dect-base", settings=manager)).config
    assert config.raw["features.dect_management.ip_address"] == "10.20.0.9"
    assert config.accounts == config.handsets == ()
    assert not any(name.startswith(("account.", "template.")) for name in config.raw)
    told = {"dect": {"role": "base", "manager": "10.20.0.9"}}
    by_role = booted(make_kit("yealink/w90dm", "dect-base", handsets=2, settings=told)).config
    assert by_role.raw["features.dect_management.ip_address"] == "10.20.0.9"
    assert by_role.accounts == by_role.handsets == ()


def test_handset_images_are_handed_on_by_the_base() -> None:
    for model_id, firmware, single in (
        ("yealink/w70b", "146.85.0.5", False), ("yealink/w52p", "25.80.0.15", True),
    ):  # fmt: skip
        kit = make_kit(model_id, "dect-base", handsets=1, firmware=firmware)
        images = {"W56H": kit.urls.file("W56H-61.85.0.20.rom")}
        offer = Offer("1.2.3.4", kit.urls.file("base.rom"), images)
        raw = booted(replace(kit, offer=offer)).config.raw
        url = f"http://prov.aurora.example:8080/p/{TOKEN}/W56H-61.85.0.20.rom"
        assert raw["over_the_air.url.w56h"] == url
        assert (raw.get("over_the_air.url") == url) == single
        assert raw["over_the_air.handset_tip"] == "0"


def test_ciphers_are_named_only_for_the_phones_that_need_it() -> None:
    named = {
        model.id
        for model in models()
        for firmware in firmwares(model).values()
        if b"sip.tls_cipher_list"
        in files_of(make_kit(model.id, "office", firmware=firmware))[-1].body
    }
    assert {"yealink/t19p-e2", "yealink/t40g", "yealink/t46s", "yealink/t58a"} <= named
    assert not named & {
        "yealink/t46u",
        "yealink/t54w",
        "yealink/t31p",
        "yealink/t58w",
        "yealink/t38g",
    }


@pytest.mark.parametrize(("web", "http", "https"), [("off", 0, 0), ("http", 1, 0), ("https", 0, 1)])
def test_web_pages(web: str, http: int, https: int) -> None:
    raw = booted(make_kit("yealink/t46u", "office", settings={"access": {"web": web}})).config.raw
    assert raw["static.wui.http_enable"] == str(http)
    assert raw["static.wui.https_enable"] == str(https)


def test_parameters_given_by_hand_come_last_and_win() -> None:
    raw = {"raw": {"v81": {"voice.ring_vol": "3", "features.station_name.value": ""}}}
    kit = make_kit("yealink/t46u", "office", settings=raw)
    text = files_of(kit)[1].body.decode()
    assert text.endswith(
        "# given by hand\nfeatures.station_name.value = %NULL%\nvoice.ring_vol = 3\n"
    )
    assert booted(kit).config.raw["voice.ring_vol"] == "3"


@pytest.mark.parametrize("firmware", ["146.85.0.5", "146.87.0.18"])
def test_handsets_of_a_single_base_may_share_an_extension(firmware: str) -> None:
    kit = make_kit("yealink/w70b", "dect-base", handsets=2, firmware=firmware)
    shared = replace(kit.handsets[1], slot=7, name="Bar", line=kit.handsets[0].line)
    config = booted(replace(kit, handsets=(kit.handsets[0], shared))).config
    assert [(h.slot, h.name, h.account) for h in config.handsets if h.name == "Bar"] == [
        (7, "Bar", 1)
    ]


def test_in_a_multicell_system_the_account_follows_the_handset() -> None:
    kit = make_kit("yealink/w80dm", "dect-base", handsets=2)
    moved = replace(kit.handsets[1], slot=30, ipui="01ABCDEF23")
    config = booted(replace(kit, handsets=(kit.handsets[0], moved))).config
    assert [(a.number, a.user) for a in config.accounts] == [(1, "301"), (30, "302")]
    assert [(h.slot, h.account, h.ipui) for h in config.handsets] == [
        (1, 1, kit.handsets[0].ipui),
        (30, 30, "01ABCDEF23"),
    ]
    assert config.raw["handset.2.reg.enable"] == "0"


@pytest.mark.parametrize(
    ("model_id", "firmware", "names"),
    [
        ("yealink/t46u", None, ["0c383e000214.boot", "0c383e000214.cfg"]),
        ("yealink/w80dm", None, ["0c383e000214.boot", "0c383e000214.cfg"]),
        ("yealink/w70b", "146.85.0.5", ["0c383e000214.boot", "0c383e000214.cfg"]),
        ("yealink/t19p-e2", OLD, ["0c383e000214.cfg"]),
    ],
)
def test_first_contact_tells_the_token_url_and_nothing_else(
    model_id: str, firmware: str | None, names: list[str]
) -> None:
    kit = make_kit(model_id, "office", firmware=firmware)
    made = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert [file.name for file in made] == names
    prefix = "" if firmware == OLD else "static."
    told = made[-1].body.decode().splitlines()
    assert told[1:] == [f"{prefix}auto_provision.server.url = {kit.urls.directory.text}"]
    for file in made:
        text = file.body.decode()
        assert text.count(TOKEN) == 1
        for secret in (kit.lines[0].secret, kit.secrets.admin_password, kit.secrets.menu_pin):
            assert secret.get_secret_value() not in text
