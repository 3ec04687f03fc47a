"""The design: contrast of colours, both schemes alike, and no name that leads nowhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from web.pages import assets
from web.pages.words import ORDER, SHAPES, STATES

STATIC = assets.FOLDER
TEMPLATES = STATIC.parent / "templates"
CSS = (STATIC / "bellwire.css").read_text(encoding="utf-8")
AREAS = {f.name: f.read_text(encoding="utf-8") for f in STATIC.glob("*.css")}
"""One for all pages, and those of some pages."""
TEXT, LARGE_OR_SHAPE = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
GROUNDS = ("ground", "surface", "sunken")
KINDS = ("good", "warn", "fail", "down", "back", "none")
PAIRS = [
    *(("ink", ground, TEXT) for ground in GROUNDS),
    *(("quiet", ground, TEXT) for ground in GROUNDS),
    *(("accent", ground, TEXT) for ground in (*GROUNDS, "accent-soft")),
    *(("accent-strong", ground, TEXT) for ground in GROUNDS),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("ink", "accent-soft", TEXT),
    *((kind, ground, TEXT) for kind in KINDS for ground in ("surface", "sunken", f"{kind}-soft")),
    *(("ink", f"{kind}-soft", TEXT) for kind in KINDS),
    *(("edge", ground, LARGE_OR_SHAPE) for ground in ("ground", "surface")),
]
FOR_THE_EYE = {"line", *(f"{kind}-fill" for kind in KINDS)}
"""Lines between things and the bar beside its list in words: nothing is known by them alone."""


def blocks() -> dict[str, dict[str, str]]:
    """Colours by scheme."""
    root, *_ = re.findall(r"^:root \{(.*?)^\}", CSS, re.M | re.S)
    media = re.search(r"prefers-color-scheme: dark\) \{\s*:root[^{]*\{(.*?)\}", CSS, re.S)
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', CSS, re.S)
    assert media
    assert chosen
    named = {"light": root, "dark": media[1], "chosen": chosen[1]}
    return {n: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", text)) for n, text in named.items()}


SCHEMES = blocks()


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_contrast(scheme: str, front: str, ground: str, least: float) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[front], colours[ground]) >= least


def test_every_colour_is_in_a_pair() -> None:
    judged = {name for front, ground, _ in PAIRS for name in (front, ground)}
    assert set(SCHEMES["light"]) - judged == FOR_THE_EYE


def test_dark_is_dark_however_it_was_chosen() -> None:
    assert SCHEMES["dark"] == SCHEMES["chosen"]
    assert set(SCHEMES["dark"]) == set(SCHEMES["light"])


def test_colours_are_named_and_names_exist() -> None:
    rules = CSS[CSS.index("/* ---- ground") : CSS.index("/* ---- on paper")]
    others = [text for name, text in AREAS.items() if name != "bellwire.css"]
    assert re.findall(r"#[0-9a-f]{3,8}\b|\brgb\(", "\n".join([rules, *others])) == []
    everything = "\n".join(AREAS.values())
    defined = set(re.findall(r"--([\w-]+):", everything))
    assert set(re.findall(r"var\(--([\w-]+)", everything)) <= defined


def test_every_class_of_a_template_has_a_style() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", "\n".join(AREAS.values())))
    used = set()
    for file in TEMPLATES.rglob("*.html"):
        text = re.sub(r"\{[{%#].*?[}%#]\}", " ", file.read_text(encoding="utf-8"), flags=re.S)
        for names in re.findall(r'class="([^"]*)"', text):
            used |= {name for name in names.split() if not name.endswith("-")}
    assert used - styled == set()


def test_every_icon_exists_and_is_used_by_its_name() -> None:
    drawn = re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text("utf-8"))
    assert len(drawn) == len(set(drawn))
    pages = "\n".join(f.read_text("utf-8") for f in TEMPLATES.rglob("*.html"))
    named = set(re.findall(r'(?:icon|empty)\("([\w-]+)"', pages))
    named |= set(re.findall(r'symbol="([\w-]+)"', pages)) | set(SHAPES.values())
    assert named <= set(drawn)


def test_every_state_has_its_own_shape_and_word() -> None:
    assert set(SHAPES) == set(STATES) == set(ORDER)
    assert len(set(SHAPES.values())) == len(SHAPES)
    assert len(set(STATES.values())) == len(STATES)
    for shape in SHAPES.values():
        assert f".is-{shape}" in CSS


@pytest.mark.parametrize(
    "folder",
    [STATIC / "vendor", Path(__file__).parents[1] / "e2e" / "vendor"],
    ids=["pages", "e2e"],
)
def test_vendored_files_are_as_they_came(folder: Path) -> None:
    rows = re.findall(r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$", (folder / "README.md").read_text(
        encoding="utf-8"), re.M)  # fmt: skip
    assert {name for name, _ in rows} == {file.name for file in folder.glob("*.js")}
    for name, digest in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_all_that_a_browser_fetches_is_small() -> None:
    files = assets.Assets()
    wanted = ("bellwire.css", "icons.svg", "pages.js", "vendor/htmx.min.js", "favicon.svg")
    sizes = [len(asset.packed) for name in wanted if (asset := files.get(name))]
    assert len(sizes) == len(wanted)
    assert sum(sizes) < 40_000
    for name in AREAS.keys() - {"bellwire.css"}:
        area = files.get(name)
        assert area is not None
        assert len(area.packed) < 6_000, name
