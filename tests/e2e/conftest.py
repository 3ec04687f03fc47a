"""Fixtures of the end-to-end tests: one browser, one stage."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.furniture import decorate
from tests.e2e.stage import CHROMIUM, Stage, furnish, serving
from tests.integration.servers import DataFolder

HANG_MS = 60_000  # only so that a fault ends the test run; nothing is measured


@pytest.fixture(autouse=True, scope="session")
def _no_configuration_of_this_machine() -> Iterator[None]:
    kept = {n: os.environ.pop(n) for n in list(os.environ) if n.startswith("BELLWIRE_")}
    wishes = {n: v for n, v in kept.items() if n == "BELLWIRE_WRITE_SCREENSHOTS"}
    os.environ |= {"BELLWIRE_CONFIG": os.devnull, **wishes}
    yield
    del os.environ["BELLWIRE_CONFIG"]
    os.environ.update(kept)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; Playwright's own is never downloaded.

    One per module: Playwright's synchronous interface keeps an event loop running in this thread
    as long as it is open, and tests of other files that come after it need their own.
    """
    if CHROMIUM is None:
        pytest.skip("needs chromium: run scripts/install-debian.sh")
    expect.set_options(timeout=HANG_MS)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The pages with hotels, users and states; tests that change them make their own."""
    folder = DataFolder(tmp_path_factory.mktemp("stage") / "data")
    furnish(folder)
    places = decorate(folder)
    with serving(folder) as made:
        made.places.update(places)
        yield made
