"""What goes into a Gigaset's file comes out again when a simulated base reads it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from pydantic import SecretStr

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.errors import RenderError
from provisioner.kit import PhoneKit
from provisioner.render import render_first_contact
from tests.gigaset_phones import MAC, NASTY, booted, file_of, models
from tests.kits import TOKEN, make_kit, with_site

CASES = [(model, preset.id) for model in models() for preset in load().presets_for(model)]


def kit_of(model: str = "n870-ip-pro", **wanted: object) -> PhoneKit:
    return make_kit(f"gigaset/{model}", "dect-base", mac=MAC, **wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(("model", "preset"), CASES, ids=lambda v: getattr(v, "id", v))
def test_round_trip(model: Model, preset: str) -> None:
    kit = make_kit(model.id, preset, mac=MAC, handsets=3)
    config = booted(kit).config
    assert config.provisioning_url == kit.urls.file(f"{MAC}.xml").text
    assert config.admin_password == "Adm1nPass-0001"
    assert config.ntp_server == "10.20.0.1"
    assert config.utc_offset_min == kit.clock.offset_min
    assert [
        (a.user, a.auth_user, a.secret, a.server, a.port, a.transport, a.expires_s, a.dtmf, a.mwi)
        for a in config.accounts
    ] == [
        (e, e, f"Secret-of-{e}-xyz", "pbx.aurora.example", 5060, "udp", 600, "rfc4733", True)
        for e in ("301", "302", "303")
    ]
    assert [(h.slot, h.name, h.account, h.ipui) for h in config.handsets] == [
        (h.slot, h.name, h.slot, h.ipui) for h in kit.handsets
    ]


def test_a_full_base_and_an_empty_one() -> None:
    assert len(booted(kit_of("n670-ip-pro", handsets=20)).config.accounts) == 20
    assert booted(kit_of(extensions=())).config.accounts == ()


def test_accounts_without_handsets_wait_for_one_each() -> None:
    config = booted(kit_of(extensions=("301", "302"))).config
    assert [(h.slot, h.ipui) for h in config.handsets] == [(1, ""), (2, "")]
    assert [a.user for a in config.accounts] == ["301", "302"]


def test_a_handset_that_is_gone_is_taken_out_and_the_others_stay() -> None:
    device = booted(kit_of(handsets=3))
    fewer = file_of(kit_of(handsets=2))
    device._apply(ET.fromstring(fewer.body))
    assert device.handset_ids == ["0000000001", "00002"]


@pytest.mark.parametrize(
    ("sip", "raw"),
    [
        ({}, {"TransportProtocol": "1", "SRTP_Enabled": "0", "OutboundProxyMode": "2", "FailoverServerEnabled": "0"}),
        ({"transport": "tls", "srtp": "required"}, {"TransportProtocol": "3", "SRTP_Enabled": "1", "AcceptNonSRTPCalls": "0"}),
        ({"transport": "tcp", "srtp": "optional"}, {"TransportProtocol": "2", "SRTP_Enabled": "1", "AcceptNonSRTPCalls": "1"}),
        ({"dtmf": "info"}, {"DTMFTransmission": "4"}),
        ({"backup_registrar": "b.example", "backup_port": 5070}, {"FailoverServerEnabled": "1", "FailoverServerAddress": "b.example", "FailoverServerPort": "5070"}),
        ({"outbound_proxy": "sbc.example"}, {"OutboundProxyMode": "0", "OutboundProxyAddress": "sbc.example", "OutboundProxyPort": "5060"}),
    ],
)  # fmt: skip
def test_the_provider(sip: dict[str, object], raw: dict[str, str]) -> None:
    told = booted(kit_of(settings={"sip": sip})).config.raw
    assert {name: told.get(f"SipProvider.0.{name}") for name in raw} == raw


def test_nothing_empty_is_ever_written() -> None:
    """The maker: an empty value has unpredictable results."""
    site = with_site(settings={"locale": {"ntp_servers": []}}, numbers={})
    for kit in (kit_of(site=site), kit_of(handsets=2, site=site), kit_of(extensions=())):
        for entry in ET.fromstring(file_of(kit).body).iter():
            assert entry.get("value") != ""


def test_what_is_no_longer_provisioned_goes_first() -> None:
    nvm = ET.fromstring(file_of(kit_of()).body).find("nvm")
    assert nvm is not None
    assert nvm[0].attrib == {"name": "DeleteNotProvisionedHS"}


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        ("Europe/Kyiv", "Europe/Athens"),
        ("Asia/Singapore", "Asia/Hong_Kong"),
        ("UTC", "Greenwich"),
        ("Asia/Kolkata", "Asia/Karachi"),
        ("Pacific/Auckland", "Pacific/Noumea"),
    ],
)
def test_zones(zone: str, told: str) -> None:
    kit = kit_of(site=with_site(timezone=zone))
    assert booted(kit).config.raw["DmGlobal.0.TimeZone"] == told
    assert bool(kit.warnings) == (zone in {"Asia/Kolkata", "Pacific/Auckland"})


def test_new_firmware_is_fetched_once() -> None:
    firmware = {"version": "2.65.0", "url": "http://x.example/Gigaset-Nx70-V2.65.0.bin"}
    device = booted(kit_of(settings={"firmware": firmware}, firmware="2.11.0"))
    assert device.firmware == "2.65.0"
    images = [r for r in device.requests if r.url.endswith(".bin")]
    assert [image.status for image in images] == [200]


def test_texts_come_back_as_they_went_in() -> None:
    kit = kit_of(handsets=2, names={"301": NASTY})
    line = replace(kit.handsets[0].line, secret=SecretStr(NASTY))
    kit = replace(kit, handsets=(replace(kit.handsets[0], name=NASTY, line=line),))
    account = booted(kit).config.accounts[0]
    assert (account.display_name, account.secret) == (NASTY, NASTY)


@pytest.mark.parametrize("pin", ["123", "12345", "12a4"])
def test_an_access_code_of_another_length_stops_the_rendering(pin: str) -> None:
    with pytest.raises(RenderError, match="dect_pin_must_be_four_digits"):
        file_of(kit_of(settings={"dect": {"handset_pin": pin}}))


def test_previews_show_no_secret() -> None:
    kit = kit_of(handsets=2)
    text = file_of(kit, masked=True).body.decode()
    for secret in (TOKEN, "Adm1nPass-0001", "Secret-of-301-xyz", "7391"):
        assert secret not in text


def test_the_site_s_own_parameters_come_last() -> None:
    raw = {"raw": {"nx70": {"DmGlobal.0.HSIdleDisplay": "1", "Telephony.0.ToneScheme": "Retail"}}}
    told = booted(kit_of(settings=raw)).config.raw
    assert (told["DmGlobal.0.HSIdleDisplay"], told["Telephony.0.ToneScheme"]) == ("1", "Retail")


def test_first_contact_tells_the_token_url_and_nothing_else() -> None:
    kit = kit_of(handsets=1)
    (file,) = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
    assert file.name == f"{MAC}.xml"
    told = [(e.get("name"), e.get("value")) for e in ET.fromstring(file.body).iter("param")]
    assert told == [("Provisioning.global.ProvisioningServer", kit.urls.file(file.name).text)]
