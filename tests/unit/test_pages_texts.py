"""Languages: each is complete, no text of a page is left out, and numbers and dates are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from tests.people import NOON, Office, office, post
from web.pages import extraction, language
from web.pages.language import LANGUAGES, LOCALES, translations

TEMPLATES = Path(extraction.__file__).parent / "templates"
OTHERS = [code for code in LANGUAGES if code != "en"]
SAME_IN = {
    "es": {
        "Token",
        "Error %(status)s",
        "Switches",
        "%(size)s bytes",
        "no",
        "DHCP",
        "VLAN",
        "%(speed)s Mbit/s",
        "%(watts)s W",
    },
    "ru": set(),
}
NAMES = {"bellwire", "bellwire users setup-link", "bellwire plan hotel.yaml",
         "bellwire apply hotel.yaml"}  # fmt: skip
SPOKEN = {"aria-label", "title", "alt", "placeholder", "data-label", "content"}


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_is_complete(code: str) -> None:
    assert extraction.missing(code) == [], "run: python -m web.pages.extraction, then translate"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_holds_nothing_that_is_gone(code: str) -> None:
    wanted = {(m.id, m.context) for m in extraction.extracted()}
    assert {
        m.id for m in extraction.kept(code) if m.id and (m.id, m.context) not in wanted
    } == set()


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_keeps_what_is_filled_in(code: str) -> None:
    for message in extraction.kept(code):
        originals = message.id if isinstance(message.id, tuple) else (message.id,)
        made = message.string if isinstance(message.string, tuple) else (message.string,)
        if not originals[0]:
            continue
        wanted = {name for text in originals for name in re.findall(r"%\(\w+\)s", text)}
        for text in made:
            assert set(re.findall(r"%\(\w+\)s", text)) <= wanted, text
            assert "%" not in re.sub(r"%\(\w+\)s", "", text), text
        if not isinstance(message.id, tuple):
            assert set(re.findall(r"%\(\w+\)s", made[0])) == wanted, made
            assert made[0][-1:] == originals[0][-1:] or made[0][-1] not in ".:", made
        if code == "ru":
            assert all(re.search("[\u0400-\u04ff]", text, re.I) for text in made), made
        if made[0] == originals[0]:
            assert originals[0] in SAME_IN[code]


def test_russian_has_three_plurals() -> None:
    said = [translations("ru").ngettext("one phone", "%(num)s phones", n) % {"num": n}
            for n in (1, 2, 5, 11, 21, 22, 112)]  # fmt: skip
    assert said == ["1 телефон", "2 телефона", "5 телефонов", "11 телефонов", "21 телефон",
                    "22 телефона", "112 телефонов"]  # fmt: skip


def test_outside_of_a_page_it_is_english() -> None:
    assert language.gettext("Sites") == "Sites"
    assert language.ngettext("one phone", "%(num)s phones", 2) == "%(num)s phones"
    assert language.gettext("") == ""
    assert set(LOCALES) == set(LANGUAGES)


class _Texts(HTMLParser):
    """Texts and spoken attributes of a template whose expressions were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self._note(re.sub(r'[\w-]+="[^"]*"', "", data))  # attributes that a macro writes

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in SPOKEN and tag != "meta":
                self._note(value or "")

    def _note(self, text: str) -> None:
        text = " ".join(text.split())
        if re.search(r"[^\W\d_]{2}", text) and text not in NAMES:
            self.found.append(text)


def literal_texts(source: str) -> list[str]:
    """What a template says by itself, without a translation."""
    made = []
    for _, kind, value in Environment(autoescape=True).lex(source):
        if kind in ("data", "raw_begin"):
            made.append(value)
    parser = _Texts()
    parser.feed("".join(made))
    return parser.found


def test_the_search_for_texts_finds_them() -> None:
    assert literal_texts('<p>{{ _("Good") }} bad <b title="Bad">x</b></p>') == ["bad", "Bad"]


@pytest.mark.parametrize(
    "file", sorted(TEMPLATES.rglob("*.html")), ids=lambda f: f.relative_to(TEMPLATES).as_posix()
)
def test_no_text_of_a_template_is_untranslated(file: Path) -> None:
    found = literal_texts(file.read_text(encoding="utf-8"))
    assert [text for text in found if text != "- bellwire"] == []


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("texts"), "casa") as made:
        made.people()
        yield made


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("es-MX", "es"), ("de,es;q=0.5", "es"), ("de", "en"),
        ("", "en"), ("en-US,ru;q=0.9", "en"), ("nonsense;;;q=x", "en"),
    ],
)  # fmt: skip
def test_the_browser_chooses(staffed: Office, accepted: str, code: str) -> None:
    page = staffed.client().get("/ui/sign-in", headers={"Accept-Language": accepted}).text
    assert f'<html lang="{code}"' in page


def test_a_visitor_chooses_and_a_user_for_good(staffed: Office) -> None:
    client = staffed.client()
    assert 'lang="es"' in client.get("/ui/sign-in?language=es").text
    assert "Entrar" in client.get("/ui/sign-in").text
    client.get("/ui/sign-in?language=xx")
    assert "Entrar" in client.get("/ui/sign-in").text
    client = staffed.client("lucia")
    post(client, "/ui/account/preferences", {"language": "ru", "theme": "dark"})
    page = staffed.client("lucia").get("/ui/", headers={"Accept-Language": "es"}).text
    assert '<html lang="ru" data-theme="dark">' in page
    assert "Объекты" in page
    answer = post(client, "/ui/account/preferences", {"language": "xx"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("code", "moment", "number", "ago"),
    [
        ("en", "22 Nov 2026, 13:00", "12,345.5", "3 hours ago"),
        ("es", "22 nov 2026, 13:00", "12.345,5", "hace 3 horas"),
        ("ru", "22 нояб. 2026, 13:00", "12\u00a0345,5", "3 часа назад"),
    ],
)
def test_dates_and_numbers(staffed: Office, code: str, moment: str, number: str, ago: str) -> None:
    from flask import g

    from web.pages import formats

    with staffed.app.test_request_context():
        g.language, g.now = code, NOON + timedelta(hours=3)
        g.find_zone = lambda: formats.zone_named("Europe/Madrid")
        assert formats.moment(NOON).replace(" de ", " ").replace("\u202f", " ") == moment
        assert formats.number(12345.5) == number
        assert formats.ago(NOON) == ago
        assert formats.ago(g.now) == language.gettext("just now")
        assert formats.machine_time(NOON) == "2026-11-22T12:00:00+00:00"
        assert not formats.is_long_ago(NOON)
        assert formats.is_long_ago(NOON - timedelta(days=7))
        assert formats.percent(0.5).startswith("50")
        assert formats.length(timedelta(minutes=5))[0] == "5"
        assert formats.clock(NOON) == "13:00:00"
        assert formats.day(NOON)[:2] == "22"
        del g.zone
        g.find_zone = lambda: formats.zone_named("Nowhere/At_All")
        assert formats.moment(NOON).endswith("12:00 UTC")
