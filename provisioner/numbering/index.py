"""Finds the entry of a list that means a number, without trying every entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from provisioner.numbering.lists import NumberEntry
from provisioner.numbering.number import Number


class NumberIndex:
    """A list of numbers, ready to be asked; it is not changed afterwards.

    Whole numbers are looked up at once; masks by what they begin with. Of several entries that
    mean a number, the one with most digits given decides, the first of equals.
    """

    def __init__(self, entries: Iterable[NumberEntry] = ()) -> None:
        self._exact: defaultdict[str, list[NumberEntry]] = defaultdict(list)
        self._masks: defaultdict[str, list[NumberEntry]] = defaultdict(list)
        count = 0
        for entry in entries:
            count += 1
            if entry.mask.form == "exact":
                self._exact[entry.mask.low].append(entry)
            else:
                self._masks[entry.mask.head].append(entry)
        for kept in self._masks.values():
            kept.sort(key=lambda entry: -entry.mask.fixed_digits)
        self._lengths = sorted({len(head) for head in self._masks}, reverse=True)
        self._count = count

    def __len__(self) -> int:
        return self._count

    def match(self, number: Number, on: date) -> NumberEntry | None:
        """Return the entry that means a number on a day of the site, or None."""
        for entry in self._exact.get(number.value, ()) if number.value else ():
            if entry.counts_on(on):
                return entry
        fitting = [entry for entry in self._of_masks(number) if entry.counts_on(on)]
        return max(fitting, key=lambda entry: entry.mask.fixed_digits, default=None)

    def _of_masks(self, number: Number) -> Iterator[NumberEntry]:
        for length in self._lengths:
            for entry in self._masks.get(number.value[:length], ()):
                if entry.mask.matches(number):
                    yield entry
