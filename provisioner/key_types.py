"""Logical keys: what a key does, before it has a place on a phone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from provisioner.settings import Line, Section


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


class Key(Section):
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
