"""What PBXs say of phones: a real Asterisk, a real Kamailio, and FreeSWITCH's dialogue."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitors.probes.pbx import asterisk as asterisk_pbx
from monitors.probes.pbx import freeswitch, kamailio
from monitors.probes.pbx.asterisk import AsteriskAccess, AsteriskLive
from monitors.probes.pbx.board import EventBoard, removed_at, updated
from monitors.probes.pbx.freeswitch import FreeSwitchAccess, FreeSwitchLive
from monitors.probes.pbx.kamailio import KamailioAccess
from monitors.probes.pbx.watch import PbxWatch
from monitors.probes.registration_meaning import (
    Before,
    RegisteringPhone,
    contact_of,
    registration_signal,
    security_signal,
)
from monitors.probes.registrations import Change, RegistrationsReading
from monitors.signals import Registration, Security, Signal
from monitors.sweep.pbx_desk import desk_of
from provisioner.catalogue.loader import load
from provisioner.inventory.records import Pbx
from provisioner.mac import MacAddress
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk, free_port
from tests.simulators.kamailio import SKIP_REASON as NO_KAMAILIO
from tests.simulators.kamailio import Kamailio, find_kamailio
from tests.simulators.registering import register
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import SippPhone, has_sipp

needs_asterisk = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)
needs_kamailio = pytest.mark.skipif(find_kamailio() is None, reason=NO_KAMAILIO)
needs_sipp = pytest.mark.skipif(not has_sipp(), reason=NO_SIPP)

MAC = MacAddress("805ec0000100")
LIMIT_S = 20.0
PJSIP = """
[bw-endpoint](!)
type = endpoint
context = bw-internal
disallow = all
allow = alaw
[bw-auth](!)
type = auth
auth_type = userpass
"""
ACCOUNT = """
[{extension}](bw-endpoint)
auth = {extension}
aors = {extension}
{endpoint}
[{extension}](bw-auth)
username = {extension}
password = secret-of-{extension}
[{extension}]
type = aor
max_contacts = 2
remove_existing = yes
minimum_expiration = 1
{aor}
"""
QUALIFIED = "qualify_frequency = 1\nqualify_timeout = 0.5"


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def phone(extension: str, *addresses: str) -> RegisteringPhone:
    seen = frozenset(addresses or ("127.0.0.1",))
    return RegisteringPhone(extension, MAC, load().models["yealink/t46u"], seen)


def judged(
    reading: RegistrationsReading, who: RegisteringPhone, before: Before | None = None
) -> Registration:
    return registration_signal(load(), reading, who, before or Before(), now()).value


def eventually(check: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + LIMIT_S
    while not check():
        assert time.monotonic() < limit, what
        time.sleep(0.05)


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asterisk]:
    folder = tmp_path_factory.mktemp("generated")
    accounts = [
        ACCOUNT.format(extension="101", aor=QUALIFIED, endpoint=""),
        ACCOUNT.format(extension="102", aor="", endpoint=""),
        ACCOUNT.format(extension="105", aor="", endpoint="deny = 0.0.0.0/0"),
    ]
    (folder / "pjsip_bellwire.conf").write_text(PJSIP + "".join(accounts), "utf-8")
    with Asterisk(folder) as running:
        yield running


@pytest.fixture
def access(asterisk: Asterisk) -> AsteriskAccess:
    return AsteriskAccess("127.0.0.1", asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret)


@contextmanager
def watched(access: AsteriskAccess) -> Iterator[EventBoard]:
    board = EventBoard()
    watch = PbxWatch("pbx", lambda: AsteriskLive(access, now), board.take, now, wait_s=0.2)
    watch.start()
    try:
        eventually(lambda: watch.connected_at is not None, "no session")
        yield board
    finally:
        watch.stop()


@needs_asterisk
@needs_sipp
def test_a_phone_that_answers_the_pbx_and_then_does_not(
    asterisk: Asterisk, access: AsteriskAccess, tmp_path: Path
) -> None:
    who = phone("101")

    def read() -> RegistrationsReading:
        return asterisk_pbx.read_registrations(access, now)

    with watched(access) as board:
        assert judged(read(), who) is Registration.NONE
        with SippPhone(tmp_path, 200) as device:
            assert (
                register(asterisk.sip_port, "101", "secret-of-101", phone_port=device.port) == 200
            )
            eventually(lambda: judged(read(), who) is Registration.REACHABLE, "not reachable")
            good = read()
            (contact,) = good.contacts["101"]
            assert contact.agent == "Yealink SIP-T46U 108.86.0.20"
            assert (contact.address, contact.own_address) == ("127.0.0.1", "127.0.0.1")
            assert contact.rtt_s is not None
            assert 0 < contact.rtt_s < 1
            assert contact.expires_at is not None
            assert timedelta(seconds=250) < contact.expires_at - now() < timedelta(seconds=310)
        eventually(lambda: judged(read(), who) is Registration.UNREACHABLE, "still reachable")
        seen = [e.change for e in board.contact_events() if e.extension == "101"]
        assert Change.REACHABLE in seen
        assert seen[-1] is Change.UNREACHABLE
        # the events alone bring the old reading up to date
        assert judged(updated(good, board.contact_events()), who) is Registration.UNREACHABLE
        before = Before(contact_of(load(), read(), who))
        assert (
            register(asterisk.sip_port, "101", "secret-of-101", phone_port=device.port, expires_s=0)
            == 200
        )
        eventually(lambda: removed_at(board.contact_events(), "101") is not None, "not removed")
        gone = replace(before, removed_at=removed_at(board.contact_events(), "101"))
        assert judged(read(), who, gone) is Registration.REMOVED


@needs_asterisk
def test_a_contact_nobody_checks(asterisk: Asterisk, access: AsteriskAccess) -> None:
    assert register(asterisk.sip_port, "102", "secret-of-102") == 200
    reading = asterisk_pbx.read_registrations(access, now)
    assert judged(reading, phone("102")) is Registration.UNCHECKED
    assert judged(reading, phone("102", "10.20.1.14")) is Registration.OTHER_ADDRESS
    other = replace(phone("102"), model=load().models["snom/d717"])
    assert judged(reading, other) is Registration.OTHER_AGENT
    assert register(asterisk.sip_port, "102", "secret-of-102", expires_s=0) == 200


@needs_asterisk
def test_an_expired_contact(asterisk: Asterisk, access: AsteriskAccess) -> None:
    assert register(asterisk.sip_port, "102", "secret-of-102", expires_s=2, phone_port=5998) == 200
    before = Before(contact_of(load(), asterisk_pbx.read_registrations(access, now), phone("102")))
    assert before.contact is not None

    # Asterisk keeps it in its list for up to half a minute more
    def is_expired() -> bool:
        reading = asterisk_pbx.read_registrations(access, now)
        return judged(reading, phone("102"), before) is Registration.EXPIRED

    eventually(is_expired, "it stays")


@needs_asterisk
@pytest.mark.parametrize(
    ("extension", "secret", "status", "what"),
    [
        ("101", "wrong", 401, Security.WRONG_PASSWORD),
        ("199", "any", 401, Security.UNKNOWN_EXTENSION),
        ("105", "secret-of-105", 401, Security.ACL),
        ("102", "secret-of-102", 200, Security.NONE),
    ],
)
def test_why_the_pbx_refuses(
    asterisk: Asterisk,
    access: AsteriskAccess,
    extension: str,
    secret: str,
    status: int,
    what: Security,
) -> None:
    with watched(access) as board:
        began = now()
        assert register(asterisk.sip_port, extension, secret) == status

        def signal() -> Signal[Security]:
            return security_signal(board.security_events(), phone(extension), now())

        eventually(lambda: signal().measured != "" and signal().value is what, "no event")
        time.sleep(0.3)
        assert signal().value is what
        assert f"for {extension} from 127.0.0.1" in signal().measured
        assert all(abs(e.at - began) < timedelta(seconds=5) for e in board.security_events())
        # it is nothing to a phone elsewhere
        elsewhere = phone(extension, "10.20.1.14")
        assert security_signal(board.security_events(), elsewhere, now()).value is Security.NONE


@needs_asterisk
def test_a_pbx_that_refuses_or_is_gone(access: AsteriskAccess) -> None:
    wrong = asterisk_pbx.read_registrations(replace(access, secret="wrong"), now)
    assert judged(wrong, phone("101")) is Registration.PBX_UNKNOWN
    assert "refused" in wrong.problem
    gone = replace(access, port=free_port(socket.SOCK_STREAM))
    assert "cannot be reached" in asterisk_pbx.read_registrations(gone, now).problem
    assert "wrong" not in repr(replace(access, secret="wrong"))


@needs_kamailio
def test_kamailio() -> None:
    with Kamailio() as registrar:
        rpc = KamailioAccess("127.0.0.1", registrar.rpc_port)
        who = phone("2214")
        assert judged(kamailio.read_registrations(rpc, now), who) is Registration.NONE
        assert kamailio.read_extension(rpc, "2214", now).problem == ""
        instance = f"<urn:uuid:00000000-0000-1000-8000-{MAC}>"
        assert register(registrar.sip_port, "2214", phone_port=5062, instance=instance) == 200
        assert register(registrar.sip_port, "2215", agent="snomD717/10.1.169.16") == 200
        for reading in (
            kamailio.read_registrations(rpc, now),
            kamailio.read_extension(rpc, "2214", now),
        ):
            assert reading.problem == ""
            (contact,) = reading.contacts["2214"]
            assert (contact.address, contact.port) == ("127.0.0.1", 5062)
            assert contact.agent == "Yealink SIP-T46U 108.86.0.20"
            assert contact.instance == instance
            assert contact.expires_at is not None
            assert timedelta(seconds=290) < contact.expires_at - now() < timedelta(seconds=301)
            assert judged(reading, who) is Registration.UNCHECKED
            # its MAC is in the instance: it is this phone, wherever it registers from
            assert judged(reading, phone("2214", "10.20.1.14")) is Registration.UNCHECKED
        reading = kamailio.read_registrations(rpc, now)
        assert judged(reading, phone("2215")) is Registration.OTHER_AGENT
        before = Before(contact_of(load(), reading, who))
        assert register(registrar.sip_port, "2214", phone_port=5062, expires_s=0) == 200
        reading = kamailio.read_registrations(rpc, now)
        assert judged(reading, who, before) is Registration.REMOVED
        wrong_path = kamailio.read_registrations(replace(rpc, path="/other"), now)
        assert wrong_path.problem == "127.0.0.1: HTTP 404 at /other is no JSON-RPC"
    assert "cannot be asked" in kamailio.read_registrations(rpc, now).problem


@needs_kamailio
def test_a_site_with_a_kamailio() -> None:
    with Kamailio() as registrar:
        desk = desk_of(Pbx("kamailio", "127.0.0.1", registrar.rpc_port), now)
        assert desk is not None
        desk.start()
        assert register(registrar.sip_port, "2214") == 200
        news = desk.news()
        desk.stop()
    assert news.reading is not None
    assert set(news.reading.contacts) == {"2214"}
    assert news.refusals is None  # it tells of none
    assert "cannot be asked" in (desk.news().reading or news.reading).problem


@needs_asterisk
def test_a_site_with_an_asterisk(access: AsteriskAccess) -> None:
    pbx = Pbx("asterisk", access.host, access.port, access.username, SecretStr(access.secret))
    desk = desk_of(pbx, now)
    assert desk is not None
    assert desk.news().refusals is None  # nobody listens yet
    desk.start()
    try:
        until = time.monotonic() + 20
        while desk.news().refusals is None:
            assert time.monotonic() < until
    finally:
        desk.stop()
    assert desk_of(Pbx("asterisk"), now) is None


REGISTRATIONS = (
    '{{"row_count":1,"rows":[{{"reg_user":"2214","realm":"pbx.example","token":"x@10.20.1.14",'
    '"url":"sofia/internal/sip:2214@10.20.1.14:5062;fs_nat=yes","expires":"{until}",'
    '"network_ip":"10.20.1.14","network_port":"5062","network_proto":"udp","hostname":"pbx",'
    '"metadata":""}}]}}'
)
FAILURE = (
    "Event-Subclass: sofia%3A%3Aregister_failure\nEvent-Name: CUSTOM\nprofile-name: internal\n"
    "to-user: 2214\nto-host: pbx.example\nnetwork-ip: 10.20.1.14\nnetwork-port: 5062\n\n"
)
PING = (
    "Event-Subclass: sofia%3A%3Asip_user_state\nEvent-Name: CUSTOM\n"
    "sip_contact: sip%3A2214%4010.20.1.14%3A5062\nfrom-user: 2214\nPing-Status: UNREACHABLE\n\n"
)


class ScriptedFreeSwitch:
    """Plays the documented dialogue of mod_event_socket, for any number of sessions."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.commands: list[str] = []
        self.sessions = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._channels: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def break_sessions(self) -> None:
        for channel in self._channels:
            channel.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                channel, _ = self._listening.accept()
            except OSError:
                return
            self.sessions += 1
            self._channels.append(channel)
            thread = threading.Thread(target=self._serve, args=(channel,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, channel: socket.socket) -> None:
        with channel, channel.makefile("rb") as lines:
            channel.sendall(b"Content-Type: auth/request\n\n")
            while command := lines.readline().decode():
                if command.strip():
                    self.commands.append(command.strip())
                    channel.sendall(self._answer(command.strip()))

    def _answer(self, command: str) -> bytes:
        if command.startswith("auth"):
            said = "+OK accepted" if command == "auth ClueCon" else "-ERR invalid"
            return f"Content-Type: command/reply\nReply-Text: {said}\n\n".encode()
        if command.startswith("event"):
            reply = "Content-Type: command/reply\nReply-Text: +OK event listener enabled plain\n\n"
            return (reply + self._event(FAILURE) + self._event(PING)).encode()
        body = self.shown if command == "api show registrations as json" else "UP 0 years"
        event = self._event(PING)  # an event may come before the answer
        return f"{event}Content-Type: api/response\nContent-Length: {len(body)}\n\n{body}".encode()

    def _event(self, body: str) -> str:
        return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n{body}"


@pytest.fixture
def free_switch() -> Iterator[ScriptedFreeSwitch]:
    until = int((datetime.now(UTC) + timedelta(seconds=600)).timestamp())
    made = ScriptedFreeSwitch(REGISTRATIONS.format(until=until))
    yield made
    made.close()


def test_freeswitch_registrations(free_switch: ScriptedFreeSwitch) -> None:
    esl = FreeSwitchAccess("127.0.0.1", free_switch.port, "ClueCon")
    reading = freeswitch.read_registrations(esl, now)
    (contact,) = reading.contacts["2214"]
    assert (contact.address, contact.port) == ("10.20.1.14", 5062)
    assert contact.uri == "sip:2214@10.20.1.14:5062;fs_nat=yes"
    assert contact.expires_at is not None
    assert judged(reading, phone("2214", "10.20.1.14")) is Registration.UNCHECKED
    free_switch.shown = '{"row_count":0}'
    assert judged(freeswitch.read_registrations(esl, now), phone("2214")) is Registration.NONE
    free_switch.shown = "-ERR no such command"
    assert "refused" in freeswitch.read_registrations(esl, now).problem
    wrong = replace(esl, password="guess")
    assert "password is refused" in freeswitch.read_registrations(wrong, now).problem


def test_freeswitch_events_and_a_broken_session(free_switch: ScriptedFreeSwitch) -> None:
    esl = FreeSwitchAccess("127.0.0.1", free_switch.port, "ClueCon")
    board = EventBoard()
    watch = PbxWatch(
        "fs", lambda: FreeSwitchLive(esl, now), board.take, now, wait_s=0.1, pause_s=0.05
    )
    watch.start()
    try:
        eventually(lambda: bool(board.contact_events()), "no event")
        (event,) = board.security_events()
        assert (event.extension, event.address) == ("2214", "10.20.1.14")
        assert board.contact_events()[0].change is Change.UNREACHABLE
        assert board.contact_events()[0].uri == "sip:2214@10.20.1.14:5062"
        free_switch.break_sessions()
        eventually(lambda: free_switch.sessions >= 2, "it does not come back")
        eventually(lambda: watch.connected_at is not None, "it does not come back")
        assert len(board.security_events()) >= 1
    finally:
        watch.stop()
    assert watch.connected_at is None
    assert "auth ClueCon" in free_switch.commands
