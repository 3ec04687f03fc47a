"""Words of what is shown, in each language: signals, values, states, headings, times. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from monitors.diagnosis.rule import Layer
from monitors.diagnosis.wording import (
    LANGUAGES,
    Words,
    known_rules,
    signal_texts,
    words,
)
from monitors.evidence import GroupFinding
from monitors.signals import Signal

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Voice:
    """Who is spoken to.

    Attributes:
        language: one that there are texts in.
        zone: of the wall time.
        now: naive UTC.
    """

    language: str
    zone: ZoneInfo
    now: datetime

    def say(self, text: str, **values: object) -> str:
        """Return a text of ``texts/<language>.toml`` with its names filled in."""
        return str(_interface(self.language)[text]).format(**values)

    def ago(self, at: datetime) -> str:
        """Return how long ago a naive UTC time is, in words."""
        return self.say("ago", time=self.lasted(self.now - at))

    def lasted(self, time: timedelta) -> str:
        """Return a length of time in words, of one or two units."""
        return self.lasted_s(time.total_seconds())

    def lasted_s(self, seconds: float) -> str:
        """Return a length of time in words, of one or two units."""
        whole = max(0, int(seconds))
        if whole < _MINUTE_S:
            return self.say("seconds", seconds=whole)
        if whole < _HOUR_S:
            return self.say("minutes", minutes=whole // _MINUTE_S)
        if whole < _DAY_S:
            hours, rest = divmod(whole, _HOUR_S)
            return self.say("hours", hours=hours, minutes=rest // _MINUTE_S)
        days, rest = divmod(whole, _DAY_S)
        return self.say("days", days=days, hours=rest // _HOUR_S)

    def wall(self, at: datetime) -> datetime:
        """Return the wall time of a naive UTC time."""
        return at.replace(tzinfo=UTC).astimezone(self.zone)

    def moment(self, at: datetime) -> str:
        """Return the wall time in words; with its date when it is not today's."""
        wall = self.wall(at)
        is_today = wall.date() == self.wall(self.now).date()
        return wall.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")

    def since(self, at: datetime) -> str:
        """Return since when, and how long that is."""
        return self.say("since", since=self.moment(at), time=self.lasted(self.now - at))

    def signal(self, name: str) -> str:
        """Return what a signal is called."""
        return str(signal_texts(self.language)["signals"][name])

    def value(self, name: str, signal: Signal[Any]) -> str:
        """Return what a signal says."""
        return self.word_of(name, str(signal.value))

    def word_of(self, name: str, value: str) -> str:
        """Return what a value of a signal is called."""
        return str(signal_texts(self.language)["values"][name].get(value, value))

    def supply(self, name: str) -> str:
        """Return how a person gives bellwire a signal that is missing."""
        return str(signal_texts(self.language)["supply"][name])

    def step(self, layer: Layer) -> str:
        """Return what a step of the ladder is called."""
        return self.word("steps", layer.name.lower())

    def word(self, kind: str, name: str) -> str:
        """Return a state, mark, sureness, trouble or ending; one without a text as it is."""
        return str(signal_texts(self.language)[kind].get(name, name))

    def group(self, finding: GroupFinding) -> str:
        """Return which group it is that fails together."""
        return self.word("groups", str(finding.group)).format(name=finding.name)

    def event(self, what: str, **values: str) -> str:
        """Return a line of a timeline."""
        return self.word("events", what).format(**values)

    def diagnosis(self, rule: str, facts: Mapping[str, str]) -> Words:
        """Return a diagnosis in words; a rule of another release is shown by its id."""
        if rule not in known_rules(self.language):
            return Words(rule, "")
        return words(rule, facts, self.language)

    def refusal(self, reason: str) -> str:
        """Return why a phone was refused a file."""
        return refusal_text(reason, self.language)

    def fetch(self, kind: str, problem: str = "") -> Words:
        """Return what the fetch log says of a phone, and what to do."""
        texts = _fetch(self.language)[kind]
        return Words(texts["sentence"].format(problem=problem), texts["fix"])


def refusal_text(reason: str, language: str) -> str:
    """Return why a phone was refused a file; a reason without words as it is."""
    texts = _fetch(language if language in LANGUAGES else "en")
    return str(texts[reason]["sentence"]) if reason in texts else reason


def voice(language: str, zone: ZoneInfo, now: datetime) -> Voice:
    """Return a voice; a language without texts gets English."""
    return Voice(language if language in LANGUAGES else "en", zone, now)


def room_name(room: str, name: str, voice: Voice, *, inside: bool = False) -> str:
    """Return what people call a room: its name, ``Room 214``, or a word such as ``Reception``.

    Args:
        room: its id.
        name: as the site file has it, may be empty.
        voice: who is spoken to.
        inside: in the middle of a sentence: ``room 214``.
    """
    if name:
        return name
    if any(letter.isdigit() for letter in room):
        return voice.say("room_inside" if inside else "room", room=room)
    words = room.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def place_name(room: str, position: str, voice: Voice) -> str:
    """Return a phone's place: ``Room 214 bedside``; without a position only the room."""
    if not position:
        return room
    is_word = position[1:2].islower() or position[1:2] == " "  # no abbreviation such as DECT
    said = position[:1].lower() + position[1:] if is_word else position
    return voice.say("place", room=room, position=said)


@lru_cache(maxsize=50_000)
def by_number(text: str) -> tuple[tuple[int, str], ...]:
    """Return what to sort by so that ``Room 9`` comes before ``Room 10``."""
    parts = re.split(r"(\d+)", text)
    return tuple((int(p), "") if p.isdecimal() else (-1, p) for p in parts if p)


@cache
def _interface(language: str) -> Mapping[str, str]:
    return _read("web.overview", f"{language}.toml")


@cache
def _fetch(language: str) -> Mapping[str, dict[str, str]]:
    return _read("monitors.diagnosis", f"fetch.{language}.toml")


def _read(package: str, name: str) -> dict[str, Any]:
    file = resources.files(package).joinpath("texts", name)
    return tomllib.loads(file.read_text(encoding="utf-8"))
