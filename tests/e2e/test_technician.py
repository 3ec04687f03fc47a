"""The technician's way in a real browser: hotel, phone, remedy, incidents, search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from monitors.status import State
from provisioner.delivery import utc_now
from tests.e2e.stage import Stage, furnish, looking, serving
from tests.integration.judged_site import WELL, evidence, judge
from tests.integration.servers import DataFolder
from tests.technician import HUNG, SHORTED, SITE, WAITED
from web.mending import Mender

HOTEL = f"/ui/sites/{SITE}"


@dataclass
class Ward(Stage):
    """The pages with their data folder, which other processes write too."""

    folder: DataFolder

    def monitor_looks(self) -> int:
        """What the monitor process does every other second; Playwright's loop has this thread."""
        with self.folder.opened() as installation, ThreadPoolExecutor(1) as other:
            return other.submit(Mender(installation).fulfil).result()

    def recovers(self, mac: str) -> None:
        """A sweep finds that a phone works again."""
        with self.folder.opened() as installation:
            judge(installation, SITE, {mac: (State.WORKING, evidence(WELL))}, utc_now())


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    folder = DataFolder(tmp_path_factory.mktemp("ward") / "data")
    furnish(folder)
    with serving(folder) as stage:
        yield Ward(stage.url, folder)


def test_from_the_plan_to_a_remedy(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward, "mobile") as look:
        page = look.page
        look.sign_in()
        look.go(HOTEL)
        expect(page.locator("article.incident")).to_have_count(4)
        page.locator("a.tile", has_text="102").click()
        expect(page.locator("h1")).to_have_text("Room 102 bedside")
        expect(page.locator(".sentence")).to_contain_text("does not answer bellwire any more")
        page.get_by_role("button", name="Restart …").click()
        expect(page.locator("#wish h2")).to_have_text("Looking whether it can be done …")
        assert look.axe() == []
        assert ward.monitor_looks() == 1
        page.evaluate("htmx.trigger('#wish', 'seen')")  # as it does every two seconds
        expect(page.locator("#wish h2")).to_have_text("It can be done, but look at this first")
        expect(page.locator("#wish")).to_contain_text("Somebody may be in a call.")
        assert look.axe() == []
        assert not look.is_too_wide()
        page.get_by_role("link", name="Back to the phone").click()
        page.get_by_role("button", name="Power off and on …").click()
        assert ward.monitor_looks() == 1
        page.evaluate("htmx.trigger('#wish', 'seen')")
        expect(page.locator("#wish h2")).to_have_text("It may not be done now")
        expect(page.get_by_role("button", name="Do it")).to_have_count(0)


def test_the_plan_is_live_and_keeps_what_is_typed(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward) as look:
        page = look.page
        look.sign_in()
        look.go(f"{HOTEL}?floor=2")
        tile = page.locator(".tile", has_text="210")
        expect(tile).to_contain_text("Recovering")
        page.fill("main input[name=q]", "half a wo")
        with page.expect_response(re.compile("seen=")) as answer:
            page.evaluate("htmx.trigger('#hotel', 'seen')")
        assert answer.value.status == 204
        ward.recovers(WAITED)
        page.evaluate("htmx.trigger('#hotel', 'seen')")
        expect(tile).to_contain_text("Working")
        expect(page.locator("main input[name=q]")).to_have_value("half a wo")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        hide = "Object.defineProperty(document, 'hidden', {value: true, configurable: true})"
        page.evaluate(hide)
        page.evaluate("htmx.trigger('#hotel', 'seen')")
        assert asked == []


def test_search_by_the_keyboard(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward) as look:
        page = look.page
        look.sign_in()
        look.go(HOTEL)
        page.keyboard.press("/")
        expect(page.locator("#seek")).to_be_focused()
        page.keyboard.type("01-01-02")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Search")
        page.get_by_role("link", name="0c:38:3e:01:01:02").click()
        expect(page.locator("h1")).to_have_text("Room 102 bedside")
        # "/" in a field is a letter
        look.go(f"{HOTEL}/incidents/3")
        page.get_by_label("What is done about it").fill("")
        page.get_by_label("What is done about it").press("/")
        expect(page.get_by_label("What is done about it")).to_have_value("/")


def test_seeing_to_an_incident(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward, "mobile") as look:
        page = look.page
        look.sign_in()
        look.go(f"{HOTEL}?floor=1")
        card = page.locator("article.incident", has_text="does not answer bellwire any more")
        card.get_by_role("button", name="I see to it").click()
        expect(page.get_by_role("status")).to_contain_text("You see to it.")
        assert page.url.endswith("?floor=1")
        expect(card).to_contain_text("maria sees to it")
        card.get_by_role("link", name="Open").click()
        expect(page.locator(".timeline")).to_contain_text("acknowledged by")
        page.get_by_role("link", name="Incidents").last.click()
        page.locator("details.more > summary").click()
        page.get_by_label("Rooms").fill("101, 999")
        page.get_by_role("button", name="Begin now").click()
        expect(page.locator(".error")).to_contain_text("There is no room or switch 999.")
        assert look.axe() == []
        page.get_by_label("Rooms").fill("101")
        page.get_by_role("button", name="Begin now").click()
        expect(page.locator("main")).to_contain_text("Maintenance has begun.")
        page.get_by_role("button", name="End it now").click()
        expect(page.get_by_role("status")).to_contain_text("Maintenance has ended.")


def test_without_a_script(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward, "mobile", java_script_enabled=False) as look:
        page = look.page
        look.sign_in()
        look.go(HOTEL)
        page.locator(".chips a", has_text="Warning").click()
        expect(page.locator(".tile")).to_have_count(1)
        page.get_by_role("link", name="List").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.fill("#seek", "101")
        page.locator(".seek button").click()
        page.locator(".results a").first.click()
        expect(page.locator("h1")).to_contain_text("Room 101")
        look.go(f"{HOTEL}/phones/{SHORTED}")
        page.get_by_role("link", name="7 days").click()
        expect(page.locator("figure.chart")).to_have_count(3)
        page.locator("figure.chart details summary").first.click()
        expect(page.locator("figure.chart table").first).to_be_visible()
        page.get_by_role("button", name="Fetch again …").click()
        expect(page.locator("#wish h2")).to_have_text("Looking whether it can be done …")
        ward.monitor_looks()
        page.get_by_role("link", name="Look again").click()
        expect(page.locator("#wish h2")).not_to_have_text("Looking whether it can be done …")


def test_another_device_takes_the_place(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward, "mobile") as look:
        page = look.page
        look.sign_in()
        look.go(f"{HOTEL}/phones/0c383e010110")
        page.get_by_role("link", name="Replace or retire …").click()
        page.get_by_label("MAC of the new device").fill("not a mac")
        page.get_by_role("button", name="Replace it").click()
        expect(page.locator(".error")).to_contain_text("This is no MAC")
        page.get_by_label("MAC of the new device").fill("0C:38:3E:0C:0F:FE")
        page.get_by_role("button", name="Replace it").click()
        expect(page.get_by_role("status")).to_contain_text("It is replaced.")
        expect(page.locator("h1")).to_have_text("Room 110 bedside")
        expect(page.locator(".lead")).to_contain_text("0c:38:3e:0c:0f:fe")


def test_a_viewer_only_looks(browser: Browser, ward: Ward) -> None:
    with looking(browser, ward) as look:
        look.sign_in("lucia")
        for path in (HOTEL, f"{HOTEL}/incidents", f"{HOTEL}/phones/{HUNG}"):
            look.go(path)
            expect(look.page.locator("main form[method=post]")).to_have_count(0)
