"""Everything by the keyboard: in order, always to be seen where one is, and nothing is a trap."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.stage import Look, Stage, looking
from tests.e2e.test_pages import PAGES

WALKED = ("sites", "hotel", "incidents", "phone", "install-room-free", "change-site", "switch")
STEPS = 70
PLACE = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const shown = here.matches('.hidden') ? here.closest('label') || here : here;
  const box = shown.getBoundingClientRect();
  const middle = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2];
  const hit = document.elementFromPoint(...middle);
  const style = getComputedStyle(here);
  return {
    name: here.outerHTML.slice(0, 120),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: !!hit && (shown.contains(hit) || hit.contains(shown)),
    number: [...document.querySelectorAll('*')].indexOf(here),
  };
}"""


def walked(page: Page) -> list[dict[str, Any]]:
    """Where the tab key leads, from the top to the end of the page."""
    places: list[dict[str, Any]] = []
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        place = page.evaluate(PLACE)
        if place is None or (places and place["number"] <= places[-1]["number"]):
            break
        places.append(place)
    return places


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_the_tab_key_leads_through_pages(browser: Browser, stage: Stage, size: str) -> None:
    wrong = []
    with looking(browser, stage, size) as look:
        look.sign_in()
        for name in WALKED:
            look.go(PAGES[name][0])
            places = walked(look.page)
            assert len(places) > 8, name
            assert "skip" in places[0]["name"], name
            is_odd = "[tabindex]:not([tabindex='0'], [tabindex='-1'])"  # an order of its own
            assert look.page.locator(is_odd).count() == 0, name
            for place in places[1:]:
                if not place["ring"]:
                    wrong.append(f"{name}: not to be seen that it has the focus: {place['name']}")
                if not place["seen"]:
                    wrong.append(f"{name}: hidden behind something: {place['name']}")
    assert wrong == []


def test_the_skip_link_leads_past_the_frame(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        look.sign_in()
        look.go(PAGES["hotel"][0])
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        page.keyboard.press("Tab")
        assert page.evaluate("!!document.activeElement.closest('main')")


def test_a_dialog_keeps_the_focus_and_gives_it_back(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
        look.sign_in()
        look.go(PAGES["install-room-free"][0])
        scan = page.locator("#spot-bedside [data-scan]")
        scan.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#scan")).to_be_visible()
        inside = "document.getElementById('scan').contains(document.activeElement)"
        assert page.evaluate(inside)
        for _ in range(6):  # between the controls and the browser's own
            page.keyboard.press("Tab")
            assert page.evaluate(f"{inside} || document.activeElement === document.body")
        page.keyboard.press("Escape")
        expect(page.locator("#scan")).to_be_hidden()
        expect(scan).to_be_focused()


def test_a_phone_is_chosen_by_the_keyboard(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage) as look:
        page = look.page
        look.sign_in()
        look.go(PAGES["install-room-free"][0])
        page.locator("#pick-bedside-none").focus()
        page.keyboard.press("ArrowUp")
        expect(page.locator("#result-bedside .keys")).to_be_visible()
        parts = page.locator("details.spot > summary").nth(1)
        parts.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details.spot").nth(1)).to_have_attribute("open", "")
        _asks_and_closes(look)


def _asks_and_closes(look: Look) -> None:
    """A question before something is gone opens and closes by the keyboard."""
    page = look.page
    look.go("/ui/sites/hotel-aurora/rooms/101")
    ask = page.locator("details.ask > summary").first
    ask.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.ask").first).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator("details.ask[open]")).to_have_count(0)
    expect(ask).to_be_focused()
