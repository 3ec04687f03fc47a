"""The shapes of presets and room templates: the uses of phones, not the phones themselves."""

from __future__ import annotations

from pydantic import Field, JsonValue

from provisioner.catalogue.models import Kind, Model
from provisioner.catalogue.record import ModelId, Record, Slug, Texts
from provisioner.key_types import Key
from provisioner.layers import PLACEHOLDER

MAIN_PRESETS = {
    Kind.DESK: "office",
    Kind.HOTEL: "guest-room",
    Kind.CONFERENCE: "conference",
    Kind.DECT_BASE: "dect-base",
    Kind.DOOR_STATION: "door-station",
    Kind.INTERCOM: "door-station",
    Kind.PAGING: "loudspeaker",
    Kind.WIFI_HANDSET: "office",
}
"""The usual preset of each kind of device; a model may name another."""


class PresetKey(Key):
    """A key of a preset: its label may be written in several languages."""

    label: Texts | str = ""

    @property
    def name(self) -> str:
        """How a site's own version speaks of the key: its number's name, or else its type.

        ``{site.numbers.spa}`` is ``spa``; a key that stands for rooms is ``rooms``.
        """
        match = PLACEHOLDER.search(self.value)
        return self.each or (match[1].split("|")[0].split(".")[-1] if match else str(self.type))


class Preset(Record):
    """``templates/presets/<preset>.toml``: one phone's use."""

    id: Slug
    name: Texts
    description: Texts = Field(default_factory=dict)
    kinds: frozenset[Kind]
    needs: frozenset[str] = frozenset()
    guests: bool = Field(default=False, description="for guests: phone books leave it out")
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    keys: tuple[PresetKey, ...] = ()

    def fits(self, model: Model) -> bool:
        """Whether a model is of the right kind and has the features needed."""
        return model.kind in self.kinds and self.needs <= model.features


class Position(Record):
    """A place for a phone in a room template."""

    id: Slug
    name: Texts
    preset: Slug
    models: tuple[ModelId, ...] = Field(default=(), description="models that suit, best first")
    accessories: tuple[ModelId, ...] = Field(default=(), description="what may hang on them")


class RoomTemplate(Record):
    """``templates/rooms/<template>.toml``: which positions a room has."""

    id: Slug
    name: Texts
    description: Texts = Field(default_factory=dict)
    guests: bool = Field(default=False, description="for guests: phone books leave it out")
    positions: tuple[Position, ...] = Field(min_length=1)
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    def position(self, position_id: str) -> Position | None:
        """Return the position of that id, or None."""
        return next((p for p in self.positions if p.id == position_id), None)
