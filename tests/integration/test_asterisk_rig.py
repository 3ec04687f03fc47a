"""The Asterisk rig: a real PBX starts from generated files and registers a phone."""

from __future__ import annotations

import hashlib
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from tests.simulators import asterisk as asterisk_simulator
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk

pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)

PJSIP = """
[bw-endpoint](!)
type = endpoint
context = bw-internal
disallow = all
allow = alaw,ulaw,g722
direct_media = no
deny = 0.0.0.0/0
permit = 127.0.0.1/32

[bw-auth](!)
type = auth
auth_type = userpass

[bw-aor](!)
type = aor
max_contacts = 2
remove_existing = yes
"""

ACCOUNT = """
[{extension}](bw-endpoint)
auth = {extension}
aors = {extension}
mailboxes = {extension}@bw
[{extension}](bw-auth)
username = {extension}
password = {secret}
[{extension}](bw-aor)
"""

DIAL_PLAN = """
[bw-internal]
exten = 2214,hint,PJSIP/2214
exten = 2214,1,Dial(${PJSIP_DIAL_CONTACTS(2214)},25)
 same = n,VoiceMail(2214@bw,u)
"""


def write_site(folder: Path, *extensions: str) -> None:
    accounts = [ACCOUNT.format(extension=each, secret=f"secret-of-{each}") for each in extensions]
    (folder / "pjsip_bellwire.conf").write_text(PJSIP + "".join(accounts), "utf-8")
    (folder / "extensions_bellwire.conf").write_text(DIAL_PLAN, "utf-8")
    (folder / "voicemail_bellwire.conf").write_text("[bw]\n2214 => 4711,Room 214\n", "utf-8")


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    folder = tmp_path_factory.mktemp("generated")
    write_site(folder, "100", "2214")
    with Asterisk(folder) as running:
        yield running


def register(port: int, user: str, secret: str, address: str = "127.0.0.1") -> list[str]:
    """Register as a phone does, answering one challenge; return the status lines."""
    statuses: list[str] = []
    authorization = ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((address, 0))
        phone.settimeout(10)
        call_id = uuid.uuid4().hex
        for sequence in (1, 2):
            phone.sendto(
                _register(user, phone.getsockname(), port, call_id, sequence, authorization),
                ("127.0.0.1", port),
            )
            answer = _answer_to(phone, f"{sequence} REGISTER")
            statuses.append(answer.split("\r\n", 1)[0])
            if not statuses[-1].startswith("SIP/2.0 401"):
                break
            authorization = _authorization(answer, user, secret, f"sip:127.0.0.1:{port}")
    return statuses


def _register(
    user: str, local: tuple[str, int], port: int, call_id: str, sequence: int, extra: str
) -> bytes:
    host = f"{local[0]}:{local[1]}"
    lines = [
        f"REGISTER sip:127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {host};rport;branch=z9hG4bK{uuid.uuid4().hex}",
        "Max-Forwards: 70",
        f"From: <sip:{user}@127.0.0.1>;tag={call_id[:8]}",
        f"To: <sip:{user}@127.0.0.1>",
        f"Call-ID: {call_id}",
        f"CSeq: {sequence} REGISTER",
        f"Contact: <sip:{user}@{host}>",
        "Expires: 300",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines[:-1], *([extra] if extra else []), lines[-1], "", ""]).encode()


def _answer_to(phone: socket.socket, cseq: str) -> str:
    while True:
        text = phone.recv(65535).decode()
        if text.startswith("SIP/2.0 ") and f"CSeq: {cseq}" in text:
            return text


def _authorization(challenge: str, user: str, secret: str, uri: str) -> str:
    field = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))

    def md5(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    secret_part = md5(user, field["realm"], secret)
    response = md5(secret_part, field["nonce"], "00000001", "c0", "auth", md5("REGISTER", uri))
    return (
        f'Authorization: Digest username="{user}", realm="{field["realm"]}", '
        f'nonce="{field["nonce"]}", uri="{uri}", response="{response}", algorithm=MD5, '
        f'qop=auth, nc=00000001, cnonce="c0", opaque="{field["opaque"]}"'
    )


def log_in(asterisk: Asterisk, secret: str) -> str:
    with (
        closing(socket.create_connection(("127.0.0.1", asterisk.ami_port), timeout=10)) as line,
        line.makefile("rb") as answers,
    ):
        assert answers.readline().startswith(b"Asterisk Call Manager/")
        fields = {"Action": "Login", "Username": asterisk.ami_user, "Secret": secret}
        packet = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        line.sendall(f"{packet}\r\n".encode())
        return answers.readline().decode().strip()


def test_generated_files_load_without_a_warning(asterisk: Asterisk) -> None:
    assert asterisk.warnings() == []
    assert "16.28" in asterisk.cli("core show version")


def test_all_generated_files_are_read(asterisk: Asterisk) -> None:
    endpoints = re.findall(r"Endpoint: +(\d+)", asterisk.cli("pjsip show endpoints"))
    assert endpoints == ["100", "2214"]
    assert "2214@bw-internal" in asterisk.cli("core show hints")
    assert "Room 214" in asterisk.cli("voicemail show users")


@pytest.mark.parametrize(
    "module",
    ["chan_pjsip", "res_pjsip_notify", "res_pjsip_exten_state", "app_dial", "app_voicemail"],
)
def test_module_runs(asterisk: Asterisk, module: str) -> None:
    assert re.search(rf"{module}\.so .* Running", asterisk.cli(f"module show like {module}.so"))


def test_no_module_of_the_list_failed(asterisk: Asterisk) -> None:
    assert "Not Running" not in asterisk.cli("module show")


def test_manager_login(asterisk: Asterisk) -> None:
    assert log_in(asterisk, asterisk.ami_secret) == "Response: Success"
    assert log_in(asterisk, "wrong") == "Response: Error"


def test_registration_with_the_right_secret(asterisk: Asterisk) -> None:
    statuses = register(asterisk.sip_port, "2214", "secret-of-2214")
    assert statuses == ["SIP/2.0 401 Unauthorized", "SIP/2.0 200 OK"]
    assert "2214/sip:2214@127.0.0.1" in asterisk.cli("pjsip list contacts")


def test_registration_with_a_wrong_secret(asterisk: Asterisk) -> None:
    statuses = register(asterisk.sip_port, "100", "guessed")
    assert statuses == ["SIP/2.0 401 Unauthorized"] * 2
    assert "100/sip:100@" not in asterisk.cli("pjsip list contacts")


def test_registration_from_outside_the_acl(asterisk: Asterisk) -> None:
    statuses = register(asterisk.sip_port, "100", "secret-of-100", address="127.0.0.2")
    assert statuses == ["SIP/2.0 401 Unauthorized"] * 2


def test_reload_reads_a_changed_file(tmp_path: Path) -> None:
    with Asterisk(tmp_path) as asterisk:
        assert "No objects found" in asterisk.cli("pjsip list endpoints")
        write_site(tmp_path, "300")
        asterisk.reload()
        assert re.findall(r"Endpoint: +(\d+)", asterisk.cli("pjsip list endpoints")) == ["300"]
        assert asterisk.warnings() == []


def test_a_mistake_in_a_generated_file_is_seen(tmp_path: Path) -> None:
    write_site(tmp_path, "100")
    with (tmp_path / "pjsip_bellwire.conf").open("a", encoding="utf-8") as stream:
        stream.write("no_such_option = yes\n")
    with Asterisk(tmp_path) as asterisk:
        assert any("no_such_option" in line for line in asterisk.warnings())


def test_a_mistake_is_seen_after_a_reload(tmp_path: Path) -> None:
    write_site(tmp_path, "100")
    with Asterisk(tmp_path) as asterisk:
        (tmp_path / "extensions_bellwire.conf").write_text("[bw-internal]\nexten = 1\n", "utf-8")
        asterisk.reload()
        assert any("pbx_config.c" in line for line in asterisk.warnings())


def test_a_taken_port_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        taken = holder.getsockname()[1]
        choose = asterisk_simulator.choose_ports
        choices = chain([replace(choose(), sip=taken)], iter(choose, None))
        monkeypatch.setattr(asterisk_simulator, "choose_ports", lambda _rtp: next(choices))
        with Asterisk(tmp_path) as asterisk:
            assert asterisk.sip_port != taken
            assert asterisk.warnings() == []


def test_two_rigs_side_by_side_leave_nothing_behind(tmp_path: Path) -> None:
    with Asterisk(tmp_path) as first, Asterisk(tmp_path) as second:
        assert {first.sip_port, first.ami_port}.isdisjoint({second.sip_port, second.ami_port})
        folders = [first.directory, second.directory]
        assert all(folder.is_dir() for folder in folders)
    assert not any(folder.exists() for folder in folders)
