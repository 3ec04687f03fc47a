"""Words of rules of calls: actions, times, kinds of numbers, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from babel.dates import format_date, format_time

from monitors.calls.decision import Because
from monitors.calls.wording import sentence
from provisioner.inventory.calls import CallAction, When
from provisioner.inventory.calls_incoming_shape import WEEK
from provisioner.numbering.number import Kind, Number
from web.pages.language import N_, current, gettext, locale, ngettext

DOES = {
    "forward": N_("Forward"),
    "ring_group": N_("Ring group"),
    "queue": N_("Queue"),
    "voicemail": N_("Voice mail"),
    "announcement": N_("Announcement"),
    "busy": N_("Busy"),
    "hang_up": N_("Hang up"),
}
TARGETS = {
    "forward": N_("An extension or a number, in any spelling."),
    "ring_group": N_("The name of a group of extensions."),
    "queue": N_("The name of a queue of the PBX."),
    "voicemail": N_("An extension with a box; empty: the box of the one who was called."),
    "announcement": N_("The name of a sound file of the PBX."),
}
ANONYMOUS = {
    "": N_("As the wider rule says"),
    "allow": N_("Let them in"),
    "refuse": N_("Refuse them"),
    "announcement": N_("Say that a number must be shown"),
    "reception": N_("Send them to the reception"),
}
REFUSALS = {
    "hang_up": N_("Hang up"),
    "busy": N_("Busy"),
    "announcement": N_("Announcement"),
}
KINDS = {
    Kind.INTERNAL: N_("extension of the house"),
    Kind.SERVICE: N_("code of the PBX"),
    Kind.EMERGENCY: N_("emergency number"),
    Kind.SHORT: N_("public short number"),
    Kind.NATIONAL: N_("national number"),
    Kind.INTERNATIONAL: N_("international number"),
    Kind.ANONYMOUS: N_("caller without a number"),
    Kind.UNKNOWN: N_("no number that can be read here"),
}
NATURES = {
    "premium": N_("premium rate"),
    "shared-cost": N_("shared cost"),
    "toll-free": N_("toll-free"),
    "satellite": N_("satellite"),
    "mobile": N_("mobile"),
    "fixed": N_("landline"),
}
BLOCKS = {
    "spend_day": N_("money of the day"),
    "spend_month": N_("money of the month"),
    "calls_hour": N_("international calls of an hour"),
    "calls_day": N_("international calls of the day"),
    "calls_month": N_("international calls of the month"),
    "by_hand": N_("by a person"),
    "by_hand_because": N_("by a person"),
}
"""What blocked outgoing calls, in brackets in a sentence."""
FORMS = {"plain": N_("numbers"), "sha1": "SHA-1", "sha256": "SHA-256"}


def chosen(words: Mapping[Any, str]) -> list[tuple[Any, str]]:
    """Return what may be chosen: values and their words."""
    return [(value, gettext(text)) for value, text in words.items()]


def action_words(action: CallAction) -> str:
    """Return what an action does, such as ``Forward: +34 600 000 001``."""
    what = gettext(DOES[action.do])
    return f"{what}: {action.to}" if action.to else what


def days_of_week() -> list[tuple[str, str]]:
    """Return the days as they are written and as they are said."""
    names = locale().days["stand-alone"]["abbreviated"]
    return [(day, str(names[number])) for number, day in enumerate(WEEK)]


def when_words(when: When) -> str:
    """Return the times in which something holds, in words."""
    parts = [_day_words(when.days), _clock_words(when.start, when.end)]
    if when.first or when.last:
        parts.append(_span_words(when.first, when.last))
    said = ", ".join(filter(None, parts)) or gettext("every day")
    return gettext("not: %(times)s") % {"times": said} if when.negated else said


def times_words(times: Iterable[When]) -> str:
    """Return several such times; none: always."""
    return f" {gettext('or')} ".join(map(when_words, times)) or gettext("always")


def _day_words(days: Sequence[int]) -> str:
    names = [words for _, words in days_of_week()]
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):  # noqa: PLR2004 - a run
        return f"{names[days[0]]}-{names[days[-1]]}"
    return ", ".join(names[day] for day in days)


def _clock_words(start: time, end: time) -> str:
    if start == end:
        return ""
    return f"{_clock(start)}-{_clock(end)}"


def _clock(at: time) -> str:
    return str(format_time(at, "H:mm", locale=locale()))


def _span_words(first: date | None, last: date | None) -> str:
    if first and last:
        return gettext("from %(first)s to %(last)s") % {
            "first": day_words(first), "last": day_words(last),
        }  # fmt: skip
    if first:
        return gettext("from %(first)s") % {"first": day_words(first)}
    return gettext("until %(last)s") % {"last": day_words(last)} if last else ""


def day_words(day: date | None) -> str:
    """Return a day, such as ``31 Jan 2027``; None: nothing."""
    return str(format_date(day, "d MMM y", locale=locale())) if day else ""


def country_words(code: str) -> str:
    """Return the name of a country."""
    return str(locale().territories.get(code, code))


def about_number(number: Number) -> list[str]:
    """Return what a number is: kind, country, sort of line, whether it is in use."""
    known = number.kind in {Kind.NATIONAL, Kind.INTERNATIONAL}
    return [
        gettext(KINDS[number.kind]),
        *([country_words(number.country)] if known and number.country else []),
        *([gettext(NATURES[number.nature])] if number.nature in NATURES else []),
        *([] if number.valid else [gettext("not in use")]),
    ]


def why(because: Because) -> str:
    """Return why it was decided so, in the language of the page."""
    facts = dict(because.facts)
    blocked_by = BLOCKS.get(facts.get("why", ""))
    if blocked_by:
        facts["why"] = gettext(blocked_by)
    return sentence(Because(because.rule, facts), current())


def seconds_words(seconds: int | None) -> str:
    """Return after how long a call is cut; empty: never, or not within hours."""
    hours = 4 * 3600
    if seconds is None or seconds >= hours:
        return ""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return ngettext("%(num)s second", "%(num)s seconds", seconds) % {"num": seconds}
    minutes = seconds // 60
    return ngettext("%(num)s minute", "%(num)s minutes", minutes) % {"num": minutes}


def is_day(text: str) -> bool:
    """Whether a text is a day such as 2027-01-31."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
