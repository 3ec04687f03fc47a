"""kill -9 at the worst moments: what is stored is whole, and phones end up with the right files."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import store
from provisioner.render import render
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    HANG_S,
    DataFolder,
    Server,
    bellwire,
    children,
    command_of,
    is_alive,
    many_rooms,
    wait_for,
)
from web.simulated.device import SimulatedDevice
from web.simulated.fetching import fetch
from web.simulated.fleet import DEVICES

PHONES, MORE = 1500, 100
KILLS = 12


def dump(folder: DataFolder) -> str:
    """A digest of all that an apply decides; what is random or encrypted is left out."""
    queries = (
        "select id, name, timezone, url from site order by 1",
        "select site_id, id, name, extension, template from room order by 1, 2",
        "select site_id, extension, name from account order by 1, 2",
        "select mac, site_id, room_id, position, model, dirty, generation from phone order by 1",
        "select generation, epoch from stamp",
        "select count(*) from audit",
    )
    everything = [folder.rows(query) for query in queries]
    assert folder.rows("pragma integrity_check") == [("ok",)]
    assert folder.rows("pragma foreign_key_check") == []
    return hashlib.sha256(json.dumps(everything).encode()).hexdigest()


def changed(site: dict[str, Any], url: str) -> dict[str, Any]:
    """Something of everything: the site, rooms, phones that go and phones that come."""
    other = many_rooms(PHONES + MORE, url)
    other["rooms"] = other["rooms"][MORE:]
    for number, room in enumerate(other["rooms"]):
        if number % 3 == 0:
            room["name"] = f"Suite {number}"
    return other | {"name": "After"}


def killed(command: list[str], wait_for_line: str, after_s: float) -> bool:
    """Start a command, kill it some time after a line of its; returns whether it was too late."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(wait_for_line):
                break
        time.sleep(after_s)
        too_late = process.poll() is not None
        process.kill()
    return too_late


def test_an_apply_that_is_killed_leaves_all_or_nothing(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    site = many_rooms(PHONES, folder.url)
    folder.apply(site, options=("--no-render",))
    kept = folder.path.with_name("kept")
    shutil.copytree(folder.path, kept)
    before = dump(folder)
    file = folder.write(changed(site, folder.url))
    command = bellwire("apply", str(file), "--prune", "--no-render", "--data", str(folder.path))
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("checked"))
        started = time.monotonic()
        process.stderr.read()
    length_s = time.monotonic() - started
    after = dump(folder)
    assert after != before

    rng = random.Random(7)
    came_out = []
    for _ in range(KILLS):
        shutil.rmtree(folder.path)
        shutil.copytree(kept, folder.path)
        killed(command, "checked", rng.uniform(0, 1.05) * length_s)
        with folder.opened():  # a restart
            pass
        now = dump(folder)
        assert now in {before, after}
        came_out.append(now == after)
    with capsys.disabled():
        print(f"\nkilled {KILLS} times within {length_s:.2f} s: {sum(came_out)} were done already")
    assert subprocess.run(command, capture_output=True, timeout=HANG_S, check=True)
    assert dump(folder) == after


def check_rendered(folder: DataFolder) -> int:
    """Each phone has its whole set of files, of one rendering; returns how many are marked."""
    marked = folder.marked()
    with folder.opened() as installation, installation.database.read() as session:
        press, box = installation.press, installation.box
        for phone in store.stored(session, box).phones:
            rows = folder.rows(
                "select name, version, digest, body from rendered where mac = ?", str(phone.mac)
            )
            bodies = {name: box.open_body(body) for name, _, _, body in rows}
            for name, _, digest, _ in rows:
                assert hashlib.sha256(bodies[name]).hexdigest() == digest
            if phone.mac in marked:
                continue
            versions = {name: version for name, version, _, _ in rows}
            wanted = render(
                installation.catalogue.folder,
                press.kit(session, phone.mac),
                version_for=lambda name, _digest, versions=versions: versions.get(name, 1),  # type: ignore[misc]
            )
            assert {file.name: file.body for file in wanted} == bodies
    return len(marked)


def test_rendering_that_is_killed_leaves_whole_phones(
    folder: DataFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    site = many_rooms(150, folder.url)
    folder.apply(site)
    rng = random.Random(11)
    left = []
    for number in range(5):
        site["sip"] = {**site["sip"], "expires_s": 700 + number}
        folder.apply(site, options=("--no-render",))
        command = bellwire("apply", str(folder.write(site)), "--data", str(folder.path))
        killed(command, "rendering", rng.uniform(0.3, 2.5))
        left.append(check_rendered(folder))
    with capsys.disabled():
        print(f"\nphones still marked after each kill: {left}")
    folder.apply(site)
    assert check_rendered(folder) == 0


def web_process(server: Server) -> int:
    """The web process: the front, with the pages' server below it."""
    assert server.process is not None
    found: list[int] = []

    def is_there() -> bool:
        assert server.process is not None
        found[:] = [p for p in children(server.process.pid) if command_of(p) == "web"]
        return len(found) == 1

    wait_for("the web process is there", is_there)
    return found[0]


@pytest.mark.parametrize("victim", ["front", "pages", "worker"])
def test_phones_boot_while_the_web_process_is_killed(make_server: MakeServer, victim: str) -> None:
    phones = 200
    server = make_server(lambda url: many_rooms(phones, url))
    folder = server.folder
    done: list[str] = []
    seen_down = threading.Event()
    go_on = threading.Event()

    def patient(url: str, agent: str) -> Any:
        answer = fetch(url, agent)
        if answer.status == 0:
            seen_down.set()
        return answer

    def boot(row: tuple[str, str]) -> SimulatedDevice:
        mac, model = row
        device = DEVICES[model](mac, patient, "")
        until = time.monotonic() + HANG_S
        while not device.boot(dhcp_url=f"{server.url}/").accounts:
            assert time.monotonic() < until, f"{mac} never got its files: {device.requests[-4:]}"
            time.sleep(0.3)  # a phone tries again
        done.append(mac)
        if len(done) == phones // 4:
            go_on.set()
        return device

    rows = folder.rows("select mac, model from phone order by mac")
    with ThreadPoolExecutor(8) as pool:
        booting = [pool.submit(boot, row) for row in rows]
        assert go_on.wait(HANG_S)
        front = web_process(server)
        (pages,) = children(front)
        (worker,) = children(pages)
        os.kill({"front": front, "pages": pages, "worker": worker}[victim], signal.SIGKILL)
        devices = [future.result(HANG_S) for future in booting]
    wait_for("it serves again", server.is_healthy)
    wait_for("the killed one's worker is gone", lambda: not is_alive(worker))
    assert (web_process(server) == front) == (victim != "front")

    with folder.opened() as installation, installation.database.read() as session:
        held = store.stored(session, installation.box)
        secrets = {a.extension: a.secret.get_secret_value() for a in held.accounts if a.secret}
        phone_of = {phone.mac: phone for phone in held.phones}
        for device in devices:
            (account,) = device.config.accounts
            assert account.user == phone_of[device.mac].accounts[0]  # type: ignore[index]
            assert account.secret == secrets[account.user]
    if victim == "front":  # the last tenth of a second is gone: those phones tell it again
        for device in devices:
            device.boot(dhcp_url=device.config.provisioning_url)
    seen = "select count(*) from phone where token_seen_at is not null"
    wait_for("all have been seen", lambda: folder.rows(seen) == [(phones,)])
    assert len(done) == phones


def test_no_process_outlives_a_killed_supervisor(make_server: MakeServer) -> None:
    server = make_server(options=())
    assert server.process is not None
    wait_for("all run", lambda: len(server.processes()) == 6)
    everyone = server.processes()
    names = sorted(command_of(pid) for pid in children(server.process.pid))
    assert names == ["field", "monitor", "web"]
    server.process.kill()
    server.process.wait()
    wait_for("all have ended", lambda: not any(is_alive(pid) for pid in everyone))
    server.start()  # and the ports are free again


@pytest.mark.parametrize("name", ["field", "monitor"])
def test_the_supervisor_starts_what_was_killed_again(make_server: MakeServer, name: str) -> None:
    server = make_server(options=())
    assert server.process is not None

    def of_name() -> list[int]:
        assert server.process is not None
        return [p for p in children(server.process.pid) if command_of(p) == name]

    wait_for("it runs", of_name)
    (killed_one,) = of_name()
    os.kill(killed_one, signal.SIGKILL)
    wait_for("another runs", lambda: of_name() not in ([], [killed_one]))
    wait_for("it was told", lambda: f"{name} ended with -9; starting it again" in server.log)
    assert server.is_healthy()


def test_a_first_start_that_is_killed_can_be_repeated(tmp_path: Path) -> None:
    rng = random.Random(3)
    for number in range(6):
        folder = DataFolder(tmp_path / f"data{number}")
        command = bellwire("status", "--data", str(folder.path))
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            until = time.monotonic() + HANG_S
            while not folder.path.exists() and time.monotonic() < until:
                time.sleep(0.005)
            time.sleep(rng.uniform(0, 0.4))
            process.kill()
        result = folder.run("status")
        assert result.exit_code == 0, result.output
        left = {f.name for f in folder.path.iterdir() if not f.name.endswith(("-wal", "-shm"))}
        assert {"bellwire.db", "events.db", "secret.key"} <= left


def test_two_processes_that_render_at_once_agree(make_server: MakeServer) -> None:
    server = make_server(lambda url: many_rooms(200, url), options=())
    folder = server.folder
    site = many_rooms(200, folder.url)
    for number in range(2):
        site["sip"] = {**site["sip"], "expires_s": 700 + number}
        folder.apply(site)  # the monitor renders meanwhile
        wait_for("all is rendered", lambda: not folder.marked())
        assert check_rendered(folder) == 0
    assert "Traceback" not in server.log
