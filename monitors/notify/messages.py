"""What a message says: one line, the room first, in the site's language. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

from pydantic import JsonValue

from monitors.diagnosis.wording import LANGUAGES, names_of_signals, words
from monitors.incident_steps import MISSING_SIGNALS, Incident
from monitors.notify.due import Due, Kind
from monitors.notify.places import Place
from monitors.policy import NotifyPolicy

_PLACES_MAX = 30
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A message, ready to be sent by any channel.

    Attributes:
        key: the same for the same message, also when it is sent a second time.
        line: all of it that matters, in one line.
        more: further lines.
        facts: the same for programs.
    """

    key: str
    site: str
    line: str
    more: tuple[str, ...] = ()
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is needed to speak of a site's incidents.

    Attributes:
        site, site_name: its id and name.
        places: of its phones, by MAC.
    """

    site: str
    site_name: str
    policy: NotifyPolicy
    places: Mapping[str, Place]

    @property
    def language(self) -> str:
        """A language that there are texts in."""
        return self.policy.language if self.policy.language in LANGUAGES else "en"

    def say(self, text: str, **values: str) -> str:
        """Return a text of ``texts/<language>.toml`` with its names filled in."""
        return " ".join(_texts(self.language)[text].format(**values).split())


def message_of(
    message: Due, incident: Incident, scene: Scene, now: datetime, *, maybe_double: bool = False
) -> Message:
    """Return what is said of an incident."""
    said = words(incident.rule, _facts(incident, scene.language), scene.language)
    place = place_of(incident, scene)
    ended = incident.closed_at or now
    line = scene.say(
        str(message.kind),
        place=place,
        sentence=said.sentence,
        fix="" if message.kind is Kind.RESOLVED else said.fix,
        since=_moment(incident.began_at, now, scene),
        duration=duration(ended - incident.began_at, scene),
    )
    more = [scene.say("maybe_double")] if maybe_double else []
    if incident.grouped and incident.macs:
        more.append(scene.say("phones", phones=_all_places(incident.macs, scene)))
    facts: dict[str, JsonValue] = {
        "id": message.key,
        "kind": str(message.kind),
        "maybe_double": maybe_double,
        "site": scene.site,
        "text": line,
        "incident": {
            "id": incident.id,
            "rule": incident.rule,
            "sureness": incident.sureness,
            "group": incident.name,
            "began_at": _utc(incident.began_at),
            "closed_at": _utc(incident.closed_at) if incident.closed_at else None,
            "acknowledged_by": incident.acknowledged_by,
            "place": place,
            "sentence": said.sentence,
            "fix": said.fix,
        },
        "phones": [_phone(mac, scene) for mac in incident.macs],
    }
    return Message(message.key, scene.site, line, tuple(more), facts)


def bundle_of(messages: Sequence[Message], scene: Scene) -> Message:
    """Return one message that says what several say."""
    line = scene.say("bundle", place=scene.site_name, count=str(len(messages)))
    more = [f"- {' '.join((message.line, *message.more))}" for message in messages]
    facts: dict[str, JsonValue] = {
        "id": messages[0].key,
        "kind": "bundle",
        "site": scene.site,
        "messages": [dict(message.facts) for message in messages],
    }
    return Message(messages[0].key, scene.site, line, tuple(more), facts)


def digest_of(
    message: Due, incidents: Iterable[Incident], phones: int, scene: Scene, now: datetime
) -> Message:
    """Return the daily digest.

    Args:
        message: as ``digest_due`` returned it.
        incidents: those that are open, and those of the last 24 hours.
        phones: how many the site has.
        scene: the site.
        now: naive UTC.
    """
    known = list(incidents)
    going = [i for i in known if i.is_open]
    over = [i for i in known if i.closed_at is not None and i.closed_at > now - _DAY]
    down = len({mac for incident in going for mac in incident.macs})
    headline = "digest_down" if going else "digest_well"
    line = scene.say(headline, place=scene.site_name, down=str(down), phones=str(phones))
    more: list[str] = []
    for title, some in (("digest_open", going), ("digest_over", over)):
        if some:
            more += [scene.say(title), *(f"- {_short(i, scene, now)}" for i in some)]
    facts: dict[str, JsonValue] = {
        "id": message.key,
        "kind": str(Kind.DIGEST),
        "site": scene.site,
        "text": line,
        "phones": phones,
        "phones_down": down,
        "open": [i.id for i in going],
        "over": [i.id for i in over],
    }
    return Message(message.key, scene.site, line, tuple(more), facts)


def _short(incident: Incident, scene: Scene, now: datetime) -> str:
    said = words(incident.rule, _facts(incident, scene.language), scene.language)
    lasted = duration((incident.closed_at or now) - incident.began_at, scene)
    return f"{place_of(incident, scene)}: {said.sentence} ({lasted})"


def place_of(incident: Incident, scene: Scene) -> str:
    """Return where an incident is: a room, or the site for a group."""
    if incident.grouped or not incident.macs:
        return scene.site_name
    return _place(incident.macs[0], scene)


def duration(lasted: timedelta, scene: Scene) -> str:
    """Return a length of time in words, of one or two units."""
    minutes = max(0, int(lasted.total_seconds()) // 60)
    if minutes < 120:  # noqa: PLR2004 - two hours
        return scene.say("minutes", minutes=str(minutes))
    hours = minutes // 60
    if hours < 48:  # noqa: PLR2004 - two days
        return scene.say("hours", hours=str(hours))
    return scene.say("days", days=str(hours // 24), hours=str(hours % 24))


def _place(mac: str, scene: Scene) -> str:
    place = scene.places.get(mac)
    if place is None:
        return mac
    room = place.room_name or scene.say("place", room=place.room)
    if not place.position_name:
        return room
    return scene.say("place_position", place=room, position=place.position_name)


def _all_places(macs: Iterable[str], scene: Scene) -> str:
    named = sorted(_place(mac, scene) for mac in macs)
    rest = len(named) - _PLACES_MAX
    return ", ".join(named[:_PLACES_MAX]) + (f" (+{rest})" if rest > 0 else "")


def _phone(mac: str, scene: Scene) -> dict[str, JsonValue]:
    place = scene.places.get(mac)
    if place is None:
        return {"mac": mac}
    return {"mac": mac, "room": place.room, "position": place.position}


def _facts(incident: Incident, language: str) -> dict[str, str]:
    facts = dict(incident.facts)
    missing = facts.pop(MISSING_SIGNALS, "").split()
    if missing:
        facts["missing"] = names_of_signals(missing, language)
    if incident.grouped and incident.macs:
        facts["phones"] = str(len(incident.macs))
    return facts


def _moment(at: datetime, now: datetime, scene: Scene) -> str:
    """The site's wall time; with its date when it is not today's."""
    local = scene.policy.local(at)
    is_today = local.date() == scene.policy.local(now).date()
    return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="seconds") + "Z"


@cache
def _texts(language: str) -> dict[str, str]:
    file = resources.files("monitors.notify").joinpath("texts", f"{language}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
