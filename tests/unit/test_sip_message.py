"""Reading and building SIP messages; bad input has one error only."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sipmessage.via import VIA_EXCEPTION

from provisioner.sip.headers import (
    parse_address,
    parse_parameters,
    parse_uri,
    parse_vias,
    tag_of,
)
from provisioner.sip.message import (
    MAX_HEADERS,
    MAX_MESSAGE_BYTES,
    MalformedMessageError,
    SipRequest,
    SipResponse,
    parse_message,
)

OPTIONS = (
    b"OPTIONS sip:214@10.20.0.14:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.20.0.1:5070;branch=z9hG4bKabc;rport\r\n"
    b"Max-Forwards: 70\r\n"
    b'From: "bellwire" <sip:bellwire@10.20.0.1>;tag=f1\r\n'
    b"To: <sip:214@10.20.0.14>\r\n"
    b"Call-ID: c1\r\n"
    b"CSeq: 7 OPTIONS\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"body"
)
RESPONSE = (
    b"SIP/2.0 200 OK\r\n"
    b"v: SIP/2.0/UDP 10.20.0.1:5070;branch=z9hG4bKabc;rport=5070;received=10.20.0.1,"
    b" SIP/2.0/UDP [2001:db8::1];branch=z9hG4bKold\r\n"
    b"f: <sip:bellwire@10.20.0.1>;tag=f1\r\n"
    b"t: <sip:214@10.20.0.14>;tag=t1\r\n"
    b"i: c1\r\n"
    b"CSeq: 7 OPTIONS\r\n"
    b"m: <sip:214@10.20.0.14:5060>\r\n"
    b"l: 0\r\n"
    b"\r\n"
)


def with_header(line: bytes) -> bytes:
    return OPTIONS.replace(b"Max-Forwards: 70\r\n", line + b"\r\n")


def test_request_is_read() -> None:
    request = parse_message(OPTIONS)
    assert isinstance(request, SipRequest)
    assert (request.method, request.uri) == ("OPTIONS", "sip:214@10.20.0.14:5060")
    assert request.body == b"body"
    assert (request.cseq.number, request.cseq.method) == (7, "OPTIONS")
    assert (request.top_via.host, request.top_via.port) == ("10.20.0.1", 5070)
    assert request.top_via.branch == "z9hG4bKabc"
    assert request.header("call-id") == "c1"


def test_response_with_compact_headers_is_read() -> None:
    response = parse_message(RESPONSE)
    assert isinstance(response, SipResponse)
    assert (response.status, response.reason, response.is_final) == (200, "OK", True)
    assert response.header("Contact") == "<sip:214@10.20.0.14:5060>"
    assert response.top_via.branch == "z9hG4bKabc"
    assert [via.host for via in parse_vias(response.needed("Via"))] == ["10.20.0.1", "2001:db8::1"]


def test_encoding_what_was_read_gives_the_same_bytes() -> None:
    assert parse_message(OPTIONS).encode() == OPTIONS


def test_bytes_that_are_not_utf8_survive() -> None:
    data = with_header(b"Subject: Z\xfcrich")
    read = parse_message(data)
    assert b"Subject: Z\xfcrich\r\n" in read.encode()


def test_leading_line_ends_are_skipped() -> None:
    assert parse_message(b"\r\n\r\n" + OPTIONS) == parse_message(OPTIONS)


def test_folded_header_is_one_value() -> None:
    message = parse_message(with_header(b"Event : ua-profile;\r\n\tvendor=x;\r\n  model=y"))
    assert message.header("Event") == "ua-profile; vendor=x; model=y"


def test_body_beyond_content_length_is_dropped() -> None:
    assert parse_message(OPTIONS + b"trailing").body == b"body"


def test_body_without_content_length_is_the_rest() -> None:
    assert parse_message(OPTIONS.replace(b"Content-Length: 4\r\n", b"")).body == b"body"


@pytest.mark.parametrize(
    "status_line", [b"SIP/2.0 486 Busy Here", b"SIP/2.0 486 ", b"SIP/2.0 486", b"sip/2.0 486 x"]
)
def test_status_line_may_lack_its_phrase(status_line: bytes) -> None:
    message = parse_message(RESPONSE.replace(b"SIP/2.0 200 OK", status_line))
    assert isinstance(message, SipResponse)
    assert message.status == 486


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        OPTIONS.removesuffix(b"\r\nbody"),
        OPTIONS.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
        OPTIONS.replace(b"OPTIONS sip", b"OPT IONS sip"),
        OPTIONS.replace(b"Call-ID: c1\r\n", b""),
        OPTIONS.replace(b"7 OPTIONS", b"7 NOTIFY"),
        OPTIONS.replace(b"7 OPTIONS", b"4294967296 OPTIONS"),
        OPTIONS.replace(b"Content-Length: 4", b"Content-Length: 5"),
        OPTIONS.replace(b"Content-Length: 4", b"Content-Length: -1"),
        OPTIONS.replace(b"Content-Length: 4", b"Content-Length: 4\r\nl: 3"),
        OPTIONS.replace(b"5070;branch", b"99999;branch"),
        RESPONSE.replace(b"200 OK", b"99 OK"),
        RESPONSE.replace(b"200 OK", "٢٠٠ OK".encode()),
        with_header(b"no colon here"),
        with_header(b": no name"),
        with_header(b"X: a\0b"),
        with_header(b"X: a\nY: b"),
        with_header(b"X: a\rY: b"),
        with_header(b"Via: x").replace(b"Via: SIP/2.0/UDP", b"X:", 1),
        OPTIONS.replace(b";rport", b";self=1"),
        with_header(b"X: " + b"a" * MAX_MESSAGE_BYTES),
        with_header(b"\r\n".join([b"X: 1"] * MAX_HEADERS)),
    ],
)
def test_malformed_messages_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        parse_message(data)


def touch_everything(message: SipRequest | SipResponse) -> None:
    """Read what callers read."""
    assert message.top_via.host
    assert message.cseq.number >= 0
    for name in ("Contact", "From", "To", "Event"):
        for value in message.headers_named(name):
            tag_of(value)
            parse_parameters(value)
            with suppress(MalformedMessageError):
                parse_address(value)
    assert parse_message(message.encode()).headers


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    with suppress(MalformedMessageError):
        parse_message(data)


@given(
    base=st.sampled_from([OPTIONS, RESPONSE]),
    edits=st.lists(
        st.tuples(
            st.integers(0, 420),
            st.integers(0, 30),
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"\r\n", b";", b'"', b"%zz", b"<", b";self=1", b"\xff", b":", b","]
                ),
            ),
        ),
        max_size=6,
    ),
)
@example(base=OPTIONS, edits=[(60, 0, b";self=1")])
def test_mutated_messages_raise_nothing_else(
    base: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    data = bytearray(base)
    for at, length, inserted in edits:
        data[at : at + length] = inserted
    try:
        message = parse_message(bytes(data))
    except MalformedMessageError:
        return
    touch_everything(message)


@given(st.text(max_size=60))
def test_values_inside_headers_raise_nothing_else(text: str) -> None:
    parse_parameters(text)
    tag_of(text)
    for read in (parse_uri, parse_address, parse_vias):
        with suppress(MalformedMessageError):
            read(text)


def test_refusals_leave_nothing_behind() -> None:
    # sipmessage 0.7.1 raises a module-level exception object, which would keep every frame.
    for _ in range(3):
        with pytest.raises(MalformedMessageError):
            parse_vias("rubbish")
    assert VIA_EXCEPTION.__traceback__ is None


@pytest.mark.parametrize(
    "value", ["a\r\nX: b", "a\nb", "a\rb", "a\0", "a\x7f", "a\x85b", "a\ud800", "a\tb"]
)
def test_built_headers_refuse_control_characters(value: str) -> None:
    with pytest.raises(MalformedMessageError):
        SipRequest("OPTIONS", "sip:a@b", headers=(("Subject", value),))
    with pytest.raises(MalformedMessageError):
        SipResponse(200, value)


@pytest.mark.parametrize(
    ("method", "uri", "name"),
    [
        ("OPT IONS", "sip:a@b", "Subject"),
        ("", "sip:a@b", "Subject"),
        ("OPTIONS", "sip:a@b SIP/2.0\r\nX: y", "Subject"),
        ("OPTIONS", "", "Subject"),
        ("OPTIONS", "sip:a@b", "Sub ject"),
        ("OPTIONS", "sip:a@b", "Subject:"),
        ("OPTIONS", "sip:a@b", ""),
    ],
)
def test_built_start_lines_and_names_are_checked(method: str, uri: str, name: str) -> None:
    with pytest.raises(MalformedMessageError):
        SipRequest(method, uri, headers=((name, "x"),))


def test_built_message_that_is_too_large_is_refused() -> None:
    with pytest.raises(MalformedMessageError):
        SipResponse(200, body=b"x" * MAX_MESSAGE_BYTES).encode()


def test_content_length_is_always_right() -> None:
    response = SipResponse(200, "OK", headers=(("content-length", "99"),), body=b"abc")
    assert response.encode() == b"SIP/2.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"


@pytest.mark.parametrize(
    ("value", "text", "user", "host", "port"),
    [
        ("<sip:MAC0015@10.0.0.5:5059>", "sip:MAC0015@10.0.0.5:5059", "MAC0015", "10.0.0.5", 5059),
        ("sip:10.0.0.5:5060", "sip:10.0.0.5:5060", "", "10.0.0.5", 5060),
        ("sip:a@b;tag=x", "sip:a@b", "a", "b", None),
        ('"a <b>" <sip:a@b;line=1>;expires=0', "sip:a@b;line=1", "a", "b", None),
        ("Zimmer 214 ü <sip:a@b>, <sip:c@d>", "sip:a@b", "a", "b", None),
        (
            "<SIP:MAC%3a0004@[2001:db8::1]>",
            "SIP:MAC%3a0004@[2001:db8::1]",
            "MAC:0004",
            "2001:db8::1",
            None,
        ),
    ],
)
def test_addresses_are_read(value: str, text: str, user: str, host: str, port: int | None) -> None:
    uri = parse_address(value)
    assert (uri.text, uri.user, uri.host, uri.port) == (text, user, host, port)


@pytest.mark.parametrize(
    "value",
    ["", "*", "tel:+" + "1" * 1000 + "x", "<tel:+1>", "sip:", "<sip:a@b:0>", "sip:" + "a" * 2000],
)
def test_bad_addresses_are_refused(value: str) -> None:
    with pytest.raises(MalformedMessageError):
        parse_address(value)


def test_parameters_quoted_or_not() -> None:
    read = parse_parameters(
        'ua-profile ; Vendor = "a;\\"b" ;model=VOIP PHONE;flag;model=later;v="open'
    )
    assert read == {"vendor": 'a;"b', "model": "VOIP PHONE", "flag": "", "v": "open"}
