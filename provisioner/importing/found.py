"""What an export holds: phones, lines and keys, each with its place in a file. Values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provisioner.inventory.site_yaml import dotted
from provisioner.key_types import KeyType

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, and a line or a key in it."""

    file: str
    line: int = 0
    path: tuple[str | int, ...] = ()

    def at(self, *path: str | int) -> Place:
        """Return a place below this one."""
        return Place(self.file, self.line, (*self.path, *path))

    def __str__(self) -> str:
        """Return it as people write it: ``phones.csv:12: mac``."""
        line = f":{self.line}" if self.line else ""
        return f"{self.file}{line}" + (f": {dotted(self.path)}" if self.path else "")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be taken over as it is."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.place}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Line:
    """A SIP account.

    Attributes:
        user: what it registers as.
        number: what people call, where the export tells it apart.
        secret: its password; empty: the export has none.
    """

    user: str
    name: str = ""
    secret: str = field(default="", repr=False)
    number: str = ""
    voicemail: bool = False


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key that somebody has set."""

    type: KeyType
    value: str = ""
    label: str = ""
    account: int = 1


@dataclass(frozen=True, slots=True)
class FoundPhone:
    """A device of an export.

    Attributes:
        mac, model: as they are written; the model with its maker before it.
        settings: in the shape of a phone's settings; secrets among them in the clear.
        room, floor, template, position, name: as far as the export knows rooms.
    """

    place: Place
    mac: str
    model: str
    lines: tuple[Line, ...] = ()
    keys: tuple[FoundKey, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    room: str = ""
    floor: str = ""
    template: str = ""
    position: str = ""
    name: str = ""


@dataclass(slots=True)
class Found:
    """All that was found in the files of one export.

    Attributes:
        accounts: lines that no phone of the export has.
        head: parts of a site's head: country, timezone, languages.
        problems: what must be put right first.
        left: keys that are not taken over, with how often they are there.
        remarks: what is worth knowing.
    """

    phones: list[FoundPhone] = field(default_factory=list)
    accounts: list[Line] = field(default_factory=list)
    head: Json = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def refuse(self, place: Place, sentence: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(place, sentence))

    def leave(self, key: str) -> None:
        """Note a key that is not taken over."""
        self.left[key] += 1
