"""A site's numbering plan: reads any spelling of a number into one value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

from provisioner.numbering.countries import (
    ONE_PLAN,
    Country,
    country_of,
    nature_of,
    region_of,
)
from provisioner.numbering.number import OUTSIDE, Kind, Number, bare, is_anonymous, joined

FULL_LENGTH = 10
"""So many digits and the country's own calling code in front: an operator left out the plus."""
_NUMBERS_KEPT = 8192


@dataclass(frozen=True, slots=True)
class Plan:
    """How a site dials and is dialled.

    Attributes:
        country: two letters.
        area: put before local numbers, without the trunk prefix.
        trunk_prefix: dialled before a national number; None: the country's own.
        international_prefix: one more besides the country's own.
        outside: dialled for a line to the outside.
        extensions: accounts of the site.
        services: codes of the PBX; also each of them with an extension behind it.
        emergency: more emergency numbers, besides the country's.
        home: other countries whose numbers count as national.
        reception: what the site dials for its reception.
    """

    country: str = "US"
    area: str = ""
    trunk_prefix: str | None = None
    international_prefix: str = ""
    outside: str = ""
    extensions: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    emergency: frozenset[str] = frozenset()
    home: frozenset[str] = frozenset()
    reception: str = ""

    @property
    def trunk(self) -> str:
        """The trunk prefix in force."""
        own = country_of(self.country).trunk_prefix
        return own if self.trunk_prefix is None else self.trunk_prefix

    def read(self, text: str) -> Number:
        """Read a number as it is written or delivered by an operator.

        Extensions, codes of the PBX and emergency numbers are told apart first.

        Raises:
            NumberError: longer than any number.
        """
        plain = bare(text)
        digits = joined(plain)
        emergency = self.is_emergency(digits.removesuffix("#"))  # keyed to send it off
        if plain in self.extensions or digits in self.extensions:
            value = plain if plain in self.extensions else digits
            return Number(Kind.INTERNAL, value, self.country, emergency=emergency)
        if emergency:
            value = digits.removesuffix("#").removeprefix(
                "+" + country_of(self.country).calling_code
            )
            return Number(Kind.EMERGENCY, value, self.country, emergency=True)
        if self._is_service(digits):
            return Number(Kind.SERVICE, digits, self.country)
        if is_anonymous(plain):
            return Number(Kind.ANONYMOUS, "")
        if not (digits.isdecimal() or (digits[:1] == "+" and digits[1:].isdecimal())):
            return Number(Kind.UNKNOWN, digits, valid=False)
        return self._of_kind(self._outside_number(digits))

    def dialled(self, text: str) -> Number:
        """Read a number as it is dialled at a phone of the site, with or without ``outside``.

        Raises:
            NumberError: longer than any number.
        """
        number = self.read(text)
        digits = joined(bare(text))
        known = number.emergency or number.kind in {Kind.INTERNAL, Kind.SERVICE}
        rest = digits.removeprefix(self.outside)
        if known or not self.outside or rest in {digits, ""}:
            return number
        return self.read(rest)

    def is_emergency(self, digits: str) -> bool:
        """Whether joined digits are an emergency number here, also with the calling code."""
        own = country_of(self.country)
        if digits[:1] == "+":
            local = digits[1:].removeprefix(own.calling_code or "+")
            return local != digits[1:] and (own.is_emergency(local) or local in self.emergency)
        return own.is_emergency(digits) or digits in self.emergency

    def _is_service(self, digits: str) -> bool:
        if digits in self.services:
            return True
        return any(
            digits.startswith(code) and digits[len(code) :] in self.extensions
            for code in self.services
            if code[:1] in {"*", "#"}
        )

    def _outside_number(self, digits: str) -> Number:
        prefix, trunk = self.international_prefix, self.trunk
        return _outside(self.country, trunk, prefix, self.area, digits)

    def _of_kind(self, number: Number) -> Number:
        """Say national of what counts so here."""
        near = ONE_PLAN.get(self.country, frozenset())
        own = "+" + (country_of(self.country).calling_code or "-")
        free = number.nature == "toll-free" and number.value.startswith(own)
        at_home = free or number.country in {self.country, *self.home, *near}
        if number.kind is Kind.INTERNATIONAL and at_home:
            return Number(
                Kind.NATIONAL, number.value, number.country, number.nature, valid=number.valid
            )
        return number


def spellings(number: Number, plan: Plan) -> tuple[str, ...]:
    """Return how operators and people of the site may write a number, without separators."""
    if number.kind not in OUTSIDE:
        return (number.value,) if number.value else ()
    own = country_of(plan.country)
    digits = number.value.removeprefix("+")
    made = [number.value, own.international_prefix + digits, "00" + digits, digits]
    if plan.international_prefix:
        made.append(plan.international_prefix + digits)
    if own.calling_code and digits.startswith(own.calling_code):
        national = digits.removeprefix(own.calling_code)
        made += [plan.trunk + national, national]
        if plan.area and national.startswith(plan.area):
            made.append(national.removeprefix(plan.area))
    return tuple(dict.fromkeys(text for text in made if plan.read(text).value == number.value))


@lru_cache(maxsize=_NUMBERS_KEPT)
def _outside(country: str, trunk: str, international: str, area: str, digits: str) -> Number:
    """Read a number of the outside: the first way to read it that gives a range in use."""
    own = country_of(country)
    if digits[:1] != "+" and own.short.fullmatch(digits):
        nature = "premium" if own.premium_short.fullmatch(digits) else ""
        return Number(Kind.SHORT, digits, country, nature)
    possible: Number | None = None
    for candidate in _candidates(own, trunk, international, area, digits):
        read = _parsed(candidate)
        if read is not None and read.valid:
            return read
        possible = possible or read
    return possible or Number(Kind.UNKNOWN, digits, valid=False)


def _candidates(
    own: Country, trunk: str, international: str, area: str, digits: str
) -> Iterator[str]:
    """Yield the ways to read digits as E.164, the likeliest first."""
    if digits[:1] == "+":
        yield digits
        return
    if international and digits.startswith(international):
        yield "+" + digits.removeprefix(international)
    for prefix in (own.international, _DOUBLE_ZERO):
        if found := prefix.match(digits):
            yield "+" + digits[found.end() :]
    if own.calling_code:
        yield from _national_candidates(own.calling_code, trunk, area, digits)
    if len(digits) >= FULL_LENGTH and digits[0] != "0":
        yield "+" + digits


def _national_candidates(code: str, trunk: str, area: str, digits: str) -> Iterator[str]:
    with_code = digits.startswith(code) and len(digits) >= FULL_LENGTH
    if trunk and digits.startswith(trunk):
        yield f"+{code}{digits.removeprefix(trunk)}"
    if trunk and with_code:  # where national numbers have a prefix, this one is not national
        yield "+" + digits
    if area:
        yield f"+{code}{area}{digits}"
    yield f"+{code}{digits}"
    if with_code:
        yield "+" + digits


_DOUBLE_ZERO = country_of("ES").international


def _parsed(e164: str) -> Number | None:
    """Return a number that is at least possible; its kind is not yet compared with the site's."""
    try:
        parsed = phonenumbers.parse(e164, None)
    except NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(parsed)
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if not valid and reason != ValidationResult.IS_POSSIBLE:
        return None
    return Number(
        Kind.INTERNATIONAL,
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        region_of(parsed, valid=valid),
        nature_of(parsed),
        valid=valid,
    )
