"""Messages that really leave: through a mail server and to a web server, each once."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr
from sqlalchemy import func, select

from monitors.incident_steps import Close, Ending, Open
from monitors.notify.due import CLAIM_TIME, Due, Kind
from monitors.notify.email import send_email
from monitors.notify.messages import Message, Scene
from monitors.notify.places import Place
from monitors.notify.scenes import senders_of
from monitors.notify.sending import notify
from monitors.notify.webhook import post
from monitors.policy import NotifyPolicy, Window
from monitors.store.incident_pages import all_open, incident_of
from monitors.store.incidents import take
from monitors.store.journal import claim, forget_messages, report
from monitors.store.maintenance import (
    end_maintenance,
    forget_windows,
    set_maintenance,
    windows_of,
)
from monitors.store.tables import notification
from monitors.store.tally import tallies
from provisioner.config import Smtp
from provisioner.db import Database
from provisioner.inventory.monitoring import Monitoring
from provisioner.inventory.records import Site
from tests.integration.test_monitoring_store import (
    MAC,
    MINUTE,
    NOON,
    SITE,
    database,
    in_processes,
    opening,
    postgres,
)

__all__ = ["database", "postgres"]  # fixtures
SECRET = SecretStr("0123456789abcdef")
MESSAGE = Message("incident 7 0 down email", "aurora", "Room 214: nothing works.", ("a", "b"),
                  {"text": "Room 214: nothing works.", "kind": "down"})  # fmt: skip


class Post:
    """A mail server that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, session.ssl is not None, mail))
        return self.answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


def make_certificate(folder: Path) -> tuple[Path, Path]:
    from datetime import UTC
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, secret


def server_context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


class MailServer(Controller):
    """The library's, on a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection((self.hostname, self.port), timeout=5).close()


MakeMailServer = Callable[..., tuple[Post, Smtp]]


@pytest.fixture
def mail_server() -> Iterator[MakeMailServer]:
    running: list[Controller] = []

    def make(security: str = "none", **options: Any) -> tuple[Post, Smtp]:
        handler = Post()
        controller = MailServer(handler, hostname="127.0.0.1", port=0, **options)
        controller.start()
        running.append(controller)
        port = controller.port
        smtp = Smtp(
            host="127.0.0.1", port=port, security=security, sender="bellwire@x.example",
            timeout_s=5,
        )  # fmt: skip
        return handler, smtp

    yield make
    for controller in running:
        controller.stop()


class Hook(BaseHTTPRequestHandler):
    """A web server that keeps what is posted, and answers as told."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status = self.server.answers.pop(0) if self.server.answers else 204  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.answers = [], []  # type: ignore[attr-defined]
    server.url = f"http://127.0.0.1:{server.server_port}/hook?key=hush"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_mail_in_the_clear(mail_server: MakeMailServer) -> None:
    post_office, smtp = mail_server()
    assert send_email(smtp, ["a@x.example", "b@x.example"], MESSAGE, NOON) == ""
    ((to, is_tls, mail),) = post_office.mails
    assert (to, is_tls) == (["a@x.example", "b@x.example"], False)
    assert mail["Subject"] == MESSAGE.line
    assert mail.get_content().splitlines() == [MESSAGE.line, "", "a", "b"]


def test_starttls_with_a_password(
    mail_server: MakeMailServer, certificate: tuple[Path, Path]
) -> None:
    def check(_server: Any, _session: Any, _envelope: Any, _kind: str, data: Any) -> AuthResult:
        is_right = (data.login, data.password) == (b"hotel", b"hush")
        return AuthResult(success=is_right, handled=False)

    post_office, smtp = mail_server(
        "starttls",
        tls_context=server_context(certificate),
        require_starttls=True,
        authenticator=check,
        auth_required=True,
    )
    trust = trusting(certificate)
    smtp = smtp.model_copy(update={"username": "hotel", "password": SecretStr("hush")})
    assert send_email(smtp, ["a@x.example"], MESSAGE, NOON, trust) == ""
    assert post_office.mails[0][1] is True
    wrong = smtp.model_copy(update={"password": SecretStr("wrong")})
    assert "535" in send_email(wrong, ["a@x.example"], MESSAGE, NOON, trust)
    assert "certificate verify failed" in send_email(smtp, ["a@x.example"], MESSAGE, NOON)
    assert len(post_office.mails) == 1


def test_tls_from_the_first_byte(
    mail_server: MakeMailServer, certificate: tuple[Path, Path]
) -> None:
    post_office, smtp = mail_server("tls", ssl_context=server_context(certificate))
    assert send_email(smtp, ["a@x.example"], MESSAGE, NOON, trusting(certificate)) == ""
    assert len(post_office.mails) == 1


def test_what_goes_wrong_with_a_mail_is_said(mail_server: MakeMailServer) -> None:
    post_office, smtp = mail_server()
    assert "550 no such user" in send_email(smtp, ["nobody@x.example"], MESSAGE, NOON)
    assert send_email(smtp, ["nobody@x.example", "a@x.example"], MESSAGE, NOON) == ""
    post_office.answer = "452 disk full"
    assert "452 disk full" in send_email(smtp, ["a@x.example"], MESSAGE, NOON)
    no_tls = smtp.model_copy(update={"security": "starttls"})
    assert "STARTTLS" in send_email(no_tls, ["a@x.example"], MESSAGE, NOON)
    assert "smtp.host" in send_email(Smtp(), ["a@x.example"], MESSAGE, NOON)
    closed = smtp.model_copy(update={"port": 1})
    assert "127.0.0.1:1" in send_email(closed, ["a@x.example"], MESSAGE, NOON)


def test_a_mail_server_that_hangs_is_left_after_a_time() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        smtp = Smtp(host="127.0.0.1", port=port, security="none", timeout_s=0.3)
        assert "timed out" in send_email(smtp, ["a@x.example"], MESSAGE, NOON)
        url = SecretStr(f"http://127.0.0.1:{port}/")
        assert "timed out" in post(url, None, MESSAGE, 0, timeout_s=0.3)


def test_a_webhook_is_signed(hook: Any) -> None:
    assert post(SecretStr(hook.url), SECRET, MESSAGE, 1795348800) == ""
    ((path, headers, body),) = hook.got
    assert path == "/hook?key=hush"
    assert json.loads(body) == MESSAGE.facts
    assert headers["X-Bellwire-Delivery"] == MESSAGE.key
    assert headers["Content-Type"] == "application/json"
    at, _, signed = headers["X-Bellwire-Signature"].partition(",")
    wanted = hmac.new(b"0123456789abcdef", b"1795348800." + body, hashlib.sha256).hexdigest()
    assert (at, signed) == ("t=1795348800", f"v1={wanted}")
    assert post(SecretStr(hook.url), None, MESSAGE, 0) == ""
    assert "X-Bellwire-Signature" not in hook.got[1][1]


@pytest.mark.parametrize("status", [302, 400, 410, 500, 503])
def test_an_answer_that_is_not_2xx_is_a_failure(hook: Any, status: int) -> None:
    hook.answers = [status]
    problem = post(SecretStr(hook.url), SECRET, MESSAGE, 0)
    assert str(status) in problem
    assert "hush" not in problem
    assert len(hook.got) == 1


def test_a_webhook_over_tls_and_to_nobody(certificate: tuple[Path, Path], hook: Any) -> None:
    hook.socket = server_context(certificate).wrap_socket(hook.socket, server_side=True)
    url = SecretStr(hook.url.replace("http:", "https:"))
    assert post(url, SECRET, MESSAGE, 0, tls=trusting(certificate)) == ""
    assert "certificate verify failed" in post(url, SECRET, MESSAGE, 0)
    assert "refused" in post(SecretStr("http://127.0.0.1:1/?key=hush"), SECRET, MESSAGE, 0)
    assert "hush" not in post(SecretStr("http://127.0.0.1:1/?key=hush"), SECRET, MESSAGE, 0)


class Clock:
    """A clock that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def scene(**changes: Any) -> Scene:
    policy = NotifyPolicy(ZoneInfo("UTC"), channels=("email",), digest_at=None)
    places = {MAC: Place(MAC, "214", "bedside", "guest-room")}
    return Scene(SITE, "Hotel Aurora", replace(policy, **changes), places)


def test_from_down_to_well_by_mail_and_webhook(
    database: Database, mail_server: MakeMailServer, hook: Any
) -> None:
    post_office, smtp = mail_server()
    told = Monitoring(
        email_to=("it@aurora.example",), webhook_url=SecretStr(hook.url), webhook_secret=SECRET
    )
    clock = Clock(NOON + MINUTE)
    senders = senders_of(Site(SITE, "Hotel Aurora", monitoring=told), smtp, clock)
    both = scene(channels=("email", "webhook"))

    def run() -> int:
        return notify(database, both, senders, "w1", clock)

    assert run() == 0
    take(database, SITE, [opening()], clock.now)
    hook.answers = [500, 500]
    assert [run(), run()] == [1, 0]  # the webhook failed and waits
    clock.now += MINUTE
    assert run() == 0  # tried again, and failed again
    clock.now += 2 * MINUTE
    assert [run(), run()] == [1, 0]
    clock.now = NOON + timedelta(hours=1, minutes=1)
    assert [run(), run()] == [2, 0]  # still down
    (there,) = all_open(database)
    take(database, SITE, [Close(there.id, Ending.RECOVERED)], clock.now)
    assert [run(), run()] == [2, 0]
    subjects = [
        mail["Subject"].split(":")[1].split(" after")[0] for _, _, mail in post_office.mails
    ]
    assert subjects[1:] == [" still down", " works again"]
    kinds = [json.loads(body)["kind"] for _, _, body in hook.got]
    assert kinds == ["down"] * 3 + ["still", "resolved"]
    assert len({headers["X-Bellwire-Delivery"] for _, headers, _ in hook.got}) == 3
    found = incident_of(database, there.id)
    assert found is not None
    told_of = [line.detail for line in found.timeline if line.what == "notified"]
    assert told_of == [
        "down email", "down webhook", "still1 email", "still1 webhook",
        "resolved email", "resolved webhook",
    ]  # fmt: skip
    assert tallies(database)["notifications_failed", SITE, "webhook"] == 2
    assert tallies(database)["notifications_sent", SITE, "webhook"] == 3


def test_many_mails_at_once_become_one(database: Database) -> None:
    take(database, SITE, [opening(f"0c383e{n:06x}") for n in range(8)], NOON)
    mails: list[Message] = []
    posts: list[Message] = []
    senders = {
        "email": lambda message: mails.append(message) or "",
        "webhook": lambda message: posts.append(message) or "",
    }
    both = scene(channels=("email", "webhook"))
    clock = Clock(NOON)
    assert notify(database, both, senders, "w1", clock) == 16
    assert notify(database, both, senders, "w1", clock) == 0
    assert len(posts) == 8
    (mail,) = mails
    assert mail.line == "Hotel Aurora: 8 messages at once."
    assert len(mail.more) == 8
    assert all("There is a short circuit" in line for line in mail.more)
    for there in all_open(database):
        found = incident_of(database, there.id)
        assert found is not None
        assert [e.what for e in found.timeline] == ["opened", "notified", "notified"]


def test_a_digest_each_day(database: Database) -> None:
    lines: list[str] = []
    senders = {"email": lambda message: lines.append(message.line) or ""}
    daily = scene(digest_at=NOON.time(), reminders_h=())
    clock = Clock(NOON)
    take(database, SITE, [opening()], NOON)
    for _ in range(50):
        notify(database, daily, senders, "w1", clock)
        clock.now += timedelta(hours=1)
    assert len(lines) == 4  # the incident and three noons
    assert lines[1:] == ["Hotel Aurora: 1 of 1 phones do not work."] * 3


def test_a_worker_that_died_while_sending(database: Database) -> None:
    take(database, SITE, [opening()], NOON)
    (there,) = all_open(database)
    down = Due(f"incident {there.id} 0 down email", Kind.DOWN, "email")
    held = claim(database, SITE, there.id, down, "dead", NOON)
    assert held is not None
    assert not held.maybe_double
    said: list[Message] = []
    senders = {"email": lambda message: said.append(message) or ""}
    clock = Clock(NOON + CLAIM_TIME - MINUTE)
    assert notify(database, scene(), senders, "w2", clock) == 0
    clock.now = NOON + CLAIM_TIME
    assert notify(database, scene(), senders, "w2", clock) == 1
    assert said[0].more == ("You may have had this message before.",)
    assert said[0].facts["maybe_double"] is True
    assert not report(database, held, "", clock.now)  # the dead one was only slow
    found = incident_of(database, there.id)
    assert found is not None
    assert found.timeline[-1].detail == "down email, perhaps twice"
    assert forget_messages(database, NOON) == 0
    assert forget_messages(database, NOON + timedelta(days=1)) == 1


def tell(begin: Any, answers: Any, url: str, file: str) -> None:
    """One of several monitors that all find the same messages due."""
    worker = Database(url)
    name = str(os.getpid())

    def send(message: Message) -> str:
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(f"{message.key}\n")
        return ""

    clock = Clock(NOON)
    sent = 0
    for _ in range(6):
        begin.wait(timeout=60)
        sent += notify(worker, scene(channels=("webhook",)), {"webhook": send}, name, clock)
        clock.now += timedelta(hours=1)
    worker.close()
    answers.put(sent)


def test_workers_that_race_send_each_message_once(database: Database, tmp_path: Path) -> None:
    openings: list[Open] = [opening(f"0c383e{n:06x}") for n in range(8)]
    take(database, SITE, openings, NOON)
    file = tmp_path / "sent"
    got = in_processes(tell, database.url, str(file))
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines)) == sum(got) == 8 * 3  # down, after 1 h, after 4 h
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(notification)) == 24


def test_maintenance_that_a_person_sets(database: Database) -> None:
    window = Window(NOON, NOON + timedelta(hours=2), rooms=frozenset({"214"}))
    number = set_maintenance(database, SITE, window, "painters", "ana")
    (kept,) = windows_of(database, SITE, NOON)
    assert (kept.id, kept.window, kept.reason, kept.who) == (number, window, "painters", "ana")
    assert windows_of(database, "another", NOON) == ()
    assert end_maintenance(database, number, NOON + MINUTE)
    assert not end_maintenance(database, number, NOON + MINUTE)
    assert windows_of(database, SITE, NOON + MINUTE) == ()
    assert forget_windows(database, NOON) == 0
    assert forget_windows(database, NOON + timedelta(hours=1)) == 1
