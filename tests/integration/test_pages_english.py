"""No English sentence on a Russian or Spanish page but for the few that are named here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient

from tests.e2e.furniture import decorate
from tests.e2e.stage import PASSWORD, furnish
from tests.e2e.test_pages import PAGES
from tests.integration.servers import DataFolder
from tests.people import TOKEN
from web.app import create_app

WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")  # no part of a name such as valid_to
TELLING = frozenset({
    "the", "is", "of", "not", "its", "was", "has", "have", "and", "for", "by", "it", "that", "with",
    "this", "which", "are", "be", "on", "at", "from", "there", "cannot", "needs", "than", "to",
    "known", "must", "only", "as",
})  # fmt: skip
"""Words that only an English sentence has."""
QUOTED = {"script", "style", "code", "pre", "kbd", "samp", "option", "textarea"}
EMPTY = {"br", "img", "input", "meta", "link", "hr", "use", "path", "circle", "rect", "line",
         "polyline", "ellipse"}  # fmt: skip
ALLOWED = {
    "parts": "the page of all parts, for whoever builds pages",
}
"""Pages that may be English, and why."""
DATA = {
    "A taxi for the reception", "it does not know this community",
    "неизвестно, идёт ли по нему разговор: the PBX is silent",
    "no se sabe si está en una llamada: the PBX is silent",
}  # fmt: skip
"""What somebody has typed, or a device has said of itself."""


class Reader(HTMLParser):
    """Texts that a reader sees or hears, but for what is marked as English or as code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("title", "aria-label", "alt", "placeholder"):
            self._note(given.get(name) or "")
        if tag not in EMPTY:
            inside = bool(self._open) and self._open[-1][1]
            left_out = tag in QUOTED or (tag != "html" and given.get("lang") == "en")
            self._open.append((tag, inside or left_out))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not (self._open and self._open[-1][1]):
            self._note(data)

    def _note(self, text: str) -> None:
        text = " ".join(text.split())
        words = {word.lower() for word in WORD.findall(text)}
        if len(words) > 1 and words & TELLING and text not in DATA:
            self.found.append(text)


def english(page: str) -> list[str]:
    """The English sentences of a page."""
    reader = Reader()
    reader.feed(page)
    return reader.found


def test_the_reader_finds_english() -> None:
    page = '<html lang="ru"><p>Это <b>is not known</b><br><code>the code of it</code></p>'
    assert english(page + '<i title="who is it">x</i><s lang="en">this is it</s>') == [
        "is not known", "who is it",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FlaskClient, dict[str, str]]]:
    folder = DataFolder(tmp_path_factory.mktemp("english") / "data")
    furnish(folder)
    places = decorate(folder)
    with folder.opened() as installation:
        app = create_app(installation, with_styleguide=True)
        yield app.test_client(), places


def sign_in(client: FlaskClient, who: str) -> None:
    if not who:
        return
    found = TOKEN.search(client.get("/ui/sign-in").text)
    assert found
    form = {"name": who, "password": PASSWORD, "csrf_token": found[1]}
    assert client.post("/ui/sign-in", data=form).status_code == 303


@pytest.mark.parametrize("language", ["ru", "es"])
def test_every_page_speaks_the_language_of_its_reader(
    stage: tuple[FlaskClient, dict[str, str]], language: str
) -> None:
    client, places = stage
    signed_in, found = "nobody yet", []
    for name, (path, who) in sorted(PAGES.items(), key=lambda item: item[1][1]):
        if name in ALLOWED:
            continue
        if who != signed_in:
            client.delete_cookie("bellwire")
            sign_in(client, who)
            signed_in = who
        address = path.format_map(places)
        answer = client.get(address, headers={"Accept-Language": language})
        page = answer.text
        if answer.status_code == 303:  # to the sheets that are printed: those speak as the site
            continue
        assert f'<html lang="{language}"' in page, name
        found += [f"{name}: {text}" for text in english(page)]
    assert found == [], "\n".join(found)


PHONE = "/ui/sites/hotel-aurora/phones/0c383e010101"
REFUSED = {
    "a preview with warnings": (
        "/ui/sites/hotel-aurora/settings",
        {"settings": "audio: {headset: true}\nscreen: {backlight_s: 30}\ndect: {roaming: true}"},
    ),
    "a number that is none": ("/ui/sites/hotel-aurora/settings", {"sip": "expires_s: soon"}),
    "nothing of this name": ("/ui/sites/hotel-aurora/settings", {"settings": "nonsense: 1"}),
    "an extension of another room": (
        "/ui/sites/casa/rooms/201", {"extension": "20060", "do": "check"}
    ),
    "a phone of another room": (
        "/ui/sites/casa/rooms/201", {"mac__bedside": "0c383e00ea60", "do": "check"}
    ),
    "an undo that cannot be": ("/ui/sites/hotel-aurora/changes/{change}/undo", {}),
}  # fmt: skip
"""What somebody may send and is told something about."""


@pytest.mark.parametrize("language", ["ru", "es"])
def test_what_is_refused_is_said_in_the_language_of_the_reader(
    stage: tuple[FlaskClient, dict[str, str]], language: str
) -> None:
    client, places = stage
    client.delete_cookie("bellwire")
    sign_in(client, "maria")
    found = []
    for name, (path, fields) in REFUSED.items():
        address = path.format_map(places)
        before = client.get(address.removesuffix("/undo")).text
        token = TOKEN.search(before)
        etag = re.search(r'name="etag" value="(\w+)"', before)
        assert token
        form = {**fields, "csrf_token": token[1], "etag": etag[1] if etag else ""}
        answer = client.post(
            address, data=form, headers={"Accept-Language": language}, follow_redirects=True
        )
        assert f'<html lang="{language}"' in answer.text, name
        found += [f"{name}: {text}" for text in english(answer.text)]
    assert found == [], "\n".join(found)
