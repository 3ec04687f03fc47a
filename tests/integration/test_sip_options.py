"""The OPTIONS probe against sipp as phones: answers, refusals, silence, UDP, TCP and TLS."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitors.probes.options_meaning import Expected, Learned, learn, options_signal
from monitors.probes.options_reading import OptionsReading, OptionsTarget, Outcome, Transport
from monitors.probes.sip_options import Pace, probe_phones
from monitors.signals import Options
from provisioner.catalogue.loader import load
from provisioner.mac import MacAddress
from provisioner.sip.message import SipRequest
from provisioner.sip.stream import MessageStream
from tests.simulators.asterisk import free_port
from tests.simulators.sipp import SKIP_REASON, SippPhone, has_sipp

needs_sipp = pytest.mark.skipif(not has_sipp(), reason=SKIP_REASON)
MAC = MacAddress("805ec0000100")
NOTHING = Learned()


def probe(port: int, transport: Transport = Transport.UDP, t1_s: float = 0.5) -> OptionsReading:
    (reading,) = probe_phones([OptionsTarget("x", "127.0.0.1", port, transport, "2214")], t1_s=t1_s)
    return reading


def meaning(
    reading: OptionsReading, learned: Learned = NOTHING, *, filtered: bool = False
) -> Options:
    expected = Expected(MAC, load().models["yealink/t46u"], "digest", filtered)
    now = datetime.now(UTC).replace(tzinfo=None)
    return options_signal(load(), reading, learned, expected, now).value


@needs_sipp
@pytest.mark.parametrize(
    ("status", "reason", "means"),
    [
        (200, "OK", Options.ALIVE),
        (404, "Not Found", Options.NOT_FOUND),
        (480, "Temporarily Unavailable", Options.UNAVAILABLE),
        (486, "Busy Here", Options.ALIVE),
        (503, "Service Unavailable", Options.OVERLOADED),
        (403, "Forbidden", Options.FILTERED),
    ],
)
def test_what_a_phone_answers(tmp_path: Path, status: int, reason: str, means: Options) -> None:
    with SippPhone(tmp_path, status, reason, headers="Retry-After: 30\n") as phone:
        reading = probe(phone.port)
    assert (reading.outcome, reading.status, reading.reason) == (Outcome.ANSWERED, status, reason)
    assert reading.agent == "Yealink SIP-T46U 108.86.0.20"
    assert reading.retry_after == "30"
    assert reading.sends == 1
    assert reading.rtt_s is not None
    assert 0 < reading.rtt_s < 1
    assert meaning(reading) is means


@needs_sipp
def test_silence_is_held_against_a_phone_that_answered_before(tmp_path: Path) -> None:
    expected = Expected(MAC, load().models["yealink/t46u"], "digest")
    with SippPhone(tmp_path, 200) as phone:
        learned = learn(load(), Learned(), probe(phone.port), expected)
    with SippPhone(tmp_path, 0) as phone:
        began = time.monotonic()
        reading = probe(phone.port)
        took_s = time.monotonic() - began
    assert (reading.outcome, reading.sends, reading.rtt_s) == (Outcome.SILENT, 3, None)
    assert 3.4 < took_s < 4.5
    assert meaning(reading) is Options.NEVER_ANSWERED
    assert meaning(reading, learned) is Options.SILENT
    assert meaning(reading, learned, filtered=True) is Options.SILENT  # it did answer us
    assert meaning(reading, filtered=True) is Options.FILTERED


@contextmanager
def deaf_socket() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(5)
        yield phone


def test_it_is_sent_three_times_and_no_more() -> None:
    with deaf_socket() as phone:
        heard: list[tuple[float, bytes]] = []
        ended = threading.Event()

        def listen() -> None:
            phone.settimeout(0.05)
            while not ended.is_set():
                try:
                    heard.append((time.monotonic(), phone.recv(65535)))
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        reading = probe(phone.getsockname()[1], t1_s=0.2)
        ended.set()
        thread.join()
    assert reading.outcome is Outcome.SILENT
    times = [at - heard[0][0] for at, _ in heard]
    assert times == pytest.approx([0, 0.2, 0.6], abs=0.1)
    assert len({data for _, data in heard}) == 1  # the same branch: one transaction


def test_an_answer_to_another_request_does_not_count() -> None:
    with deaf_socket() as phone:

        def answer() -> None:
            data, source = phone.recvfrom(65535)
            text = data.decode().replace("OPTIONS sip:", "SIP/2.0 200 OK\r\nX: sip:", 1)
            phone.sendto(b"\x00 no SIP", source)
            phone.sendto(text.replace("branch=z9hG4bK", "branch=z9hG4bKother").encode(), source)
            phone.sendto(text.replace("1 OPTIONS", "1 NOTIFY").encode(), source)
            phone.sendto(text.replace("200 OK", "100 Trying").encode(), source)

        thread = threading.Thread(target=answer)
        thread.start()
        reading = probe(phone.getsockname()[1], t1_s=0.1)
        thread.join()
    assert (reading.outcome, reading.status) == (Outcome.SILENT, 0)


def test_a_closed_port_is_a_refusal_and_not_silence() -> None:
    port = free_port(socket.SOCK_DGRAM)
    began = time.monotonic()
    reading = probe(port)
    assert reading.outcome is Outcome.REFUSED
    assert meaning(reading) is Options.REFUSED
    assert time.monotonic() - began < 1
    assert probe(free_port(socket.SOCK_STREAM), Transport.TCP).outcome is Outcome.REFUSED
    assert probe(free_port(socket.SOCK_STREAM), Transport.TLS).outcome is Outcome.REFUSED


@needs_sipp
def test_by_tcp(tmp_path: Path) -> None:
    with SippPhone(tmp_path, 480, "Temporarily Unavailable", transport="tcp") as phone:
        reading = probe(phone.port, Transport.TCP)
    assert (reading.outcome, reading.status, reading.sends) == (Outcome.ANSWERED, 480, 1)


@needs_sipp
def test_a_tcp_phone_that_says_nothing_is_asked_once(tmp_path: Path) -> None:
    with SippPhone(tmp_path, 0, transport="tcp") as phone:
        reading = probe(phone.port, Transport.TCP, t1_s=0.1)
    assert (reading.outcome, reading.sends) == (Outcome.SILENT, 1)


def certificate(folder: Path) -> Path:
    """A phone's: signed by itself, and long expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "805ec0000100")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2010, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    file = folder / "phone.pem"
    pem = serialization.Encoding.PEM
    no_password = serialization.NoEncryption()
    written = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password)
    file.write_bytes(written + made.public_bytes(pem))
    return file


@contextmanager
def tls_phone(folder: Path, *, speaks_tls: bool = True) -> Iterator[int]:
    """A phone that answers one OPTIONS by TLS, in two pieces; or plain text instead of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def serve() -> None:
        plain, _ = listening.accept()
        plain.settimeout(10)
        if not speaks_tls:
            plain.sendall(b"SIP/2.0 400 no TLS here\r\n\r\n")
            plain.close()
            return
        with context.wrap_socket(plain, server_side=True) as channel:
            stream = MessageStream()
            asked: list[object] = []
            while not asked:
                asked += stream.feed(channel.recv(65535))
            request = asked[0]
            assert isinstance(request, SipRequest)
            assert request.top_via.transport == "TLS"
            headers = "".join(
                f"{n}: {request.needed(n)}\r\n" for n in ("Via", "From", "To", "Call-ID", "CSeq")
            )
            answer = f"\r\n\r\nSIP/2.0 200 OK\r\n{headers}Server: Snom\r\nl: 2\r\n\r\nhi".encode()
            channel.sendall(answer[:30])
            channel.sendall(answer[30:])
            channel.recv(1)

    def quiet() -> None:
        try:
            serve()
        except OSError:
            return

    thread = threading.Thread(target=quiet)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        thread.join()
        listening.close()


def test_by_tls_with_a_phones_own_certificate(tmp_path: Path) -> None:
    with tls_phone(tmp_path) as port:
        reading = probe(port, Transport.TLS)
    assert (reading.outcome, reading.status) == (Outcome.ANSWERED, 200)
    assert reading.agent == "Snom"
    assert meaning(reading) is Options.OTHER_DEVICE


def test_no_tls_at_a_tls_port_is_a_reading(tmp_path: Path) -> None:
    with tls_phone(tmp_path, speaks_tls=False) as port:
        reading = probe(port, Transport.TLS)
    assert reading.outcome is Outcome.FAILED
    assert reading.problem.startswith("TLS")
    assert meaning(reading) is Options.UNKNOWN


@needs_sipp
def test_many_at_once_keep_their_order_and_the_pace(tmp_path: Path) -> None:
    closed = free_port(socket.SOCK_DGRAM)
    with SippPhone(tmp_path, 200) as here, SippPhone(tmp_path, 404, "Not Found") as lost:
        ports = [(here.port, 200), (lost.port, 404), (closed, 0)] * 30
        targets = [OptionsTarget(str(n), "127.0.0.1", p) for n, (p, _) in enumerate(ports)]
        began = time.monotonic()
        readings = probe_phones(targets, Pace(per_s=100, at_once=20))
        took_s = time.monotonic() - began
    assert [r.key for r in readings] == [str(n) for n in range(90)]
    assert [r.status for r in readings] == [status for _, status in ports]
    assert took_s > 0.85


@pytest.mark.parametrize(
    ("host", "outcome"),
    [
        ("no-such-phone.invalid", {Outcome.FAILED}),
        ("bad host", {Outcome.FAILED}),
        ("255.255.255.255", {Outcome.FAILED}),
    ],
)
def test_a_probe_never_raises(host: str, outcome: set[Outcome]) -> None:
    (reading,) = probe_phones([OptionsTarget("x", host, user="a b\r\nc")], t1_s=0.05)
    assert reading.outcome in outcome
    assert reading.problem
