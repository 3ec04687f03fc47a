"""Planning, applying and rendering hotels of 1,000 and 5,000 phones: does it stay flat?"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import yaml

from bench import hotel
from bench.report import Table, median, spread

SIZES = (1000, 5000)
ROUNDS = 3
RENDERED = 50  # phones of each size rendered in a round
STEPS = (
    "PyYAML reads the same file (the limit of reading)",
    "read and check the site file",
    "plan and apply, all new",
    "plan again, nothing to do",
    "apply one changed phone",
    f"render {RENDERED} marked phones",
)


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    times: dict[tuple[int, str], list[float]] = {}
    for number in range(ROUNDS):
        for size in SIZES:
            say(f"round {number + 1}: {size} phones")
            for step, took_s in _round(folder, number, size).items():
                times.setdefault((size, step), []).append(took_s)
    small, large = SIZES
    table = Table(
        f"Apply: hotels of {small:,} and {large:,} phones",
        (
            "Milliseconds for one phone of the hotel. *Flatness* is the larger hotel's figure in "
            "relation to the smaller one's: 1.00 means that a phone costs the same in both. For "
            "*apply one changed phone* it is the whole time in ms, and for rendering the time "
            "of one rendered phone."
        ),
        ("step", f"{small:,} phones", f"{large:,} phones", "flatness"),
    )
    for step in STEPS:
        ratio = [b / a for a, b in zip(times[small, step], times[large, step], strict=True)]
        table.add(
            step,
            f"{median(times[small, step]) * 1000:.2f}",
            f"{median(times[large, step]) * 1000:.2f}",
            spread(ratio),
        )
    return [table]


def _round(folder: Path, number: int, size: int) -> dict[str, float]:
    """Return seconds by step, for one phone where a step is about all of them."""
    site_file = folder / f"{size}.yaml"
    text = hotel.site_text(size)
    site_file.write_text(text, encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    took: dict[str, float] = {}
    with hotel.installation(folder / f"{size}-{number}") as made:
        applier = made.applier
        took[STEPS[0]] = _seconds(lambda: yaml.load(text, loader)) / size
        started = time.perf_counter()
        wanted, _ = applier.read([site_file])
        took[STEPS[1]] = (time.perf_counter() - started) / size
        took[STEPS[2]] = _seconds(lambda: applier.apply(wanted, who="bench")) / size
        took[STEPS[3]] = _seconds(lambda: applier.plan(wanted)) / size
        first, *others = wanted.phones
        first = replace(first, settings={"locale": {"language": "en"}})
        other = replace(wanted, phones=(first, *others))
        took[STEPS[4]] = _seconds(lambda: applier.apply(other, who="bench"))
        made.press.render_marked()  # templates are compiled
        took[STEPS[5]] = _seconds(lambda: made.press.render_marked(RENDERED)) / RENDERED
    return took


def _seconds(what: Callable[[], object]) -> float:
    started = time.perf_counter()
    what()
    return time.perf_counter() - started
