"""Write docs/api.md, commands.md, settings.md, models.md, presets.md and configuration.md from the code and data."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import BaseModel

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model, Support
from provisioner.config import Settings
from provisioner.settings import PhoneSettings
from scripts.preset_pages import presets_page
from web.api.page import MARK, operations_page
from web.api.table import OPERATIONS, TAGS
from web.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = "<!-- Written by scripts/write_docs.py; a test compares it with the code. -->\n"


def commands() -> str:
    """The help of every command."""
    lines = ["# Commands\n", HEAD]
    lines.append(
        "Exit codes: 0 done, 1 the thing asked about is wrong, 2 usage or configuration.\n"
    )
    for path, command in _commands(main, "bellwire"):
        with click.Context(command, info_name=path, help_option_names=["-h", "--help"]) as context:
            lines += [f"## {path}\n", "```", command.get_help(context), "```\n"]
    return "\n".join(lines)


def _commands(group: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(group, click.Group):
        for name, command in sorted(group.commands.items()):
            yield from _commands(command, f"{path} {name}")
    else:
        yield path, group


def settings() -> str:
    """Every setting of a phone."""
    lines = ["# Settings of a phone\n", HEAD]
    lines.append(
        "Layers, weakest first: product default, vendor, model, inventory (country, room and the "
        "like), site, preset, room template, room, phone. `bellwire explain MAC` shows each value "
        "with its origin. A `raw` section per dialect passes vendor parameters on as they are.\n"
    )
    for name, field in PhoneSettings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            lines += [f"## {name}\n", f"{(section.__doc__ or '').strip()}\n"]
            lines += ["| setting | default | |", "|---|---|---|"]
            lines += _rows(section, name)
            lines.append("")
    return "\n".join(lines)


def _rows(section: type[BaseModel], path: str) -> list[str]:
    rows = []
    for name, field in section.model_fields.items():
        default = getattr(field.default, "model_dump", lambda value=field.default: value)()
        rows.append(f"| `{path}.{name}` | `{default}` | {field.description or ''} |")
    return rows


def models() -> str:
    """Every model: what is supported, and how sure."""
    catalogue = load()
    kinds = {v: [m for m in catalogue.models.values() if m.vendor == v] for v in catalogue.vendors}
    lines = ["# Models\n", HEAD]
    lines.append(
        "Confidence: `vendor-doc` surest, then `field`, `peer`, `unverified`. `bellwire models NAME` "
        "shows features, variants, sources, where these differ and what was chosen.\n"
    )
    lines += ["| vendor | configured | accessories and modules | known, not supported |"]
    lines += ["|---|---|---|---|"]
    for vendor, found in kinds.items():
        full = sum(1 for m in found if m.dialects)
        known = sum(1 for m in found if m.support is Support.KNOWN)
        name = catalogue.vendors[vendor].name
        lines.append(f"| {name} | {full} | {len(found) - full - known} | {known} |")
    for vendor, found in kinds.items():
        lines += ["", f"## {catalogue.vendors[vendor].name}\n"]
        lines += ["| model | kind | accounts | keys | modules | dialects | support | confidence |"]
        lines += ["|---|---|---|---|---|---|---|---|"]
        lines += [_model_row(m) for m in found if m.support is not Support.KNOWN]
        waiting = [m for m in found if m.support is Support.KNOWN]
        if waiting:
            lines += [
                "",
                "Known, not supported yet:\n",
                "| model | kind | missing |",
                "|---|---|---|",
            ]
            lines += [f"| `{m.id}` | {m.kind} | {'; '.join(m.missing)} |" for m in waiting]
    return "\n".join([*lines, ""])


def _model_row(model: Model) -> str:
    keys = ", ".join(f"{g.count} {g.id}" for g in model.keys) or "-"
    dialects = ", ".join(f"{d.id} {d.firmware}".strip() for d in model.dialects) or "-"
    modules = f"{model.expansion.max}" if model.expansion else "-"
    return (
        f"| `{model.id}` | {model.kind} | {model.accounts or '-'} | {keys} | {modules} "
        f"| {dialects} | {model.support} | {model.confidence} |"
    )


def configuration() -> str:
    """The configuration of an installation."""
    lines = ["# Configuration\n", HEAD]
    lines.append(
        "`/etc/bellwire/bellwire.toml` (or the file that `BELLWIRE_CONFIG` names), then the "
        "environment (`BELLWIRE_HTTP__PORT=8081`), then the command line; unknown keys are refused. "
        "`bellwire config check` prints what is in force.\n"
    )
    lines += ["| key | environment | default | |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            for inner, part in section.model_fields.items():
                variable = f"BELLWIRE_{name}__{inner}".upper()
                lines.append(
                    f"| `{name}.{inner}` | `{variable}` | `{part.default}` | {part.description or ''} |"
                )
        else:
            default = "" if field.default_factory else field.default
            lines.append(
                f"| `{name}` | `BELLWIRE_{name.upper()}` | `{default}` | {field.description or ''} |"
            )
    return "\n".join([*lines, ""])


def api() -> str:
    """What is written by hand of the API, and its operations."""
    head = (DOCS / "api.md").read_text(encoding="utf-8").partition(MARK)[0]
    return f"{head.rstrip()}\n\n{MARK}\n\n{operations_page(OPERATIONS, TAGS)}"


PAGES = {
    "api.md": api,
    "commands.md": commands,
    "settings.md": settings,
    "models.md": models,
    "presets.md": lambda: presets_page(HEAD),
    "configuration.md": configuration,
}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (DOCS / file).write_text(page(), encoding="utf-8")
        sys.stdout.write(f"docs/{file}\n")
