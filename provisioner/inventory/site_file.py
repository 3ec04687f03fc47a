"""The declarative site file: its schema, and its way to records.

Reading stops at the first error, naming file, line and field; nothing is stored before all
files are read and checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
)

from provisioner.catalogue.presets import PresetKey
from provisioner.catalogue.schema import Kind, Texts
from provisioner.clock import clock_for
from provisioner.errors import SiteFileError
from provisioner.inventory.site_yaml import Document, Path_, WrittenInt, dotted, read_yaml
from provisioner.key_types import KeyType
from provisioner.mac import MacAddress
from provisioner.settings import Host, Number, SecretLine, Url, one_line


def _as_written(value: object) -> object:
    return value.written if isinstance(value, WrittenInt) else value


def _timezone(name: str) -> str:
    clock_for(name)
    return name


def _mac(text: str) -> str:
    return str(MacAddress(text))


Text = Annotated[str, BeforeValidator(_as_written), Field(max_length=200), AfterValidator(one_line)]
Slug = Annotated[
    str, BeforeValidator(_as_written), Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=64)
]
RoomId = Annotated[
    str,
    BeforeValidator(_as_written),
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64),
]
Extension = Annotated[
    str,
    BeforeValidator(_as_written),
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64),
]
Dialled = Annotated[Number, BeforeValidator(_as_written)]
Secret = Annotated[SecretLine, BeforeValidator(_as_written)]
Mac = Annotated[str, BeforeValidator(_as_written), AfterValidator(_mac)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Part(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileKey(Part):
    """A key as written in a site file."""

    type: KeyType
    value: Text = ""
    label: Text = ""
    slot: Annotated[str, Field(pattern=r"^$|^[a-z][a-z0-9-]*-\d+$")] = ""
    account: int = Field(default=1, ge=1, le=999)
    pickup: Text = ""


class FileHandset(Part):
    """A DECT handset of a base."""

    name: Text
    extension: Extension
    ipui: Annotated[str, BeforeValidator(_as_written), Field(pattern=r"^$|^[0-9A-Fa-f]{10}$")] = ""
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


class FileSwitchSnmp(Part):
    """How a switch is read."""

    version: Annotated[Literal["2c", "3"], BeforeValidator(_as_written)] = "2c"
    community: Secret | None = None


class FileSwitch(Part):
    """A switch that feeds phones."""

    host: Host
    name: Text = ""
    platform: Text = ""
    snmp: FileSwitchSnmp = FileSwitchSnmp()


class FilePbx(Part):
    """The site's PBX."""

    kind: Literal["asterisk"] = "asterisk"
    ami: FileAmi | None = None


class FileAmi(Part):
    """The PBX's management interface."""

    host: Host
    port: int = Field(default=5038, ge=1, le=65535)
    username: Text
    secret: Secret


class FilePreset(Part):
    """A preset of the site's own, or its version of a shipped one."""

    name: Texts = Field(default_factory=dict)
    description: Texts = Field(default_factory=dict)
    kinds: frozenset[Kind] = frozenset()
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    keys: tuple[PresetKey, ...] = ()


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
    accounts: tuple[FileAccount, ...] = ()
    rooms: tuple[FileRoom, ...] = ()
    switches: tuple[FileSwitch, ...] = ()
    pbx: FilePbx | None = None


class FileContent(Part):
    """A whole site file."""

    sites: tuple[FileSite, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A read file with what is needed to say where something stands."""

    document: Document
    content: FileContent

    def error(self, path: Path_, problem: str) -> SiteFileError:
        """Return an error that names this file and the line of ``path``."""
        return SiteFileError(self.document.file, self.document.line(path), dotted(path), problem)


def read_site_files(files: Iterable[Path]) -> tuple[SiteFile, ...]:
    """Read site files.

    Raises:
        SiteFileError: names file, line and field.
    """
    read = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise SiteFileError(str(file), 0, "", f"cannot be read: {problem}") from problem
        read.append(parse_site_file(str(file), text, file.parent))
    return tuple(read)


def parse_site_file(file: str, text: str, folder: Path | None = None) -> SiteFile:
    """Parse one site file; raises SiteFileError."""
    document = read_yaml(file, text, folder)
    try:
        return SiteFile(document, FileContent.model_validate(document.data))
    except ValidationError as problem:
        first = problem.errors()[0]
        path = _written(document.data, first["loc"])
        raise SiteFileError(
            file, document.line(path), dotted(path), _message(first["msg"])
        ) from problem


def schema() -> dict[str, object]:
    """Return the JSON Schema of a site file."""
    return FileContent.model_json_schema()


def _written(data: JsonValue, location: Path_) -> Path_:
    """Return the part of a location that a person wrote, without names of alternatives."""
    path: list[str | int] = []
    for part in location:
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif isinstance(data, dict) and part != "[key]" and "[" not in str(part):
            data = data.get(str(part))
        else:
            continue
        path.append(part)
    return tuple(path)


def _message(text: str) -> str:
    return text.removeprefix("Value error, ")
