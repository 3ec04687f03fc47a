"""What a list is made of: columns, rows, and what is wrong in which cell, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Column(StrEnum):
    """What a column says; each row is one phone, or a room without one."""

    ROOM = "room"
    FLOOR = "floor"
    TEMPLATE = "template"
    POSITION = "position"
    MODEL = "model"
    MAC = "mac"
    EXTENSION = "extension"
    NAME = "name"


class Trouble(StrEnum):
    """What can be wrong in a cell; ``SENTENCES`` has the words."""

    ROOM_NEEDED = "room-needed"
    ROOM_FORM = "room-form"
    ROOM_TWICE = "room-twice"
    TOO_LONG = "too-long"
    CONTROL = "control"
    DIFFERS = "differs"
    TEMPLATE_NEEDED = "template-needed"
    TEMPLATE_UNKNOWN = "template-unknown"
    TEMPLATE_NEAR = "template-near"
    TEMPLATE_LEAVES_OUT = "template-leaves-out"
    POSITION_UNKNOWN = "position-unknown"
    POSITION_TWICE = "position-twice"
    POSITION_TAKEN = "position-taken"
    POSITION_NONE_LEFT = "position-none-left"
    MODEL_NEEDED = "model-needed"
    MODEL_UNKNOWN = "model-unknown"
    MODEL_NEAR = "model-near"
    MODEL_WITHOUT_FILES = "model-without-files"
    MODEL_UNFIT = "model-unfit"
    MAC_FORM = "mac-form"
    MAC_NUMBER = "mac-number"
    MAC_GROUP = "mac-group"
    MAC_TWICE = "mac-twice"
    MAC_ELSEWHERE = "mac-elsewhere"
    MAC_OTHER_SITE = "mac-other-site"
    EXTENSION_NEEDED = "extension-needed"
    EXTENSION_FORM = "extension-form"
    EXTENSION_TAKEN = "extension-taken"
    EXTENSION_TWICE = "extension-twice"
    REFUSED = "refused"


class Remark(StrEnum):
    """What is worth knowing of a cell, though it is not wrong."""

    ROOM_ONLY = "room-only"
    TEMPLATE_CHANGES = "template-changes"
    FLOOR_CHANGES = "floor-changes"
    NAME_CHANGES = "name-changes"
    EXTENSION_CHANGES = "extension-changes"
    IS_THERE = "is-there"
    MODEL_CHANGES = "model-changes"
    OTHER_MAKER = "other-maker"


SENTENCES: Mapping[Trouble | Remark, str] = {
    Trouble.ROOM_NEEDED: "Which room? Each row needs one.",
    Trouble.ROOM_FORM: "A room has letters, digits and . _ - only, and begins with a letter or digit.",  # noqa: E501
    Trouble.ROOM_TWICE: "Room %(room)s is in row %(row)s already.",
    Trouble.TOO_LONG: "This is too long: at most %(most)s characters are possible.",
    Trouble.CONTROL: "This holds a control character.",
    Trouble.DIFFERS: "Row %(row)s says %(other)s for the same room.",
    Trouble.TEMPLATE_NEEDED: "Which room template? The room has none yet.",
    Trouble.TEMPLATE_UNKNOWN: "There is no room template %(word)s.",
    Trouble.TEMPLATE_NEAR: "There is no room template %(word)s. Did you mean %(near)s?",
    Trouble.TEMPLATE_LEAVES_OUT: "This template has no position %(position)s, and a phone stands there.",  # noqa: E501
    Trouble.POSITION_UNKNOWN: "Template %(template)s has no position %(word)s; it has %(known)s.",
    Trouble.POSITION_TWICE: "Position %(position)s of room %(room)s is in row %(row)s already.",
    Trouble.POSITION_TAKEN: "Position %(position)s of room %(room)s has %(mac)s; retire or replace it there.",  # noqa: E501
    Trouble.POSITION_NONE_LEFT: "No position of template %(template)s is left for this phone.",
    Trouble.MODEL_NEEDED: "Which model? This phone has not been seen yet.",
    Trouble.MODEL_UNKNOWN: "No model is called %(word)s.",
    Trouble.MODEL_NEAR: "No model is called %(word)s. Did you mean %(near)s?",
    Trouble.MODEL_WITHOUT_FILES: "bellwire writes no files for the %(model)s.",
    Trouble.MODEL_UNFIT: "The %(model)s does not suit %(position)s; these do: %(models)s.",
    Trouble.MAC_FORM: "This is no MAC address: 12 digits from 0 to 9 and A to F are needed.",
    Trouble.MAC_NUMBER: "A spreadsheet has made a number of this MAC address; format the column as text.",  # noqa: E501
    Trouble.MAC_GROUP: "This is not the MAC address of one device.",
    Trouble.MAC_TWICE: "This MAC address is in row %(row)s already.",
    Trouble.MAC_ELSEWHERE: "This phone is %(position)s of room %(room)s already.",
    Trouble.MAC_OTHER_SITE: "This phone belongs to another site.",
    Trouble.EXTENSION_NEEDED: "Which extension? The room has none yet.",
    Trouble.EXTENSION_FORM: "An extension has letters, digits and . _ - only.",
    Trouble.EXTENSION_TAKEN: "Extension %(word)s belongs to room %(room)s.",
    Trouble.EXTENSION_TWICE: "Extension %(word)s is that of room %(room)s in row %(row)s.",
    Trouble.REFUSED: "%(sentence)s",
    Remark.ROOM_ONLY: "Without a MAC address only the room is stored.",
    Remark.TEMPLATE_CHANGES: "The room has template %(before)s now.",
    Remark.FLOOR_CHANGES: "The room is on floor %(before)s now.",
    Remark.NAME_CHANGES: "The room is called %(before)s now.",
    Remark.EXTENSION_CHANGES: "The room has extension %(before)s now.",
    Remark.IS_THERE: "This phone is there already.",
    Remark.MODEL_CHANGES: "The phone is a %(before)s now.",
    Remark.OTHER_MAKER: "This MAC address is one of %(maker)s.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence about a cell: what is wrong, or worth knowing, with its facts."""

    column: Column
    what: Trouble | Remark
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_problem(self) -> bool:
        """Whether the row cannot be stored so."""
        return isinstance(self.what, Trouble)

    @property
    def sentence(self) -> str:
        """The sentence in English."""
        return SENTENCES[self.what] % self.facts


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row as it was written.

    Attributes:
        number: its 1-based place in the list, without the header.
        cells: texts without blanks around them; a column that is not there is not in it.
    """

    number: int
    cells: Mapping[Column, str]

    def text(self, column: Column) -> str:
        """Return what is written in a column, or an empty text."""
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row with what was found.

    Attributes:
        filled: what counts where nothing is written.
    """

    row: ListRow
    said: tuple[Said, ...] = ()
    filled: Mapping[Column, str] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[Said, ...]:
        """What is wrong with it."""
        return tuple(each for each in self.said if each.is_problem)

    def about(self, column: Column) -> tuple[Said, ...]:
        """Return what was found in one cell."""
        return tuple(each for each in self.said if each.column is column)


@dataclass(frozen=True, slots=True)
class WantedPhone:
    """A phone at a position. ``extension``: its own, when it is not the room's."""

    row: int
    mac: str
    model: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class WantedRoom:
    """A room as the list has it; empty texts: as it is now.

    Attributes:
        rows: numbers of its rows.
        phones: by position.
    """

    id: str
    rows: tuple[int, ...]
    floor: str = ""
    template: str = ""
    extension: str = ""
    name: str = ""
    phones: Mapping[str, WantedPhone] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A whole list, judged.

    Attributes:
        rooms: what it asks for; also of rows with problems, as far as it can be told.
    """

    rows: tuple[JudgedRow, ...]
    rooms: tuple[WantedRoom, ...] = ()

    @property
    def problems(self) -> int:
        """How many problems there are."""
        return sum(len(row.problems) for row in self.rows)

    @property
    def is_good(self) -> bool:
        """Whether all of it can be stored."""
        return bool(self.rows) and not self.problems
