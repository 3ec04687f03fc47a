"""Taking over phones from another provisioning server."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from provisioner.apply import summary
from provisioner.importing.placing import Choices
from web.commands.options import who, with_installation
from web.installation import Installation

if TYPE_CHECKING:
    from web.importing import Looked

SHOWN = 20
_NEW = ("name", "url", "country", "timezone")


def _pairs(words: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    """Read ``WHAT=VALUE``."""
    found = [(left, right) for left, sign, right in (w.partition("=") for w in words) if sign]
    if len(found) != len(words):
        raise click.UsageError(f"{option} takes WHAT=VALUE")
    return found


def _templates(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """Read ``[PATTERN=]TEMPLATE``; one without a pattern is for all that is left."""
    pairs = [word.rpartition("=") for word in words]
    return sorted(((p or "*", t) for p, _, t in pairs), key=lambda pair: pair[0] == "*")


@click.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)  # fmt: skip
@click.option(
    "--from", "kind", required=True, type=click.Choice(["wazo", "tancredi", "freepbx", "csv"]),
    help="What wrote the files.",
)  # fmt: skip
@click.option("--site", required=True, help="The site, new or there already.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              help="Write a site file; none is ever overwritten.")  # fmt: skip
@click.option("--apply", "is_applied", is_flag=True, help="Store it, all or nothing.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--template", "templates", multiple=True, metavar="[EXTENSIONS=]TEMPLATE",
              help="Room template, for extensions such as 1* or for all.")  # fmt: skip
@click.option("--model", "models", multiple=True, metavar="WORD=MODEL",
              help="What a model of the export is here.")  # fmt: skip
@click.option("--secrets", type=click.Choice(["keep", "generate"]), default="keep",
              show_default=True, help="Passwords of the export, or new ones.")  # fmt: skip
@click.option("--call-by", type=click.Choice(["user", "number"]), default="user",
              show_default=True, help="Accounts by user name, or by number.")  # fmt: skip
@click.option("--keys/--no-keys", default=True, help="Take over keys that people have set.")
@click.option("--skip-unknown", is_flag=True, help="Leave out phones of unknown models.")
@click.option("--name", help="New site: its name.")
@click.option("--url", help="New site: how its phones reach bellwire.")
@click.option("--network", "networks", multiple=True, help="New site: where its phones are.")
@click.option("--registrar", help="New site: where phones register.")
@click.option("--country", help="New site: two letters.")
@click.option("--timezone", help="New site: such as Europe/Madrid.")
@click.option("--number", "numbers", multiple=True, metavar="NAME=NUMBER",
              help="New site: such as reception=100.")  # fmt: skip
@click.option("--language", "languages", multiple=True, help="New site: two letters.")
@with_installation
def import_command(
    installation: Installation,
    files: tuple[Path, ...],
    kind: str,
    site: str,
    **wanted: Any,  # noqa: ANN401 - click's arguments
) -> None:
    """Take over phones, accounts and keys from FILES (or folders) of another server.

    \b
    wazo      devices and configs of wazo-provd, as JSON
    tancredi  scopes of Tancredi (NethVoice), as INI or JSON
    freepbx   extensions of the Bulk Handler, and a list of phones, as CSV
    csv       a list of rooms and phones

    Everything that is wrong is named with file and line or key; then nothing is done.
    """  # noqa: D301 - click's own mark
    from web.importing import Wish, look_at_export

    ways = [bool(wanted["out"]), wanted["is_applied"], wanted["dry_run"]]
    if sum(ways) != 1:
        raise click.UsageError("say one of --out FILE, --apply and --dry-run")
    wish = Wish(kind, files, site, _head(wanted), _choices(wanted))
    looked = look_at_export(installation, wish)
    _tell(looked)
    if looked.problems:
        raise SystemExit(1)
    if looked.edit is None or looked.preview is None:
        click.echo("nothing to change")
        return
    _do(installation, wish, looked, wanted)


def _do(installation: Installation, wish: Any, looked: Looked, wanted: dict[str, Any]) -> None:  # noqa: ANN401 - imported late
    """Show, write or store what was found good."""
    from web.commands.inventory import render_all
    from web.importing import site_text, write_new

    edit, preview = looked.edit, looked.preview
    assert edit is not None  # noqa: S101 - for the type checker: the caller has looked
    assert preview is not None  # noqa: S101
    if wanted["out"]:
        write_new(wanted["out"], site_text(installation, wish, edit))
        click.echo(f"{wanted['out']}: {summary(preview.plan)}")
        return
    if wanted["dry_run"]:
        for change in preview.plan.changes[:SHOWN]:
            click.echo(f"{change.action:<7} {change.title}")
        if len(preview.plan.changes) > SHOWN:
            click.echo(f"... and {len(preview.plan.changes) - SHOWN} more")
        click.echo(summary(preview.plan))
        return
    done = installation.edits.apply(edit, who=who(), note=f"import from {wish.kind}")
    click.echo(done.summary)
    render_all(installation)


def _tell(looked: Looked) -> None:
    """Say what is wrong, what is left out, and what phones will not do."""
    for problem in looked.problems:
        click.echo(f"bellwire: {problem}", err=True)
    if looked.problems:
        told = f"{len(looked.problems)} to be put right first; nothing was done"
        click.echo(f"bellwire: {told}", err=True)
    for remark in looked.remarks:
        click.echo(f"note: {remark}", err=True)
    if looked.found.left:
        left = (f"{key} ({count})" for key, count in sorted(looked.found.left.items()))
        text = textwrap.fill(", ".join(left), 96, break_on_hyphens=False)
        click.echo(f"not taken over:\n{textwrap.indent(text, '  ')}", err=True)
    warnings = looked.preview.warnings if looked.preview else {}
    for sentence, phones in sorted(warnings.items(), key=lambda item: -item[1]):
        click.echo(f"warning: {phones} phone{'s' * (phones > 1)}: {sentence}", err=True)


def _head(wanted: dict[str, Any]) -> dict[str, Any]:
    made = {name: wanted[name] for name in _NEW if wanted[name]}
    for name in ("networks", "languages"):
        if wanted[name]:
            made[name] = list(wanted[name])
    if wanted["numbers"]:
        made["numbers"] = dict(_pairs(wanted["numbers"], "--number"))
    if wanted["registrar"]:
        made["sip"] = {"registrar": wanted["registrar"]}
    return made


def _choices(wanted: dict[str, Any]) -> Choices:
    models = {word.lower(): model for word, model in _pairs(wanted["models"], "--model")}
    return Choices(
        templates=_templates(wanted["templates"]),
        models=models,
        by_number=wanted["call_by"] == "number",
        skip_unknown=wanted["skip_unknown"],
        keep_secrets=wanted["secrets"] == "keep",
        with_keys=wanted["keys"],
    )


COMMANDS = (import_command,)
