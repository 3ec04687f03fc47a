"""Pictures of every page for the documents: written when asked for, else only looked after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.e2e.scenes import SCENES
from tests.e2e.stage import SIZES, Look, Stage, looking
from tests.e2e.test_pages import PAGES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
WANTED = [(name, size) for name in (*PAGES, *SCENES) for size in SIZES]
WRITE = "BELLWIRE_WRITE_SCREENSHOTS"
HEIGHT_MAX = 2400


@pytest.mark.parametrize(("name", "size"), WANTED)
def test_there_is_a_picture(name: str, size: str) -> None:
    if os.environ.get(WRITE):
        pytest.skip("they are being written")
    with Image.open(FOLDER / f"{name}-{size}.png") as picture:
        scale = 2 if size == "mobile" else 1
        assert picture.width == SIZES[size][0] * scale


@pytest.mark.parametrize("size", SIZES)
def test_write_pictures(browser: Browser, stage: Stage, size: str) -> None:
    if not os.environ.get(WRITE):
        pytest.skip(f"set {WRITE}=1 to write them anew, then look at each one")
    with looking(browser, stage, size) as look:
        signed_in = None
        for name, (path, who, *acts) in {**PAGES, **SCENES}.items():
            if who != signed_in:
                look.page.context.clear_cookies()
                if who:
                    look.sign_in(who)
                signed_in = who
            look.go(path)
            for act in acts:
                act(look.page)
            _write(look, FOLDER / f"{name}-{size}.png", size)


def _write(look: Look, file: Path, size: str) -> None:
    width, height = SIZES[size]
    whole = look.page.evaluate("document.documentElement.scrollHeight")
    look.page.set_viewport_size({"width": width, "height": min(whole, HEIGHT_MAX)})
    look.page.screenshot(path=file)
    look.page.set_viewport_size({"width": width, "height": height})
    with Image.open(file) as picture:  # a palette is a third of the size
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(file, optimize=True)
