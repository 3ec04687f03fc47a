"""Site files into the database: twice is once, all or nothing, and no secret in the clear."""

from __future__ import annotations

import copy
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from provisioner.apply import Applier
from provisioner.inventory import store
from provisioner.mac import MacAddress
from tests.integration.servers import (
    BATHROOM,
    CORRIDOR,
    FANVIL,
    GIVEN_SECRET,
    HANG_S,
    SNOM,
    YEALINK,
    DataFolder,
    bellwire,
    room,
    sample_hotel,
    small_site,
)

ALL = {YEALINK, FANVIL, BATHROOM, SNOM, CORRIDOR}


def dump(folder: DataFolder) -> dict[str, list[tuple[Any, ...]]]:
    """Everything the inventory holds."""
    tables = ("stamp", "site", "room", "account", "phone", "rendered", "audit")
    return {table: folder.rows(f"select * from {table} order by 1, 2") for table in tables}


def secrets_of(folder: DataFolder) -> dict[str, str]:
    """SIP secrets by extension."""
    with folder.opened() as installation, installation.database.read() as session:
        held = store.stored(session, installation.box)
    return {a.extension: a.secret.get_secret_value() for a in held.accounts if a.secret}


def test_the_second_apply_changes_nothing(casa: DataFolder) -> None:
    before = dump(casa)
    result = casa.apply(small_site(casa.url))
    assert "nothing; 0 phones affected" in result.stdout
    assert dump(casa) == before


def test_the_sample_hotel_applied_twice_is_the_same_as_once(folder: DataFolder) -> None:
    folder.apply(sample_hotel(folder.url))
    assert not folder.marked()
    assert [r[0] for r in folder.rows("select problem from phone where problem != ''")] == []
    before = dump(folder)
    assert "nothing; 0 phones affected" in folder.apply(sample_hotel(folder.url)).stdout
    assert dump(folder) == before


def full_site(url: str) -> dict[str, Any]:
    """A site with everything that can be written in the file."""
    site = small_site(url)
    site["settings"] |= {
        "access": {"admin_password": "Site-Admin-1", "menu_pin": "2468"},
        "directory": {"ldap_password": "Ldap-Secret-1"},
        "raw": {"v81": {"network.802_1x.md5_password": "Raw-Secret-1"}},
        "network": {"vlan_id": 20},
    }
    site["presets"] = {
        "suite": {
            "name": {"en": "Suite"},
            "settings": {"access": {"user_password": "Preset-User-1"}},
            "keys": [{"type": "speed_dial", "value": "{site.numbers.reception}"}],
        }
    }
    site["switches"] = [{"host": "10.20.0.2", "snmp": {"community": "Community-1"}}]
    site["pbx"] = {"ami": {"host": "10.20.0.5", "username": "bellwire", "secret": "Ami-Secret-1"}}
    room(site, "spa")["settings"] = {"access": {"user_password": "Room-User-1"}}
    desk = room(site, "spa")["phones"]["desk"]
    desk |= {"preset": "suite", "settings": {"access": {"admin_password": "Phone-Admin-1"}}}
    return site


WRITTEN = (
    GIVEN_SECRET, "Site-Admin-1", "2468", "Ldap-Secret-1", "Raw-Secret-1", "Preset-User-1",
    "Community-1", "Ami-Secret-1", "Room-User-1", "Phone-Admin-1",
)  # fmt: skip


def test_a_file_with_everything_in_it_is_idempotent_too(folder: DataFolder) -> None:
    folder.apply(full_site(folder.url))
    before = dump(folder)
    assert "nothing; 0 phones affected" in folder.apply(full_site(folder.url)).stdout
    assert dump(folder) == before


def test_no_secret_is_in_the_clear_in_database_log_or_output(
    folder: DataFolder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    result = folder.apply(full_site(folder.url))
    changed = full_site(folder.url)
    changed["accounts"][0]["secret"] = "Another-Secret-of-100"
    file = folder.write(changed)
    plan = folder.run("plan", "--full", str(file))
    assert plan.exit_code == 0
    assert "change  account casa 100 (secret)" in plan.stdout
    with folder.opened() as installation, installation.database.read() as session:
        held = store.stored(session, installation.box)
        own = [installation.press.kit(session, phone.mac).secrets for phone in held.phones]
    secrets = {*WRITTEN, "Another-Secret-of-100"}
    secrets |= {a.secret.get_secret_value() for a in held.accounts if a.secret}
    for made in own:
        secrets |= {
            made.token.get_secret_value(),
            made.admin_password.get_secret_value(),
            made.user_password.get_secret_value(),
        }
    secrets.discard("2468")  # a PIN of four digits may turn up by itself
    in_files = folder.stored_bytes()
    told = result.output + plan.output + caplog.text
    for secret in secrets:
        assert secret.encode() not in in_files, secret
        assert secret not in told, secret
    assert '"menu_pin": "2468"' not in str(folder.rows("select settings from site"))
    assert len(secrets) > 20


def test_secrets_in_settings_reach_the_phone(folder: DataFolder) -> None:
    folder.apply(full_site(folder.url))
    device = folder.rendered(SNOM)["snomD717-000413000104.htm"].decode()
    assert "Phone-Admin-1" in device
    assert "Raw-Secret-1" in folder.rendered(YEALINK)[f"{YEALINK}.cfg"].decode()


def test_the_key_file_is_the_owners_alone(casa: DataFolder) -> None:
    file = casa.path / "secret.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    result = casa.run("status")
    assert result.exit_code == 2
    assert "chmod 600" in result.stderr


def test_generated_secrets_are_kept_over_applies(casa: DataFolder) -> None:
    before = secrets_of(casa)
    site = small_site(casa.url)
    site["accounts"].append({"extension": "2101", "name": "A new name"})
    casa.apply(site)
    assert secrets_of(casa) == before
    assert len(set(before.values())) == len(before)


def test_a_given_secret_is_stored_and_changed(casa: DataFolder) -> None:
    assert secrets_of(casa)["100"] == GIVEN_SECRET
    site = small_site(casa.url)
    site["accounts"][0]["secret"] = "Changed-Secret"
    result = casa.apply(site)
    assert "(secret)" in result.stdout
    assert secrets_of(casa)["100"] == "Changed-Secret"
    assert b"Changed-Secret" in casa.rendered(YEALINK)[f"{YEALINK}.cfg"]
    del site["accounts"][0]["secret"]  # no longer said: kept
    casa.apply(site)
    assert secrets_of(casa)["100"] == "Changed-Secret"


def test_secrets_come_from_the_environment_and_from_files(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASA_SECRET", "From-Environment")
    file = folder.write(small_site(folder.url))
    text = file.read_text().replace(GIVEN_SECRET, "!env CASA_SECRET")
    file.write_text(text)
    assert folder.run("apply", str(file)).exit_code == 0
    assert secrets_of(folder)["100"] == "From-Environment"
    (file.parent / "casa.secret").write_text("From-File\n")
    file.write_text(text.replace("!env CASA_SECRET", "!file casa.secret"))
    assert folder.run("apply", str(file)).exit_code == 0
    assert secrets_of(folder)["100"] == "From-File"


def test_an_error_in_the_middle_leaves_nothing(casa: DataFolder) -> None:
    before = dump(casa)
    good = small_site(casa.url, site_id="good")
    good["rooms"] = [
        {
            "id": "1", "template": "guest-room", "extension": "1",
            "phones": {"bedside": {"model": "fanvil/h5", "mac": "0c383e990001"}},
        }
    ]  # fmt: skip
    bad = copy.deepcopy(good) | {"id": "bad"}
    bad["rooms"][0]["phones"]["bedside"]["mac"] = FANVIL  # stands in casa
    result = casa.run("apply", str(casa.write(good, bad)))
    assert result.exit_code == 1
    assert "0c:38:3e:01:01:01 already belongs to casa 101" in result.stderr
    assert dump(casa) == before


def test_a_failure_while_storing_leaves_nothing(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(casa)
    site = small_site(casa.url)
    site["name"] = "Another"
    room(site, "spa")["extension"] = "110"

    def fails(*_args: object) -> None:
        raise OperationalError("insert", {}, Exception("the disk is full"))

    monkeypatch.setattr(Applier, "_phones", fails)
    result = casa.run("apply", str(casa.write(site)))
    assert result.exit_code == 1
    assert "the disk is full" in result.stderr
    assert dump(casa) == before


def test_prune_retires_what_the_file_no_longer_names(casa: DataFolder) -> None:
    site = small_site(casa.url)
    site["rooms"] = [r for r in site["rooms"] if r["id"] != "101"]
    assert "nothing" in casa.apply(site).stdout
    assert casa.rows("select 1 from phone where mac = ?", FANVIL)
    result = casa.apply(site, options=("--prune",))
    assert "retire  phone 0c:38:3e:01:01:01" in result.stdout
    assert {r[0] for r in casa.rows("select mac from phone")} == ALL - {FANVIL, BATHROOM}
    assert not casa.rows("select 1 from rendered where mac in (?, ?)", FANVIL, BATHROOM)
    assert not casa.rows("select 1 from room where id = '101'")
    assert not casa.rows("select 1 from account where extension = '2101'")
    assert "nothing" in casa.apply(site, options=("--prune",)).stdout


@pytest.mark.parametrize(
    ("part", "touched"),
    [
        ("site", ALL),
        ("room", {FANVIL, BATHROOM, YEALINK}),  # reception shows it on a key
        ("account", {SNOM}),
        ("phone", {FANVIL}),
    ],
)
def test_a_change_marks_the_phones_it_concerns_and_no_other(
    casa: DataFolder, part: str, touched: set[str]
) -> None:
    site = small_site(casa.url)
    if part == "site":
        site["timezone"] = "Atlantic/Canary"
    elif part == "room":
        room(site, "101")["name"] = "Suite 101"
    elif part == "account":
        site["accounts"].append({"extension": "109", "name": "Wellness"})
    else:
        room(site, "101")["phones"]["bedside"]["settings"] = {"audio": {"ring_volume_percent": 30}}
    versions = dict(casa.rows("select mac || name, digest from rendered"))
    casa.apply(site, options=("--no-render",))
    assert casa.marked() == touched
    casa.apply(site)  # nothing new, yet what is marked is rendered
    assert not casa.marked()
    after = dict(casa.rows("select mac || name, digest from rendered"))
    differing = {name[:12] for name in after if after[name] != versions.get(name)}
    assert differing
    assert differing <= touched


def test_two_phones_can_swap_their_places(casa: DataFolder) -> None:
    site = small_site(casa.url)
    phones = room(site, "101")["phones"]
    phones["bedside"], phones["bathroom"] = phones["bathroom"], phones["bedside"]
    casa.apply(site)
    where = dict(casa.rows("select mac, position from phone where room_id = '101'"))
    assert where == {FANVIL: "bathroom", BATHROOM: "bedside"}


def test_a_phone_can_move_to_another_site_that_is_applied_with_it(casa: DataFolder) -> None:
    token = casa.token(SNOM)
    home, other = small_site(casa.url), small_site(casa.url, site_id="other")
    other["rooms"] = [room(home, "spa")]
    home["rooms"] = [r for r in home["rooms"] if r["id"] != "spa"]
    casa.apply(home, other)
    assert casa.rows("select site_id from phone where mac = ?", SNOM) == [("other",)]
    assert casa.token(SNOM) == token


def test_plan_shows_diffs_with_secrets_masked_and_changes_nothing(casa: DataFolder) -> None:
    before = dump(casa)
    site = small_site(casa.url)
    site["accounts"][0]["secret"] = "Changed-Secret"
    site["sip"]["expires_s"] = 900
    result = casa.run("plan", str(casa.write(site)), "--full")
    assert result.exit_code == 0
    assert "+account.1.sip_server.1.expires = 900" in result.stdout
    for secret in (*secrets_of(casa).values(), "Changed-Secret", *map(casa.token, ALL)):
        assert secret not in result.output
    assert dump(casa) == before


def test_plan_of_new_phones_shows_their_files_masked(folder: DataFolder) -> None:
    result = folder.run("plan", str(folder.write(small_site(folder.url))), "--full")
    assert result.exit_code == 0
    assert "+account.1.password = ********" in result.stdout
    assert "/p/********/" in result.stdout
    assert GIVEN_SECRET not in result.stdout
    assert folder.rows("select * from phone") == []


def test_plan_exit_code_says_whether_there_is_something_to_do(casa: DataFolder) -> None:
    same = casa.write(small_site(casa.url))
    assert casa.run("plan", "--exit-code", str(same)).exit_code == 0
    other = casa.write(small_site(casa.url) | {"name": "Another"})
    assert casa.run("plan", str(other)).exit_code == 0
    assert casa.run("plan", "--exit-code", str(other)).exit_code == 1


def test_exit_codes_of_a_real_process(folder: DataFolder, tmp_path: Path) -> None:
    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = bellwire(*args, "--data", str(folder.path))
        return subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)

    good = folder.write(small_site(folder.url))
    done = run("apply", str(good))
    assert (done.returncode, "5 phones affected" in done.stdout) == (0, True)
    site = small_site(folder.url)
    room(site, "spa")["phones"]["desk"]["model"] = "snom/d999"
    bad = folder.write(site)
    wrong = run("apply", str(bad))
    assert wrong.returncode == 1
    line = next(n for n, t in enumerate(bad.read_text().splitlines(), 1) if "snom/d999" in t)
    assert f"{bad}:{line}: sites[0].rooms[2].phones.desk.model: " in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert run("apply").returncode == 2
    assert run("apply", str(tmp_path / "missing.yaml")).returncode == 2


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"timezone": "Europe/Nowhere"}, "sites[0].timezone", "Europe/Nowhere"),
        ({"networks": ["10.20.0.0/8"]}, "sites[0].networks[0]", ""),
        ({"colour": "blue"}, "sites[0].colour", ""),
        ({"settings": {"audio": {"ring_volume_percent": 101}}}, "sites[0]", "ring_volume"),
        ({"country": "Spain"}, "sites[0].country", ""),
    ],
)
def test_errors_name_file_line_and_field(
    folder: DataFolder, change: dict[str, object], field: str, told: str
) -> None:
    file = folder.write(small_site(folder.url) | change)
    result = folder.run("apply", str(file))
    assert result.exit_code == 1
    line = result.stderr.splitlines()[-1]
    assert line.startswith(f"bellwire: {file}:"), line
    assert field in line
    assert told in line
    assert int(line.split(":")[2]) > 0
    assert folder.rows("select * from site") == []


def test_several_files_are_one_transaction(folder: DataFolder) -> None:
    first, second = small_site(folder.url), small_site(folder.url, site_id="second")
    second["rooms"] = []
    second["colour"] = "blue"
    files = [str(folder.write(first)), str(folder.write(second))]
    assert folder.run("apply", *files).exit_code == 1
    assert folder.rows("select * from site") == []


def test_what_is_not_yaml_is_one_sentence(folder: DataFolder) -> None:
    file = folder.write(small_site(folder.url))
    file.write_text("sites: [\n  - id: {")
    result = folder.run("apply", str(file))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(f"bellwire: {file}:2: not YAML")


def test_the_audit_names_who_and_no_secret(casa: DataFolder) -> None:
    ((who, action, target, detail),) = casa.rows("select who, action, target, detail from audit")
    assert who.startswith("cli")
    assert (action, target) == ("apply", "casa")
    assert "5 phones add" in detail


def test_a_model_that_the_catalogue_lost_stops_no_other_phone(casa: DataFolder) -> None:
    casa.change("update phone set model = 'snom/d999' where mac = ?", SNOM)
    casa.change("update phone set dirty = 1, generation = generation + 1")
    with casa.opened() as installation:
        while installation.press.render_marked():
            pass
        problems = dict(installation.press.problems())
    assert set(problems) == {MacAddress(SNOM)}
    assert "snom/d999" in problems[MacAddress(SNOM)]
    assert not casa.marked()


def test_a_site_in_two_files_is_refused(folder: DataFolder) -> None:
    one, two = (folder.write(small_site(folder.url)) for _ in range(2))
    result = folder.run("apply", str(one), str(two))
    assert result.exit_code == 1
    assert "site 'casa' is already used at" in result.stderr
