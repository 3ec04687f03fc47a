"""Destinations: countries, kinds of line, masks, in one list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from provisioner.numbering.countries import known_countries
from provisioner.numbering.index import NumberIndex
from provisioner.numbering.lists import NumberEntry, read_pasted
from provisioner.numbering.number import Number, NumberError
from provisioner.numbering.plan import Plan

NATURES = frozenset({"premium", "shared-cost", "satellite"})


@dataclass(frozen=True)
class Destinations:
    """A list of destinations, ready to be asked."""

    countries: frozenset[str]
    natures: frozenset[str]
    masks: NumberIndex

    def match(self, number: Number, on: date) -> str:
        """Return what in the list means a number (``FR``, ``premium``, a mask), or nothing."""
        if number.nature in self.natures:
            return number.nature
        if number.country in self.countries:
            return number.country
        entry = self.masks.match(number, on)
        return entry.mask.written if entry else ""


def read_destinations(words: Iterable[str], plan: Plan) -> Destinations:
    """Read a list of destinations.

    Raises:
        NumberError: an entry is neither a country, a kind of line nor a mask; it is named.
    """
    countries, natures, masks = set[str](), set[str](), list[NumberEntry]()
    for word in words:
        if word in NATURES:
            natures.add(word)
        elif len(word) == 2 and word.isalpha():  # noqa: PLR2004 - a country
            if word not in known_countries():
                raise NumberError(f"{word!r} is no country with numbers of its own (ISO 3166-1)")
            countries.add(word)
        elif word.replace("-", "").isalpha():
            raise NumberError(f"{word!r} is none of {', '.join(sorted(NATURES))}")
        else:
            masks += read_pasted(word, plan)
    return Destinations(frozenset(countries), frozenset(natures), NumberIndex(masks))
