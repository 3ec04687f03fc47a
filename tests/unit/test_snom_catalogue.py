"""Snom's catalogue: it loads, and its rules know what Snom devices say and ask for."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Kind, Model, Support
from provisioner.catalogue.record import Confidence
from provisioner.catalogue.schema import Role, Vendor
from provisioner.key_types import KeyType
from tests.snom_phones import FIRMWARE, provisioned

_NAMES = """
    D120 D140 D150 D305 D315 D335 D345 D375 D385 D710 D712 D713 D715 D717 D725 D735 D745 D765 D785
    D810 D812 D815 D862 D865 D892 SP800 300 320 360 370 710 715 720 725 760 820 821 870 MP PA1 PA1+
    M300 M400 M700 M900 C520-WiMi C620-WiMi HD100 HD101 HD150 HD350W HD351W HM201 m3 m9
    M10 M18 M25 M30 M55 M58 M65 M70 M80 M85 M90 D3 D7 D7C D8C A230 C52-SP
"""
NAMED = _NAMES.split()
SNOMS = [m for m in load().models.values() if m.vendor == "snom"]


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
        ("VTech M100 KLE 1.0", {"model": "M100 KLE", "firmware": "1.0"}),
        ("VTech HD350W", {"model": "HD350W"}),
        ("snom715/10.1.215.13", {"model": "715", "firmware": "10.1.215.13"}),
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
        ("C620-wlconf-0.4.1.5-0.img", Role.FIRMWARE, {}),
        ("snomD862-10.1.215.13-SIP-r.swu", Role.FIRMWARE, {"model": "D862"}),
        ("M100 KLE_000413A11FA7.cfg", Role.DEVICE, {"model": "M100 KLE", "mac": "000413A11FA7"}),
        ("M500_000413A11FA7.cfg", Role.DEVICE, {"model": "M500", "mac": "000413A11FA7"}),
        ("HD350W_000413A11FA7.cfg", Role.DEVICE, {"model": "HD350W", "mac": "000413A11FA7"}),
        ("000413A11FA7.cfg", Role.DEVICE, {"mac": "000413A11FA7"}),
    ],
)
def test_file_names(vendor: Vendor, name: str, role: Role, groups: dict[str, str]) -> None:
    assert path(vendor, name) == (role, groups)


@pytest.mark.parametrize("name", ["805ec0000100.cfg", "0c383e000214.xml", "index.html", "y000.cfg"])
def test_names_of_other_vendors(vendor: Vendor, name: str) -> None:
    assert path(vendor, name) is None


@pytest.mark.parametrize("name", [*NAMED, "M100 KLE", "M100 SC", "M500 KLE"])
def test_what_the_notes_name_is_here(name: str) -> None:
    assert load().model(name).vendor == "snom"


def test_there_are_many() -> None:
    assert len(SNOMS) >= 70
    assert len(provisioned()) >= 50


@pytest.mark.parametrize("model", SNOMS, ids=lambda model: model.id)
def test_a_model_says_what_must_be_known(model: Model) -> None:
    assert model.sources
    if model.support is Support.KNOWN:
        assert model.missing
        assert not model.dialects
    elif model.kind not in {Kind.ACCESSORY, Kind.EXPANSION}:
        assert model.type_string
        assert model.features
        assert model.family
    if model.support is Support.EXPERIMENTAL:
        assert model.notes
    if not model.dialects:
        return
    assert model.accounts
    assert load().main_preset(model) in load().presets_for(model)


@pytest.mark.parametrize("model", provisioned(), ids=lambda model: model.id)
def test_a_model_is_found_by_what_it_calls_itself(model: Model) -> None:
    catalogue = load()
    for said in (*model.agents, model.name, model.type_string):
        assert catalogue.model_of_agent("snom", said) is model
    for alias in model.aliases:
        assert catalogue.model(alias) is model


@pytest.mark.parametrize(
    ("said", "model_id"),
    [("D785", "snom/d785"), ("snomD785", "snom/d785"), ("715", "snom/715"), ("D715", "snom/715"),
     ("snom715", "snom/715"), ("snom725", "snom/725"), ("D725", "snom/725"), ("D710", "snom/710"),
     ("M700", "snom/m700"), ("snomM700", "snom/m700"), ("PA1P", "snom/pa1-plus"),
     ("C520-WiMi", "snom/c520-wimi"), ("m3", "snom/m3")],
)  # fmt: skip
def test_product_names(said: str, model_id: str) -> None:
    found = load().model_of_agent("snom", said)
    assert found is not None
    assert found.id == model_id


@pytest.mark.parametrize("model", provisioned(), ids=lambda model: model.id)
def test_dialect_of_a_firmware(model: Model) -> None:
    """A desk phone speaks by its firmware; what speaks one dialect only always does."""
    catalogue = load()
    spoken = [entry.id for entry in model.dialects]
    assert catalogue.dialect_of(model, None).id == spoken[0]
    for dialect in spoken:
        assert catalogue.dialect_of(model, FIRMWARE.get(dialect)).id == dialect
    if spoken == ["desk-10", "desk-8"]:
        for firmware, dialect in (("10.1.54.13", "desk-10"), ("8.9.3.80", "desk-8")):
            assert catalogue.dialect_of(model, firmware).id == dialect


def test_accessories_are_honest() -> None:
    for model_id in ("snom/c52-sp", "snom/a230"):
        model = load().models[model_id]
        assert model.kind is Kind.ACCESSORY
        assert not model.dialects
        assert any("No provisioning parameter is known" in note for note in model.notes)


def test_handsets_of_a_base_are_models_too() -> None:
    for model in provisioned():
        for name in model.dect.handset_models if model.dect else ():
            assert load().model(name).kind is Kind.ACCESSORY


@pytest.mark.parametrize("model", [m for m in SNOMS if m.keys], ids=lambda model: model.id)
def test_keys_are_counted_from_nought_and_on_the_screen_as_the_firmware_does(model: Model) -> None:
    for group in model.keys:
        if group.id == "soft":
            assert group.count == 4
            assert not group.fill
            assert not group.labels
            assert (group.first == 1) == (model.id.split("/")[1] in GUI_FKEY)
        else:
            assert group.first == 0
            assert group.accepts == frozenset(KeyType)


GUI_FKEY = {"d345", "720", "725", "d745", "760", "d765"}


def test_where_sources_differ_the_smaller_number_is_used() -> None:
    """All but the D120: two sources write its keys, and one counts none."""
    for model in SNOMS:
        for difference in model.disagreements:
            if difference.fact == "function keys" and model.id != "snom/d120":
                numbers = [int(v.split(",")[0]) for v in difference.values.values()]
                assert int(difference.chosen) == min(numbers)
                assert model.keys[0].count == min(numbers)


def test_what_is_not_sure_says_so() -> None:
    for model in SNOMS:
        if model.support is Support.EXPERIMENTAL:
            weak = {s.confidence for s in model.sources} | {model.confidence}
            assert weak & {Confidence.UNVERIFIED, Confidence.PEER}
