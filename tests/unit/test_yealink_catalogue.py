"""Yealink's data files: they load, and they know the vendor's devices by what these say."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Kind, Model, Support
from provisioner.catalogue.schema import Role
from provisioner.identify import read_agent
from provisioner.key_types import KeyType
from provisioner.mac import parse_mac
from tests.yealink_phones import BEFORE_81, models
from web.simulated.device import Fetched
from web.simulated.yealink import DEVICES
from web.simulated.yealink_models import MODELS
from web.simulated.yealink_reading import STATIC_SINCE

# (HTTP User-Agent, product, firmware, MAC), as written on both reference pages
AGENTS = [
    ("yealink SIP-T18 18.0.0.80 00:15:65:27:3e:05", "T18", "18.0.0.80", "00:15:65:27:3e:05"),
    ("yealink SIP-T28P 2.50.0.50 00:15:65:13:ae:0b", "T28P", "2.50.0.50", "00:15:65:13:ae:0b"),
    ("yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b", "T28P", "2.70.0.140", "00:15:65:13:ae:0b"),
    ("Yealink SIP-T20P 9.72.0.30 00:15:65:5e:16:7c", "T20P", "9.72.0.30", "00:15:65:5e:16:7c"),
    ("Yealink SIP-T21P 34.72.0.1 00:15:65:4c:4c:26", "T21P", "34.72.0.1", "00:15:65:4c:4c:26"),
    ("Yealink SIP-T22P 7.72.0.30 00:15:65:39:31:fc", "T22P", "7.72.0.30", "00:15:65:39:31:fc"),
    ("Yealink SIP-T26P 6.72.0.30 00:15:65:4b:57:d2", "T26P", "6.72.0.30", "00:15:65:4b:57:d2"),
    ("Yealink SIP-T38G  38.0.0.115 00:15:65:2f:c3:5e", "T38G", "38.0.0.115", "00:15:65:2f:c3:5e"),
    ("Yealink SIP-T38G  38.70.0.125 00:15:65:2f:c3:5e", "T38G", "38.70.0.125", "00:15:65:2f:c3:5e"),
    ("Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0", "T46G", "28.71.0.81", None),
    ("Yealink SIP-T19P_E2 53.80.0.3 00:15:65:4c:4c:26", "T19P_E2", "53.80.0.3", "00:15:65:4c:4c:26"),
    ("Yealink SIP-T21P_E2 52.80.0.3 00:15:65:4c:4c:26", "T21P_E2", "52.80.0.3", "00:15:65:4c:4c:26"),
    ("Yealink SIP-T23G 44.80.0.60 00:15:65:93:70:f2", "T23G", "44.80.0.60", "00:15:65:93:70:f2"),
    ("Yealink SIP-T27P 45.80.0.25 00:15:65:8c:48:12", "T27P", "45.80.0.25", "00:15:65:8c:48:12"),
    ("yealink SIP-T29G 46.83.0.120 00:15:65:13:ae:0b", "T29G", "46.83.0.120", "00:15:65:13:ae:0b"),
    ("Yealink SIP-T40P 54.80.0.10 00:15:65:94:86:64", "T40P", "54.80.0.10", "00:15:65:94:86:64"),
    ("Yealink SIP-T41P 36.72.0.1 00:15:65:53:83:22", "T41P", "36.72.0.1", "00:15:65:53:83:22"),
    ("Yealink SIP-T42G 29.72.0.1 00:15:65:4c:3b:b0", "T42G", "29.72.0.1", "00:15:65:4c:3b:b0"),
    ("Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37", "T46G", "28.72.0.1", "00:15:65:4a:a9:37"),
    ("Yealink SIP-T48G 35.72.0.6 00:15:65:5c:60:82", "T48G", "35.72.0.6", "00:15:65:5c:60:82"),
    ("Yealink SIP VP-T49G 51.80.0.10 00:15:65:9b:5a:44", "T49G", "51.80.0.10", "00:15:65:9b:5a:44"),
    ("Yealink SIP-T49G 51.80.0.10 00:15:65:9b:5a:44", "T49G", "51.80.0.10", "00:15:65:9b:5a:44"),
    ("Yealink SIP-T58A 58.83.0.15 00:15:65:9b:5b:22", "T58A", "58.83.0.15", "00:15:65:9b:5b:22"),
    ("Yealink SIP-T56A 58.80.0.25 001565f429a4", "T56A", "58.80.0.25", "001565f429a4"),
    ("Yealink SIP-T31G 124.85.257.55 80:5e:c0:d5:7d:72", "T31G", "124.85.257.55", "80:5e:c0:d5:7d:72"),
    ("Yealink SIP-T33G 124.85.257.55 80:5e:c0:bd:ea:ef", "T33G", "124.85.257.55", "80:5e:c0:bd:ea:ef"),
    ("Yealink SIP-T34W 124.86.0.75 24:9a:d8:88:d0:f4", "T34W", "124.86.0.75", "24:9a:d8:88:d0:f4"),
    ("Yealink SIP-T46U 180.85.0.54 80:5E:C0:78:29:65", "T46U", "180.85.0.54", "80:5E:C0:78:29:65"),
    ("Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", "T46U", "108.86.0.20", "80:5e:c0:00:01:00"),
    ("Yealink SIP-T73U 185.87.0.10 00:15:65:5e:16:7c", "T73U", "185.87.0.10", "00:15:65:5e:16:7c"),
    ("Yealink SIP-T74U 185.87.0.10 80:5e:c0:d5:7d:72", "T74U", "185.87.0.10", "80:5e:c0:d5:7d:72"),
    ("Yealink SIP-T77U 185.87.0.10 44:db:d2:bd:b5:69", "T77U", "185.87.0.10", "44:db:d2:bd:b5:69"),
    ("Yealink SIP-T85W 185.87.0.10 44:db:d2:67:58:4b", "T85W", "185.87.0.10", "44:db:d2:67:58:4b"),
    ("Yealink SIP-T87W 185.87.0.10 44:db:d2:c9:73:b7", "T87W", "185.87.0.10", "44:db:d2:c9:73:b7"),
    ("Yealink CP860 37.72.0.5 00:15:65:8a:37:86", "CP860", "37.72.0.5", "00:15:65:8a:37:86"),
    ("Yealink CP960 73.83.0.30 00:15:65:8a:37:86", "CP960", "73.83.0.30", "00:15:65:8a:37:86"),
    ("Yealink CP960 73.85.0.5 0015658a3786", "CP960", "73.85.0.5", "0015658a3786"),
    ("Yealink SIP-CP920 78.85.0.5 00:15:65:5e:16:7c", "CP920", "78.85.0.5", "00:15:65:5e:16:7c"),
    ("VP530 23.70.0.41 00:15:65:3d:58:e3", "VP530", "23.70.0.41", "00:15:65:3d:58:e3"),
    ("VP530P 23.70.0.10 00:15:65:31:47:69", "VP530P", "23.70.0.10", "00:15:65:31:47:69"),
    ("VP530P 23.70.0.40 00:15:65:31:4b:c0", "VP530P", "23.70.0.40", "00:15:65:31:4b:c0"),
    ("Yealink SIP-W52P 25.40.0.15 00:15:65:40:ae:35", "W52P", "25.40.0.15", "00:15:65:40:ae:35"),
    ("Yealink SIP-W52P 25.73.0.20 00:15:65:40:ae:35", "W52P", "25.73.0.20", "00:15:65:40:ae:35"),
    ("Yealink W52P 25.80.0.15 00:15:65:b8:60:05", "W52P", "25.80.0.15", "00:15:65:b8:60:05"),
    ("Yealink W52P 25.81.0.10", "W52P", "25.81.0.10", None),
    ("Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc", "W60B", "77.81.0.35", "80:5e:c0:09:ab:dc"),
    ("Yealink W70B 146.85.0.5 80:5e:0c:1d:65:4e", "W70B", "146.85.0.5", "80:5e:0c:1d:65:4e"),
    ("Yealink W70B 146.87.188.1 80:5e:0c:1d:65:4e", "W70B", "146.87.188.1", "80:5e:0c:1d:65:4e"),
    ("Yealink W75B 175.85.0.5 24:9a:d8:df:fb:11", "W75B", "175.85.0.5", "24:9a:d8:df:fb:11"),
    ("Yealink W80B 103.83.0.122 24:9a:d8:d1:a6:31", "W80B", "103.83.0.122", "24:9a:d8:d1:a6:31"),
    ("Yealink W80B 130.85.0.15 80:5e:c0:d9:c6:f8", "W80B", "130.85.0.15", "80:5e:c0:d9:c6:f8"),
    ("Yealink W80DM 103.83.0.70 80:5e:c0:71:02:38", "W80DM", "103.83.0.70", "80:5e:c0:71:02:38"),
    ("Yealink W90DM 130.85.0.15 80:5e:c0:d9:c7:44", "W90DM", "130.85.0.15", "80:5e:c0:d9:c7:44"),
    ("Yealink AX83H 180.86.0.5 80:5e:c0:d9:c7:44", "AX83H", "180.86.0.5", "80:5e:c0:d9:c7:44"),
    ("Yealink SIP-T46S 66.86.0.15", "T46S", "66.86.0.15", None),
    ("W52P 25.30.0.2 00:15:65:44:b3:7c", "W52P", "25.30.0.2", "00:15:65:44:b3:7c"),
    ("Yealink SIP-T42G 29.83.0.120 00:15:65:4c:3b:b0", "T42G", "29.83.0.120", "00:15:65:4c:3b:b0"),
    ("Yealink W75B 175.87.0.10 24:9a:d8:df:fb:11", "W75B", "175.87.0.10", "24:9a:d8:df:fb:11"),
    ("Yealink SIP-T58 58.86.0.20 001565f429a4", "T58", "58.86.0.20", "001565f429a4"),
    ("Yealink AX86R 180.87.0.15 80:5e:c0:d9:c7:44", "AX86R", "180.87.0.15", "80:5e:c0:d9:c7:44"),
]  # fmt: skip

NOT_OURS = [
    "Fanvil X4 2.10.2.6887 0c383e07e16c",
    "Fanvil H2U-V2 2.12.0 0c383e32342e",
    "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)",
    "Mozilla/4.0 (compatible; snom320-SIP 7.3.30 1.1.3-u)",
    "Gigaset N720 DM PRO/70.089.00.000.000;7C2F80CA21E4",
    "Grandstream Model HW GRP2614 SW 1.0.5.15 DevId c074ad0b63ee",
    "Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9",
    "Panasonic_KX-UT113/01.133 (0080f0c8c381)",
    "Aastra6863i MAC:00-08-5D-40-90-5F V:4.1.0.128-SIP",
    "Cisco-CP-7832-3PCC/11.0.1 (00562b043615)",
    "Mozilla/5.0 (X11; Linux x86_64) Yealink",
    "",
]

PATHS = [
    ("805ec0000100.boot", Role.BOOT, {"mac": "805ec0000100"}),
    ("805EC0000100.BOOT", Role.BOOT, {"mac": "805EC0000100"}),
    ("y000000000000.boot", Role.BOOT, {"code": "y000000000000"}),
    ("y000000000108.cfg", Role.COMMON, {"code": "y000000000108"}),
    ("805ec0000100.cfg", Role.DEVICE, {"mac": "805ec0000100"}),
    ("805EC0000100.cfg", Role.DEVICE, {"mac": "805EC0000100"}),
    ("805ec0000100-local.cfg", Role.LOCAL, {"mac": "805ec0000100"}),
    ("805ec0000100-contact.xml", Role.LOCAL, {"mac": "805ec0000100"}),
    ("805ec0000100-calllog.xml", Role.LOCAL, {"mac": "805ec0000100"}),
    ("805ec0000100.enc", Role.DEVICE, {"mac": "805ec0000100"}),
    ("805ec0000100_Security.enc", Role.DEVICE, {"mac": "805ec0000100"}),
    ("y000000000108_Security.enc", Role.COMMON, {"code": "y000000000108"}),
    ("T46U-108.86.0.90.rom", Role.FIRMWARE, {}),
    ("T54W(T57W,T53W,T53)-96.86.0.45.rom", Role.FIRMWARE, {}),
    ("$PN-130.85.0.44.rom", Role.FIRMWARE, {}),
    ("004.GUI.French.lang", Role.LANGUAGE, {}),
    ("phonebook.xml", Role.PHONEBOOK, {}),
]


def understood(agent: str) -> tuple[str, str | None, str | None] | None:
    for rule in load().vendors["yealink"].agents:
        match = re.search(rule.pattern, agent)
        if match:
            groups = match.groupdict()
            return groups["model"], groups.get("firmware"), groups.get("mac")
    return None


@pytest.mark.parametrize(("agent", "model", "firmware", "mac"), AGENTS, ids=[a[0] for a in AGENTS])
def test_every_known_user_agent_is_understood(
    agent: str, model: str, firmware: str, mac: str | None
) -> None:
    assert understood(agent) == (model, firmware, mac)


@pytest.mark.parametrize("agent", [a[0] for a in AGENTS])
def test_no_other_vendors_rule_takes_them(agent: str) -> None:
    read = read_agent(load(), agent)
    assert read is not None
    assert (read.vendor, read.mac) == ("yealink", parse_mac(understood(agent)[2]))


@pytest.mark.parametrize("agent", NOT_OURS)
def test_other_makers_are_left_alone(agent: str) -> None:
    assert understood(agent) is None


@pytest.mark.parametrize(
    ("agent", "model_id", "dialect"),
    [
        ("Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", "yealink/t46u", "v81"),
        ("Yealink SIP-T31P 124.86.0.75 80:5e:c0:00:01:00", "yealink/t31p", "v81"),
        ("Yealink SIP-T19P_E2 53.84.0.125 00:15:65:4c:4c:26", "yealink/t19p-e2", "v81"),
        ("Yealink SIP-T19P_E2 53.80.0.3 00:15:65:4c:4c:26", "yealink/t19p-e2", "v80"),
        ("Yealink CP960 73.85.0.5 0015658a3786", "yealink/cp960", "v81"),
        ("Yealink W70B 146.85.0.5 80:5e:0c:1d:65:4e", "yealink/w70b", "singlecell"),
        ("Yealink W70B 146.87.0.18 80:5e:0c:1d:65:4e", "yealink/w70b", "multicell"),
        ("Yealink W80DM 103.83.0.70 80:5e:c0:71:02:38", "yealink/w80dm", "multicell"),
    ],
)
def test_a_user_agent_leads_to_model_and_dialect(agent: str, model_id: str, dialect: str) -> None:
    catalogue = load()
    product, firmware, _ = understood(agent) or ("", "", "")
    model = catalogue.model_of_agent("yealink", product)
    assert model is not None
    assert model.id == model_id
    assert catalogue.dialect_of(model, firmware).id == dialect


@pytest.mark.parametrize("agent", [a[0] for a in AGENTS])
def test_every_known_user_agent_leads_to_a_model(agent: str) -> None:
    """A model with files, or one that says what is missing to make them."""
    catalogue = load()
    product, firmware, _ = understood(agent) or ("", "", "")
    model = catalogue.model_of_agent("yealink", product)
    assert model is not None
    if model.support is Support.KNOWN:
        assert model.missing
    else:
        old = int((firmware or "").split(".")[1]) < STATIC_SINCE
        assert (catalogue.dialect_of(model, firmware).id in BEFORE_81) == old


@pytest.mark.parametrize(
    "word", ["T46U", "sip-t46u", "T19P_E2", "CP960", "W52P", "W70B", "W80DM", "VP-T49G", "T88V"]
)
def test_pnp_model_words_are_known(word: str) -> None:
    assert load().model_of_agent("yealink", word) is not None


def test_there_are_many_and_most_get_files() -> None:
    everyone = [m for m in load().models.values() if m.vendor == "yealink"]
    assert len(everyone) >= 80
    assert len(models()) >= 65
    for model in everyone:
        assert model.support is not Support.KNOWN or not model.dialects


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id.split("/")[1])
def test_a_model_is_called_by_its_own_name(model: Model) -> None:
    """Its file name, its name and what its devices call themselves speak of one product."""
    catalogue = load()
    stem = model.id.split("/")[1]
    assert catalogue.model(stem) is catalogue.model(model.name) is model
    word = stem.replace("-", "_")
    assert word in {agent.lower().replace("-", "_").removeprefix("vp_") for agent in model.agents}
    assert word == MODELS[model.id].product.lower()
    for agent in model.agents:
        assert catalogue.model_of_agent("yealink", agent) is model


@pytest.mark.parametrize("model", models(), ids=lambda model: model.id.split("/")[1])
def test_what_a_simulated_device_asks_for_leads_back_to_its_model(model: Model) -> None:
    device = DEVICES[model.id]("805ec0000100", lambda _url, _agent: Fetched(404), "")
    for text in (device.user_agent, device.sip_user_agent):
        read = read_agent(load(), text)
        assert read is not None
        assert load().model_of_agent("yealink", read.model) is model
        assert read.firmware == device.firmware


def test_only_models_that_share_a_file_share_its_number() -> None:
    """The number of the common file decides nothing; here is who has the same."""
    by_code: dict[str, set[str]] = {}
    for model in load().models.values():
        if model.vendor == "yealink" and model.code:
            assert re.fullmatch(r"y0{9}\d{3}", model.code)
            by_code.setdefault(model.code[-3:], set()).add(model.id.split("/")[1])
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {
        "025": {"w52p", "w56p"},
        "044": {"t23p", "t23g"},
        "058": {"t56a", "t58a", "t58v"},
        "095": {"t53", "t53w"},
        "103": {"w80dm", "w80b"},
        "123": {"t31", "t31p", "t31g"},
        "124": {"t33p", "t33g"},
        "127": {"t30", "t30p"},
        "130": {"w90dm", "w90b"},
        "175": {"w75dm", "w75b"},
        "192": {"t88w", "t88v"},
    }


def test_only_keys_below_the_screen_show_the_history() -> None:
    for model in models():
        for group in model.keys:
            assert (KeyType.HISTORY in group.accepts) == (group.id == "soft")


def test_an_emergency_key_has_a_place_on_every_phone_with_keys() -> None:
    for model in models():
        fitting = [g for g in model.keys if g.fill and KeyType.EMERGENCY in g.accepts]
        assert bool(fitting) == bool(model.keys)


def test_where_sources_differ_the_smaller_number_stands() -> None:
    numbers = {
        (model.id, said.fact): (said.chosen, min(said.values.values(), key=int))
        for model in models()
        for said in model.disagreements
        if said.fact in {"line keys", "accounts", "accounts and handsets"}
    }
    # here the vendor's own word stands against another source
    for exception in (("yealink/t43u", "line keys"), ("yealink/t42u", "accounts")):
        assert int(numbers[exception][0]) > int(numbers.pop(exception)[1])
    assert len(numbers) > 10
    for (model_id, fact), (chosen, smallest) in numbers.items():
        assert chosen == smallest, (model_id, fact)
        model = load().model(model_id)
        lines = sum(group.count for group in model.keys if group.id == "line")
        assert int(chosen) == {"line keys": lines}.get(fact, model.accounts)


def test_accounts_and_handsets_of_a_manager_are_as_many() -> None:
    for model in models():
        if model.dect is not None:
            assert model.accounts == model.dect.handsets
        elif model.kind is Kind.DECT_BASE:
            assert model.accounts == 0


def test_every_module_fits_a_phone_and_its_page_keys_are_left_out() -> None:
    fitting = {m for model in models() if model.expansion for m in model.expansion.models}
    modules = {m.id: m for m in load().models.values() if m.kind is Kind.EXPANSION}
    assert fitting == {m for m in modules if m.startswith("yealink/")}
    assert modules["yealink/exp20"].keys[0].reserved == {1, 21}
    assert not modules["yealink/exp40"].keys[0].reserved


@pytest.mark.parametrize(("name", "role", "groups"), PATHS, ids=[p[0] for p in PATHS])
def test_every_file_name_is_known(name: str, role: Role, groups: dict[str, str]) -> None:
    for rule in load().vendors["yealink"].paths:
        match = re.search(rule.pattern, name)
        if match:
            assert rule.role is role
            assert {k: v for k, v in match.groupdict().items() if v} == groups
            return
    raise AssertionError(name)


@pytest.mark.parametrize(
    "name", ["0c383e000214.xml", "snom715-000413922D24.htm", "fX4U.cfg", "y1.cfg", "../x.rom", ""]
)
def test_other_file_names_are_not_ours(name: str) -> None:
    assert not any(re.search(rule.pattern, name) for rule in load().vendors["yealink"].paths)


def test_all_makers_prefixes_of_the_page_are_there() -> None:
    ouis = set(load().vendors["yealink"].ouis)
    assert {"001565", "805ec0", "805e0c", "249ad8", "44dbd2"} <= ouis
    assert len(ouis) == 11
    assert "e434d7" not in ouis
