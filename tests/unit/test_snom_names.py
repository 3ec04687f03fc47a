"""Every parameter name our Snom templates emit is known to somebody else, or has a source."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.record import Confidence
from provisioner.catalogue.schema import Role
from provisioner.kit import PhoneKit
from provisioner.render import render, render_first_contact
from tests.snom_phones import cases, full_kit, provisioned

SHARED = Path(__file__).resolve().parents[3] / "shared/reference/params"
PARAMS = Path(os.environ.get("BELLWIRE_PARAMS") or SHARED)
PREFIX = {"rtx-dect": "M300-M900:", "m3": "m3:"}
SECTIONS = {"phone-settings", "global", "server", "extension", "multicell", "firmware-settings"}
EVERYTHING: dict[str, Any] = {
    "sip": {
        "outbound_proxy": "sbc.example", "backup_registrar": "b.example", "keepalive_s": 30,
        "stun_server": "s.example",
    },
    "calls": {"voicemail": "*97", "forward_always": {"to": "100"}},
    "locale": {"timezone": "America/St_Johns"},
    "network": {"pc_vlan_id": 30, "dot1x": "md5", "dot1x_identity": "x", "dot1x_password": "y"},
    "paging": {"listen": ["239.255.1.1:5004"]},
    "directory": {"phonebook": True, "ldap_server": "ldap.example", "ldap_base": "dc=a"},
    "telemetry": {
        "action_urls": True, "syslog_server": "10.0.0.1", "rtcp_xr_collector": "x.example",
    },
    "screen": {"wallpaper": "http://a.example/w.png", "logo": "library:l.png"},
    "audio": {"ring_file": "library:r.wav"},
    "firmware": {"version": "07.40.0104", "url": "http://a.example/fw.bin"},
    "provisioning": {"trust_ca_url": "http://a.example/ca.pem", "discovery": False},
}  # fmt: skip


@cache
def listed() -> frozenset[str]:
    """Names that other projects' templates know."""
    if not PARAMS.is_dir():
        pytest.skip(f"the lists of known parameters are not at {PARAMS}; set BELLWIRE_PARAMS")
    lines: list[str] = []
    for name in ("params_snom.txt", "params_snom_dect.txt"):
        lines += (PARAMS / name).read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines)


@cache
def sourced() -> dict[str, Confidence]:
    """Names that have a written source of their own, and how sure it is."""
    found = {}
    for source in load().vendors["snom"].sources:
        if source.covers.startswith("name:"):
            name = source.covers.split()[0].removeprefix("name:").rstrip(";,")
            found[name] = source.confidence
    return found


def flat(element: ET.Element, above: str = "") -> Iterator[str]:
    """Dotted paths of a VTech file, indexes as X."""
    for child in element:
        name = "X" if child.tag == "idx" else child.tag
        path = f"{above}.{name}" if above else name
        yield from flat(child, path) if len(child) else (path,)


def tags(root: ET.Element, prefix: str) -> Iterator[str]:
    for section in root:
        if section.tag in SECTIONS:
            for tag in section:
                name = re.sub(r"^(gui_fkey)\d$", r"\1X", str(tag.tag))
                yield f"{prefix}{name}{'[X]' if 'idx' in tag.attrib else ''}"


def emitted(kit: PhoneKit) -> Iterator[str]:
    folder, dialect = load().folder, kit.dialect
    files = [
        *render(folder, kit),
        *render_first_contact(folder, dialect, kit.model, kit.phone.mac, kit.urls),
    ]
    prefix = PREFIX.get(dialect.id, "")
    for file in files:
        text = file.body.decode()
        if dialect.syntax != "xml":
            for name in re.findall(r"^%(\w+)%", text, re.MULTILINE):
                yield prefix + re.sub(r"(?<=_)\d+(?=_)", "X", name)
        elif dialect.id.startswith("vtech"):
            yield from (f"VTech:{path}" for path in flat(ET.fromstring(text)))
        elif file.role is not Role.BOOT:
            yield from tags(ET.fromstring(text), prefix)


@cache
def all_names() -> dict[str, str]:
    """Every name, and one model that is told it."""
    found: dict[str, str] = {}
    done: set[tuple[str, str]] = set()
    for model, preset, dialect, firmware in cases():
        wanted = [{}] if (model.id, dialect) in done else [{}, EVERYTHING]
        done.add((model.id, dialect))
        for settings in wanted:
            kit = full_kit(model, preset.id, firmware, settings=settings)
            found |= dict.fromkeys(emitted(kit), f"{model.id} {dialect}")
    return found


def test_every_name_is_listed_or_sourced() -> None:
    strange = {n: w for n, w in all_names().items() if n not in listed() and n not in sourced()}
    assert strange == {}


def test_names_outside_the_lists_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    """What rests on less than the vendor's own document is below one in a hundred."""
    names = set(all_names())
    outside = names - listed()
    weak = {n for n in outside if sourced()[n] is not Confidence.VENDOR_DOC}
    with capsys.disabled():
        print(
            f"\nSnom: {len(names)} names, {len(outside)} outside the lists with a written source,"
            f" {len(weak)} of them not from the vendor: {', '.join(sorted(weak))}"
        )
    assert len(weak) < len(names) / 100


def test_no_source_is_left_over() -> None:
    assert set(sourced()) <= set(all_names()) - listed()


def test_all_models_were_looked_at() -> None:
    told = {where.split()[0] for where in all_names().values()}
    assert told <= {model.id for model in provisioned()}
    assert len(all_names()) > 350


def test_phone_type_is_never_written() -> None:
    """An empty phone_type makes newer firmware ask for a wrong file."""
    assert not any("phone_type" in name for name in all_names())
