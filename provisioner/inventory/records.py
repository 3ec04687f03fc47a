"""The inventory as values: what the site file describes and the database stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from pydantic import JsonValue, SecretStr

from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.inventory.calls import Calls
from provisioner.inventory.monitoring import Monitoring
from provisioner.inventory.pbx_hardening import Hardening
from provisioner.key_types import PhoneKey
from provisioner.mac import MacAddress

Layer = Mapping[str, JsonValue]


SWITCH_SECRETS = (
    "community", "snmp_auth", "snmp_priv",
    "write_community", "write_auth", "write_priv", "ssh_password", "ssh_enable_secret",
)  # fmt: skip
"""Fields of a switch that are encrypted at rest."""


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch whose ports feed phones, how SNMP reads it, and how it may be written to.

    ``community`` is for version 2c; user and keys are for version 3. ``write_...`` and
    ``ssh_...`` are for remedies and empty where nobody gave them. ``ssh_driver`` is netmiko's
    name of its command line; empty: that of its platform.
    """

    host: str
    name: str = ""
    platform: str = ""
    snmp_version: str = "2c"
    community: SecretStr | None = None
    snmp_user: str = ""
    snmp_auth: SecretStr | None = None
    snmp_priv: SecretStr | None = None
    snmp_auth_protocol: str = "sha256"
    snmp_priv_protocol: str = "aes"
    write_community: SecretStr | None = None
    write_user: str = ""
    write_auth: SecretStr | None = None
    write_priv: SecretStr | None = None
    write_auth_protocol: str = "sha256"
    write_priv_protocol: str = "aes"
    ssh_username: str = ""
    ssh_password: SecretStr | None = None
    ssh_enable_secret: SecretStr | None = None
    ssh_port: int = 22
    ssh_driver: str = ""


@dataclass(frozen=True, slots=True)
class Pbx:
    """How bellwire reaches the site's PBX; ``path`` and ``tls`` are of a kamailio's JSON-RPC."""

    kind: str = "asterisk"
    host: str = ""
    port: int = 5038
    username: str = ""
    secret: SecretStr | None = None
    path: str = "/RPC"
    tls: bool = False
    hardening: Hardening = field(default_factory=Hardening)


@dataclass(frozen=True, slots=True)
class Contact:
    """An entry of a site's phone book that is no account of its own."""

    name: str
    number: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A hotel, or any place with phones; ``calls`` is None where its calls are not guarded."""

    id: str
    name: str
    country: str = "US"
    timezone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    url: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    settings: Layer = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    room_templates: Mapping[str, RoomTemplate] = field(default_factory=dict)
    phonebook: tuple[Contact, ...] = ()
    switches: tuple[Switch, ...] = ()
    pbx: Pbx | None = None
    monitoring: Monitoring = field(default_factory=Monitoring)
    calls: Calls | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """Any place with phones: 214, Reception, Main entrance. ``id`` is unique in its site."""

    site: str
    id: str
    name: str = ""
    floor: str = ""
    template: str = ""
    extension: str = ""
    settings: Layer = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """A SIP account of a site; the extension is its user name.

    ``secret`` is None until one is generated. ``listed``: phone books show it; None: unless
    only guests use it.
    """

    site: str
    extension: str
    name: str = ""
    secret: SecretStr | None = None
    voicemail: bool = False
    listed: bool | None = None


@dataclass(frozen=True, slots=True)
class Handset:
    """A DECT child of a base, in its 1-based slot."""

    slot: int
    name: str
    extension: str
    ipui: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Accessory:
    """An expansion module or satellite, without an address of its own."""

    model: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Phone:
    """One device with a MAC; also a DECT base or a door station.

    ``accounts`` are extensions of the site in account order.
    """

    site: str
    room: str
    position: str
    mac: MacAddress
    model: str
    preset: str
    accounts: tuple[str, ...] = ()
    keys: tuple[PhoneKey, ...] = ()
    settings: Layer = field(default_factory=dict)
    handsets: tuple[Handset, ...] = ()
    accessories: tuple[Accessory, ...] = ()
    tftp_without_token: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """Whole sites with all that is in them."""

    sites: tuple[Site, ...] = ()
    rooms: tuple[Room, ...] = ()
    accounts: tuple[Account, ...] = ()
    phones: tuple[Phone, ...] = ()
