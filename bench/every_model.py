"""All models with all presets that fit them: how long a whole catalogue takes, by dialect."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from bench.render import bare_writer
from bench.report import Table
from provisioner.catalogue.loader import load
from provisioner.kit import PhoneKit
from provisioner.render import render
from tests.kits import make_kit

SAMPLE = 8
"""Phones of a dialect, at most about so many, whose limit is measured."""


def measure(_folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    kits = _kits()
    folder = load().folder
    for found in kits.values():
        render(folder, found[0])  # the templates are compiled once in a process's life
    table = Table(
        "Rendering: every model with every preset that fits it, in process, one core",
        (
            "CPU time for all files of a phone; the limit is bare Jinja2 filling one value into "
            "each line of the same text, for a sample."
        ),
        ("dialect", "phones", "seconds", "phones/s", "of the limit"),
    )
    total_s, total, bare_s = 0.0, 0, 0.0
    for dialect, found in sorted(kits.items()):
        say(dialect)
        took_s = _timed(lambda found=found: [render(folder, kit) for kit in found])
        some = found[:: len(found) // SAMPLE + 1]  # making the plain templates takes long
        writers = [
            bare_writer([f.body.decode("utf-8") for f in render(folder, kit)]) for kit in some
        ]
        sample_s = _timed(lambda writers=writers: [write() for write in writers])
        limit_s = sample_s * len(found) / len(some)
        total_s, total, bare_s = total_s + took_s, total + len(found), bare_s + limit_s
        table.add(*_row(dialect, len(found), took_s, limit_s))
    table.add(*_row("all", total, total_s, bare_s))
    return [table]


def _kits() -> dict[str, list[PhoneKit]]:
    catalogue = load()
    kits: dict[str, list[PhoneKit]] = defaultdict(list)
    for model in catalogue.models.values():
        if not model.dialects:
            continue
        handsets = min(3, model.dect.handsets) if model.dect else 0
        for preset in catalogue.presets_for(model):
            kit = make_kit(model.id, preset.id, handsets=handsets)
            kits[f"{model.vendor} {kit.dialect.id}"].append(kit)
    return kits


def _row(dialect: str, phones: int, took_s: float, limit_s: float) -> tuple[str, ...]:
    return (
        dialect, f"{phones:,}", f"{took_s:.2f}", f"{phones / took_s:,.0f}",
        f"{limit_s / took_s:.2f}",
    )  # fmt: skip


def _timed(what: Callable[[], object]) -> float:
    started = time.process_time()
    what()
    return time.process_time() - started
