"""A preview, and changes of the history, as people read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provisioner.edits.edit import Preview
from provisioner.inventory.records import Account, Phone, Room, Site
from provisioner.mac import MacAddress
from provisioner.plan import Action, Change
from web.installation import Installation
from web.pages.change.places import Named, Places, read_places
from web.pages.language import N_, gettext

SHOWN_CHANGES = 20
SHOWN_PHONES = 12
SHOWN_DIFFS = 3
DIFF_LINES = 120
_DONE = {
    Action.ADD: (N_("added"), "working", "plus"),
    Action.CHANGE: (N_("changed"), "recovering", "recovering"),
    Action.RETIRE: (N_("retired"), "down", "bin"),
}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One thing that changes: what, how (word, kind, icon), and which of its fields."""

    what: Named
    done: tuple[str, str, str]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What changes in the files of one phone; lines with their kind.

    Attributes:
        more: so many lines are not shown.
    """

    mac: str
    place: Named
    lines: tuple[tuple[str, str], ...]
    more: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview.

    Attributes:
        more_changes, more_phones: so many are not listed.
        phones: MAC and place of those affected, some of them.
        affected: so many in all.
        warnings: sentence and number of phones.
    """

    changes: tuple[ChangeLine, ...]
    more_changes: int
    phones: tuple[tuple[str, Named], ...]
    more_phones: int
    affected: int
    diffs: tuple[FileDiff, ...]
    warnings: tuple[tuple[str, int], ...]


def shown(preview: Preview, installation: Installation, site: str) -> Shown:
    """Return a preview as people read it; renders a few phones for their diffs."""
    plan = preview.plan
    found = list(preview.diffs(SHOWN_DIFFS))
    changes, listed = plan.changes[:SHOWN_CHANGES], preview.affected[:SHOWN_PHONES]
    changed = [each.record.mac for each in changes if isinstance(each.record, Phone)]
    places = read_places(installation, site, plan, [*listed, *changed, *(mac for mac, _ in found)])
    lines = [line_of(change, places) for change in changes]
    return Shown(
        changes=tuple(lines),
        more_changes=len(plan.changes) - len(lines),
        phones=tuple((str(mac), places.phone(mac)) for mac in listed),
        more_phones=max(len(preview.affected) - SHOWN_PHONES, 0),
        affected=len(preview.affected),
        diffs=tuple(_file_diff(mac, places.phone(mac), diff) for mac, diff in found),
        warnings=tuple(Counter(preview.warnings).most_common(30)),
    )


def line_of(change: Change, places: Places) -> ChangeLine:
    """Return one change in words."""
    thing = change.record
    if isinstance(thing, Site):
        what = Named(gettext("Settings of the site"))
    elif isinstance(thing, Room):
        what = places.room(thing)
    elif isinstance(thing, Account):
        what = Named(gettext("Account %(number)s") % {"number": thing.extension}, thing.name)
    else:
        where = places.phone(thing.mac)
        what = Named(
            gettext("Phone: %(place)s") % {"place": where.name},
            f"{where.detail} · {thing.mac.colons}",
        )
    word, kind, icon = _DONE[change.action]
    return ChangeLine(what, (gettext(word), kind, icon), tuple(sorted(set(change.fields))))


def target_words(target: str) -> str:
    """Return what a change of the history touched, in words."""
    kind, _, name = target.partition("/")
    if kind == "room":
        return gettext("Room %(room)s") % {"room": name}
    if kind == "account":
        return gettext("Account %(number)s") % {"number": name}
    return gettext("Settings of the site")


def marked(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield lines of a unified diff with their kind: added, gone, place or plain."""
    kinds = {"+": "added", "-": "gone", "@": "place"}
    for line in lines:
        if line.startswith(("+++", "---")):
            yield "file", line[4:]
        else:
            yield kinds.get(line[:1], "plain"), line


def _file_diff(mac: MacAddress, place: Named, diff: str) -> FileDiff:
    lines = [pair for pair in marked(diff.splitlines()) if pair[0] != "file" or "(then)" in pair[1]]
    lines = [(k, t.removesuffix(" (then)") if k == "file" else t) for k, t in lines]
    return FileDiff(str(mac), place, tuple(lines[:DIFF_LINES]), max(len(lines) - DIFF_LINES, 0))
