"""Keys at rest: rotation. And the configuration in force."""

from __future__ import annotations

from pathlib import Path

import click

from web.commands.options import data_option, echo_json, json_option, settings_for
from web.installation import opened
from web.rotation import reseal_everything


@click.group(name="secrets")
def group() -> None:
    """Secrets at rest."""


@group.command()
@data_option
def rotate(data: Path | None) -> None:
    """Make a new encryption key and encrypt everything with it; phones notice nothing."""
    settings = settings_for(data)
    reseal_everything(settings)
    with opened(settings) as installation:
        click.echo(f"everything is encrypted with a new key; back up {settings.secret_key_file}")
        del installation


@click.group(name="config")
def config() -> None:
    """The configuration of this installation."""


@config.command()
@data_option
@json_option
def check(data: Path | None, as_json: bool) -> None:
    """Check the configuration and print the values in force."""
    settings = settings_for(data)
    values = settings.model_dump(mode="json")
    if as_json:
        echo_json(values)
        return
    for name, value in values.items():
        click.echo(f"{name} = {value}")


COMMANDS = (group, config)
