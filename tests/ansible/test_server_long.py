"""More of a server's life: what takes some minutes longer. Run with BELLWIRE_LONG=1."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from provisioner.errors import PbxError
from provisioner.pbx.ami import AmiClient
from tests.ansible.playing import MANAGER_SECRET, Hotel
from tests.ansible.wheels import broken, later
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk

FORBIDDEN = {
    "Command": {"Command": "core show uptime"},
    "Originate": {"Channel": "Local/100@x", "Application": "Echo"},
    "UpdateConfig": {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
}
SPOIL = "delete from rendered"


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
    before, key = hotel.state(), hotel.server.run("cat", "/var/lib/bellwire/secret.key")
    play = hotel.well("rotate_secrets")
    fresh = hotel.server.run("cat", "/var/lib/bellwire/secret.key")
    assert fresh != key
    assert key.strip() not in play.said
    assert fresh.strip() not in play.said
    assert hotel.state() == before


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
