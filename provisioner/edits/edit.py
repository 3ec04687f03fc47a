"""An edit, what is wrong with one, and what came of one: values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.errors import InventoryError
from provisioner.inventory.site_yaml import Path_, dotted
from provisioner.mac import MacAddress
from provisioner.plan import Plan

Document = Mapping[str, Any]
"""A part of a site, in the shape of the site file."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed of one site.

    Attributes:
        head: parts of the site's head, merged key by key; a part is replaced as a whole, and one
            that is None is removed. With a site that does not exist yet: the whole head.
        rooms: whole rooms, added or replaced. A phone that a room no longer names is retired, or
            moved if another room of the edit names it.
        accounts: whole accounts, added or replaced.
        remove_rooms: rooms that go, with the phones that no other room of the edit names.
        remove_accounts: accounts that go; nothing may use them any more.
        remove_phones: phones that go.
        if_match: what the edit was based on: the ``etag_of`` a document by ``head``,
            ``room/214`` or ``account/214``. An empty etag: there was none.
    """

    site: str
    head: Mapping[str, Any] | None = None
    rooms: tuple[Document, ...] = ()
    accounts: tuple[Document, ...] = ()
    remove_rooms: tuple[str, ...] = ()
    remove_accounts: tuple[str, ...] = ()
    remove_phones: tuple[MacAddress, ...] = ()
    if_match: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that cannot be.

    Attributes:
        path: where: ``("rooms", 0, "phones", "bedside", "mac")``, ``("head", "timezone")``.
        sentence: why, and what would be right.
    """

    path: Path_
    sentence: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{dotted(self.path)}: {self.sentence}" if self.path else self.sentence


class EditError(InventoryError):
    """An edit is refused; nothing was stored.

    Attributes:
        problems: all that was found, at least one.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))


class StaleError(EditError):
    """Somebody else has changed it meanwhile: ``if_match`` does not hold.

    Attributes:
        keys: what has changed, by the names of ``if_match``.
    """

    def __init__(self, keys: tuple[str, ...], *problems: Problem) -> None:
        super().__init__(*problems)
        self.keys = keys


Diffs = Callable[[int], Iterator[tuple[MacAddress, str]]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an edit would do.

    Attributes:
        plan: its changes; ``before`` and ``after`` hold only what it is about.
        warnings: what phones will not do as asked, with the number of phones.
        affected: phones whose files may change, retired ones included.
    """

    plan: Plan
    warnings: Mapping[str, int]
    affected: tuple[MacAddress, ...]
    find_diffs: Diffs = field(repr=False)

    def diffs(self, limit: int = 5) -> Iterator[tuple[MacAddress, str]]:
        """Yield up to ``limit`` phones with the unified diff of their files, secrets masked."""
        return self.find_diffs(limit)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an edit did.

    Attributes:
        change: its number in the history; 0: there was nothing to change.
        summary: the changes in one line.
    """

    change: int
    plan: Plan
    warnings: Mapping[str, int]
    affected: tuple[MacAddress, ...]
    summary: str = ""
