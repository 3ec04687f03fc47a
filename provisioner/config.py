"""The settings of this installation: ``/etc/bellwire/bellwire.toml`` and ``BELLWIRE_*``.

Order: default, file, environment, command line. Unknown keys are refused. What belongs to one
hotel is not configuration; it is in the site file.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
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
    threads: int = Field(default=4, ge=1, le=8, description="blocking threads of a worker")
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


class Access(_Part):
    """First contact and shutting out of guessers."""

    armed_hours: int = Field(default=24, ge=1, le=720)
    refusals_per_minute: int = Field(default=200, ge=5)
    shut_out_s: int = Field(default=60, ge=1)
    shut_out_max_s: int = Field(default=3600, ge=60)
    waiting_max: int = Field(default=1000, ge=10, description="unknown phones remembered")


class Retention(_Part):
    """How long the fetch log is kept."""

    fetch_days: int = Field(default=90, ge=1)
    fetch_rows: int = Field(default=2_000_000, ge=1000)
    waiting_days: int = Field(default=14, ge=1)


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
    access: Access = Access()
    retention: Retention = Retention()

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
