"""A whole Asterisk for a site, closed to strangers."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import click

from provisioner.errors import UnknownThingError
from provisioner.pbx.proposal import proposal
from web.commands.network import pbx
from web.commands.options import with_installation
from web.installation import Installation
from web.pbx_folder import pbx_of, write_pbx_files


def _network(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> list[str]:
    try:
        return [str(ip_network(one)) for one in given]
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


@pbx.command()
@click.argument("site")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to; the files of `bellwire pbx asterisk` belong there as well.",
)
@click.option(
    "--ami-from",
    multiple=True,
    callback=_network,
    metavar="ADDRESS",
    help="From where bellwire logs in to the manager interface, besides the PBX itself.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@with_installation
def whole(
    installation: Installation, site: str, out: Path, ami_from: list[str], force: bool
) -> None:
    """Propose a whole Asterisk for SITE: few modules, no anonymous caller, nothing left open."""
    files = proposal(pbx_of(installation, site), installation.catalogue.folder, ami_from)
    there = [file.name for file in files if (out / file.name).exists()]
    if there and not force:
        raise UnknownThingError(
            f"{out} has {', '.join(there[:3])}{' and others' if len(there) > 3 else ''} already; "  # noqa: PLR2004
            "choose an empty folder to compare with, or --force"
        )
    write_pbx_files(files, out)
    for file in files:
        click.echo(str(out / file.name))


COMMANDS: tuple[click.Command, ...] = ()
"""It is a command of ``bellwire pbx``."""
