"""Writes of documents: from a body and a merge patch to an edit, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.apply import summary
from provisioner.edits.desk import EditDesk
from provisioner.edits.edit import Edit, EditError, StaleError
from provisioner.inventory.records import Phone, Room, Site
from provisioner.mac import MacAddress
from provisioner.plan import Change, Plan
from web.api.operation import Call, Reply
from web.api.pointers import pointer
from web.api.problems import ProblemError

Json = dict[str, Any]
Path = tuple[str | int, ...]
PHONES_SHOWN = 200
MOST_CHANGES = 1000


def store(call: Call, edit: Edit, place: Path, *, new: bool = False, location: str = "") -> Reply:
    """Make an edit, or only look at it, and answer with what changes.

    Args:
        call: with the query of ``Write``.
        edit: what is wanted.
        place: where in the edit the body stands, for pointers.
        new: something is made that has an address of its own.
        location: that address.

    Raises:
        ProblemError: the edit is refused.
    """
    desk: EditDesk = call.installation.edits
    try:
        if call.dry_run:
            seen = desk.preview(edit)
            diffs = list(seen.diffs(call.query.diffs))
            return Reply(written(seen.plan, seen.affected, seen.warnings, diffs=diffs))
        done = desk.apply(edit, who=call.who.signature, note=call.query.note)
    except EditError as problem:
        is_removal = str(place[0]).startswith("remove_")
        raise refused(problem, place, "conflict" if is_removal else "invalid") from problem
    value = written(done.plan, done.affected, done.warnings, change=done.change, stored=True)
    return Reply(value, 201 if new else 200, location=location if new else "")


def written(
    plan: Plan,
    affected: Iterable[MacAddress],
    warnings: Mapping[str, int],
    *,
    change: int = 0,
    stored: bool = False,
    diffs: Iterable[tuple[MacAddress, str]] = (),
) -> Json:
    """Return what an answer of the shape ``Written`` is made from."""
    macs = list(affected)
    return {
        "dry_run": not stored,
        "change": change or None,
        "summary": summary(plan),
        "changes": [_entry(each) for each in plan.changes[:MOST_CHANGES]],
        "affected": len(macs),
        "phones": macs[:PHONES_SHOWN],
        "warnings": [{"sentence": told, "phones": n} for told, n in sorted(warnings.items())],
        "diffs": [{"mac": mac, "diff": diff} for mac, diff in diffs],
    }


def _entry(change: Change) -> Json:
    thing = change.record
    if isinstance(thing, Site):
        site, name = thing.id, thing.id
    elif isinstance(thing, Phone):
        site, name = thing.site, thing.mac.colons
    else:
        site, name = thing.site, thing.id if isinstance(thing, Room) else thing.extension
    return {
        "action": str(change.action),
        "kind": type(thing).__name__.lower(),
        "site": site,
        "id": name,
        "title": change.title,
        "fields": list(change.fields),
    }


def refused(problem: EditError, place: Path, kind: str = "invalid") -> ProblemError:
    """Return how a refused edit is answered; pointers lead into the body where they can."""
    if isinstance(problem, StaleError):
        return ProblemError("stale", str(problem))
    errors = tuple((_pointer(p.path, place), p.sentence) for p in problem.problems)
    return ProblemError(kind, str(problem), errors)


def _pointer(path: Path, place: Path) -> str:
    return pointer(path[len(place) :]) if path[: len(place)] == place else ""


def merged(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """Return a document with a merge patch in it (RFC 7396).

    What is null and was not there stays null: it may be a secret, which no document shows.
    """
    made = dict(document)
    for name, value in patch.items():
        old = made.get(name)
        if isinstance(value, Mapping):
            made[name] = merged(old if isinstance(old, Mapping) else {}, value)
        elif value is None and name in made:
            del made[name]
        else:
            made[name] = value
    return made


def keyed(body: Mapping[str, Any], name: str, value: str) -> Json:
    """Return a body whose key is the one that the address gives; another one is refused."""
    if body.get(name) != value:
        told = f"must be {value!r}, as the address says; one document cannot become another"
        raise ProblemError("invalid", f"{name}: {told}", ((f"/{name}", told),))
    return dict(body)


def removed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts that a document had and has no longer."""
    return (name for name in before if name not in after)
