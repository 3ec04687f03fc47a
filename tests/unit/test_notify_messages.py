"""What messages say, in three languages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from monitors.diagnosis.wording import LANGUAGES
from monitors.incident_steps import MISSING_SIGNALS, Incident
from monitors.notify.due import Due, Kind
from monitors.notify.email import mail_of
from monitors.notify.messages import Scene, _texts, digest_of, duration, message_of
from monitors.notify.places import Place
from monitors.notify.scenes import scene_of
from monitors.policy import NotifyPolicy
from provisioner.catalogue.loader import load
from provisioner.inventory.records import Inventory, Phone, Room, Site
from provisioner.mac import MacAddress

NOON = datetime.fromisoformat("2026-11-22 12:00")
HOUR = timedelta(hours=1)
MAC, OTHER = "0c383e000001", "0c383e000002"
FACTS = {"room": "room 214", "port": "port 14", "switch": "sw-2"}
INCIDENT = Incident(
    7, "aurora", f"phone {MAC}", False, "B5", "certain", "", FACTS, NOON, 0, NOON, macs=(MAC,)
)
GROUP = replace(
    INCIDENT, key="switch sw-2", grouped=True, rule="A3", name="sw-2", macs=(MAC, OTHER),
    facts={"switch": "sw-2", "phones": "17"},
)  # fmt: skip


def scene(language: str = "en") -> Scene:
    places = {
        MAC: Place(MAC, "214", "bathroom", "bathroom", position_name="Bathroom"),
        OTHER: Place(OTHER, "reception", "desk", "reception", room_name="Reception"),
    }
    policy = NotifyPolicy(ZoneInfo("Europe/Madrid"), language=language)
    return Scene("aurora", "Hotel Aurora", policy, places)


def due(kind: Kind, hours: int = 0) -> Due:
    return Due(f"incident 7 0 {kind} email", kind, "email", hours)


@pytest.mark.parametrize(
    ("language", "kind", "line"),
    [
        (
            "en",
            Kind.DOWN,
            (
                "Room 214 (Bathroom): There is a short circuit on the cable or socket of room 214 "
                "(port 14 of sw-2). Since 13:00. Check socket and cable for water and bad plugs; "
                "replace the cable."
            ),
        ),
        (
            "en",
            Kind.STILL,
            (
                "Room 214 (Bathroom): still down after 4 h. There is a short circuit on the cable or "
                "socket of room 214 (port 14 of sw-2). Check socket and cable for water and bad "
                "plugs; replace the cable."
            ),
        ),
        (
            "en",
            Kind.RESOLVED,
            (
                "Room 214 (Bathroom): works again after 4 h. It was: There is a short circuit on the "
                "cable or socket of room 214 (port 14 of sw-2)."
            ),
        ),
        ("es", Kind.STILL, "Habitación 214 (Bathroom): sigue sin funcionar después de 4 h. "),
        ("ru", Kind.STILL, "Номер 214 (Bathroom): не работает уже 4 ч. "),
        ("xx", Kind.DOWN, "Room 214 (Bathroom): There is a short circuit"),
    ],
)
def test_one_line_with_the_room_first(language: str, kind: Kind, line: str) -> None:
    made = message_of(due(kind, 4), INCIDENT, scene(language), NOON + 4 * HOUR)
    assert made.line.startswith(line)
    assert language != "en" or made.line == line
    assert "\n" not in made.line
    assert made.more == ()


def test_a_group_names_its_site_and_its_phones() -> None:
    made = message_of(due(Kind.DOWN), GROUP, scene(), NOON, maybe_double=True)
    assert made.line.startswith("Hotel Aurora: sw-2 does not answer; 2 phones hang on it.")
    assert made.more == (
        "You may have had this message before.",
        "Phones: Reception, Room 214 (Bathroom)",
    )


def test_a_group_of_very_many_phones_stays_readable() -> None:
    macs = tuple(f"0c383e{n:06x}" for n in range(100))
    made = message_of(due(Kind.DOWN), replace(GROUP, macs=macs), scene(), NOON)
    assert made.more[0].endswith("(+70)")


def test_a_day_later_the_date_is_said() -> None:
    made = message_of(due(Kind.DOWN), INCIDENT, scene(), NOON + 20 * HOUR)
    assert "Since 2026-11-22 13:00." in made.line


def test_the_same_for_programs() -> None:
    made = message_of(due(Kind.RESOLVED), replace(INCIDENT, closed_at=NOON + HOUR), scene(), NOON)
    facts = json.loads(json.dumps(dict(made.facts)))
    assert facts["kind"] == "resolved"
    assert facts["incident"]["rule"] == "B5"
    assert facts["incident"]["closed_at"] == "2026-11-22T13:00:00Z"
    assert facts["phones"] == [{"mac": MAC, "room": "214", "position": "bathroom"}]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (119, "119 min"), (120, "2 h"), (2879, "47 h"), (2880, "2 d 0 h")],
)
def test_how_long(minutes: int, words: str) -> None:
    assert duration(timedelta(minutes=minutes), scene()) == words


def test_the_digest() -> None:
    over = replace(INCIDENT, id=8, closed_at=NOON - HOUR, began_at=NOON - 3 * HOUR)
    message = Due("digest aurora 2026-11-22 email", Kind.DIGEST, "email")
    made = digest_of(message, [INCIDENT, over], 120, scene(), NOON + HOUR)
    assert made.line == "Hotel Aurora: 1 of 120 phones do not work."
    assert made.more[0] == "Open now:"
    assert made.more[1].startswith("- Room 214 (Bathroom): There is a short circuit")
    assert made.more[1].endswith("(60 min)")
    assert made.more[2] == "Over in the last 24 hours:"
    assert made.more[3].endswith("(2 h)")
    well = digest_of(message, [], 120, scene(), NOON)
    assert (well.line, well.more) == ("Hotel Aurora: all 120 phones work.", ())


def test_every_language_says_the_same_things() -> None:
    wanted = _texts("en")
    for language in LANGUAGES:
        texts = _texts(language)
        assert set(texts) == set(wanted)
        for name, text in texts.items():
            fields = {field for _, field, _, _ in Formatter().parse(text)}
            assert fields == {field for _, field, _, _ in Formatter().parse(wanted[name])}, name


def test_a_mail_is_the_same_mail_when_it_is_sent_twice() -> None:
    made = message_of(due(Kind.DOWN), GROUP, scene("ru"), NOON)
    first, second = (mail_of("bellwire@x.example", ["a@x", "b@x"], made, NOON) for _ in range(2))
    assert (
        first["Message-ID"] == second["Message-ID"] == "<incident.7.0.down.email.aurora@x.example>"
    )
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Subject"] == made.line[:200]
    assert made.line in first.get_content()
    assert bytes(first).isascii()


def test_the_scene_of_a_site() -> None:
    catalogue = load()
    site = Site("aurora", "Hotel Aurora", timezone="Europe/Madrid", languages=("es", "en"))
    phones = tuple(
        Phone("aurora", room, position, MacAddress(mac), "fanvil/h5", preset)
        for room, position, mac, preset in (
            ("214", "bedside", MAC, "guest-room"),
            ("214", "bathroom", OTHER, "bathroom"),
            ("215", "corner", "0c383e000003", "guest-room"),
        )
    )
    rooms = (Room("aurora", "214", template="guest-room"), Room("aurora", "215", name="Suite 215"))
    inventory = Inventory((site,), rooms, (), phones)
    made = scene_of(site, inventory, catalogue, switches={MAC: "sw-2"})
    assert made.places[OTHER].position_name == "Baño"
    assert made.places[MAC].switch == "sw-2"
    assert made.places["0c383e000003"].position_name == ""
    assert made.places["0c383e000003"].room_name == "Suite 215"
    assert made.language == "es"


def test_what_would_decide_is_named_in_the_readers_language() -> None:
    unsure = replace(INCIDENT, rule="J3", facts={**FACTS, MISSING_SIGNALS: "registration link"})
    for language, names in (("en", "registration, link"), ("ru", "регистрация, соединение")):
        made = message_of(due(Kind.DOWN), unsure, scene(language), NOON)
        assert names in made.line, made.line
