"""The history of sites, taking changes back, and changes in stages."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from provisioner.delivery import utc_now
from provisioner.edits.documents import etag_of, site_document
from provisioner.edits.edit import Edit
from provisioner.edits.rollout import Member, Policy
from provisioner.edits.staging import Staged
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.phones import require_site
from provisioner.inventory.site_yaml import read_yaml
from provisioner.mac import MacAddress
from web.commands.inventory import render_all
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation
from web.pages.change.yaml_parts import differences
from web.staging import stage_desk

SHOWN_TARGETS = 6
_RENDER = click.option(
    "--render/--no-render", default=True, help="Render the phones concerned at once."
)


@click.group(name="changes")
def changes() -> None:
    """What was changed in sites, and taking it back."""


@changes.command("list")
@click.argument("site")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@click.option("--before", type=int, help="Only those with a smaller number.")
@json_option
@with_installation
def list_changes(
    installation: Installation, site: str, limit: int, before: int | None, as_json: bool
) -> None:
    """List the changes of SITE, newest first."""
    with installation.database.read() as session:
        require_site(session, site)
    found = installation.edits.history(site, limit, before)
    if as_json:
        echo_json([asdict(entry) for entry in found])
        return
    for entry in found:
        shown = ", ".join(entry.targets[:SHOWN_TARGETS])
        more = len(entry.targets) - SHOWN_TARGETS
        undone = f"  undone by {entry.undone_by}" if entry.undone_by else ""
        click.echo(
            f"{entry.id:>6}  {entry.at:%Y-%m-%d %H:%M}  {entry.who:<16} {entry.action:<14} "
            f"{shown}{f' and {more} more' if more > 0 else ''}: {entry.summary}{undone}"
        )


@changes.command("show")
@click.argument("number", type=int)
@json_option
@with_installation
def show_change(installation: Installation, number: int, as_json: bool) -> None:
    """Show the change NUMBER: what was there before and after, without secrets."""
    entry, kept = installation.edits.change(number)
    before, after = kept.shown()
    if as_json:
        echo_json({**asdict(entry), "before": before, "after": after})
        return
    click.echo(f"{entry.site}, {entry.at:%Y-%m-%d %H:%M} UTC, {entry.who}: {entry.summary}")
    if entry.note:
        click.echo(entry.note)
    for target in before:
        click.echo(f"\n# {target.replace('/', ' ')}")
        for line in differences(before[target], after[target]):
            click.echo(line)


@changes.command("undo")
@click.argument("number", type=int)
@_RENDER
@with_installation
def undo_change(installation: Installation, number: int, render: bool) -> None:
    """Take the change NUMBER back; refused when something of it was changed since."""
    done = installation.edits.undo(number, who=who())
    click.echo(f"change {done.change} takes change {number} back: {done.summary}")
    if render:
        render_all(installation)


@click.group(name="staged")
def staged() -> None:
    """Changes of a site that go to its phones in stages, and stop by themselves."""


@staged.command("show")
@click.argument("site")
@json_option
@with_installation
def show_staged(installation: Installation, site: str, as_json: bool) -> None:
    """Show the last change of SITE in stages."""
    last, members = _last(installation, site)
    if as_json:
        echo_json(_row(last, members))
        return
    _tell(last, members)


@staged.command("begin")
@click.argument("site")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--note", default="", help="Why, for the history.")
@click.option("--return-minutes", type=click.IntRange(1, 1440), help="How long a stage may take.")
@click.option("--take-back", is_flag=True, help="When it stops, phones get their old files again.")
@with_installation
def begin_staged(
    installation: Installation,
    site: str,
    file: Path,
    note: str,
    return_minutes: int | None,
    take_back: bool,
) -> None:
    """Change SITE in stages: one room, its floor, then all.

    FILE holds the parts of the site's settings that change, as YAML: ``sip: {expires_s: 300}``.
    """
    parts = read_yaml(str(file), file.read_text(encoding="utf-8"), from_outside=True).data
    if not isinstance(parts, dict):
        raise InventoryError(f"{file}: must hold settings of the site by their names")
    with installation.database.read() as session:
        etag = etag_of(site_document(session, installation.box, site, installation.catalogue))
    minutes = return_minutes or Policy().return_minutes
    policy = Policy(return_minutes=minutes, take_back=take_back)
    edit = Edit(site, head=parts, if_match={"head": etag})
    stage_desk(installation).begin(edit, policy, who(), note, utc_now())
    _tell(*_last(installation, site))


def _step(name: str, told: str) -> click.Command:
    @staged.command(name, help=told)
    @click.argument("site")
    @with_installation
    def step(installation: Installation, site: str) -> None:
        number = _last(installation, site)[0].id
        desk, now = stage_desk(installation), utc_now()
        if name == "pause":
            desk.pause(number, who(), now)
        elif name == "back":
            desk.take_back(number, who(), now)
        else:
            desk.resume(number, who(), now, skip=name == "next")
        _tell(*_last(installation, site))

    return step


for _name, _told in (
    ("pause", "Let no further stage of the change of SITE begin."),
    ("resume", "Take the change of SITE up again: the open stage has its time anew."),
    ("next", "Go on with the next stage, whatever the phones of this one do."),
    ("back", "Give the phones of SITE that have the new files their old ones again."),
):
    _step(_name, _told)


def _last(installation: Installation, site: str) -> tuple[Staged, list[Member]]:
    with installation.database.read() as session:
        require_site(session, site)
    found = stage_desk(installation).shown(site)
    if found is None:
        raise UnknownThingError(f"site {site} never had a change in stages")
    return found


def _row(last: Staged, members: list[Member]) -> dict[str, Any]:
    phones = [
        {"mac": MacAddress(m.mac).colons, "stage": m.stage, "standing": m.how} for m in members
    ]
    return {**asdict(last), "policy": last.policy.model_dump(), "phones": phones}


def _tell(last: Staged, members: list[Member]) -> None:
    reason = f": {last.reason}" if last.reason else ""
    click.echo(f"{last.site}: {last.state}{reason}")
    click.echo(f"{last.summary}; by {last.made_by}, {last.made_at:%Y-%m-%d %H:%M} UTC")
    for number, stage in enumerate(last.stages):
        counts = Counter(member.how for member in members if member.stage == number)
        told = ", ".join(f"{count} {how}" for how, count in counts.items())
        click.echo(f"{'>' if number == last.stage else ' '} {stage}: {told}")


COMMANDS = (changes, staged)
