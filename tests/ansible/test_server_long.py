"""More of a server's life: what takes some minutes longer. Run with BELLWIRE_LONG=1."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient
from tests.ansible.playing import MAC, MANAGER_SECRET, Hotel
from tests.ansible.target import Target
from tests.ansible.wheels import broken, later
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk

FORBIDDEN = {
    "Command": {"Command": "core show uptime"},
    "Originate": {"Channel": "Local/100@x", "Application": "Echo"},
    "UpdateConfig": {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
}
SPOIL = "delete from rendered"
AFTER_IT_STANDS_STILL = ("The data is copied while nobody writes", "The new release is in force")
NETWORK, NODES = "10.30.0.0/24", ("10.30.0.1", "10.30.0.2")


pytestmark = pytest.mark.skipif(
    "BELLWIRE_LONG" not in os.environ, reason="some minutes longer: set BELLWIRE_LONG=1"
)


@pytest.fixture(autouse=True, scope="module")
def _installed(hotel: Hotel) -> None:
    hotel.well("site")


@pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)
def test_an_asterisk_gets_its_phones_and_reloads_only_on_change(
    hotel: Hotel, tmp_path: Path
) -> None:
    with Asterisk(tmp_path) as exchange:
        folder = exchange.directory
        command = [str(find_asterisk()), "-C", str(folder / "asterisk.conf")]
        hotel.add_exchange(folder, command, exchange.ami_port)
        play = hotel.well("site", "--limit", "exchange")
        assert "Reload Asterisk" in " ".join(play.changed)
        assert "2214" in exchange.cli("pjsip show endpoints")
        assert "2214" in exchange.cli("dialplan show")
        assert hotel.well("site", "--limit", "exchange").changed == []
        files = list((folder / "bellwire").rglob("*.conf"))
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}
        with AmiClient.connect("127.0.0.1", exchange.ami_port, "phones", MANAGER_SECRET) as ami:
            ami.contacts()
            try:
                ami.action("PJSIPNotify", Endpoint="2214", Variable="Event=check-sync")
            except PbxError as problem:  # no such phone is there, but the right is
                assert "ermission" not in str(problem)  # noqa: PT017
            for action, headers in FORBIDDEN.items():
                with pytest.raises(PbxError, match="ermission denied"):
                    ami.action(action, **headers)
    hotel.write_inventory()


def test_a_wrong_site_file_changes_nothing(hotel: Hotel) -> None:
    before = hotel.state()
    hotel.write_site({"country": "nowhere"})
    play = hotel.play("provision")
    assert play.failed == ["What changes for phones, and the change"]
    assert "country" in play.said
    assert hotel.state() == before
    hotel.write_site({})


def test_check_mode_shows_a_change_and_makes_none(hotel: Hotel) -> None:
    before = hotel.server.snapshot()
    play = hotel.well("upgrade", "--check", "--diff", "-e", "bellwire_http_port=8088")
    assert "The configuration" in " ".join(play.changed)
    assert "+port = " in play.said
    assert hotel.server.snapshot() == before


def test_a_setting_that_nobody_knows_is_refused_before_anything_changes(hotel: Hotel) -> None:
    play = hotel.play("upgrade", "-e", '{"bellwire_settings": {"http": {"prot": 80}}}')
    assert [name.rsplit(": ", 1)[-1] for name in play.failed] == ["The configuration"]
    assert "prot" in play.said
    assert hotel.active()


def test_an_upgrade_that_is_well_stays(hotel: Hotel, tmp_path: Path) -> None:
    before, release = hotel.state(), hotel.release()
    hotel.well("upgrade", wheel=later(hotel.wheel, tmp_path / "later"))
    assert hotel.release() != release
    assert hotel.state() == before
    assert hotel.active()
    assert len(hotel.server.run("ls", "/opt/bellwire/releases").split()) == 2


def test_a_restore_that_fails_leaves_the_data(hotel: Hotel) -> None:
    before = hotel.state()
    hotel.well("backup")
    newest = hotel.server.run("sh", "-c", "ls -d /var/backups/bellwire/2* | tail -n 1").strip()
    hotel.server.run("sh", "-c", f"echo x >> {newest}/bellwire.db.gz")
    play = hotel.play("restore", "-e", "bellwire_restore_from=newest")
    assert play.code != 0
    assert "the data is as it was" in play.said
    assert hotel.state() == before
    assert hotel.active()


def test_a_new_key_changes_nothing_for_phones(hotel: Hotel) -> None:
    before, key = hotel.files(), hotel.server.run("cat", "/var/lib/bellwire/secret.key")
    url = hotel.url()
    play = hotel.well("rotate_secrets")
    fresh = hotel.server.run("cat", "/var/lib/bellwire/secret.key")
    assert fresh != key
    assert key.strip() not in play.said
    assert fresh.strip() not in play.said
    assert (hotel.files(), hotel.url()) == (before, url)
    assert hotel.boot(url) == [["2214", "10.20.0.6"]]


@pytest.mark.parametrize("task", AFTER_IT_STANDS_STILL)
def test_an_upgrade_that_was_killed_is_finished_by_the_next_run(
    hotel: Hotel, tmp_path: Path, task: str
) -> None:
    before, release = hotel.state(), hotel.release()
    newer = later(hotel.wheel, tmp_path / "newer", task)
    hotel.interrupt("upgrade", task, wheel=newer)
    assert not hotel.active()
    play = hotel.play("upgrade", wheel=broken(hotel.wheel, tmp_path / "broken"))
    assert "was taken back" in play.said
    assert (hotel.state(), hotel.release()) == (before, release)
    assert hotel.active()
    hotel.interrupt("upgrade", task, wheel=newer)
    hotel.well("upgrade", wheel=newer)
    assert hotel.state() == before
    assert hotel.release() != release
    assert hotel.active()
    assert hotel.boot(hotel.url()) == [["2214", "10.20.0.6"]]


def test_calls_are_guarded_and_who_guesses_is_shut_out(hotel: Hotel) -> None:
    hotel.write_inventory(
        bellwire_calls=True, bellwire_calls_peers=["10.20.0.6/32"],
        bellwire_firewall=True, bellwire_firewall_sites=["casa"],
    )  # fmt: skip
    hotel.well("site")
    units = ("bellwire-guard", "bellwire-firewall")
    assert hotel.server.run("systemctl", "is-active", *units).split() == ["active"] * 2
    for unit in units:
        file = f"/etc/systemd/system/{unit}.service"
        assert hotel.server.run("systemd-analyze", "verify", file) == ""
    assert "bellwire" in hotel.server.run("nft", "list", "tables")
    assert hotel.well("site").changed == []
    hotel.write_inventory()
    hotel.well("site")
    for unit in units:
        assert not (hotel.server.root / "etc/systemd/system" / f"{unit}.service").exists()
    assert hotel.active()


def test_on_postgresql_an_upgrade_goes_back_and_a_backup_comes_back(
    hotel: Hotel, tmp_path: Path
) -> None:
    hotel.use_database()
    hotel.well("upgrade")
    hotel.well("provision")
    before, release = hotel.server.run("bellwire", "db", "check"), hotel.release()
    assert release.endswith("-postgres")
    assert "1 phones" in before
    assert "was taken back" in hotel.play("upgrade", wheel=broken(hotel.wheel, tmp_path / "b")).said
    assert (hotel.server.run("bellwire", "db", "check"), hotel.release()) == (before, release)
    hotel.well("backup")
    hotel.server.run("systemctl", "start", "bellwire-restore-test")
    hotel.server.run("runuser", "-u", "postgres", "--", "psql", "-qc", SPOIL, "bellwire")
    assert hotel.server.run("bellwire", "db", "check") != before
    hotel.well("restore", "-e", "bellwire_restore_from=newest")
    assert hotel.server.run("bellwire", "db", "check") == before
    assert hotel.active()


@pytest.fixture
def second(hotel: Hotel, tmp_path: Path) -> Iterator[Target]:
    """Another server, with a line to the first."""
    with Target(tmp_path / "second", "second") as server:
        pair = ["ip", "link", "add", "bw-first", "type", "veth", "peer", "name", "bw-second"]
        if subprocess.run(pair, check=False).returncode:
            pytest.skip("this kernel has no veth to join two servers by")
        names = ("bw-first", "bw-second")
        for name, node, address in zip(names, (hotel.server, server), NODES, strict=True):
            subprocess.run(["ip", "link", "set", name, "netns", str(node.pid)], check=True)
            node.run("ip", "addr", "add", f"{address}/24", "dev", name)
            node.run("ip", "link", "set", name, "up")
        yield server


def test_two_nodes_share_one_database(hotel: Hotel, second: Target, tmp_path: Path) -> None:
    values = {"ansible_server_pid": second.pid, "bellwire_monitor": False,
              "bellwire_site_files": []}  # fmt: skip
    hotel.use_database(
        NODES[0], groups={"bellwire": {"second": values}},
        bellwire_key=hotel.server.run("cat", "/var/lib/bellwire/secret.key").strip(),
        database_listen=f"localhost,{NODES[0]}", database_clients=[NETWORK],
    )  # fmt: skip
    hotel.well("site")
    assert hotel.well("site").changed == []
    nodes = (hotel.server, second)
    files = [json.loads(node.run("bellwire", "db", "check", "--json")) for node in nodes]
    assert files[0] == files[1]
    url = second.run("bellwire", "url", MAC).strip()
    assert url == hotel.url()
    for node in nodes:
        assert hotel.boot(url, node) == [["2214", "10.20.0.6"]]

    key = hotel.server.run("cat", "/var/lib/bellwire/secret.key")
    assert hotel.play("rotate_secrets", "--limit", "second").code != 0
    hotel.well("rotate_secrets")
    keys = [node.run("cat", "/var/lib/bellwire/secret.key").strip() for node in nodes]
    assert keys[0] == keys[1] != key.strip()
    for node in nodes:
        assert hotel.boot(url, node) == [["2214", "10.20.0.6"]]

    releases = [node.run("readlink", "/opt/bellwire/current") for node in nodes]
    play = hotel.play("upgrade", wheel=broken(hotel.wheel, tmp_path / "broken"))
    assert "was taken back" in play.said
    assert [node.run("readlink", "/opt/bellwire/current") for node in nodes] == releases
    hotel.well("upgrade", wheel=later(hotel.wheel, tmp_path / "later", "two nodes"))
    assert [json.loads(n.run("bellwire", "db", "check", "--json")) for n in nodes] == files
    for node in nodes:
        assert hotel.boot(url, node) == [["2214", "10.20.0.6"]]
