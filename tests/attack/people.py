"""Attacks on people and programs: sign-in, sessions, forms, other hotels, what pages show."""

from __future__ import annotations

import http.client
import itertools
import re
import time
import urllib.parse
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser

from click.testing import CliRunner

from tests.attack.guessing import Finding
from tests.attack.intruding import STRINGS
from tests.attack.stage import FOREIGN_MAC, OUTSIDE, PASSWORD, Stage
from tests.integration.servers import FANVIL
from web.cli import main

_FORM_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """A browser with a jar, or a program with a token."""

    port: int
    source: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, str, str]:
        """Ask; returns status, text and where it leads."""
        line = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(self.source, 0)
        )
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(line):
            line.request("POST" if form is not None else "GET", path, body, sent)
            answer = line.getresponse()
            text = answer.read().decode("utf-8", "replace")
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, text, answer.headers.get("Location", "")

    def form_token(self, path: str = "/ui/sign-in") -> str:
        """The token that a form of this browser needs."""
        found = _FORM_TOKEN.search(self.ask(path)[1])
        assert found, path
        return found[1]

    def sign_in(self, name: str, password: str = PASSWORD) -> int:
        """Sign in; returns the status."""
        form = {"name": name, "password": password, "csrf_token": self.form_token()}
        return self.ask("/ui/sign-in", form)[0]


def signed_in(stage: Stage, name: str) -> Browser:
    """A browser in which somebody has signed in."""
    browser = Browser(stage.server.http_port)
    assert browser.sign_in(name) == 303
    return browser


def brute_force(stage: Stage, tries: int) -> Finding:
    """Passwords for a known name from one address, and for known and unknown names."""
    found = Finding("brute-forced sign-in")
    browser = Browser(stage.server.http_port, OUTSIDE)
    token, texts = browser.form_token(), set()
    for number in range(tries):
        name = ("maria", "nobody")[number % 2]
        form = {"name": name, "password": f"guess {number}", "csrf_token": token}
        status, text, where = browser.ask("/ui/sign-in", form)
        found.tried += 1
        found.answers[str(status)] += 1
        texts.add((status, len(re.sub(r'value="[^"]*"', "", text))))
        if status == 303 or where:
            found.leak(f"signed in as {name} with guess {number}")
    form = {"name": "maria", "password": PASSWORD, "csrf_token": token}
    if browser.ask("/ui/sign-in", form)[0] == 303:
        found.leak("the right password still works for who has guessed so often")
    if len({size for status, size in texts if status != 429}) > 1:
        found.leak("known and unknown names are answered differently")
    read = tries - found.answers["429"]
    found.told = f"{read} of {tries} passwords were looked at; then the address was shut out"
    return found


def sessions(stage: Stage) -> Finding:
    """Session fixation: a session given beforehand; and sessions that were never given out."""
    found = Finding("session fixation and made-up sessions")
    attacker = Browser(stage.server.http_port)
    attacker.ask("/ui/sign-in")
    planted = dict(attacker.cookies)
    victim = Browser(stage.server.http_port, cookies=dict(planted))
    assert victim.sign_in("ivan") == 303
    for cookies in (planted, *({n: v + "x" for n, v in victim.cookies.items()},),
                    {"bellwire": "a" * 43}, {"bellwire": ""}, {"__Host-bellwire": "a"}):  # fmt: skip
        status, _, where = Browser(stage.server.http_port, cookies=dict(cookies)).ask("/ui/account")
        found.tried += 1
        found.answers[str(status)] += 1
        if status == 200 or "sign-in" not in where:
            found.leak(f"{status} with {cookies}")
    if planted == victim.cookies:
        found.leak("the session is the same after signing in")
    return found


def forged_forms(stage: Stage) -> Finding:
    """A page of somebody else sends forms with the victim's cookie (CSRF)."""
    found = Finding("forged forms (CSRF)")
    victim, attacker = signed_in(stage, "maria"), signed_in(stage, "ivan")
    theirs = attacker.form_token("/ui/account")
    site = "/ui/sites/casa"
    paths = (f"{site}/phones/{FANVIL}/retire", f"{site}/phones/{FANVIL}/arm", "/ui/users/new", "/ui/users/ivan/remove",
             "/ui/sign-out", "/ui/account/password", f"{site}/rooms/101", "/ui/account/tokens")  # fmt: skip
    before = _rows(stage)
    for path, token in itertools.product(paths, ("", "junk", theirs)):
        form = {"name": "eve", "role": "admin", "password": "x" * 20} | (
            {"csrf_token": token} if token else {}
        )
        for headers in ({}, {"Origin": "https://evil.example", "Referer": "https://evil.example/"}):
            status, _, _ = victim.ask(path, dict(form), **headers)
            found.tried += 1
            found.answers[str(status)] += 1
            if status < 400:
                found.leak(f"{path}: {status}")
    if _rows(stage) != before:
        found.leak("something has changed")
    status, _, _ = Browser(stage.server.http_port, cookies=victim.cookies).ask("/api/v1/sites")
    found.tried += 1
    if status != 401:
        found.leak(f"the API takes a browser's cookie: {status}")
    return found


def _rows(stage: Stage) -> tuple[object, ...]:
    folder = stage.server.folder
    return (
        folder.rows("select mac, armed_until from phone order by mac"),
        folder.rows("select name, role from user order by name"),
    )


def other_hotels(stage: Stage) -> Finding:
    """Ivan has the hotel casa; every page and every address of the API of the other one."""
    found = Finding("access to another tenant's site")
    ivan = signed_in(stage, "ivan")
    made = CliRunner().invoke(main, ["tokens", "add", "ivan", "--name", "probe", "--scope", "read", "--scope", "change",
                                     "--data", str(stage.server.folder.path)])  # fmt: skip
    assert made.exit_code == 0, made.output
    token = made.output.strip().split()[-1]
    program = Browser(stage.server.http_port, token=token)
    assert program.ask("/api/v1/sites/casa")[0] == 200
    for browser, paths in ((ivan, _pages()), (program, _addresses(program))):
        for path in paths:
            status, text, _ = browser.ask(path.format(site="away", mac=FOREIGN_MAC))
            found.tried += 1
            found.answers[str(status)] += 1
            shown = text.replace("/sites/away", "").lower()
            if status == 200 or "hotel away" in shown or stage.leaks(text.encode()):
                found.leak(f"{path}: {status}")
    for browser, path in ((ivan, "/ui/"), (ivan, "/ui/search?q=away"), (ivan, f"/ui/search?q={FOREIGN_MAC}"),
                          (program, "/api/v1/sites"), (program, "/api/v1/phones")):  # fmt: skip
        _, text, _ = browser.ask(path)
        found.tried += 1
        if "Hotel Away" in text or "/sites/away" in text or f'"mac":"{FOREIGN_MAC}' in text:
            found.leak(f"{path} tells of it")
    return found


def _pages() -> list[str]:
    below = ("", "/incidents", "/install", "/import", "/switches", "/pbx", "/dhcp", "/settings", "/changes",
             "/rooms/1", "/phones/{mac}", "/phones/{mac}/settings", "/phones/{mac}/keys", "/phones/{mac}/files", "/stages", "/calls")  # fmt: skip
    return [f"/ui/sites/{{site}}{part}" for part in below]


def _addresses(program: Browser) -> list[str]:
    import json

    document = json.loads(program.ask("/api/v1/openapi.json")[1])
    paths = [
        p if p.startswith("/api") else f"/api/v1{p}"
        for p, ways in document["paths"].items()
        if "get" in ways
    ]
    filled = [re.sub(r"\{(?!site|mac)\w+\}", "1", p) for p in paths if "{site}" in p]
    return [p for p in filled if p.count("{") <= 2]


class _Live(HTMLParser):
    """Finds what a browser would run of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note scripts without a source, handlers and addresses that are scripts."""
        for name, value in attrs:
            is_followed = name in {"href", "src", "action", "formaction", "xlink:href", "srcdoc"}
            leads = (value or "").strip().lower().startswith(("javascript:", "data:", "<"))
            if name.startswith("on") or (is_followed and leads):
                self.found.append(f"<{tag} {name}={value!r}>")
        if tag == "script" and "src" not in dict(attrs):
            self.found.append("<script>")


def what_is_shown(stage: Stage, sent: Finding) -> Finding:
    """After ``strings_of_phones``: no page runs them, no file or log line is made of them."""
    maria = signed_in(stage, "maria")
    time.sleep(1)  # the fetch log is written every quarter of a second
    site = "/ui/sites/casa"
    pages = [
        "/ui/", site, f"{site}/install", f"{site}/changes", f"{site}/phones/{FANVIL}", f"{site}/phones/{FANVIL}/files",
        f"{site}/phones/{FANVIL}/settings", f"{site}/phones/{FANVIL}/keys", f"{site}/incidents", f"{site}/install/waiting", "/ui/audit", "/ui/waiting",
        *(f"/ui/search?q={urllib.parse.quote(text)}" for text in STRINGS),
    ]  # fmt: skip
    seen = 0
    for path in pages:
        status, text, _ = maria.ask(path)
        sent.tried += 1
        live = _Live()
        live.feed(text)
        seen += "7310" in text
        if live.found:
            sent.leak(f"{path}: {live.found[:2]}")
        if status >= 500:
            sent.leak(f"{path}: {status}")
    folder = stage.server.folder
    stored = {row[0] for row in folder.rows("select agent from waiting", database="events.db")}
    for name, body in folder.rendered(FANVIL).items():
        if b"7310" in body:
            sent.leak(f"{name} holds a string of the phone")
    log = stage.server.log
    if any(ord(sign) < 32 and sign not in "\r\n\t" for sign in log):
        sent.leak("a control character in the log")
    sent.told = (
        f"{len(pages)} pages, the phone's files and the log were looked through; "
        f"{len(stored)} odd phones wait, {seen} pages show such strings as text"
    )
    return sent
