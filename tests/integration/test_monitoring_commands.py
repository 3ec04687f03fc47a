"""What people see of the monitoring on the command line, from what is stored."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert

from monitors.evidence import Group, GroupFinding
from monitors.status import State
from monitors.store.incident_pages import all_open
from provisioner.config import Settings
from provisioner.delivery import utc_now
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from tests.integration.judged_site import SHORT, WELL, evidence, judge, with_finding
from tests.integration.servers import (
    BATHROOM,
    CORRIDOR,
    FANVIL,
    HANG_S,
    SNOM,
    YEALINK,
    DataFolder,
    bellwire,
    many_rooms,
    small_site,
)
from web.commands import options
from web.installation import Installation, open_installation
from web.overview.changes import Watcher
from web.overview.phones import site_overview
from web.overview.reading import read_sites

SITE = "casa"
MINUTE = timedelta(minutes=1)
WRONG_VLAN = {**WELL, "vlan": ("wrong", "VLAN 1")}
ROW = {"mac", "site", "room", "position", "model", "status", "cause", "since"}
MORE = {"provisioning", "rule", "sureness", "fix", "judged_at"}
ANSWER = {"cause", "sentence", "fix", "confidence", "evidence"}
ANSWER_MORE = {
    "mac", "site", "room", "position", "model", "status", "since", "layer", "missing", "troubles",
    "finding", "incident", "timeline",
}  # fmt: skip


def value_of(folder: DataFolder, *args: str, code: int = 0) -> Any:
    result = folder.run(*args, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def text_of(folder: DataFolder, *args: str, code: int = 0) -> str:
    result = folder.run(*args)
    assert result.exit_code == code, (result.output, result.exception)
    return result.stdout


def colons(mac: str) -> str:
    return MacAddress(mac).colons


@pytest.fixture(scope="module", autouse=True)
def _each_folder_is_opened_once() -> Iterator[None]:
    """Opening a data folder takes most of a command's time; the commands here share it."""
    held: dict[Path, Installation] = {}

    @contextmanager
    def once(settings: Settings) -> Iterator[Installation]:
        if settings.data not in held:
            held[settings.data] = open_installation(settings)
        yield held[settings.data]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "opened", once)
        yield
    for installation in held.values():
        installation.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """The small site, as it is copied for each test that changes it."""
    made = DataFolder(tmp_path_factory.mktemp("small") / "data")
    made.apply(small_site(made.url))
    return made


@pytest.fixture
def casa(small: DataFolder, tmp_path: Path) -> DataFolder:
    """A data folder with the small site: nothing has been judged."""
    shutil.copytree(small.path, tmp_path / "data")
    return DataFolder(tmp_path / "data")


@pytest.fixture
def judged(casa: DataFolder) -> DataFolder:
    """The small site, judged a moment ago: one phone down, one with a warning, one well."""
    return with_judging(casa)


@pytest.fixture(scope="module")
def seen(small: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    """The same for tests that only look."""
    path = tmp_path_factory.mktemp("seen") / "data"
    shutil.copytree(small.path, path)
    return with_judging(DataFolder(path))


def with_judging(casa: DataFolder) -> DataFolder:
    at = utc_now() - timedelta(seconds=20)
    states = {
        FANVIL: (State.DOWN, evidence(SHORT)),
        YEALINK: (State.WARNING, evidence(WRONG_VLAN)),
        SNOM: (State.WORKING, evidence(WELL)),
    }
    with casa.opened() as installation:
        judge(installation, SITE, states, at, since=at - 14 * MINUTE)
    return casa


def test_status_says_what_the_monitor_says(seen: DataFolder) -> None:
    value = value_of(seen, "status")
    phones = {p["mac"]: p for p in value["phones"]}
    assert all(set(p) >= ROW | MORE for p in value["phones"])
    down = phones[colons(FANVIL)]
    assert (down["status"], down["rule"], down["sureness"]) == ("down", "B5", "certain")
    assert down["cause"].startswith("There is a short circuit on the cable or socket of room 101")
    assert down["fix"].startswith("Check socket and cable")
    assert down["provisioning"] == "never-seen"
    since, judged_at = (datetime.fromisoformat(down[n]) for n in ("since", "judged_at"))
    assert judged_at - since == 14 * MINUTE
    assert judged_at.tzinfo is not None
    assert down["incident"] == value["incidents"][0]["id"]
    never = phones[colons(BATHROOM)]
    assert (never["status"], never["rule"], never["judged_at"]) == ("never-seen", None, None)
    assert never["cause"] == "never asked for its files"
    assert [p["status"] for p in value["phones"]] == [
        "down", "warning", "never-seen", "never-seen", "working",
    ]  # fmt: skip
    (site,) = value["sites"]
    assert site["counts"] == {"down": 1, "warning": 1, "never-seen": 2, "working": 1}
    assert site["stale"] is False
    assert value["simulated"] is False


def test_status_for_people_has_problems_first_with_what_to_do(seen: DataFolder) -> None:
    text = text_of(seen, "status")
    first, second, *_ = text.splitlines()
    assert first.startswith("Casa (casa): 5 phones: 1 down, 1 warning, 2 never seen, 1 working; ")
    assert re.search(r"judged \d+ (s|min) ago", first)
    assert second.split()[:4] == ["down", "Room", "101", "bedside"]
    assert re.search(r"\(1\d min\), in incident 1$", second)
    assert text.count("Check socket and cable for water and bad plugs") == 1
    assert text.index("short circuit") < text.index("VLAN") < text.index("snom/d717")
    assert "bellwire monitor" not in text
    assert "0 waiting" in text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("short circuit", "Ladder", "Evidence", "Room 101 bedside")),
        ("es", ("cortocircuito", "Escalera", "Indicios", "Habitación 101, mesilla")),
        ("ru", ("Короткое замыкание", "Лестница", "Данные", "Номер 101")),
    ],
)
def test_status_and_diagnosis_speak_the_readers_language(
    seen: DataFolder, language: str, said: tuple[str, ...]
) -> None:
    text = text_of(seen, "status", "--language", language)
    assert said[0] in text
    assert said[3] in text
    whole = text_of(seen, "diagnose", FANVIL, "--language", language, code=1)
    assert all(words in whole for words in said)
    assert "{" not in text + whole


def test_only_some_phones(seen: DataFolder) -> None:
    value = value_of(seen, "status", "--only", "down", "--only", "warning")
    assert [p["status"] for p in value["phones"]] == ["down", "warning"]
    assert value["sites"][0]["counts"]["working"] == 1
    assert seen.run("status", "--only", "sleeping").exit_code == 2
    assert colons(SNOM) not in text_of(seen, "status", "--only", "down")


def test_a_monitor_that_stands_still_is_said(casa: DataFolder) -> None:
    hint = "is `bellwire monitor` running?"
    assert f"judged no phone yet: {hint}" in text_of(casa, "status")
    assert value_of(casa, "status")["sites"][0]["judged_at"] is None
    at = utc_now() - 14 * MINUTE
    with casa.opened() as installation:
        judge(installation, SITE, {SNOM: (State.WORKING, evidence(WELL))}, at)
    assert f"the monitor has not judged for 14 min: {hint}" in text_of(casa, "status")
    assert value_of(casa, "status")["sites"][0]["stale"] is True
    assert "No automatic check to come" in text_of(casa, "diagnose", SNOM)


def test_a_group_is_said_once_with_its_rooms(casa: DataFolder) -> None:
    at = utc_now()
    macs = [FANVIL, BATHROOM, YEALINK]
    finding = GroupFinding("A3", Group.SWITCH, "sw-2", frozenset(macs), 0.75)
    gone = with_finding(evidence({"switch": "down", "mapping": "likely"}), finding)
    with casa.opened() as installation:
        judge(installation, SITE, dict.fromkeys(macs, (State.DOWN, gone)), at)
    text = text_of(casa, "status")
    assert text.count("does not answer; 3 phones hang on it") == 1
    assert text.count("Check power and uplink of sw-2.") == 1
    assert "Phones: Reception, Room 101 bathroom, Room 101 bedside" in text
    assert text.count("in incident 1") == 3
    value = value_of(casa, "diagnose", FANVIL, code=1)
    assert (value["cause"], value["layer"]) == ("A3", "power")
    assert value["finding"]["name"] == "sw-2"
    assert value["finding"]["share"] == 0.75
    assert set(value["finding"]["phones"]) == {colons(mac) for mac in macs}
    whole = text_of(casa, "diagnose", FANVIL, code=1)
    assert "Fails with others: 3 phones (75 %) of switch sw-2" in whole
    (incident,) = value_of(casa, "incidents")["incidents"]
    assert incident["place"] == "Casa"
    assert len(incident["phones"]) == 3


def test_diagnose_has_its_fixed_fields_and_more(seen: DataFolder) -> None:
    value = value_of(seen, "diagnose", colons(FANVIL), code=1)
    assert set(value) >= ANSWER | ANSWER_MORE
    assert (value["cause"], value["confidence"], value["layer"]) == ("B5", "certain", "power")
    assert value["room"] == "101"
    power = next(e for e in value["evidence"] if e["signal"] == "power")
    assert set(power) >= {"signal", "value", "age_s", "source", "measured"}
    assert (power["value"], power["source"]) == ("short", "snmp sw-2")
    assert 30 <= power["age_s"] < 30 + HANG_S
    ladder = {step["step"]: step["mark"] for step in value["ladder"]}
    assert list(ladder) == [
        "power", "link", "place", "address", "config", "registration", "reachability",
    ]  # fmt: skip
    assert (ladder["power"], ladder["place"]) == ("bad", "unknown")
    assert [step["step"] for step in value["ladder"] if step["cause"]] == ["power"]
    assert value["incident"]["id"] == 1
    assert [line["what"] for line in value["timeline"]] == ["opened"]
    assert value["next_check"] is not None


def test_a_phone_that_works_or_warns_ends_with_0(seen: DataFolder) -> None:
    well = value_of(seen, "diagnose", SNOM)
    assert (well["cause"], well["status"], well["incident"]) == ("I1", "working", None)
    assert {step["mark"] for step in well["ladder"]} == {"ok"}
    warned = value_of(seen, "diagnose", YEALINK)
    assert (warned["cause"], warned["layer"]) == ("D6", "place")
    text = text_of(seen, "diagnose", SNOM)
    assert "The phone works." in text
    assert "10 ms" not in text
    assert "answers (200 OK, 4 ms)" in text


def test_what_is_missing_comes_with_how_to_supply_it(casa: DataFolder) -> None:
    with casa.opened() as installation:
        known = evidence({"registration": "none", "config": "current"})
        judge(installation, SITE, {SNOM: (State.DOWN, known)}, utc_now())
    value = value_of(casa, "diagnose", SNOM, code=1)
    assert value["missing"]
    assert set(value["supply"]) == set(value["missing"])
    text = text_of(casa, "diagnose", SNOM, code=1)
    assert "Missing, and how to supply it" in text
    for sentence in value["supply"].values():
        assert sentence in text
    assert "more data" not in value["sentence"] + value["fix"]


def test_a_room_gives_all_its_phones(seen: DataFolder) -> None:
    value = value_of(seen, "diagnose", "101", code=1)
    assert {phone["mac"] for phone in value["phones"]} == {colons(FANVIL), colons(BATHROOM)}
    assert value_of(seen, "diagnose", "SPA", "--site", SITE)["phones"][0]["status"] == "working"


def test_a_room_of_two_sites_needs_its_site(judged: DataFolder) -> None:
    other = many_rooms(1, judged.url, site_id="other")
    other["rooms"][0]["id"] = "101"
    judged.apply(other)
    result = judged.run("diagnose", "101")
    assert result.exit_code == 1
    assert "in several sites; say --site: casa, other" in result.stderr
    assert len(value_of(judged, "diagnose", "101", "--site", "other")["phones"]) == 1


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("diagnose", "0c383effffff"), "there is no phone 0c:38:3e:ff:ff:ff"),
        (("diagnose", "999"), "there is no phone and no room '999'"),
        (("diagnose", "999", "--site", "casa"), "there is no phone and no room '999' in site casa"),
        (("diagnose", "101", "--site", "nowhere"), "there is no site 'nowhere'"),
        (("incidents", "nowhere"), "there is no site 'nowhere'"),
        (("watch", "nowhere", "--once"), "there is no site 'nowhere'"),
        (("acknowledge", "77"), "there is no incident 77"),
        (("maintenance", "end", "casa"), "has no maintenance that was begun here"),
        (("maintenance", "start", "casa", "--for", "2h", "--rooms", "101,9"), "no room '9'"),
        (("maintenance", "start", "casa", "--for", "2h", "--switches", "sw"), "no switch 'sw'"),
    ],
)
def test_what_is_not_there(seen: DataFolder, args: tuple[str, ...], sentence: str) -> None:
    result = seen.run(*args)
    assert result.exit_code == 1, result.output
    assert sentence in result.stderr


def test_a_phone_that_was_never_judged_gets_a_clear_answer(casa: DataFolder) -> None:
    value = value_of(casa, "diagnose", CORRIDOR)
    assert set(value) >= ANSWER | ANSWER_MORE
    assert (value["cause"], value["evidence"]) == ("never-seen", [])
    assert value["sentence"] == (
        "The monitor has not judged this phone yet; its fetch log says: never asked for its files."
    )
    assert "bellwire dhcp SITE" in value["fix"]
    casa.change("update phone set token_seen_at = '2026-11-22 10:00:00.000000'")
    with casa.opened() as installation:
        from provisioner.inventory.fetches import FetchEvent, fetch_table

        seen = FetchEvent(utc_now(), CORRIDOR, SITE, "http", "/x", "", "", "", "", "ok", "")
        with installation.events.write() as session:
            values = {n: getattr(seen, n) for n in FetchEvent.__slots__}
            session.execute(insert(fetch_table).values(**values))
    assert (
        "its fetch log says: it has its files." in value_of(casa, "diagnose", CORRIDOR)["sentence"]
    )
    casa.change("update phone set problem = 'no dialect fits' where mac = ?", CORRIDOR)
    broken = value_of(casa, "diagnose", CORRIDOR, code=1)
    assert (broken["status"], broken["cause"]) == ("not-rendered", "not-rendered")
    assert "no dialect fits" in broken["sentence"]


def test_an_incident_is_acknowledged_once_with_a_note(judged: DataFolder) -> None:
    assert "Room 101 bedside: There is a short circuit" in text_of(judged, "incidents")
    told = text_of(judged, "acknowledge", "1", "--note", "cable is ordered")
    assert "incident 1 is acknowledged by cli" in told
    (incident,) = value_of(judged, "incidents", SITE)["incidents"]
    assert incident["acknowledged_by"].startswith("cli")
    assert ": cable is ordered" in text_of(judged, "diagnose", FANVIL, code=1)
    audit = judged.rows("select who, target, detail from audit where action = 'acknowledge'")
    assert audit == [(incident["acknowledged_by"], "incident 1", "cable is ordered")]
    again = judged.run("acknowledge", "1")
    assert again.exit_code == 1
    assert "was acknowledged by cli" in again.stderr
    assert judged.run("acknowledge", "none").exit_code == 2


def test_incidents_that_are_over(judged: DataFolder) -> None:
    at = utc_now()
    with judged.opened() as installation:
        judge(installation, SITE, {FANVIL: (State.WORKING, evidence(WELL))}, at)
    assert value_of(judged, "incidents") == {"incidents": []}
    assert "no incidents" in text_of(judged, "incidents")
    (over,) = value_of(judged, "incidents", "--all")["incidents"]
    assert (over["open"], over["ending"]) == (False, "recovered")
    text = text_of(judged, "incidents", "--all")
    assert "works again" in text
    assert "Check socket" not in text  # nothing is left to do
    assert len(value_of(judged, "diagnose", FANVIL)["earlier"]) == 1
    assert "Earlier" in text_of(judged, "diagnose", FANVIL)
    result = judged.run("acknowledge", "1")
    assert (result.exit_code, "is over since" in result.stderr) == (1, True)


def test_maintenance_from_beginning_to_end(casa: DataFolder) -> None:
    text = text_of(
        casa, "maintenance", "start", SITE, "--for", "1h30m", "--rooms", "101,spa", "--rooms",
        "reception", "--reason", "painters",
    )  # fmt: skip
    assert "101, reception, spa" in text
    (window,) = value_of(casa, "maintenance", "list", SITE)["maintenance"]
    start, end = (datetime.fromisoformat(window[n]) for n in ("start", "end"))
    assert end - start == timedelta(minutes=90)
    assert window["rooms"] == ["101", "reception", "spa"]
    assert window["reason"] == "painters"
    assert "101, reception, spa (painters); nobody is told" in text_of(casa, "status")
    assert "painters" in text_of(casa, "maintenance", "list")
    assert "ended: 1" in text_of(casa, "maintenance", "end", SITE)
    assert value_of(casa, "maintenance", "list")["maintenance"] == []
    assert "no maintenance" in text_of(casa, "maintenance", "list")
    actions = [r[0] for r in casa.rows("select action from audit where action like 'maint%'")]
    assert actions == ["maintenance-start", "maintenance-end"]


def test_maintenance_until_a_wall_time_of_the_site(casa: DataFolder) -> None:
    text_of(casa, "maintenance", "start", SITE, "--until", "2030-07-01 06:00")
    (window,) = value_of(casa, "maintenance", "list")["maintenance"]
    assert window["end"] == "2030-07-01T04:00:00Z"  # Madrid, summer
    assert (window["rooms"], window["switches"]) == ([], [])
    text_of(casa, "maintenance", "start", SITE, "--for", "1d")
    assert len(value_of(casa, "maintenance", "list")["maintenance"]) == 2
    text_of(casa, "maintenance", "end", SITE, "--id", "1")
    (left,) = value_of(casa, "maintenance", "list")["maintenance"]
    assert left["id"] == 2


def test_maintenance_of_the_site_file_is_listed_and_stays(folder: DataFolder) -> None:
    site = small_site(folder.url)
    site["monitoring"] = {
        "maintenance": [
            {"start": "2020-01-01 10:00", "end": "2020-01-01 12:00"},
            {"start": "2030-01-01 10:00", "end": "2030-01-01 12:00", "rooms": ["101"]},
        ]
    }
    folder.apply(site)
    (window,) = value_of(folder, "maintenance", "list")["maintenance"]
    assert (window["id"], window["start"]) == (None, "2030-01-01T09:00:00Z")
    assert "site file" in text_of(folder, "maintenance", "list")
    assert folder.run("maintenance", "end", SITE).exit_code == 1
    assert "nobody is told" not in text_of(folder, "status")  # it is to come


@pytest.mark.parametrize(
    "args",
    [
        (), ("--for", "2h", "--until", "2030-01-01 10:00"), ("--for", "soon"), ("--for", "0m"),
        ("--for", "9999d"), ("--until", "tomorrow"), ("--until", "2020-01-01 10:00"),
    ],
)  # fmt: skip
def test_maintenance_needs_one_clear_end(seen: DataFolder, args: tuple[str, ...]) -> None:
    assert seen.run("maintenance", "start", SITE, *args).exit_code == 2


def test_an_empty_data_folder(folder: DataFolder) -> None:
    assert value_of(folder, "status")["phones"] == []
    for command in (("status",), ("incidents",), ("maintenance", "list"), ("watch", "--once")):
        assert folder.run(*command).exit_code == 0, command


@contextmanager
def counted(*databases: Any) -> Iterator[list[str]]:
    """Collects the statements that reach databases."""
    told: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        told.append(statement)

    for database in databases:
        event.listen(database.reader, "before_cursor_execute", listen)
    try:
        yield told
    finally:
        for database in databases:
            event.remove(database.reader, "before_cursor_execute", listen)


def all_databases(installation: Installation) -> tuple[Any, ...]:
    return installation.database, installation.events, installation.monitoring


def with_many_phones(installation: Installation, count: int) -> list[str]:
    """Put phones into the corridor as if a site file had; return their MACs."""
    macs = [f"0c383e{n:06x}" for n in range(0x200000, 0x200000 + count)]
    empty = {"accounts": [], "keys": [], "settings": {}, "handsets": [], "accessories": []}
    rows = [
        {
            "mac": mac, "site_id": SITE, "room_id": "corridor", "position": f"p{mac}",
            "model": "fanvil/h5", "preset": "corridor", "token_hash": mac, "secrets": "", **empty,
        }
        for mac in macs
    ]  # fmt: skip
    with installation.database.write() as session:
        session.execute(insert(PhoneRow), rows)
    return macs


def test_status_takes_the_same_few_queries_for_5000_phones(casa: DataFolder) -> None:
    with casa.opened() as installation:
        judge(installation, SITE, {FANVIL: (State.DOWN, evidence(SHORT))}, utc_now())
        with counted(*all_databases(installation)) as few:
            read_sites(installation, SITE, "en", utc_now())
        macs = with_many_phones(installation, 5000)
        well, bad = evidence(WELL), evidence(SHORT)
        states = {
            mac: (State.DOWN, bad) if n % 100 == 0 else (State.WORKING, well)
            for n, mac in enumerate(macs)
        }
        judge(installation, SITE, states, utc_now(), with_evidence=False)
        with counted(*all_databases(installation)) as many:
            (stored,) = read_sites(installation, SITE, "en", utc_now())
            site = site_overview(stored, 60.0)
    assert len(few) == len(many) < 30
    assert site.counts["working"] == 4950
    assert len(site.incidents) == 51


def test_looking_again_asks_almost_nothing_while_nothing_changes(judged: DataFolder) -> None:
    at = utc_now()
    with judged.opened() as installation:
        watcher = Watcher(installation, SITE, "en", utc_now)
        databases = all_databases(installation)
        with counted(*databases) as quiet:
            assert watcher.look() == ()
        reads = [s for s in quiet if s.startswith("SELECT")]
        assert len(reads) <= 3
        assert not any("facts" in statement for statement in reads)
        judge(installation, SITE, {SNOM: (State.WORKING, evidence(WELL))}, at)
        with counted(*databases) as same:
            assert watcher.look() == ()
        assert not any("status.facts" in statement for statement in same)
        judge(installation, SITE, {SNOM: (State.DOWN, evidence(SHORT))}, at + MINUTE)
        (change,) = watcher.look()
        assert (change.before, change.phone.status, change.phone.mac) == ("working", "down", SNOM)
        assert watcher.look() == ()
        (site,) = watcher.sites()
        assert site.counts["down"] == 2
        assert {i.id for i in site.incidents} == {i.id for i in all_open(installation.monitoring)}


def test_a_phone_that_comes_for_its_files_is_a_change(casa: DataFolder) -> None:
    from provisioner.inventory.fetches import FetchEvent, fetch_table

    with casa.opened() as installation:
        watcher = Watcher(installation, None, "en", utc_now)
        event_ = FetchEvent(utc_now(), SNOM, SITE, "http", "/x", "", "", "", "", "ok", "")
        with installation.events.write() as session:
            values = {n: getattr(event_, n) for n in FetchEvent.__slots__}
            session.execute(insert(fetch_table).values(**values))
        (change,) = watcher.look()
        assert (change.before, change.phone.status) == ("never-seen", "first-contact")


def test_watch_shows_those_in_trouble_once(seen: DataFolder) -> None:
    text = text_of(seen, "watch", SITE, "--once")
    assert "5 phones: 1 down, 1 warning" in text
    assert "Room 101 bedside" in text
    assert "Spa" not in text
    assert seen.run("watch", "--interval", "0").exit_code == 2


def read_until(process: subprocess.Popen[bytes], descriptor: int, wanted: bytes) -> bytes:
    told = b""
    until = time.monotonic() + HANG_S
    while wanted not in told:
        assert time.monotonic() < until, told
        try:
            told += os.read(descriptor, 65536)
        except OSError:
            assert process.poll() is None, told
            raise
    return told


def test_watch_in_a_pipe_appends_changes_and_ends_with_ctrl_c(judged: DataFolder) -> None:
    command = bellwire("watch", "--interval", "0.2", "--data", str(judged.path))
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (
        judged.opened() as installation,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            read_until(process, process.stderr.fileno(), b"changes follow")
            at = utc_now()
            judge(installation, SITE, {SNOM: (State.DOWN, evidence(SHORT))}, at)
            line = process.stdout.readline().decode()
            assert line[8:].startswith(" Spa: working -> down: There is a short circuit")
            judge(installation, SITE, {SNOM: (State.RECOVERING, evidence(WELL))}, at + MINUTE)
            line = process.stdout.readline().decode()
            assert line[8:].startswith(" Spa: down -> recovering: ")
            process.send_signal(signal.SIGINT)
            assert process.wait(HANG_S) == 0
            assert process.stdout.read() == b""
            assert b"Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_watch_on_a_terminal_is_drawn_in_its_place(judged: DataFolder) -> None:
    ours, theirs = pty.openpty()
    command = bellwire("watch", "--interval", "0.2", "--data", str(judged.path))
    environment = {**os.environ, "COLUMNS": "100", "LINES": "30", "TERM": "xterm"}
    with (
        judged.opened() as installation,
        subprocess.Popen(
            command, stdout=theirs, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            env=environment,
        ) as process,
    ):  # fmt: skip
        os.close(theirs)
        try:
            told = read_until(process, ours, b"Room 101 bedside")
            assert b"\x1b[?1049h" in told
            judge(installation, SITE, {SNOM: (State.DOWN, evidence(SHORT))}, utc_now())
            told = read_until(process, ours, b"Changes")
            assert b"\x1b[H" in told
            process.send_signal(signal.SIGINT)
            read_until(process, ours, b"\x1b[?1049l")  # what was there before comes back
            assert process.wait(HANG_S) == 0
        finally:
            process.kill()
            os.close(ours)
