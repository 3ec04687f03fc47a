"""The shapes of presets and room templates: the uses of phones, not the phones themselves."""

from __future__ import annotations

from pydantic import Field, JsonValue

from provisioner.catalogue.schema import Kind, ModelId, Record, Slug, Texts
from provisioner.key_types import Key


class PresetKey(Key):
    """A key of a preset: its label may be written in several languages."""

    label: Texts | str = ""


class Preset(Record):
    """``templates/presets/<preset>.toml``: one phone's use."""

    id: Slug
    name: Texts
    description: Texts = Field(default_factory=dict)
    kinds: frozenset[Kind]
    needs: frozenset[str] = frozenset()
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    keys: tuple[PresetKey, ...] = ()


class Position(Record):
    """A place for a phone in a room template."""

    id: Slug
    name: Texts
    preset: Slug
    models: tuple[ModelId, ...] = Field(default=(), description="models that suit, best first")


class RoomTemplate(Record):
    """``templates/rooms/<template>.toml``: which positions a room has."""

    id: Slug
    name: Texts
    description: Texts = Field(default_factory=dict)
    positions: tuple[Position, ...] = Field(min_length=1)
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    def position(self, position_id: str) -> Position | None:
        """Return the position of that id, or None."""
        return next((p for p in self.positions if p.id == position_id), None)
