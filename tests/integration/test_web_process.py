"""The processes themselves: starting, sharing a port with nobody, background work, ending."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    DEVICE_FILE,
    HANG_S,
    YEALINK,
    DataFolder,
    Server,
    ask,
    bellwire,
    children,
    command_of,
    free_ports,
    is_alive,
    small_site,
    wait_for,
)


def test_health_and_front_page(make_server: MakeServer) -> None:
    server = make_server()
    health = ask(f"{server.url}/health")
    assert (health.status, json.loads(health.body)) == (200, {"status": "ok"})
    assert ask(f"{server.url}/").status == 200
    assert ask(f"{server.url}/nothing-of-a-phone").status == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_told_and_leaves_nothing(
    make_server: MakeServer, number: signal.Signals
) -> None:
    server = make_server(options=())
    process = server.process
    assert process is not None
    wait_for("all run", lambda: len(server.processes()) == 6)
    everyone = server.processes()
    process.send_signal(number)
    assert process.wait(HANG_S) == 0
    wait_for("all have ended", lambda: not any(is_alive(pid) for pid in everyone))
    assert "Traceback" not in server.log
    assert "panicked" not in server.log
    with closing(socket.socket()) as probe:  # the port is free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", server.http_port))


def test_a_child_that_is_told_to_end_is_started_again(make_server: MakeServer) -> None:
    server = make_server()
    assert server.process is not None
    (web,) = [p for p in children(server.process.pid) if command_of(p) == "web"]
    os.kill(web, signal.SIGTERM)
    wait_for("it ended", lambda: not is_alive(web))
    wait_for("it serves again", server.is_healthy)


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        bellwire(*args), capture_output=True, text=True, timeout=HANG_S, check=False, cwd=cwd
    )


def test_a_taken_http_port_is_one_sentence_and_is_never_shared(
    make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server()
    _, tftp = free_ports()
    taken = f"127.0.0.1:{server.http_port}"
    data = str(tmp_path / "other")
    alone = run("web", "--data", data, "--http", taken)
    assert alone.returncode == 2
    assert f"cannot listen on {taken} for HTTP: Address already in use" in alone.stderr
    assert "Traceback" not in alone.stderr
    both = run("serve", "--data", data, "--http", taken, "--tftp", f"127.0.0.1:{tftp}")
    assert both.returncode == 1
    assert "web cannot run as configured; ending" in both.stderr
    assert server.is_healthy()


def test_a_taken_tftp_port_is_one_sentence(make_server: MakeServer, tmp_path: Path) -> None:
    server = make_server()
    taken = f"127.0.0.1:{server.tftp_port}"
    alone = run("field", "--data", str(tmp_path / "other"), "--tftp", taken)
    assert alone.returncode == 2
    assert f"cannot listen on {taken} for TFTP: Address already in use" in alone.stderr
    assert "Traceback" not in alone.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("serve", "--http", "8080"),
        ("serve", "--http", "host:port"),
        ("serve", "--http", "127.0.0.1:99999"),
        ("serve", "--tftp", "127.0.0.1:-1"),
    ],
)
def test_a_listener_that_cannot_be_is_a_usage_error(folder: DataFolder, args: list[str]) -> None:
    done = run(*args, "--data", str(folder.path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_modules_are_not_taken_from_the_working_folder(
    make_server: MakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("web", "provisioner"):
        (tmp_path / "here" / name).mkdir(parents=True)
        (tmp_path / "here" / name / "__init__.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path / "here")
    server = make_server(options=())
    assert server.is_healthy()
    assert "the wrong one" not in server.log


def test_the_monitor_renders_what_is_marked(make_server: MakeServer) -> None:
    server = make_server(options=())
    folder = server.folder
    site = small_site(folder.url)
    site["sip"]["expires_s"] = 777
    folder.apply(site, options=("--no-render",))
    wait_for("all is rendered", lambda: not folder.marked())
    url = folder.urls(YEALINK)[YEALINK]
    assert b"777" in ask(url + DEVICE_FILE[YEALINK]).body


def test_logs_can_be_json_lines(make_server: MakeServer) -> None:
    server = make_server(options=("--log-json",))
    server.stop()
    lines = [line for line in server.log.splitlines() if line.startswith("{")]
    assert any("TFTP on" in json.loads(line)["message"] for line in lines)


def test_the_processes_run_apart_too(tmp_path: Path) -> None:
    http, tftp = free_ports()
    data = DataFolder(tmp_path / "data", f"http://127.0.0.1:{http}")
    data.apply(small_site(data.url))
    commands = [
        bellwire("web", "--data", str(data.path), "--http", f"127.0.0.1:{http}"),
        bellwire("field", "--data", str(data.path), "--tftp", f"127.0.0.1:{tftp}"),
        bellwire("monitor", "--data", str(data.path)),
    ]
    with (tmp_path / "log").open("wb") as log:
        processes = [subprocess.Popen(c, stdout=log, stderr=log) for c in commands]
    try:
        server = Server(data, http, tftp)
        wait_for("HTTP answers", server.is_healthy)
        url = data.urls(YEALINK)[YEALINK]
        assert ask(url + DEVICE_FILE[YEALINK]).status == 200
        wait_for("TFTP answers", lambda: b"TFTP on" in (tmp_path / "log").read_bytes())
        for process in processes:
            process.terminate()
        assert [process.wait(HANG_S) for process in processes] == [0, 0, 0]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    assert b"Traceback" not in (tmp_path / "log").read_bytes()


def test_a_phone_that_boots_while_thousands_are_rendered_is_served(
    make_server: MakeServer,
) -> None:
    """Its first boot is written down; rendering in another process holds no lock meanwhile."""
    from tests.integration.servers import many_rooms

    server = make_server(lambda url: many_rooms(400, url))
    folder = server.folder
    urls = folder.urls(*[row[0] for row in folder.rows("select mac from phone limit 30")])
    site = many_rooms(400, folder.url) | {"name": "Changed"}
    site["sip"]["expires_s"] = 777
    folder.apply(site, options=("--no-render",))
    command = bellwire("apply", str(folder.write(site)), "--data", str(folder.path))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as busy:
        names = {row[0]: row[1] for row in folder.rows("select mac, name from rendered")}
        replies = [ask(url + names[mac]).status for mac, url in urls.items()]
        assert busy.wait(HANG_S) == 0
    assert replies == [200] * 30
    assert "database is locked" not in server.log
