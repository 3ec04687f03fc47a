"""DHCP snippets, judged by the programs that will read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.catalogue.loader import Catalogue, load
from provisioner.catalogue.schema import DhcpRule
from provisioner.dhcp import Target, snippet
from tests.kits import SITE

# Every option a vendor's rule may name, beside the vendors that are shipped.
ALL_OPTIONS = DhcpRule(options=(43, 66, 114, 159, 160), vendor_classes=("odd one",))


def program(name: str, package: str) -> str:
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install {package}")
    return found


def written(folder: Path, target: Target, catalogue: Catalogue) -> Path:
    path = folder / target
    path.write_text(snippet(SITE, catalogue, target), "utf-8")
    return path


def check(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(params=["shipped", "all options"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    shipped = load()
    if request.param == "shipped":
        return shipped
    vendors = {v.id: v.model_copy(update={"dhcp": ALL_OPTIONS}) for v in shipped.vendors.values()}
    return replace(shipped, vendors=vendors)


def test_dnsmasq_reads_it(tmp_path: Path, catalogue: Catalogue) -> None:
    dnsmasq = program("dnsmasq", "dnsmasq-base")
    path = written(tmp_path, "dnsmasq", catalogue)
    assert "syntax check OK" in check(dnsmasq, "--test", "-C", path)


def test_kea_reads_it(tmp_path: Path, catalogue: Catalogue) -> None:
    kea = program("kea-dhcp4", "kea-dhcp4-server")
    said = check(kea, "-t", written(tmp_path, "kea", catalogue))
    assert "10.20.0.0/16" in said
    assert not {"WARN", "ERROR"} & set(said.split())


def test_isc_dhcpd_reads_it(tmp_path: Path, catalogue: Catalogue) -> None:
    dhcpd = program("dhcpd", "isc-dhcp-server")
    leases = tmp_path / "leases"
    leases.touch()
    check(dhcpd, "-t", "-cf", written(tmp_path, "isc", catalogue), "-lf", leases)
