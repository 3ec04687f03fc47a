"""Every parameter name that the Fanvil templates write is known to a public source, or says why."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from provisioner.catalogue.loader import load
from provisioner.key_types import PhoneKey
from provisioner.render import RenderedFile, render, render_first_contact
from tests.fanvil_devices import files_of, kit_of, spoken
from tests.kits import make_kit

PREFIX = {"new-text": "text2", "new-door": "text2", "new-xml": "xml2", "old-text": "text1",
          "old-xml": "xml1"}  # fmt: skip
EVERYTHING: dict[str, object] = {
    "sip": {
        "outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example", "keepalive_s": 20,
        "transport": "tls", "srtp": "required", "stun_server": "stun.example",
    },
    "calls": {
        "hotline": "100", "dnd_allowed": False, "voicemail": "*97",
        "forward_always": {"to": "1"}, "forward_busy": {"to": "2"},
        "forward_no_answer": {"to": "3"},
    },
    "network": {"pc_vlan_id": 30, "hostname": "room-214", "dot1x": "md5"},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_user": "cn=x"},
    "telemetry": {
        "action_urls": True, "syslog_server": "10.0.0.9", "rtcp_xr_collector": "10.0.0.9",
    },
    "access": {"menu_locked": True},
    "door": {"second_open_code": "8#"},
    "hotel": {"lines": ["one", "two", "three", "four"]},
    "screen": {"title": "Aurora", "wallpaper": "library:room.bmp"},
    "firmware": {"version": "9.9", "url": "http://prov.example/fw.z"},
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
    if body.startswith("<?xml"):
        root = ET.fromstring(body)
        return {name for child in root if len(child) for name in xml_names(child, "")}
    return text_names(body)


def text_names(body: str) -> set[str]:
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


def xml_names(element: ET.Element, above: str) -> Iterator[str]:
    """``sip/line[X]/EnableReg`` for every leaf, as the list writes them."""
    path = f"{above}/{element.tag}".lstrip("/") + ("[X]" if "index" in element.attrib else "")
    if not len(element):
        yield path
    for child in element:
        yield from xml_names(child, path)


def is_known(name: str, prefix: str, known: set[str]) -> bool:
    return bool({f"{prefix}:{name}", f"{prefix}:{re.sub(r'[0-9]+', 'X', name)}"} & known)


@cache
def written() -> frozenset[tuple[str, str]]:
    """(prefix, name) of everything in the files of every model: each preset that fits, and one
    phone that is told everything."""
    names: set[tuple[str, str]] = set()
    for model_id, firmware in spoken():
        model = load().models[model_id]
        presets = load().presets_for(model)
        keys = tuple(PhoneKey(type=t, value="1") for g in model.keys for t in g.accepts)
        full = make_kit(model_id, presets[0].id, keys=keys, settings=EVERYTHING, firmware=firmware)
        files: list[RenderedFile] = [
            *(f for preset in presets for f in files_of(model_id, firmware, preset.id)),
            *render(load().folder, full),
            *render_first_contact(load().folder, full.dialect, model, full.phone.mac, full.urls),
        ]
        prefix = PREFIX[kit_of(model_id, firmware, presets[0].id).dialect.id]
        bodies = {file.body.decode() for file in files if file.role != "firmware"}
        names |= {(prefix, name) for body in bodies for name in names_in(body)}
    return frozenset(names)


def sourced() -> set[str]:
    """Names that a source of the vendor file answers for, as ``name:<name>``."""
    covers = " ".join(source.covers for source in load().vendors["fanvil"].sources)
    return set(re.findall(r"name:([^,:;]+)", covers))


def indexed(name: str) -> str:
    return re.sub(r"[0-9]+", "X", name)


def test_every_name_is_known_or_says_why(
    known: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    distinct = {(prefix, indexed(name)) for prefix, name in written()}
    unknown = {
        (prefix, indexed(name)) for prefix, name in written() if not is_known(name, prefix, known)
    }
    with capsys.disabled():
        print(f" fanvil: {len(unknown)} of {len(distinct)} names are in no public list", end="")
    assert {name for _, name in unknown} == sourced()
    assert len(unknown) < len(distinct) / 100


def test_the_old_firmware_gets_no_long_name() -> None:
    names = [name.split("> ", 1)[1] for prefix, name in written() if prefix == "text1"]
    too_long = {n for n in names if n.startswith("SIP") and len(n) > 19}
    assert too_long == set()
    assert any(n.startswith("SIP6 ") for n in names)
