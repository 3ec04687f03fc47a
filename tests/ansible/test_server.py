"""An empty Debian server becomes a hotel's, is changed, upgraded, and restored.

The tests of this file follow each other on one server, as its life does.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.ansible.playing import MAC, METRICS_TOKEN, SERVICES, Hotel
from tests.ansible.wheels import broken

EXPOSURE_BELOW = 3.0
HARDENED = (*SERVICES, "bellwire-prepare", "bellwire-backup", "bellwire-restore-test")
MODES = {
    "/var/lib/bellwire": "750 bellwire",
    "/var/lib/bellwire/secret.key": "600 bellwire",
    "/etc/bellwire/secrets.env": "640 root",
    "/etc/bellwire/bellwire.toml": "640 root",
    "/var/backups/bellwire": "700 bellwire",
    "/etc/ssl/bellwire/key.pem": "600 root",
    "/etc/prometheus/bellwire/token": "640 root",
}
API = "https://10.20.0.5/api/v1/sites"
KEY = "/var/lib/bellwire/secret.key"


def test_check_mode_on_an_empty_server_changes_nothing(hotel: Hotel) -> None:
    before = hotel.server.snapshot()
    play = hotel.well("site", "--check", "--diff")
    assert len(play.changed) > 10
    assert hotel.server.snapshot() == before


def test_the_first_run_makes_a_hotels_server(hotel: Hotel) -> None:
    hotel.well("site", "--diff")
    assert hotel.active()
    assert hotel.server.run("systemctl", "--failed", "--plain", "--no-legend").strip() == ""


def test_a_second_run_has_nothing_to_do(hotel: Hotel) -> None:
    assert hotel.well("site").changed == []


@pytest.mark.parametrize("name", HARDENED)
def test_a_unit_is_correct_and_gives_little_away(hotel: Hotel, name: str) -> None:
    unit = f"/etc/systemd/system/{name}.service"
    assert hotel.server.run("systemd-analyze", "verify", unit) == ""
    said = hotel.server.run("systemd-analyze", "security", "--no-pager", name).splitlines()[-1]
    assert float(said.split(": ")[1].split()[0]) < EXPOSURE_BELOW, said


@pytest.mark.parametrize("name", SERVICES)
def test_no_process_runs_as_root(hotel: Hotel, name: str) -> None:
    processes = hotel.server.run("cat", f"/sys/fs/cgroup/system.slice/{name}.service/cgroup.procs")
    assert len(processes.split()) >= (2 if name == "bellwire-web" else 1)  # the front and the pages
    for process in processes.split():
        owner = hotel.server.run("stat", "--format=%U", f"/proc/{process}")
        assert owner.strip() == "bellwire", process


@pytest.mark.parametrize("path", MODES)
def test_nothing_lies_open(hotel: Hotel, path: str) -> None:
    assert hotel.server.run("stat", "-c", "%a %U", path).strip() == MODES[path]


def test_a_phone_boots_by_tftp_and_https(hotel: Hotel) -> None:
    assert hotel.boot("tftp://10.20.0.5/") == [["2214", "10.20.0.6"]]
    token_url = hotel.url()
    assert token_url.startswith("https://10.20.0.5/")
    assert hotel.boot(token_url) == [["2214", "10.20.0.6"]]
    log = hotel.server.run("cat", "/var/log/nginx/bellwire.log")
    assert "/p/***/" in log
    assert token_url.rstrip("/").rsplit("/", 1)[1] not in log


def test_plain_http_is_for_phones_only(hotel: Hotel) -> None:
    token_url = hotel.url()
    file = f"{token_url.rstrip('/')}/{MAC}.cfg"
    assert hotel.asked(file) == "200"
    assert hotel.asked(file.replace("https:", "http:")) == "200"
    assert hotel.asked("http://10.20.0.5/ui/sign-in") == "308"
    assert hotel.asked("https://10.20.0.5/ui/sign-in") in {"200", "302", "303"}
    assert hotel.asked("http://10.20.0.5/metrics") == "404"


def test_a_client_cannot_speak_as_the_proxy(hotel: Hotel) -> None:
    """Who claims a factory certificate or another address by a header is not believed."""
    file = f"https://10.20.0.5/{MAC}.cfg"
    claims = ["-H", "X-SSL-Client-Verify: SUCCESS", "-H", f"X-SSL-Client-S-DN: CN={MAC}",
              "-H", "X-Forwarded-For: 10.20.9.9"]  # fmt: skip
    assert hotel.asked(*claims, file) == "404"


def test_prometheus_reads_the_figures(hotel: Hotel) -> None:
    query = "http://127.0.0.1:9090/api/v1/targets?state=active"
    done = subprocess.run(
        [*hotel.server.beside(), "curl", "-s", "--retry", "10", "--retry-all-errors", query],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    (found,) = json.loads(done.stdout)["data"]["activeTargets"]
    assert found["scrapeUrl"] == "https://10.20.0.5:443/metrics"
    assert hotel.asked("https://10.20.0.5/metrics") in {"401", "403", "404"}
    token = f"Authorization: Bearer {METRICS_TOKEN}"
    assert hotel.asked("-H", token, "https://10.20.0.5/metrics") == "200"


def test_dnsmasq_tells_phones_where_to_ask(hotel: Hotel) -> None:
    told = hotel.server.run("cat", "/etc/dnsmasq.d/bellwire-casa.conf")
    assert "https://10.20.0.5/" in told
    assert "10.20.100.1" in hotel.server.run("cat", "/etc/dnsmasq.d/bellwire-leases.conf")
    assert hotel.server.run("systemctl", "is-active", "dnsmasq").strip() == "active"


def test_the_database_lets_bellwire_in_and_nobody_else(hotel: Hotel) -> None:
    role = "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = 'bellwire'"
    ask = ("runuser", "-u", "postgres", "--", "psql", "-tAc")
    assert hotel.server.run(*ask, role).strip() == "f|f|f"
    owner = "select pg_get_userbyid(datdba) from pg_database where datname = 'bellwire'"
    assert hotel.server.run(*ask, owner).strip() == "bellwire"
    server = ("env", "PGPASSWORD=wrong", "psql", "-h", "127.0.0.1", "-U", "bellwire", "bellwire")
    assert hotel.server.run(*server, "-c", "select 1", check=False) == ""


def test_a_changed_site_is_shown_then_applied(hotel: Hotel) -> None:
    hotel.write_site({"numbers": {"reception": "101", "emergency": "112"}})
    before = hotel.state()
    shown = hotel.well("provision", "--check", "--diff")
    assert "What changes for phones, and the change" in shown.changed
    assert "numbers" in shown.said
    assert hotel.state() == before
    assert "What changes for phones, and the change" in hotel.well("provision").changed
    assert hotel.state() != before
    assert hotel.well("provision").changed == []


def test_a_broken_upgrade_goes_back_with_all_data(hotel: Hotel, tmp_path: Path) -> None:
    before, release = hotel.state(), hotel.release()
    play = hotel.play("upgrade", wheel=broken(hotel.wheel, tmp_path / "broken"))
    assert play.code != 0
    assert "this migration fails half-way" in play.said
    assert "was taken back" in play.said
    assert (hotel.state(), hotel.release()) == (before, release)
    assert hotel.active()
    assert hotel.server.run("stat", "-c", "%a", "/").strip() == "755"
    assert hotel.boot(hotel.url())


def test_backups_are_made_and_tried_out_by_timers(hotel: Hotel) -> None:
    timers = hotel.server.run("systemctl", "list-timers", "--all", "--no-legend", "--no-pager")
    assert "bellwire-backup.timer" in timers
    assert "bellwire-restore-test.timer" in timers
    hotel.server.run("systemctl", "start", "bellwire-backup")
    hotel.server.run("systemctl", "start", "bellwire-restore-test")


def test_restoring_brings_everything_back(hotel: Hotel, tmp_path: Path) -> None:
    hotel.server.run("bellwire", "users", "add", "anna", "--role", "admin", "--all-sites")
    made = hotel.server.run("bellwire", "tokens", "add", "anna", "--name", "drill")
    token = f"Authorization: Bearer {made.strip().splitlines()[-1].split()[-1]}"
    assert hotel.asked("-H", token, API) == "200"
    before, key, url = hotel.state(), hotel.server.run("cat", KEY), hotel.url()
    hotel.well("backup", "-e", f"bellwire_backup_fetch_to={tmp_path}")
    (fetched,) = (tmp_path / "hotel").glob("*.tar")
    assert fetched.stat().st_size > 0
    hotel.server.run("systemctl", "stop", *SERVICES)
    hotel.server.run("sh", "-c", "rm -rf /var/lib/bellwire/*")
    hotel.well("restore", "-e", "bellwire_restore_from=newest")
    assert hotel.state() == before
    assert hotel.active()
    assert (hotel.server.run("cat", KEY), hotel.url()) == (key, url)
    assert hotel.asked("-H", token, API) == "200"
    assert hotel.boot(url) == [["2214", "10.20.0.6"]]
