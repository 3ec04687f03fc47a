"""Site files: plan, apply, and their schema."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from provisioner.apply import Applier, file_diffs, summary
from provisioner.edits.whole import apply_whole
from provisioner.inventory.fetches import forget_waiting
from provisioner.inventory.site_file import schema
from provisioner.plan import Plan
from web.commands.options import echo_json, who, with_installation
from web.installation import Installation

SAMPLE_DIFFS = 5
LOOKED_AT = 200  # phones rendered to find so many diffs
SHOWN_CHANGES = 20
_FILES = click.argument(
    "files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
_PRUNE = click.option("--prune", is_flag=True, help="Retire what the files no longer name.")


@click.command("plan")
@_FILES
@_PRUNE
@click.option("--full", is_flag=True, help="Diffs of all affected phones, not of the first five.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 when there is something to change.")
@with_installation
def plan_command(
    installation: Installation, files: tuple[Path, ...], prune: bool, full: bool, exit_code: bool
) -> None:
    """Show what FILES would change: phones affected, and diffs with secrets masked."""
    if not files:
        raise click.UsageError("name a site file")
    applier = installation.applier
    wanted, warnings = applier.read(files)
    _warn(warnings)
    made = applier.plan(wanted, prune=prune)
    _show(applier, made, full=full)
    if exit_code and made.changes:
        raise SystemExit(1)


@click.command("apply")
@_FILES
@_PRUNE
@click.option("--schema", "show_schema", is_flag=True, help="Print the site file's JSON Schema.")
@click.option("--render/--no-render", default=True, help="Render the phones concerned at once.")
@with_installation
def apply_command(
    installation: Installation,
    files: tuple[Path, ...],
    prune: bool,
    show_schema: bool,
    render: bool,
) -> None:
    """Apply FILES: all of them or nothing, as often as you like."""
    if show_schema:
        echo_json(schema())
        return
    if not files:
        raise click.UsageError("name a site file")
    click.echo(f"reading {', '.join(str(f) for f in files)}", err=True)
    applier = installation.applier
    wanted, warnings = applier.read(files)
    _warn(warnings)
    click.echo(f"checked {len(wanted.phones)} phones", err=True)
    done = apply_whole(applier, wanted, who=who(), prune=prune)
    forget_waiting(installation.events, [str(phone.mac) for phone in wanted.phones])
    for change in done.changes[:SHOWN_CHANGES]:
        click.echo(f"{change.action:<7} {change.title} {_fields(change.fields)}".rstrip())
    if len(done.changes) > SHOWN_CHANGES:
        click.echo(f"... and {len(done.changes) - SHOWN_CHANGES} more")
    click.echo(summary(done))
    if render:
        render_all(installation)


def render_all(installation: Installation) -> None:
    """Render every marked phone, with a progress bar when there are many."""
    press = installation.press
    with click.progressbar(length=press.marked(), label="rendering", file=sys.stderr) as bar:
        done = press.render_marked()
        while done:
            bar.update(done)
            done = press.render_marked()
    for mac, problem in installation.press.problems():
        click.echo(f"warning: {mac.colons} keeps its last good files: {problem}", err=True)


def _show(applier: Applier, made: Plan, *, full: bool) -> None:
    for change in made.changes:
        click.echo(f"{change.action:<7} {change.title} {_fields(change.fields)}".rstrip())
    click.echo(summary(made))
    macs = made.affected if full else made.affected[:LOOKED_AT]
    shown = 0
    for mac, diff in file_diffs(applier, made, macs):
        if diff and (full or shown < SAMPLE_DIFFS):
            shown += 1
            click.echo(f"\n# {mac.colons}\n{diff}")
        if shown == SAMPLE_DIFFS and not full:
            break
    if not full and made.affected:
        click.echo("\n--full shows the diffs of all phones")


def _warn(warnings: dict[str, int]) -> None:
    for text, phones in sorted(warnings.items(), key=lambda item: -item[1]):
        click.echo(f"warning: {phones} phone{'s' * (phones > 1)}: {text}", err=True)


def _fields(fields: tuple[str, ...]) -> str:
    return f"({', '.join(fields)})" if fields else ""


COMMANDS = (plan_command, apply_command)
