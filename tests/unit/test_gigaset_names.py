"""Every parameter name of Gigaset's file has a written source: no list of them is public."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.kit import PhoneKit
from provisioner.render import render, render_first_contact
from tests.gigaset_phones import MAC, models
from tests.kits import make_kit

EVERYTHING: dict[str, object] = {
    "sip": {"outbound_proxy": "sbc.example", "backup_registrar": "b.example", "srtp": "optional"},
    "calls": {"voicemail": "*97"},
    "directory": {"phonebook": True},
    "firmware": {"version": "9.9.9", "url": "http://a.example/fw.bin"},
}


def sourced() -> set[str]:
    return {
        source.covers.split()[0].removeprefix("name:")
        for source in load().vendors["gigaset"].sources
        if source.covers.startswith("name:")
    }


def emitted(kit: PhoneKit) -> Iterator[str]:
    folder = load().folder
    for file in (
        *render(folder, kit),
        *render_first_contact(folder, kit.dialect, kit.model, kit.phone.mac, kit.urls),
    ):
        for entry in ET.fromstring(file.body).iter():
            name = re.sub(r"^(SipProvider|SipAccount|hs)\.\w+\.", r"\1.X.", entry.get("name", ""))
            if name:
                yield f"oper:{name}" if entry.tag == "oper" else name


@pytest.mark.parametrize("model", models(), ids=lambda m: m.id)
@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["presets", "everything"])
def test_every_name_has_a_source(model: Model, settings: dict[str, object]) -> None:
    for preset in load().presets_for(model):
        kit = make_kit(model.id, preset.id, mac=MAC, settings=settings, handsets=2)
        assert set(emitted(kit)) <= sourced()


def test_every_source_of_a_name_is_used() -> None:
    kit = make_kit("gigaset/n870-ip-pro", "dect-base", settings=EVERYTHING, handsets=2)
    assert sourced() == set(emitted(kit))
