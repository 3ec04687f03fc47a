"""Who may see what: closed unless opened, forged requests, headers, cookies, and phones' paths."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule
from werkzeug.test import create_environ

from tests.people import PASSWORD, Office, office, post, token_of
from web.accounts.people import Person, Role
from web.pages.access import is_inside, is_page, refused
from web.pages.headers import HEADERS
from web.phone_plane import NOT_FOUND_BODY, PhonePlane
from web.soft_phone_plane import SoftPhonePlane

PUBLIC = {"entry.sign_in", "entry.do_sign_in", "entry.welcome", "entry.do_welcome", "assets.send",
          "pages"}  # fmt: skip
ADMIN_ONLY = {"/ui/users", "/ui/users/new", "/ui/users/maria", "/ui/audit"}
VALUES = {"name": "maria", "code": "a" * 26, "version": "x", "session_id": 1, "token_id": 1,
          "site": "casa"}  # fmt: skip
NOT_THERE = {"call_rules.lists_rates_csv"}  # nobody has given rates


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("access"), "casa", "norte") as made:
        made.people()
        yield made


def rules(made: Office, method: str, *, only_there: bool = False) -> list[tuple[Rule, str]]:
    """Every address of the pages that takes a method, with values filled in.

    Args:
        only_there: only those whose things there are: no room, phone or incident.
    """
    adapter = made.app.url_map.bind("localhost")
    return [
        (rule, adapter.build(rule.endpoint, {n: value_of(rule, n) for n in rule.arguments}))
        for rule in made.app.url_map.iter_rules()
        if rule.rule.startswith("/ui") and method in (rule.methods or ())
        and (not only_there or (rule.arguments <= VALUES.keys()
                                and rule.endpoint not in NOT_THERE
                                and not {"site", "name"} <= rule.arguments))
    ]  # fmt: skip


def value_of(rule: Rule, name: str, values: Mapping[str, object] = VALUES) -> object:
    """What stands in an address for a name: one of those it allows, ours, or 1."""
    allowed = re.search(rf"<any\((\w+)[^)]*\):{name}>", rule.rule)
    return allowed[1] if allowed else values.get(name, 1)


def expected(made: Office, rule: Rule, role: Role) -> int:
    """What somebody of a role gets at an address."""
    needed = getattr(made.app.view_functions[rule.endpoint], "needed_role", None)
    who = Person(1, "x", role, all_sites=True)
    return refused(who, needed, {"site": "casa"} if "site" in rule.arguments else {}) or 200


def test_every_page_asks_who_you_are_unless_it_says_otherwise(staffed: Office) -> None:
    client = staffed.client()
    for method in ("GET", "POST"):
        for rule, address in rules(staffed, method):
            if rule.endpoint in PUBLIC:
                continue
            answer = client.get(address) if method == "GET" else post(client, address)
            assert answer.status_code == 303, rule
            assert answer.headers["Location"].startswith("/ui/sign-in"), rule


def test_each_role_sees_its_pages_and_no_others(staffed: Office) -> None:
    roles = {"maria": Role.ADMIN, "ivan": Role.INSTALLER, "lucia": Role.VIEWER}
    for name, role in roles.items():
        client = staffed.client(name)
        for rule, address in rules(staffed, "GET", only_there=True):
            if rule.endpoint in PUBLIC:
                continue
            status = expected(staffed, rule, role)
            assert (status == 404) == (name != "maria" and address in ADMIN_ONLY)
            answer = client.get(address).status_code
            assert answer == status or (answer, status) == (303, 200), (name, address)
        page = client.get("/ui/").text
        assert ('href="/ui/users"' in page) == (name == "maria")


def test_what_is_not_for_a_role_cannot_be_sent_either(staffed: Office) -> None:
    client = staffed.client("ivan")
    for _, address in rules(staffed, "POST"):
        if address.startswith(("/ui/users", "/ui/audit")):
            assert post(client, address).status_code == 404, address


@pytest.mark.parametrize(
    ("person", "role", "site", "status"),
    [
        (Person(1, "a", Role.ADMIN), Role.ADMIN, None, 0),
        (Person(1, "a", Role.ADMIN), Role.ADMIN, "casa", 0),
        (Person(1, "v", Role.VIEWER, sites=frozenset({"casa"})), None, "casa", 0),
        (Person(1, "v", Role.VIEWER, sites=frozenset({"casa"})), None, "norte", 404),
        (Person(1, "v", Role.VIEWER, sites=frozenset({"casa"})), Role.INSTALLER, "casa", 403),
        (Person(1, "v", Role.VIEWER, sites=frozenset({"casa"})), Role.INSTALLER, "norte", 404),
        (Person(1, "i", Role.INSTALLER, all_sites=True), Role.INSTALLER, "new", 0),
        (Person(1, "i", Role.INSTALLER, all_sites=True), Role.ADMIN, None, 404),
    ],
)
def test_what_may_not_be_seen_is_not_there(
    person: Person, role: Role | None, site: str | None, status: int
) -> None:
    assert refused(person, role, {} if site is None else {"site": site}) == status


def test_a_form_of_another_place_is_refused(staffed: Office) -> None:
    client = staffed.client("maria")
    for _, address in rules(staffed, "POST"):
        for values in ({}, {"csrf_token": "wrong"}, {"csrf_token": token_of(staffed.client())}):
            answer = client.post(address, data=values)
            assert answer.status_code == 400, address
            assert "open for too long" in answer.text
    token = token_of(client, "/ui/account")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post("/ui/sign-out", data={"csrf_token": token}, headers=foreign)
    assert answer.status_code == 400
    answer = client.post("/ui/sign-out", headers={"X-CSRFToken": token})  # as htmx sends it
    assert answer.status_code == 303


def test_nothing_changes_by_looking(staffed: Office) -> None:
    client = staffed.client("maria")
    client.get("/ui/account")
    for rule, address in rules(staffed, "GET"):
        if rule.endpoint not in PUBLIC:
            with staffed.queries() as asked:
                client.get(address)
            assert [q for q in asked if not q.lstrip().startswith(("SELECT", "BEGIN"))] == []


def test_headers_of_every_page(staffed: Office) -> None:
    client = staffed.client()
    paths = ("/ui", "/ui/", "/ui/sign-in", "/ui/nothing", "/ui/welcome/x", "/ui/static/x/none.css")
    for answer in [*map(client.get, paths), client.post("/ui/sign-in")]:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.request.path, name)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_no_page_has_script_or_style_in_it(staffed: Office) -> None:
    client = staffed.client("maria")
    for rule, address in rules(staffed, "GET"):
        if rule.endpoint == "assets.send":
            continue
        page = client.get(address, follow_redirects=True).text
        assert not re.search(
            r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page
        )


def test_the_cookie_and_its_flags(staffed: Office) -> None:
    plain = staffed.client().get("/ui/sign-in").headers["Set-Cookie"]
    assert plain.startswith("bellwire=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(plain.split("; "))
    assert "Secure" not in plain
    safe = staffed.client().get("/ui/sign-in", base_url="https://prov.example")
    cookie = safe.headers["Set-Cookie"]
    assert cookie.startswith("__Host-bellwire=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Secure"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert safe.headers["Strict-Transport-Security"] == "max-age=15552000"


def test_a_trusted_proxy_says_how_the_browser_came(tmp_path: Path) -> None:
    with office(tmp_path, "casa", http={"trusted_proxies": ["127.0.0.1/32"]}) as made:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.9"}
        answer = made.client().get("/ui/sign-in", headers=headers)
        assert "__Host-bellwire=" in answer.headers["Set-Cookie"]
        made.people()
        client = made.app.test_client()
        token = re.search(r'csrf_token" value="([^"]+)', client.get("/ui/sign-in", headers=headers,
                          base_url="https://x").text)  # fmt: skip
        assert token
        values = {"name": "maria", "password": PASSWORD, "csrf_token": token[1]}
        client.post("/ui/sign-in", data=values, headers=headers, base_url="https://x")
        page = client.get("/ui/account", headers=headers, base_url="https://x")
        assert "192.0.2.9" in page.text


def claimed(made: Office, path: str) -> str:
    """Who answers a path in a web process: ``phone``, ``soft phone`` or ``people``."""

    class TakenError(Exception):
        """Somebody answers."""

    class Names:
        def __init__(self, name: str) -> None:
            self.name = name

        def answer(self, _request: object) -> None:
            raise TakenError(self.name)

        def __call__(self, *_: object) -> None:
            raise TakenError("people")

    http = made.installation.settings.http
    pages = SoftPhonePlane(Names("soft phone"), Names(""), http)  # type: ignore[arg-type]
    phones: Any = Names("phone")
    plane = PhonePlane(phones, made.installation.catalogue, pages, http)
    with pytest.raises(TakenError) as taken:
        plane(create_environ(path), lambda *_: None)  # type: ignore[arg-type,return-value]
    return str(taken.value)


PHONE_FILES = ("0c383e000214.cfg", "y000000000108.cfg", "snom320-0C383E000214.htm", "snom320.htm",
               "f0X3hw1.100.cfg", "p", "soft")  # fmt: skip


@pytest.mark.parametrize("name", PHONE_FILES)
def test_a_page_is_nobody_elses_whatever_things_are_called(staffed: Office, name: str) -> None:
    """A site may be called ``p`` or ``soft``, a room as a phone's file is."""
    token = "a" * 26
    words = {"site": name.lower(), "room": name, "name": name, "mac": "0c383e000214",
             "model": name, "path": f"sites/casa/rooms/{name}"}  # fmt: skip
    adapter = staffed.app.url_map.bind("localhost")
    addresses = [
        adapter.build(rule.endpoint, {n: value_of(rule, n, words) for n in rule.arguments})
        for rule in staffed.app.url_map.iter_rules()
        if rule.rule.startswith(("/ui", "/api"))
    ]
    below = [f"{top}/sites/{name}/{token}/{name}" for top in ("/ui", "/api/v1")]
    for path in [*addresses, *below]:
        assert claimed(staffed, path) == "people", path


def test_phones_keep_their_paths(staffed: Office) -> None:
    token = "a" * 26
    for path in (f"/p/{token}/0c383e000214.cfg", "/0c383e000214.cfg", "/any/0c383e000214.cfg",
                 "/uix/0c383e000214.cfg", f"/hotel/p/{token}/0c383e000214.cfg"):  # fmt: skip
        assert claimed(staffed, path) == "phone", path
    assert claimed(staffed, f"/soft/{token}") == "soft phone"


def test_outside_the_pages_nothing_tells_of_them(staffed: Office) -> None:
    client = staffed.client("maria")
    looks = set()
    for path in ("/nothing", "/uix", "/users", "/admin", "/login", "/static/bellwire.css", "/api"):
        for accept in ("text/html", "*/*"):
            answer = client.get(path, headers={"Accept": accept})
            looks.add((answer.status_code, answer.data, tuple(answer.headers)))
    assert len(looks) == 1
    status, body, headers = looks.pop()
    assert (status, body) == (404, NOT_FOUND_BODY)
    assert dict(headers) == {
        "Content-Type": "text/plain; charset=utf-8", "Content-Length": "10",
        "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
    }  # fmt: skip


def test_a_browser_finds_the_pages_and_a_phone_does_not_notice(staffed: Office) -> None:
    client = staffed.client()
    answer = client.get("/", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.headers["Location"] == "/ui/"
    for accept in ({}, {"Accept": "*/*"}):
        answer = client.get("/", headers=accept)
        assert answer.mimetype == "text/plain"
        assert b"bellwire" in answer.data
    assert client.get("/ui").headers["Location"] == "/ui/"


@pytest.mark.parametrize("size", [5_000_000])
def test_a_form_has_a_size(staffed: Office, size: int) -> None:
    client = staffed.client("maria")
    values = {"csrf_token": token_of(client, "/ui/account"), "title": "x" * size}
    assert client.post("/ui/account/tokens", data=values).status_code == 413


def test_pages_are_compressed_with_a_length_that_tells_nothing(staffed: Office) -> None:
    client = staffed.client("maria")
    plain = client.get("/ui/account").data
    lengths = set()
    for _ in range(12):
        answer = client.get("/ui/account", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert b"<h1>" in gzip.GzipFile(fileobj=io.BytesIO(answer.data)).read()
        lengths.add(len(answer.data))
    assert len(lengths) > 3
    assert max(lengths) < len(plain) / 3
    assert int(client.get("/ui/account").headers["Content-Length"]) == len(plain)


def test_an_error_is_a_page_and_says_nothing_of_the_inside(
    staffed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr("web.pages.views.overview.tiles_of", broken)
    client = staffed.client("maria")
    answer = client.get("/ui/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "secret" not in answer.text
    answer = client.get("/ui/sign-out")
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert "does not work here" in answer.text


def test_which_addresses_are_pages() -> None:
    assert is_page("/ui")
    assert is_page("/ui/x")
    assert not is_page("/uix")
    assert is_inside("/ui/audit?who=cli")
    assert not is_inside("")
