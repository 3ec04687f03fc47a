"""What a PBX dials by itself while bellwire does not answer: regular expressions, made once.

They are written for the POSIX library that Asterisk's ``REGEX()`` uses. They know less than
bellwire: a number that none of them fits is not dialled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from provisioner.inventory.calls import CallPbx
from provisioner.numbering.countries import country_of
from provisioner.numbering.plan import Plan

_SAME_WITHOUT_TRUNK = frozenset({"1", "7"})
"""Calling codes whose national numbers are dialled with the trunk prefix or without."""


@dataclass(frozen=True, slots=True)
class Alone:
    """Numbers that are dialled without asking.

    Attributes:
        fits: regular expression of what is keyed.
        also: another that it must fit; empty: none.
        skip: so many digits are left out at the beginning,
        before: and these put there; together they give E.164 without its plus.
    """

    fits: str
    skip: int
    before: str
    also: str = ""


@dataclass(frozen=True, slots=True)
class Fallback:
    """What is done with calls of which nobody can be asked.

    Attributes:
        never: regular expressions of what is not dialled, asked first.
        alone: those that are dialled.
        plus: put before a number for the operator: ``+``, ``00`` or nothing.
        incoming: whether calls from outside ring.
    """

    never: tuple[str, ...]
    alone: tuple[Alone, ...]
    plus: str
    incoming: bool


def fallback(plan: Plan, pbx: CallPbx) -> Fallback:
    """Return what a site's PBX does while bellwire does not answer."""
    wanted = pbx.without_bellwire
    alone: list[Alone] = []
    never: list[str] = []
    if wanted.national == "allow":
        alone += _national(plan)
        never += _never(plan)
    if wanted.international == "allow":
        alone += _international(plan)
    plus = {"e164": "+", "digits": "", "double-zero": country_of(plan.country).international_prefix}
    return Fallback(tuple(never), tuple(alone), plus[pbx.dial_as], wanted.incoming == "allow")


def posix(pattern: str) -> str:
    """Return a pattern of the metadata as POSIX writes it; empty: it cannot be written so."""
    plain = pattern.replace("(?:", "(").replace("\\d", "[0-9]")
    return "" if re.search(r"\(\?|\\|\s", plain) else plain


def _national(plan: Plan) -> Iterator[Alone]:
    own = PhoneMetadata.metadata_for_region(plan.country)
    number = _pattern(own.general_desc) if own else ""
    code = country_of(plan.country).calling_code
    if not number:
        return
    leading = posix(own.leading_digits or "") if own else ""
    keyed = {**{p: p for p in _prefixes(plan, code)}, f"+{code}": f"[+]{code}"}
    for prefix, written in keyed.items():
        also = f"^{written}({leading})" if leading else ""
        yield Alone(f"^{written}({number})$", len(prefix), code, also)


def _never(plan: Plan) -> Iterator[str]:
    """Premium numbers, and countries that look like the own one (+1 876, +7 7..)."""
    own = PhoneMetadata.metadata_for_region(plan.country)
    if own is None:
        return
    code = country_of(plan.country).calling_code
    prefixes = "|".join((*(p for p in _prefixes(plan, code) if p), f"[+]{code}"))
    begin = f"^({prefixes})?"
    if premium := _pattern(own.premium_rate):
        yield f"{begin}({premium})$"
    if own.leading_digits:
        return  # what does not begin so is not national
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(own.country_code or 0, ()):
        if region != plan.country and region not in plan.home:
            yield from _beginning(region, begin)


def _beginning(region: str, begin: str) -> Iterator[str]:
    other = PhoneMetadata.metadata_for_region(region)
    if other is None:
        return
    if leading := posix(other.leading_digits or ""):
        yield f"{begin}({leading})"
    elif fixed := _pattern(other.fixed_line):
        yield f"{begin}({fixed})$"


def _international(plan: Plan) -> Iterator[Alone]:
    own = country_of(plan.country)
    prefixes = dict.fromkeys((own.international_prefix, "00", plan.international_prefix))
    for prefix in filter(None, prefixes):
        keyed = plan.outside + prefix
        yield Alone(f"^{keyed}[1-9][0-9]{{6,14}}$", len(keyed), "")
    yield Alone(r"^[+][1-9][0-9]{6,14}$", 1, "")


def _prefixes(plan: Plan, code: str) -> tuple[str, ...]:
    """What is keyed before a national number: a digit for a line, the trunk prefix."""
    trunk = plan.trunk
    bare = not trunk or code in _SAME_WITHOUT_TRUNK
    return tuple(dict.fromkeys([plan.outside + trunk, *([plan.outside] if bare else [])]))


def _pattern(desc: PhoneNumberDesc | None) -> str:
    return posix((desc.national_number_pattern if desc else None) or "")
