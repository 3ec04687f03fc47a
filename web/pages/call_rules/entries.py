"""Lists of numbers in the rules of calls: groups, white and black lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from provisioner.bulk.writing import harmless
from provisioner.inventory.calls_incoming_shape import FileNumber
from provisioner.numbering.lists import GROUP, NumberEntry, read_csv, split_pasted, write_csv
from provisioner.numbering.masks import Mask, read_mask
from provisioner.numbering.number import NumberError
from provisioner.numbering.plan import Plan

Json = dict[str, Any]
ListKind = Literal["group", "white", "black"]
KINDS: tuple[ListKind, ...] = ("group", "white", "black")
PER_PAGE = 50
DETAILS = ("reason", "comment", "expires")


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a list stands: a group, or the white or black list of a rule."""

    kind: ListKind
    name: str

    def entries(self, document: Json) -> list[Json] | None:
        """Return its entries; None: there is no such group or rule."""
        if self.kind == "group":
            found = document.get("groups", {}).get(self.name)
            return None if found is None else list(found)
        rule = rule_named(document, "incoming", self.name)
        return None if rule is None else list(rule.get(self.kind, ()))

    def put(self, document: Json, entries: Sequence[Json]) -> None:
        """Write other entries in their place; a group may be new."""
        if self.kind == "group":
            document.setdefault("groups", {})[self.name] = list(entries)
        elif rule := rule_named(document, "incoming", self.name):
            rule[self.kind] = list(entries)

    def path(self, document: Json) -> tuple[str | int, ...]:
        """Return where it is in the part ``calls``, as errors name it."""
        if self.kind == "group":
            return ("groups", self.name)
        names = [rule["name"] for rule in document.get("incoming", ())]
        return ("incoming", names.index(self.name) if self.name in names else 0, self.kind)


@dataclass(frozen=True, slots=True)
class Row:
    """An entry on a page; ``place`` is where it stands in the whole list."""

    place: int
    number: str
    reason: str
    comment: str
    expires: date | None
    is_over: bool


def rule_named(document: Json, part: str, name: str) -> Json | None:
    """Return a rule, or actions of some callers, by name."""
    return next((each for each in document.get(part, ()) if each["name"] == name), None)


def rows(entries: Sequence[Json], today: date, sought: str = "") -> list[Row]:
    """Return the entries in which a text is found, each with its place."""
    wanted = sought.casefold()
    made = [_row(place, entry, today) for place, entry in enumerate(entries)]
    return [r for r in made if wanted in f"{r.number} {r.reason} {r.comment}".casefold()]


def _row(place: int, entry: Json, today: date) -> Row:
    read = FileNumber.model_validate(entry)
    is_over = read.expires is not None and read.expires < today
    return Row(place, read.number, read.reason, read.comment, read.expires, is_over)


def added(
    entries: Sequence[Json], text: str, details: Json, plan: Plan
) -> tuple[list[Json], int]:  # fmt: skip
    """Return a list with pasted numbers in it, and how many of them are new.

    A number that is there already gets the new details.

    Args:
        entries: the list.
        text: pasted numbers, masks, ranges and groups.
        details: reason, comment and expiry of all of them.
        plan: how the site reads numbers.

    Raises:
        NumberError: some cannot be read; they are named.
    """
    said = {name: details[name] for name in DETAILS if details.get(name)}
    return joined(entries, ({"number": n, **said} for n in split_pasted(text, plan)), plan)


def joined(
    entries: Sequence[Json], more: Iterable[Json], plan: Plan
) -> tuple[list[Json], int]:  # fmt: skip
    """Return a list with more entries, each meaning once, and how many are new.

    Raises:
        NumberError: an entry cannot be read.
    """
    made = {_meaning(entry["number"], plan): entry for entry in entries}
    before = len(made)
    made |= {_meaning(entry["number"], plan): entry for entry in more}
    return list(made.values()), len(made) - before


def _meaning(written: str, plan: Plan) -> object:
    if GROUP.fullmatch(written):
        return written
    try:
        mask = read_mask(written, plan)
    except NumberError:
        return written
    return Mask(mask.form, mask.low, mask.high)


def without(entries: Sequence[Json], places: Iterable[int]) -> list[Json]:
    """Return a list without the entries at some places."""
    gone = set(places)
    return [entry for place, entry in enumerate(entries) if place not in gone]


def from_csv(text: str, plan: Plan) -> list[tuple[str, Json]]:
    """Return the entries of a CSV file, each with the name of its group.

    Raises:
        NumberError: a line cannot be read; it is named.
    """
    return [(entry.group, _written(entry)) for entry in read_csv(text, plan)]


def _written(entry: NumberEntry) -> Json:
    made: Json = {"number": entry.mask.written}
    made |= {"comment": _plain(entry.comment), "reason": _plain(entry.reason)}
    made["expires"] = entry.expires.isoformat() if entry.expires else ""
    return {name: value for name, value in made.items() if value}


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell[:1] == "'" and harmless(cell[1:]) == cell else cell


def as_csv(lists: Iterable[tuple[str, Sequence[Json]]]) -> str:
    """Return lists as CSV; ``from_csv`` gives the same entries.

    Args:
        lists: names of groups, which may be empty, and their entries.
    """
    return write_csv(_entry(group, each) for group, entries in lists for each in entries)


def _entry(group: str, entry: Json) -> NumberEntry:
    read = FileNumber.model_validate(entry)
    mask = Mask("exact", "", written=read.number)
    return NumberEntry(mask, group, harmless(read.comment), harmless(read.reason), read.expires)
