"""From what is stored to what is shown of a phone: pure, in every language."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitors.diagnosis.explain import explain
from monitors.diagnosis.wording import LANGUAGES, known_rules, signal_texts
from monitors.evidence import Evidence, Group, GroupFinding
from monitors.incident_steps import Event, Incident, TimelineEntry
from monitors.remedies.action import Action, ActionState
from monitors.signals import Signal, Trouble
from monitors.status import State, Status
from monitors.store.statuses import KeptStatus
from provisioner.inventory.fetches import FetchEvent
from web.commands.diagnose import diagnosis_lines
from web.overview.diagnosis import diagnosis_view
from web.overview.incidents import incident_view
from web.overview.json_form import diagnosis_json, phone_json, site_json
from web.overview.phones import is_stale, phone_overviews, site_overview
from web.overview.reading import StoredPhone, StoredSite, utc_of
from web.overview.remedies import remedy_views
from web.overview.values import ORDER
from web.overview.wording import voice

NOON = datetime.fromisoformat("2026-11-22 12:00")
MINUTE = timedelta(minutes=1)
MAC, OTHER = "0c383e000214", "0c383e000009"
SIGNALS = Evidence().signals()


FETCH = FetchEvent(NOON, MAC, "aurora", "http", "/x", "10.0.0.9", "", "", "", "ok", "")


def phone(mac: str, room: str) -> StoredPhone:
    place, inside = f"Room {room} bedside", f"room {room}"
    return StoredPhone(
        mac, "aurora", room, "bedside", "fanvil/h5", None, NOON, "", place, inside
    )  # fmt: skip


def site(language: str = "en", **changes: object) -> StoredSite:
    made = StoredSite(
        id="aurora",
        name="Hotel Aurora",
        voice=voice(language, ZoneInfo("Europe/Madrid"), NOON),
        phones={MAC: phone(MAC, "214"), OTHER: phone(OTHER, "9")},
        rooms={"214": "", "9": ""},
        fetched={MAC: FETCH, OTHER: FETCH},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def kept(
    mac: str, state: State, rule: str, missing: tuple[str, ...] = (), **facts: str
) -> KeptStatus:
    status = Status(state, NOON - 14 * MINUTE, rule)
    return KeptStatus(mac, "aurora", status, "likely", NOON - MINUTE, facts, missing)


INCIDENT = Incident(
    7, "aurora", f"phone {MAC}", False, "B5", "certain", "", {"room": "214", "port": "Gi0/14"},
    NOON - 14 * MINUTE, 0, NOON, macs=(MAC,),
    timeline=(
        TimelineEntry(NOON - 14 * MINUTE, Event.OPENED, detail="B7"),
        TimelineEntry(NOON - 13 * MINUTE, Event.CAUSE_CHANGED, detail="B7 -> B5"),
        TimelineEntry(NOON - 12 * MINUTE, Event.JOINED, mac=OTHER),
        TimelineEntry(NOON - 11 * MINUTE, Event.NOTIFIED, detail="down email"),
        TimelineEntry(NOON - 10 * MINUTE, Event.ACKNOWLEDGED, who="cli:anna"),
        TimelineEntry(NOON - 9 * MINUTE, Event.ACKNOWLEDGED, who="cli:anna", detail="ordered"),
        TimelineEntry(NOON - 8 * MINUTE, Event.CLOSED, detail="recovered"),
    ),
)  # fmt: skip


def test_any_state_is_shown_in_any_language() -> None:
    chance = random.Random(4)
    for number in range(600):
        language = LANGUAGES[number % 3]
        finding = None
        if chance.random() < 0.2:
            finding = GroupFinding("A3", chance.choice(list(Group)), "x", frozenset({MAC}), 0.5)
        known = Evidence(
            **{n: Signal(chance.choice(list(type(s.value))), 5.0) for n, s in SIGNALS.items()},  # type: ignore[arg-type]
            troubles=frozenset(t for t in Trouble if chance.random() < 0.3),
            finding=finding,
        )
        found = explain(known)
        state = chance.choice(list(State))
        status = kept(MAC, state, found.rule, found.missing)
        incident = chance.choice([None, INCIDENT])
        made = diagnosis_view(
            site(language, statuses={MAC: status}), MAC, known, incident, [INCIDENT], 60.0
        )
        told = diagnosis_json(made)
        text = json.dumps(told, ensure_ascii=False)
        assert "{" not in "".join([made.sentence, made.fix, *(s.text for s in made.steps)])
        assert told["cause"] == found.rule
        assert told["status"] == str(state)
        assert set(told["supply"]) == set(found.missing)
        assert (language == "ru") == any("\u0400" <= letter <= "\u04ff" for letter in text)


@pytest.mark.parametrize("rule", sorted(known_rules("en")))
def test_every_rule_is_shown_on_a_line(rule: str) -> None:
    for language in LANGUAGES:
        stored = site(language, statuses={MAC: kept(MAC, State.DOWN, rule, ("link", "options"))})
        (down, _) = phone_overviews(stored)
        assert down.cause
        assert "{" not in down.cause + down.fix
        assert phone_json(down)["rule"] == rule


def test_rooms_and_missing_signals_are_named_in_the_readers_language() -> None:
    facts = {"room": "214", "other_room": "9", "port": "Gi0/14"}
    english = site(statuses={MAC: kept(MAC, State.DOWN, "D1", **facts)})
    assert phone_overviews(english)[0].cause == (
        "The phone of room 9 is plugged in where the phone of room 214 should be."
    )
    russian = site("ru", statuses={MAC: kept(MAC, State.UNKNOWN, "J4", ("link", "options"))})
    said = phone_overviews(russian)
    assert "соединение, ответ на прямую проверку" in said[0].cause


def test_worst_first_then_by_number() -> None:
    states = {MAC: kept(MAC, State.WORKING, "I1"), OTHER: kept(OTHER, State.WORKING, "I1")}
    assert [p.mac for p in phone_overviews(site(statuses=states))] == [OTHER, MAC]
    worse = {**states, MAC: kept(MAC, State.FAILING, "G1")}
    assert [p.mac for p in phone_overviews(site(statuses=worse))] == [MAC, OTHER]
    only = {MAC: kept(MAC, State.WORKING, "I1")}
    assert [p.status for p in phone_overviews(site(statuses=only))] == ["provisioned", "working"]


def test_a_site_counts_its_phones_and_knows_when_it_was_judged() -> None:
    stored = site(statuses={MAC: kept(MAC, State.DOWN, "G1")}, incidents=(INCIDENT,))
    made = site_overview(stored, 60.0)
    assert dict(made.counts) == {"down": 1, "provisioned": 1}
    assert list(made.counts) == [s for s in ORDER if s in made.counts]
    assert (made.judged_at, made.is_stale) == (NOON - MINUTE, False)
    assert made.phones[0].incident == 7
    assert site_json(made)["judged_at"] == "2026-11-22T11:59:00Z"


@pytest.mark.parametrize(
    ("minutes", "sweep_s", "stale"),
    [(2, 60, False), (4, 60, True), (4, 1, True), (2, 1, False), (20, 600, False), (40, 600, True)],
)
def test_when_a_monitor_stands_still(minutes: int, sweep_s: float, stale: bool) -> None:
    assert is_stale(NOON - minutes * MINUTE, NOON, sweep_s) is stale
    assert not is_stale(None, NOON, sweep_s)


def test_a_timeline_says_everything_in_words() -> None:
    lines = incident_view(INCIDENT, site()).timeline
    gone = (
        "Nothing is attached to Gi0/14 of the switch any more; "
        "the phone was there until some time ago."
    )
    short = "There is a short circuit on the cable or socket of room 214 (Gi0/14 of the switch)."
    assert [line.text for line in lines] == [
        f"opened: {gone}",
        f"the cause is now: {short}",
        "Room 9 bedside joined",
        "told: down email",
        "acknowledged by cli:anna",
        "acknowledged by cli:anna: ordered",
        "closed: works again",
    ]


def test_phones_that_are_gone_are_shown_by_their_address() -> None:
    group = replace(INCIDENT, grouped=True, name="sw-2", rule="A3", macs=("0c383effffff", MAC))
    made = incident_view(group, site())
    assert made.place == "Hotel Aurora"
    assert list(made.phones.values()) == ["Room 214 bedside", "0c383effffff"]
    assert "2 phones" in made.sentence


def test_the_next_check_is_a_sweep_later_while_there_are_sweeps() -> None:
    stored = site(statuses={MAC: kept(MAC, State.DOWN, "G1")})
    made = diagnosis_view(stored, MAC, None, None, [], 60.0)
    assert made.next_check == NOON
    assert diagnosis_view(stored, OTHER, None, None, [], 60.0).next_check == NOON
    still = replace(stored.statuses[MAC], judged_at=NOON - 10 * MINUTE)
    late = diagnosis_view(site(statuses={MAC: still}), MAC, None, None, [], 60.0)
    assert late.next_check is None


def test_a_phone_without_evidence_or_status() -> None:
    made = diagnosis_view(site(), MAC, None, None, [], 60.0)
    assert (made.cause, made.confidence, made.evidence) == ("provisioned", "possible", ())
    assert made.sentence.endswith("its fetch log says: it has its files.")
    assert {step.mark for step in made.steps} == {"unknown"}
    assert not made.phone.is_broken


def test_what_fits_is_offered_while_something_is_wrong() -> None:
    stored = site(statuses={MAC: kept(MAC, State.DOWN, "H3"), OTHER: kept(OTHER, State.DOWN, "B5")})
    made = diagnosis_view(stored, MAC, None, None, [], 60.0)
    assert dict(made.fitting) == {
        "reboot": "restart",
        "poe-cycle": "power off and on by its switch",
    }
    assert not diagnosis_view(stored, OTHER, None, None, [], 60.0).fitting
    assert diagnosis_json(made)["fitting"] == ["reboot", "poe-cycle"]


def test_what_was_done_is_said_in_words() -> None:
    by_itself = Action(
        4, "aurora", MAC, "poe-cycle", "cli", ActionState.FAILED, "", NOON - 3 * MINUTE, NOON,
        switch="sw-2", port="Gi0/14", ended_at=NOON, detail="it is off still",
    )  # fmt: skip
    refused = replace(by_itself, state=ActionState.REFUSED, who="ui:ana", switch="", detail="")
    (first, second) = remedy_views([by_itself, refused], site("es").voice)
    assert (first.who, first.port, first.state_name) == (
        "bellwire", "sw-2 Gi0/14", signal_texts("es")["actions"]["failed"],
    )  # fmt: skip
    assert (second.who, second.port) == ("ui:ana", "")
    english = diagnosis_view(site(), MAC, None, None, [], 60.0)
    shown = replace(english, remedies=remedy_views([by_itself, refused], site().voice))
    assert diagnosis_json(shown)["remedies"][0] == {
        "id": 4, "remedy": "poe-cycle", "state": "failed", "who": "bellwire",
        "at": "2026-11-22T11:57:00Z", "ended_at": "2026-11-22T12:00:00Z", "way": "cli",
        "port": "sw-2 Gi0/14", "detail": "it is off still",
    }  # fmt: skip
    lines = list(diagnosis_lines(shown))
    assert lines[lines.index("\nRemedies") + 1 :][:2] == [
        "  12:57  power off and on by its switch: did not help (by bellwire): it is off still",
        "  12:57  power off and on by its switch: not allowed (by ui:ana)",
    ]


def test_wall_times_around_the_change_of_the_clock() -> None:
    zone = ZoneInfo("Europe/Madrid")
    assert utc_of(datetime.fromisoformat("2026-07-01 06:00"), zone).hour == 4
    assert utc_of(datetime.fromisoformat("2026-10-25 02:30"), zone).hour == 0  # the first of two
