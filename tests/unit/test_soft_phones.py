"""Soft phones: codes, and configurations that read back as the account they were made from."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from provisioner.catalogue.loader import load
from provisioner.errors import CatalogueError, InventoryError, UnknownThingError
from provisioner.inventory.records import Account, Site
from provisioner.inventory.tables import SoftPhoneRow
from provisioner.pbx.endpoints import endpoints
from provisioner.pbx.site import PbxSite
from provisioner.soft_phones.accounts import SoftAccount, soft_account
from provisioner.soft_phones.answering import SoftReason, SoftRequest, refusal
from provisioner.soft_phones.apps import app_of, apps_in, code_text, link_url
from provisioner.soft_phones.links import LinkState, SoftLink
from provisioner.soft_phones.writing import written
from tests.kits import SITE, account

FOLDER = load().folder
TOKEN = "abcdefghijklmnopqrstuvwxyz"
URL = f"https://voip.aurora.example/tel/soft/{TOKEN}"
NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
LINPHONE = {"c": "http://www.linphone.org/xsds/lpconfig.xsd"}

TEXTS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufffe\uffff"),
    min_size=1,
    max_size=60,
).filter(lambda text: text == text.strip())


def made(site: Site = SITE, of: Account | None = None) -> SoftAccount:
    return soft_account(site, of or account("2214", "Anna"))


def with_settings(**sections: dict[str, Any]) -> Site:
    return replace(SITE, settings={**SITE.settings, **sections})


def linphone(of: SoftAccount) -> dict[str, dict[str, str]]:
    """The sections of a Linphone configuration."""
    root = ET.fromstring(written(FOLDER, app_of(FOLDER, "linphone"), of))
    assert root.tag == "{http://www.linphone.org/xsds/lpconfig.xsd}config"
    found = {}
    for section in root.findall("c:section", LINPHONE):
        entries = section.findall("c:entry", LINPHONE)
        assert all(entry.get("overwrite") == "true" for entry in entries)
        found[section.get("name", "")] = {e.get("name", ""): e.text or "" for e in entries}
    return found


def acrobits(of: SoftAccount, app: str = "groundwire") -> dict[str, str]:
    """The elements of an account for Groundwire."""
    root = ET.fromstring(written(FOLDER, app_of(FOLDER, app), of))
    assert root.tag == "account"
    return {child.tag: child.text or "" for child in root}


def test_a_linphone_configuration_is_the_account() -> None:
    site = with_settings(
        sip={
            "registrar": "pbx.example", "port": 5061, "transport": "tls", "srtp": "required",
            "outbound_proxy": "sbc.example", "outbound_proxy_port": 5065, "expires_s": 900,
        },
        audio={"codecs": ["opus", "pcma"]},
    )  # fmt: skip
    found = linphone(made(site))
    assert found["proxy_0"] == {
        "reg_proxy": "<sip:pbx.example:5061;transport=tls>",
        "reg_route": "<sip:sbc.example:5065;transport=tls;lr>",
        "reg_identity": '"Anna" <sip:2214@pbx.example>',
        "reg_expires": "900",
        "reg_sendregister": "1",
        "publish": "0",
        "voicemail_uri": "sip:*97@pbx.example",
    }
    assert found["auth_info_0"] == {
        "username": "2214",
        "passwd": "Secret-of-2214-xyz",
        "domain": "pbx.example",
    }
    assert found["sip"]["media_encryption"] == "srtp"
    assert found["sip"]["media_encryption_mandatory"] == "1"
    assert found["misc"] == {"transient_provisioning": "1"}
    codecs = [found[f"audio_codec_{n}"] for n in range(6)]
    assert [c["mime"] for c in codecs if c["enabled"] == "1"] == ["opus", "PCMA"]
    assert codecs[0] == {"mime": "opus", "rate": "48000", "channels": "2", "enabled": "1"}
    assert "audio_codec_6" not in found


def test_an_acrobits_account_is_the_account() -> None:
    site = with_settings(
        sip={"registrar": "pbx.example", "transport": "tls", "port": 5061, "srtp": "optional"},
        audio={"codecs": ["g722", "pcma", "ilbc"]},
    )
    assert acrobits(made(site)) == {
        "title": "Hotel Aurora 2214",
        "username": "2214",
        "password": "Secret-of-2214-xyz",
        "userDisplayName": "Anna",
        "host": "pbx.example:5061",
        "transport": "tls+sip:",
        "expires": "600",
        "voiceMailNumber": "*97",
        "sdesIncoming": "enabled",
        "sdesOutgoing": "enabled",
        "codecOrder": "9,8",
        "codecOrder3G": "9,8",
        "extProvInterval": "0",
    }
    assert acrobits(made(site), "acrobits") == acrobits(made(site))


def test_what_a_site_leaves_out_is_left_out() -> None:
    site = replace(with_settings(audio={"codecs": ["ilbc"]}), numbers={})
    found = linphone(made(site))
    assert not {"voicemail_uri", "reg_route"} & found["proxy_0"].keys()
    assert found["sip"]["media_encryption"] == "none"
    account_ = acrobits(made(site))
    assert not {"voiceMailNumber", "proxy", "codecOrder"} & account_.keys()
    assert account_["sdesIncoming"] == "disabled"


def test_the_sites_own_voicemail_number_comes_first() -> None:
    numbered = with_settings(calls={"voicemail": "{site.numbers.reception}#"})
    assert made(numbered).voicemail == "100#"
    assert made(numbered).voicemail_uri == "sip:100%23@pbx.aurora.example"


@settings(max_examples=150, deadline=None)
@given(name=TEXTS, password=TEXTS, title=TEXTS)
def test_odd_names_and_passwords_come_back_as_they_were(
    name: str, password: str, title: str
) -> None:
    site = replace(SITE, name=title)
    odd = made(site, Account(SITE.id, "2214", name, SecretStr(password)))
    found = linphone(odd)
    assert found["auth_info_0"]["passwd"] == password
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)" <sip:2214@pbx\.aurora\.example>',
                          found["proxy_0"]["reg_identity"])  # fmt: skip
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted[1]) == name
    account_ = acrobits(odd)
    assert account_["password"] == password
    assert account_["userDisplayName"] == name
    assert account_["title"] == f"{title} 2214"


def test_an_account_without_a_registrar_or_a_secret_is_refused() -> None:
    with pytest.raises(InventoryError, match="names no registrar"):
        made(replace(SITE, settings={}))
    with pytest.raises(InventoryError, match="has no secret yet"):
        made(SITE, Account(SITE.id, "2214"))


@pytest.mark.parametrize(
    ("app", "code"),
    [
        ("linphone", URL),
        ("groundwire", f"provlinkbs://voip.aurora.example/tel/soft/{TOKEN}"),
        ("acrobits", f"csc:{TOKEN}:once@AB%2A1"),
    ],
)
def test_codes(app: str, code: str) -> None:
    assert code_text(app_of(FOLDER, app), URL, "AB*1") == code


def test_codes_that_would_not_work_are_refused() -> None:
    plain = URL.replace("https", "http")
    assert code_text(app_of(FOLDER, "linphone"), plain) == plain
    with pytest.raises(InventoryError, match="https:// links only"):
        code_text(app_of(FOLDER, "groundwire"), plain)
    with pytest.raises(InventoryError, match="needs --cloud-id"):
        code_text(app_of(FOLDER, "acrobits"), URL)
    with pytest.raises(InventoryError, match="not by tftp://a"):
        link_url("tftp://a.example", TOKEN)
    assert link_url("https://voip.aurora.example/tel/", TOKEN) == URL
    with pytest.raises(UnknownThingError, match="known are: linphone, groundwire, acrobits"):
        app_of(FOLDER, "zoiper")


def test_a_wrong_file_of_apps_names_itself_and_the_key(tmp_path: Path) -> None:
    (tmp_path / "soft_phones").mkdir()
    (tmp_path / "soft_phones" / "apps.toml").write_text('[[apps]]\nid = "x"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"soft_phones/apps.toml: apps.0.name"):
        apps_in(tmp_path)


def link(**changes: Any) -> SoftLink:
    base = SoftLink("0" * 8, "casa", "100", "linphone", NOW, "cli", NOW + timedelta(hours=1))
    return replace(base, **changes)


def test_a_link_is_open_used_or_expired() -> None:
    assert link().state(NOW) is LinkState.OPEN
    assert link().state(NOW + timedelta(hours=1)) is LinkState.EXPIRED
    assert link(used_at=NOW).state(NOW + timedelta(hours=2)) is LinkState.USED


def row(app: str = "linphone", used_at: datetime | None = None) -> SoftPhoneRow:
    return SoftPhoneRow(
        token_hash="0" * 64, site_id="casa", extension="100", app=app, made_at=NOW,
        made_by="cli", expires_at=NOW + timedelta(hours=1), used_at=used_at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "headers", "app", "reason"),
    [
        ("GET", {"x-linphone-provisioning", "host"}, "linphone", None),
        ("GET", {"host"}, "linphone", SoftReason.NOT_THE_APP),
        ("HEAD", {"x-linphone-provisioning"}, "linphone", SoftReason.NOT_THE_APP),
        ("POST", {"x-linphone-provisioning"}, "linphone", SoftReason.NOT_THE_APP),
        ("GET", set(), "groundwire", None),
        ("HEAD", set(), "groundwire", SoftReason.NOT_THE_APP),
        ("GET", set(), "gone", SoftReason.NOT_THE_APP),
    ],
)
def test_only_the_app_itself_gets_the_account(
    method: str, headers: set[str], app: str, reason: SoftReason | None
) -> None:
    request = SoftRequest("https", TOKEN, method, "127.0.0.1", "", frozenset(headers))
    assert refusal(row(app), apps_in(FOLDER).get(app), request, NOW) is reason


@pytest.mark.parametrize("agent", ["WhatsApp/2.24.1 A", "TelegramBot (like TwitterBot)"])
def test_a_messenger_that_wants_a_preview_is_not_the_app(agent: str) -> None:
    app = app_of(FOLDER, "groundwire")
    request = SoftRequest("https", TOKEN, "GET", "127.0.0.1", agent)
    assert refusal(row("groundwire"), app, request, NOW) is SoftReason.NOT_THE_APP
    request = replace(request, agent="Groundwire/25.1 (build 1; iOS 18.1)")
    assert refusal(row("groundwire"), app, request, NOW) is None


def test_links_that_cannot_be_used() -> None:
    app = app_of(FOLDER, "groundwire")
    request = SoftRequest("https", TOKEN, "GET", "127.0.0.1")
    assert refusal(None, None, request, NOW) is SoftReason.WRONG
    assert refusal(row(used_at=NOW), app, request, NOW) is SoftReason.USED
    assert refusal(row(), app, request, NOW + timedelta(hours=1)) is SoftReason.EXPIRED


@pytest.mark.parametrize(("links", "contacts"), [(0, 1), (1, 2), (3, 4), (50, 6)])
def test_the_pbx_lets_the_apps_in_beside_the_phones(links: int, contacts: int) -> None:
    held = PbxSite(SITE, (account("2214"),), soft_phones={"2214": links})
    assert [e.contacts for e in endpoints(held)] == [contacts]
