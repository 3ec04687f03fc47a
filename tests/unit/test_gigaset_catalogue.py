"""Gigaset's catalogue: what its bases say, ask for and are told to ask for."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Support
from provisioner.catalogue.schema import Role
from provisioner.dhcp import snippet
from provisioner.identify import FetchRequest, Identity, identify
from provisioner.inventory.records import Site
from tests.gigaset_phones import MAC, models
from tests.kits import with_site
from web.simulated.gigaset import DEVICES, ZONES


def asked(path: str, agent: str = "") -> Identity:
    return identify(FetchRequest("http", path, "10.20.0.9", agent), load())


def test_every_model_with_files_is_simulated_and_no_other() -> None:
    assert {model.id for model in models()} == set(DEVICES)


@pytest.mark.parametrize(
    ("agent", "model", "firmware", "mac"),
    [
        ("Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605", "gigaset/n870-ip-pro", "2.11.0", MAC),
        ('"Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605;Handset=3"', "gigaset/n870-ip-pro", "2.11.0", MAC),
        ("N670 IP PRO/83.V2.65.0;589EC6010203", "gigaset/n670-ip-pro", "2.65.0", "589ec6010203"),
        ("Gigaset N870E IP PRO/83.V2.48.0+build.1", "gigaset/n870e-ip-pro", "2.48.0", None),
        ("Gigaset N720 DM PRO/70.108.00.000.000", "gigaset/n720-dm-pro", "70.108.00.000.000", None),
        ("Gigaset N720 DM PRO/70.089.00.000.000;7C2F80CA21E4", "gigaset/n720-dm-pro", "70.089.00.000.000", "7c2f80ca21e4"),
        ("N720-DM-PRO/70.040.00.000.000", "gigaset/n720-dm-pro", "70.040.00.000.000", None),
        ("N510 IP PRO/42.250.00.000.000;7C2F806257D7", "gigaset/n510-ip-pro", "42.250.00.000.000", "7c2f806257d7"),
    ],
)  # fmt: skip
def test_agents(agent: str, model: str, firmware: str, mac: str | None) -> None:
    identity = asked("/", agent)
    assert (identity.vendor, identity.model, identity.firmware, identity.mac) == (
        "gigaset", model, firmware, mac,
    )  # fmt: skip


@pytest.mark.parametrize(
    "agent", ["Gigaset", "Maxwell Basic/2.22", "Siemens C610IP", "xN870 IP PRO/83.V2.11.0 y"]
)
def test_other_agents_are_not_taken_for_it(agent: str) -> None:
    assert asked("/", agent).vendor == ""


@pytest.mark.parametrize("model", models(), ids=lambda m: m.id)
def test_what_a_simulated_base_says_is_understood(model: object) -> None:
    model_id = getattr(model, "id", "")
    device = DEVICES[model_id](MAC, lambda *_: pytest.fail("it asked"), "")
    assert asked("/", device.user_agent).model == model_id
    assert asked("/", device.user_agent).mac == MAC


def test_names_that_are_asked_for() -> None:
    own = asked(f"/{MAC}.xml")
    assert (own.vendor, own.mac, own.roles["gigaset"]) == ("gigaset", MAC, Role.DEVICE)
    assert asked(f"/{MAC.upper()}.xml").mac == MAC
    first = asked("/provisioning.xml")
    assert (first.vendor, first.roles) == ("gigaset", {"gigaset": Role.BOOT})
    assert asked("/Gigaset-Nx70-V2.65.0-build.8504c90.bin").roles == {"gigaset": Role.FIRMWARE}
    # Snom's bases and phones keep their own
    snom = asked("/000413aabbcc.xml")
    assert snom.vendor == "snom"
    assert "gigaset" not in snom.roles


def test_dhcp_tells_option_114_by_the_makers_address() -> None:
    site: Site = with_site()
    text = snippet(site, load(), "dnsmasq")
    assert "dhcp-mac=set:bw-hotel-aurora-gigaset,7c:2f:80:*:*:*" in text
    assert "tag:bw-hotel-aurora-gigaset" in text
    assert "114" in text


def test_older_bases_are_known_with_what_is_missing() -> None:
    for name in ("gigaset/n510-ip-pro", "gigaset/n720-dm-pro"):
        model = load().models[name]
        assert model.support is Support.KNOWN
        assert model.missing
        assert not model.dialects


def test_it_is_told_to_fetch_again() -> None:
    vendor = load().vendors["gigaset"]
    assert (vendor.resync.fetch, vendor.resync.reboot) == (
        "check-sync;reboot=false", "check-sync;reboot=true",
    )  # fmt: skip


def test_the_base_s_own_zones_are_those_of_the_data() -> None:
    assert load().vendors["gigaset"].dialect("nx70").clock.zones == ZONES
