"""Rendering in this process, one core, beside bare Jinja2 writing the same lines.

The limit fills one value a line into text that is otherwise constant, without autoescape,
checks, inheritance or macros: less is not possible with this template engine.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment

from bench import hotel
from bench.report import Table, median, spread
from provisioner.assembly import assemble, place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.inventory.records import Account
from provisioner.kit import PhoneKit
from provisioner.render import render

PHONES = 20
ROUNDS = 3
ROUND_S = 0.1  # of each of the three, for each model
VALUE = re.compile(r"^(.*?[:=>]\s*)(.*)$")


@dataclass(slots=True)
class Figures:
    """Seconds for one phone, a round each."""

    assemble_s: list[float] = field(default_factory=list)
    render_s: list[float] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)
    size: int = 0


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    data = folder / "hotel"
    hotel.fill(data, PHONES, say, "http://127.0.0.1:8080")
    with hotel.installation(data) as made:
        by_model = {kit.model.id: kit for kit in hotel.kits(made)}
        catalogue = made.catalogue
    figures = {model: Figures() for model in by_model}
    for number in range(ROUNDS):
        say(f"round {number + 1}")
        for model, kit in by_model.items():
            _round(catalogue, kit, figures[model])
    table = Table(
        "Rendering: one phone's files, in process, one core",
        (
            "CPU time. *Assembling* joins inventory, layers, keys and secrets of a phone; "
            "*rendering* writes all its files, with every value escaped and checked; the limit is "
            "bare Jinja2 filling one value into each line of the same text."
        ),
        (
            *("dialect", "model", "bytes", "assembling ms", "rendering ms", "phones/s"),
            *("bare Jinja2 ms", "of the limit"),
        ),
    )
    for model, kit in by_model.items():
        got = figures[model]
        whole = median(got.assemble_s) + median(got.render_s)
        table.add(
            f"{kit.vendor.id} {kit.dialect.id}",
            kit.model.name,
            f"{got.size:,}",
            f"{median(got.assemble_s) * 1000:.2f}",
            f"{median(got.render_s) * 1000:.2f}",
            f"{1 / whole:,.0f}",
            f"{median(got.bare_s) * 1000:.2f}",
            spread([b / r for b, r in zip(got.bare_s, got.render_s, strict=True)]),
        )
    return [table]


def _round(catalogue: Catalogue, kit: PhoneKit, figures: Figures) -> None:
    accounts = {
        line.extension: Account(kit.site.id, line.extension, line.display_name, line.secret)
        for line in kit.lines
    }

    def assembled() -> None:
        place = place_of(catalogue, kit.site, kit.room, kit.phone)
        assemble(catalogue, place, accounts, kit.secrets)

    files = render(catalogue.folder, kit)
    figures.size = sum(len(file.body) for file in files)
    bare = bare_writer([file.body.decode("utf-8") for file in files])
    figures.assemble_s.append(_timed(assembled))
    figures.render_s.append(_timed(lambda: render(catalogue.folder, kit)))
    figures.bare_s.append(_timed(bare))


def bare_writer(texts: list[str]) -> Callable[[], object]:
    """Return what writes the same text by the plainest possible templates."""
    ready = []
    for text in texts:
        values: list[str] = []
        lines: list[str] = []
        for line in text.splitlines():
            found = VALUE.match(line)
            constant = found[1] if found else line
            place = f"v[{len(values)}]"
            lines.append("{% raw %}" + constant + "{% endraw %}{{ " + place + " }}")
            values.append(found[2] if found else "")
        template = Environment(keep_trailing_newline=True).from_string("\n".join(lines))
        ready.append((template, values))

    def write() -> None:
        for template, values in ready:
            template.render(v=values).encode("utf-8")

    return write


def _timed(what: Callable[[], object]) -> float:
    what()
    times, started = 0, time.process_time()
    while (took := time.process_time() - started) < ROUND_S:
        what()
        times += 1
    return took / times
