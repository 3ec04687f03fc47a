"""Every parameter name we emit is one that other projects' templates know."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.presets import Preset
from provisioner.catalogue.schema import Model
from provisioner.inventory.records import Accessory
from provisioner.render import render, render_first_contact
from tests.kits import make_kit

INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")
OLD = {"yealink/t19p-e2": "53.80.0.3", "yealink/w70b": "146.85.0.5"}

EVERYTHING = {
    "sip": {
        "transport": "tls", "srtp": "required", "dtmf": "info", "keepalive_s": 30,
        "outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example",
    },
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_base": "dc=x"},
    "telemetry": {
        "action_urls": True, "syslog_server": "log.example", "rtcp_xr_collector": "qos.example",
    },
    "calls": {"hotline": "100", "forward_always": {"to": "100"}},
    "paging": {"listen": ["239.255.1.1:5004"], "interrupt_calls": True},
    "network": {"pc_vlan_id": 30},
    "screen": {"wallpaper": "http://x.example/a.png", "logo": "http://x.example/a.dob"},
    "firmware": {"url": "http://x.example/a.rom"},
    "provisioning": {"trust_ca_url": "http://x.example/ca.pem", "verify_server": True},
}  # fmt: skip


def known_names() -> frozenset[str]:
    beside = Path(__file__).resolve().parents[3] / "shared" / "reference" / "params"
    folder = Path(os.environ.get("BELLWIRE_PARAMS", beside))
    file = folder / "params_yealink.txt"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    return frozenset(line.split("\t")[0] for line in file.read_text("utf-8").splitlines())


def with_a_written_source() -> frozenset[str]:
    sources = load().vendors["yealink"].sources
    return frozenset(s.covers[5:].split()[0] for s in sources if s.covers.startswith("name:"))


def fits(preset: Preset, model: Model) -> bool:
    return model.kind in preset.kinds and preset.needs <= model.features


def cases() -> list[tuple[str, str, str | None, bool]]:
    catalogue = load()
    made = []
    for model in sorted(catalogue.models.values(), key=lambda m: m.id):
        if model.vendor != "yealink" or not model.dialects:
            continue
        for preset in sorted(catalogue.presets.values(), key=lambda p: p.id):
            if fits(preset, model):
                for firmware in {None, OLD.get(model.id)}:
                    made += [(model.id, preset.id, firmware, full) for full in (False, True)]
    return made


def names_in(body: str) -> set[str]:
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    return {INDEX.sub("X", line.split("=", 1)[0].strip()) for line in lines if "=" in line}


def test_every_name_is_known_to_somebody() -> None:
    known = known_names() | with_a_written_source() | {"overwrite_mode"}
    folder = load().folder
    unknown: dict[str, str] = {}
    for model_id, preset_id, firmware, full in cases():
        model = load().model(model_id)
        kit = make_kit(
            model_id, preset_id, firmware=firmware,
            handsets=3 if model.dect else 0,
            accessories=(Accessory("yealink/exp43", 3),) if model.expansion else (),
            settings=EVERYTHING if full else None,
        )  # fmt: skip
        first = render_first_contact(folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
        for file in (*render(folder, kit), *first):
            for name in names_in(file.body.decode()) - known:
                unknown[name] = f"{model_id} {kit.dialect.id}"
    assert unknown == {}


def test_the_old_dialect_writes_no_new_names_and_the_new_no_old_ones() -> None:
    old = make_kit("yealink/t19p-e2", "guest-room", firmware="53.80.0.3", settings=EVERYTHING)
    new = make_kit("yealink/t19p-e2", "guest-room", firmware="53.84.0.125", settings=EVERYTHING)
    old_names = names_in(render(load().folder, old)[-1].body.decode())
    new_names = names_in(render(load().folder, new)[-1].body.decode())
    assert not any(name.startswith("static.") for name in old_names)
    prefixed = {name.removeprefix("static.") for name in new_names if name.startswith("static.")}
    assert not prefixed & new_names


def test_the_models_and_presets_are_many() -> None:
    assert len({case[0] for case in cases()}) == 6
    assert len(cases()) > 40
