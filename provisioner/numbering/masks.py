"""Masks: what a person writes to mean one number or many.

- a number in any spelling;
- ``7912345....``, ``+7912XXXXXXX``: a dot, ``x`` or ``X`` is one digit;
- ``+34 9xx``: too short to be a whole number of its country, so all numbers that begin so;
- ``7912*``: all that begin so, whatever follows;
- ``100-199``, ``+34912340000-+34912340099``: from one to the other, of the same length.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

from provisioner.numbering.countries import country_of
from provisioner.numbering.number import OUTSIDE, Kind, Number, NumberError, bare, joined
from provisioner.numbering.plan import Plan

_WILD = re.compile(r"[.xX]")
_MASK = re.compile(r"[+*#]?[0-9.xX]*\*?")
_HALVES = re.compile(r"([+\d][\d\s()./]*?)\s*-\s*([+\d][\d\s()./]*)")
_LONGEST_E164 = 15
_LONGEST_INTERNAL = 6
_FILLS = "0512346789"

Form = Literal["exact", "pattern", "beginning", "range"]


@dataclass(frozen=True, slots=True)
class Mask:
    """One number or many, compared with the value of a number.

    Attributes:
        form: how ``low`` and ``high`` are compared.
        low: the value, the pattern with ``.`` for a digit, the beginning, the first of a range.
        high: the last of a range.
        written: as a person wrote it.
    """

    form: Form
    low: str
    high: str = ""
    written: str = ""

    def matches(self, number: Number) -> bool:
        """Whether a number is meant; one without a value never is."""
        value = number.value
        if not value:
            return False
        if self.form == "exact":
            return value == self.low
        if self.form == "range":
            return len(value) == len(self.low) and self.low <= value <= self.high
        if self.form == "beginning":
            return value.startswith(self.head) and _fits(value[: len(self.low)], self.low)
        return _fits(value, self.low)

    @property
    def head(self) -> str:
        """What every number meant begins with."""
        if self.form == "range":
            same = zip(self.low, self.high, strict=True)
            return self.low[: next((i for i, (a, b) in enumerate(same) if a != b), len(self.low))]
        return self.low.partition(".")[0]

    @property
    def fixed_digits(self) -> int:
        """How precise it is: digits that are given."""
        return len(self.head) if self.form == "range" else len(self.low) - self.low.count(".")


def read_mask(text: str, plan: Plan) -> Mask:
    """Read a number, a mask or a range as a site understands it.

    Raises:
        NumberError: it is none of them; the message names it and says what would be right.
    """
    written = " ".join(text.split())
    if found := _range(written, plan):
        return found
    digits = joined(bare(written)) if not _WILD.search(written) else _squeezed(written)
    stars = digits.endswith("*") and len(digits) > 1 and digits not in plan.services
    if not stars and not _WILD.search(digits):
        return _exact(written, plan)
    if not _MASK.fullmatch(digits):
        raise NumberError(
            f"{written!r} is no number; digits, + in front, . or x for one digit, "
            "* at the end, or 100-199"
        )
    body = _WILD.sub(".", digits.removesuffix("*") if stars else digits)
    if not re.search(r"\d", body):
        raise NumberError(f"{written!r} means every number; give at least one digit")
    return _beginning(body, written, plan) if stars else _pattern(body, written, plan)


def _squeezed(text: str) -> str:
    """Take out separators other than the dot, which is a digit in a mask."""
    return re.sub(r"[\s()\-/]+", "", text.strip())


def _exact(written: str, plan: Plan) -> Mask:
    number = plan.read(written)
    if number.kind is Kind.ANONYMOUS:
        raise NumberError(f"{written!r} is no number; callers without one have their own setting")
    if number.kind is Kind.UNKNOWN:
        if number.value.isdecimal() and len(number.value) <= _LONGEST_INTERNAL:
            return Mask("exact", number.value, written=written)  # an account that comes later
        raise NumberError(
            f"{written!r} is no number in {plan.country}; write it with + and its country's code"
        )
    return Mask("exact", number.value, written=written)


def _range(written: str, plan: Plan) -> Mask | None:
    halves = _HALVES.fullmatch(written)
    if not halves:
        return None
    first, last = (joined(half) for half in halves.groups())
    if len(first) != len(last) or first >= last:
        return None  # a number with a hyphen
    ends = (plan.read(first), plan.read(last))
    both_outside = all(end.kind in OUTSIDE for end in ends)
    if both_outside and len(ends[0].value) == len(ends[1].value):
        return Mask("range", ends[0].value, ends[1].value, written)
    whole = plan.read(first + last)
    of_extensions = any(len(e) == len(first) and first <= e <= last for e in plan.extensions)
    if whole.kind in OUTSIDE and whole.valid and not of_extensions:
        return None  # 2345-6789 is one number where numbers have eight digits
    if len(first) <= _LONGEST_INTERNAL and first.isdecimal():
        return Mask("range", first, last, written)
    raise NumberError(
        f"{written!r} is no range: both ends must be whole numbers of the same length"
    )


def _pattern(body: str, written: str, plan: Plan) -> Mask:
    internal = any(_fits(extension, body) for extension in plan.extensions)
    if not internal and (low := _translated(body, 0, plan)):
        return Mask("pattern", low, written=written)
    if body[:1] == "+" or body.startswith("00"):
        return _beginning(body, written, plan)
    if len(body) <= _LONGEST_INTERNAL:
        return Mask("pattern", body, written=written)
    raise NumberError(
        f"{written!r} is neither a whole number in {plan.country} nor extensions; "
        f"for all numbers that begin so, put * behind the digits"
    )


def _beginning(body: str, written: str, plan: Plan) -> Mask:
    internal = any(_fits(ext[: len(body)], body) for ext in plan.extensions)
    if internal or body[:1] in {"+", "*", "#"}:
        return Mask("beginning", body, written=written)
    abroad = country_of(plan.country).international.match(body.replace(".", "1") + "1")
    if abroad or body.startswith("00"):
        return Mask("beginning", "+" + body[abroad.end() if abroad else 2 :], written=written)
    far = replace(plan, area="")  # a beginning is not that of a local number
    for more in range(_LONGEST_E164 - len(body), 0, -1):
        if low := _translated(body, more, far, {Kind.NATIONAL}):
            return Mask("beginning", low, written=written)
    raise NumberError(
        f"no number in {plan.country} begins as {written!r}; write it with + and a country's code"
    )


def _translated(body: str, more: int, plan: Plan, kinds: Set[Kind] = OUTSIDE) -> str:
    """Return the mask as E.164, by reading numbers that it means; empty when none is in use.

    A plan only takes digits away from the front of a number and puts others there, so the tail
    of what was read is the tail of the mask.
    """
    for fill in _FILLS:
        filled = body.replace(".", fill) + fill * more
        number = plan.read(filled)
        if number.kind not in kinds or not number.valid:
            continue
        kept = _common_tail(filled, number.value)
        tail = body[max(0, len(filled) - kept) :]
        if "." in body[: len(body) - len(tail)]:
            continue  # a wildcard where the prefix is
        return number.value[: len(number.value) - len(tail) - more] + tail
    return ""


def _common_tail(one: str, other: str) -> int:
    count = 0
    while count < min(len(one), len(other)) and one[-1 - count] == other[-1 - count]:
        count += 1
    return count


def _fits(value: str, pattern: str) -> bool:
    if len(value) != len(pattern):
        return False
    return all(
        p in {".", v} and (p != "." or v.isdecimal()) for v, p in zip(value, pattern, strict=True)
    )
