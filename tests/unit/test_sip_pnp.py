"""What phones ask by PnP, what they are told and where it goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.sip.message import (
    MalformedMessageError,
    SipRequest,
    SipResponse,
    parse_message,
)
from provisioner.sip.pnp import OwnEnd, answer, notify_destination, parse_subscribe
from provisioner.sip.pnp_dialogs import Datagram, Dialogs, SourceRate
from provisioner.sip.ua_profile import bad_event, response_destination

YEALINK_EVENT = (
    'ua-profile;profile-type="device";vendor="yealink";model="W52P";version="25.81.0.10"'
)
SOURCE = ("10.0.0.5", 5059)
OWN = OwnEnd(("10.0.0.1", 40000), "ourtag", "z9hG4bKours")
URL = "https://prov.aurora.example/p/0123456789abcdef/"


def subscribe(
    *,
    uri: str = "sip:MAC001565aabbcc@224.0.1.75",
    event: str | None = YEALINK_EVENT,
    contact: str | None = "<sip:MAC001565aabbcc@10.0.0.5:5059>",
    from_: str | None = None,
    agent: str = "Yealink W52P 25.81.0.10",
    via: str = "SIP/2.0/UDP 10.0.0.5:5059;branch=z9hG4bK1",
) -> SipRequest:
    headers = [
        ("Via", via),
        ("From", from_ or f"<{uri}>;tag=theirs"),
        ("To", f"<{uri}>"),
        ("Call-ID", "call-1"),
        ("CSeq", "1 SUBSCRIBE"),
        ("Expires", "0"),
        ("Accept", "application/url"),
        ("User-Agent", agent),
    ]
    headers += [("Contact", contact)] if contact else []
    headers += [("Event", event)] if event else []
    read = parse_message(SipRequest("SUBSCRIBE", uri, headers=tuple(headers)).encode())
    assert isinstance(read, SipRequest)
    return read


def answered(request: SipRequest, url: str = URL) -> tuple[SipResponse, SipRequest]:
    ask = parse_subscribe(request)
    assert ask is not None
    ok, notify = (parse_message(data) for data in answer(request, ask, url, SOURCE, OWN))
    assert isinstance(ok, SipResponse)
    assert isinstance(notify, SipRequest)
    return ok, notify


def test_yealink() -> None:
    ask = parse_subscribe(subscribe())
    assert ask is not None
    assert (ask.vendor, ask.model, ask.version) == ("yealink", "W52P", "25.81.0.10")
    assert ask.mac == "001565aabbcc"
    assert ask.contact_uri == "sip:MAC001565aabbcc@10.0.0.5:5059"
    assert ask.user_agent == "Yealink W52P 25.81.0.10"


@pytest.mark.parametrize(
    "uri",
    [
        "sip:MAC%3a0004136A0BCD@224.0.1.75",
        "sip:MAC%3A0004136a0bcd@snom.example",
        "sip:mac:0004136A0BCD@224.0.1.75",
        "sip:MAC0004136A0BCD@224.0.1.75:5060;transport=udp",
        "sip:0004136a0bcd@224.0.1.75",
        "sip:MAC%3a00:04:13:6a:0b:cd@224.0.1.75",
        "sip:MAC00-04-13-6A-0B-CD@224.0.1.75",
    ],
)
def test_mac_is_found_in_the_uri(uri: str) -> None:
    ask = parse_subscribe(
        subscribe(uri=uri, contact="<sip:10.0.0.5:5060>", agent="snom715/8.9.3.80")
    )
    assert ask is not None
    assert ask.mac == "0004136a0bcd"


def test_snom_dect_base_has_its_mac_in_the_user_agent() -> None:
    ask = parse_subscribe(
        subscribe(
            uri="sip:224.0.1.75",
            from_="<sip:512@10.0.0.5:5060>;tag=9",
            contact="<sip:512@10.0.0.5:5060>",
            event='ua-profile;profile-type="device";vendor="snom";model="snomM700";version="03.23.0005"',
            agent="snomM700/03.23.0005 (MAC=0004136A0BCD; SER= 00000; HW=255)",
        )
    )
    assert ask is not None
    assert (ask.mac, ask.vendor, ask.model) == ("0004136a0bcd", "snom", "snomM700")


def test_fanvil_user_agent_ends_in_the_mac() -> None:
    ask = parse_subscribe(
        subscribe(
            uri="sip:100@224.0.1.75",
            contact=None,
            event='ua-profile;profile-type="device";vendor="Fanvil";model="VOIP PHONE";version="2.12"',
            agent="Fanvil H2U-V2 2.12.20.2 0c383e841c47",
        )
    )
    assert ask is not None
    assert (ask.mac, ask.vendor, ask.model) == ("0c383e841c47", "fanvil", "VOIP PHONE")
    assert ask.contact_uri == ""


@pytest.mark.parametrize(
    ("event", "vendor", "model"),
    [
        (
            "ua-profile;profile-type=device;vendor=Yealink;model=T46G;version=28.83.0.35",
            "yealink",
            "T46G",
        ),
        ('UA-Profile ; Profile-Type="Device" ; Vendor = "OEM" ; Model = "OEM"', "oem", "OEM"),
        ('ua-profile;vendor="PLANET";model="VIP-1120PT";version="1"', "planet", "VIP-1120PT"),
        ("ua-profile;vendor=Fanvil;model=VOIP PHONE;version=1", "fanvil", "VOIP PHONE"),
        ('ua-profile;vendor="a;b";model="x\\"y"', "a;b", 'x"y'),
        ("ua-profile", "", ""),
    ],
)
def test_event_parameters(event: str, vendor: str, model: str) -> None:
    ask = parse_subscribe(subscribe(event=event))
    assert ask is not None
    assert (ask.vendor, ask.model) == (vendor, model)


@pytest.mark.parametrize(
    "request_",
    [
        subscribe(event="presence"),
        subscribe(event=None),
        subscribe(event='ua-profile;profile-type="user"'),
        subscribe(uri="sip:100@224.0.1.75", contact="<sip:100@10.0.0.5>", agent="Fanvil X4"),
        subscribe(uri="sip:MAC010000000001@224.0.1.75", contact=None),
    ],
)
def test_other_questions_are_none(request_: SipRequest) -> None:
    assert parse_subscribe(request_) is None


def test_what_a_phone_says_is_cut_and_printable() -> None:
    request = subscribe(event="ua-profile;vendor=v;model=" + "m" * 500, agent="a\udc80\u200bb")
    ask = parse_subscribe(request)
    assert ask is not None
    assert len(ask.model) == 80
    assert ask.user_agent == "ab"


def test_ok_repeats_the_subscribe() -> None:
    request = subscribe()
    ok, _ = answered(request)
    assert ok.status == 200
    for name in ("Via", "From", "Call-ID", "CSeq"):
        assert ok.headers_named(name) == request.headers_named(name)
    assert ok.header("To") == f"{request.header('To')};tag=ourtag"
    assert ok.header("Contact") == "<sip:bellwire@10.0.0.1:40000>"
    assert ok.header("Expires") == "0"
    assert ok.header("Content-Length") == "0"
    assert ok.body == b""


def test_notify_is_in_the_same_dialog() -> None:
    request = subscribe()
    ok, notify = answered(request)
    assert (notify.method, notify.uri) == ("NOTIFY", "sip:MAC001565aabbcc@10.0.0.5:5059")
    assert notify.header("From") == ok.header("To")
    assert notify.header("To") == request.header("From")
    assert notify.header("Call-ID") == "call-1"
    assert notify.cseq.number == 2
    assert notify.top_via.branch == "z9hG4bKours"
    assert (notify.top_via.host, notify.top_via.port) == OWN.address
    assert notify.header("Event") == "ua-profile"
    assert notify.header("Subscription-State") == "terminated;reason=timeout"
    assert notify.header("Content-Type") == "application/url"
    assert notify.header("Max-Forwards") == "70"
    assert notify.body == URL.encode()


def test_subscribe_without_contact_is_notified_at_its_source() -> None:
    _, notify = answered(subscribe(contact=None))
    assert notify.uri == "sip:10.0.0.5:5059"


@pytest.mark.parametrize("url", ["", "http://x/ y", "http://x/\r\nX: y", "http://x/\0"])
def test_url_must_be_one(url: str) -> None:
    request = subscribe()
    ask = parse_subscribe(request)
    assert ask is not None
    with pytest.raises(MalformedMessageError):
        answer(request, ask, url, SOURCE, OWN)


@pytest.mark.parametrize(
    ("via", "stamped"),
    [
        ("SIP/2.0/UDP 10.0.0.5:5059;branch=z9hG4bK1", "SIP/2.0/UDP 10.0.0.5:5059;branch=z9hG4bK1"),
        (
            "SIP/2.0/UDP 10.0.0.5:5059;rport;branch=z9hG4bK1",
            "SIP/2.0/UDP 10.0.0.5:5059;rport=5059;branch=z9hG4bK1;received=10.0.0.5",
        ),
        (
            "SIP/2.0/UDP 192.168.1.9;branch=z9hG4bK1, SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK0",
            "SIP/2.0/UDP 192.168.1.9;branch=z9hG4bK1;received=10.0.0.5, SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK0",
        ),
    ],
)
def test_via_is_stamped_where_the_rfc_wants_it(via: str, stamped: str) -> None:
    ok, _ = answered(subscribe(via=via))
    assert ok.header("Via") == stamped


@pytest.mark.parametrize(
    ("via", "port"),
    [
        ("SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1", 5062),
        ("SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1", 5060),
        ("SIP/2.0/UDP 10.0.0.5:5062;branch=z9hG4bK1;rport", 5059),
        ("SIP/2.0/UDP 192.0.2.66:5062;branch=z9hG4bK1;maddr=192.0.2.67", 5062),
    ],
)
def test_response_goes_to_the_source_host_only(via: str, port: int) -> None:
    assert response_destination(subscribe(via=via), SOURCE) == ("10.0.0.5", port)


@pytest.mark.parametrize(
    ("contact", "destination"),
    [
        ("sip:MAC001565aabbcc@10.0.0.5:5070", ("10.0.0.5", 5070)),
        ("sip:10.0.0.5", ("10.0.0.5", 5060)),
        ("sip:x@192.0.2.66:53", SOURCE),
        ("sip:x@phone.example:53", SOURCE),
        ("sip:x@[2001:db8::1]:53", SOURCE),
        ("", SOURCE),
        ("*", SOURCE),
    ],
)
def test_notify_never_leaves_the_source(contact: str, destination: tuple[str, int]) -> None:
    assert notify_destination(contact, SOURCE) == destination


@given(st.text(max_size=60))
def test_no_contact_aims_at_another_host(contact: str) -> None:
    assert notify_destination(contact, SOURCE)[0] == SOURCE[0]


def test_bad_event_names_the_right_one() -> None:
    refusal = parse_message(bad_event(subscribe(event="presence"), SOURCE, "t"))
    assert isinstance(refusal, SipResponse)
    assert refusal.status == 489
    assert refusal.header("Allow-Events") == "ua-profile"


OK = Datagram(b"ok", SOURCE)
NOTIFY = Datagram(b"notify", SOURCE)


def key(number: int) -> tuple[str, str, str, str]:
    return "10.0.0.5", f"call-{number}", "tag", "1 SUBSCRIBE"


def test_notify_is_sent_three_times_then_given_up() -> None:
    dialogs = Dialogs(t1_s=0.5)
    dialogs.open(key(1), OK, NOTIFY, "b1", 100.0)
    assert dialogs.next_at_s() == 100.5
    assert dialogs.due(100.49) == []
    assert dialogs.due(100.5) == [NOTIFY]
    assert dialogs.due(100.6) == []
    assert dialogs.due(101.5) == [NOTIFY]
    assert dialogs.next_at_s() == 103.5
    assert dialogs.due(103.5) == []
    assert dialogs.next_at_s() is None
    assert not dialogs.answered("b1", "10.0.0.5")


def test_answered_notify_is_not_sent_again() -> None:
    dialogs = Dialogs()
    dialogs.open(key(1), OK, NOTIFY, "b1", 0.0)
    assert not dialogs.answered("b1", "10.0.0.6")
    assert not dialogs.answered("b2", "10.0.0.5")
    assert dialogs.answered("b1", "10.0.0.5")
    assert not dialogs.answered("b1", "10.0.0.5")
    assert dialogs.due(60.0) == []


def test_repeated_subscribe_is_known_until_it_is_old() -> None:
    dialogs = Dialogs(t1_s=0.5)
    dialogs.open(key(1), OK, NOTIFY, "b1", 0.0)
    assert dialogs.answer_again(key(1), 31.9) == OK
    assert dialogs.answer_again(key(2), 31.9) is None
    assert dialogs.answer_again(key(1), 32.0) is None


def test_dialogs_are_bounded() -> None:
    dialogs = Dialogs(capacity=2)
    for number in (1, 2):
        assert dialogs.has_room(0.0)
        dialogs.open(key(number), OK, NOTIFY, f"b{number}", 0.0)
    assert not dialogs.has_room(0.0)
    dialogs.answered("b1", "10.0.0.5")
    assert dialogs.has_room(0.0)
    assert len(dialogs) == 1


def test_old_dialogs_are_forgotten() -> None:
    dialogs = Dialogs(t1_s=0.5)
    dialogs.open(key(1), OK, NOTIFY, "b1", 0.0)
    dialogs.due(3.5)
    dialogs.open(key(2), OK, NOTIFY, "b2", 20.0)
    assert dialogs.has_room(32.0)
    assert len(dialogs) == 1


def test_source_rate() -> None:
    rate = SourceRate(per_s=1, burst=2)
    assert [rate.allows("10.0.0.5", 0.0) for _ in range(3)] == [True, True, False]
    assert rate.allows("10.0.0.6", 0.0)
    assert rate.allows("10.0.0.5", 1.0)
    assert not rate.allows("10.0.0.5", 1.5)


def test_source_rate_is_bounded() -> None:
    rate = SourceRate(per_s=1, burst=1, capacity=2)
    for source in ("a", "b", "c"):
        assert rate.allows(source, 0.0)
    assert rate.allows("a", 0.0)
    assert not rate.allows("c", 0.0)
