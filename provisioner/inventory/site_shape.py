"""The shape of a site file: what may be written, field by field."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    model_validator,
)

from provisioner.catalogue.models import Kind
from provisioner.catalogue.record import ModelId, Texts
from provisioner.clock import clock_for
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.file_values import Part, Secret, Text, as_written
from provisioner.inventory.monitoring_shape import FileMonitoring
from provisioner.inventory.pbx_shape import FilePbx
from provisioner.inventory.switch_access_shape import (
    AuthProtocol,
    FileSnmpWrite,
    FileSsh,
    PrivProtocol,
    SnmpKey,
)
from provisioner.key_types import ForEach, KeyType
from provisioner.mac import MacAddress
from provisioner.setting_values import Host, Number, Url


def _timezone(name: str) -> str:
    clock_for(name)
    return name


def _mac(text: str) -> str:
    return str(MacAddress(text))


Slug = Annotated[
    str, BeforeValidator(as_written), Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)
]
RoomId = Annotated[
    str,
    BeforeValidator(as_written),
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64),
]
Extension = Annotated[
    str,
    BeforeValidator(as_written),
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64),
]
Dialled = Annotated[Number, BeforeValidator(as_written)]
Mac = Annotated[str, BeforeValidator(as_written), AfterValidator(_mac)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class _WrittenKey(ForEach, Part):
    """What keys of phones and of presets have in common."""

    type: KeyType
    floor: Text = ""
    value: Text = ""
    slot: Annotated[str, Field(pattern=r"^$|^[a-z][a-z0-9-]*-\d+$")] = ""
    account: int = Field(default=1, ge=1, le=999)
    pickup: Text = ""


class FileKey(_WrittenKey):
    """A key as written in a site file."""

    label: Text = ""


class FileHandset(Part):
    """A DECT handset of a base."""

    name: Text
    extension: Extension
    ipui: Annotated[str, BeforeValidator(as_written), Field(pattern=r"^$|^[0-9A-Fa-f]{10}$")] = ""
    model: Text = ""


class FileAccessory(Part):
    """An expansion module or satellite."""

    model: Text
    count: int = Field(default=1, ge=1, le=12)


class FilePhone(Part):
    """A phone at a position of a room."""

    model: Text
    mac: Mac
    preset: Slug | None = None
    extension: Extension | None = None
    accounts: tuple[Extension, ...] = ()
    keys: tuple[FileKey, ...] = ()
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    handsets: tuple[FileHandset, ...] = ()
    accessories: tuple[FileAccessory, ...] = ()
    tftp_without_token: bool = False


class FileRoom(Part):
    """A room with its phones by position."""

    id: RoomId
    name: Text = ""
    floor: Text = ""
    template: Slug | None = None
    extension: Extension | None = None
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    phones: dict[Slug, FilePhone] = Field(default_factory=dict)


class FileAccount(Part):
    """A SIP account; its secret is generated when absent and kept afterwards."""

    extension: Extension
    name: Text = ""
    secret: Secret | None = None
    voicemail: bool = False
    listed: bool | None = Field(
        default=None, description="whether phone books show it; default: unless only guests use it"
    )


class FileContact(Part):
    """An entry of the site's phone book that is no account of its own."""

    name: Text
    number: Dialled
    group: Text = ""


class FileSwitchSnmp(Part):
    """How a switch is read: a community, or a user of SNMPv3 with its keys."""

    version: Annotated[Literal["2c", "3"], BeforeValidator(as_written)] = "2c"
    community: Secret | None = None
    user: Text = ""
    auth: SnmpKey | None = Field(default=None, description="pass phrase that signs, version 3")
    priv: SnmpKey | None = Field(default=None, description="pass phrase that encrypts, version 3")
    auth_protocol: AuthProtocol = "sha256"
    priv_protocol: PrivProtocol = "aes"
    write: FileSnmpWrite | None = Field(
        default=None, description="for power cycling; without it SNMP only reads"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.version == "3":
            if not self.user:
                raise ValueError("version 3 needs a user")
            if self.community is not None:
                raise ValueError("a community is for version 2c; version 3 has a user")
            if self.priv is not None and self.auth is None:
                raise ValueError("priv needs auth: what is not signed cannot be encrypted")
        elif self.user or self.auth or self.priv:
            raise ValueError("user, auth and priv are for version 3")
        return self


class FileSwitch(Part):
    """A switch that feeds phones."""

    host: Host
    name: Text = ""
    platform: Text = ""
    snmp: FileSwitchSnmp = FileSwitchSnmp()
    ssh: FileSsh | None = Field(
        default=None, description="for power cycling where SNMP does not do it"
    )


class FilePresetKey(_WrittenKey):
    """A key of a preset in a site file."""

    label: dict[Language, Text] | Text = ""
    optional: bool = False


class FilePreset(Part):
    """A preset of the site's own, or its version of a shipped one.

    ``keys`` takes the place of all keys of the shipped one. To change some, name them as
    ``bellwire presets NAME`` does: by the number they dial (``spa``) or their type (``line``).
    """

    name: Texts = Field(default_factory=dict)
    description: Texts = Field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()
    needs: frozenset[str] = frozenset()
    guests: bool = False
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    keys: tuple[FilePresetKey, ...] = ()
    labels: dict[str, dict[Language, Text] | Text] = Field(
        default_factory=dict, description="other labels of keys, by name"
    )
    without: tuple[str, ...] = Field(default=(), description="names of keys left out")
    add_keys: tuple[FilePresetKey, ...] = Field(default=(), description="keys after all others")


class FilePosition(Part):
    """A position of a room template; of a shipped one, only what is different."""

    id: Slug
    name: Texts = Field(default_factory=dict)
    preset: Slug = ""
    models: tuple[ModelId, ...] = ()
    accessories: tuple[ModelId, ...] = ()


class FileRoomTemplate(Part):
    """A room template of the site's own, or its version of a shipped one.

    Positions of a shipped one stay; one with the same id is changed, others are added.
    """

    name: Texts = Field(default_factory=dict)
    description: Texts = Field(default_factory=dict)
    guests: bool = False
    positions: tuple[FilePosition, ...] = ()
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class FileSite(Part):
    """A hotel."""

    id: Slug
    name: Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("en",)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    url: Annotated[Url, Field(pattern=r"^(https?|tftp)://[^/]")]
    sip: dict[str, JsonValue] = Field(default_factory=dict)
    numbers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Dialled] = Field(
        default_factory=dict
    )
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    presets: dict[Slug, FilePreset] = Field(default_factory=dict)
    room_templates: dict[Slug, FileRoomTemplate] = Field(default_factory=dict)
    accounts: tuple[FileAccount, ...] = ()
    phonebook: tuple[FileContact, ...] = ()
    rooms: tuple[FileRoom, ...] = ()
    switches: tuple[FileSwitch, ...] = ()
    pbx: FilePbx | None = None
    monitoring: FileMonitoring = Field(default_factory=FileMonitoring)
    calls: FileCalls | None = Field(default=None, description="none: its calls are not guarded")


class FileContent(Part):
    """A whole site file."""

    sites: tuple[FileSite, ...] = ()
