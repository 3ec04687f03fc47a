"""Lists of numbers: entries with comment, reason and expiry; pasted text and CSV, in and out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from provisioner.numbering.masks import Mask, read_mask
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan

COLUMNS = ("number", "group", "comment", "reason", "expires")
GROUP = re.compile(r"group:([a-z0-9][a-z0-9-]*)")
"""What stands for all entries of a group."""
_LONGEST_RUN = 8
"""Most blanks in one number."""
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class NumberEntry:
    """A line of a list.

    Attributes:
        mask: what it means.
        group: the group it came from or belongs to; may be empty.
        expires: the last day on which it counts, in the site's time; None: for ever.
    """

    mask: Mask
    group: str = ""
    comment: str = ""
    reason: str = ""
    expires: date | None = None

    def counts_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.expires is None or day <= self.expires


def split_pasted(text: str, plan: Plan) -> tuple[str, ...]:
    """Split a pasted list into numbers, at commas, semicolons, lines and blanks.

    Blanks also stand inside numbers. Where every word is an entry of its own (extensions, whole
    numbers), they part; elsewhere the longest run of words that makes one number is one.

    Raises:
        NumberError: some entries cannot be read; the message names them.
    """
    entries: list[str] = []
    problems: list[str] = []
    for piece in re.split(r"[,;\n\r\t]+", text):
        words = piece.split()
        if not words:
            continue
        apart = len(words) == 1 or all(_known(word, plan) for word in words)
        entries += words if apart else _runs(words, plan)
    for entry in entries:
        try:
            _checked(entry, plan)
        except NumberError as problem:
            problems.append(str(problem))
    if problems:
        raise NumberError(_several(problems))
    return tuple(entries)


def read_pasted(text: str, plan: Plan) -> tuple[NumberEntry, ...]:
    """Read a pasted list, without names of groups.

    Raises:
        NumberError: as ``split_pasted``.
    """
    return tuple(NumberEntry(read_mask(entry, plan)) for entry in split_pasted(text, plan))


def read_csv(text: str, plan: Plan) -> tuple[NumberEntry, ...]:
    """Read CSV with a heading: ``number`` and any of group, comment, reason, expires.

    Commas, semicolons and tabs part the columns; a byte order mark is no trouble.

    Raises:
        NumberError: no column ``number``, a column nobody knows, or a line that cannot be read;
            the message names line and entry.
    """
    body = text.removeprefix("\ufeff")
    heading = body.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    rows = csv.DictReader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    entries, problems = [], []
    try:
        _name_columns(rows)
        for row in rows:
            try:
                entries.append(_entry(row, plan))
            except ValueError as problem:
                problems.append(f"line {rows.line_num}: {problem}")
    except csv.Error as problem:
        raise NumberError(f"line {rows.line_num}: no CSV: {problem}") from problem
    if problems:
        raise NumberError(_several(problems))
    return tuple(entries)


def _name_columns(rows: csv.DictReader[str]) -> None:
    """Read the heading; raises NumberError, and csv.Error when even that is no CSV."""
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    rows.fieldnames = names
    if "number" not in names:
        raise NumberError("the first line must name the columns, one of them 'number'")
    if unknown := sorted(set(names) - set(COLUMNS)):
        raise NumberError(f"column {unknown[0]!r} is none of {', '.join(COLUMNS)}")


def write_csv(entries: Iterable[NumberEntry]) -> str:
    """Return entries as CSV, as they were written; ``read_csv`` gives the same entries."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        expires = entry.expires.isoformat() if entry.expires else ""
        shown = (entry.mask.written, entry.group, entry.comment, entry.reason, expires)
        writer.writerow(shown)
    return out.getvalue()


def _entry(row: dict[str, str | None], plan: Plan) -> NumberEntry:
    if None in row:
        raise NumberError("more columns than the first line names")
    given = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not given["number"]:
        raise NumberError("no number")
    expires = None
    if given["expires"]:
        try:
            expires = date.fromisoformat(given["expires"])
        except ValueError as problem:
            raise NumberError(f"{given['expires']!r} is no day such as 2027-01-31") from problem
    mask = read_mask(given["number"], plan)
    return NumberEntry(mask, given["group"], given["comment"], given["reason"], expires)


def _runs(words: list[str], plan: Plan) -> Iterator[str]:
    at = 0
    while at < len(words):
        longest = next(
            (
                end
                for end in range(min(len(words), at + _LONGEST_RUN), at, -1)
                if not any(word.startswith("+") for word in words[at + 1 : end])
                and _known(" ".join(words[at:end]), plan)
            ),
            at + 1,
        )
        yield " ".join(words[at:longest])
        at = longest


def _known(text: str, plan: Plan) -> bool:
    """Whether this is surely one entry: a mask, or a number in use."""
    try:
        mask = read_mask(text, plan)
    except NumberError:
        return GROUP.fullmatch(text) is not None
    if mask.form != "exact":
        return True
    number = plan.read(text)
    if number.kind is Kind.INTERNATIONAL and " " in text:  # two numbers make one of far away
        return number.valid and text.startswith(("+", "0"))
    return number.valid and number.kind is not Kind.UNKNOWN


def _checked(entry: str, plan: Plan) -> None:
    if not GROUP.fullmatch(entry):
        read_mask(entry, plan)


def _several(problems: list[str]) -> str:
    more = len(problems) - _SHOWN_PROBLEMS
    shown = "; ".join(problems[:_SHOWN_PROBLEMS])
    return f"{shown}; and {more} more" if more > 0 else shown
