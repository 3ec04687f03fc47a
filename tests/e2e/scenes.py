"""Pages that come only of what somebody has typed; nothing of it is stored."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.furniture import WAITING

LIST = (
    "Room;Floor;Template;Position;Model;MAC;Extension\n"
    "301;3;gest-room;bedside;fanvil/h5;0c:38:3e:00:03:01;2301\n"
    "302;3;guest-room;bedside;fanvil/h5;0c:38:3e:00:03;2302\n"
    "303;3;guest-room;bedside;fanvil/h5;0c:38:3e:00:03:03;2303\n"
)


def _list_with_problems(page: Page) -> None:
    page.fill("#text", LIST)
    page.get_by_role("main").locator("button[value=read]").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _preview(page: Page) -> None:
    page.locator("#part-numbers summary").click()
    numbers = page.locator("textarea#numbers")
    numbers.fill(numbers.input_value().replace("'112'", "'911'"))
    page.locator(".settings button[type=submit]").click()
    expect(page.locator("input[name=draft]")).to_have_count(1)


def _chosen(page: Page) -> None:
    page.locator(f"#pick-bedside-{WAITING[0]}").check()
    expect(page.locator("#result-bedside .keys")).to_be_visible()


SCENES: dict[str, tuple[str, str, Callable[[Page], None]]] = {
    "import-problems": ("/ui/sites/casa/import", "maria", _list_with_problems),
    "install-room-chosen": ("/ui/sites/casa/rooms/201", "maria", _chosen),
    "change-preview": ("/ui/sites/casa/settings", "maria", _preview),
}
"""By name: the page, who looks at it, and what that person does there."""
