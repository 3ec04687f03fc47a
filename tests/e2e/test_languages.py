"""Three languages: by the browser, by the switch, by the user; and that of guests stays theirs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.stage import Stage, looking
from tests.e2e.test_pages import PAGES

SAID = {
    "en-GB": ("en", "Sign in", "Sites"),
    "es-ES": ("es", "Entrar", "Establecimientos"),
    "ru-RU": ("ru", "Войти", "Объекты"),
    "de-DE": ("en", "Sign in", "Sites"),  # there is none; English is
}
DATES = {"en-GB": r"\d+ [A-Z][a-z]{2} 2\d{3}, \d", "es-ES": r"\d+ [a-z]{3,4} 2\d{3}, \d",
         "ru-RU": r"\d+ [\u0430-\u044f]{3,4}\.? 2\d{3}, \d"}  # fmt: skip
BYTES = {"en-GB": r"\d,\d{3} bytes", "es-ES": r"\d\.\d{3} bytes", "ru-RU": r"\d\s\d{3} байт"}
WATTS = {"en-GB": "3.2 W", "es-ES": "3,2 W", "ru-RU": "3,2 Вт"}


@pytest.mark.parametrize("locale", SAID)
def test_the_browsers_language(browser: Browser, stage: Stage, locale: str) -> None:
    language, sign_in, sites = SAID[locale]
    with looking(browser, stage, "mobile", locale=locale) as look:
        look.go("/ui/sign-in")
        expect(look.page.locator("html")).to_have_attribute("lang", language)
        expect(look.page.locator("h1")).to_have_text(sign_in)
        look.sign_in()
        expect(look.page.locator("h1")).to_have_text(sites)


def test_the_switch_on_the_page(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile", locale="es-ES") as look:
        page = look.page
        look.go("/ui/sign-in")
        page.get_by_role("link", name="Русский").click()
        expect(page.locator("h1")).to_have_text("Войти")
        expect(page.locator("html")).to_have_attribute("lang", "ru")
        look.sign_in()  # it is kept for the pages that follow
        expect(page.locator("h1")).to_have_text("Объекты")


def test_the_users_own_language_goes_before_the_browsers(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look:
        page = look.page
        look.sign_in("nobody")
        look.go("/ui/account")
        page.select_option("#language", "es")
        page.locator("form", has=page.locator("#language")).locator("button").click()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.get_by_role("status")).not_to_be_empty()
    with looking(browser, stage, locale="ru-RU") as look:  # on another device too
        page = look.page
        look.sign_in("nobody")
        expect(page.locator("h1")).to_have_text("Establecimientos")
        look.go("/ui/account")
        page.select_option("#language", "")
        page.locator("form", has=page.locator("#language")).locator("button").click()
        expect(page.locator("html")).to_have_attribute("lang", "ru")


@pytest.mark.parametrize("locale", DATES)
def test_dates_and_numbers(browser: Browser, stage: Stage, locale: str) -> None:
    with looking(browser, stage, locale=locale) as look:
        page = look.page
        look.sign_in()
        look.go(PAGES["audit"][0])
        expect(page.locator("#entries td.second").first).to_have_text(re.compile(DATES[locale]))
        look.go(PAGES["phone-files"][0])
        expect(page.locator("main")).to_contain_text(re.compile(BYTES[locale]))
        look.go(PAGES["switch"][0])
        expect(page.locator(".ports")).to_contain_text(WATTS[locale])


def test_what_guests_read_is_in_the_languages_of_the_hotel(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, locale="ru-RU") as look:
        page = look.page
        look.sign_in()
        look.go(PAGES["phone-keys"][0])
        expect(page.locator("h1")).to_have_text("Клавиши: Reception, стойка")
        expect(page.locator("main")).to_contain_text("Limpieza / Housekeeping")
        look.go(PAGES["labels"][0])
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.locator("header")).to_contain_text("Печать")  # for staff, not printed
        expect(page.locator("main")).to_contain_text("Recepción")
        expect(page.locator("main")).not_to_contain_text(re.compile("[\u0430-\u044f]"))
