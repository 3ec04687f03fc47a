"""The shapes of the vendor data files below ``templates/``.

Every file is read into these immutable models; an unknown or wrong key stops the start.
Capabilities are stated positively: what is not written, a model cannot do.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from provisioner.catalogue.versions import VersionRange
from provisioner.key_types import KeyType

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)]
ModelId = Annotated[str, Field(pattern=r"^[a-z0-9]+/[a-z0-9][a-z0-9-]*$", max_length=64)]
Texts = dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], str]


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"not a regular expression: {problem}") from problem
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Record(BaseModel):
    """Frozen, with unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Confidence(StrEnum):
    """How sure we are of a fact, surest first."""

    VENDOR_DOC = "vendor-doc"
    FIELD = "field"
    PEER = "peer"
    UNVERIFIED = "unverified"


class Support(StrEnum):
    """What bellwire does for a model."""

    FULL = "full"
    EXPERIMENTAL = "experimental"
    KNOWN = "known"


class Source(Record):
    """Where facts of a file come from."""

    title: str
    url: str = ""
    section: str = ""
    checked: str = Field(pattern=r"^\d{4}-\d{2}(-\d{2})?$")
    confidence: Confidence
    covers: str = Field(description="which facts of the file this source is for")


class Disagreement(Record):
    """A fact on which sources differ, and what was chosen."""

    fact: str
    values: dict[str, str]
    chosen: str
    reason: str


class Role(StrEnum):
    """What a requested file is for."""

    BOOT = "boot"  # names other files: Yealink .boot, Fanvil .boot
    COMMON = "common"  # the same for all phones of a kind
    GENERAL = "general"  # Snom's first file, without a MAC
    DEVICE = "device"  # this phone's own settings
    PHONEBOOK = "phonebook"
    FIRMWARE = "firmware"
    LOCAL = "local"  # what the phone itself uploaded earlier
    LANGUAGE = "language"


class PathRule(Record):
    """A file name a vendor's devices ask for.

    ``pattern`` is matched against the last part of the path (no directory); the groups
    ``mac``, ``model`` and ``code`` are used when present.
    """

    pattern: Pattern
    role: Role


class AgentRule(Record):
    """A User-Agent shape (HTTP, and SIP where the vendor's is alike).

    Groups ``model``, ``firmware`` and ``mac`` are used when present. Rules are tried in order.
    """

    pattern: Pattern
    model: str = Field(default="", description="the product name when the pattern has no group")


class RenderedName(Record):
    """One file that a dialect renders for a phone.

    ``name`` may hold ``{mac}``, ``{MAC}``, ``{type}`` (the model's type string) and ``{code}``.
    ``optional`` files are rendered only when the template gives a non-empty body.
    """

    name: str
    role: Role
    template: str
    media_type: str = "text/plain; charset=utf-8"
    aliases: tuple[str, ...] = ()


class Dialect(Record):
    """A vendor's file syntax generation."""

    id: Slug
    title: str
    syntax: Literal["yealink", "fanvil-old", "fanvil-new", "xml"]
    files: tuple[RenderedName, ...]
    first_contact: tuple[RenderedName, ...] = Field(
        description="what a tokenless request gets while its phone is armed: the token URL, no more"
    )
    version_counter: Literal["", "2.4", "2.10"] = Field(
        default="", description="Fanvil's rising file version: 2. and this many digits"
    )
    settings: frozenset[str] = Field(
        default=frozenset(),
        description="dotted setting names or section names that this dialect can express",
    )


class ResyncRule(Record):
    """The NOTIFY ``Event`` header that makes a phone fetch again, and the one that reboots it."""

    fetch: str
    reboot: str


class DhcpRule(Record):
    """What DHCP must tell this vendor's phones.

    ``url`` may hold ``{base}``, the site's URL with a slash at its end.
    """

    options: tuple[Literal[43, 66, 114, 159, 160], ...]
    url: str = "{base}"
    vendor_classes: tuple[str, ...] = ()


class Vendor(Record):
    """``templates/phones/<vendor>/vendor.toml``."""

    id: Slug
    name: str
    ouis: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{6}$")], ...]
    agents: tuple[AgentRule, ...]
    paths: tuple[PathRule, ...]
    pnp_vendors: tuple[str, ...] = Field(description="vendor= words in PnP, lower case")
    firmware_skip: int = Field(default=0, ge=0, description="leading version parts that are a code")
    resync: ResyncRule
    dhcp: DhcpRule
    dialects: tuple[Dialect, ...]
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    sources: tuple[Source, ...] = Field(min_length=1)

    def dialect(self, dialect_id: str) -> Dialect:
        """Return the dialect of that id; raises KeyError."""
        for dialect in self.dialects:
            if dialect.id == dialect_id:
                return dialect
        raise KeyError(dialect_id)


class Kind(StrEnum):
    """What sort of device a model is."""

    DESK = "desk"
    HOTEL = "hotel"
    CONFERENCE = "conference"
    DECT_BASE = "dect-base"
    DOOR_STATION = "door-station"
    INTERCOM = "intercom"
    PAGING = "paging"
    ACCESSORY = "accessory"
    EXPANSION = "expansion"


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
        features: what it can do beyond its keys, by the names in ``features.py``.
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
    accounts: int = Field(default=0, ge=0)
    dialects: tuple[DialectRange, ...] = ()
    keys: tuple[KeyGroup, ...] = ()
    expansion: Expansion | None = None
    accessories: Accessories | None = None
    dect: Dect | None = None
    features: frozenset[str] = frozenset()
    screen: str = ""
    poe: Poe | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    support: Support = Support.FULL
    confidence: Confidence
    missing: tuple[str, ...] = Field(default=(), description="facts still needed, when only known")
    disagreements: tuple[Disagreement, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)
