"""Every parameter name that the Fanvil templates write is known to a public source."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import PhoneKey
from provisioner.render import render, render_first_contact
from tests.kits import make_kit

MODELS = ["fanvil/h2u-v2", "fanvil/x4u", "fanvil/h5", "fanvil/i30"]
PREFIX = {"new-text": "text2", "old-text": "text1"}
EVERYTHING: dict[str, object] = {
    "sip": {
        "outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example", "keepalive_s": 20,
        "transport": "tls", "srtp": "required",
    },
    "calls": {
        "hotline": "100", "dnd_allowed": False, "voicemail": "*97",
        "forward_always": {"to": "1"}, "forward_busy": {"to": "2"},
        "forward_no_answer": {"to": "3"},
    },
    "network": {"pc_vlan_id": 30, "hostname": "room-214"},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_user": "cn=x"},
    "telemetry": {
        "action_urls": True, "syslog_server": "10.0.0.9", "rtcp_xr_collector": "10.0.0.9",
    },
    "access": {"menu_locked": True},
    "hotel": {"lines": ["one", "two", "three", "four"]},
    "screen": {"title": "Aurora"},
    "firmware": {"url": "http://prov.example/fw.z"},
}  # fmt: skip


def folder() -> Path:
    given = os.environ.get("BELLWIRE_PARAMS")
    beside = Path(__file__).resolve().parents[3] / "shared" / "reference" / "params"
    return Path(given) if given else beside


@pytest.fixture(scope="module")
def known() -> set[str]:
    file = folder() / "params_fanvil.txt"
    if not file.is_file():
        pytest.skip(f"the list of known parameters is not there: {file}")
    return {line.split("\t", 1)[0] for line in file.read_text(encoding="utf-8").splitlines()}


def names_in(body: str) -> set[str]:
    names: set[str] = set()
    module = heading = ""
    for line in body.splitlines()[1:]:
        if re.fullmatch(r"<[^<>]+>", line):
            module, heading = line, ""
        elif re.fullmatch(r"--.+--:", line):
            heading = line[:-1] if module == "<DSSKEY CONFIG MODULE>" else ""
        elif ":" in line:
            names.add(" ".join(filter(None, (module, heading, line.split(":", 1)[0]))))
    return names


def is_known(name: str, prefix: str, known: set[str]) -> bool:
    indexed = re.sub(r"\d+", "X", name)
    if {f"{prefix}:{name}", f"{prefix}:{indexed}"} & known:
        return True
    module, _, parameter = indexed.partition("> ")
    # The door module is known as XML only; vendor.toml holds the source for the old text.
    xml = f"xml1:{module[1:]}/{parameter}".replace(" ", "_")
    return module == "<EGS CFG MODULE" and xml in known


def rendered() -> list[tuple[str, str]]:
    catalogue = load()
    bodies: list[tuple[str, str]] = []
    for model in MODELS:
        kind = catalogue.model(model).kind
        for preset in (p.id for p in catalogue.presets.values() if kind in p.kinds):
            keys = tuple(
                PhoneKey(type=t, value="1") for g in catalogue.model(model).keys for t in g.accepts
            )
            for settings in ({}, EVERYTHING):
                kit = make_kit(model, preset, keys=keys, settings=settings)
                files = [
                    *render(catalogue.folder, kit),
                    *render_first_contact(
                        catalogue.folder, kit.dialect, kit.model, kit.phone.mac, kit.urls
                    ),
                ]
                bodies += [(PREFIX[kit.dialect.id], file.body.decode()) for file in files]
    return bodies


def test_every_name_is_known(known: set[str]) -> None:
    unknown = {
        (prefix, name)
        for prefix, body in rendered()
        for name in names_in(body)
        if not is_known(name, prefix, known)
    }
    assert unknown == set()


def test_the_old_firmware_gets_no_long_name() -> None:
    for prefix, body in rendered():
        if prefix == "text1":
            sip = body.split("<SIP CONFIG MODULE>", 1)[-1].split("\r\n\r\n", 1)[0]
            for line in sip.splitlines():
                assert len(line.split(":", 1)[0]) <= 19 or not line.startswith("SIP")


def test_the_door_module_has_a_written_source() -> None:
    covers = [source.covers for source in load().vendors["fanvil"].sources]
    assert any(text.startswith("name:<EGS CFG MODULE>") for text in covers)
