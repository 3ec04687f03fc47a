"""Every parameter name our Snom templates emit is known to somebody else, or has a source."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.schema import Role
from provisioner.kit import PhoneKit
from provisioner.render import render, render_first_contact
from tests.kits import make_kit

SHARED = Path(__file__).resolve().parents[3] / "shared/reference/params"
PARAMS = Path(os.environ.get("BELLWIRE_PARAMS") or SHARED)
PREFIX = {"rtx-dect": "M300-M900:", "vtech": "VTech:"}
CASES = [
    ("snom/d785", None),
    ("snom/d717", None),
    ("snom/715", "10.1.54.13"),
    ("snom/715", "8.7.5.35"),
    ("snom/m700", None),
    ("snom/c520-wimi", None),
]
EVERYTHING: dict[str, object] = {
    "sip": {"outbound_proxy": "sbc.example", "backup_registrar": "b.example", "keepalive_s": 30},
    "calls": {"voicemail": "*97", "forward_always": {"to": "100"}},
    "network": {"pc_vlan_id": 30},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_base": "dc=a"},
    "telemetry": {
        "action_urls": True,
        "syslog_server": "10.0.0.1",
        "rtcp_xr_collector": "x.example",
    },
    "screen": {"wallpaper": "http://a.example/w.png"},
    "firmware": {"url": "http://a.example/fw.bin"},
    "provisioning": {"trust_ca_url": "http://a.example/ca.pem", "discovery": False},
}


def known() -> set[str]:
    if not PARAMS.is_dir():
        pytest.skip(f"the lists of known parameters are not at {PARAMS}; set BELLWIRE_PARAMS")
    lines: list[str] = []
    for name in ("params_snom.txt", "params_snom_dect.txt"):
        lines += (PARAMS / name).read_text(encoding="utf-8").splitlines()
    sourced = {
        source.covers.split()[0].removeprefix("name:")
        for source in load().vendors["snom"].sources
        if source.covers.startswith("name:")
    }
    return {line.split("\t")[0] for line in lines} | sourced


def flat(element: ET.Element, above: str = "") -> Iterator[str]:
    """Dotted paths of a VTech file, indexes as X."""
    for child in element:
        name = "X" if child.tag == "idx" else child.tag
        path = f"{above}.{name}" if above else name
        yield from flat(child, path) if len(child) else (path,)


def desk_names(root: ET.Element, prefix: str) -> Iterator[str]:
    for section in root:
        if section.tag in {"phone-settings", "global", "server", "extension"}:
            for tag in section:
                yield f"{prefix}{tag.tag}{'[X]' if 'idx' in tag.attrib else ''}"


def emitted(kit: PhoneKit) -> Iterator[str]:
    folder, dialect = load().folder, kit.dialect
    files = [
        *render(folder, kit),
        *render_first_contact(folder, dialect, kit.model, kit.phone.mac, kit.urls),
    ]
    prefix = PREFIX.get(dialect.id, "")
    for file in files:
        root = ET.fromstring(file.body)
        if dialect.id == "vtech":
            yield from (prefix + path for path in flat(root))
        elif file.role is not Role.BOOT:
            yield from desk_names(root, prefix)


@pytest.mark.parametrize(("model_id", "firmware"), CASES)
@pytest.mark.parametrize("settings", [{}, EVERYTHING], ids=["presets", "everything"])
def test_every_name_is_known(
    model_id: str, firmware: str | None, settings: dict[str, object]
) -> None:
    names = known()
    model = load().models[model_id]
    presets = [
        p.id for p in load().presets.values() if model.kind in p.kinds and p.needs <= model.features
    ]
    assert presets
    for preset in presets:
        kit = make_kit(
            model_id, preset, firmware=firmware, settings=settings,
            handsets=2 if model.dect else 0,
        )  # fmt: skip
        found = set(emitted(kit))
        assert found
        assert found - names == set(), f"{model_id} with {preset}"


def test_phone_type_is_never_written() -> None:
    """An empty phone_type makes newer firmware ask for a wrong file."""
    for model_id, firmware in CASES:
        preset = {"snom/m700": "dect-base", "snom/c520-wimi": "conference"}.get(model_id, "office")
        for file in render(load().folder, make_kit(model_id, preset, firmware=firmware)):
            assert b"phone_type" not in file.body
