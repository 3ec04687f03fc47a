"""What an answer to OPTIONS, or silence, says of a phone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.probes.options_meaning import (
    Expected,
    Learned,
    SameDevice,
    learn,
    meaning_of_status,
    options_signal,
    same_device,
)
from monitors.probes.options_reading import OptionsReading, OptionsTarget, Outcome, Transport
from monitors.signals import Options
from provisioner.catalogue.loader import load
from provisioner.mac import MacAddress
from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.message import SipResponse
from provisioner.sip.options import options_request, request_uri
from provisioner.sip.stream import MessageStream

CATALOGUE = load()
NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
NOTHING = Learned()
MAC = MacAddress("805ec0000100")
T46U = Expected(MAC, CATALOGUE.models["yealink/t46u"], "new")
ANSWERED = OptionsReading("x", NOW, Outcome.ANSWERED, 200, "OK", "Yealink SIP-T46U 108.86.0.20")
SILENT = OptionsReading("x", NOW, Outcome.SILENT, sends=3, problem="no answer within 3.5 s")


def means(
    reading: OptionsReading, learned: Learned = NOTHING, expected: Expected = T46U
) -> Options:
    return options_signal(CATALOGUE, reading, learned, expected, NOW).value


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Options.ALIVE),
        (302, Options.ALIVE),
        (400, Options.ALIVE),
        (401, Options.ALIVE),
        (403, Options.FILTERED),
        (404, Options.NOT_FOUND),
        (405, Options.ALIVE),
        (407, Options.ALIVE),
        (408, None),
        (477, None),
        (480, Options.UNAVAILABLE),
        (486, Options.ALIVE),
        (488, Options.ALIVE),
        (500, Options.OVERLOADED),
        (501, Options.ALIVE),
        (503, Options.OVERLOADED),
        (504, Options.OVERLOADED),
        (600, Options.ALIVE),
        (603, Options.ALIVE),
    ],
)
def test_statuses(status: int, meaning: Options | None) -> None:
    assert meaning_of_status(status) is meaning


@given(st.integers(200, 699))
def test_every_final_status_means_something(status: int) -> None:
    assert meaning_of_status(status) is not Options.UNKNOWN


def test_silence() -> None:
    answered_now = Learned("new", 200, ANSWERED.agent, NOW - timedelta(minutes=1))
    answered_before = replace(answered_now, digest="old")
    filtered = replace(T46U, only_from_registrar=True)
    assert means(SILENT) is Options.NEVER_ANSWERED
    assert means(SILENT, answered_now) is Options.SILENT
    assert means(SILENT, answered_before) is Options.NEVER_ANSWERED
    # it shows by answering that it does not filter us
    assert means(SILENT, answered_now, filtered) is Options.SILENT
    assert means(SILENT, answered_before, filtered) is Options.FILTERED
    # a proxy's 408 is no better
    assert means(replace(ANSWERED, status=408), answered_now) is Options.SILENT
    # and the system's "no such host" is silence too, for an ARP filter looks the same
    assert means(replace(SILENT, outcome=Outcome.UNREACHABLE)) is Options.NEVER_ANSWERED


def test_a_phone_without_a_configuration_is_not_blamed() -> None:
    assert means(SILENT, Learned(), replace(T46U, digest="")) is Options.NEVER_ANSWERED


def test_our_own_trouble_says_nothing_of_the_phone() -> None:
    broken = OptionsReading("x", NOW, Outcome.FAILED, problem="Network is unreachable")
    assert means(broken, Learned("new")) is Options.UNKNOWN


def test_what_is_learned() -> None:
    before = Learned("old", 404, "a", NOW)
    assert learn(CATALOGUE, before, ANSWERED, T46U) == Learned("new", 200, ANSWERED.agent, NOW)
    for other in (
        SILENT,
        replace(ANSWERED, status=408),
        replace(ANSWERED, agent="snomD735/10.1.169.16"),
        replace(ANSWERED, outcome=Outcome.REFUSED),
    ):
        assert learn(CATALOGUE, before, other, T46U) is before


@pytest.mark.parametrize(
    ("model", "agent", "same"),
    [
        ("yealink/t46u", "Yealink SIP-T46U 108.86.0.20", SameDevice.YES),
        ("yealink/t46u", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", SameDevice.YES),
        ("yealink/t46u", "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:01", SameDevice.NO),
        ("yealink/t46u", "Yealink SIP-T31P 124.86.0.40", SameDevice.NO),
        ("yealink/t46u", "Yealink SIP-T9999 124.86.0.40", SameDevice.UNTOLD),
        ("yealink/t46u", "snomD735/10.1.169.16", SameDevice.NO),
        ("yealink/t46u", "Grandstream GXP2170 1.0.11.3", SameDevice.NO),
        ("yealink/t46u", "Asterisk PBX 20.5.0", SameDevice.NO),
        ("yealink/t46u", "My hotel's Yealink phone", SameDevice.UNTOLD),
        ("yealink/t46u", "", SameDevice.UNTOLD),
        ("fanvil/h5", "Fanvil H5 2.12.0 805ec0000100", SameDevice.YES),
        ("fanvil/h5", "Fanvil X6U 2.12.0", SameDevice.NO),
        ("snom/d717", "snomD717/10.1.169.16", SameDevice.YES),
        ("snom/d717", "snomD735/10.1.169.16", SameDevice.NO),
    ],
)
def test_the_device_that_answers(model: str, agent: str, same: SameDevice) -> None:
    assert same_device(CATALOGUE, agent, Expected(MAC, CATALOGUE.models[model])) is same


def test_a_model_nobody_knows_is_not_compared() -> None:
    assert same_device(CATALOGUE, "Asterisk", Expected(MAC)) is SameDevice.UNTOLD


def test_another_device_is_named() -> None:
    reading = replace(ANSWERED, agent="Grandstream GXP2170 1.0.11.3")
    signal = options_signal(CATALOGUE, reading, Learned(), T46U, NOW + timedelta(seconds=7))
    assert signal.value is Options.OTHER_DEVICE
    assert signal.measured == "Grandstream GXP2170 1.0.11.3 answers"
    assert signal.age_s == 7


@given(st.text(max_size=700))
def test_no_agent_raises(agent: str) -> None:
    assert same_device(CATALOGUE, agent, T46U) in SameDevice


def test_a_reading_for_people() -> None:
    assert replace(ANSWERED, rtt_s=0.0124).measured == "200 OK after 12 ms"
    assert replace(ANSWERED, rtt_s=0.6, sends=2).measured == "200 OK after 600 ms, sent 2 times"
    assert SILENT.measured == "no answer within 3.5 s"


def test_ports_and_uris() -> None:
    assert OptionsTarget("x", "h").port_in_use == 5060
    assert OptionsTarget("x", "h", transport=Transport.TLS).port_in_use == 5061
    assert request_uri("10.0.0.1", 5060, "2214") == "sip:2214@10.0.0.1"
    assert request_uri("10.0.0.1", 5062) == "sip:10.0.0.1:5062"
    assert request_uri("2001:db8::1", 5060, "1", "tls") == "sip:1@[2001:db8::1]:5060;transport=tls"


def test_the_request_is_new_each_time() -> None:
    first, second = (
        options_request("sip:2214@10.0.0.1", from_uri="sip:bellwire@10.0.0.9") for _ in "12"
    )
    assert first.needed("Max-Forwards") == "70"
    assert first.needed("Accept") == "application/sdp"
    assert first.needed("Call-ID") != second.needed("Call-ID")
    assert first.needed("From") != second.needed("From")


HEADERS = (
    ("Via", "SIP/2.0/TCP 10.0.0.9;branch=z9hG4bK1"),
    ("From", "<sip:a@b>;tag=1"),
    ("To", "<sip:a@b>;tag=2"),
    ("Call-ID", "x"),
    ("CSeq", "1 OPTIONS"),
)


@given(st.lists(st.binary(max_size=60), max_size=5), st.lists(st.integers(1, 50)))
def test_messages_come_whole_out_of_a_stream(bodies: list[bytes], cuts: list[int]) -> None:
    sent = [SipResponse(200, "OK", headers=HEADERS, body=body) for body in bodies]
    data = b"\r\n\r\n".join([b"", *(message.encode() for message in sent), b""])
    stream, got = MessageStream(), []
    for cut in cuts:
        got += stream.feed(data[:cut])
        data = data[cut:]
    got += stream.feed(data)
    assert [message.body for message in got] == bodies


@pytest.mark.parametrize(
    "data",
    [
        b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n",
        b"x" * 70_000,
        b"SIP/2.0 200 OK\r\nContent-Length: 99999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_stream_that_is_no_sip(data: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        MessageStream().feed(data)
