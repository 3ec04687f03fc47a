"""The databases: bringing them to the newest form, and looking whether they are whole."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.secrets import open_box
from web.backups.reading import contents, live_engines
from web.commands.options import data_option, echo_json, json_option, settings_for
from web.installation import opened


@click.group(name="db")
def group() -> None:
    """The databases."""


@group.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Make the databases, or bring them to the newest form; every start does the same."""
    with opened(settings_for(data)) as installation:
        click.echo(f"the databases of {installation.settings.data} are of the newest form")


@group.command()
@data_option
@json_option
def check(data: Path | None, as_json: bool) -> None:
    """Decrypt every phone's file and compare it with its digest; changes nothing.

    The digest it prints is over the names and bytes of all of them: two data folders with the
    same one give every phone the same files.
    """
    settings = settings_for(data)
    box = open_box(settings.secret_key_file, make=False)
    found = contents(live_engines(settings), box)
    if as_json:
        echo_json(
            {
                "revisions": found.revisions,
                "phones": found.phones,
                "rendered_files": found.rendered_files,
                "rendered": found.rendered,
            }
        )
        return
    revisions = ", ".join(f"{line} {revision}" for line, revision in found.revisions.items())
    click.echo(f"{found.phones} phones, {found.rendered_files} files, all whole; {revisions}")
    click.echo(f"rendered files: {found.rendered}")


COMMANDS = (group,)
