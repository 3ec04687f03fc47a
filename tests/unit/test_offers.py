"""Firmware in each maker's own way: offered, offered to handsets only, and not offered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Kind
from provisioner.kit import Offer
from provisioner.render import render
from provisioner.syntaxes import MaskedText
from tests.kits import make_kit

MODELS = sorted(
    m.id for m in load().models.values()
    if m.dialects and {"firmware", "firmware.url"} & load().dialect_of(m, None).settings
)  # fmt: skip
BASES = {
    "yealink/w70b": ("yealink/w73h", "W73H-116.85.0.20.rom", b"over_the_air.url.w73h = "),
    "snom/m700": ("M65", "M65_v0740_b0104.fwu", b'pp_fwu_sw_version type="M65">740<'),
}


def plain(url: str) -> MaskedText:
    return MaskedText(url, url)


def bodies(model_id: str, offer: Offer | None) -> bytes:
    model = load().models[model_id]
    handsets = 2 if model.dect and model.accounts else 0
    kit = make_kit(model_id, load().main_preset(model).id, handsets=handsets)
    files = render(load().folder, replace(kit, offer=offer))
    return b"".join(file.body for file in files)


@pytest.mark.parametrize("model_id", MODELS)
def test_an_image_is_offered_by_its_url_and_only_then(model_id: str) -> None:
    offer = Offer("99.88.7777", plain("http://fw.example/x/M700_v0740_b0104.fwu"))
    assert b"fw.example" not in bodies(model_id, None)
    assert b"http://fw.example" in bodies(model_id, offer)


@pytest.mark.parametrize("model_id", sorted(BASES))
def test_an_image_for_handsets_is_none_for_the_base(model_id: str) -> None:
    handset, name, written = BASES[model_id]
    images = {handset: plain(f"http://fw.example/{name}")}
    body = bodies(model_id, Offer("", plain(""), images))
    assert written in body
    assert b"firmware.url = \n" not in body
    assert b"fp_fwu_sw_version" not in body


@pytest.mark.parametrize("model_id", MODELS)
def test_handsets_only_changes_nothing_where_there_are_none(model_id: str) -> None:
    if load().models[model_id].kind is not Kind.DECT_BASE:
        offer = Offer("", plain(""), {"yealink/w73h": plain("http://fw.example/a.rom")})
        assert bodies(model_id, offer) == bodies(model_id, None)
