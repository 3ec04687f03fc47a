"""What pages ask for by themselves: nothing while nobody looks, at once when somebody does again."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.stage import Stage, looking
from tests.e2e.test_pages import PAGES

LIVE = {
    "sites": 30, "hotel": 10, "hotel-list": 10, "phone": 10, "install-room-free": 4,
    "install-room": 20, "switches": 30, "change-history": 10,
}  # fmt: skip
"""Pages that ask for news, and after how many seconds at the latest."""
HIDDEN = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
TOLD = "document.dispatchEvent(new Event('visibilitychange'))"


def looks_away(page: Page, *, away: bool) -> None:
    page.evaluate(HIDDEN % str(away).lower() + TOLD)


def test_a_tab_that_nobody_looks_at_asks_nothing(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        page.clock.install()
        look.sign_in()
        for name, seconds in LIVE.items():
            look.go(PAGES[name][0])
            page.wait_for_function("window.htmx !== undefined")
            pollers = page.locator("[hx-trigger*='every']")
            expect(pollers).not_to_have_count(0)
            asked: list[str] = []
            page.on("request", _noting(asked))

            looks_away(page, away=True)
            page.clock.run_for(10 * 60 * 1000)
            assert asked == [], name

            with page.expect_response(lambda answer: answer.status in {200, 204}):
                looks_away(page, away=False)
            assert 1 <= len(asked) <= pollers.count(), name

            with page.expect_response(lambda answer: answer.status in {200, 204}):
                page.clock.run_for(seconds * 1000 + 500)


def _noting(asked: list[str]) -> Callable[[Request], None]:
    return lambda request: asked.append(request.url)
