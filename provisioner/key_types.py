"""Logical keys: what a key does, before it has a place on a phone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from provisioner.setting_values import Line
from provisioner.settings import Section


class KeyType(StrEnum):
    """What a key does."""

    LINE = "line"
    SPEED_DIAL = "speed_dial"
    BLF = "blf"
    INTERCOM = "intercom"
    PARK = "park"
    PICKUP = "pickup"
    GROUP_PICKUP = "group_pickup"
    VOICEMAIL = "voicemail"
    DND = "dnd"
    FORWARD = "forward"
    TRANSFER = "transfer"
    CONFERENCE = "conference"
    DTMF = "dtmf"
    DOOR_OPEN = "door_open"
    EMERGENCY = "emergency"
    PAGING = "paging"
    URL = "url"
    DIRECTORY = "directory"
    HISTORY = "history"
    RECORD = "record"
    NONE = "none"


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


TemplateId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]


class ForEach(BaseModel):
    """A key that stands for many: one for each room of the site, in the order of floors.

    Its value and label may hold ``{each.extension}``, ``{each.name}``, ``{each.id}`` and
    ``{each.floor}``; left out, they are extension and name. Such keys come after all others and
    take the places that are left.

    Attributes:
        each: ``rooms``: those that have an extension, but for the phone's own.
        floor: only rooms of this floor; ``{room.floor}`` is the phone's own.
        template: only rooms of these room templates.
    """

    each: Literal["", "rooms"] = ""
    floor: Line = ""
    template: Annotated[tuple[TemplateId, ...], BeforeValidator(_one_or_more)] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.each and (self.floor or self.template):
            raise ValueError('floor and template choose rooms: they need each = "rooms"')
        if self.each and getattr(self, "slot", ""):
            raise ValueError("a key for each room takes the free places: it has no slot")
        return self


class Key(ForEach, Section):
    """A logical key.

    Attributes:
        value: a number, digits, URL or multicast group, by type; ``{site.numbers.reception}``
            and the like are filled in when layers are resolved.
        slot: ``group-n`` of the model (``digit-3``); empty: the first free one that fits.
        account: 1-based account the key uses.
        optional: no warning when the model has no place for it.
    """

    type: KeyType
    value: Line = ""
    slot: Annotated[str, Field(pattern=r"^$|^[a-z][a-z0-9-]*-\d+$")] = ""
    account: int = Field(default=1, ge=1, le=999)
    pickup: Line = ""
    optional: bool = False


class PhoneKey(Key):
    """A key with its label in the phone's language."""

    label: Line = ""
