"""The shape of ``templates/phones/<vendor>/inserts.toml``: paper that is cut for a phone.

An insert lies under a cover or a foil and carries the names of the keys; a strip lies beside a
row of keys. All sizes are millimetres, measured from the paper's upper left corner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Annotated, Literal

from pydantic import Field

from provisioner.catalogue.models import KeyGroup, Model
from provisioner.catalogue.record import Confidence, ModelId, Record, Slug

Mm = Annotated[float, Field(ge=0, le=420, allow_inf_nan=False)]
Size = Annotated[float, Field(gt=0, le=420, allow_inf_nan=False)]
_TOUCHING_MM = 0.001


class Box(Record):
    """A rectangle on the paper."""

    x_mm: Mm
    y_mm: Mm
    width_mm: Size
    height_mm: Size

    def overlaps(self, other: Box) -> bool:
        """Whether two boxes share more than an edge."""
        return (
            self.x_mm + self.width_mm > other.x_mm + _TOUCHING_MM
            and other.x_mm + other.width_mm > self.x_mm + _TOUCHING_MM
            and self.y_mm + self.height_mm > other.y_mm + _TOUCHING_MM
            and other.y_mm + other.height_mm > self.y_mm + _TOUCHING_MM
        )

    def scaled(self, across: float, down: float) -> Box:
        """Return the box on paper that is so many times as wide and as high."""
        return Box(
            x_mm=self.x_mm * across,
            y_mm=self.y_mm * down,
            width_mm=self.width_mm * across,
            height_mm=self.height_mm * down,
        )


class KeyBoxes(Record):
    """Boxes of equal size for the keys of a group, in rows and columns.

    Attributes:
        x_mm: left edge of the first box; ``y_mm`` its upper edge.
        width_mm: of one box, as ``height_mm``.
        first: which key of a page the first box is for.
        down: the second key lies below the first one, not to its right.
    """

    group: Slug
    x_mm: Mm
    y_mm: Mm
    width_mm: Size
    height_mm: Size
    columns: int = Field(default=1, ge=1, le=20)
    rows: int = Field(default=1, ge=1, le=60)
    gap_x_mm: Mm = 0
    gap_y_mm: Mm = 0
    first: int = Field(default=1, ge=1)
    down: bool = True

    @property
    def positions(self) -> range:
        """Which keys of a page these boxes are for."""
        return range(self.first, self.first + self.columns * self.rows)

    def boxes(self) -> Iterator[tuple[int, Box]]:
        """Give each key's position on its page, and its box."""
        for n, position in enumerate(self.positions):
            row, column = (n % self.rows, n // self.rows) if self.down else divmod(n, self.columns)
            yield (
                position,
                Box(
                    x_mm=self.x_mm + column * (self.width_mm + self.gap_x_mm),
                    y_mm=self.y_mm + row * (self.height_mm + self.gap_y_mm),
                    width_mm=self.width_mm,
                    height_mm=self.height_mm,
                ),
            )


class Insert(Record):
    """A piece of paper for some models; one is cut for each page of keys.

    Attributes:
        heading: where the hotel's name and the room go; None: nowhere.
        long_press: groups whose keys work when held down; the sheet says so.
        source: who measured it, or what the size was taken from.
    """

    kind: Literal["insert", "strip"]
    models: tuple[ModelId, ...] = Field(min_length=1)
    width_mm: Size
    height_mm: Size
    heading: Box | None = None
    keys: tuple[KeyBoxes, ...] = Field(min_length=1)
    long_press: frozenset[Slug] = frozenset()
    confidence: Confidence
    source: str = Field(min_length=1)
    checked: str = Field(pattern=r"^\d{4}-\d{2}(-\d{2})?$")

    @property
    def groups(self) -> frozenset[str]:
        """The key groups it has boxes for."""
        return frozenset(keys.group for keys in self.keys)

    def box_of(self, group: str, position: int) -> Box | None:
        """Return the box of a key by its position on its page, or None."""
        for keys in self.keys:
            if keys.group == group and position in keys.positions:
                return dict(keys.boxes())[position]
        return None

    def scaled(self, width_mm: float | None, height_mm: float | None) -> Insert:
        """Return the same insert in another size, with its boxes in proportion."""
        across = (width_mm or self.width_mm) / self.width_mm
        down = (height_mm or self.height_mm) / self.height_mm
        return self.model_copy(
            update={
                "width_mm": self.width_mm * across,
                "height_mm": self.height_mm * down,
                "heading": self.heading.scaled(across, down) if self.heading else None,
                "keys": tuple(_scaled_keys(keys, across, down) for keys in self.keys),
            }
        )


class InsertFile(Record):
    """``templates/phones/<vendor>/inserts.toml``."""

    inserts: tuple[Insert, ...]


def insert_problems(
    inserts: tuple[Insert, ...], models: Mapping[str, Model]
) -> Iterator[tuple[str, str]]:
    """Give what does not fit in a file of inserts: the key in it, and the problem."""
    taken: set[tuple[str, str]] = set()
    for number, insert in enumerate(inserts):
        where = f"inserts.{number}"
        for model_id in insert.models:
            if model_id not in models:
                yield f"{where}.models", f"there is no model {model_id!r}"
                continue
            if (model_id, insert.kind) in taken:
                yield f"{where}.models", f"{model_id!r} has two papers of kind {insert.kind}"
            taken.add((model_id, insert.kind))
            yield from _group_problems(where, insert, models[model_id])
        yield from _box_problems(where, insert)


def _scaled_keys(keys: KeyBoxes, across: float, down: float) -> KeyBoxes:
    return keys.model_copy(
        update={
            "x_mm": keys.x_mm * across,
            "y_mm": keys.y_mm * down,
            "width_mm": keys.width_mm * across,
            "height_mm": keys.height_mm * down,
            "gap_x_mm": keys.gap_x_mm * across,
            "gap_y_mm": keys.gap_y_mm * down,
        }
    )


def _group_problems(where: str, insert: Insert, model: Model) -> Iterator[tuple[str, str]]:
    groups = {group.id: group for group in model.keys}
    for group_id in sorted(insert.groups | insert.long_press):
        if group_id not in groups:
            yield f"{where}.keys", f"{model.id} has no key group {group_id!r}"
    for keys in insert.keys:
        group = groups.get(keys.group)
        last = keys.positions[-1]
        if group is not None and last > keys_per_page(group):
            count = keys_per_page(group)
            problem = f"{model.id} has {count} {group.id!r} keys on a page; there is no {last}"
            yield f"{where}.keys", problem


def _box_problems(where: str, insert: Insert) -> Iterator[tuple[str, str]]:
    boxes = [
        (f"{keys.group} {position}", box) for keys in insert.keys for position, box in keys.boxes()
    ]
    if insert.heading is not None:
        boxes.append(("heading", insert.heading))
    for name, box in boxes:
        right, lower = box.x_mm + box.width_mm, box.y_mm + box.height_mm
        if right > insert.width_mm + _TOUCHING_MM or lower > insert.height_mm + _TOUCHING_MM:
            yield f"{where}.keys", f"the box of {name} reaches out of the paper"
    for (name, box), (other_name, other) in combinations(boxes, 2):
        if name == other_name:
            yield f"{where}.keys", f"there are two boxes for {name}"
        elif box.overlaps(other):
            yield f"{where}.keys", f"the boxes of {name} and {other_name} overlap"


def keys_per_page(group: KeyGroup) -> int:
    """Return how many keys of a group can be seen at once."""
    return group.per_page or group.count
