"""Communities and users of SNMPv3: from the site file to the agent, never in the clear."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitors.snmp.credentials import Community, User, credentials_of
from provisioner.errors import SiteFileError
from provisioner.inventory import store
from provisioner.inventory.records import Site, Switch
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_switches import switch_of
from provisioner.inventory.tables import SiteRow
from provisioner.secrets import open_box

TEXT = """\
sites:
  - id: casa
    name: Casa
    url: http://10.0.0.1
    switches:
      - {host: 10.20.0.2, snmp: {SNMP}}
"""
V3 = "version: 3, user: bellwire, auth: Signing-1, priv: Hiding-12"


def switch(snmp: str) -> Switch:
    file = parse_site_file("casa.yml", TEXT.replace("SNMP", snmp))
    return switch_of(file.content.sites[0].switches[0])


def test_a_user_of_version_3() -> None:
    user = credentials_of(switch(V3))
    assert user == User("bellwire", SecretStr("Signing-1"), SecretStr("Hiding-12"), "sha256", "aes")
    other = credentials_of(switch(f"{V3}, auth_protocol: sha, priv_protocol: des"))
    assert isinstance(other, User)
    assert (other.auth_protocol, other.priv_protocol) == ("sha", "des")


def test_a_community_of_version_2c() -> None:
    assert credentials_of(switch("community: hush")) == Community(SecretStr("hush"))
    assert credentials_of(switch("version: 2c")) is None
    assert credentials_of(replace(switch(V3), snmp_user="")) is None


def test_one_vlan_of_a_cisco_switch() -> None:
    assert Community(SecretStr("hush")).for_vlan(20) == Community(SecretStr("hush@20"))
    assert User("u").for_vlan(20).context == "vlan-20"


def test_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNMP_AUTH", "From-the-environment")
    made = switch("version: 3, user: u, auth: !env SNMP_AUTH")
    assert made.snmp_auth == SecretStr("From-the-environment")
    assert made.snmp_priv is None


@pytest.mark.parametrize(
    ("snmp", "message"),
    [
        ("version: 3", "version 3 needs a user"),
        (f"{V3}, community: hush", "a community is for version 2c"),
        ("version: 3, user: u, priv: Hiding-12", "priv needs auth"),
        ("user: u, community: hush", "user, auth and priv are for version 3"),
        ("version: 3, user: u, auth: short", "at least 8 characters"),
        (f"{V3}, auth_protocol: sha1", "Input should be 'md5'"),
    ],
)
def test_what_does_not_fit_together(snmp: str, message: str) -> None:
    with pytest.raises(SiteFileError, match=message) as problem:
        switch(snmp)
    assert problem.value.line == 6
    assert problem.value.field.startswith("sites[0].switches[0].snmp")


def test_keys_are_encrypted_at_rest(tmp_path: Path) -> None:
    box = open_box(tmp_path / "secret.key", make=True)
    one = replace(switch(V3), community=SecretStr("Community-1"))
    values = store.site_values(Site("casa", "Casa", switches=(one,)), box)
    kept = json.dumps(values["switches"])
    assert all(secret not in kept for secret in ("Signing-1", "Hiding-12", "Community-1"))
    row = SiteRow(**{**values, "pbx": None})
    assert store.site_of(row, box).switches == (one,)


def test_a_switch_stored_before_version_3_was_known(tmp_path: Path) -> None:
    box = open_box(tmp_path / "secret.key", make=True)
    old = {
        "host": "10.0.0.2", "name": "sw", "platform": "", "snmp_version": "2c",
        "community": box.seal(SecretStr("hush")),
    }  # fmt: skip
    values = store.site_values(Site("casa", "Casa"), box)
    row = SiteRow(**{**values, "switches": [old]})
    assert store.site_of(row, box).switches == (
        Switch("10.0.0.2", "sw", community=SecretStr("hush")),
    )
