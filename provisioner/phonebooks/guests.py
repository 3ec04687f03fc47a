"""Which accounts phone books leave out unless somebody says otherwise: those of guests. Pure.

Guests shall not read who else is in the house. What a site file says of an account (``listed``)
is always obeyed; this is only what holds without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Use:
    """A place where an extension is used: by a room, or by a phone or handset in one.

    Attributes:
        by_guests: the room's template, or the phone's preset, is one for guests.
    """

    extension: str
    by_guests: bool


def of_guests(uses: Iterable[Use]) -> frozenset[str]:
    """Return the extensions that are used by guests and by nobody else."""
    guests: set[str] = set()
    others: set[str] = set()
    for use in uses:
        (guests if use.by_guests else others).add(use.extension)
    return frozenset(guests - others)


def is_listed(listed: bool | None, extension: str, guests: frozenset[str]) -> bool:  # noqa: FBT001 - the field of an account
    """Whether phone books show an account.

    Args:
        listed: what the site file says; None: nothing.
        extension: the account's.
        guests: the extensions that only guests use.
    """
    return extension not in guests if listed is None else listed
