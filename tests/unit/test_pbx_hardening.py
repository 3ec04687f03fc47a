"""How a PBX is closed to strangers: what may be written, what is exported. No Asterisk is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from provisioner.catalogue.loader import load, shipped_folder
from provisioner.inventory.calls import Calls
from provisioner.inventory.pbx_hardening import (
    ANYWHERE,
    Hardening,
    ShutOutRule,
    SipTls,
    hardening_of,
    written_hardening,
)
from provisioner.inventory.pbx_shape import FilePbx
from provisioner.inventory.records import Pbx
from provisioner.pbx.asterisk import export, remarks
from provisioner.pbx.endpoints import Use, endpoints, use_of
from provisioner.pbx.proposal import EMPTY, WHOLE, needed_modules, proposal, sip_port, transports
from provisioner.pbx.site import PbxSite
from tests.integration.hardened_asterisk import aurora, phone
from tests.integration.servers import DataFolder, small_site

EVERYTHING: dict[str, Any] = {
    "soft_phones_from": ["198.51.100.0/24", "2001:db8::/32"],
    "tls": {"certificate": "/etc/asterisk/keys/pbx.crt", "key": "/etc/asterisk/keys/pbx.key"},
    "srtp": "required",
    "rtp_first": 12_000,
    "rtp_last": 13_000,
    "trunks": ["203.0.113.0/28"],
    "never_shut_out": ["203.0.113.99/32"],
    "shut_out": {"tries": 5, "times_s": [60, 3600]},
}


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


def read(hardening: dict[str, Any]) -> Hardening:
    return FilePbx.model_validate({"kind": "asterisk", "hardening": hardening}).record().hardening


def files(pbx: PbxSite) -> dict[str, str]:
    return {file.name: file.text for file in export(pbx, shipped_folder())}


def whole(pbx: PbxSite, *ami_from: str) -> dict[str, str]:
    return {file.name: file.text for file in proposal(pbx, shipped_folder(), ami_from)}


def test_what_a_site_file_says_is_stored_and_written_again() -> None:
    assert read({}) == Hardening()
    made = read(EVERYTHING)
    assert made.tls == SipTls("/etc/asterisk/keys/pbx.crt", "/etc/asterisk/keys/pbx.key", 5061)
    assert made.shut_out == ShutOutRule(tries=5, times_s=(60, 3600))
    for one in (made, Hardening(), read({"soft_phones_from": "anywhere"})):
        assert read(written_hardening(one)) == one
        assert hardening_of(yaml.safe_load(yaml.safe_dump(written_hardening(replace(one, soft_phones_from=()))))) == replace(one, soft_phones_from=())  # fmt: skip
    assert written_hardening(Hardening()) == {}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"soft_phones_from": "everywhere"}, "or the word anywhere"),
        ({"soft_phones_from": ["10.0.0.1/8"]}, "not a valid IPv4 network"),
        ({"rtp_first": 20_000}, "rtp_last must be at least"),
        ({"rtp_first": 80}, "1024"),
        ({"shut_out": {"times_s": [600, 60]}}, "must grow"),
        ({"shut_out": {"times_s": []}}, "at least 1"),
        ({"shut_out": {"tries": 1}}, "3"),
        ({"shut_out": {"slow_window_s": 60}}, "longer than window_s"),
        ({"tls": {"certificate": "pbx.crt", "key": "/k"}}, "pattern"),
        ({"tls": {"certificate": "/c\n[x]", "key": "/k"}}, "pattern|control"),
        ({"open": True}, "not permitted"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        read(wrong)


def test_a_stored_site_keeps_it(tmp_path: Path) -> None:
    data = DataFolder(tmp_path / "var")
    ami = {"host": "10.20.0.5", "username": "bellwire", "secret": "hush"}
    site = {**small_site(), "pbx": {"kind": "asterisk", "ami": ami, "hardening": EVERYTHING}}
    data.apply(site)
    again = data.apply(site)
    assert "nothing" in again.output.lower(), again.output
    out = tmp_path / "whole"
    made = data.run("pbx", "whole", "casa", "--out", str(out), "--ami-from", "10.20.0.9")
    assert made.exit_code == 0, made.output
    assert {file.name for file in out.iterdir()} == {*WHOLE, *EMPTY}
    assert all(file.stat().st_mode & 0o777 == 0o640 for file in out.iterdir())
    manager = (out / "manager.conf").read_text("utf-8")
    assert "bindaddr = 10.20.0.5\n" in manager
    assert "secret = hush\n" in manager
    assert "permit = 10.20.0.9/32\n" in manager
    refused = data.run("pbx", "whole", "casa", "--out", str(out))
    assert refused.exit_code == 1
    assert "--force" in refused.output
    wrong = data.run("pbx", "whole", "casa", "--out", str(out), "--ami-from", "pbx.example")
    assert wrong.exit_code == 2


@pytest.mark.parametrize(
    ("sections", "use"),
    [
        ({"preset": "lift"}, Use.LIFT),
        ({"calls": {"hotline": "112", "auto_answer": True}}, Use.LIFT),
        ({"calls": {"hotline": "100", "hotline_delay_s": 3, "auto_answer": True}}, Use.STAFF),
        ({"calls": {"hotline": "100"}, "access": {"menu_locked": True}}, Use.GUESTS),
    ],
)
def test_which_phone_is_in_a_lift(sections: dict[str, Any], use: Use) -> None:
    assert use_of(phone(1, "Lift", "2950", **sections)) is use


def test_a_lift_and_a_door_are_strictest() -> None:
    made = {e.extension: e.use for e in endpoints(aurora())}
    assert made == {
        "100": Use.STAFF, "2214": Use.GUESTS, "2215": Use.GUESTS, "2900": Use.DOOR,
        "2950": Use.LIFT, "2951": Use.LIFT,
    }  # fmt: skip
    shared = replace(aurora(), phones=(phone(1, "a", "2950", preset="lift"), phone(2, "b", "2950")))
    assert next(e.use for e in endpoints(shared) if e.extension == "2950") is Use.LIFT


def test_a_lift_that_calls_outside_is_told_of() -> None:
    assert any("a lift calls 0800112, which is no account" in one for one in remarks(aurora()))
    text = files(aurora())["extensions_bellwire.conf"]
    assert "[bw-aurora-lift]\ninclude = bw-aurora-emergency\ninclude = bw-aurora-lift-out\n" in text
    assert "exten = 0800112,1" not in text
    without = replace(aurora(), phones=())
    assert "lift" not in re.sub(r"(?m)^;.*$", "", files(without)["extensions_bellwire.conf"])


def test_apps_have_no_wider_list_unless_the_site_says_so() -> None:
    narrow = replace(aurora(), soft_phones={"2214": 2})
    assert "apps]" not in files(narrow)["acl_bellwire.conf"]
    assert any(
        "apps use 2214: they register from the site's networks" in r for r in remarks(narrow)
    )
    wider = replace(
        aurora(Hardening(soft_phones_from=("198.51.100.0/24",))), soft_phones={"2214": 2}
    )
    assert "permit = 198.51.100.0/24" in files(wider)["acl_bellwire.conf"].split("-apps]")[1]
    pjsip = files(wider)["pjsip_bellwire.conf"]
    assert re.findall(r"(?m)^((?:contact_)?acl = .*)$", pjsip) == [
        "acl = bw-aurora", "contact_acl = bw-aurora", "acl = bw-aurora-apps",
        *["acl = bw-aurora", "contact_acl = bw-aurora"] * 4,
    ]  # fmt: skip
    anywhere = replace(aurora(Hardening(soft_phones_from=ANYWHERE)), soft_phones={"2214": 2})
    assert "permit = ::/0" in files(anywhere)["acl_bellwire.conf"]
    assert any("2214 may register from anywhere" in remark for remark in remarks(anywhere))


def test_the_stronger_of_site_and_phone_encrypts() -> None:
    def srtp(hardening: Hardening) -> dict[str, str]:
        return {e.extension: e.srtp for e in endpoints(aurora(hardening))}

    assert srtp(Hardening())["100"] == "optional"
    assert srtp(Hardening())["2214"] == "off"
    assert set(srtp(Hardening(srtp="required")).values()) == {"required"}
    assert any("keys travel in the clear" in r for r in remarks(aurora(Hardening(srtp="required"))))


def test_tls_is_a_transport_with_nothing_old() -> None:
    text = files(aurora(Hardening(tls=SipTls("/c.pem", "/k.pem", 5099))))["pjsip_bellwire.conf"]
    assert "\n[bw-aurora-tls]\ntype = transport\nprotocol = tls\nbind = 0.0.0.0:5099\n" in text
    assert "method = tlsv1_2\ncert_file = /c.pem\npriv_key_file = /k.pem\n" in text
    assert "transport" not in re.sub(r"(?m)^;.*$", "", files(aurora())["pjsip_bellwire.conf"])


def test_only_what_a_site_has_is_loaded_and_every_module_says_why() -> None:
    def names(pbx: PbxSite) -> set[str]:
        return {module.name for module in needed_modules(pbx, shipped_folder())}

    everything = names(aurora())
    assert {"app_voicemail", "res_srtp"} <= everything
    bare = replace(aurora(), phones=(), accounts=aurora().accounts[1:], voicemail_pins={})
    assert not {"app_voicemail", "res_srtp", "codec_gsm"} & names(bare)
    assert names(bare) < everything
    assert not {m for m in everything if "anonymous" in m or "iax" in m or "http" in m}
    text = whole(aurora())["modules.conf"]
    assert "autoload = no\n" in text
    assert len(re.findall(r"(?m)^; .+\nload = \S+\.so$", text)) == len(everything)


def test_guarded_calls_have_modules_and_rights_of_their_own() -> None:
    guarded = replace(aurora(), site=replace(aurora().site, country="ES", calls=Calls()))
    more = {m.name for m in needed_modules(guarded, shipped_folder())}
    assert {"res_agi", "res_speech", "func_db", "app_read"} <= more
    assert "res_agi" not in {m.name for m in needed_modules(aurora(), shipped_folder())}
    ami = Pbx("asterisk", "10.20.0.5", 5038, "bellwire", SecretStr("x"))
    told = replace(guarded, site=replace(guarded.site, pbx=ami))
    assert "write = system,call,reporting,command\n" in whole(told)["manager.conf"]


def test_ports_and_transports_are_those_of_the_phones() -> None:
    assert (transports(aurora()), sip_port(aurora())) == (("udp",), 5060)
    mixed = replace(
        aurora(),
        phones=(
            phone(1, "a", "100", sip={"transport": "tcp", "port": 5070}),
            phone(2, "b", "2214", sip={"transport": "tls", "port": 5061}),
        ),
    )
    assert (transports(mixed), sip_port(mixed)) == (("tcp",), 5070)
    assert "protocol = udp" not in whole(mixed)["pjsip.conf"]
    assert "bind = 0.0.0.0:5070" in whole(mixed)["pjsip.conf"]


@pytest.mark.parametrize(
    ("host", "ami_from", "bind"),
    [
        ("10.20.0.5", (), "10.20.0.5"),
        ("pbx.example", (), "127.0.0.1"),
        ("pbx.example", ("10.20.0.9/32",), "0.0.0.0"),
    ],
)
def test_the_manager_listens_where_bellwire_asks(
    host: str, ami_from: tuple[str, ...], bind: str
) -> None:
    pbx = Pbx("asterisk", host, 5039, "bellwire", SecretStr("a;b"))
    text = whole(replace(aurora(), site=replace(aurora().site, pbx=pbx)), *ami_from)["manager.conf"]
    assert f"bindaddr = {bind}\nport = 5039\n" in text
    assert "secret = a\\;b\n" in text
    assert re.findall("permit = (.*)", text) == ["127.0.0.1/32", "::1/128", *ami_from]
    assert "command" not in re.findall("(?m)^write = (.*)$", text)[0]


def test_without_a_manager_user_nobody_logs_in() -> None:
    text = whole(aurora())["manager.conf"]
    assert "nobody may log in" in text
    assert "secret" not in re.sub(r"(?m)^;.*$", "", text)
