"""Every parameter name we emit is one that other projects' templates know."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role
from provisioner.inventory.records import Accessory
from provisioner.kit import Offer, PhoneKit
from provisioner.render import render, render_first_contact
from tests.kits import make_kit
from tests.yealink_phones import firmwares, handsets_for, models

INDEX = re.compile(r"(?<=\.)\d+(?=\.|$)")
MOST_UNKNOWN = 0.01
PICTURES = {"wallpaper": "http://x.example/a.png", "logo": "http://x.example/a.dob"}

EVERYTHING: dict[str, object] = {
    "sip": {
        "transport": "tls", "srtp": "required", "dtmf": "info", "keepalive_s": 30,
        "outbound_proxy": "sbc.example", "backup_registrar": "pbx2.example",
        "stun_server": "stun.example",
    },
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_base": "dc=x"},
    "telemetry": {
        "action_urls": True, "syslog_server": "log.example", "rtcp_xr_collector": "qos.example",
    },
    "calls": {"hotline": "100", "forward_always": {"to": "100"}, "forward_no_answer": {"to": "1"}},
    "paging": {"listen": ["239.255.1.1:5004"], "interrupt_calls": True},
    "network": {"pc_vlan_id": 30, "dot1x": "peap-mschapv2", "dot1x_identity": "x"},
    "audio": {"ring_file": "library:bell.wav"},
    "screen": PICTURES,
    "dect": {"manager": "10.20.0.9", "bases": [{"mac": "805ec0000777", "name": "Floor 2"}]},
    "hotel": {"name": "Aurora", "room": "214"},
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


def names_in(body: str) -> set[str]:
    lines = [line for line in body.splitlines() if line and not line.startswith("#")]
    return {INDEX.sub("X", line.split("=", 1)[0].strip()) for line in lines if "=" in line}


def kits() -> Iterator[PhoneKit]:
    """Every model and dialect with its fitting presets in turn, bare and with everything set."""
    for model in models():
        modules = (Accessory(model.expansion.models[0], 2),) if model.expansion else ()
        presets = cycle(load().presets_for(model))
        for firmware in firmwares(model).values():
            for settings in (None, EVERYTHING):
                yield make_kit(
                    model.id, next(presets).id, firmware=firmware, handsets=handsets_for(model),
                    accessories=modules, settings=settings,
                )  # fmt: skip


def with_handset_images(kit: PhoneKit) -> PhoneKit:
    if kit.model.dect is None:
        return kit
    images = {
        name: kit.urls.file(f"{name}.rom")
        for name in (*kit.model.dect.handset_models, "T41S_DD10K", "T54W-DD10K", "another")
    }
    return replace(kit, offer=Offer("1.2.3.4", kit.urls.file("base.rom"), images))


def all_names() -> dict[str, str]:
    """Every name of every file, and which phone was told it."""
    found: dict[str, str] = {}
    for made in kits():
        kit = with_handset_images(made)
        first = render_first_contact(load().folder, kit.dialect, kit.model, kit.phone.mac, kit.urls)
        for file in (*render(load().folder, kit), *first):
            if file.role is not Role.BOOT:
                for name in names_in(file.body.decode()):
                    found[name] = f"{kit.model.id} {kit.dialect.id}"
    return found


def test_names_outside_the_lists_are_few_and_each_has_a_written_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    known, found = known_names(), all_names()
    outside = {name: who for name, who in found.items() if name not in known}
    with capsys.disabled():
        print(f"\nyealink: {len(outside)} of {len(found)} names outside the lists: {outside}")
    assert set(outside) <= with_a_written_source()
    assert len(outside) < MOST_UNKNOWN * len(found)


def test_no_written_source_is_left_over() -> None:
    assert with_a_written_source() <= set(all_names()) - known_names()


@pytest.mark.parametrize(("model", "old", "new"), [
    ("yealink/t19p-e2", "53.80.0.3", "53.84.0.125"), ("yealink/t46g", "28.72.0.1", "28.83.0.35"),
    ("yealink/w52p", "25.80.0.15", "25.81.0.60"),
])  # fmt: skip
def test_the_old_dialect_writes_no_new_names_and_the_new_no_old_ones(
    model: str, old: str, new: str
) -> None:
    def told(firmware: str) -> set[str]:
        kit = make_kit(model, "guest-room", firmware=firmware, settings=EVERYTHING)
        return names_in(render(load().folder, kit)[-1].body.decode())

    assert not any(name.startswith("static.") for name in told(old))
    new_names = told(new)
    prefixed = {name.removeprefix("static.") for name in new_names if name.startswith("static.")}
    assert not prefixed & new_names
