"""Fanvil's data files: what they say and whom the rules recognise."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model, Support
from provisioner.catalogue.schema import Role
from tests.kits import make_kit

VENDOR = "fanvil"


def recognise(agent: str) -> tuple[str | None, str | None, str | None] | None:
    for rule in load().vendors[VENDOR].agents:
        match = re.search(rule.pattern, agent)
        if match:
            groups = match.groupdict()
            return groups.get("model"), groups.get("firmware"), groups.get("mac")
    return None


@pytest.mark.parametrize(
    ("agent", "model", "firmware", "mac"),
    [
        ("Fanvil X4 2.10.2.6887 0c383e07e16c", "X4", "2.10.2.6887", "0c383e07e16c"),
        ("Fanvil H2U-V2 2.12.0 0c383e32342e", "H2U-V2", "2.12.0", "0c383e32342e"),
        ("Fanvil H2U-V2 2.12.20.2 0c383e841c47", "H2U-V2", "2.12.20.2", "0c383e841c47"),
        ("Fanvil V67 2.6.6.187 0c383e2b29e6", "V67", "2.6.6.187", "0c383e2b29e6"),
        ("Fanvil V65 2.12.2.4 0c383e38e123", "V65", "2.12.2.4", "0c383e38e123"),
        ("Fanvil X6U Pro 0.0.10 0c383e2cd782", "X6U Pro", "0.0.10", "0c383e2cd782"),
        ("Fanvil X5U-V2 2.12.16.17 0c383e557eb1", "X5U-V2", "2.12.16.17", "0c383e557eb1"),
        ("Fanvil X5U-V2 2.12.1 0c3800000000", "X5U-V2", "2.12.1", "0c3800000000"),
        ("Fanvil W620W 2.16.10 0c383e7dd216", "W620W", "2.16.10", "0c383e7dd216"),
        ("Fanvil i10SV 2.12.10.1 0c383e2397f4", "i10SV", "2.12.10.1", "0c383e2397f4"),
        ("Fanvil i53W 2.12.9 0c383e10a440", "i53W", "2.12.9", "0c383e10a440"),
        ("Fanvil i16SV 2.4.0", "i16SV", "2.4.0", None),
        ("Fanvil PA2 2.12.16", "PA2", "2.12.16", None),
        ("Fanvil H5 0c383e5a449c", "H5", None, "0c383e5a449c"),
        ("Nethesis NP-X5 2.12.15.1.23 0C383E5A449C", "NP-X5", "2.12.15.1.23", "0C383E5A449C"),
    ],
)
def test_user_agents(agent: str, model: str, firmware: str | None, mac: str | None) -> None:
    assert recognise(agent) == (model, firmware, mac)


@pytest.mark.parametrize(
    "agent",
    ["", "Mozilla/5.0", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", "curl/8.5.0", "Fanvil"],
)
def test_others_are_not_ours(agent: str) -> None:
    assert recognise(agent) is None


@pytest.mark.parametrize(
    ("product", "model"),
    [
        ("h2u-v2", "h2u-v2"), ("H5", "h5"), ("X4U", "x4u"), ("i30", "i30"), ("I30", "i30"),
        ("X6U Pro", "x6u-pro"), ("X6U-Pro", "x6u-pro"), ("V62Pro", "v62-pro"), ("X3SP", "x3s"),
        ("NP-X5", "np-x5"), ("H2S", "h2"), ("i16SV", "i16sv"), ("PA2", "pa2"), ("X301W", "x301"),
        ("H603W", "h603w"),
    ],
)  # fmt: skip
def test_products_lead_to_models(product: str, model: str) -> None:
    found = load().model_of_agent(VENDOR, product)
    assert found is not None
    assert found.id == f"fanvil/{model}"


def fanvils() -> list[Model]:
    return [model for model in load().models.values() if model.vendor == VENDOR]


def test_how_many_models_there_are() -> None:
    assert sum(bool(model.dialects) for model in fanvils()) >= 60
    assert sum(model.support is Support.KNOWN for model in fanvils()) >= 30


@pytest.mark.parametrize("model", fanvils(), ids=lambda m: m.id)
def test_every_model_is_recognised_by_what_it_calls_itself(model: Model) -> None:
    seller = "Nethesis" if model.name.startswith("NP-") else "Fanvil"
    for product in model.agents:
        assert recognise(f"{seller} {product} 2.12.20.2 0c383e000214") == (
            product, "2.12.20.2", "0c383e000214",
        )  # fmt: skip


@pytest.mark.parametrize("model", fanvils(), ids=lambda m: m.id)
def test_every_model_says_what_it_is_known_from(model: Model) -> None:
    if model.support is Support.KNOWN:
        assert model.missing
        assert not model.dialects
    else:
        assert any("110" in n for n in model.notes) or "screen" not in model.features
        assert "tls" in model.features
    assert all(source.covers for source in model.sources)
    for text in (*model.notes, *model.missing, *(s.title for s in model.sources)):
        assert "/work" not in text


def test_names_of_files_are_answered() -> None:
    """What a model asks for by its own name is recognised as a common file or a firmware list."""
    for model in fanvils():
        asked = [(f"{model.code}.cfg", Role.COMMON)] if model.code else []
        asked += [(f"{model.firmware_name}.txt", Role.FIRMWARE)] if model.firmware_name else []
        for name, role in asked:
            rules = load().vendors[VENDOR].paths
            assert next(r.role for r in rules if re.fullmatch(r.pattern, name)) is role


@pytest.mark.parametrize(
    ("name", "role", "mac"),
    [
        ("0c383e000214.cfg", Role.DEVICE, "0c383e000214"),
        ("0C383E000214.CFG", Role.DEVICE, "0C383E000214"),
        ("0c383e000214.txt", Role.DEVICE, "0c383e000214"),
        ("0c383e000214.xml", Role.DEVICE, "0c383e000214"),
        ("0c383e000214.boot", Role.BOOT, "0c383e000214"),
        ("F00000000000.boot", Role.BOOT, None),
        ("F00000000000.cfg", Role.COMMON, None),
        ("F0V2UV200000.cfg", Role.COMMON, None),
        ("F0000X600000.cfg", Role.COMMON, None),
        ("f0H5hw1.100.cfg", Role.COMMON, None),
        ("f0DPH-150GEhw1.100.cfg", Role.COMMON, None),
        ("phonebook.xml", Role.PHONEBOOK, None),
        ("fanvil_h2u_v2_hwv1_0.txt", Role.FIRMWARE, None),
        ("nethesis_np_x3_hwv1_0.txt", Role.FIRMWARE, None),
        ("h2u-v2.2.12.20.z", Role.FIRMWARE, None),
    ],
)
def test_file_names(name: str, role: Role, mac: str | None) -> None:
    rule, match = next(
        (rule, match)
        for rule in load().vendors[VENDOR].paths
        if (match := re.search(rule.pattern, name))
    )
    assert rule.role is role
    assert match.groupdict().get("mac") == mac


@pytest.mark.parametrize(
    "name", ["", "index.html", "y000000000108.cfg", "0c383e00021.cfg", "a.z.b"]
)
def test_names_of_others(name: str) -> None:
    assert not any(re.search(rule.pattern, name) for rule in load().vendors[VENDOR].paths)


def test_the_emergency_key_is_for_emergencies_only() -> None:
    group = load().model("fanvil/h2u-v2").keys[0]
    assert group.id == "emergency"
    assert group.accepts == {"emergency"}


@pytest.mark.parametrize(
    ("model", "firmware", "dialect"),
    [
        ("h2u-v2", "2.12.20.2", "new-text"), ("h2u-v2", None, "new-text"),
        ("x4u", "2.4.0", "new-text"), ("h5", "2.12.1.7223", "old-text"),
        ("x4", "2.14.0.7386", "old-text"), ("x3sg", "2.4.12", "new-text"),
        ("x3sg", "1.4.0", "old-text"), ("x6", "1.12.2", "old-text"), ("x6", None, "new-text"),
        ("x5", "1.4.0.2016", "old-text"), ("x5", None, "old-text"), ("x5", "2.4.3", "new-text"),
        ("w611w", "2.14.2.28.1", "new-xml"), ("i30", None, "old-xml"), ("i16sv", "2.4.0", "new-door"),
    ],
)  # fmt: skip
def test_dialects(model: str, firmware: str | None, dialect: str) -> None:
    assert load().dialect_of(load().models[f"fanvil/{model}"], firmware).id == dialect


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ({"access": {"web": "off"}}, "X4U knows only http, https"),
        ({"network": {"dot1x": "eap-tls"}}, "X4U knows only md5, off"),
        ({"emergency": {"numbers": ["911", "112"]}}, "X4U takes the first 1 only"),
        ({"locale": {"language": "sw"}}, "X4U knows only ar, ca"),
        ({"audio": {"ring_file": "library:bell.wav"}}, "X4U cannot be told this"),
    ],
)
def test_what_is_beyond_a_phone_is_a_warning(settings: dict[str, object], warning: str) -> None:
    assert any(
        warning in said for said in make_kit("fanvil/x4u", "plain", settings=settings).warnings
    )
    assert not make_kit("fanvil/x4u", "plain", settings={"access": {"web": "http"}}).warnings
