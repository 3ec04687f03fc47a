"""Firmware on its way: real HTTP and TFTP, whole rollouts with simulated phones, and crashes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from provisioner.answers import Answer
from provisioner.delivery import utc_now
from provisioner.filestore.steps import step
from provisioner.identify import FetchRequest
from provisioner.mac import MacAddress
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    HANG_S,
    DataFolder,
    Reply,
    Server,
    ask,
    bellwire,
    small_site,
    wait_for,
)
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from web.simulated.tftp_client import TftpRefusedError
from web.simulated.tftp_client import fetch as tftp_fetch

OLD, NEW = "124.86.0.10", "124.86.0.75"
NAME = f"T31P-{NEW}.rom"
IMAGE = random.Random(1).randbytes(5_000_000)
DIGEST = hashlib.sha256(IMAGE).hexdigest()
ROOMS = {"101": "1", "102": "1", "103": "1", "201": "2", "202": "2"}
MACS = {room: f"805ec0000{room}" for room in ROOMS}
FIRST = MACS["101"]


def hotel(url: str) -> dict[str, Any]:
    """Five guest rooms on two floors, and a reception with another model."""
    site = small_site(url)
    site["rooms"] = [site["rooms"][0]] + [
        {
            "id": room, "floor": floor, "template": "guest-room", "extension": f"2{room}",
            "phones": {"bedside": {"model": "yealink/t31p", "mac": MACS[room]}},
        }
        for room, floor in ROOMS.items()
    ]  # fmt: skip
    return site


@dataclass
class SimulatedPhone:
    """Does what a phone does about firmware: reads where it is, takes it, comes back with it."""

    url: str
    mac: str
    version: str = OLD
    breaks: bool = False

    @property
    def agent(self) -> str:
        return f"Yealink SIP-T31P {self.version} {':'.join(re.findall('..', self.mac))}"

    def offered(self) -> str:
        """Fetch the settings; the URL of an image in them, or nothing."""
        reply = ask(f"{self.url}{self.mac}.cfg", User_Agent=self.agent)
        assert reply.status == 200
        found = re.search(rb"firmware\.url\s*=\s*(\S+)", reply.body)
        return found[1].decode() if found and b"://" in found[1] else ""

    def take(self, url: str) -> Reply:
        """Fetch an image, whole."""
        return ask(url, User_Agent=self.agent)

    def visit(self) -> bool:
        """One turn: settings, the image when there is one, and back again; whether there was."""
        url = self.offered()
        if not url:
            return False
        assert hashlib.sha256(self.take(url).body).hexdigest() == DIGEST
        if not self.breaks:
            self.version = NEW
            self.offered()
        return True


def image_file(folder: Path, content: bytes = IMAGE, name: str = NAME) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def done(folder: DataFolder, *words: str) -> str:
    """Run a command that must succeed; its output."""
    result = folder.run(*words)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def add(folder: DataFolder, file: Path, *words: str) -> str:
    return done(folder, "firmware", "add", str(file), "--model", "t31p", "--version", NEW, *words)


def move(folder: DataFolder, **later: float) -> int:
    """Let the rollouts take their step, as the monitor does, now or later."""
    with folder.opened() as installation:
        return step(installation.database, utc_now() + timedelta(**later))


def rollout(folder: DataFolder, number: int = 1) -> dict[str, Any]:
    rows = json.loads(done(folder, "firmware", "rollouts", "--json"))
    return next(row for row in rows if row["id"] == number)


def audits(folder: DataFolder) -> list[str]:
    rows = folder.rows("select action from audit order by id")
    return [action for (action,) in rows if "firmware" in action]


@dataclass
class Rig:
    """A server with the image in its library, and all phones of the hotel, each seen once."""

    server: Server
    phones: dict[str, SimulatedPhone]

    @property
    def folder(self) -> DataFolder:
        return self.server.folder

    def assign(self, *words: str) -> str:
        return done(self.folder, "firmware", "assign", NAME, "--site", "casa", *words)

    def offered(self) -> set[str]:
        """The rooms whose phones are offered something just now."""
        return {room for room, phone in self.phones.items() if phone.offered()}


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server(hotel)


def forget(folder: DataFolder) -> None:
    """Begin anew: an empty library, phones of which nothing is known."""
    for table in ("rollout_phone", "rollout", "library_file", "audit", "sqlite_sequence"):
        folder.change(f"delete from {table}")
    folder.change("update stamp set generation = generation + 1")
    folder.change(
        "update phone set dirty = 1, firmware = '', generation = (select generation from stamp)"
    )
    shutil.rmtree(folder.path / "library", ignore_errors=True)
    folder.change("delete from fetch", database="events.db")


@pytest.fixture
def rig(server: Server, tmp_path: Path) -> Rig:
    forget(server.folder)
    add(server.folder, image_file(tmp_path))
    urls = server.folder.urls(*MACS.values())
    phones = {room: SimulatedPhone(urls[mac], mac) for room, mac in MACS.items()}
    for phone in phones.values():
        assert phone.offered() == ""
    return Rig(server, phones)


def read_tftp(server: Server, url: str, **options: Any) -> bytes:
    name = url.split("/", 3)[3]
    return tftp_fetch("127.0.0.1", server.tftp_port, name, timeout_s=HANG_S, **options)


def fetched(folder: DataFolder, mac: str) -> int:
    rows = folder.rows("select fetches from rollout_phone where mac = ?", mac)
    return int(rows[0][0]) if rows else 0


def test_an_image_by_http_and_tftp(rig: Rig, tmp_path: Path) -> None:
    rig.assign()
    phone = rig.phones["101"]
    url = phone.offered()
    assert url == f"{phone.url}{NAME}"
    folder = rig.folder

    head = ask(url, "HEAD")
    assert (head.status, head.body, head.header("Content-Length")) == (200, b"", str(len(IMAGE)))
    assert head.header("ETag") == f'"{DIGEST}"'
    part = ask(url, Range="bytes=1000000-1999999")
    assert (part.status, part.body) == (206, IMAGE[1_000_000:2_000_000])
    assert part.header("Content-Range") == f"bytes 1000000-1999999/{len(IMAGE)}"
    assert ask(url, Range=f"bytes={len(IMAGE)}-").status == 416
    assert ask(url, If_None_Match=f'"{DIGEST}"').status == 304
    assert ask(url.replace(NAME, NAME.upper())).body == IMAGE
    wait_for("the whole is counted", lambda: fetched(folder, FIRST) == 1)

    out = tmp_path / "got"
    out.write_bytes(IMAGE[:3_000_000])  # a download that was cut off
    curl = ["curl", "-sS", "--fail", "-C", "-", "-o", str(out), url]
    subprocess.run(curl, check=True, timeout=HANG_S)
    assert out.read_bytes() == IMAGE
    time.sleep(0.5)
    assert fetched(folder, FIRST) == 1  # its first part was not fetched now
    subprocess.run([*curl[:3], "-r", "0-2999999", "-o", str(out), url], check=True, timeout=HANG_S)
    wait_for("the parts come to a whole", lambda: fetched(folder, FIRST) == 2)

    assert read_tftp(rig.server, url, blksize=1428, windowsize=16) == IMAGE
    wait_for("TFTP is counted", lambda: fetched(folder, FIRST) == 3)
    logged = folder.fetches(f"path like '%{NAME}'")
    assert {row["outcome"] for row in logged} >= {"sent", "part", "no-such-part", "not-modified"}
    assert {row["mac"] for row in logged} == {FIRST}
    assert not [row for row in logged if folder.token(FIRST) in row["path"]]


def test_nobody_else_gets_it(rig: Rig) -> None:
    """Another phone's token, no token, a digest, a stage that is not open: the usual 404."""
    rig.assign("--stages", "rooms=101 all")
    phone, later = rig.phones["101"], rig.phones["201"]
    url = phone.offered()
    reception = rig.folder.urls("805ec0000100")["805ec0000100"]
    expected = ask(f"{rig.server.url}/p/{'a' * 26}/{NAME}").looks
    assert expected[0] == 404
    refused = [
        later.url + NAME,
        reception + NAME,
        f"{rig.server.url}/{NAME}",
        f"{phone.url}{DIGEST}",
        f"{phone.url}library/../{DIGEST}",
    ]
    assert [u for u in refused if ask(u).looks != expected] == []
    assert ask(f"{rig.server.url}/library/{DIGEST}").status == 404  # that is a page's path
    for name in (later.url + NAME, f"x://y/{NAME}", reception + NAME):
        with pytest.raises(TftpRefusedError):
            read_tftp(rig.server, name)
    assert ask(url).status == 200
    phone.version = NEW
    assert phone.offered() == ""  # it is back, and may not have it again
    assert ask(url).looks == expected


def test_stage_by_stage_until_all_have_it(rig: Rig) -> None:
    told = rig.assign()
    assert [line.strip() for line in told.splitlines()[1:4]] == [
        "stage 1: rooms=101: 1 phone  (open now)",
        "stage 2: floor=1: 2 phones",
        "stage 3: all: 2 phones",
    ]
    folder = rig.folder
    assert rig.offered() == {"101"}
    assert move(folder) == 0
    assert rollout(folder)["reason"] == "waits for 1 of 1 phones"
    assert rig.phones["101"].visit()
    assert rig.offered() == set()
    assert (move(folder), move(folder)) == (1, 0)
    assert rig.offered() == {"102", "103"}
    assert rig.phones["102"].visit()
    assert move(folder) == 0
    assert rig.phones["103"].visit()
    assert move(folder) == 1
    assert rig.offered() == {"201", "202"}
    rig.phones["202"].version = NEW  # updated by hand
    rig.phones["201"].visit()
    rig.phones["202"].offered()
    assert move(folder) == 1
    state = rollout(folder)
    assert (state["state"], state["counts"]) == ("done", "5 has it")
    assert rig.offered() == set()
    assert NAME not in done(folder, "render", FIRST)
    new = rig.phones["103"]  # exchanged for another device with old firmware
    new.version = OLD
    assert new.offered()
    assert audits(folder) == [
        "firmware-add", "firmware-assign", "firmware-next", "firmware-next", "firmware-done",
    ]  # fmt: skip


def test_it_stops_when_a_phone_does_not_return(rig: Rig) -> None:
    rig.assign("--stages", "floor=1 all")
    folder = rig.folder
    rig.phones["102"].breaks = True
    for room in ("101", "102"):
        assert rig.phones[room].visit()
    assert move(folder, minutes=29) == 0
    assert rig.offered() == {"102", "103"}
    assert move(folder, minutes=31) == 1
    state = rollout(folder)
    mac = "80:5e:c0:00:01:02"
    assert state["state"] == "stopped"
    assert state["reason"] == (
        f"a phone has fetched {NAME} and not come back with {NEW} within 30 minutes: {mac}"
    )
    assert state["reason"] in done(folder, "firmware", "list")
    assert {p["room"]: p["standing"] for p in state["phones"]} == {
        "101": "has it", "102": "held", "103": "held", "201": "later stage", "202": "later stage",
    }  # fmt: skip
    assert rig.offered() == set()  # also the one that has not fetched it yet
    assert move(folder, days=9) == 0
    assert audits(folder)[-1] == "firmware-stop"

    rig.phones["102"].breaks = False
    done(folder, "firmware", "resume", "1")
    assert rig.offered() == {"102", "103"}
    assert fetched(folder, MACS["102"]) == 0
    for room in ("102", "103"):
        rig.phones[room].visit()
    assert move(folder) == 1
    assert rig.offered() == {"201", "202"}
    done(folder, "firmware", "pause", "1")
    assert rig.offered() == set()
    assert folder.run("firmware", "pause", "1").exit_code == 1
    done(folder, "firmware", "resume", "1")
    assert rig.offered() == {"201", "202"}
    assert audits(folder)[-3:] == ["firmware-next", "firmware-pause", "firmware-resume"]


def test_it_stops_when_too_many_never_fetch_it(rig: Rig) -> None:
    rig.assign("--stages", "all", "--patience-hours", "10")
    folder = rig.folder
    for room in ("101", "102", "103"):
        rig.phones[room].visit()
    assert move(folder, hours=9) == 0
    assert move(folder, hours=11) == 1
    assert rollout(folder)["reason"].startswith(
        "2 of 5 phones have not fetched the image in 10 hours: 80:5e:c0:00:02:01"
    )


def test_the_next_stage_can_be_opened_by_hand(rig: Rig) -> None:
    rig.assign()
    folder = rig.folder
    assert folder.run("firmware", "resume", "1").exit_code == 1
    done(folder, "firmware", "resume", "1", "--next")
    assert rig.offered() == {"101", "102", "103"}
    done(folder, "firmware", "resume", "1", "--next")
    assert rig.offered() == set(ROOMS)
    assert "last stage" in folder.run("firmware", "resume", "1", "--next").output
    done(folder, "firmware", "withdraw", "1")
    assert rig.offered() == set()
    assert folder.rows("select * from rollout") == []
    done(folder, "firmware", "remove", NAME)
    assert list((folder.path / "library").iterdir()) == []


def test_a_phone_that_updates_in_a_loop_is_offered_it_no_more(rig: Rig) -> None:
    rig.assign()
    folder, phone = rig.folder, rig.phones["101"]
    phone.breaks = True
    for times in (1, 2, 3):
        url = phone.offered()
        assert url
        assert phone.take(url).body == IMAGE
        wait_for("it is counted", lambda times=times: fetched(folder, FIRST) == times)
    assert phone.offered() == ""
    assert phone.take(url).status == 404  # it may not read its file again
    shown = done(folder, "render", FIRST, "--masked")
    words = f"{NAME} was fetched 3 times and the phone still reports {OLD}: it is offered no more"
    assert words in shown
    state = rollout(folder)
    assert (state["phones"][0]["standing"], state["phones"][0]["fetches"]) == ("looping", 3)
    assert "firmware-guard" in audits(folder)
    phone.version = "124.86.0.50"  # something else happened to it: it has another chance
    assert phone.offered()
    phone.version = OLD
    assert phone.offered() == ""  # what it did at this version is not forgotten
    assert move(folder, minutes=31) == 1
    assert rollout(folder)["state"] == "stopped"


def test_going_back_must_be_said(rig: Rig) -> None:
    folder = rig.folder
    rig.phones["103"].version = "124.87.0.1"
    rig.phones["103"].offered()
    refused = folder.run("firmware", "assign", NAME, "--site", "casa")
    assert refused.exit_code == 1
    assert "80:5e:c0:00:01:03 (124.87.0.1) run; say --downgrade" in refused.output
    rig.assign("--floor", "2")
    rig.assign("--stages", "floor=1", "--downgrade")
    assert rig.offered() == {"101", "102", "103", "201"}
    rig.phones["202"].version = "125.0.0.1"  # newer than what the first of the two is for
    assert "202" not in rig.offered()
    assert "newer than" in done(folder, "explain", MACS["202"])


def test_words_that_lead_nowhere(rig: Rig) -> None:
    def no(*words: str) -> str:
        result = rig.folder.run("firmware", *words)
        assert result.exit_code in {1, 2}, result.output
        return result.output

    assert "there is no site 'villa'" in no("assign", NAME, "--site", "villa")
    assert f"known are: {NAME}" in no("assign", "x.rom", "--site", "casa")
    assert "no room '999'" in no("assign", NAME, "--site", "casa", "--room", "999")
    assert "no floor '9'" in no("assign", NAME, "--site", "casa", "--stages", "floor=9 all")
    assert "is no stage" in no("assign", NAME, "--site", "casa", "--stages", "214")
    assert "for no phone" in no("assign", NAME, "--site", "casa", "--room", "reception")
    assert "there is no rollout 9" in no("pause", "9")
    rig.assign()
    assert f"{NAME} is in use by rollout 1 of casa" in no("remove", NAME)
    assert rig.folder.rows("select count(*) from library_file") == [(1,)]


def test_the_same_image_twice_is_one(rig: Rig, tmp_path: Path) -> None:
    folder = rig.folder
    assert "it was there already" in add(folder, image_file(tmp_path))
    other = folder.run(
        "firmware", "add", str(image_file(tmp_path, IMAGE[:-1])), "--model", "t31p",
        "--version", NEW,
    )  # fmt: skip
    assert other.exit_code == 1
    assert "already, with another" in other.output
    add(folder, image_file(tmp_path), "--name", "again.rom")
    assert len(list((folder.path / "library").glob("*"))) == 2  # the refused one is swept later
    done(folder, "firmware", "remove", "again.rom")
    assert (folder.path / "library" / DIGEST).is_file()
    wrong = folder.run(
        "firmware", "add", str(image_file(tmp_path)), "--model", "t31p", "--version", NEW,
        "--name", "b.rom", "--sha256", "0" * 64,
    )  # fmt: skip
    assert f"its SHA-256 is {DIGEST}" in wrong.output


def test_processes_that_step_at_once_move_a_rollout_once(rig: Rig) -> None:
    rig.assign()
    rig.phones["101"].visit()
    with rig.folder.opened() as installation, ThreadPoolExecutor(4) as pool:
        steps = [pool.submit(step, installation.database, utc_now()) for _ in range(8)]
        assert sum(future.result(HANG_S) for future in steps) == 1
    assert rollout(rig.folder)["stage"] == 2


def test_the_monitor_moves_rollouts(rig: Rig, tmp_path: Path) -> None:
    rig.assign()
    rig.phones["101"].visit()
    with (tmp_path / "monitor.log").open("wb") as log:
        command = bellwire("monitor", "--data", str(rig.folder.path))
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_for("the next stage", lambda: rollout(rig.folder)["stage"] == 2)
    finally:
        process.terminate()
        process.wait(HANG_S)
    assert rig.offered() == {"102", "103"}


def test_a_killed_add_leaves_nothing_or_all(folder: DataFolder, tmp_path: Path) -> None:
    folder.apply(hotel(folder.url), options=("--no-render",))
    large = image_file(tmp_path, IMAGE * 16)
    whole = hashlib.sha256(IMAGE * 16).hexdigest()
    command = bellwire(
        "firmware", "add", str(large), "--model", "t31p", "--version", NEW,
        "--data", str(folder.path),
    )  # fmt: skip
    library = folder.path / "library"
    rng = random.Random(3)
    seen: set[str] = set()
    for _ in range(5):
        shutil.rmtree(library, ignore_errors=True)
        folder.change("delete from library_file")
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            wait_for("it writes", lambda run=run: library.exists() or run.poll() is not None)
            time.sleep(rng.uniform(0, 0.3))
            run.send_signal(signal.SIGKILL)
        rows = folder.rows("select digest from library_file")
        names = {f.name for f in library.iterdir() if not f.name.startswith(".new-")}
        seen.add("row" if rows else "bytes" if names else "nothing")
        assert names <= {whole}
        assert {digest for (digest,) in rows} <= names
        for name in names:
            assert hashlib.sha256((library / name).read_bytes()).hexdigest() == whole
    assert "nothing" in seen
    assert whole in add(folder, large)
    old = time.time() - 7200
    for file in library.iterdir():
        os.utime(file, (old, old))
    with folder.opened() as installation:
        installation.filestore.sweep()
    assert [f.name for f in library.iterdir()] == [whole]


@pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)
def test_a_rollout_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Postgres() as postgres:
        monkeypatch.setenv("BELLWIRE_DATABASE_URL", postgres.new_database("bellwire"))
        folder = DataFolder(tmp_path / "data")
        folder.apply(hotel(folder.url))
        add(folder, image_file(tmp_path))
        done(folder, "firmware", "assign", NAME, "--site", "casa")
        with folder.opened() as installation:
            delivery = installation.delivery(installation.recorder())

            def ask_for(mac: str, name: str, version: str = OLD) -> Answer:
                agent = SimulatedPhone("", mac, version).agent
                path = f"/p/{tokens[mac]}/{name}"
                return delivery.answer(FetchRequest("tftp", path, "127.0.0.1", agent))

            with installation.database.read() as session:
                kits = {m: installation.press.kit(session, MacAddress(m)) for m in MACS.values()}
            tokens = {m: kit.secrets.token.get_secret_value() for m, kit in kits.items()}
            for mac in tokens:
                offered = NAME.encode() in bytes(ask_for(mac, f"{mac}.cfg").body)
                assert offered == (mac == FIRST)
            for _ in range(2):
                image = ask_for(FIRST, NAME)
                assert image.on_sent is not None
                image.on_sent()
            assert rollout(folder)["phones"][0]["fetches"] == 2
            ask_for(FIRST, f"{FIRST}.cfg", NEW)
            assert step(installation.database, utc_now()) == 1
            assert rollout(folder)["stage"] == 2
            assert NAME.encode() in bytes(ask_for(MACS["102"], f"{MACS['102']}.cfg").body)
            delivery.close()
        done(folder, "firmware", "withdraw", "1")
        done(folder, "firmware", "remove", NAME)


def slow_download(server: Server, url: str) -> socket.socket:
    """Ask for a file and read no more than its headers."""
    made = socket.create_connection(("127.0.0.1", server.http_port), HANG_S)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    made.sendall(f"GET /{url.split('/', 3)[3]} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert made.recv(12) == b"HTTP/1.1 200"
    return made


def test_downloads_that_do_not_move_keep_nobody_from_his_settings(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server(hotel, environment={"BELLWIRE_HTTP__DOWNLOADS": "12"})
    folder = server.folder
    large = IMAGE * 12  # 60 MB: more than all buffers on the way
    add(folder, image_file(tmp_path, large))
    urls = folder.urls(*MACS.values())
    phone = SimulatedPhone(urls[FIRST], FIRST)
    phone.offered()
    done(folder, "firmware", "assign", NAME, "--site", "casa", "--stages", "all")
    url = phone.offered()
    with ExitStack() as ends:
        for _ in range(12):
            ends.callback(slow_download(server, url).close)
        started = time.monotonic()
        for _ in range(50):
            phone.offered()
        took_s = time.monotonic() - started
        busy = ask(url)
        assert (busy.status, busy.header("Retry-After")) == (503, "10")
        assert ask(url, "HEAD").status == 200
        assert read_tftp(server, url, blksize=1428, windowsize=64) == large
    assert took_s < 30  # without threads of their own it would hang for ever

    def goes_again() -> bool:
        return ask(url).body == large

    wait_for("there is room again", goes_again)
    reasons = {row["outcome"] for row in folder.fetches(f"path like '%{NAME}'")}
    assert reasons == {"sent", "busy"}


def with_firmware(url: str, version: str) -> dict[str, Any]:
    """The hotel, with a firmware named in its settings."""
    site = hotel(url)
    site["settings"]["firmware"] = {"version": version, "url": "http://fw.example/T31P.rom"}
    return site


def test_a_firmware_of_the_settings_goes_when_the_phone_has_it(rig: Rig) -> None:
    rig.folder.apply(with_firmware(rig.folder.url, NEW))
    phone = rig.phones["101"]
    assert phone.offered() == "http://fw.example/T31P.rom"
    phone.version = NEW
    assert phone.offered() == ""
    phone.version = OLD
    assert phone.offered() == "http://fw.example/T31P.rom"
    rig.folder.apply(hotel(rig.folder.url))
    assert phone.offered() == ""


def test_a_rollout_is_stronger_than_a_firmware_of_the_settings(rig: Rig) -> None:
    rig.folder.apply(with_firmware(rig.folder.url, OLD))
    phone = rig.phones["101"]
    rig.assign()
    assert phone.visit()
    assert phone.offered() == ""  # and not back to the old one
    done(rig.folder, "firmware", "withdraw", "1")
    assert phone.offered() == "http://fw.example/T31P.rom"
    rig.folder.apply(hotel(rig.folder.url))


def test_a_retired_phone_takes_its_record_along(rig: Rig) -> None:
    rig.assign()
    rig.phones["101"].breaks = True
    rig.phones["101"].visit()
    wait_for("it is counted", lambda: fetched(rig.folder, FIRST) == 1)
    site = hotel(rig.folder.url)
    site["rooms"] = [r for r in site["rooms"] if r["id"] != "101"]
    rig.folder.apply(site, options=("--prune",))
    assert rig.folder.rows("select * from rollout_phone") == []
    assert move(rig.folder, minutes=45) == 1  # the stage has no phone left: on to the next
    assert rollout(rig.folder)["stage"] == 2
    rig.folder.apply(hotel(rig.folder.url))
