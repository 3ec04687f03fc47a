"""Options that many commands share."""

from __future__ import annotations

import functools
import getpass
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from provisioner.config import Settings, read_settings
from provisioner.errors import UnknownThingError
from provisioner.inventory.fetches import last_fetches
from provisioner.mac import MacAddress
from web.installation import Installation, opened

F = TypeVar("F", bound=Callable[..., Any])

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BELLWIRE_DATA",
    help="Data folder (default: ./var in a checkout, /var/lib/bellwire otherwise).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


def settings_for(data: Path | None) -> Settings:
    """Read the settings; ``--data`` is stronger than file and environment."""
    return read_settings(**({"data": data.absolute()} if data else {}))


def with_installation(function: F) -> F:
    """Open the data folder and hand it to the command as its first argument."""

    @data_option
    @functools.wraps(function)
    def wrapper(*args: Any, data: Path | None, **kwargs: Any) -> Any:  # noqa: ANN401 - click's arguments
        with opened(settings_for(data)) as installation:
            return function(installation, *args, **kwargs)

    return wrapper  # type: ignore[return-value]


def mac_argument(text: str) -> MacAddress:
    """Read a MAC in any notation; raises UnknownThingError."""
    try:
        return MacAddress(text)
    except ValueError as problem:
        raise UnknownThingError(str(problem)) from problem


def echo_json(value: object) -> None:
    """Write a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def who() -> str:
    """Who runs the command, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


def who_fetched(
    installation: Installation, macs: set[str], since: datetime, wait_s: float
) -> set[str]:
    """Wait until these phones have fetched, at most so long; return those that did."""
    until = time.monotonic() + wait_s
    while True:
        last = last_fetches(installation.events)
        done = {mac for mac in macs if mac in last and last[mac].at >= since}
        if done == macs or time.monotonic() >= until:
            return done
        time.sleep(0.25)
