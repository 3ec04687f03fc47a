"""The pages about calls in a real browser: read, unblocked, blocked, reported, by keyboard too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.stage import CALLING, Look, Stage, furnish, looking, serving
from tests.integration.servers import DataFolder

CALLS = "/ui/sites/hotel-aurora/calls"
PLACES = {
    "": "Calls", "/refused": "Refused calls", "/live": "Live calls", "/blocked": "Blocked", "/reports": "Reports",
    "/reports/do-not-call": "Do-not-call checks",
}  # fmt: skip


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage of this file, whose blocks its tests change."""
    folder = DataFolder(tmp_path_factory.mktemp("calls") / "data")
    furnish(folder)
    with serving(folder) as made:
        yield made


@pytest.fixture
def look(browser: Browser, hotel: Stage, request: pytest.FixtureRequest) -> Iterator[Look]:
    with looking(browser, hotel, getattr(request, "param", "desktop")) as made:
        made.sign_in("maria")
        expect(made.page.locator("h1")).to_have_text("Sites")
        yield made


@pytest.mark.parametrize("look", ["mobile", "desktop"], indirect=True)
def test_everybody_can_read_them(look: Look) -> None:
    for place, title in PLACES.items():
        look.go(CALLS + place)
        expect(look.page.locator("h1")).to_have_text(title)
        shown = look.page.locator(".subtabs [aria-current=page]")
        expect(shown).to_have_count(1)
        expect(look.page.locator(".tabs [aria-current=page]")).to_have_text("Calls")
        assert not look.is_too_wide(), place
        assert look.axe() == [], place


@pytest.mark.parametrize("look", ["mobile", "desktop"], indirect=True)
def test_blocking_and_unblocking(look: Look) -> None:
    page, room = look.page, CALLING[3][1]
    look.go(f"{CALLS}/blocked")
    page.locator("summary", has_text="Block somebody").click()
    page.get_by_label("Room", exact=True).check()
    page.get_by_label("Which").fill("nowhere")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_text("This site has nothing of this name.")).to_be_visible()
    assert look.axe() == []
    page.get_by_label("Which").fill(room)
    page.get_by_label(re.compile("Why")).fill("Closed for the winter")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"Room {room} is blocked.")
    expect(page.locator("td", has_text="Closed for the winter")).to_be_visible()
    look.go(CALLS)
    row = page.locator("tr", has_text="Closed for the winter")
    row.get_by_role("button", name="Unblock").click()
    expect(page.get_by_role("status")).to_contain_text("calls out again")
    expect(page.get_by_text("Closed for the winter")).to_have_count(0)
    expect(page).to_have_url(re.compile(f"{CALLS}$"))


def test_the_keyboard_is_enough(look: Look) -> None:
    page = look.page
    look.go(CALLS)
    page.locator("#q").focus()
    page.keyboard.type("2102")
    page.keyboard.press("Enter")
    expect(page.locator("table.uses tbody tr")).to_have_count(2)  # the extension and its room
    page.locator(".subtabs a").nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Blocked")
    summary = page.locator("summary", has_text="Put a caller on the list")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("+34 699 00 11 22")
    page.keyboard.press("Tab")
    page.keyboard.press("7")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("+34699001122 is on the list with level 7.")
    page.locator("tr", has_text="+34699001122").get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is off the list")


def test_reports_by_day_and_destination(look: Look) -> None:
    page = look.page
    look.go(f"{CALLS}/reports")
    page.get_by_role("link", name="By destination").click()
    expect(page.locator(".ways [aria-current]")).to_have_text("By destination")
    expect(page.locator("ol.ranks li").first).to_be_visible()
    page.fill("#from", "2020-01-01")
    page.fill("#to", "2020-01-31")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Nobody called out on these days.")).to_be_visible()
    look.go(f"{CALLS}/reports?by=day")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Every call as CSV").click()
    assert re.fullmatch(r"calls-hotel-aurora-[\d-]+\.csv", waiting.value.suggested_filename)


def test_live_calls_are_asked_for_only_while_somebody_looks(look: Look) -> None:
    page = look.page
    look.go(f"{CALLS}/live")
    expect(page.locator("tbody tr")).to_have_count(2)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
    page.evaluate(hide % "true")
    page.evaluate("htmx.trigger('#live', 'seen')")
    assert asked == []
    page.evaluate(hide % "false")
    with page.expect_response(re.compile("/calls/live")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("tbody tr")).to_have_count(2)
