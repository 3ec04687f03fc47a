"""Do-not-call lists: people who want no commercial calls, checked before one is made.

Lists come as plain numbers or as their SHA-1 or SHA-256, of different spellings; each is matched
as it came. A person who has agreed to be called may be called, while the consent stands.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from monitors.calls.decision import Because, Decision, Verdict, passed, refused
from provisioner.bulk.writing import harmless
from provisioner.numbering.number import OUTSIDE, Number, NumberError
from provisioner.numbering.plan import Plan, spellings

Form = Literal["plain", "sha1", "sha256"]
_HASHES: dict[int, tuple[Form, Callable[[bytes], str]]] = {
    40: ("sha1", lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest()),
    64: ("sha256", lambda data: hashlib.sha256(data).hexdigest()),
}
_HEX = re.compile(r"[0-9a-fA-F]+")
_SHOWN = 5


@dataclass(frozen=True)
class DoNotCallList:
    """A list as it was imported.

    Attributes:
        name: of the list.
        dated: the day of its content.
        form: what its entries are; all are alike.
        entries: E.164 numbers, or hashes in lower case.
    """

    name: str
    dated: date
    form: Form
    entries: frozenset[str]

    def has(self, number: Number, plan: Plan) -> bool:
        """Whether the list has a number, in any spelling that may have been hashed."""
        if number.kind not in OUTSIDE:
            return False
        if self.form == "plain":
            return number.value in self.entries
        digest = next(make for form, make in _HASHES.values() if form == self.form)
        return any(digest(text.encode()) in self.entries for text in spellings(number, plan))


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody agreed to commercial calls.

    Attributes:
        number: E.164.
        given: when.
        how: a form, a recorded call, a contract: what proves it.
        by: who wrote it down.
        withdrawn: when it ended; None: it stands.
    """

    number: str
    given: datetime
    how: str
    by: str
    withdrawn: datetime | None = None

    def stands_at(self, moment: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.given <= moment and (self.withdrawn is None or moment < self.withdrawn)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked before a call: a row of the report.

    Attributes:
        lists: names of the lists asked, with their days.
        found: the list that has the number, or empty.
        consent: how the person agreed, or empty.
        stale: a list asked is older than it may be.
        result: what became of the call.
    """

    at: datetime
    extension: str
    number: str
    lists: tuple[tuple[str, date], ...]
    found: str
    consent: str
    stale: bool
    result: Literal["free", "consent", "warned", "blocked"]


def read_list(name: str, dated: date, text: str, plan: Plan) -> DoNotCallList:
    """Read a list: an entry a line, or the first column of CSV; a heading is left out.

    Entries are all numbers, all SHA-1 or all SHA-256.

    Raises:
        NumberError: an entry is neither, or they are mixed, or there are none; lines are named.
    """
    found: dict[Form, set[str]] = {"plain": set(), "sha1": set(), "sha256": set()}
    problems: list[str] = []
    for line, entry in _lines(text):
        try:
            form, value = _entry(entry, plan)
            found[form].add(value)
        except NumberError as problem:
            if line > 1:  # the first may be a heading
                problems.append(f"line {line}: {problem}")
    if problems:
        more = len(problems) - _SHOWN
        raise NumberError("; ".join(problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else ""))
    forms = [form for form, entries in found.items() if entries]
    if len(forms) != 1:
        mixed = f"mixes {' and '.join(forms)}" if forms else "has no entries"
        raise NumberError(f"the list {name!r} {mixed}")
    return DoNotCallList(name, dated, forms[0], frozenset(found[forms[0]]))


@dataclass(frozen=True)
class DoNotCallRules:
    """What commercial calls of a site are checked against.

    Attributes:
        plan: how the site reads numbers.
        lists: those imported.
        consents: people who agreed.
        list_days: a list older than this is stale.
        block: a call to a number on a list is not made; else a person is warned.
    """

    plan: Plan
    lists: tuple[DoNotCallList, ...]
    consents: tuple[Consent, ...] = ()
    list_days: int = 30
    block: bool = True


def check(
    rules: DoNotCallRules, number: Number, extension: str, at: datetime
) -> tuple[Decision, Checked | None]:
    """Check a commercial call.

    Returns:
        the decision, and the row of the report; None for calls inside the house and emergencies,
        which are nobody's advertising.
    """
    if number.emergency or number.kind not in OUTSIDE:
        return passed("not_commercial", number=number.value), None
    asked = rules.lists
    stale = not asked or any((at.date() - each.dated).days > rules.list_days for each in asked)
    found = next((each.name for each in asked if each.has(number, rules.plan)), "")
    agreed = (c for c in rules.consents if c.number == number.value and c.stands_at(at))
    how = next((consent.how for consent in agreed), "")
    result = _result(found, how, block=rules.block)
    named = tuple((each.name, each.dated) for each in asked)
    row = Checked(at, extension, number.value, named, found, how, stale, result)
    facts = {"number": number.value, "list": found, "how": how}
    warnings = (Because("list_stale", {"days": str(rules.list_days)}),) if stale else ()
    rule = f"do_not_call_{result}"
    if result == "blocked":
        return refused(rule, **facts), row
    if result == "warned":
        warnings = (Because(rule, facts), *warnings)
    return Decision(Verdict.PASS, Because(rule, facts), warnings=warnings), row


def write_report(rows: Iterable[Checked]) -> str:
    """Return what was checked as CSV, for an audit; no cell is a formula to a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("at", "extension", "number", "lists", "found", "consent", "stale", "result"))
    for row in rows:
        lists = " ".join(f"{name}@{dated.isoformat()}" for name, dated in row.lists)
        stale = "yes" if row.stale else "no"
        at = row.at.isoformat()
        shown = (row.extension, row.number, lists, row.found, row.consent, stale, row.result)
        writer.writerow([harmless(cell) for cell in (at, *shown)])
    return out.getvalue()


def _result(
    found: str, how: str, *, block: bool
) -> Literal["free", "consent", "warned", "blocked"]:
    if not found:
        return "free"
    if how:
        return "consent"
    return "blocked" if block else "warned"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        entry = re.split(r"[,;\t]", line, maxsplit=1)[0].strip().strip('"').strip()
        if entry:
            yield number, entry


def _entry(entry: str, plan: Plan) -> tuple[Form, str]:
    if len(entry) in _HASHES and _HEX.fullmatch(entry):
        return _HASHES[len(entry)][0], entry.lower()
    number = plan.read(entry)
    if number.kind not in OUTSIDE:
        raise NumberError(f"{entry!r} is neither a number in {plan.country} nor a SHA-1 or SHA-256")
    return "plain", number.value
