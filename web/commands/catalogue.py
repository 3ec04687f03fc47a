"""The catalogue: models, presets, and its check."""

from __future__ import annotations

import click

from provisioner.catalogue.loader import Catalogue, load
from provisioner.catalogue.schema import Model
from web.commands.options import echo_json, json_option


@click.command()
@click.argument("name", required=False)
@json_option
def models(name: str | None, as_json: bool) -> None:
    """List the models bellwire knows, or all it knows of one."""
    catalogue = load()
    if name:
        _show_one(catalogue.model(name), as_json=as_json)
        return
    rows = [model_row(catalogue, m) for m in catalogue.models.values()]
    if as_json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(
            f"{row['id']:<22} {row['kind']:<13} {row['accounts']:>4} accounts "
            f"{row['keys']:>4} keys  {row['support']:<13} {row['confidence']}"
        )


def model_row(catalogue: Catalogue, model: Model) -> dict[str, object]:
    """Return a model as ``bellwire models --json`` lists it."""
    return {
        "id": model.id,
        "vendor": model.vendor,
        "name": model.name,
        "kind": str(model.kind),
        "accounts": model.accounts,
        "keys": sum(group.count - len(group.reserved) for group in model.keys),
        "dialects": [d.id for d in model.dialects],
        "support": str(model.support),
        "confidence": str(model.confidence),
        "vendor_name": catalogue.vendors[model.vendor].name,
    }


def _show_one(model: Model, *, as_json: bool) -> None:
    if as_json:
        echo_json(model.model_dump(mode="json"))
        return
    click.echo(f"{model.id}  {model.name}  {model.kind}, {model.accounts} accounts")
    for entry in model.dialects:
        click.echo(f"  dialect {entry.id} {entry.firmware or '(any firmware)'}")
    for group in model.keys:
        accepted = ", ".join(sorted(group.accepts))
        click.echo(f"  keys {group.id}: {group.count} ({accepted})")
    if model.expansion:
        click.echo(
            f"  expansion: up to {model.expansion.max} of {', '.join(model.expansion.models)}"
        )
    for difference in model.disagreements:
        values = "; ".join(f"{source}: {value}" for source, value in difference.values.items())
        click.echo(f"  sources differ on {difference.fact}: {values}")
        click.echo(f"    chosen: {difference.chosen} ({difference.reason})")
    for note in (*model.notes, *(f"missing: {fact}" for fact in model.missing)):
        click.echo(f"  {note}")
    for source in model.sources:
        click.echo(f"  source ({source.confidence}): {source.title} {source.section}".rstrip())


@click.command()
def lint() -> None:
    """Check all vendor data files, presets and room templates."""
    catalogue = load()
    click.echo(
        f"{len(catalogue.vendors)} vendors, {len(catalogue.models)} models, "
        f"{len(catalogue.presets)} presets, {len(catalogue.rooms)} room templates: all right"
    )


@click.group(name="catalogue")
def group() -> None:
    """The vendor data."""


group.add_command(lint)
COMMANDS = (models, group)
