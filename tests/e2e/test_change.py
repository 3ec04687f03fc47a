"""Changing safely in a real browser: preview with differences, stages that stop, undoing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from provisioner.delivery import utc_now
from tests.e2e.stage import Look, Stage, furnish, looking, serving
from tests.integration.servers import DataFolder
from web.staging import move_stages

SITE = "/ui/sites/hotel-aurora"
PHONE = f"{SITE}/phones/0c383e010101"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DataFolder, Stage]]:
    """A stage of its own: these tests change it."""
    folder = DataFolder(Path(tmp_path_factory.mktemp("change")) / "data")
    furnish(folder)
    with serving(folder) as stage:
        yield folder, stage


def fine(look: Look) -> None:
    """Nothing that axe finds, and nothing too wide."""
    assert look.axe() == []
    assert not look.is_too_wide()


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_a_preset_goes_in_stages_stops_by_itself_and_is_rolled_back(
    browser: Browser, house: tuple[DataFolder, Stage], size: str
) -> None:
    folder, stage = house
    with looking(browser, stage, size) as look:
        page = look.page
        look.sign_in()
        look.go(f"{SITE}/settings")
        page.locator("#part-presets summary").click()
        presets = page.locator("textarea#presets")
        before = presets.input_value()
        presets.fill(
            f"{before}guest-room:\n  settings:\n    audio: {{ring_volume_percent: loud}}\n"
        )
        page.get_by_role("button", name="Look at the change").click()
        expect(page.locator("#presets-error")).to_contain_text("ring_volume_percent")
        fine(look)
        presets.fill(f"{before}guest-room:\n  settings:\n    audio: {{ring_volume_percent: 33}}\n")
        page.get_by_role("button", name="Look at the change").click()
        expect(page.get_by_role("heading", name="What would change")).to_be_visible()
        expect(page.locator(".diff .added").first).to_contain_text("RingTone Vol")
        fine(look)
        page.fill("#note", "Quieter nights")
        page.get_by_role("button", name="Roll out in stages").click()
        expect(page.locator("#rollout .badge").first).to_have_text("under way")
        fine(look)
        with folder.opened() as installation:
            while installation.press.render_marked():
                pass
            move_stages(installation, utc_now() + timedelta(minutes=16))
        look.go(f"{SITE}/changes")
        expect(page.locator("#rollout .badge").first).to_have_text("stopped by itself")
        expect(page.locator("#rollout .notice")).to_contain_text("have not come back")
        fine(look)
        page.locator("#rollout summary").click()
        page.get_by_role("button", name="Give the old files back").click()
        expect(page.locator("#rollout .badge").first).to_have_text("taken back")


@pytest.mark.parametrize("script", [True, False], ids=["", "without-a-script"])
def test_a_setting_is_set_for_a_room_and_undone(
    browser: Browser, house: tuple[DataFolder, Stage], *, script: bool
) -> None:
    _, stage = house
    with looking(browser, stage, "mobile", java_script_enabled=script) as look:
        page = look.page
        look.sign_in()
        look.go(f"{PHONE}/settings")
        page.get_by_role("link", name="sip.expires_s").click()
        page.fill("#value", "345")
        page.get_by_label("All phones of room 101").check()
        if script:
            fine(look)
        page.get_by_role("button", name="Look at the change").click()
        expect(page.get_by_role("heading", name="2 phones may get other files")).to_be_visible()
        page.get_by_role("button", name="Save now").click()
        expect(page.locator(".history > li").first).to_contain_text("Room changed")
        if script:
            fine(look)
        page.locator(".history > li").first.locator("summary").click()
        page.get_by_role("button", name="Undo it").first.click()
        expect(page.locator(".history > li").first).to_contain_text("Change undone")
        expect(page.locator(".history > li").nth(1)).to_contain_text("undone")


def test_settings_of_the_site_without_a_script(
    browser: Browser, house: tuple[DataFolder, Stage]
) -> None:
    _, stage = house
    with looking(browser, stage, "mobile", java_script_enabled=False) as look:
        page = look.page
        look.sign_in()
        look.go("/ui/sites/casa/settings")
        page.fill("#timezone", "Europe/Nowhere")
        page.get_by_role("button", name="Look at the change").click()
        expect(page.locator("#timezone-error")).to_be_visible()
        page.fill("#timezone", "Atlantic/Canary")
        page.locator("#part-numbers summary").click()
        numbers = page.locator("textarea#numbers")
        numbers.fill(f"{numbers.input_value()}spa: '109'\n")
        page.get_by_role("button", name="Look at the change").click()
        expect(page.get_by_role("heading", name="5 phones may get other files")).to_be_visible()
        expect(page.locator(".diff .added").first).to_be_visible()
        page.fill("#note", "The island has a spa")
        page.get_by_role("button", name="Save now").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        expect(page.locator(".history > li").first).to_contain_text("The island has a spa")
        page.locator(".history > li").first.locator("summary").click()
        page.get_by_role("button", name="Undo it").first.click()
        expect(page.locator(".history > li").first).to_contain_text("Change undone")
        look.go("/ui/sites/casa/settings")
        expect(page.locator("#timezone")).to_have_value("Europe/Madrid")
