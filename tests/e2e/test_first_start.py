"""From nothing to signed out, on a real server in a real browser, as a person does it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.stage import Stage, looking
from tests.integration.servers import DataFolder, Server, free_ports, wait_for

LINK = re.compile(r"http://[\d.:]+(/ui/welcome/[a-z2-7]{26})")
PASSWORD = "the sea is very blue"


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`bellwire serve` on an empty data folder."""
    http_port, tftp_port = free_ports()
    made = Server(DataFolder(tmp_path_factory.mktemp("first") / "data"), http_port, tftp_port)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_set_up_sign_out_sign_in_and_the_account(browser: Browser, server: Server) -> None:
    wait_for("the link is in the log", lambda: LINK.search(server.log))
    found = LINK.search(server.log)
    assert found
    with looking(browser, Stage(server.url), "mobile") as look:
        page = look.page
        look.go("/")  # a browser is sent on
        expect(page).to_have_title("Sign in - bellwire")
        expect(page.get_by_text("bellwire users setup-link")).to_be_visible()
        look.go(found[1])
        page.fill("#name", "Maria")
        page.fill("#password", PASSWORD)
        page.fill("#again", "something else")
        page.click("main button[type=submit]")
        expect(page.locator("#again-error")).to_contain_text("not the same password")
        expect(page.locator("#again")).to_be_focused()
        expect(page.locator("#name")).to_have_value("Maria")
        assert look.axe() == []
        page.fill("#password", PASSWORD)
        page.fill("#again", PASSWORD)
        page.click("main button[type=submit]")
        expect(page.get_by_role("status")).to_contain_text("Your password is set")
        expect(page.get_by_text("There is no site yet")).to_be_visible()
        assert look.axe() == []
        page.get_by_role("link", name="Account").click()
        page.select_option("#language", "ru")
        page.get_by_label("Dark").check()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("h1")).to_have_text("Моя учётная запись")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.get_by_role("button", name="Выйти", exact=True).first.click()
        expect(page.locator("h1")).to_have_text("Sign in")
        look.go(found[1])
        expect(page.locator("h1")).to_have_text("There is no such page")
        look.sign_in("maria", PASSWORD)
        expect(page.locator("h1")).to_have_text("Объекты")
    cookies = server.folder.rows("select count(*) from user_session")
    assert cookies == [(1,)]
    assert PASSWORD.encode() not in server.folder.stored_bytes()
