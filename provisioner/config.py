"""The settings of this installation: ``/etc/bellwire/bellwire.toml`` and ``BELLWIRE_*``.

Order: default, file, environment, command line. Unknown keys are refused. What belongs to one
hotel is not configuration; it is in the site file.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from provisioner.errors import SettingsError

CONFIG_FILE = Path("/etc/bellwire/bellwire.toml")
SERVICE_DATA = Path("/var/lib/bellwire")
Port = Annotated[int, Field(ge=0, le=65535)]


def default_data() -> Path:
    """``./var`` in a checkout, ``/var/lib/bellwire`` where installed."""
    top = Path(__file__).resolve().parents[1]
    return top / "var" if (top / "pyproject.toml").is_file() else SERVICE_DATA


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Http(_Part):
    """The HTTP listener for phones and pages."""

    host: str = "127.0.0.1"
    port: Port = 8080
    threads: int = Field(default=4, ge=1, le=8, description="requests answered at the same time")
    downloads: int = Field(
        default=24,
        ge=1,
        le=256,
        description="large files (firmware) sent at the same time, each by a thread of its own",
    )
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="proxies whose X-Forwarded-For, X-Forwarded-Proto, X-SSL-Client-Verify and "
        "X-SSL-Client-S-DN are believed",
    )


class Tftp(_Part):
    """The TFTP listener."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 6969


class Pnp(_Part):
    """The listener for phones that ask by SIP multicast."""

    enabled: bool = False
    group: str = "224.0.1.75"
    port: Port = 5060
    interfaces: tuple[str, ...] = Field(default=(), description="addresses of own interfaces")
    asks_per_s: float = Field(default=10, gt=0, description="per source address")
    burst: int = Field(default=40, ge=1)


class Quality(_Part):
    """The listener for the phones' reports on call quality (RFC 6035), by UDP."""

    enabled: bool = False
    host: str = Field(default="127.0.0.1", description="own address; phones are told its name")
    port: Port = 5060
    reports_per_s: float = Field(default=5, gt=0, description="per source address")


class Access(_Part):
    """First contact and shutting out of guessers."""

    armed_hours: int = Field(default=24, ge=1, le=720)
    refusals_per_minute: int = Field(default=200, ge=5)
    shut_out_s: int = Field(default=60, ge=1)
    shut_out_max_s: int = Field(default=3600, ge=60)
    waiting_max: int = Field(default=1000, ge=10, description="unknown phones remembered")


class Retention(_Part):
    """How long the fetch log and the figures of the monitor are kept."""

    fetch_days: int = Field(default=90, ge=1)
    fetch_rows: int = Field(default=2_000_000, ge=1000)
    waiting_days: int = Field(default=14, ge=1)
    minute_days: int = Field(default=2, ge=1, le=400, description="figures of each minute")
    hour_days: int = Field(default=30, ge=2, le=4000, description="figures of each hour")
    day_days: int = Field(default=400, ge=30, le=40_000, description="figures of each day")
    incident_days: int = Field(default=400, ge=1, description="incidents that are over")


class Monitor(_Part):
    """The monitor process: how often it looks, and how hard it asks."""

    sweep_s: float = Field(default=60.0, ge=1, le=600, description="every phone is judged so often")
    switch_s: float = Field(
        default=300.0, ge=1, le=3600, description="switches are read whole so often"
    )
    grace_s: float = Field(
        default=90.0, ge=0, le=600, description="a phone that has just started is not judged"
    )
    options_per_s: float = Field(default=50.0, gt=0, le=2000, description="OPTIONS, of each site")
    options_t1_s: float = Field(
        default=0.5, ge=0.05, le=2, description="sent again after this, given up after seven times"
    )
    switches_at_once: int = Field(default=8, ge=1, le=64, description="of each site")


class Traps(_Part):
    """The listener for the switches' SNMP traps (v1, v2c, and v3 of known users), by UDP."""

    enabled: bool = False
    host: str = Field(default="127.0.0.1", description="own address; switches send to it")
    port: Port = 162


class CallQuestions(_Part):
    """The listener that PBXs ask about calls (FastAGI), by TCP; its sites have ``calls``."""

    enabled: bool = False
    host: str = Field(default="127.0.0.1", description="own address; PBXs connect to it")
    port: Port = 4573
    peers: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="who may ask, besides this machine and the sites' PBXs"
    )


class Firewall(_Part):
    """Who guesses passwords of a PBX is shut out, by ``bellwire-firewall``."""

    socket: str = Field(
        default="",
        pattern=r"^$|^/[A-Za-z0-9._/{}-]+$",
        description="unix socket of bellwire-firewall; {site} stands for the site's id, where each "
        "has its own PBX. Empty: nobody is shut out, attacks are only told of",
    )

    def socket_of(self, site: str) -> str:
        """Return the socket of a site's PBX; empty: there is none."""
        return self.socket.replace("{site}", site)


class Smtp(_Part):
    """The mail server through which messages are sent."""

    host: str = Field(default="", description="empty: no e-mail is sent")
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="tls: from the first byte, usually port 465"
    )
    username: str = Field(default="", description="empty: the server asks for none")
    password: SecretStr = SecretStr("")
    sender: str = Field(default="bellwire@localhost", pattern=r"^[^@\s<>]+@[^@\s<>]+$")
    timeout_s: float = Field(default=15.0, gt=0, le=60)


class Metrics(_Part):
    """``/metrics`` for Prometheus."""

    enabled: bool = False
    token: SecretStr = Field(
        default=SecretStr(""), description="a bearer token that is asked for; empty: none"
    )
    each_phone: bool = Field(
        default=True, description="series of each phone, besides those of each site"
    )


class Settings(BaseSettings):
    """Everything that can be configured; frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="BELLWIRE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    data: Path = Field(default_factory=default_data)
    database_url: str = Field(default="", description="empty: SQLite in the data folder")
    key_file: Path | None = Field(default=None, description="empty: secret.key in the data folder")
    http: Http = Http()
    tftp: Tftp = Tftp()
    pnp: Pnp = Pnp()
    quality: Quality = Quality()
    access: Access = Access()
    retention: Retention = Retention()
    monitor: Monitor = Monitor()
    traps: Traps = Traps()
    firewall: Firewall = Firewall()
    calls: CallQuestions = CallQuestions()
    smtp: Smtp = Smtp()
    metrics: Metrics = Metrics()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then the file."""
        file = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, file

    @property
    def main_url(self) -> str:
        """SQLAlchemy URL of the inventory."""
        return self.database_url or f"sqlite:///{self.data / 'bellwire.db'}"

    @property
    def events_url(self) -> str:
        """SQLAlchemy URL of the fetch log: a database of its own beside SQLite."""
        return self.database_url or f"sqlite:///{self.data / 'events.db'}"

    @property
    def monitoring_url(self) -> str:
        """SQLAlchemy URL of what the monitor remembers: a database of its own beside SQLite."""
        return self.database_url or f"sqlite:///{self.data / 'monitoring.db'}"

    @property
    def secret_key_file(self) -> Path:
        """Where the encryption keys are."""
        return self.key_file or self.data / "secret.key"


def config_file() -> Path:
    """The configuration file in force: ``BELLWIRE_CONFIG`` or the service's own."""
    return Path(os.environ.get("BELLWIRE_CONFIG", CONFIG_FILE))


def read_settings(**overrides: object) -> Settings:
    """Read and check the configuration.

    Raises:
        SettingsError: a key is unknown or a value is wrong; it names the key.
    """
    named = os.environ.get("BELLWIRE_CONFIG")
    if named and not Path(named).exists():
        raise SettingsError(f"{named}: there is no such file (BELLWIRE_CONFIG names it)")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{config_file()} or BELLWIRE_*: {key}: {first['msg']}") from problem
    except ValueError as problem:
        raise SettingsError(f"{config_file()}: {problem}") from problem
