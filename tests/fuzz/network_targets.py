"""What phones, PBXs and strangers send to bellwire's ports: HTTP, TFTP, SIP, AMI, FastAGI."""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from typing import Any
from urllib.parse import unquote_to_bytes

from monitors.guarding.agi import LIMIT, AgiError, commands, read_request
from monitors.probes.options_meaning import Expected, Learned, learn, options_signal
from monitors.probes.options_reading import OptionsTarget
from monitors.probes.pbx.asterisk import contact_of_ami, live_event
from monitors.probes.pbx.event_socket import EventSocket
from monitors.probes.pbx.freeswitch import contacts_of_show
from monitors.probes.pbx.freeswitch import live_event as freeswitch_event
from monitors.probes.sip_options import _answered
from provisioner.access import Reason, Verdict, authorise
from provisioner.answers import NOT_FOUND, Outcome, answer_with, events_of
from provisioner.errors import PbxError
from provisioner.identify import FetchRequest, identify
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.mac import MacAddress
from provisioner.pbx.ami import _contact
from provisioner.pbx.ami_packets import MAX_PACKET_BYTES, PacketStream
from provisioner.reports import read_report
from provisioner.resources import Resource
from provisioner.sip.digest import Credentials, NonceUse, authorization, first_answerable
from provisioner.sip.headers import MalformedMessageError, parse_address, parse_parameters
from provisioner.sip.message import SipRequest, SipResponse, parse_message
from provisioner.sip.stream import MessageStream
from provisioner.sip.ua_profile import (
    OwnEnd,
    answer,
    bad_event,
    notify_destination,
    parse_subscribe,
    response_destination,
)
from provisioner.sip.vq_collector import _first_word
from provisioner.sip.vq_report import parse_vq_report
from provisioner.tftp.limits import Limits
from provisioner.tftp.options import negotiate
from provisioner.tftp.packets import MalformedPacketError, ReadRequest, WriteRequest, parse
from provisioner.tftp.transfer import Transfer
from tests.fuzz.target import AT, EVIL, NOW, Target, catalogue
from tests.unit.test_sip_pnp import subscribe
from tests.unit.test_vq_report import AS_SNOM_DOES, BY_THE_RFC
from web.front.heads import read_head
from web.phone_plane import is_phones_path, reply_of, request_of

_PROXIES = (ip_network("10.20.0.0/30"),)
_TOKEN = "abcdefghijklmnopqrstuvwx23"
_FILE = Resource("f", "text/plain", bytes(1000), "d" * 64)


# --- HTTP -----------------------------------------------------------------------------------------
def http_head(data: bytes) -> None:
    """The front's reader: what it takes for a request is one, and nothing of it is lost."""
    head = read_head(data)
    if head is None:
        return
    assert data[: head.size].endswith(b"\r\n\r\n")
    assert data[: head.size].count(b"\r\n\r\n") == 1, "a head within a head"
    assert all(not set("\r\n\0") & set(value) for value in head.environ.values())
    _phones_request(head.environ, "10.20.0.1")


def http_plane(data: bytes) -> None:
    """What any HTTP server hands over: decoded path, raw headers."""
    lines = data.split(b"\n")
    names = ("PATH_INFO", "QUERY_STRING", "HTTP_USER_AGENT", "HTTP_IF_NONE_MATCH", "HTTP_RANGE",
             "HTTP_IF_RANGE", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO",
             "HTTP_X_SSL_CLIENT_VERIFY", "HTTP_X_SSL_CLIENT_S_DN")  # fmt: skip
    environ = {name: line.decode("latin-1") for name, line in zip(names, lines, strict=False)}
    environ.setdefault("PATH_INFO", "")
    environ["PATH_INFO"] = unquote_to_bytes(environ["PATH_INFO"].encode("latin-1")).decode(
        "latin-1"
    )
    _phones_request({"REQUEST_METHOD": "GET", **environ}, "10.20.0.1")


def _phones_request(environ: dict[str, Any], peer: str) -> None:
    path = environ["PATH_INFO"]
    is_phones_path(catalogue(), path)
    for address, proxies in ((peer, _PROXIES), ("192.0.2.9", _PROXIES), (peer, ())):
        request = request_of({**environ, "REMOTE_ADDR": address}, path, proxies)
        if address not in ("10.20.0.1",) or not proxies:
            assert request.address == address, "a stranger's word about addresses is believed"
            assert request.client_mac is None, "a stranger's word about certificates is believed"
        _look_at(request)


def _look_at(request: FetchRequest) -> None:
    identity = identify(request, catalogue())
    assert len(identity.name) <= 512
    assert "/" not in identity.name
    assert identity.name != ".."
    verdict, reason = authorise(request, identity, None, NOW)
    assert verdict is Verdict.REFUSED
    for event in events_of(request, identity, None, NOT_FOUND, reason, NOW, 1):
        assert _TOKEN not in getattr(event, "path", "")
    for found in (answer_with(request, _FILE), answer_with(request, None)):
        _, headers, body = reply_of(found)
        assert all("\r" not in v and "\n" not in v for _, v in headers)
        assert len(body) <= len(_FILE.body)
        assert found.outcome is not Outcome.PART or len(body) > 0
    assert reason in {Reason.UNKNOWN_PHONE, Reason.WRONG_TOKEN}


def user_agent(data: bytes) -> None:
    """Readers of every vendor's User-Agent."""
    identity = identify(
        FetchRequest("http", "/x", AT[0], agent=data.decode("latin-1")), catalogue()
    )
    assert len(identity.model) <= 256
    assert len(identity.firmware) <= 512


@cache
def _entry() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(mac=MacAddress("0c383e000214"), site="casa", model="fanvil/h5")


def action_url(data: bytes) -> None:
    """What a phone says of itself by an action URL."""
    report = read_report(_entry(), data.decode("latin-1"), AT[0], NOW)
    if report is None:
        return
    assert isinstance(report, PhoneReport)
    told = (report.event, report.ip, report.account, report.firmware)
    assert all(text.isprintable() and len(text) <= 64 and text.isascii() for text in told), told


# --- TFTP -----------------------------------------------------------------------------------------
_LIMITS = Limits()


def tftp_packet(data: bytes) -> None:
    """A datagram on the port: what is understood means the same when written anew."""
    packet = parse(data)
    if isinstance(packet, ReadRequest | WriteRequest):
        assert parse(packet.encode()) == packet
        terms = negotiate(packet.options, 20_000, _LIMITS)
        assert 8 <= terms.blksize <= _LIMITS.blksize_max
        assert 1 <= terms.windowsize <= _LIMITS.windowsize_max
        assert len(terms.accepted) <= len(packet.options)
        _look_at(FetchRequest("tftp", packet.name, AT[0]))


def tftp_transfer(data: bytes) -> None:
    """Answers to a transfer, by somebody who does not play by the rules."""
    size = int.from_bytes(data[:2], "big")
    options = (
        (("blksize", str(data[2] * 8)), ("windowsize", str(data[3])))[: data[4] % 3]
        if len(data) > 4
        else ()
    )
    transfer = Transfer(bytes(size), negotiate(options, size, _LIMITS), _LIMITS, 0.0)
    now, sent = 0.0, len(transfer.begin(0.0))
    for at in range(5, len(data), 5):
        now += data[at] / 64
        if transfer.outcome is not None:
            break
        flight = transfer.receive(data[at + 1 : at + 5], now)
        flight += (
            transfer.tick(now) if transfer.outcome is None and now >= transfer.deadline else []
        )
        assert len(flight) <= 2 * _LIMITS.windowsize_max + 2, "one packet is answered by very many"
        sent += len(flight)


# --- SIP ------------------------------------------------------------------------------------------
_OWN = OwnEnd(("10.20.0.1", 5060), "tag", "z9hG4bKbranch")


def sip_message(data: bytes) -> None:
    """A datagram: what is understood can be written, and means the same again."""
    message = parse_message(data)
    again = parse_message(message.encode())
    assert (again.start_line, again.body) == (message.start_line, message.body)
    for name in ("From", "To", "Contact", "Via", "Event"):
        for value in message.headers_named(name):
            _quietly(parse_address, value)
            parse_parameters(value)
    assert message.cseq.method
    assert message.top_via.branch is not None


def _quietly(read: Any, *given: Any) -> None:
    try:
        read(*given)
    except MalformedMessageError:
        return


def sip_pnp(data: bytes) -> None:
    """A SUBSCRIBE for a profile, answered as the PnP server does."""
    request = parse_message(data)
    if not isinstance(request, SipRequest) or request.method != "SUBSCRIBE":
        return
    response_destination(request, AT)
    bad_event(request, AT, "tag")
    ask = parse_subscribe(request)
    if ask is None:
        return
    host, port = notify_destination(ask.contact_uri, AT)
    assert host == AT[0], "an answer is sent to somebody else"
    assert 0 < port < 65536
    for made in answer(request, ask, "http://10.20.0.1/p/x/", AT, _OWN):
        written = parse_message(made)
        assert len(made) < 2 * len(data) + 2048, "the answer is much longer than the question"
        assert isinstance(written, SipRequest | SipResponse)


def sip_stream(data: bytes) -> None:
    """SIP over TCP, in two pieces."""
    stream = MessageStream()
    half = len(data) // 2
    for part in (data[:half], data[half:]):
        stream.feed(part)
    assert len(stream._waiting) <= 2 * 65_536


def sip_options_answer(data: bytes) -> None:
    """The answer to an OPTIONS: what it means for the phone that was asked."""
    response = parse_message(data)
    if not isinstance(response, SipResponse):
        return
    target = OptionsTarget("k", AT[0])
    reading = _answered(target, response, 0.01, 1)
    expected = Expected(MacAddress("0c383e000214"), catalogue().models["fanvil/h5"])
    options_signal(catalogue(), reading, Learned(), expected, NOW)
    learn(catalogue(), Learned(), reading, expected)


def sip_challenge(data: bytes) -> None:
    """WWW-Authenticate headers, answered."""
    found = first_answerable(data.decode("latin-1").split("\n"))
    if found is not None:
        uri = "sip:pbx.example"
        made = authorization(found, Credentials("214", "secret"), "REGISTER", uri, NonceUse(1, "c"))
        assert "\r" not in made
        assert "\n" not in made


def vq_report(data: bytes) -> None:
    """RTCP-XR as phones report it (RFC 6035)."""
    report = parse_vq_report(data)
    assert all(len(str(value)) <= 256 for value in vars_of(report).values())
    assert 0 <= (report.loss_percent or 0) <= 100


def vars_of(thing: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots."""
    return {name: getattr(thing, name) for name in thing.__dataclass_fields__}


def vq_publish(data: bytes) -> None:
    """A PUBLISH as a whole."""
    request = parse_message(data)
    if isinstance(request, SipRequest):
        _first_word(request, "Content-Type")
        response_destination(request, AT)
        vq_report(request.body)


# --- PBX ------------------------------------------------------------------------------------------
def _said(data: bytes) -> socket.socket:
    """A socket on which somebody has said this and hung up."""
    near, far = socket.socketpair()
    with far:
        far.sendall(data[:60_000])
    return near


def ami(data: bytes) -> None:
    """Packets of Asterisk's manager."""
    stream = PacketStream(_said(data), "pbx", 1.0)
    try:
        while True:
            packet = stream.packet(time.monotonic() + 5)
            assert sum(map(len, packet.values())) <= MAX_PACKET_BYTES
            live_event(packet, NOW)
            contact_of_ami(_contact(packet))
    except PbxError:
        return
    finally:
        stream.close()


def event_socket(data: bytes) -> None:
    """Packets of FreeSWITCH's event socket."""
    session = EventSocket(_said(data), "pbx", 1.0)
    try:
        while True:
            headers = session.event(1.0)
            if headers is None:
                return
            freeswitch_event(headers, NOW)
    except PbxError:
        return
    finally:
        session.close()


def freeswitch_list(data: bytes) -> None:
    """Registrations as JSON."""
    list(contacts_of_show("pbx", data.decode(errors="replace")))


def fast_agi(data: bytes) -> None:
    """A question of the PBX about a call; its values can be set as variables."""
    reader = _Reader(data)
    request = _run(read_request(reader, "10.20.0.5"))  # type: ignore[arg-type]
    made = commands({"X": request.arguments[0] if request.arguments else "", "Y": "1"})
    assert all(command.count(b"\n") == 1 for command in made)
    assert len(request.arguments) < 100


class _Reader:
    """As much of a StreamReader as ``read_request`` uses, without a loop."""

    def __init__(self, data: bytes) -> None:
        self._data = data[:LIMIT]

    async def readuntil(self, end: bytes) -> bytes:
        """What comes up to and with ``end``."""
        at = self._data.find(end)
        if at < 0:
            raise asyncio.IncompleteReadError(self._data, None)
        return self._data[: at + len(end)]


def _run(work: Any) -> Any:
    try:
        work.send(None)
    except StopIteration as ended:
        return ended.value
    raise AssertionError("it waits")


_SUBSCRIBE = subscribe().encode()
_PUBLISH = (
    replace(
        subscribe(),
        method="PUBLISH",
        headers=(*tuple((n, "1 PUBLISH" if n == "CSeq" else "vq-rtcpxr" if n == "Event" else v) for n, v in subscribe().headers), ("Content-Type", "application/vq-rtcpxr")),
        body=BY_THE_RFC,
    )
    .encode()
)  # fmt: skip
_OK = (
    b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.20.0.1:5060;branch=z9hG4bK1;rport=5060;received=10.20.0.1\r\n"
    b"From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"
    b"User-Agent: Fanvil H5 2.12.4 0c383e000214\r\nAllow: INVITE\r\nContent-Length: 0\r\n\r\n"
)
_SIP_WORDS = (
    b"SUBSCRIBE sip:MAC%3a805ec0000100@224.0.1.75 SIP/2.0", b"SIP/2.0", b"Via: ", b"v: ", b";branch=z9hG4bK",
    b";rport", b";received=", b";maddr=", b"From: ", b"To: ", b";tag=", b"CSeq: 1 SUBSCRIBE", b"Call-ID: ",
    b"Contact: <sip:a@10.20.0.7:5060>", b"m: ", b"Content-Length: ", b"l: 0", b"Event: ua-profile",
    b";profile-type=\"device\"", b";vendor=\"Yealink\"", b";model=", b";version=", b"sip:", b"sips:", b"<", b">",
    b"@", b"[::1]", b"%3a", b"[2001:db8::1%25eth0]", b"tel:+1", b";self=1", b"\"", b"\\\"",
)  # fmt: skip
_HTTP_WORDS = (
    b"GET ", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"Host: h\r\n", b"/p/abcdefghijklmnopqrstuvwx23/", b"0c383e000214.cfg",
    b"User-Agent: ", b"Connection: ", b"close", b"keep-alive", b"X-Forwarded-For: ", b"X-Forwarded-Proto: https\r\n",
    b"X-SSL-Client-Verify: SUCCESS\r\n", b"X-SSL-Client-S-DN: CN=0c383e000214\r\n", b"If-None-Match: ", b"Range: bytes=",
    b"bytes=0-3", b"bytes=-5", b"bytes=9999-", b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Te: x",
    b"\r\n ", b" :", b"10.20.0.2", b"::ffff:10.20.0.1", b"/ui/", b"/api/", b"//", b"/./", b"?", b"#", b"%2f", b"%5c",
    b"snomD717.htm", b"y000000000108.cfg", b".boot", b"event?e=", b"CN=80:5E:C0:00:01:00,O=Yealink",
)  # fmt: skip
_AGENTS = (
    b"Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00", b"Fanvil H5 2.12.4 0c383e000214",
    b"Mozilla/4.0 (compatible; snomD717-SIP 10.1.54.13 2010.12-00001 00041300ffff SXM:0 UXM:0)",
    b"Fanvil;H2U-V2;2.12.1;0c383e000214", b"Gigaset N870 IP PRO/83.V2.50.0+build.1;7c2f80000001",
    b"Mozilla/4.0 (compatible; snom870-SIP 8.4.35 SPEAr300 SNOM 1.4)", b"Yealink W70B 146.85.0.20 805ec0000100",
    b"VOIP PHONE", b"curl/8.5",
)  # fmt: skip
_AMI = (
    b"Event: ContactStatus\r\nURI: sip:2101@10.20.1.5:5060\r\nContactStatus: Reachable\r\nAOR: 2101\r\nRoundtripUsec: 3001\r\n\r\n"
    b"Event: ContactList\r\nObjectName: 2101;@8a\r\nExpirationTime: 1763812345\r\nViaAddr: 10.20.1.5\r\nViaPort: 5060\r\n\r\n"
    b"Event: InvalidPassword\r\nEventTV: 2026-11-22T10:00:00.123+0000\r\nService: PJSIP\r\nAccountID: 2101\r\n"
    b"RemoteAddress: IPV4/UDP/192.0.2.7/5060\r\n\r\n"
)
_ESL = (
    b"Content-Type: auth/request\n\nContent-Length: 90\nContent-Type: text/event-plain\n\n"
    b"Event-Subclass: sofia%3A%3Aregister\nfrom-user: 2101\ncontact: %22%22%20%3Csip%3A2101%4010.20.1.5%3E\n"
)
_AGI_ASK = (
    b"agi_network: yes\nagi_network_script: guard\nagi_request: agi://h/guard\nagi_channel: PJSIP/2101-1\n"
    b"agi_callerid: 2101\nagi_arg_1: out\nagi_arg_2: +34911234567\n\n"
)

TARGETS = (
    Target("http-head", http_head, (
        b"GET /p/abcdefghijklmnopqrstuvwx23/0c383e000214.cfg?a=1 HTTP/1.1\r\nHost: h\r\nUser-Agent: " + _AGENTS[0]
        + b"\r\nX-Forwarded-For: 1.2.3.4, 10.20.0.2\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    ), (*_HTTP_WORDS, *EVIL)),
    Target("http-plane", http_plane, (
        b"/p/abcdefghijklmnopqrstuvwx23/0c383e000214.cfg\na=1\n" + _AGENTS[1] + b"\n\"abc\"\nbytes=0-9\n\n"
        b"1.2.3.4\nhttps\nSUCCESS\nCN=0c383e000214",
        b"/805ec0000100.boot\n\n" + _AGENTS[0], b"/snomD717-00041300FFFF.htm\n\n" + _AGENTS[2],
    ), (*_HTTP_WORDS, *_AGENTS, *EVIL)),
    Target("user-agent", user_agent, _AGENTS, EVIL, most=1024),
    Target("action-url", action_url, (
        b"e=registered&mac=0c383e000214&ip=10.20.1.5&user=2101&firmware=2.12.4", b"name=offhook&ip=%24ip",
    ), (b"e=", b"&mac=", b"&ip=", b"&user=", b"&firmware=", b"%0d%0a", b"%u0041", *EVIL), most=2048),
    Target("tftp-packet", tftp_packet, (
        b"\0\1805ec0000100.boot\0octet\0blksize\0001428\0tsize\0000\0windowsize\00016\0timeout\0003\0",
        b"\0\1/p/abcdefghijklmnopqrstuvwx23/x.cfg\0netascii\0", b"\0\2x\0octet\0", b"\0\3\0\1abc", b"\0\4\0\1",
        b"\0\5\0\1no\0", b"\0\6blksize\000512\0",
    ), (b"blksize\0", b"tsize\0", b"windowsize\0", b"timeout\0", b"octet\0", b"65464\0", b"\0\1", *EVIL),
        (MalformedPacketError,), 1400),
    Target("tftp-transfer", tftp_transfer, (
        b"\x10\x00\x40\x04\x02" + b"".join(b"\1\0\4" + n.to_bytes(2, "big") for n in range(12)), b"\xff\xff\x01\xff\x02\1\0\4\0\0",
    ), (b"\0\4", b"\0\5", b"\0\4\xff\xff"), (), 400),
    Target("sip-message", sip_message, (_SUBSCRIBE, _PUBLISH, _OK), (*_SIP_WORDS, *EVIL), (MalformedMessageError,)),
    Target("sip-pnp", sip_pnp, (_SUBSCRIBE,), (*_SIP_WORDS, *EVIL), (MalformedMessageError,)),
    Target("sip-stream", sip_stream, (_OK + b"\r\n\r\n" + _OK, _PUBLISH + _SUBSCRIBE), (*_SIP_WORDS, *EVIL), (MalformedMessageError,)),
    Target("sip-options-answer", sip_options_answer, (_OK, _OK.replace(b"200 OK", b"486 Busy")), (*_SIP_WORDS, *_AGENTS, *EVIL), (MalformedMessageError,)),
    Target("sip-challenge", sip_challenge, (
        b'Digest realm="asterisk",nonce="1763/abc",opaque="x",algorithm=MD5,qop="auth"', b'Digest realm="a", nonce="b", algorithm=SHA-256',
    ), (b"Digest ", b"realm=", b"nonce=", b"qop=", b'"auth,auth-int"', b"algorithm=MD5-sess", b"stale=true", *EVIL), (MalformedMessageError,)),
    Target("vq-report", vq_report, (BY_THE_RFC, AS_SNOM_DOES), (
        b"VQSessionReport: CallTerm\r\n", b"VQIntervalReport\r\n", b"VQAlertReport: Type=NLR\r\n", b"LocalMetrics:\r\n",
        b"RemoteMetrics:\r\n", b"QualityEst:", b"MOSLQ=", b"PacketLoss:NLR=", b"LocalMAC: ", b"Delay:RTD=", b"IP=", *EVIL,
    ), (MalformedMessageError,), 8192),
    Target("vq-publish", vq_publish, (_PUBLISH,), (*_SIP_WORDS, b"vq-rtcpxr", *EVIL), (MalformedMessageError,), 8192),
    Target("ami", ami, (_AMI,), (
        b"Event: ", b"ContactStatus", b"ContactList", b"ChallengeResponseFailed", b"InvalidPassword", b"InvalidAccountID", b"\r\n\r\n",
        b"RemoteAddress: IPV4/UDP/1.2.3.4/5", b"IPV6/TLS/::1/5", b"EventTV: ", b"ExpirationTime: ", b"99999999999", *EVIL,
    ), (PbxError,)),
    Target("freeswitch-events", event_socket, (_ESL,), (
        b"Content-Length: ", b"Content-Type: ", b"text/event-plain", b"text/disconnect-notice", b"Event-Subclass: sofia%3A%3Aregister_failure",
        b"network-ip: ", b"\n\n", b"sofia%3A%3Asip_user_state", b"Ping-Status: REACHABLE", *EVIL,
    ), (PbxError,)),
    Target("freeswitch-list", freeswitch_list, (
        (b'{"row_count":1,"rows":[{"reg_user":"2101","url":"sofia/internal/sip:2101@10.20.1.5:5060","expires":"1763812345",'
        b'"network_ip":"10.20.1.5","network_port":"5060"}]}'), b'{"row_count":0}',
    ), (b'"rows":', b'"expires":"99999999999"', b'"network_port":"99999"', b"null", b"[", b"{", b"1e400", *EVIL), (PbxError,)),
    Target("fast-agi", fast_agi, (_AGI_ASK,), (b"agi_arg_99: x\n", b"agi_arg_", b"agi_", b": ", b"\n\n", b"HANGUP\n", *EVIL), (AgiError, ValueError)),
)  # fmt: skip
