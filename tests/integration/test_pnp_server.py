"""The PnP server and one exchange over real sockets on loopback."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from provisioner.errors import SipError
from provisioner.sip.message import SipRequest, SipResponse, parse_message
from provisioner.sip.notify import check_sync
from provisioner.sip.pnp import PnpAsk, PnpServer
from provisioner.sip.pnp_dialogs import Dialogs, SourceRate
from provisioner.sip.transport import RefusedError, SilenceError, exchange

URL = "http://127.0.0.1:8080/p/token/"
WAIT_S = 10


class Phone:
    """A phone that asks by PnP."""

    def __init__(self) -> None:
        self.channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.channel.bind(("127.0.0.1", 0))
        self.channel.settimeout(WAIT_S)
        self.channel.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
        )
        self.channel.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        self.port: int = self.channel.getsockname()[1]

    def subscribe(
        self,
        *,
        call_id: str = "call-1",
        event: str = 'ua-profile;profile-type="device";vendor="Yealink";model="T46U";version="108"',
        contact_host: str = "127.0.0.1",
        mac: str = "805ec0000100",
    ) -> bytes:
        uri = f"sip:MAC{mac}@224.0.1.75"
        headers = (
            ("Via", f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{call_id}"),
            ("From", f"<{uri}>;tag=phone"),
            ("To", f"<{uri}>"),
            ("Call-ID", call_id),
            ("CSeq", "1 SUBSCRIBE"),
            ("Contact", f"<sip:MAC{mac}@{contact_host}:{self.port}>"),
            ("Event", event),
        )
        return SipRequest("SUBSCRIBE", uri, headers=headers).encode()

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        self.channel.sendto(data, to)

    def receive(self) -> SipRequest | SipResponse:
        data, self.server = self.channel.recvfrom(65535)
        return parse_message(data)

    def confirm(self, notify: SipRequest, status: int = 200) -> None:
        """Answer a NOTIFY."""
        names = ("Via", "From", "To", "Call-ID", "CSeq")
        headers = tuple((name, notify.needed(name)) for name in names)
        self.send(SipResponse(status, "x", headers=headers).encode(), self.server)


@pytest.fixture
def phone() -> Iterator[Phone]:
    made = Phone()
    with closing(made.channel):
        yield made


@contextmanager
def serving(
    url_for: Callable[[PnpAsk, str], str | None],
    *,
    group: str = "127.0.0.1",
    dialogs: Dialogs | None = None,
    rate: SourceRate | None = None,
) -> Iterator[PnpServer]:
    server = PnpServer(
        url_for, group=group, port=0, interfaces=["127.0.0.1"], dialogs=dialogs, rate=rate
    )
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop,))
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        thread.join(WAIT_S)
        server.close()
    assert not thread.is_alive()


@pytest.mark.parametrize("group", ["127.0.0.1", "224.0.1.75"])
def test_phone_is_told_its_url(phone: Phone, group: str) -> None:
    asked: list[tuple[PnpAsk, str]] = []

    def url_for(ask: PnpAsk, source: str) -> str:
        asked.append((ask, source))
        return URL

    with serving(url_for, group=group) as server:
        assert server.address[0] == group
        phone.send(phone.subscribe(), server.address)
        ok = phone.receive()
        answering_from = phone.server
        notify = phone.receive()
        assert isinstance(ok, SipResponse)
        assert isinstance(notify, SipRequest)
        phone.confirm(notify)
    assert ok.status == 200
    assert notify.body.decode() == URL
    assert notify.uri == f"sip:MAC805ec0000100@127.0.0.1:{phone.port}"
    assert phone.server == answering_from == ("127.0.0.1", notify.top_via.port)
    assert notify.top_via.host == "127.0.0.1"
    assert [(ask.mac, ask.vendor, source) for ask, source in asked] == [
        ("805ec0000100", "yealink", "127.0.0.1")
    ]


def test_unanswered_notify_is_sent_three_times(phone: Phone) -> None:
    with serving(lambda _ask, _source: URL, dialogs=Dialogs(t1_s=0.02)) as server:
        phone.send(phone.subscribe(), server.address)
        assert isinstance(phone.receive(), SipResponse)
        first, second, third = (phone.receive() for _ in range(3))
        assert isinstance(first, SipRequest)
        assert first == second == third
        # What comes next is the answer to something else: there is no fourth.
        phone.send(phone.subscribe(call_id="call-2", event="presence"), server.address)
        refusal = phone.receive()
    assert isinstance(refusal, SipResponse)
    assert refusal.status == 489


class WatchedDialogs(Dialogs):
    """Dialogs that tell when a NOTIFY is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.confirmed = threading.Event()

    def answered(self, branch: str, source_host: str) -> bool:
        is_answer = super().answered(branch, source_host)
        if is_answer:
            self.confirmed.set()
        return is_answer


@pytest.mark.parametrize("status", [200, 481])
def test_phone_confirms_or_refuses_its_notify(
    phone: Phone, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    dialogs = WatchedDialogs()
    with serving(lambda _ask, _source: URL, dialogs=dialogs) as server:
        phone.send(phone.subscribe(), server.address)
        phone.receive()
        notify = phone.receive()
        assert isinstance(notify, SipRequest)
        phone.confirm(notify, 100)
        phone.confirm(notify, status)
        assert dialogs.confirmed.wait(WAIT_S)
    assert ("refuses its NOTIFY" in caplog.text) == (status == 481)


def test_repeated_subscribe_gets_the_same_200_and_no_second_notify(phone: Phone) -> None:
    asked: list[PnpAsk] = []

    def url_for(ask: PnpAsk, _source: str) -> str:
        asked.append(ask)
        return URL

    with serving(url_for, dialogs=Dialogs(t1_s=60)) as server:
        phone.send(phone.subscribe(), server.address)
        ok, notify = phone.receive(), phone.receive()
        assert isinstance(notify, SipRequest)
        phone.send(phone.subscribe(), server.address)
        assert phone.receive() == ok
        phone.send(phone.subscribe(call_id="marker", event="presence"), server.address)
        marker = phone.receive()
        assert isinstance(marker, SipResponse)
        assert marker.status == 489
    assert len(asked) == 1


def test_contact_of_another_host_is_not_sent_to(phone: Phone) -> None:
    with serving(lambda _ask, _source: URL) as server:
        phone.send(phone.subscribe(contact_host="127.0.0.99"), server.address)
        phone.receive()
        notify = phone.receive()
        assert isinstance(notify, SipRequest)
        phone.confirm(notify)
    assert notify.uri.endswith(f"@127.0.0.99:{phone.port}")


def test_silence_garbage_and_a_failing_hook(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    def url_for(ask: PnpAsk, _source: str) -> str | None:
        if ask.mac.endswith("ff"):
            raise RuntimeError("the database is away")
        return None

    with serving(url_for) as server:
        phone.send(b"\0\1garbage", server.address)
        phone.send(phone.subscribe().replace(b"SUBSCRIBE", b"OPTIONS"), server.address)
        phone.send(phone.subscribe(call_id="quiet"), server.address)
        phone.send(phone.subscribe(call_id="broken", mac="805ec00001ff"), server.address)
        phone.send(phone.subscribe(call_id="marker", event="presence"), server.address)
        only = phone.receive()
    assert isinstance(only, SipResponse)
    assert only.status == 489
    assert "the database is away" in caplog.text


def test_one_source_is_limited(phone: Phone) -> None:
    with serving(lambda _ask, _source: URL, rate=SourceRate(per_s=0, burst=2)) as server:
        for number in range(4):
            event = "presence" if number < 3 else "ua-profile"
            phone.send(phone.subscribe(call_id=f"call-{number}", event=event), server.address)
        assert [phone.receive().header("Call-ID") for _ in range(2)] == ["call-0", "call-1"]
        phone.channel.settimeout(0.2)
        with pytest.raises(TimeoutError):
            phone.receive()


def test_close_ends_the_service_and_may_be_repeated() -> None:
    server = PnpServer(lambda _ask, _source: None, group="127.0.0.1", port=0)
    thread = threading.Thread(target=server.serve, args=(threading.Event(),))
    thread.start()
    server.close()
    thread.join(WAIT_S)
    server.close()
    server.serve(threading.Event())
    assert not thread.is_alive()
    assert server.address[1] != 0


def test_port_in_use_is_a_sip_error() -> None:
    with (
        closing(PnpServer(lambda _ask, _source: None, group="127.0.0.1", port=0)) as first,
        pytest.raises(SipError) as raised,
    ):
        PnpServer(lambda _ask, _source: None, group="127.0.0.1", port=first.address[1])
    assert raised.value.permanent


# -- one exchange ---------------------------------------------------------------------------------

OPTIONS = SipRequest(
    "OPTIONS",
    "sip:214@127.0.0.1",
    headers=(
        ("From", "<sip:bellwire@127.0.0.1>;tag=1"),
        ("To", "<sip:214@127.0.0.1>"),
        ("Call-ID", "options-1"),
        ("CSeq", "1 OPTIONS"),
        ("Max-Forwards", "70"),
    ),
)


@contextmanager
def device(
    answers: Callable[[int, SipRequest], list[bytes]],
) -> Iterator[tuple[int, list[SipRequest]]]:
    """A device that answers its n-th request with ``answers(n, request)``."""
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    channel.bind(("127.0.0.1", 0))
    requests: list[SipRequest] = []

    def run() -> None:
        while (waiting := channel.recvfrom(65535))[0] != b"stop":
            request = parse_message(waiting[0])
            assert isinstance(request, SipRequest)
            requests.append(request)
            for data in answers(len(requests), request):
                channel.sendto(data, waiting[1])

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield channel.getsockname()[1], requests
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
            stopper.sendto(b"stop", channel.getsockname())
        thread.join(WAIT_S)
        channel.close()


def reply(request: SipRequest, status: int, *, via: str = "", cseq: str = "") -> bytes:
    headers = (
        ("Via", via or request.needed("Via")),
        *((name, request.needed(name)) for name in ("From", "To", "Call-ID")),
        ("CSeq", cseq or request.needed("CSeq")),
    )
    return SipResponse(status, "x", headers=headers).encode()


def test_exchange_adds_via_and_contact_and_returns_the_final_response() -> None:
    with device(lambda _n, request: [reply(request, 100), reply(request, 486)]) as (port, requests):
        response = exchange(OPTIONS, "127.0.0.1", port, timeout_s=WAIT_S)
    assert response.status == 486
    via = requests[0].top_via
    assert via.branch.startswith("z9hG4bK")
    assert "rport" in via.parameters
    assert requests[0].header("Contact") == f"<sip:bellwire@127.0.0.1:{via.port}>"


def test_exchange_sends_again_until_answered() -> None:
    with device(lambda n, request: [reply(request, 200)] if n == 3 else []) as (port, requests):
        assert exchange(OPTIONS, "127.0.0.1", port, timeout_s=WAIT_S, t1_s=0.02).status == 200
    assert requests[0] == requests[1] == requests[2]


def test_exchange_takes_only_its_own_answer() -> None:
    def answers(_number: int, request: SipRequest) -> list[bytes]:
        other = request.needed("Via").replace("z9hG4bK", "z9hG4bKother")
        return [
            b"garbage",
            request.encode(),
            reply(request, 500, via=other),
            reply(request, 501, cseq="1 NOTIFY"),
            reply(request, 200),
        ]

    with device(answers) as (port, _):
        assert exchange(OPTIONS, "127.0.0.1", port, timeout_s=WAIT_S).status == 200


def test_silence_is_not_permanent() -> None:
    with device(lambda _n, _request: []) as (port, requests), pytest.raises(SilenceError) as raised:
        exchange(OPTIONS, "127.0.0.1", port, timeout_s=0.14, t1_s=0.02)
    assert not raised.value.permanent
    assert 1 <= len(requests) <= 3


def test_refusal_is_told_from_silence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(RefusedError) as raised:
        exchange(OPTIONS, "127.0.0.1", port, timeout_s=WAIT_S)
    assert raised.value.permanent
    assert raised.value.host == "127.0.0.1"


@pytest.mark.parametrize("host", ["", "a" * 70 + ".example", "127.0.0.1\0"])
def test_impossible_hosts_are_sip_errors(host: str) -> None:
    with pytest.raises(SipError):
        exchange(OPTIONS, host, 9, timeout_s=0)


def test_request_that_cannot_be_matched_is_refused() -> None:
    with pytest.raises(SipError) as raised:
        exchange(SipRequest("OPTIONS", "sip:a@b"), "127.0.0.1", 9)
    assert raised.value.permanent


@pytest.mark.parametrize(
    "event", ["check-sync;reboot=false", "check-sync;reboot=true", "check-sync"]
)
def test_check_sync(event: str) -> None:
    with device(lambda _n, request: [reply(request, 200)]) as (port, requests):
        response = check_sync(
            "127.0.0.1", port, event=event, from_uri="sip:bellwire@pbx.example", user="214"
        )
    notify = requests[0]
    assert response.status == 200
    assert (notify.method, notify.uri) == ("NOTIFY", f"sip:214@127.0.0.1:{port}")
    assert notify.header("Event") == event
    assert notify.header("Content-Length") == "0"
    assert notify.body == b""
    assert notify.needed("From").startswith("<sip:bellwire@pbx.example>;tag=")


def test_check_sync_to_a_contact_uri() -> None:
    with device(lambda _n, request: [reply(request, 481)]) as (port, requests):
        contact = f"sip:214@127.0.0.1:{port};line=x"
        response = check_sync(contact, event="check-sync", from_uri="sip:bellwire@pbx.example")
    assert response.status == 481
    assert requests[0].uri == contact


@pytest.mark.parametrize(
    ("contact", "event", "from_uri"),
    [
        ("127.0.0.1", "check-sync\r\nX: y", "sip:a@b"),
        ("127.0.0.1", "", "sip:a@b"),
        ("127.0.0.1", "check-sync", "nobody"),
        ("sip:", "check-sync", "sip:a@b"),
        ("127.0.0.1 x", "check-sync", "sip:a@b"),
    ],
)
def test_check_sync_refuses_what_it_cannot_send(contact: str, event: str, from_uri: str) -> None:
    with pytest.raises(SipError) as raised:
        check_sync(contact, 9, event=event, from_uri=from_uri)
    assert raised.value.permanent
