"""Backups: making them while bellwire runs, and putting one back."""

from __future__ import annotations

from pathlib import Path

import click

from provisioner.delivery import utc_now
from web.backups.making import forget_old, make_backup
from web.backups.restoring import restore
from web.commands.options import data_option, echo_json, json_option, settings_for
from web.installation import opened

_MB = 1_000_000


@click.command("backup")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of backups; each becomes a folder in it.",
)
@click.option(
    "--keep", type=click.IntRange(min=1), help="Then remove all backups but the newest KEEP."
)
@json_option
@data_option
def backup_command(data: Path | None, out: Path, keep: int | None, as_json: bool) -> None:
    """Copy databases, key and library; bellwire may run meanwhile.

    The copy is opened and every phone's file in it decrypted before it counts. It holds the key:
    keep it as safe as the server. Under PostgreSQL it has key and library only; dump the
    database beside it with pg_dump.
    """
    made = make_backup(settings_for(data), out.absolute(), utc_now())
    gone = forget_old(out, keep) if keep else []
    if as_json:
        echo_json(
            {
                "folder": str(made.folder),
                "size_bytes": made.size_bytes,
                "removed": [str(folder) for folder in gone],
                **made.manifest.model_dump(mode="json"),
            }
        )
        return
    size = f"{made.size_bytes / _MB:.1f} MB"
    click.echo(f"{made.folder}: {made.manifest.phones} phones, {size}, read back and whole")
    if made.manifest.database != "sqlite":
        click.echo("note: key and library only; pg_dump the database beside it", err=True)
    for folder in gone:
        click.echo(f"removed {folder}")


@click.command("restore")
@click.argument("backup", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
def restore_command(data: Path | None, backup: Path) -> None:
    """Put BACKUP, a folder that `bellwire backup` made, into an empty data folder.

    Stop bellwire and move the old data away first: what is there is never replaced. A backup of
    an older version is brought to the newest form.
    """
    settings = settings_for(data)
    manifest = restore(backup.absolute(), settings)
    if manifest.database != "sqlite":
        click.echo("key and library are back; restore the database with pg_restore")
        return
    with opened(settings):
        pass  # migrated, and the key is checked once more
    click.echo(f"{manifest.phones} phones are back, as of {manifest.made_at:%Y-%m-%d %H:%M} UTC")


COMMANDS = (backup_command, restore_command)
