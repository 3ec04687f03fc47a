"""Single settings, and what a Yealink is told for them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from provisioner.render import render_first_contact
from tests.kits import TOKEN, make_kit
from tests.yealink_phones import OLD, booted, files_of


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
