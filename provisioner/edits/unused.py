"""Accounts that an edit leaves behind: which go, which stay, and which may not go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.holdings import Holdings
from provisioner.edits.rooms import Concerned, used_by
from provisioner.inventory.records import Account, Inventory


@dataclass(frozen=True, slots=True)
class Leaving:
    """Accounts of which some may no longer be used.

    Attributes:
        held: stored accounts that the edit has to do with, by extension.
        wanted: rooms, phones and accounts as they are to be.
        exact: nothing is tidied away.
    """

    edit: Edit
    concerned: Concerned
    held: Mapping[str, Account]
    wanted: Inventory
    exact: bool


def accounts_left(leaving: Leaving, holdings: Holdings) -> tuple[Account, ...]:
    """Return the stored accounts that stay though the rooms of the edit do not name them.

    An account that was made for a room only, and bears its name, goes with its last use.

    Raises:
        EditError: an account that is to be removed is still used, or there is none.
    """
    wanted = {account.extension for account in leaving.wanted.accounts}
    candidates = set(leaving.held) - wanted
    asked = {*candidates, *leaving.edit.remove_accounts}
    elsewhere = _used_elsewhere(leaving, holdings, asked)
    _refuse_used(leaving, wanted, elsewhere)
    kept = []
    for extension in sorted(candidates - set(leaving.edit.remove_accounts)):
        account = leaving.held[extension]
        if (
            leaving.exact
            or extension in elsewhere
            or not _made_for_room(account, leaving.concerned)
        ):
            kept.append(account)
    return tuple(kept)


def _refuse_used(leaving: Leaving, wanted: set[str], elsewhere: Mapping[str, str]) -> None:
    problems = []
    for number, extension in enumerate(leaving.edit.remove_accounts):
        path = ("remove_accounts", number)
        if extension not in leaving.held:
            sentence = f"{leaving.edit.site} has no account {extension!r}"
            problems.append(Problem(path, sentence))
        elif extension in elsewhere or extension in wanted:
            user = elsewhere.get(extension) or _user(leaving.wanted, extension)
            problems.append(Problem(path, f"account {extension} is still used by {user}"))
    if problems:
        raise EditError(*problems)


def _user(wanted: Inventory, extension: str) -> str:
    for phone in wanted.phones:
        if extension in used_by(phone):
            return f"{phone.position} of room {phone.room}"
    rooms = (room.id for room in wanted.rooms if room.extension == extension)
    return f"room {next(rooms, '')}".strip()


def _used_elsewhere(leaving: Leaving, holdings: Holdings, asked: set[str]) -> dict[str, str]:
    """Who uses these accounts outside of the rooms of the edit, in words."""
    here = set(leaving.concerned.rooms)
    found: dict[str, str] = {}
    for extension, rooms in holdings.rooms_with(asked).items():
        others = [room for room in rooms if room not in here]
        if others:
            found[extension] = f"room {others[0]}"
    for extension, uses in holdings.users_of(asked).items():
        other = [use for use in uses if use.room not in here]
        if other:
            found[extension] = f"{other[0].position} of room {other[0].room}"
    return found


def _made_for_room(account: Account, concerned: Concerned) -> bool:
    """Whether an account is one that a room, phone or handset brought with it."""
    if account.voicemail or account.listed is not None:
        return False
    owners = {room.name or room.id for room in concerned.rooms.values()}
    owners |= {h.name for phone in concerned.phones for h in phone.handsets}
    return account.name in owners
