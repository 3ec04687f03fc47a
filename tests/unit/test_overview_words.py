"""Every word people are shown of diagnoses is there, in every language."""

from __future__ import annotations

import re
import string
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import monitors.diagnosis
import web.overview
from monitors import fetch_status
from monitors.diagnosis.explain import RULES
from monitors.diagnosis.rule import Layer, Sureness
from monitors.diagnosis.wording import LANGUAGES
from monitors.evidence import Evidence, Group, GroupFinding
from monitors.fetch_status import PhoneSeen, ProvisioningStatus, provisioning_status
from monitors.incident_steps import Ending, Event
from monitors.remedies.action import ActionState
from monitors.remedies.kinds import Remedy
from monitors.signals import Signal, Trouble
from monitors.status import State
from provisioner.inventory.fetches import FetchEvent
from web.overview.ladder import BAD, OK, STEPS, UNKNOWN
from web.overview.sentences import fetch_words
from web.overview.values import ORDER
from web.overview.wording import by_number, place_name, room_name, voice

TEXTS = Path(monitors.diagnosis.__file__).parent / "texts"
OWN = Path(web.overview.__file__).parent / "texts"
SIGNALS = Evidence().signals()
UTC_ZONE = ZoneInfo("UTC")
NOON = datetime.fromisoformat("2026-11-22 12:00")
MADRID = ZoneInfo("Europe/Madrid")


def read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"))


def flat(texts: dict[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in texts.items():
        if isinstance(value, dict):
            found |= flat(value, f"{path}{name}.")
        else:
            found[path + name] = value
    return found


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_signal_has_a_name_and_a_way_to_supply_it(language: str) -> None:
    texts = read(TEXTS / f"signals.{language}.toml")
    assert set(texts["signals"]) == set(SIGNALS)
    assert set(texts["supply"]) == set(SIGNALS)
    for text in texts["supply"].values():
        assert text[0].isupper()
        assert text.endswith(".")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SIGNALS)
def test_every_value_of_every_signal_has_words(language: str, name: str) -> None:
    texts = read(TEXTS / f"signals.{language}.toml")["values"]
    kind = type(SIGNALS[name].value)
    assert set(texts[name]) == {str(value) for value in kind}
    speaking = voice(language, UTC_ZONE, NOON)
    said = [speaking.value(name, Signal(value)) for value in kind]
    assert len(set(said)) == len(said), "two values that say the same"
    assert all(text.strip() == text and text for text in said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_word_is_there(language: str) -> None:
    texts = read(TEXTS / f"signals.{language}.toml")
    assert set(texts["troubles"]) == {str(t) for t in Trouble}
    assert set(texts["steps"]) == {layer.name.lower() for layer in STEPS}
    assert set(texts["marks"]) == {OK, BAD, UNKNOWN}
    assert set(texts["sureness"]) == {str(s) for s in Sureness}
    assert set(texts["states"]) == set(ORDER)
    assert set(texts["groups"]) == {str(g) for g in Group}
    assert {str(e) for e in Event} - set(texts["events"]) == set()
    assert set(texts["endings"]) == {str(e) for e in Ending}
    assert set(texts["remedies"]) == {str(r) for r in Remedy}
    assert set(texts["actions"]) == {str(s) for s in ActionState}
    assert set(texts) == {
        "signals", "supply", "values", "troubles", "steps", "marks", "sureness", "states", "groups",
        "events", "endings", "remedies", "actions",
    }  # fmt: skip


def test_every_status_has_its_place_in_the_order() -> None:
    assert set(ORDER) == {str(s) for s in State} | {str(s) for s in ProvisioningStatus}
    assert len(set(ORDER)) == len(ORDER)
    assert ORDER[0] == "down"
    assert ORDER[-1] == "working"


@pytest.mark.parametrize("stem", ["signals.{}", "fetch.{}", "{}"])
@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_languages_say_the_same_with_the_same_names(stem: str, language: str) -> None:
    for folder in (TEXTS, OWN):
        file, english = (folder / f"{stem.format(name)}.toml" for name in (language, "en"))
        if not english.exists():
            continue
        ours, theirs = flat(read(file)), flat(read(english))
        assert set(ours) == set(theirs)
        if folder is TEXTS and stem == "{}":
            continue  # sentences of rules choose their facts
        for name, text in ours.items():
            assert names(text) == names(theirs[name]), name


@pytest.mark.parametrize("folder", [TEXTS, OWN])
def test_nothing_is_left_in_another_language(folder: Path) -> None:
    for file in folder.glob("*.toml"):
        language = file.stem.rsplit(".")[-1]
        words = " ".join(flat(read(file)).values())
        has_cyrillic = any("\u0400" <= letter <= "\u04ff" for letter in words)
        assert has_cyrillic == (language == "ru"), file.name
        if language == "es":
            assert re.search(r"[ñáéíóú]", words), file.name
            assert not re.search(r"\b(the|phone|is|with|and)\b", words), file.name


REASONS = (*fetch_status._REFUSALS, "")


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("problem", ["", "no dialect fits {this}"])
@pytest.mark.parametrize("token_seen", [None, NOON])
@pytest.mark.parametrize("armed", [None, NOON + timedelta(hours=1), NOON - timedelta(hours=1)])
@pytest.mark.parametrize("has_asked", [True, False])
def test_what_the_fetch_log_says_is_the_same_in_english(
    reason: str, problem: str, token_seen: datetime | None, armed: datetime | None, has_asked: bool
) -> None:
    last = FetchEvent(
        NOON, "0c383e000001", "casa", "http", "/x", "10.0.0.1", "", "", "", "not-found", reason
    )
    seen = PhoneSeen(armed, token_seen, problem, last if has_asked else None)
    _, cause, _ = provisioning_status(seen, NOON)
    assert fetch_words(seen, voice("en", UTC_ZONE, NOON)).sentence == cause
    for language in LANGUAGES:
        said = fetch_words(seen, voice(language, UTC_ZONE, NOON))
        assert bool(said.sentence) == bool(cause)
        assert bool(said.fix) == bool(cause)


def test_every_reason_of_a_refusal_has_words() -> None:
    kinds = set(read(TEXTS / "fetch.en.toml"))
    statuses = {str(s) for s in ProvisioningStatus} - {"refused"}
    assert kinds == set(fetch_status._REFUSALS) | statuses | {"never-seen-armed"}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-3, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (180, "3 min"), (3599, "59 min"),
        (3600, "1 h 0 min"), (5400, "1 h 30 min"), (86399, "23 h 59 min"), (90000, "1 d 1 h"),
    ],
)  # fmt: skip
def test_lengths_of_time(seconds: float, told: str) -> None:
    assert voice("en", UTC_ZONE, NOON).lasted_s(seconds) == told


def test_times_are_the_sites_own() -> None:
    speaking = voice("es", MADRID, NOON)
    assert speaking.moment(NOON) == "13:00"
    assert speaking.moment(NOON - timedelta(days=1)) == "2026-11-21 13:00"
    assert speaking.moment(datetime.fromisoformat("2026-07-01 12:00")) == "2026-07-01 14:00"
    assert speaking.since(NOON - timedelta(minutes=14)) == "desde 12:46 (14 min)"
    assert speaking.ago(NOON - timedelta(minutes=3)) == "hace 3 min"
    assert voice("en", UTC_ZONE, NOON).ago(NOON - timedelta(minutes=3)) == "3 min ago"
    assert voice("ru", UTC_ZONE, NOON).ago(NOON - timedelta(minutes=3)) == "3 мин назад"


@pytest.mark.parametrize(
    ("room", "name", "head", "inside"),
    [
        ("214", "", "Room 214", "room 214"),
        ("r12", "", "Room r12", "room r12"),
        ("reception", "", "Reception", "Reception"),
        ("main-entrance", "", "Main entrance", "Main entrance"),
        ("214", "Suite Aurora", "Suite Aurora", "Suite Aurora"),
    ],
)
def test_what_rooms_are_called(room: str, name: str, head: str, inside: str) -> None:
    speaking = voice("en", UTC_ZONE, NOON)
    assert room_name(room, name, speaking) == head
    assert room_name(room, name, speaking, inside=True) == inside


def test_what_places_are_called() -> None:
    assert place_name("Room 214", "Bedside", voice("en", UTC_ZONE, NOON)) == "Room 214 bedside"
    assert place_name("Room 214", "", voice("en", UTC_ZONE, NOON)) == "Room 214"
    spanish, russian = (voice(name, UTC_ZONE, NOON) for name in ("es", "ru"))
    assert place_name("Habitación 214", "Mesilla", spanish) == "Habitación 214, mesilla"
    assert place_name("Номер 214", "Ванная", russian) == "Номер 214, ванная"
    assert place_name("Spa", "DECT base", spanish) == "Spa, DECT base"


def test_rooms_are_in_the_order_of_their_numbers() -> None:
    rooms = ["Room 10", "Room 9", "Bar", "Room 9 b", "214", "9"]
    assert sorted(rooms, key=by_number) == ["Bar", "Room 9", "Room 9 b", "Room 10", "9", "214"]


def test_a_language_without_texts_gets_english() -> None:
    assert voice("fr", UTC_ZONE, NOON).language == "en"


def test_a_rule_or_word_of_another_release_is_shown_as_it_is() -> None:
    speaking = voice("es", UTC_ZONE, NOON)
    assert speaking.diagnosis("Z9", {}).sentence == "Z9"
    assert speaking.word("states", "asleep") == "asleep"
    assert speaking.event("sung", place="x") == "sung"


@pytest.mark.parametrize("group", list(Group))
def test_groups_are_named(group: Group) -> None:
    finding = GroupFinding("A3", group, "sw-2", frozenset(), 1.0)
    said = {voice(language, UTC_ZONE, NOON).group(finding) for language in LANGUAGES}
    assert all(said)
    assert group is Group.SITE or all("sw-2" in text for text in said)


def test_a_measured_fact_brings_its_own_unit() -> None:
    for language in LANGUAGES:
        for rule in ("B11", "I3"):
            said = voice(language, UTC_ZONE, NOON).diagnosis(rule, {"watts": "3.9 W"}).sentence
            assert "3.9 W" in said
            assert not re.search(r"3\.9 W (W|Вт)", said)


def test_every_layer_of_a_rule_is_a_step_or_beyond() -> None:
    beyond = {Layer.NOTHING, Layer.WELL}
    assert {rule.layer for rule in RULES} <= set(STEPS) | beyond
