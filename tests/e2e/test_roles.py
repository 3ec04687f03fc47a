"""Who sees what, and what is not theirs to do: viewer, installer of one site, administrator."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.stage import Look, Stage, looking
from tests.e2e.test_pages import PAGES

AURORA, CASA = "/ui/sites/hotel-aurora", "/ui/sites/casa"
ALWAYS = ["Rooms", "Incidents", "Switches", "PBX", "DHCP", "Changes"]
NO_PAGE, NOT_YOURS = "There is no such page", "That is not for you to change"


def site_tabs(page: Page) -> list[str]:
    """The pages of a site that somebody is offered, without those of calls."""
    found = page.get_by_role("navigation", name="Pages of this site").get_by_role("link")
    return [text for text in found.all_inner_texts() if text != "Calls"]


def walk_the_tabs(look: Look) -> None:
    """Click through them: each is there, and leads on."""
    page = look.page
    for title in site_tabs(page):
        page.get_by_role("navigation", name="Pages of this site").get_by_role(
            "link", name=title, exact=True
        ).click()
        current = page.get_by_role("navigation", name="Pages of this site").locator(
            "[aria-current=page]"
        )
        expect(current).to_have_text(title)


def is_not_there(look: Look, path: str) -> None:
    look.go(path)
    expect(look.page.locator("h1")).to_have_text(NO_PAGE)
    expect(look.page.locator("main")).to_contain_text("Error 404")


def is_refused(look: Look, path: str) -> None:
    look.go(path)
    expect(look.page.locator("h1")).to_have_text(NOT_YOURS)
    expect(look.page.locator("main")).to_contain_text("Error 403")


def changing(page: Page) -> int:
    """How many ways to change something the page offers."""
    return page.locator("main form[method=post]:not([action*='sign-out'])").count()


def test_a_viewer_sees_all_and_changes_nothing(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        look.sign_in("lucia")
        page.get_by_role("link", name="Hotel Aurora").click()
        assert site_tabs(page) == ALWAYS
        walk_the_tabs(look)
        for name in ("hotel", "incidents", "incident", "phone", "phone-keys", "phone-files",
                     "phone-settings", "switch", "pbx", "dhcp", "change-history", "change"):  # fmt: skip
            look.go(PAGES[name][0])
            expect(page.locator("h1")).not_to_have_text(NO_PAGE)
            assert changing(page) == 0, name
        for path in (f"{AURORA}/install", f"{AURORA}/rooms/101", f"{AURORA}/import",
                     f"{AURORA}/settings", f"{AURORA}/pbx/files",
                     f"{AURORA}/phones/0c383e010101/change"):  # fmt: skip
            is_refused(look, path)
        for path in ("/ui/users", "/ui/audit"):
            is_not_there(look, path)


def test_an_installer_works_on_one_site_and_knows_of_no_other(
    browser: Browser, stage: Stage
) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        look.sign_in("ivan")
        expect(page.locator("article.site")).to_have_count(1)
        expect(page.locator("main")).not_to_contain_text("Aurora")
        page.get_by_role("link", name="Casa del Mar").click()
        assert site_tabs(page) == [*ALWAYS[:2], "Install", *ALWAYS[2:5], "Settings", "Changes"]
        walk_the_tabs(look)

        # rooms and phones are his to change, the settings of the site are not
        look.go(f"{CASA}/rooms/201")
        expect(page.get_by_role("button", name="Save")).to_be_enabled()
        look.go(f"{CASA}/settings")
        expect(page.locator("main")).to_contain_text("Only an administrator changes these settings")
        expect(page.locator("#name")).to_be_disabled()
        expect(page.get_by_role("button", name="Look at the change")).to_have_count(0)
        look.go(f"{CASA}/pbx/files")
        expect(page.get_by_role("button", name="Download with secrets")).to_have_count(0)

        # another hotel is not there for him, by no way in
        for path in (AURORA, f"{AURORA}/install", f"{AURORA}/incidents/3", f"{AURORA}/rooms/101",
                     f"{AURORA}/phones/0c383e010101", f"{CASA}/phones/0c383e010101",
                     f"{AURORA}/switches/sw-floor-1", "/ui/users", "/ui/audit"):  # fmt: skip
            is_not_there(look, path)
        page.fill("#seek", "0c:38:3e:01:01:01")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text("Nothing found")


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_an_administrator_is_offered_everything(browser: Browser, stage: Stage, size: str) -> None:
    with looking(browser, stage, size) as look:
        page = look.page
        look.sign_in("maria")
        page.get_by_role("link", name="Hotel Aurora").click()
        assert site_tabs(page) == [*ALWAYS[:2], "Install", *ALWAYS[2:5], "Settings", "Changes"]
        walk_the_tabs(look)
        look.go(f"{AURORA}/settings")
        expect(page.get_by_role("button", name="Look at the change")).to_be_enabled()
        look.go(f"{AURORA}/pbx/files")
        expect(page.get_by_role("button", name="Download with secrets")).not_to_have_count(0)
        for place in ("Users", "Log" if size == "mobile" else "Audit log"):
            page.get_by_role("link", name=place, exact=size == "desktop").first.click()
            expect(page.locator("h1")).not_to_have_text(NO_PAGE)
