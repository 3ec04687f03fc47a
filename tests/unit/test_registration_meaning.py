"""What a PBX says of one phone, and how the words of three PBXs become one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.probes.pbx import freeswitch
from monitors.probes.pbx.asterisk import contact_of_ami, live_event
from monitors.probes.pbx.board import KEEP, EventBoard, removed_at, updated
from monitors.probes.pbx.event_socket import read_headers
from monitors.probes.pbx.freeswitch import contacts_of_show
from monitors.probes.pbx.kamailio import contacts_of_dump
from monitors.probes.registration_meaning import (
    Before,
    RegisteringPhone,
    Whose,
    contact_of,
    registration_signal,
    security_signal,
    whose,
)
from monitors.probes.registrations import (
    Change,
    ContactEvent,
    PbxContact,
    Reach,
    RegistrationsReading,
    SecurityEvent,
)
from monitors.signals import Registration, Security
from provisioner.catalogue.loader import load
from provisioner.errors import PbxError
from provisioner.mac import MacAddress
from provisioner.pbx.ami import Contact

CATALOGUE = load()
NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
LATER = NOW + timedelta(minutes=5)
MAC, SISTER = MacAddress("805ec0000100"), MacAddress("0c383e000215")
YEALINK = "Yealink SIP-T46U 108.86.0.20"
PHONE = RegisteringPhone(
    "2214",
    MAC,
    CATALOGUE.models["yealink/t46u"],
    frozenset({"10.20.1.14"}),
    frozenset({SISTER}),
    frozenset({"10.20.1.15"}),
)
OWN = PbxContact("2214", "sip:2214@10.20.1.14:5060", "10.20.1.14", 5060, YEALINK, "", LATER, Reach.REACHABLE, 0.012)  # fmt: skip
SISTERS = replace(OWN, uri="sip:2214@10.20.1.15", address="10.20.1.15", agent="Fanvil H5 2.12.0 0c383e000215")  # fmt: skip
STRANGE = replace(OWN, uri="sip:2214@10.9.9.9", address="10.9.9.9", agent="Zoiper rv2.10")


def judged(*contacts: PbxContact, before: Before | None = None, phone: RegisteringPhone = PHONE) -> Registration:  # fmt: skip
    reading = RegistrationsReading.of("pbx", NOW, contacts)
    return registration_signal(CATALOGUE, reading, phone, before or Before(), NOW).value


@pytest.mark.parametrize(
    ("contacts", "value"),
    [
        ((OWN,), Registration.REACHABLE),
        ((replace(OWN, reach=Reach.UNCHECKED),), Registration.UNCHECKED),
        ((replace(OWN, reach=Reach.UNREACHABLE),), Registration.UNREACHABLE),
        ((replace(OWN, reach=Reach.UNREACHABLE), OWN), Registration.REACHABLE),
        ((replace(OWN, expires_at=NOW - timedelta(minutes=1)),), Registration.EXPIRED),
        ((replace(OWN, expires_at=None),), Registration.REACHABLE),
        ((), Registration.NONE),
        ((SISTERS,), Registration.NONE),  # the bathroom's phone is no stranger
        ((SISTERS, OWN), Registration.REACHABLE),
        ((STRANGE,), Registration.OTHER_ADDRESS),
        ((STRANGE, SISTERS), Registration.OTHER_ADDRESS),
        ((STRANGE, OWN), Registration.REACHABLE),
        ((replace(OWN, agent="Zoiper rv2.10"),), Registration.OTHER_AGENT),
        # it moved to another address, but its own MAC is in its name
        ((replace(STRANGE, agent=f"{YEALINK} 80:5e:c0:00:01:00"),), Registration.REACHABLE),
        # behind a translator: the address it gives itself is the one we know
        ((replace(OWN, address="203.0.113.9"),), Registration.REACHABLE),
        # a stranger's contact that is over is nothing
        ((replace(STRANGE, expires_at=NOW - timedelta(minutes=1)),), Registration.NONE),
    ],
)
def test_one_phone_of_a_room(contacts: tuple[PbxContact, ...], value: Registration) -> None:
    assert judged(*contacts) is value


def test_a_phone_that_was_never_seen_is_known_by_its_name() -> None:
    unseen = replace(PHONE, addresses=frozenset())
    assert judged(OWN, phone=unseen) is Registration.REACHABLE
    assert judged(STRANGE, phone=unseen) is Registration.OTHER_AGENT
    assert judged(SISTERS, phone=unseen) is Registration.NONE


def test_an_instance_that_ends_in_a_mac() -> None:
    uuid = "<urn:uuid:00000000-0000-1000-8000-{}>"
    elsewhere = replace(STRANGE, agent=YEALINK)
    assert whose(CATALOGUE, replace(elsewhere, instance=uuid.format(MAC)), PHONE) is Whose.THIS
    assert (
        whose(CATALOGUE, replace(elsewhere, instance=uuid.format(SISTER)), PHONE) is Whose.SIBLING
    )
    other = replace(elsewhere, instance=uuid.format("a1b2c3d4e5f6"))
    assert whose(CATALOGUE, other, PHONE) is Whose.OTHER_ADDRESS


def test_why_there_is_no_contact_any_more() -> None:
    assert judged(before=Before(OWN)) is Registration.REMOVED
    assert judged(before=Before(OWN, NOW)) is Registration.REMOVED
    old = replace(OWN, expires_at=NOW - timedelta(seconds=20))
    assert judged(before=Before(old)) is Registration.EXPIRED
    assert judged(before=Before(old, NOW - timedelta(seconds=60))) is Registration.REMOVED


def test_a_pbx_that_cannot_be_asked() -> None:
    reading = RegistrationsReading("pbx", NOW, problem="no route")
    signal = registration_signal(CATALOGUE, reading, PHONE, Before(OWN), NOW + timedelta(seconds=9))
    assert (signal.value, signal.measured, signal.age_s) == (
        Registration.PBX_UNKNOWN,
        "no route",
        9,
    )


def test_the_signal_is_for_people_too() -> None:
    reading = RegistrationsReading.of("asterisk 10.20.0.5", NOW, [OWN])
    signal = registration_signal(CATALOGUE, reading, PHONE, Before(), NOW)
    assert signal.measured == f"{YEALINK} at 10.20.1.14, 12 ms"
    assert signal.source == "asterisk 10.20.0.5"
    assert contact_of(CATALOGUE, reading, PHONE) == OWN


def refusal(what: Security, seconds: int = 0, extension: str = "2214", address: str = "10.20.1.14") -> SecurityEvent:  # fmt: skip
    return SecurityEvent(NOW + timedelta(seconds=seconds), what, extension, address, "Word")


@pytest.mark.parametrize(
    ("events", "what"),
    [
        (None, Security.UNKNOWN),
        ([], Security.NONE),
        ([refusal(Security.WRONG_PASSWORD)], Security.WRONG_PASSWORD),
        ([refusal(Security.WRONG_PASSWORD), refusal(Security.NONE, 9)], Security.NONE),
        ([refusal(Security.NONE, 9), refusal(Security.WRONG_PASSWORD, 10)], Security.WRONG_PASSWORD),
        # a guesser elsewhere tries the room's extension
        ([refusal(Security.WRONG_PASSWORD, address="203.0.113.66")], Security.NONE),
        # the phone asks for an extension that is not its own any more
        ([refusal(Security.UNKNOWN_EXTENSION, extension="199")], Security.UNKNOWN_EXTENSION),
        ([refusal(Security.WRONG_PASSWORD, -3600)], Security.NONE),
        # an access list refuses it, and then the challenge of nobody fails
        ([refusal(Security.ACL), refusal(Security.UNKNOWN_EXTENSION, 1, "")], Security.ACL),
        ([refusal(Security.ACL), refusal(Security.UNKNOWN_EXTENSION, 60, "")], Security.UNKNOWN_EXTENSION),
    ],
)  # fmt: skip
def test_why_a_phone_is_refused(events: list[SecurityEvent] | None, what: Security) -> None:
    assert security_signal(events, PHONE, NOW + timedelta(seconds=61)).value is what


def test_without_an_address_the_extension_counts() -> None:
    unseen = replace(PHONE, addresses=frozenset())
    events = [refusal(Security.WRONG_PASSWORD, address="10.20.1.99")]
    assert security_signal(events, unseen, NOW).value is Security.WRONG_PASSWORD


AMI_EVENT = {
    "Event": "ChallengeResponseFailed", "EventTV": "2026-11-22T10:12:01.250+0100",
    "Service": "PJSIP", "AccountID": "2214", "RemoteAddress": "IPV4/UDP/10.20.1.14/5060",
}  # fmt: skip


def test_asterisk_security_events() -> None:
    event = live_event(AMI_EVENT, NOW)
    at = datetime(2026, 11, 22, 9, 12, 1, 250_000)  # noqa: DTZ001
    assert event == SecurityEvent(at, Security.WRONG_PASSWORD, "2214", "10.20.1.14", "ChallengeResponseFailed")  # fmt: skip
    six = live_event({**AMI_EVENT, "RemoteAddress": "IPV6/TLS/2001:db8::14/5061"}, NOW)
    assert isinstance(six, SecurityEvent)
    assert six.address == "2001:db8::14"
    stranger = live_event({**AMI_EVENT, "AccountID": "<unknown>", "EventTV": "x"}, NOW)
    assert isinstance(stranger, SecurityEvent)
    assert (stranger.what, stranger.extension, stranger.at) == (Security.UNKNOWN_EXTENSION, "", NOW)
    for nothing in (
        {**AMI_EVENT, "Event": "ChallengeSent"},
        {**AMI_EVENT, "RemoteAddress": "here"},
        {**AMI_EVENT, "Service": "AMI"},
        {"Event": "Newchannel"},
        {},
    ):
        assert live_event(nothing, NOW) is None


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("NonQualified", Change.REGISTERED),
        ("Reachable", Change.REACHABLE),
        ("Unreachable", Change.UNREACHABLE),
        ("Removed", Change.REMOVED),
        ("Unknown", None),
    ],
)
def test_asterisk_contact_events(word: str, change: Change | None) -> None:
    packet = {"Event": "ContactStatus", "ContactStatus": word, "AOR": "2214", "URI": OWN.uri, "RoundtripUsec": "460"}  # fmt: skip
    event = live_event(packet, NOW)
    if change is None:
        assert event is None
    else:
        rtt_s = 0.00046 if change is Change.REACHABLE else None
        assert event == ContactEvent(NOW, "2214", change, OWN.uri, rtt_s)


def test_an_unreachable_contacts_old_round_trip_is_not_told() -> None:
    contact = Contact("2214", "2214", OWN.uri, "10.20.1.14", 5060, YEALINK, "Unreachable", datetime(2026, 11, 22, 9, 5, tzinfo=UTC), 460)  # fmt: skip
    assert contact_of_ami(contact) == replace(OWN, reach=Reach.UNREACHABLE, rtt_s=None)
    checked = contact_of_ami(replace(contact, status="NonQualified", rtt_us=None))
    assert checked.reach is Reach.UNCHECKED


KAMAILIO: dict[str, Any] = {
    "Domains": [
        {"Domain": {"Domain": "location", "Size": 512, "AoRs": [
            {"Info": {"AoR": "2214@pbx.example", "HashID": 1, "Contacts": [
                {"Contact": {"Address": "sip:2214@192.168.1.5:5062", "Expires": 300,
                             "User-Agent": YEALINK, "Received": "sip:203.0.113.9:40000",
                             "Instance": "[not set]", "KA-Roundtrip": 12000}},
                {"Contact": {"Address": "sip:2214@10.20.1.14", "Expires": "permanent",
                             "Received": "[not set]"}},
                {"Contact": {"Address": "sip:2214@10.20.1.16", "Expires": "deleted"}},
            ]}},
        ]}},
        {"Domain": {"Domain": "aliases", "AoRs": [
            {"Info": {"AoR": "9", "Contacts": [{"Contact": {"Address": "sip:9@h"}}]}},
        ]}},
    ]
}  # fmt: skip


def test_kamailios_location_table() -> None:
    first, second = contacts_of_dump(KAMAILIO, "location", NOW)
    assert first == PbxContact("2214", "sip:2214@192.168.1.5:5062", "203.0.113.9", 40000, YEALINK, "", LATER, Reach.REACHABLE, 0.012)  # fmt: skip
    assert second == PbxContact("2214", "sip:2214@10.20.1.14", "10.20.1.14", 5060)


def test_an_expiry_of_kamailio_that_is_no_number_and_no_word() -> None:
    info = {"AoR": "9", "Contacts": [{"Contact": {"Address": "sip:9@h", "Expires": []}}]}
    dump = {"Domains": [{"Domain": {"Domain": "location", "AoRs": [{"Info": info}]}}]}
    assert [c.expires_at for c in contacts_of_dump(dump, "location", NOW)] == [None]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Domains",
                    "Domain",
                    "AoRs",
                    "Info",
                    "AoR",
                    "Contacts",
                    "Contact",
                    "Address",
                    "Expires",
                    "Received",
                    "KA-Roundtrip",
                    "rows",
                    "row_count",
                    "expires",
                    "url",
                    "network_port",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_of_a_pbx_is_read_or_passed_over(value: Any) -> None:
    list(contacts_of_dump(value, "location", NOW))
    try:
        list(contacts_of_show("pbx", json.dumps(value)))
    except PbxError:
        assert not isinstance(value, dict) or "row_count" not in value


@given(st.text(max_size=80))
def test_any_text_of_a_freeswitch(text: str) -> None:
    read_headers(text)
    with pytest.raises(PbxError):
        list(contacts_of_show("pbx", f"x{text}"))


def test_freeswitch_events() -> None:
    register = {"Event-Subclass": "sofia::register", "from-user": "2214", "contact": OWN.uri}
    assert freeswitch.live_event(register, NOW) == ContactEvent(
        NOW, "2214", Change.REGISTERED, OWN.uri
    )
    expire = {"Event-Subclass": "sofia::expire", "user": "2214", "contact": OWN.uri}
    assert freeswitch.live_event(expire, NOW) == ContactEvent(NOW, "2214", Change.EXPIRED, OWN.uri)
    assert (
        freeswitch.live_event({**register, "Event-Subclass": "sofia::gateway_state"}, NOW) is None
    )
    state = {"Event-Subclass": "sofia::sip_user_state", "sip_user": "2214", "Ping-Status": "?"}
    assert freeswitch.live_event(state, NOW) is None


def test_events_bring_a_reading_up_to_date() -> None:
    reading = RegistrationsReading.of("pbx", NOW, [OWN, SISTERS])
    later = NOW + timedelta(seconds=5)
    down = ContactEvent(later, "2214", Change.UNREACHABLE, OWN.uri)
    changed = updated(reading, [down]).contacts["2214"]
    assert changed == (replace(OWN, reach=Reach.UNREACHABLE, rtt_s=None), SISTERS)
    written_otherwise = replace(down, uri='"214" <sip:2214@10.20.1.14;fs_nat=yes>')
    assert updated(reading, [written_otherwise]).contacts["2214"] == changed
    gone = replace(down, change=Change.REMOVED, at=later + timedelta(seconds=1))
    assert updated(reading, [gone, down]).contacts["2214"] == (SISTERS,)
    assert updated(reading, [replace(down, at=NOW - timedelta(seconds=1))]) == reading
    assert removed_at([down, gone], "2214") == gone.at
    assert removed_at([gone, replace(down, at=gone.at + timedelta(seconds=1))], "2214") is None
    assert removed_at([gone], "2215") is None


def test_the_board_forgets() -> None:
    board = EventBoard(most=3)
    for seconds in range(5):
        board.take(refusal(Security.ACL, seconds))
    assert [e.at.second for e in board.security_events()] == [2, 3, 4]
    board.take(replace(refusal(Security.ACL), at=NOW + KEEP + timedelta(minutes=1)))
    assert len(board.security_events()) == 1
