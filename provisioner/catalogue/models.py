"""The shape of ``templates/phones/<vendor>/models/<model>.toml``: what one device can do.

Capabilities are stated positively: what is not written, a model cannot do.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, JsonValue

from provisioner.catalogue.record import Confidence, Disagreement, ModelId, Record, Slug, Source
from provisioner.catalogue.versions import VersionRange
from provisioner.key_types import KeyType


class Support(StrEnum):
    """What bellwire does for a model."""

    FULL = "full"
    EXPERIMENTAL = "experimental"
    KNOWN = "known"


class Kind(StrEnum):
    """What sort of device a model is."""

    DESK = "desk"
    HOTEL = "hotel"
    CONFERENCE = "conference"
    DECT_BASE = "dect-base"
    DOOR_STATION = "door-station"
    INTERCOM = "intercom"
    PAGING = "paging"
    WIFI_HANDSET = "wifi-handset"
    ACCESSORY = "accessory"
    EXPANSION = "expansion"


WITHOUT_FILES = frozenset({Kind.ACCESSORY, Kind.EXPANSION})
"""Kinds that are configured through the device they hang on."""


class DialectRange(Record):
    """Which firmware speaks which dialect; an empty range is all firmware."""

    id: Slug
    firmware: VersionRange = VersionRange("")


class KeyGroup(Record):
    """A run of physical keys.

    ``id`` names the group in templates and in a key's ``slot`` (``digit-3`` is its third key,
    counted over all pages). Keys are numbered from ``first``; with ``per_page`` the number
    starts again on every page.
    """

    id: Slug
    count: int = Field(ge=1, le=1000)
    per_page: int = Field(default=0, ge=0, description="0: one page")
    first: int = Field(default=1, ge=0)
    accepts: frozenset[KeyType]
    fill: bool = Field(default=True, description="keys without a slot may land here")
    labels: bool = Field(default=True, description="the key shows or carries a label")
    names: tuple[str, ...] = Field(default=(), description="what is printed on each key")
    reserved: frozenset[int] = Field(default=frozenset(), description="positions not to be used")


class Expansion(Record):
    """Which expansion modules fit, and how many of them."""

    models: tuple[ModelId, ...]
    max: int = Field(ge=1, le=12)


class Dect(Record):
    """What a DECT base can carry."""

    handsets: int = Field(ge=1)
    multicell: bool = False
    handset_models: tuple[str, ...] = ()


class Accessories(Record):
    """Which accessories can be attached, and how many."""

    models: tuple[ModelId, ...]
    max: int = Field(ge=1)


class Variant(Record):
    """A hardware revision or bundle that bellwire treats as this model, and how it differs."""

    name: str
    differs: str


class Poe(Record):
    """What the device draws; measured values come from the switch."""

    powered: bool
    ieee_class: int | None = Field(default=None, ge=0, le=8)


class Model(Record):
    """``templates/phones/<vendor>/models/<model>.toml``.

    Attributes:
        agents: product names as the device writes them in HTTP, SIP and PnP.
        type_string: what Snom calls ``phone_type``; used in file names.
        code: number or name of the common file, where the vendor has one.
        firmware_name: Fanvil's file that says which firmware there is, without ``.txt``.
        features: what it can do beyond its keys, by the names in ``features.py``.
        preset: its main use; empty: the usual one of its kind.
    """

    id: ModelId
    vendor: Slug
    name: str
    kind: Kind
    family: str = ""
    aliases: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    type_string: str = ""
    code: str = ""
    firmware_name: str = ""
    accounts: int = Field(default=0, ge=0)
    dialects: tuple[DialectRange, ...] = ()
    keys: tuple[KeyGroup, ...] = ()
    expansion: Expansion | None = None
    accessories: Accessories | None = None
    dect: Dect | None = None
    features: frozenset[str] = frozenset()
    preset: str = ""
    variants: tuple[Variant, ...] = ()
    screen: str = ""
    poe: Poe | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    support: Support = Support.FULL
    confidence: Confidence
    missing: tuple[str, ...] = Field(default=(), description="facts still needed, when only known")
    disagreements: tuple[Disagreement, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)
