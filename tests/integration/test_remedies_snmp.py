"""Power cycling by SNMP, from the command line to the agent and back, and through crashes.

The agents are snmpsim's with writable variables (writecache): what was written stays written.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitors.incident_steps import Judged, Open
from monitors.incidents import decide
from monitors.places import Place, Remembered
from monitors.remedies import gathering
from monitors.remedies.action import Action, ActionState
from monitors.remedies.case import Calls
from monitors.signals import Mapping
from monitors.status import State, Status
from monitors.store.action_pages import actions_of
from monitors.store.incidents import open_incidents, take
from monitors.store.memory import keep_places
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.delivery import utc_now
from provisioner.inventory.fetches import FetchEvent
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import SiteRow
from provisioner.mac import MacAddress
from tests.integration.servers import BATHROOM, FANVIL, YEALINK, DataFolder, small_site
from tests.simulators.snmp import HOST, community, free_port, running, talk, wait_until
from tests.simulators.switch_cli import CISCO_IOS, ENABLE_SECRET, PASSWORD, USER, switch_cli
from web.mending import Mender

CISCO, EXTREME = "cisco", "extreme"
PETH = (1, 3, 6, 1, 2, 1, 105, 1, 1, 1)
ADMIN, ENABLE = (*PETH, 3, 1, 5), (1, 3, 6, 1, 4, 1, 9, 9, 402, 1, 2, 1, 1, 1, 5)
RESET = (1, 3, 6, 1, 4, 1, 1916, 1, 27, 2, 1, 1, 5, 1, 1005)
LLDP = "1.0.8802.1.1.2.1.4.1.1"
FORWARDING = "1.3.6.1.2.1.17.4.3.1"
PC = "54bf64936980"
Rows = dict[str, str]


def octets(mac: str) -> str:
    return ".".join(str(int(mac[n : n + 2], 16)) for n in range(0, 12, 2))


def phone_on(if_index: int, mac: str, number: int = 1) -> Rows:
    """A phone that speaks LLDP, on a port whose bridge port is its interface."""
    at = f"0.{if_index}.{number}"
    address = octets(mac)
    return {
        f"{LLDP}.4.{at}": "2|5", f"{LLDP}.5.{at}": "4x|010a1401" + f"{number:02x}",
        f"{LLDP}.6.{at}": "2|3", f"{LLDP}.7.{at}": f"4x|{mac}", f"{LLDP}.9.{at}": "4|phone",
        f"{LLDP}.11.{at}": "4x|2400", f"{LLDP}.12.{at}": "4x|2400",
        f"{FORWARDING}.2.{address}": f"2|{if_index}", f"{FORWARDING}.3.{address}": "2|3",
    }  # fmt: skip


def learned_on(if_index: int, mac: str) -> Rows:
    address = octets(mac)
    return {
        f"{FORWARDING}.2.{address}": f"2|{if_index}",
        f"{FORWARDING}.3.{address}": "2|3",
    }


def ports(indexes: range, first: int, names: Callable[[int], str]) -> Rows:
    rows: Rows = {}
    for n in indexes:
        index = first + n
        rows |= {
            f"1.3.6.1.2.1.2.2.1.2.{index}": f"4|{names(n)}",
            f"1.3.6.1.2.1.2.2.1.3.{index}": "2|6",
            f"1.3.6.1.2.1.2.2.1.7.{index}": "2|1",
            f"1.3.6.1.2.1.2.2.1.8.{index}": "2|1",
            f"1.3.6.1.2.1.31.1.1.1.1.{index}": f"4|{names(n)}",
            f"1.3.6.1.2.1.17.1.4.1.2.{index}": f"2|{index}",
        }
    return rows


def system(object_id: str, description: str) -> Rows:
    return {
        "1.3.6.1.2.1.1.1.0": f"4|{description}",
        "1.3.6.1.2.1.1.2.0": f"6|{object_id}",
        "1.3.6.1.2.1.1.3.0": "67|360000",
        "1.3.6.1.2.1.1.5.0": "4|sw",
    }


def cisco() -> Rows:
    """Ports 1 to 6 feed; 5 has the Yealink, 6 the bathroom's phone, 4 the Fanvil and a computer."""
    rows = system("1.3.6.1.4.1.9.1.1208", "Cisco IOS Software, C2960X")
    rows |= ports(range(1, 7), 10100, lambda n: f"Gi1/0/{n}")
    for n in range(1, 7):
        rows |= {
            f"1.3.6.1.2.1.105.1.1.1.3.1.{n}": "2:writecache|value=1",
            f"1.3.6.1.2.1.105.1.1.1.6.1.{n}": "2|3",
            f"1.3.6.1.4.1.9.9.402.1.2.1.1.1.{n}": "2:writecache|value=2",
            f"1.3.6.1.4.1.9.9.402.1.2.1.9.1.{n}": "66|3200",
            f"1.3.6.1.4.1.9.9.402.1.2.1.11.1.{n}": f"2|{1000 + n}",
            f"1.3.6.1.2.1.47.1.3.2.1.2.{1000 + n}.0": f"6|1.3.6.1.2.1.2.2.1.1.{10100 + n}",
        }
    rows |= phone_on(10105, YEALINK, 1) | phone_on(10106, BATHROOM, 2) | phone_on(10104, FANVIL, 3)
    return rows | learned_on(10104, PC)


def extreme() -> Rows:
    rows = system("1.3.6.1.4.1.1916.2.167", "ExtremeXOS (X440-8p)")
    rows |= ports(range(1, 9), 1000, lambda n: f"1:{n}")
    for n in range(1, 9):
        rows |= {
            f"1.3.6.1.2.1.105.1.1.1.3.1.{1000 + n}": "2:writecache|value=1",
            f"1.3.6.1.2.1.105.1.1.1.6.1.{1000 + n}": "2|3",
            f"1.3.6.1.4.1.1916.1.27.2.1.1.5.1.{1000 + n}": "2:writecache|value=2",
            f"1.3.6.1.4.1.1916.1.27.2.1.1.6.1.{1000 + n}": "2|4100",
        }
    return rows | phone_on(1005, YEALINK)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("agents")
    (folder / "data").mkdir()
    for name, rows in ((CISCO, cisco()), (EXTREME, extreme())):
        ordered = sorted(rows.items(), key=lambda row: [int(n) for n in row[0].split(".")])
        text = "".join(f"{name}|{value}\n" for name, value in ordered)
        (folder / "data" / f"{name}.snmprec").write_text(text, encoding="utf-8")
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("snmpsim-command-responder")),
        f"--data-dir={folder / 'data'}", f"--cache-dir={folder / 'cache'}",
        "--variation-module-options=writecache:file:" + str(folder / "written"),
        f"--agent-udpv4-endpoint={HOST}:{port}", "--process-user=root", "--process-group=root",
        "--logging-method=stdout", "--log-level=error",
    ]  # fmt: skip
    with running(command, folder / "snmpsim.log") as process:
        wait_until(process, port, community(CISCO))
        yield port


def value(agent: int, name: str, oid: tuple[int, ...]) -> object:
    (found,) = talk(agent, community(name), lambda s: s.get([oid]))
    return found.value


def write(agent: int, name: str, oid: tuple[int, ...], number: int) -> None:
    talk(agent, community(name), lambda s: s.set_integers({oid: number}))


@pytest.fixture(autouse=True)
def _as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "agent" in request.fixturenames:
        port = request.getfixturevalue("agent")
        write(port, CISCO, ADMIN, 1)
        write(port, CISCO, ENABLE, 2)
        write(port, EXTREME, RESET, 2)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory, agent: int) -> DataFolder:
    """A data folder with the Catalyst, to be copied: making one takes longer than most tests."""
    return with_switches(DataFolder(tmp_path_factory.mktemp("made") / "data"), agent, CISCO)


@pytest.fixture
def folder(tmp_path: Path, migrated: DataFolder) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    shutil.copytree(migrated.path, made.path)
    return made


@pytest.fixture
def watched(folder: DataFolder) -> DataFolder:
    return folder


def with_switches(folder: DataFolder, agent: int, *names: str, **monitoring: Any) -> DataFolder:
    site = small_site(folder.url)
    site["switches"] = [
        {"host": f"{HOST}:{agent}", "name": name,
         "snmp": {"community": name, "write": {"community": name}}}
        for name in names
    ]  # fmt: skip
    site["monitoring"] = monitoring
    folder.apply(site, options=("--no-render",))
    return folder


def mend(folder: DataFolder, mac: str, *options: str) -> tuple[int, dict[str, Any]]:
    result = folder.run("mend", mac, "--remedy", "poe-cycle", "--wait", "0", "--json", *options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


def verdicts(shown: dict[str, Any]) -> dict[str, str]:
    return {g["guard"]: g["verdict"] for g in shown["guards"]}


def journal(folder: DataFolder) -> list[Action]:
    with folder.opened() as installation:
        return actions_of(installation.monitoring)


def test_a_dry_run_says_what_it_would_do_and_why_it_may_not(
    watched: DataFolder, agent: int
) -> None:
    code, shown = mend(watched, YEALINK, "--dry-run", "--confirm")
    assert (code, shown["may"]) == (0, True)
    assert (shown["switch"], shown["port"]) == (CISCO, "Gi1/0/5")
    assert [w["way"] for w in shown["ways"]] == ["snmp-admin"]
    found = verdicts(shown)
    assert found.pop("call") == "confirm"  # the site file names no PBX
    assert set(found.values()) == {"ok"}
    code, shown = mend(watched, YEALINK, "--dry-run")
    assert (code, shown["may"]) == (1, False)
    assert value(agent, CISCO, ADMIN) == 1
    assert journal(watched) == []


def test_text_of_a_dry_run(watched: DataFolder) -> None:
    result = watched.run("mend", FANVIL, "--remedy", "poe-cycle", "--dry-run")
    assert result.exit_code == 1
    assert f"refused  foreign    something else hangs on its port: {MacAddress(PC).colons}" in (
        result.stdout
    )
    assert "it may not be done\n" in result.stdout
    result = watched.run("mend", YEALINK, "--remedy", "poe-cycle", "--dry-run")
    assert "confirm  call       whether it is in a call is not known: " in result.stdout
    assert "--confirm does it all the same" in result.stdout


def test_a_computer_on_the_port_is_never_cut_off(watched: DataFolder) -> None:
    code, shown = mend(watched, FANVIL, "--confirm")
    assert (code, shown["result"], verdicts(shown)["foreign"]) == (1, "refused", "refused")
    (action,) = journal(watched)
    assert (action.state, action.off_at) == (ActionState.REFUSED, None)


def test_a_phone_for_emergencies_wants_a_person_who_is_sure(watched: DataFolder) -> None:
    code, shown = mend(watched, BATHROOM)
    assert (code, verdicts(shown)["emergency"]) == (1, "confirm")


def test_power_is_switched_off_and_on_and_everything_is_written_down(
    watched: DataFolder, agent: int
) -> None:
    code, shown = mend(watched, YEALINK, "--confirm", "--off", "1")
    assert (code, shown["result"]) == (0, "done"), shown
    assert (value(agent, CISCO, ADMIN), value(agent, CISCO, ENABLE)) == (1, 2)
    (action,) = journal(watched)
    assert (action.remedy, action.way, action.port) == ("poe-cycle", "snmp-admin", "Gi1/0/5")
    assert action.undo["writes"] == [[list(ADMIN), 1], [list(ENABLE), 2]]
    assert action.done_at - action.off_at >= timedelta(seconds=1)
    assert set(action.seen) == {"power", "link"}
    ((audited,),) = watched.rows("select detail from audit where action = 'mend'")
    assert audited.startswith("poe-cycle at cisco port Gi1/0/5; whether it is in a call")
    code, again = mend(watched, YEALINK, "--confirm")
    assert (code, again["result"]) == (1, "refused")
    assert {verdicts(again)["limit"], verdicts(again)["repeat"]} == {"refused"}
    listed = watched.run("mended", "casa").stdout
    assert "poe-cycle  snmp-admin  cisco Gi1/0/5" in listed
    assert json.loads(watched.run("mended", YEALINK, "--json").stdout)[1]["state"] == "done"


def test_what_comes_of_it_is_seen_later(watched: DataFolder) -> None:
    mend(watched, YEALINK, "--confirm", "--off", "1")
    with watched.opened() as installation:
        recorder = installation.recorder()
        at = utc_now()
        recorder.record(
            FetchEvent(at, YEALINK, "casa", "http", "x.cfg", HOST, "a", "m", "f", "sent", "")
        )
        recorder.flush()
        assert Mender(installation).mend() == 0
    (action,) = journal(watched)
    assert action.state is ActionState.VERIFIED
    assert "fetched its files after" in action.detail


def test_a_phone_that_does_not_come_back_is_a_failure(watched: DataFolder) -> None:
    mend(watched, YEALINK, "--confirm", "--off", "1")
    with watched.opened() as installation:
        Mender(installation, lambda: utc_now() + timedelta(minutes=6)).mend()
    (action,) = journal(watched)
    assert action.state is ActionState.FAILED
    assert "it has not fetched its files" in action.detail


def test_the_makers_one_shot_object_comes_first(folder: DataFolder, agent: int) -> None:
    with_switches(folder, agent, EXTREME)
    code, shown = mend(folder, YEALINK, "--confirm")
    assert (code, shown["action"]["way"]) == (0, "snmp-cycle"), shown
    assert [w["way"] for w in shown["ways"]] == ["snmp-cycle", "snmp-admin"]
    assert value(agent, EXTREME, RESET) == 1


def test_a_hung_phone_that_nobody_sees_any_more(folder: DataFolder, agent: int) -> None:
    """Its port is remembered; the switch that is read now shows nobody there."""
    with_switches(folder, agent, EXTREME)
    mac = MacAddress(FANVIL)

    def seen(hours: float) -> None:
        at = utc_now() - timedelta(hours=hours)
        place = Place(EXTREME, 1007, "1:7")
        since = at.timestamp() - time.timezone
        memory = Remembered(place, Mapping.PROVEN, place, since, Mapping.PROVEN)
        with folder.opened() as installation:
            keep_places(installation.monitoring, {mac: memory}, utc_now())

    seen(2)
    code, shown = mend(folder, FANVIL, "--dry-run", "--confirm")
    assert (code, shown["port"]) == (0, "1:7"), shown
    seen(30)
    code, shown = mend(folder, FANVIL, "--dry-run", "--confirm")
    assert (code, verdicts(shown)["port"]) == (1, "refused")


def test_power_that_somebody_switched_off(watched: DataFolder, agent: int) -> None:
    write(agent, CISCO, ADMIN, 2)
    write(agent, CISCO, ENABLE, 4)
    code, shown = mend(watched, YEALINK, "--confirm")
    assert (code, verdicts(shown)["power"]) == (1, "refused")
    assert value(agent, CISCO, ADMIN) == 2
    told = ("--remedy", "poe-on", "--confirm", "--wait", "0", "--json")
    result = watched.run("mend", YEALINK, *told)
    assert result.exit_code == 0, result.output
    assert (value(agent, CISCO, ADMIN), value(agent, CISCO, ENABLE)) == (1, 1)


def test_the_command_line_where_snmp_may_only_read(folder: DataFolder, agent: int) -> None:
    with switch_cli(CISCO_IOS) as switch:
        site = small_site(folder.url)
        ssh = {
            "username": USER,
            "password": PASSWORD,
            "enable_secret": ENABLE_SECRET,
            "port": switch.port,
        }
        host = f"{HOST}:{agent}"
        site["switches"] = [{"host": host, "name": CISCO, "snmp": {"community": CISCO}, "ssh": ssh}]
        folder.apply(site, options=("--no-render",))
        code, shown = mend(folder, YEALINK, "--confirm", "--off", "1")
        assert (code, shown["action"]["way"]) == (0, "cli"), shown
        assert switch.lines == [CISCO_IOS.line, CISCO_IOS.off, CISCO_IOS.line]
        # and a crash in between, finished from what the journal says
        (action,) = journal(folder)
        assert action.undo["commands"] == ["interface Gi1/0/5", CISCO_IOS.line]
        switch.set(CISCO_IOS.off)
        set_off = "update remedy_action set state = 'off', deadline = '2026-01-01 00:00:00'"
        folder.change(set_off, database="monitoring.db")
        with folder.opened() as installation:
            Mender(installation).mend()
        assert switch.lines[-1] == CISCO_IOS.line
    stored = folder.stored_bytes()
    assert PASSWORD.encode() not in stored
    assert ENABLE_SECRET.encode() not in stored


def started(folder: DataFolder, off_s: int = 60) -> subprocess.Popen[bytes]:
    """Begin a power cycle in a process of its own, and wait until power is off."""
    command = [
        sys.executable, "-m", "web.cli", "mend", YEALINK, "--remedy", "poe-cycle", "--confirm",
        "--off", str(off_s), "--wait", "0", "--data", str(folder.path),
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.2)


def test_killed_between_off_and_on_and_finished_by_the_next_round(
    watched: DataFolder, agent: int
) -> None:
    process = started(watched)
    try:
        wait_for(lambda: value(agent, CISCO, ADMIN) == 2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert value(agent, CISCO, ADMIN) == 2
    write(agent, CISCO, ENABLE, 4)  # as a real Catalyst shows it then
    (action,) = journal(watched)
    assert action.state is ActionState.OFF
    with watched.opened() as installation:
        Mender(installation).mend()
        assert value(agent, CISCO, ADMIN) == 2  # its worker may still be at it
        late = lambda: utc_now() + timedelta(minutes=4)  # noqa: E731
        menders = [Mender(installation, late) for _ in range(2)]
        threads = [threading.Thread(target=m.mend) for m in menders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (value(agent, CISCO, ADMIN), value(agent, CISCO, ENABLE)) == (1, 2)
    (action,) = journal(watched)
    assert (action.state, action.tries) == (ActionState.DONE, 1)
    assert "given back after bellwire had stopped" in action.detail


def test_told_to_end_it_gives_power_back_first(watched: DataFolder, agent: int) -> None:
    process = started(watched)
    try:
        wait_for(lambda: value(agent, CISCO, ADMIN) == 2)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert b"told to end; what was begun was ended first" in output
    assert value(agent, CISCO, ADMIN) == 1
    (action,) = journal(watched)
    assert action.state is ActionState.DONE


def down(installation: Any, mac: str, rule: str, at: datetime, *, finding: bool = False) -> None:
    """A phone is judged down, with an incident of its own."""
    status = Status(State.DOWN, at, rule)
    keep_statuses(installation.monitoring, [KeptStatus(mac, "casa", status, "likely", at)])
    steps = decide([], [Judged(mac, status, "likely")], at)
    if finding:
        steps = [replace(s, grouped=True, key="switch cisco") for s in steps if isinstance(s, Open)]
    take(installation.monitoring, "casa", steps, at)


@pytest.fixture
def nobody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "calls_at", lambda _pbx: Calls())


@pytest.mark.usefixtures("nobody_calls")
def test_by_policy_once_and_then_it_waits(folder: DataFolder, agent: int) -> None:
    with_switches(folder, agent, CISCO, remedies={"automatic": ["poe-cycle"], "pause_s": 60})
    with folder.opened() as installation:
        now = utc_now()
        down(installation, YEALINK, "G10", now)
        assert Mender(installation, off_s=1).mend() == 1
        assert Mender(installation, off_s=1).mend() == 0
        (action,) = actions_of(installation.monitoring)
        (incident,) = open_incidents(installation.monitoring, "casa")
        assert (action.who, action.incident_id, action.way) == ("", incident.id, "snmp-admin")
        assert action.state is ActionState.DONE
    assert value(agent, CISCO, ADMIN) == 1
    assert folder.rows("select * from audit where action = 'mend'") == []  # no person did it


@pytest.mark.usefixtures("nobody_calls")
def test_by_policy_never_what_a_guard_doubts(folder: DataFolder, agent: int) -> None:
    told = {"automatic": ["poe-cycle", "reboot", "resync"], "except_rooms": ["reception"]}
    with_switches(folder, agent, CISCO, remedies=told)
    with folder.opened() as installation:
        for mac in (BATHROOM, FANVIL, YEALINK):
            down(installation, mac, "G10", utc_now())
        mender = Mender(installation, off_s=1)
        assert mender.mend() == 0
        found = {a.mac: a for a in actions_of(installation.monitoring)}
        assert {a.state for a in found.values()} == {ActionState.REFUSED}
        assert "preset bathroom" in found[BATHROOM].detail
        assert "something else hangs on its port" in found[FANVIL].detail
        assert "leaves room reception alone" in found[YEALINK].detail
        assert mender.mend() == 0
        assert len(actions_of(installation.monitoring)) == 3  # not asked again at once


@pytest.mark.usefixtures("nobody_calls")
def test_by_policy_never_a_group_nor_without_leave(folder: DataFolder, agent: int) -> None:
    with_switches(folder, agent, CISCO, remedies={"automatic": ["poe-cycle"]})
    with folder.opened() as installation:
        down(installation, YEALINK, "G10", utc_now(), finding=True)
        assert Mender(installation).mend() == 0
        assert actions_of(installation.monitoring) == []
    with_switches(folder, agent, CISCO)
    with folder.opened() as installation:
        down(installation, YEALINK, "G10", utc_now())
        assert Mender(installation).mend() == 0


def test_write_access_is_encrypted_rotated_and_shows_nowhere(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (
        "Write-Community-1",
        "Ssh-Password-1",
        "Enable-Secret-1",
        "Sign-Write-1",
        "Hide-Write-1",
    )
    site = small_site(folder.url)
    site["switches"] = [
        {"host": "10.20.0.2", "name": "one",
         "snmp": {"community": "ro", "write": {"community": names[0]}},
         "ssh": {"username": "bellwire", "password": names[1], "enable_secret": names[2],
                 "port": 2222, "driver": "cisco_xe"}},
        {"host": "10.20.0.3", "name": "two",
         "snmp": {"community": "ro", "write": {"user": "rw", "auth": names[3], "priv": names[4]}}},
    ]  # fmt: skip
    planned = folder.run("plan", str(folder.write(site)))
    applied = folder.apply(site, options=("--no-render",))

    def stored() -> list[str]:
        with folder.opened() as installation, installation.database.read() as session:
            row = session.get(SiteRow, "casa")
            assert row is not None
            one, two = site_of(row, installation.box).switches
            assert (one.ssh_port, one.ssh_driver, two.write_user) == (2222, "cisco_xe", "rw")
            some = (one.write_community, one.ssh_password, one.ssh_enable_secret,
                    two.write_auth, two.write_priv)  # fmt: skip
            return [secret.get_secret_value() for secret in some if secret]

    assert stored() == list(names)
    assert folder.run("secrets", "rotate").exit_code == 0
    assert stored() == list(names)
    site["switches"][0]["ssh"]["password"] = "Ssh-Password-2"
    changed = folder.run("plan", str(folder.write(site)))
    assert "switches" in changed.stdout
    shown = planned.output + applied.output + changed.output
    for name in (*names, "Ssh-Password-2"):
        assert name not in shown
        assert name.encode() not in folder.stored_bytes()


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ({"snmp": {"write": {}}}, "either a community (version 2c) or a user"),
        ({"snmp": {"write": {"community": "c", "user": "u"}}}, "either a community"),
        ({"snmp": {"write": {"user": "u", "priv": "Hiding-12"}}}, "priv needs auth"),
        ({"snmp": {"write": {"user": "u", "auth": "short"}}}, "at least 8 characters"),
        ({"ssh": {"username": "u"}}, "password"),
        ({"ssh": {"username": "u", "password": "p", "driver": "Cisco; rm"}}, "driver"),
    ],
)
def test_wrong_access_is_refused_with_its_place(
    folder: DataFolder, part: dict[str, Any], problem: str
) -> None:
    site = small_site(folder.url)
    site["switches"] = [{"host": "10.20.0.2", **part}]
    result = folder.run("plan", str(folder.write(site)))
    assert result.exit_code == 1
    assert problem in result.stderr


def test_what_may_be_automatic_is_said_in_the_site_file(folder: DataFolder) -> None:
    site = small_site(folder.url)
    site["monitoring"] = {"remedies": {"automatic": ["poe-on"]}}
    result = folder.run("plan", str(folder.write(site)))
    assert result.exit_code == 1
    assert "monitoring.remedies.automatic" in result.stderr
