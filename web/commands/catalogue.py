"""The catalogue: models, presets, and its check."""

from __future__ import annotations

from collections.abc import Iterator

import click

from provisioner.catalogue.advice import why_not
from provisioner.catalogue.features import FEATURES
from provisioner.catalogue.loader import Catalogue, load
from provisioner.catalogue.models import Model
from web.commands.options import echo_json, json_option
from web.commands.presets import about_presets_of, lacking_for


@click.command()
@click.argument("name", required=False)
@json_option
def models(name: str | None, as_json: bool) -> None:
    """List the models bellwire knows, or all it knows of one."""
    catalogue = load()
    if name:
        _show_one(catalogue, catalogue.model(name), as_json=as_json)
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


def _show_one(catalogue: Catalogue, model: Model, *, as_json: bool) -> None:
    if as_json:
        echo_json({**model.model_dump(mode="json"), "presets": lacking_for(catalogue, model)})
        return
    click.echo(f"{model.id}  {model.name}  {model.kind}, {model.accounts} accounts")
    for line in (*_abilities(model), *about_presets_of(catalogue, model), *_origins(model)):
        click.echo(f"  {line}")


def _abilities(model: Model) -> Iterator[str]:
    """What it is and what it can do."""
    if unsupported := why_not(model):
        yield unsupported
    yield from (f"also {variant.name}: {variant.differs}" for variant in model.variants)
    yield from (f"dialect {d.id} {d.firmware or '(any firmware)'}" for d in model.dialects)
    for group in model.keys:
        yield f"keys {group.id}: {group.count} ({', '.join(sorted(group.accepts))})"
    if model.expansion:
        yield f"expansion: up to {model.expansion.max} of {', '.join(model.expansion.models)}"
    yield from (f"{feature}: {FEATURES[feature]}" for feature in sorted(model.features))


def _origins(model: Model) -> Iterator[str]:
    """Where the facts come from, and where sources differ."""
    for difference in model.disagreements:
        values = "; ".join(f"{source}: {value}" for source, value in difference.values.items())
        yield f"sources differ on {difference.fact}: {values}"
        yield f"  chosen: {difference.chosen} ({difference.reason})"
    yield from model.notes
    for source in model.sources:
        yield f"source ({source.confidence}): {source.title} {source.section}".rstrip()


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
