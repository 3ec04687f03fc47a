"""Secrets that are planted, used, and then looked for in all that the processes put out."""

from __future__ import annotations

import base64
import itertools
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack.stage import Stage
from tests.integration.hotel import free_port
from tests.integration.servers import (
    DEVICE_FILE,
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    Server,
    ask,
    small_site,
    wait_for,
)

CANARIES = {
    "a SIP secret": "canary-sip-7310",
    "the PBX's secret": "canary-ami-7310",
    "a switch's community": "canary-snmp-7310",
}


def site(url: str) -> dict[str, object]:
    """A hotel with a secret in every place that may have one."""
    made = small_site(url)
    made["accounts"] = [{"extension": "100", "secret": CANARIES["a SIP secret"]}]
    made["pbx"] = {
        "kind": "asterisk",
        "ami": {
            "host": "127.0.0.1",
            "port": 1,
            "username": "u",
            "secret": CANARIES["the PBX's secret"],
        },
    }
    made["switches"] = [{
        "host": "127.0.0.1", "name": "sw", "platform": "cisco_ios",
        "snmp": {"version": "2c", "community": CANARIES["a switch's community"]},
    }]  # fmt: skip
    return made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    port, tftp = free_port(), free_port()
    folder = DataFolder(tmp_path_factory.mktemp("canaries") / "data", f"http://127.0.0.1:{port}")
    folder.apply(site(folder.url))
    server = Server(folder, port, tftp, options=())
    server.start()
    tokens = {mac: server.folder.token(mac) for mac in (FANVIL, YEALINK, SNOM)}
    try:
        yield Stage(server, tokens, frozenset(token.encode() for token in tokens.values()))
    finally:
        server.stop()


def planted(stage: Stage) -> dict[str, bytes]:
    """Every secret by what it is, those that bellwire made among them."""
    found = {what: text.encode() for what, text in CANARIES.items()}
    found |= {f"the token of {mac}": token.encode() for mac, token in stage.tokens.items()}
    with stage.server.folder.opened() as installation, installation.database.read() as session:
        for mac in stage.tokens:
            kit = installation.press.kit(session, mac)  # type: ignore[arg-type]
            for name in ("admin_password", "user_password", "menu_pin"):
                value = getattr(kit.secrets, name).get_secret_value()
                if len(value) > 6:  # a PIN of four digits stands anywhere
                    found[f"{name} of {mac}"] = value.encode()
    return found


def spellings(secret: bytes) -> Iterator[bytes]:
    yield secret
    yield secret.upper()
    yield base64.b64encode(secret)[: len(secret) * 4 // 3]
    yield secret.hex().encode()


def put_out(stage: Stage) -> Iterator[tuple[str, bytes]]:
    """All that the processes show to those who have neither the key nor a right."""
    server = stage.server
    yield "the log", server.log.encode()
    yield "the metrics", ask(f"{server.url}/metrics").body
    for pid in server.processes():
        for what in ("cmdline", "environ"):
            yield f"{what} of process {pid}", Path(f"/proc/{pid}/{what}").read_bytes()
    for file in sorted(server.folder.path.rglob("*")):
        if file.is_file() and "key" not in file.name:
            yield file.name, file.read_bytes()
    for command in (("status", "--json"), ("plan", str(server.folder.write(site(server.url)))),
                    ("diagnose", FANVIL, "--json"), ("explain", FANVIL), ("incidents", "--json")):  # fmt: skip
        yield f"bellwire {command[0]}", server.folder.run(*command).output.encode()


def test_no_secret_is_put_out(stage: Stage, tmp_path: Path) -> None:
    server = stage.server
    for mac, token in stage.tokens.items():
        assert ask(f"{server.url}/p/{token}/{DEVICE_FILE[mac]}").status == 200
        ask(f"{server.url}/{token}/{DEVICE_FILE[mac]}")  # in the wrong place
        ask(f"{server.url}/p/{token}/nothing?e={token}", User_Agent=f"x {token[:8]}")
    wait_for("the fetches are written", lambda: len(server.folder.fetches()) >= 9)
    backup = tmp_path / "backup"
    made = server.folder.run("backup", "--out", str(backup))
    assert made.exit_code == 0, made.output
    secrets = planted(stage)
    assert len(secrets) > 9
    outputs = [
        *put_out(stage),
        *(
            (f"backup {f.name}", _content(f))
            for f in backup.rglob("*")
            if f.is_file() and "key" not in f.name
        ),
    ]
    assert len(outputs) > 12
    seen = [
        (what, where)
        for (what, secret), (where, data) in itertools.product(secrets.items(), outputs)
        if any(spelling in data for spelling in spellings(secret))
    ]
    assert seen == []


def _content(file: Path) -> bytes:
    if tarfile.is_tarfile(file):
        with tarfile.open(file) as archive:
            return b"".join(
                part.read()
                for m in archive
                if "key" not in m.name and (part := archive.extractfile(m))
            )
    return file.read_bytes()


def test_the_key_and_the_data_are_their_owners(stage: Stage) -> None:
    keys = [f for f in stage.server.folder.path.rglob("*") if f.is_file() and "key" in f.name]
    assert keys
    assert {oct(f.stat().st_mode & 0o777) for f in keys} == {"0o600"}
    assert stage.server.folder.path.stat().st_mode & 0o007 == 0


def test_no_process_leaves_a_core_dump(stage: Stage) -> None:
    for pid in stage.server.processes():
        limits = Path(f"/proc/{pid}/limits").read_text()
        (line,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
        assert line.split()[4] == "0", (pid, line)
