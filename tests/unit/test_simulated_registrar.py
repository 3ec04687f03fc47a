"""The simulated PBX and simulated phones, against each other on loopback."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from provisioner.errors import SipError
from provisioner.sip.headers import MalformedMessageError, host_port, new_token
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.notify import check_sync
from provisioner.sip.transport import exchange
from web.simulated.device import SimAccount, SimKey
from web.simulated.registrar import SERVER, Registrar
from web.simulated.rtp import DigitReader, RtpPacket, digit_payloads, parse_rtp
from web.simulated.sdp import Session, parse_session
from web.simulated.sip_dialog import Dialog
from web.simulated.sip_engine import SipEngine
from web.simulated.sip_line import SipLine
from web.simulated.sip_link import SipLink
from web.simulated.sip_subscription import MessageSummary, lamp, message_summary
from web.simulated.sip_user import SipUser

HOST = "pbx.aurora.example"
SECRETS = {"100": "reception;", "2214": 'a"b\\c', "2215": "bath", "2216": "absent"}
AGENT = "Yealink SIP-T46U 108.86.0.20"

MakePhone = Callable[..., SipUser]


@pytest.fixture
def engine() -> Iterator[SipEngine]:
    with SipEngine() as engine:
        yield engine


@pytest.fixture
def registrar() -> Iterator[Registrar]:
    with Registrar(SECRETS) as registrar:
        yield registrar


@pytest.fixture
def phone(engine: SipEngine, registrar: Registrar) -> Iterator[MakePhone]:
    made: list[SipUser] = []

    def make(extension: str = "100", secret: str | None = None, **more: object) -> SipUser:
        known = SECRETS[extension] if secret is None else secret
        account = replace(SimAccount(1, extension, extension, known, HOST), **more)
        made.append(SipUser(engine, [account], AGENT, lambda _host: registrar.address))
        return made[-1]

    yield make
    for each in made:
        each.close()


def statuses(user: SipUser) -> list[int]:
    return [result.status for result in user.register()]


def ask(registrar: Registrar, method: str, uri: str = "sip:pbx", **headers: str) -> int:
    """Send one request of a stranger and return the status."""
    fields = {
        "From": f"<sip:100@pbx>;tag={new_token()}",
        "To": f"<{uri}>",
        "Call-ID": new_token(),
        "CSeq": f"1 {method}",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    request = SipRequest(method, uri, headers=tuple(fields.items()))
    return exchange(request, *registrar.address).status


class TestRegistering:
    def test_the_right_secret(self, registrar: Registrar, phone: MakePhone) -> None:
        before = datetime.now(UTC)
        reception = phone("100", expires_s=120)
        assert statuses(reception) == [200]
        (contact,) = registrar.contacts()
        assert (contact.extension, contact.user_agent) == ("100", AGENT)
        assert contact.uri == f"sip:100@{host_port(*reception.address)}"
        assert contact.expires_at <= datetime.now(UTC) + timedelta(seconds=120)
        assert contact.expires_at >= before + timedelta(seconds=120)

    def test_a_secret_with_quotes(self, phone: MakePhone) -> None:
        assert statuses(phone("2214")) == [200]

    def test_the_wrong_secret(self, registrar: Registrar, phone: MakePhone) -> None:
        results = phone("100", "guessed").register()
        assert [(x.account, x.status, x.reason) for x in results] == [(1, 403, "Forbidden")]
        assert registrar.contacts() == []

    def test_an_unknown_user(self, phone: MakePhone) -> None:
        assert statuses(phone("100", user="999", auth_user="999")) == [403]

    def test_the_credentials_of_another(self, phone: MakePhone) -> None:
        assert statuses(phone("100", user="2215")) == [403]

    def test_several_accounts(self, engine: SipEngine, registrar: Registrar) -> None:
        accounts = [
            SimAccount(1, "100", "", SECRETS["100"], HOST),
            SimAccount(2, "2214", "2214", "wrong", HOST),
            SimAccount(3, "2215", "2215", SECRETS["2215"], HOST, transport="tls"),
        ]
        with SipUser(engine, accounts, AGENT, lambda _host: registrar.address) as user:
            assert [(x.account, x.status) for x in user.register()] == [
                (1, 200),
                (2, 403),
                (3, 503),
            ]

    def test_closing_takes_the_contact_back(self, registrar: Registrar, phone: MakePhone) -> None:
        reception = phone("100")
        reception.register()
        reception.close()
        assert registrar.contacts() == []

    def test_a_lost_phone_stays_registered(self, registrar: Registrar, phone: MakePhone) -> None:
        reception = phone("100")
        reception.register()
        reception.close(goodbye=False)
        assert [contact.extension for contact in registrar.contacts()] == ["100"]

    def test_a_refresh_before_the_end_with_a_stale_nonce(self, engine: SipEngine) -> None:
        account = SimAccount(1, "100", "100", SECRETS["100"], HOST)
        with (
            Registrar(SECRETS, longest_s=1, nonce_lifetime_s=0.1) as registrar,
            SipUser(engine, [account], AGENT, lambda _host: registrar.address) as user,
        ):
            assert statuses(user) == [200]
            assert user.wait_registered(3, 20)
            assert [each.status for each in user.registrations] == [200]

    def test_a_nonce_that_is_always_stale_is_no_endless_loop(self, engine: SipEngine) -> None:
        account = SimAccount(1, "100", "100", SECRETS["100"], HOST)
        with (
            Registrar(SECRETS, nonce_lifetime_s=-1) as registrar,
            SipUser(engine, [account], AGENT, lambda _host: registrar.address) as user,
        ):
            assert statuses(user) == [401]

    def test_nobody_answers(self, engine: SipEngine) -> None:
        account = SimAccount(1, "100", "100", "", "127.0.0.1", port=9)
        with SipUser(engine, [account], AGENT) as user:
            (result,) = user.register(timeout_s=0.05)
            assert (result.status, result.reason) == (408, "no answer within 0.05 s")

    def test_hundreds_of_phones(self, engine: SipEngine) -> None:
        secrets = {str(number): f"s{number}" for number in range(3000, 3300)}
        with Registrar(secrets) as registrar:
            users = [
                SipUser(engine, [SimAccount(1, x, x, y, HOST)], AGENT, lambda _h: registrar.address)
                for x, y in secrets.items()
            ]
            assert all(statuses(user) == [200] for user in users)
            assert len(registrar.contacts()) == 300
            for user in users:
                user.close()
            assert registrar.contacts() == []


class TestAsking:
    def test_options_of_the_registrar(self, registrar: Registrar) -> None:
        headers = (
            ("From", "<sip:x@y>;tag=1"),
            ("To", "<sip:pbx>"),
            ("Call-ID", new_token()),
            ("CSeq", "1 OPTIONS"),
        )
        answer = exchange(SipRequest("OPTIONS", "sip:pbx", headers=headers), *registrar.address)
        assert (answer.status, answer.header("Server")) == (200, SERVER)

    @pytest.mark.parametrize(
        ("method", "status"),
        [("PUBLISH", 405), ("INVITE", 407), ("REGISTER", 401), ("BYE", 404), ("SUBSCRIBE", 489)],
    )
    def test_strangers(self, registrar: Registrar, method: str, status: int) -> None:
        assert ask(registrar, method) == status

    def test_too_many_hops(self, registrar: Registrar, phone: MakePhone) -> None:
        phone("100").register()
        assert ask(registrar, "INFO", "sip:100@pbx", Max_Forwards="0") == 483

    def test_no_relay_to_third_parties(self, registrar: Registrar) -> None:
        assert ask(registrar, "BYE", "sip:x@127.0.0.1:9") == 404

    def test_options_of_a_phone(self, phone: MakePhone) -> None:
        host, port = phone("100").address
        headers = (
            ("From", "<sip:x@y>;tag=1"),
            ("To", "<sip:100@pbx>"),
            ("Call-ID", new_token()),
            ("CSeq", "1 OPTIONS"),
        )
        request = SipRequest("OPTIONS", "sip:100@pbx", headers=headers)
        answer = exchange(request, host, port)
        assert (answer.status, answer.header("User-Agent")) == (200, AGENT)
        assert "INVITE" in answer.needed("Allow")

    @pytest.mark.parametrize(("method", "status"), [("REFER", 405), ("SING", 501), ("BYE", 481)])
    def test_what_a_phone_does_not_do(self, phone: MakePhone, method: str, status: int) -> None:
        headers = (
            ("From", "<sip:x@y>;tag=1"),
            ("To", "<sip:100@pbx>"),
            ("Call-ID", new_token()),
            ("CSeq", f"1 {method}"),
        )
        request = SipRequest(method, "sip:100@pbx", headers=headers)
        assert exchange(request, *phone("100").address).status == status

    def test_a_port_that_is_taken(self, registrar: Registrar) -> None:
        with pytest.raises(SipError):
            Registrar({}, *registrar.address).start()


class TestNotify:
    @pytest.mark.parametrize(
        ("event", "is_reboot"),
        [
            ("check-sync", False),
            ("check-sync;reboot=false", False),
            ("check-sync;reboot=true", True),
        ],
    )
    def test_check_sync(
        self, registrar: Registrar, phone: MakePhone, event: str, is_reboot: bool
    ) -> None:
        reception = phone("100")
        seen: queue.Queue[tuple[bool, str]] = queue.Queue()
        reception.on_check_sync = lambda reboot: seen.put((reboot, threading.current_thread().name))
        reception.register()
        (contact,) = registrar.contacts()
        assert check_sync(contact.uri, event=event, from_uri="sip:bellwire@pbx").status == 200
        reboot, thread = seen.get(timeout=10)
        assert reboot is is_reboot
        assert thread != "bellwire-sip-engine"

    def test_a_callback_may_register_again(self, registrar: Registrar, phone: MakePhone) -> None:
        reception = phone("100")
        reception.register()
        seen: queue.Queue[list[int]] = queue.Queue()
        reception.on_check_sync = lambda _reboot: seen.put(statuses(reception))
        check_sync(registrar.contacts()[0].uri, event="check-sync", from_uri="sip:bellwire@pbx")
        assert seen.get(timeout=10) == [200]

    def test_other_events(self, phone: MakePhone) -> None:
        host, port = phone("100").address
        for event, status in {"presence": 489, "dialog": 481}.items():
            answer = check_sync(host, port, event=event, from_uri="sip:bellwire@pbx", user="100")
            assert answer.status == status

    def test_a_lamp(self, phone: MakePhone) -> None:
        reception = phone("100")
        reception.register()
        assert reception.subscribe_blf("2214") == 200
        assert reception.wait_blf("2214", "idle")
        assert phone("2215", "wrong").subscribe_blf("2214") == 403

    def test_the_mail_box(self, phone: MakePhone) -> None:
        reception = phone("100", mwi=True)
        reception.register()
        assert reception.wait_messages(is_waiting=False)
        assert not reception.messages_waiting


@pytest.fixture
def guest(phone: MakePhone) -> SipUser:
    user = phone("2214", display_name='Room "214"')
    user.register()
    return user


@pytest.fixture
def reception(phone: MakePhone) -> SipUser:
    user = phone("100")
    user.register()
    return user


def lose_first_copies(monkeypatch: pytest.MonkeyPatch, user: SipUser) -> None:
    """Let every datagram of a phone be lost the first time."""
    endpoint = user._link._endpoint
    send = endpoint.send
    lost: set[bytes] = set()

    def send_second(data: bytes, to: tuple[str, int]) -> bool:
        if data in lost:
            return send(data, to)
        lost.add(data)
        return True

    monkeypatch.setattr(endpoint, "send", send_second)


SPEED_DIAL = SimKey("line-1", "speed_dial", "100")


class TestCalls:
    def test_ring_answer_and_hang_up(self, guest: SipUser, reception: SipUser) -> None:
        call = guest.press(SPEED_DIAL)
        assert call is not None
        assert call.wait("ringing")
        ringing = reception.wait_call()
        assert ringing is not None
        assert (ringing.peer_number, ringing.state) == ("2214", "ringing")
        ringing.answer()
        assert call.wait("answered")
        assert (call.status, call.peer_number, call.account) == (200, "100", 1)
        call.hang_up()
        assert ringing.wait("ended")
        assert ringing.reason == "the other side hung up"
        assert call.states == ("calling", "ringing", "answered", "ended")

    def test_the_called_side_hangs_up(self, guest: SipUser, reception: SipUser) -> None:
        reception.on_incoming = "answer"
        call = guest.call("100")
        assert call.wait("answered")
        theirs = reception.wait_call()
        assert theirs is not None
        theirs.hang_up()
        assert call.wait("ended")
        assert call.states[-2:] == ("answered", "ended")

    def test_answered_and_hung_up_at_once(self, guest: SipUser, reception: SipUser) -> None:
        call = guest.call("100")
        theirs = reception.wait_call()
        assert theirs is not None
        theirs.answer()
        theirs.hang_up()
        assert call.wait("ended")
        assert call.status == 200

    def test_auto_answer(self, guest: SipUser, phone: MakePhone) -> None:
        phone("100", auto_answer=True).register()
        assert guest.call("100").wait("answered")

    def test_busy(self, guest: SipUser, reception: SipUser) -> None:
        reception.on_incoming = "busy"
        call = guest.call("100")
        assert call.wait("ended")
        assert (call.status, call.wait("answered")) == (486, False)

    def test_refused(self, guest: SipUser, reception: SipUser) -> None:
        call = guest.call("100")
        ringing = reception.wait_call()
        assert ringing is not None
        ringing.hang_up()
        assert call.wait("ended")
        assert call.status == 486
        with pytest.raises(ValueError, match="is ended"):
            ringing.answer()

    def test_cancelled(self, guest: SipUser, reception: SipUser) -> None:
        call = guest.call("100")
        ringing = reception.wait_call()
        assert ringing is not None
        call.cancel()
        assert call.wait("ended")
        assert ringing.wait("ended")
        assert (call.status, ringing.status) == (487, 487)

    @pytest.mark.usefixtures("reception")
    def test_cancelled_before_it_rings(self, guest: SipUser) -> None:
        call = guest.call("100")
        call.hang_up()
        assert call.wait("ended")
        assert call.status == 487

    @pytest.mark.parametrize(("number", "status"), [("999", 404), ("2216", 480), ("*5#", 404)])
    def test_nobody_there(self, guest: SipUser, number: str, status: int) -> None:
        call = guest.call(number)
        assert call.wait("ended")
        assert call.status == status

    def test_the_wrong_secret(self, phone: MakePhone, reception: SipUser) -> None:
        call = phone("2215", "wrong").call("100")
        assert call.wait("ended")
        assert call.status == 403
        assert reception.calls == ()

    def test_calling_oneself(self, reception: SipUser) -> None:
        reception.on_incoming = "answer"
        call = reception.call("100")
        assert call.wait("answered")
        call.hang_up()
        theirs = reception.wait_call()
        assert theirs is not None
        assert theirs.wait("ended")

    def test_closing_hangs_up(self, guest: SipUser, reception: SipUser) -> None:
        reception.on_incoming = "answer"
        call = guest.call("100")
        assert call.wait("answered")
        reception.close()
        assert call.wait("ended")

    def test_each_datagram_is_lost_once(
        self, monkeypatch: pytest.MonkeyPatch, guest: SipUser, reception: SipUser
    ) -> None:
        for user in (guest, reception):
            lose_first_copies(monkeypatch, user)
        call = guest.call("100")
        theirs = reception.wait_call(20)
        assert theirs is not None
        theirs.answer()
        assert call.wait("answered", 20)
        call.send_dtmf("5", "info")
        assert theirs.wait_dtmf("5", 20)
        call.hang_up()
        assert theirs.wait("ended", 20)

    def test_a_refusal_is_lost_once(
        self, monkeypatch: pytest.MonkeyPatch, guest: SipUser, reception: SipUser
    ) -> None:
        lose_first_copies(monkeypatch, reception)
        reception.on_incoming = "busy"
        call = guest.call("100")
        assert call.wait("ended", 20)
        assert call.status == 486

    def test_an_offer_in_the_ack_and_a_second_invite(
        self, engine: SipEngine, phone: MakePhone
    ) -> None:
        reception = phone("100", auto_answer=True)
        answers: queue.Queue[tuple[SipResponse, tuple[str, int]]] = queue.Queue()
        link = SipLink(
            engine, ("127.0.0.1", 0), lambda _request, _source: None, lambda *_stray: None
        )
        account = SimAccount(1, "8", "8", "", "stranger.example")
        line = SipLine(account, link, "x", reception.address)

        def send(request: SipRequest) -> SipResponse:
            link.request(request, reception.address, lambda *answer: answers.put(answer))
            while True:
                response, _ = answers.get(timeout=10)
                if response.is_final:
                    return response

        invite = line.new_request("INVITE", "sip:100@x", "sip:100@x")
        response = send(invite)
        offer = parse_session(response.body)
        assert offer.codecs == (0, 8)
        dialog = Dialog.from_response(invite, response, reception.address)
        theirs = reception.wait_call()
        assert theirs is not None
        answer = Session("127.0.0.1", 9, (8,)).encode(1)
        link.send(link.with_via(dialog.request("ACK", (), answer, cseq=1)), dialog.address)
        again = send(dialog.request("INVITE", line.own_headers, answer))
        assert again.status == 200
        assert parse_session(again.body) == offer
        link.send(link.with_via(dialog.request("ACK", cseq=dialog.cseq)), dialog.address)
        assert theirs.other_requests == ["INVITE"]
        assert send(dialog.request("BYE")).status == 200
        assert theirs.wait("ended")
        assert send(dialog.request("INFO")).status == 481
        link.close()

    def test_no_common_codec(self, phone: MakePhone) -> None:
        host, port = phone("100").address
        headers = (
            ("From", "<sip:x@y>;tag=1"),
            ("To", "<sip:100@pbx>"),
            ("Call-ID", new_token()),
            ("CSeq", "1 INVITE"),
        )
        request = SipRequest(
            "INVITE", "sip:100@pbx", headers=headers, body=Session("127.0.0.1", 9, ()).encode(1)
        )
        assert exchange(request, host, port).status == 488

    def test_sound_flows_when_asked_for(self, guest: SipUser, reception: SipUser) -> None:
        reception.on_incoming, reception.media = "answer", True
        call = guest.call("100", media=True)
        assert call.wait("answered")
        theirs = reception.wait_call()
        assert theirs is not None
        reached = threading.Event()
        deadline = 500
        while not (call.rtp_packets > 5 and theirs.rtp_packets > 5) and deadline:
            reached.wait(0.02)
            deadline -= 1
        assert deadline


class TestDigits:
    @pytest.mark.parametrize("how", ["rfc4733", "info"])
    def test_both_ways(self, guest: SipUser, reception: SipUser, how: str) -> None:
        reception.on_incoming = "answer"
        call = guest.call("100")
        assert call.wait("answered")
        theirs = reception.wait_call()
        assert theirs is not None
        call.send_dtmf("1155*#", how)
        call.send_dtmf("D", how)
        theirs.send_dtmf("09", how)
        assert theirs.wait_dtmf("1155*#D")
        assert call.wait_dtmf("09")
        assert (theirs.received_dtmf, call.received_dtmf) == ("1155*#D", "09")
        assert ("INFO" in theirs.other_requests) is (how == "info")

    def test_a_door_key_as_the_account_says(self, phone: MakePhone, reception: SipUser) -> None:
        door = phone("2215", dtmf="info", auto_answer=True)
        door.register()
        call = reception.call("2215")
        assert call.wait("answered")
        theirs = door.wait_call()
        assert theirs is not None
        assert door.press(SimKey("line-1", "door_open", "#")) is theirs
        assert call.wait_dtmf("#")
        assert call.other_requests == ["INFO"]

    @pytest.mark.usefixtures("reception")
    def test_no_call_no_digits(self, guest: SipUser) -> None:
        assert guest.press(SimKey("line-1", "dtmf", "#")) is None
        call = guest.call("100")
        assert call.wait("ringing")
        with pytest.raises(ValueError, match="is ringing"):
            call.send_dtmf("1")

    def test_no_digit(self, guest: SipUser, reception: SipUser) -> None:
        reception.on_incoming = "answer"
        call = guest.call("100")
        assert call.wait("answered")
        with pytest.raises(ValueError, match="not digits"):
            call.send_dtmf("1x")


class TestKeys:
    def test_keys_that_do_nothing(self, guest: SipUser) -> None:
        assert guest.press(SimKey("line-1", "line")) is None
        assert guest.press(SimKey("line-1", "none")) is None

    @pytest.mark.parametrize("kind", ["paging", "url", "record", "dnd", "conference"])
    def test_keys_that_make_no_call(self, guest: SipUser, kind: str) -> None:
        with pytest.raises(ValueError, match="makes no SIP call"):
            guest.press(SimKey("line-1", kind, "100"))

    def test_a_key_without_a_number_or_account(self, guest: SipUser) -> None:
        with pytest.raises(ValueError, match="has no number"):
            guest.press(SimKey("line-1", "blf"))
        with pytest.raises(ValueError, match="no account 2"):
            guest.press(SimKey("line-1", "blf", "100", account=2))

    def test_the_pickup_code_while_it_rings(self, guest: SipUser) -> None:
        key = SimKey("line-1", "blf", "100", pickup="**")
        guest.blf["100"] = "ringing"
        call = guest.press(key)
        assert call is not None
        assert call.peer_number == "**100"
        assert call.wait("ended")


def test_a_server_that_cannot_be_named(engine: SipEngine) -> None:
    with pytest.raises(MalformedMessageError):
        SipUser(engine, [SimAccount(1, "1", "1", "", "no host")], AGENT, lambda _host: ("h", 1))


def test_closing_after_the_engine(registrar: Registrar) -> None:
    account = SimAccount(1, "100", "100", SECRETS["100"], HOST)
    with SipEngine() as engine:
        user = SipUser(engine, [account], AGENT, lambda _host: registrar.address)
        assert statuses(user) == [200]
        call = user.call("100")
        assert call.wait("ringing")
    assert not user.wait_blf("2214", "busy")
    user.close()
    assert call.state == "ended"


def test_the_engine_does_not_wait_for_itself(engine: SipEngine) -> None:
    seen: queue.Queue[BaseException] = queue.Queue()

    def wait() -> None:
        try:
            engine.wait_for(lambda: True, 1)
        except RuntimeError as error:
            seen.put(error)

    engine.later(0, wait)
    assert "must not wait" in str(seen.get(timeout=10))


def test_a_fault_does_not_end_the_engine(
    engine: SipEngine, caplog: pytest.LogCaptureFixture
) -> None:
    done = threading.Event()
    engine.later(0, lambda: 1 / 0)
    engine.later(0, done.set)
    assert done.wait(10)
    assert "ZeroDivisionError" in caplog.text


def dialog_info(*dialogs: str) -> bytes:
    return f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info">{"".join(dialogs)}</dialog-info>'.encode()


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (dialog_info(), "idle"),
        (dialog_info('<dialog id="1"><state>terminated</state></dialog>'), "idle"),
        (dialog_info('<dialog id="1"><state>confirmed</state></dialog>'), "busy"),
        (
            dialog_info('<dialog id="1" direction="recipient"><state>early</state></dialog>'),
            "ringing",
        ),
        (dialog_info('<dialog id="1" direction="initiator"><state>early</state></dialog>'), "busy"),
        (
            dialog_info(
                '<dialog id="1"><state>confirmed</state></dialog>',
                '<dialog id="2"><state>early</state></dialog>',
            ),
            "ringing",
        ),
    ],
)
def test_lamp(body: bytes, state: str) -> None:
    assert lamp(body) == state


def test_lamp_of_nonsense() -> None:
    with pytest.raises(MalformedMessageError):
        lamp(b"<dialog-info>")


def test_message_summary() -> None:
    body = b"Messages-Waiting: yes\r\nMessage-Account: sip:*97@pbx\r\nVoice-Message: 2/8 (0/2)\r\n"
    assert message_summary(body) == MessageSummary(is_waiting=True, new=2, old=8)
    assert message_summary(b"") == MessageSummary(is_waiting=False)


def event_packets(digit: str, timestamp: int) -> list[RtpPacket]:
    return [RtpPacket(101, n, timestamp, 7, each) for n, each in enumerate(digit_payloads(digit))]


class TestDigitReader:
    def test_a_digit_counts_once(self) -> None:
        reader = DigitReader()
        packets = event_packets("5", 1000) + event_packets("5", 4000)
        assert "".join(reader.read(packet) for packet in packets) == "55"

    def test_a_lost_end(self) -> None:
        reader = DigitReader()
        packets = event_packets("1", 1000)[:-3] + event_packets("2", 4000)
        assert "".join(reader.read(packet) for packet in packets) == "12"

    def test_a_late_packet(self) -> None:
        reader = DigitReader()
        first, second = event_packets("1", 1000), event_packets("2", 4000)
        packets = [*first[:-1], *second, first[-1]]
        assert "".join(reader.read(packet) for packet in packets) == "12"

    def test_other_events(self) -> None:
        assert DigitReader().read(RtpPacket(101, 1, 1, 1, b"\x10\x80\x00\xa0")) == ""
        assert DigitReader().read(RtpPacket(101, 1, 1, 1, b"")) == ""


def test_rtp_round_trip() -> None:
    packet = RtpPacket(101, 65535, 2**32 - 1, 7, b"xy", marker=True)
    assert parse_rtp(packet.encode()) == packet
    extended = bytes([0x90]) + packet.encode()[1:12] + b"\0\0\0\1abcd" + b"xy"
    assert parse_rtp(extended) == packet
    with pytest.raises(MalformedMessageError):
        parse_rtp(b"\x80")


def test_session_round_trip() -> None:
    session = Session("127.0.0.1", 4000)
    assert parse_session(session.encode(1)) == session


def test_session_of_asterisk() -> None:
    body = (
        b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Asterisk\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
        b"m=audio 12000 RTP/AVP 9 8 0 96\r\nc=IN IP4 10.0.0.2\r\na=rtpmap:9 G722/8000\r\n"
        b"a=rtpmap:96 telephone-event/8000\r\nm=video 0 RTP/AVP 34\r\nc=IN IP4 10.0.0.3\r\n"
    )
    offer = parse_session(body)
    assert offer == Session("10.0.0.2", 12000, (8, 0), 96)
    assert Session("127.0.0.1", 5000).answer_to(offer) == Session("127.0.0.1", 5000, (8,), 96)
    assert Session("127.0.0.1", 5000).answer_to(Session("h", 1, ())) is None
    with pytest.raises(MalformedMessageError):
        parse_session(b"v=0\r\n")
