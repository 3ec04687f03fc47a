"""Fanvil's data files: what they say and whom the rules recognise."""

from __future__ import annotations

import re

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role

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
    [("h2u-v2", "h2u-v2"), ("H5", "h5"), ("X4U", "x4u"), ("i30", "i30"), ("I30", "i30")],
)
def test_products_lead_to_models(product: str, model: str) -> None:
    found = load().model_of_agent(VENDOR, product)
    assert found is not None
    assert found.id == f"fanvil/{model}"


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


def test_dialects() -> None:
    catalogue = load()
    for model, dialect in (("h2u-v2", "new-text"), ("x4u", "new-text"), ("h5", "old-text")):
        for firmware in (None, "2.4.0", "2.12.20.2"):
            assert catalogue.dialect_of(catalogue.model(f"fanvil/{model}"), firmware).id == dialect
