"""What the fetch log, addresses and PBX say of a phone, as the sweep reads them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from monitors.call_quality import QualityReading
from monitors.diagnosis.explain import explain
from monitors.evidence import Evidence
from monitors.places import Located, Place
from monitors.probes.options_meaning import Learned
from monitors.probes.options_reading import OptionsReading, Outcome, Transport
from monitors.probes.registrations import PbxContact, Reach, RegistrationsReading
from monitors.signals import (
    Address,
    Config,
    Link,
    Options,
    PortPower,
    Registration,
    Signal,
    Whereabouts,
)
from monitors.sweep.address_meaning import (
    Claim,
    address_signal,
    shared_addresses,
    without_address,
)
from monitors.sweep.config_meaning import config_signal, model_told, reboots
from monitors.sweep.fetch_ledger import MOST_NAMES, Fetches
from monitors.sweep.in_use import as_it_is, has_just_fetched
from monitors.sweep.options_desk import SLOW_AFTER, OptionsDesk, target
from monitors.sweep.registration_desk import PbxNews, RegistrationDesk
from monitors.sweep.subjects import Subject, by_extension
from provisioner.catalogue.loader import load
from provisioner.inventory.fetches import FetchEvent
from provisioner.mac import MacAddress

CATALOGUE = load()
NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
MINUTE = timedelta(minutes=1)
MAC, BASE = MacAddress("805ec0000100"), MacAddress("805ec0000300")
FILE = "805ec0000100.cfg"
PHONE = Subject(
    MAC, "aurora", "100", "Reception", "desk", "yealink/t46u", CATALOGUE.models["yealink/t46u"],
    "108.86.0.20", ("100",), files={FILE: "new"}, device_files=frozenset({FILE}), token_seen_at=NOW,
)  # fmt: skip
NETWORKS = (ip_network("10.20.0.0/16"),)
HERE = frozenset({"10.20.1.14"})


def fetch(minutes_ago: float, name: str = FILE, **changes: Any) -> FetchEvent:
    values: dict[str, Any] = {
        "at": NOW - timedelta(minutes=minutes_ago), "mac": MAC, "site": "aurora",
        "protocol": "http", "path": f"/p/***/{name}", "address": "10.20.1.14", "agent": "",
        "model": "", "firmware": "", "outcome": "sent", "reason": "token", "digest": "new",
        "size_bytes": 9000, "duration_us": 50,
    }  # fmt: skip
    return FetchEvent(**{**values, **changes})


def fetches(*events: FetchEvent) -> Fetches:
    made = Fetches()
    for event in sorted(events, key=lambda e: e.at):
        made.take(event)
    return made


REFUSED = {"outcome": "not-found", "reason": "not-armed", "digest": ""}
CASES = [
    ("current", [fetch(5)], Config.CURRENT),
    ("not modified", [fetch(5, outcome="not-modified")], Config.CURRENT),
    ("older files", [fetch(5, digest="old")], Config.STALE),
    ("nothing yet", [], Config.NEVER),
    ("only what is common", [fetch(5, "y000000000108.cfg", digest="")], Config.PARTIAL),
    ("first contact only", [fetch(5, reason="armed")], Config.PARTIAL),
    ("sent away", [fetch(5, **REFUSED)], Config.REFUSED),
    ("sent away after a reset", [fetch(9), fetch(5, **REFUSED)], Config.REFUSED),
    ("somebody else guesses", [fetch(9), fetch(5, address="192.0.2.7", **REFUSED)], Config.CURRENT),
    ("served since", [fetch(9, **REFUSED), fetch(5)], Config.CURRENT),
    ("broken off", [fetch(9), fetch(5, outcome="not-delivered", reason="")], Config.BROKEN_OFF),
    ("not offered", [fetch(5, outcome="not-found", reason="not-offered")], Config.NOT_ASSIGNED),
    ("asks for more", [fetch(5), fetch(4, "x.rom", outcome="not-found", reason="not-offered")],
     Config.CURRENT),
    ("another model", [fetch(5, model="yealink/t31p", agent="T31P")], Config.WRONG_MODEL),
    ("its own model", [fetch(5, model="yealink/t46u")], Config.CURRENT),
    ("a loop", [fetch(9), *(fetch(m, "fw.rom", size_bytes=30_000_000) for m in (8, 6, 4))],
     Config.FIRMWARE_LOOP),
    ("resets itself", [fetch(30, reason="armed"), fetch(29), fetch(9, reason="armed"), fetch(8)],
     Config.RESETS_ITSELF),
]  # fmt: skip


@pytest.mark.parametrize(("events", "value"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_the_fetch_log_says(events: list[FetchEvent], value: Config) -> None:
    assert config_signal(fetches(*events), PHONE, NOW).value is value


def test_a_phone_of_another_model_is_known_again() -> None:
    other = "yealink/t31p"
    told = fetches(fetch(5, model=other))
    assert model_told(told, PHONE) == other
    assert model_told(fetches(fetch(5, model=PHONE.model_id)), PHONE) == ""
    assert model_told(None, PHONE) == ""
    entered, shown = (
        desk_state(s, contact("100", agent="Yealink SIP-T31P 124.86.0.40"), seen_at=HERE)
        for s in (PHONE, as_it_is(PHONE, told, CATALOGUE))
    )
    assert entered.speaks.registration.value is Registration.OTHER_AGENT
    assert shown.speaks.registration.value is Registration.REACHABLE


def test_a_phone_has_what_it_fetched_last() -> None:
    assert as_it_is(PHONE, fetches(fetch(5)), CATALOGUE) is PHONE
    assert as_it_is(PHONE, None, CATALOGUE) is PHONE
    two = replace(PHONE, files={FILE: "new", FILE.upper(): "new", "x.boot": "boot"})
    had = as_it_is(two, fetches(fetch(9, digest="older"), fetch(5, digest="old")), CATALOGUE)
    assert had.files == {FILE: "old", FILE.upper(): "old", "x.boot": "boot"}
    assert had.digest == replace(two, files={FILE: "old", "x.boot": "boot"}).digest
    assert as_it_is(two, fetches(fetch(5, digest="")), CATALOGUE) is two


def test_what_a_phone_answers_before_it_fetched_says_nothing_of_the_new_files() -> None:
    desk = OptionsDesk(CATALOGUE)
    good = OptionsReading(MAC, NOW, Outcome.ANSWERED, 200, "OK")
    silent = OptionsReading(MAC, NOW, Outcome.SILENT)
    log = fetches(fetch(5, digest="old"))
    before = as_it_is(PHONE, log, CATALOGUE)  # "new" is made and not fetched
    desk.take([good], {MAC: before})
    log.take(fetch(0))
    assert has_just_fetched(PHONE, log, NOW + MINUTE, 90.0)
    assert not has_just_fetched(PHONE, log, NOW + 2 * MINUTE, 90.0)
    now = as_it_is(PHONE, log, CATALOGUE)
    desk.take([good], {MAC: now}, settling={MAC})
    desk.take([silent], {MAC: now})
    assert desk.signal(now, NOW).value is Options.FILTERED
    assert desk.signal(before, NOW).value is Options.SILENT


def test_files_that_could_not_be_made_go_first() -> None:
    sick = replace(PHONE, problem="sip.registrar: who?")
    told = config_signal(fetches(fetch(5)), sick, NOW)
    assert (told.value, told.measured) == (Config.NOT_RENDERED, "sip.registrar: who?")


def test_what_was_measured_is_named() -> None:
    told = config_signal(fetches(fetch(5, digest="old")), PHONE, NOW)
    assert (told.age_s, told.measured) == (300.0, f"{FILE} of 2026-11-22 08:55:00 UTC")
    told = config_signal(fetches(fetch(1, **REFUSED)), PHONE, NOW)
    assert told.measured == "not-armed from 10.20.1.14"


def test_restarts_are_counted_within_an_hour() -> None:
    often = fetches(*(fetch(m) for m in (90, 50, 40, 30, 20)))
    assert reboots(often, 0, PHONE, NOW) == 4
    assert reboots(fetches(fetch(50), fetch(40), fetch(30)), 0, PHONE, NOW) == 0
    assert reboots(None, 3, PHONE, NOW) == 3
    assert reboots(None, 2, PHONE, NOW) == 0


def test_a_phone_that_asks_for_everything_does_not_fill_the_memory() -> None:
    many = fetches(*(fetch(60 - n / 10, f"{n}.xml") for n in range(500)))
    assert len(many.got) == MOST_NAMES
    assert len(many.loads) <= 64


CONTACT = Claim("10.20.1.14", 3, "its contact")
ADDRESSES = [
    ([CONTACT], frozenset(), Address.GOOD),
    ([], frozenset(), Address.UNKNOWN),
    ([Claim("0.0.0.0", 0, "lldp"), CONTACT], frozenset(), Address.GOOD),
    ([CONTACT, Claim("169.254.3.4", 1, "lldp")], frozenset(), Address.FALLBACK),
    ([CONTACT, Claim("192.168.1.77", 1, "lldp")], frozenset(), Address.OUTSIDE),
    ([Claim("192.168.1.77", 60, "fetch log"), CONTACT], frozenset(), Address.GOOD),
    ([CONTACT], frozenset({"10.20.1.14"}), Address.DUPLICATE),
]
STORED = Claim("10.20.1.14", 3, "snmp sw-1", proves=False)


@pytest.mark.parametrize(("claims", "shared", "value"), ADDRESSES)
def test_addresses(claims: list[Claim], shared: frozenset[str], value: Address) -> None:
    assert address_signal(claims, NETWORKS, shared).value is value
    if value is not Address.OUTSIDE:
        assert address_signal(claims, (), shared).value is value


def test_a_phone_on_the_network_without_an_address() -> None:
    there = Located(MAC, Whereabouts.IN_PLACE, Place("sw-1", 7, "gi7"))
    up = Signal(Link.UP, 5.0, "snmp sw-1")
    lacking = without_address(there, up, 120.0, 60.0)
    assert lacking is not None
    assert address_signal([], NETWORKS, lacking=lacking).value is Address.NONE
    old = Claim("10.20.1.14", 600, "fetch log")
    assert address_signal([old], NETWORKS, lacking=lacking).value is Address.NONE
    assert address_signal([CONTACT], NETWORKS, lacking=lacking).value is Address.GOOD
    assert without_address(there, up, 30.0, 60.0) is None  # it may still be asking
    assert without_address(there, Signal(Link.DOWN, 5.0), 120.0, 60.0) is None
    assert without_address(replace(there, ip="10.20.1.14"), up, 120.0, 60.0) is None


def test_an_address_that_is_only_stored_is_told_and_proves_nothing() -> None:
    told = address_signal([STORED], NETWORKS)
    assert (told.value, told.age_s, told.measured) == (Address.GOOD, None, "10.20.1.14")
    assert address_signal([CONTACT], NETWORKS).age_s == 3
    stored = {"link": Signal(Link.DOWN, 5.0), "power": Signal(PortPower.DELIVERING, 5.0)}
    lost = Signal(Registration.UNREACHABLE, 0.0)
    assert explain(Evidence(**stored, address=told, registration=lost)).rule == "C2"


def test_a_phone_that_names_no_address_any_more() -> None:
    there = Located(MAC, Whereabouts.IN_PLACE, Place("sw-1", 7), ip="10.20.1.14", names_ip=False)
    up = Signal(Link.UP, 5.0, "snmp sw-1")
    lacking = without_address(there, up, 86_400.0, 60.0, told_none_s=4.0)
    assert lacking is not None
    assert (lacking.value, lacking.age_s) == (Address.NONE, 4.0)
    before = Claim("10.20.1.14", 40, "its contact")
    assert address_signal([STORED, before], NETWORKS, lacking=lacking).value is Address.NONE
    assert address_signal([CONTACT], NETWORKS, lacking=lacking).value is Address.GOOD


def test_an_address_at_two_devices() -> None:
    tables = [{MAC: "10.20.1.14", BASE: "10.20.1.15"}, {MAC: "10.20.1.15"}]
    assert shared_addresses(tables) == {"10.20.1.15"}


def contact(extension: str, address: str = "10.20.1.14", **changes: Any) -> PbxContact:
    made = PbxContact(extension, f"sip:{extension}@{address}:5062", address, 5062,
                      "Yealink SIP-T46U 108.86.0.20", reach=Reach.REACHABLE)  # fmt: skip
    return replace(made, **changes)


def desk_state(
    subject: Subject,
    *held: PbxContact,
    desk: RegistrationDesk | None = None,
    seen_at: frozenset[str] = frozenset(),
) -> Any:
    desk = desk or RegistrationDesk(CATALOGUE)
    news = PbxNews(RegistrationsReading.of("asterisk", NOW, held))
    return desk.state(subject, by_extension([subject]), {subject.mac: seen_at}, news, NOW)


def test_the_account_that_is_worst_off_speaks() -> None:
    two = replace(PHONE, accounts=("100", "101"))
    assert desk_state(two, contact("100"), contact("101")).speaks.extension in {"100", "101"}
    told = desk_state(two, contact("100")).speaks
    assert (told.extension, told.registration.value) == ("101", Registration.NONE)


def test_a_base_is_well_while_any_handset_is() -> None:
    base = replace(PHONE, accounts=("701", "702"), handsets={"701": "Spa", "702": "Pool"})
    told = desk_state(base, contact("701"))
    assert told.speaks.registration.value is Registration.REACHABLE
    assert told.handsets_out == ("Pool",)
    nobody = desk_state(base)
    assert nobody.speaks.registration.value is Registration.NONE
    assert nobody.handsets_out == ()


def test_a_contact_that_went_is_remembered() -> None:
    desk = RegistrationDesk(CATALOGUE)
    later = contact("100", expires_at=NOW + MINUTE)
    assert desk_state(PHONE, later, desk=desk).speaks.registration.value is Registration.REACHABLE
    gone = desk_state(PHONE, desk=desk).speaks
    assert gone.registration.value is Registration.REMOVED
    assert (gone.contact, gone.last, gone.gone_at) == (None, later, NOW)
    desk.forget([])
    assert desk_state(PHONE, desk=desk).speaks.registration.value is Registration.NONE


def test_a_contact_is_as_old_as_the_last_sign_of_life() -> None:
    desk, users = RegistrationDesk(CATALOGUE), by_extension([PHONE])

    def alive_at(minutes: int, *held: PbxContact) -> Any:
        at = NOW + minutes * MINUTE
        news = PbxNews(RegistrationsReading.of("asterisk", at, held))
        return desk.state(PHONE, users, {}, news, at).speaks.alive_at

    lost = contact("100", reach=Reach.UNREACHABLE, expires_at=NOW + 9 * MINUTE)
    assert alive_at(0, lost) is None  # nobody knows how long it has been lying there
    assert alive_at(1, replace(lost, reach=Reach.REACHABLE)) == NOW + MINUTE
    assert alive_at(2, lost) == NOW + MINUTE
    assert alive_at(3, lost) == NOW + MINUTE
    again = replace(lost, expires_at=NOW + 13 * MINUTE)
    assert alive_at(4, again) == NOW + 3 * MINUTE  # it registered, since then
    assert alive_at(5) is None
    assert alive_at(6, again) is None


def test_where_a_phone_is_asked() -> None:
    by_udp = target(PHONE, contact("100"), "", NETWORKS)
    assert by_udp is not None
    assert (by_udp.host, by_udp.port, by_udp.transport) == ("10.20.1.14", 5062, Transport.UDP)
    stream = contact("100", uri="sip:100@10.20.1.14:5061;transport=TLS", port=40123)
    by_tls = target(PHONE, stream, "", NETWORKS)
    assert by_tls is not None
    assert (by_tls.port_in_use, by_tls.transport) == (5061, Transport.TLS)
    guessed = target(PHONE, None, "10.20.1.14", NETWORKS)
    assert guessed is not None
    assert (guessed.port_in_use, guessed.user) == (5060, "100")
    assert target(PHONE, None, "192.0.2.7", NETWORKS) is None  # not of this site
    assert target(PHONE, None, "", NETWORKS) is None


def test_answers_teach_and_silence_is_judged_by_them() -> None:
    desk, known = OptionsDesk(CATALOGUE), {MAC: PHONE}
    good = OptionsReading(MAC, NOW, Outcome.ANSWERED, 200, "OK", rtt_s=0.2)
    assert desk.take([good], known) == {MAC: Learned(PHONE.digest, 200, "", NOW)}
    assert desk.take([good], known) == {}  # nothing new
    assert desk.signal(PHONE, NOW).value is Options.ALIVE
    silent = OptionsReading(MAC, NOW, Outcome.SILENT)
    desk.take([silent], known)
    assert desk.signal(PHONE, NOW).value is Options.SILENT
    changed = replace(PHONE, files={FILE: "newer"})
    assert desk.signal(changed, NOW).value is Options.FILTERED  # that it was told to
    assert desk.slow_s(MAC) is None
    desk.take([good] * SLOW_AFTER, known)
    assert desk.slow_s(MAC) == 0.2
    assert desk.round_trip_s(MAC, NOW, 60) == 0.2
    assert desk.round_trip_s(MAC, NOW + 2 * MINUTE, 60) is None
    assert QualityReading(rtt_p95_ms=200).is_slow
