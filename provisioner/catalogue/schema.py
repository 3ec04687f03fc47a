"""The shape of ``templates/phones/<vendor>/vendor.toml``: a vendor, its names and its dialects.

Every file is read into these immutable models; an unknown or wrong key stops the start.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from provisioner.catalogue.record import ModelId, Pattern, Record, Slug, Source
from provisioner.key_types import KeyType


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

    ``name`` may hold ``{mac}``, ``{MAC}``, ``{type}`` (the model's type string), ``{code}`` and
    ``{firmware}`` (its firmware name). A file whose template gives an empty body is not offered.
    ``form`` turns Fanvil's text into one of its XML forms (``fanvil_xml``).
    """

    name: str
    role: Role
    template: str
    media_type: str = "text/plain; charset=utf-8"
    aliases: tuple[str, ...] = ()
    form: Literal["", "voip-config-file", "sysconf"] = ""


class ClockTelling(Record):
    """What a dialect can tell its devices of a zone's clock; without one: any offset and rule.

    Attributes:
        nothing: its devices are told no zone at all.
        zones: IANA names its devices are known to have; empty: they are told numbers.
        other_zones: another name may be tried; nobody knows all names its devices have.
        offsets_min: the standard offsets that can be told; empty: each quarter of an hour between
            the lowest and the highest one.
        shifts_min: by how much daylight time can be ahead; empty: any number.
        weeks: which weeks of a month can be told, 5 is the last one.
        change_step_s: 3600 when the clock can only be changed on a whole hour of the day.
    """

    nothing: bool = False
    zones: frozenset[str] = frozenset()
    other_zones: bool = False
    offsets_min: frozenset[int] = frozenset()
    lowest_offset_min: int = -720
    highest_offset_min: int = 840
    shifts_min: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    change_step_s: Literal[1, 3600] = 3600


class Dialect(Record):
    """A vendor's file syntax generation."""

    id: Slug
    title: str
    syntax: Literal["yealink", "fanvil-old", "fanvil-new", "snom-m3", "xml"]
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
    limits: dict[str, frozenset[str] | int] = Field(
        default_factory=dict,
        description="of a setting above: the values that can be said, or how many entries",
    )
    clock: ClockTelling = ClockTelling()


class ResyncRule(Record):
    """The NOTIFY ``Event`` header that makes a phone fetch again, and the one that reboots it."""

    fetch: str
    reboot: str


class DhcpRule(Record):
    """What DHCP must tell this vendor's phones.

    ``url`` may hold ``{base}``, the site's URL with a slash at its end. ``class_models``: classes
    (option 60) that are a code for a model.
    """

    options: tuple[Literal[43, 66, 114, 159, 160], ...]
    url: str = "{base}"
    vendor_classes: tuple[str, ...] = ()
    class_models: dict[str, ModelId] = Field(default_factory=dict)


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
    key_sets: dict[str, frozenset[KeyType]] = Field(
        default_factory=dict, description="named sets of key types, for ``accepts`` of its models"
    )
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    sources: tuple[Source, ...] = Field(min_length=1)

    def dialect(self, dialect_id: str) -> Dialect:
        """Return the dialect of that id; raises KeyError."""
        for dialect in self.dialects:
            if dialect.id == dialect_id:
                return dialect
        raise KeyError(dialect_id)
