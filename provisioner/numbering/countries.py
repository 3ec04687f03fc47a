"""What is known of the numbers of a country: a thin wrapper of ``phonenumbers``' metadata."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType

NOWHERE = "001"
"""The region of numbers of no country: satellites, worldwide toll-free numbers."""
SATELLITE_CODES = frozenset({870, 881, 882, 883})
"""Calling codes of satellite and other networks of no country (ITU-T E.164 list)."""

_NATURES = {
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared-cost",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
}
_MOST_EMERGENCY_DIGITS = 6
_FAR_APART = frozenset({1, 7})
"""Calling codes whose countries do not charge each other as at home (+1 876, +7 7..)."""
_TOGETHER = ("IT VA", "FI AX", "NO SJ", "GP BL MF", "MA EH")
ONE_PLAN = {
    code: frozenset(group.split()) - {code} for group in _TOGETHER for code in group.split()
}
"""Countries that dial each other without a code, as at home (ITU-T E.164 national plans)."""


@dataclass(frozen=True)
class Country:
    """How numbers are dialled in a country.

    Attributes:
        code: two letters (ISO 3166-1).
        calling_code: digits after the plus; empty when no metadata is known of the country.
        trunk_prefix: dialled before a national number; may be empty.
        international_prefix: the usual one; ``international`` matches every one.
        emergency: matches a whole emergency number of the library's metadata.
        more_emergency: others, from ``emergency.toml``.
        short, premium_short: match whole public short numbers, and those that cost extra.
    """

    code: str
    calling_code: str
    trunk_prefix: str
    international_prefix: str
    international: re.Pattern[str]
    emergency: re.Pattern[str]
    more_emergency: frozenset[str]
    short: re.Pattern[str]
    premium_short: re.Pattern[str]
    emergency_lengths: tuple[int, ...]

    def is_emergency(self, digits: str) -> bool:
        """Whether these digits are an emergency number here, whole."""
        if len(digits) > _MOST_EMERGENCY_DIGITS:
            return False
        return digits in self.more_emergency or self.emergency.fullmatch(digits) is not None

    def emergency_numbers(self) -> frozenset[str]:
        """Every emergency number; slow where they have five or six digits."""
        of_metadata = (
            digits
            for length in self.emergency_lengths
            for digits in (str(n).zfill(length) for n in range(10**length))
            if self.emergency.fullmatch(digits)
        )
        return self.more_emergency.union(of_metadata)


def known_countries() -> frozenset[str]:
    """Two letters of every country with metadata."""
    return frozenset(phonenumbers.SUPPORTED_REGIONS)


@cache
def country_of(code: str) -> Country:
    """Return what is known of a country.

    One without metadata has no calling code: only numbers with a plus or ``00`` are read there,
    and 112 and 911 are its emergency numbers.
    """
    long = PhoneMetadata.metadata_for_region(code)
    short = PhoneMetadata.short_metadata_for_region(code)
    prefix = (long.international_prefix if long else None) or "00"
    emergency = short.emergency if short else None
    lengths = (emergency.possible_length if emergency else None) or ()
    more = _supplement().get(code, frozenset())
    if not (emergency and emergency.national_number_pattern):
        more |= _supplement()["fallback"]
    return Country(
        code=code,
        calling_code=str(long.country_code) if long else "",
        trunk_prefix=(long.national_prefix if long else None) or "",
        international_prefix=_usual_prefix(
            (long.preferred_international_prefix if long else None) or prefix
        ),
        international=re.compile(f"(?:{prefix})(?=[1-9])"),
        emergency=_pattern(emergency),
        more_emergency=more,
        short=_pattern(short.short_code if short else None),
        premium_short=_pattern(short.premium_rate if short else None),
        emergency_lengths=tuple(n for n in lengths if n > 0),
    )


def nature_of(number: phonenumbers.PhoneNumber) -> str:
    """Return what kind of line a number is (``premium``, ``mobile``, ...), or nothing."""
    if number.country_code in SATELLITE_CODES:
        return "satellite"
    return _NATURES.get(phonenumbers.number_type(number), "")


def region_of(number: phonenumbers.PhoneNumber, *, valid: bool) -> str:
    """Return the country of a number; empty where it fits none of several with its code."""
    if valid:
        return phonenumbers.region_code_for_number(number) or ""
    code = number.country_code or 0
    sharing = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    return sharing[0] if sharing and code not in _FAR_APART else ""


def supplements() -> Iterator[tuple[str, str, str]]:
    """Yield country, source and confidence of each entry of ``emergency.toml``."""
    for code, entry in _supplement_file().items():
        yield code, str(entry["source"]), str(entry["confidence"])


def _usual_prefix(pattern: str) -> str:
    """``8~10`` is written with the pause of the dial tone; a pattern that has choices gets 00."""
    plain = pattern.replace("~", "")
    return plain if plain.isdigit() else "00"


def _pattern(desc: PhoneNumberDesc | None) -> re.Pattern[str]:
    return re.compile((desc.national_number_pattern if desc else None) or "(?!)")


@cache
def _supplement() -> dict[str, frozenset[str]]:
    return {code: frozenset(entry["numbers"]) for code, entry in _supplement_file().items()}


def _supplement_file() -> dict[str, dict[str, list[str]]]:
    file = resources.files("provisioner.numbering").joinpath("emergency.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
