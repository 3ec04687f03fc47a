"""Snom's catalogue: it loads, and its rules know what Snom devices say and ask for."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Kind, Model, Role, Vendor
from provisioner.key_types import KeyType

MODELS = ("snom/d785", "snom/d717", "snom/715", "snom/m700", "snom/c520-wimi")
PARTS = ("snom/d7c", "snom/d7", "snom/c52-sp", "snom/a230")


@pytest.fixture(scope="module")
def vendor() -> Vendor:
    return load().vendors["snom"]


def agent(vendor: Vendor, text: str) -> dict[str, str] | None:
    for rule in vendor.agents:
        match = re.search(rule.pattern, text)
        if match:
            return {name: found for name, found in match.groupdict().items() if found}
    return None


def path(vendor: Vendor, name: str) -> tuple[Role, dict[str, str]] | None:
    for rule in vendor.paths:
        match = re.search(rule.pattern, name)
        if match:
            return rule.role, {k: v for k, v in match.groupdict().items() if v}
    return None


MOZILLA = "Mozilla/4.0 (compatible; {})"


@pytest.mark.parametrize(
    ("text", "model", "firmware", "mac"),
    [
        ("snom lid 3605", None, None, None),
        ("snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38", "320", "6.5.20", None),
        ("snom320-SIP 7.3.30 1.1.3-u", "320", "7.3.30", None),
        ("snom320-SIP 8.4.18 1.1.3-s", "320", "8.4.18", None),
        ("snom710-SIP 8.7.3.19 1.1.5-IFX-05.01.12", "710", "8.7.3.19", None),
        ("snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767", "710", "8.7.5.35", "000413741767"),
        ("snom715-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767", "715", "8.7.5.35", "000413741767"),
        ("snom760-SIP 8.7.3.19 2010.06", "760", "8.7.3.19", None),
        ("snom820-SIP 8.4.35 1.1.4-IFX-26.11.09", "820", "8.4.35", None),
        # Wazo reads the 1 of 1.4 as a MAC address here
        ("snom870-SIP 8.4.35 SPEAr300 SNOM 1.4", "870", "8.4.35", None),
        ("snomPA1-SIP 8.4.35 1.1.3-s", "PA1", "8.4.35", None),
        (
            "snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0",
            "D785", "10.1.33.33", "000413922D24",
        ),
        (
            "snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0",
            "D785", "10.1.169.16", "00041396D9B4",
        ),
        ("snom m9 9.1.43", "m9", "9.1.43", None),
        ("Snom M900 05.20.0001 000413b60680", "M900", "05.20.0001", "000413b60680"),
        ("Snom M700 05.20.0001 000413b60680", "M700", "05.20.0001", "000413b60680"),
    ],
)  # fmt: skip
def test_user_agents_of_the_page(
    vendor: Vendor, text: str, model: str | None, firmware: str | None, mac: str | None
) -> None:
    expected = {"model": model, "firmware": firmware, "mac": mac}
    assert agent(vendor, MOZILLA.format(text)) == {k: v for k, v in expected.items() if v}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "snomM700/03.23.0005 (MAC=0004136AB0C1; SER= 00000; HW=255)",
            {"model": "M700", "firmware": "03.23.0005", "mac": "0004136AB0C1"},
        ),
        ("snomD735/10.1.169.16", {"model": "D735", "firmware": "10.1.169.16"}),
        ("VTech C520-WiMi 1.2.0.6", {"model": "C520-WiMi", "firmware": "1.2.0.6"}),
    ],
)
def test_sip_and_assumed_user_agents(vendor: Vendor, text: str, expected: dict[str, str]) -> None:
    assert agent(vendor, text) == expected


@pytest.mark.parametrize(
    "text",
    ["Fanvil H5 2.12.2 0c383e000214", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", "curl/8"],
)
def test_other_vendors_are_not_taken(vendor: Vendor, text: str) -> None:
    assert agent(vendor, text) is None


@pytest.mark.parametrize(
    ("name", "role", "groups"),
    [
        ("snomD785.htm", Role.GENERAL, {"model": "D785"}),
        ("snomD785-000413A11FA7.htm", Role.DEVICE, {"model": "D785", "mac": "000413A11FA7"}),
        ("snom715-000413a11fa7.htm", Role.DEVICE, {"model": "715", "mac": "000413a11fa7"}),
        ("snomD715.htm", Role.GENERAL, {"model": "D715"}),
        ("snomM700-000413B60680.htm", Role.DEVICE, {"model": "M700", "mac": "000413B60680"}),
        ("snomD785-firmware.xml", Role.BOOT, {"model": "D785"}),
        ("C520-WiMi.cfg", Role.GENERAL, {"model": "C520-WiMi"}),
        ("C520-WiMi_00122A0000AB.cfg", Role.DEVICE, {"model": "C520-WiMi", "mac": "00122A0000AB"}),
        ("000413A11FA7.xml", Role.DEVICE, {"mac": "000413A11FA7"}),
        ("phonebook.xml", Role.PHONEBOOK, {}),
        ("gui_lang.xml", Role.LANGUAGE, {}),
        ("snomD785-10.1.169.16-SIP-r.bin", Role.FIRMWARE, {"model": "D785"}),
        ("snomD7C-1.6.1-r.bin", Role.FIRMWARE, {"model": "D7C"}),
        ("snomD785-ramdisk-chained-update-r.bin", Role.FIRMWARE, {"model": "D785"}),
        ("M700_v0740_b0104.fwu", Role.FIRMWARE, {}),
        ("C520-WiMi-1.2.0.6-0.img", Role.FIRMWARE, {}),
    ],
)
def test_file_names(vendor: Vendor, name: str, role: Role, groups: dict[str, str]) -> None:
    assert path(vendor, name) == (role, groups)


@pytest.mark.parametrize("name", ["805ec0000100.cfg", "0c383e000214.xml", "index.html", "y000.cfg"])
def test_names_of_other_vendors(vendor: Vendor, name: str) -> None:
    assert path(vendor, name) is None


@pytest.mark.parametrize("model_id", [*MODELS, *PARTS])
def test_every_model_is_there_with_sources(model_id: str) -> None:
    model = load().models[model_id]
    assert model.sources
    assert model.notes


@pytest.mark.parametrize(
    ("said", "model_id"),
    [("D785", "snom/d785"), ("snomD785", "snom/d785"), ("715", "snom/715"), ("D715", "snom/715"),
     ("snom715", "snom/715"), ("M700", "snom/m700"), ("snomM700", "snom/m700"),
     ("C520-WiMi", "snom/c520-wimi")],
)  # fmt: skip
def test_product_names(said: str, model_id: str) -> None:
    found = load().model_of_agent("snom", said)
    assert found is not None
    assert found.id == model_id


@pytest.mark.parametrize(
    ("model_id", "firmware", "dialect"),
    [
        ("snom/715", None, "desk-10"),
        ("snom/715", "10.1.54.13", "desk-10"),
        ("snom/715", "8.7.5.35", "desk-8"),
        ("snom/715", "8.9.3.80", "desk-8"),
        ("snom/d785", "8.9.3.80", "desk-10"),
        ("snom/m700", "07.40.0104", "rtx-dect"),
        ("snom/c520-wimi", "1.2.0.6", "vtech"),
    ],
)
def test_dialect_of_a_firmware(model_id: str, firmware: str | None, dialect: str) -> None:
    catalogue = load()
    assert catalogue.dialect_of(catalogue.models[model_id], firmware).id == dialect


def test_accessories_are_honest() -> None:
    for model_id in ("snom/c52-sp", "snom/a230"):
        model = load().models[model_id]
        assert model.kind is Kind.ACCESSORY
        assert not model.dialects
        assert any("No provisioning parameter is known" in note for note in model.notes)


def test_key_groups() -> None:
    keys = {m: _only_group(load().models[m]) for m in ("snom/d785", "snom/d717", "snom/715")}
    assert {m: (g.count, g.first) for m, g in keys.items()} == {
        "snom/d785": (24, 0),
        "snom/d717": (3, 0),
        "snom/715": (3, 0),
    }
    assert all(group.accepts == frozenset(KeyType) for group in keys.values())
    assert load().models["snom/715"].disagreements


def _only_group(model: Model):
    (group,) = model.keys
    return group
