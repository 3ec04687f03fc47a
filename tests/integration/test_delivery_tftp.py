"""Phones' files over TFTP: the same bytes as over HTTP, by real clients and on a lossy line."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from provisioner.mac import MacAddress
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    BATHROOM,
    DEVICE_FILE,
    FANVIL,
    HANG_S,
    SNOM,
    YEALINK,
    Server,
    ask,
    room,
    small_site,
    wait_for,
)
from web.simulated.tftp_client import TftpRefusedError, fetch

THREE = [YEALINK, FANVIL, SNOM]


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server()


@pytest.fixture(scope="module")
def files(server: Server) -> list[tuple[str, bytes]]:
    """Every file of three phones: its TFTP name, with the token, and what HTTP gives for it."""
    urls = server.folder.urls(*THREE)
    asked = [urls[mac] + name for mac in THREE for name in server.folder.names(mac)]
    found = [(url.split("/", 3)[3], ask(url).body) for url in asked]
    assert len(found) > 6
    return found


def read(server: Server, name: str, **options: object) -> bytes:
    return fetch("127.0.0.1", server.tftp_port, name, timeout_s=HANG_S, **options)  # type: ignore[arg-type]


@pytest.mark.skipif(shutil.which("tftp") is None, reason="tftp-hpa is not installed")
def test_tftp_hpa_reads_the_bytes_of_http(
    server: Server, files: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    for name, body in files:
        out = tmp_path / "out"
        command = [
            "tftp", "-m", "binary", "127.0.0.1", str(server.tftp_port), "-c", "get", name, str(out),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, timeout=HANG_S, check=True)
        assert b"Error" not in done.stdout
        assert out.read_bytes() == body
        out.unlink()


@pytest.mark.skipif(shutil.which("atftp") is None, reason="atftp is not installed")
def test_atftp_reads_the_bytes_of_http_in_large_blocks(
    server: Server, files: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    for name, body in files:
        out = tmp_path / "out"
        command = [
            "atftp", "--option", "blksize 1428", "--get", "--remote-file", name,
            "--local-file", str(out), "127.0.0.1", str(server.tftp_port),
        ]  # fmt: skip
        subprocess.run(command, capture_output=True, timeout=HANG_S, check=True)
        assert out.read_bytes() == body
        out.unlink()


def test_windows_on_a_lossy_line_give_the_bytes_of_http(
    server: Server, files: list[tuple[str, bytes]]
) -> None:
    for number, (name, body) in enumerate(files):
        got = read(server, name, windowsize=8, loss=0.05, retry_s=0.2, rng=random.Random(number))
        assert got == body, name


@pytest.mark.parametrize("options", [{}, {"blksize": 1428}, {"blksize": 8}, {"windowsize": 64}])
def test_options(server: Server, files: list[tuple[str, bytes]], options: dict[str, int]) -> None:
    name, body = min(files, key=lambda file: len(file[1]))
    assert read(server, name, **options) == body
    assert read(server, "/" + name, **options) == body


def test_unknown_and_refused_files_are_error_1(server: Server) -> None:
    token = server.folder.token(YEALINK)
    for name in (
        "805ec0fffe01.cfg",
        "nothing",
        f"p/{'a' * 26}/{DEVICE_FILE[YEALINK]}",
        f"p/{token}/{DEVICE_FILE[FANVIL]}",
        f"p/{token}/nothing.bin",
        f"p/{token}/",
        "../../etc/passwd",
    ):
        with pytest.raises(TftpRefusedError) as refused:
            read(server, name)
        assert (refused.value.code, refused.value.message) == (1, "file not found"), name


def test_without_its_token_only_a_phone_that_is_allowed_to(make_server: MakeServer) -> None:
    def site(url: str) -> dict[str, object]:
        made = small_site(url)
        room(made, "101")["phones"]["bathroom"]["tftp_without_token"] = True
        return made

    server = make_server(site)
    urls = server.folder.urls(FANVIL, BATHROOM)
    bodies = {mac: ask(urls[mac] + DEVICE_FILE[mac]).body for mac in urls}
    armed = "select mac from phone where armed_until is not null and token_seen_at is not null"
    seen = "select mac from phone where token_seen_at is not null"
    wait_for("both are disarmed", lambda: len(server.folder.rows(seen)) == 2)
    assert server.folder.rows(armed) == []
    assert read(server, DEVICE_FILE[BATHROOM]) == bodies[BATHROOM]
    assert ask(f"{server.url}/{DEVICE_FILE[BATHROOM]}").status == 404  # by HTTP never
    with pytest.raises(TftpRefusedError):
        read(server, DEVICE_FILE[FANVIL])

    def reasons() -> list[str]:
        return [f["reason"] for f in server.folder.fetches("protocol = 'tftp'")]

    wait_for("both are recorded", lambda: len(reasons()) == 2)
    assert reasons() == ["tftp-allowed", "not-armed"]


def test_tftp_without_a_token_only_from_the_sites_networks(make_server: MakeServer) -> None:
    def site(url: str) -> dict[str, object]:
        made = small_site(url, "10.20.0.0/16")
        room(made, "101")["phones"]["bathroom"]["tftp_without_token"] = True
        return made

    server = make_server(site)
    with pytest.raises(TftpRefusedError):
        read(server, DEVICE_FILE[BATHROOM])


def test_an_armed_phone_gets_its_first_contact_by_tftp_too(make_server: MakeServer) -> None:
    server = make_server()
    token_url = server.folder.urls(FANVIL)[FANVIL]
    first = read(server, DEVICE_FILE[FANVIL])
    token = token_url.rstrip("/").rsplit("/", 1)[1]
    assert token.encode() in first
    with server.folder.opened() as installation, installation.database.read() as session:
        kit = installation.press.kit(session, MacAddress(FANVIL))
    for secret in (kit.lines[0].secret, kit.secrets.admin_password, kit.secrets.user_password):
        assert secret.get_secret_value().encode() not in first
    assert read(server, f"p/{token}/{DEVICE_FILE[FANVIL]}") != first
    with pytest.raises(TftpRefusedError):  # disarmed
        read(server, DEVICE_FILE[FANVIL])
    gone = f"{server.url}/{DEVICE_FILE[FANVIL]}"
    wait_for("the other process knows", lambda: ask(gone).status == 404)
