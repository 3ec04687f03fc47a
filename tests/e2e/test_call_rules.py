"""Rules of calls in a real browser: dragging, the keyboard, without a script, small and large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.stage import Look, Stage, furnish, looking, serving
from tests.integration.servers import DataFolder

SITE = "hotel-aurora"
TOP = f"/ui/sites/{SITE}/calls"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    """A stage of its own for each test: it changes the rules."""
    folder = DataFolder(tmp_path / "data")
    furnish(folder)
    with serving(folder) as stage:
        yield stage


def fine(look: Look) -> None:
    """Nothing that axe finds, and nothing too wide."""
    assert look.axe() == []
    assert not look.is_too_wide()


def steps(page: Page) -> Locator:
    """The actions of the first entry, in their order."""
    return page.locator("#actions-vip .step b")


def drag(page: Page, handle: Locator, to: Locator) -> None:
    """Take an entry by its handle and let it go over another one."""
    start, end = handle.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 10, start["y"] + 10)
    page.mouse.down()
    for share in (0.3, 0.6, 0.9, 1.0):
        page.mouse.move(start["x"] + 10, start["y"] + (end["y"] - start["y"]) * share + 12)
    page.mouse.up()


def touch(page: Page, handle: Locator, to: Locator) -> None:
    """The same with a finger."""
    start, end = handle.bounding_box(), to.bounding_box()
    assert start is not None
    assert end is not None
    x, session = start["x"] + 10, page.context.new_cdp_session(page)
    for kind, share in (("touchStart", 0.0), ("touchMove", 0.4), ("touchMove", 1.0)):
        y = start["y"] + 10 + (end["y"] - start["y"]) * share
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        )  # fmt: skip
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


FORWARD, DESK, MAIL = "Forward: +34600000001", "Ring group: desk", "Voice mail"


@pytest.mark.parametrize(("size", "move"), [("desktop", drag), ("mobile", touch)])
def test_actions_are_dragged_into_another_order(
    browser: Browser, house: Stage, size: str, move: Any
) -> None:
    with looking(browser, house, size) as look:
        page = look.page
        look.sign_in()
        look.go(f"{TOP}/incoming")
        fine(look)
        expect(steps(page)).to_have_text([FORWARD, DESK, MAIL])
        page.evaluate("window.stayed = true")
        handles = page.locator("#actions-vip .step .handle")
        handles.first.scroll_into_view_if_needed()
        page.locator("#actions-vip").evaluate("e => e.scrollIntoView({block: 'start'})")
        with page.expect_response("**/incoming/order"):
            move(page, handles.nth(1), handles.first)
        expect(steps(page)).to_have_text([DESK, FORWARD, MAIL])
        expect(page.locator("#order-said")).to_have_text("The order is saved.")
        assert page.evaluate("window.stayed") is True
        page.reload()
        expect(steps(page)).to_have_text([DESK, FORWARD, MAIL])
        look.go(f"/ui/sites/{SITE}/changes")
        page.locator(".history > li").first.locator("summary").click()
        page.get_by_role("button", name="Undo it").first.click()
        look.go(f"{TOP}/incoming")
        expect(steps(page)).to_have_text([FORWARD, DESK, MAIL])


def test_the_order_is_changed_with_the_keyboard(browser: Browser, house: Stage) -> None:
    with looking(browser, house) as look:
        page = look.page
        look.sign_in()
        look.go(f"{TOP}/incoming")
        page.get_by_role("button", name=f"Move down: {FORWARD}").focus()
        page.keyboard.press("Enter")
        expect(steps(page)).to_have_text([DESK, FORWARD, MAIL])
        again = page.get_by_role("button", name=f"Move down: {FORWARD}")
        expect(again).to_be_focused()
        page.keyboard.press("Enter")
        expect(steps(page)).to_have_text([DESK, MAIL, FORWARD])
        expect(page.get_by_role("button", name=f"Move up: {FORWARD}")).to_be_focused()
        expect(page.get_by_role("button", name=f"Move down: {FORWARD}")).to_be_disabled()
        page.get_by_role("button", name="Move up: suppliers").click()
        expect(page.locator(".entry h3")).to_have_text(["suppliers", "vip"])


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_without_a_script_a_person_can_do_everything(
    browser: Browser, house: Stage, size: str
) -> None:
    with looking(browser, house, size, java_script_enabled=False) as look:
        page = look.page
        look.sign_in()
        look.go(f"{TOP}/incoming")
        expect(page.locator(".handle").first).to_be_hidden()
        page.get_by_role("button", name=f"Move up: {MAIL}").click()
        expect(steps(page)).to_have_text([FORWARD, MAIL, DESK])
        page.get_by_role("link", name="Add an entry").click()
        page.fill("#name", "night")
        page.fill("#callers", "any")
        page.select_option("#do", "announcement")
        page.fill("#to", "we-sleep")
        page.fill("#times-0-start", "23:00")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#times-0-end-error")).to_contain_text("Both times are needed")
        expect(page.locator("#to")).to_have_value("we-sleep")
        page.fill("#times-0-end", "06:00")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#actions-night")).to_contain_text("23:00-6:00")
        page.get_by_role("button", name="Remove: night").click()
        expect(page.locator("#actions-night")).to_have_count(0)
        look.go(f"{TOP}/incoming/lists/group/spam")
        page.fill("#numbers", "600 111 222, 611 222 333")
        page.get_by_role("button", name="Add").click()
        expect(page.get_by_role("status")).to_contain_text("2 numbers are new.")
        page.get_by_label("600 111 222").check()
        page.get_by_role("button", name="Remove those ticked").click()
        expect(page.locator("table.entries tbody tr")).to_have_count(3)


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_limits_say_what_an_empty_box_means(browser: Browser, house: Stage, size: str) -> None:
    with looking(browser, house, size) as look:
        page = look.page
        look.sign_in()
        look.go(f"{TOP}/limits")
        box, tick = (
            page.locator("#account-spend_day"),
            page.get_by_label("no limit: Money in a day"),
        )
        box.fill("12,5")
        page.locator("#account-simultaneous").fill("none")
        page.locator("#account").get_by_role("button", name="Save").click()
        expect(page.locator("#account-simultaneous-error")).to_contain_text("A whole number from 1")
        expect(box).to_have_value("12,5")
        fine(look)
        page.locator("#account-simultaneous").fill("")
        tick.first.check()
        expect(box).to_have_value("")
        tick.first.uncheck()
        expect(box).to_have_value("12,5")
        page.locator("#account").get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        expect(box).to_have_value("12.5")
        expect(page.locator("#account-simultaneous")).to_have_value("2")


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_rates_lists_and_a_number_checked(
    browser: Browser, house: Stage, size: str, tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("prefix,per_minute\n34,0.02\n44,much\n", encoding="utf-8")
    good.write_text("prefix,name,per_minute\n34,Spain,0.02\n44,UK,0.05\n", encoding="utf-8")
    with looking(browser, house, size) as look:
        page = look.page
        look.sign_in()
        look.go(f"{TOP}/lists")
        page.set_input_files("#rates-file", bad)
        page.get_by_role("button", name="Look at them first").click()
        expect(page.locator(".bad-rows")).to_contain_text("44,much")
        fine(look)
        page.set_input_files("#rates-file", good)
        page.get_by_role("button", name="Look at them first").click()
        expect(page.get_by_role("heading", name="2 rates")).to_be_visible()
        fine(look)
        page.get_by_role("button", name="Take these rates").click()
        page.fill("#try", "0044 20 7946 0123")
        page.get_by_role("button", name="What does it cost?").click()
        expect(page.locator(".result")).to_contain_text("€0.15")
        look.go(f"{TOP}/check")
        page.fill("#number", "+34 911 22 33 44")
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".outcome").first).to_contain_text("is refused")
        fine(look)
        page.get_by_role("link", name="Show the rule").first.click()
        expect(page.get_by_role("heading", name="Rule house")).to_be_visible()
        fine(look)


@pytest.mark.parametrize("locale", ["es-ES", "ru-RU"])
def test_long_words_fit_on_a_narrow_screen(browser: Browser, house: Stage, locale: str) -> None:
    found = []
    with looking(browser, house, "mobile", locale=locale) as look:
        look.sign_in()
        for path in (
            "/incoming", "/incoming/add-rule", "/incoming/actions/vip/0", "/limits", "/lists",
            "/incoming/lists/group/spam", "/check?number=112",
        ):  # fmt: skip
            look.go(f"{TOP}{path}")
            if look.is_too_wide():
                found.append(path)
            found += look.axe("target-size", "color-contrast")
    assert found == []
