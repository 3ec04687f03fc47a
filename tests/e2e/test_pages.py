"""Every page in a real browser, at both sizes: it is reachable, readable, and nothing jumps."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.exceptions import NotFound

from tests.e2e.scenes import SCENES
from tests.e2e.stage import PASSWORD, Look, Stage, looking
from tests.people import office

PAGES = {
    "sign-in": ("/ui/sign-in", ""),
    "sites": ("/ui/", "maria"),
    "sites-none": ("/ui/", "nobody"),
    "account": ("/ui/account", "maria"),
    "users": ("/ui/users", "maria"),
    "user": ("/ui/users/ivan", "maria"),
    "user-new": ("/ui/users/new", "maria"),
    "audit": ("/ui/audit", "maria"),
    "audit-nothing": ("/ui/audit?text=nothing+like+this", "maria"),
    "hotel": ("/ui/sites/hotel-aurora", "maria"),
    "hotel-list": ("/ui/sites/hotel-aurora?view=list", "maria"),
    "incidents": ("/ui/sites/hotel-aurora/incidents", "maria"),
    "incident": ("/ui/sites/hotel-aurora/incidents/3", "maria"),
    "phone": ("/ui/sites/hotel-aurora/phones/0c383e010101", "maria"),
    "phone-keys": ("/ui/sites/hotel-aurora/phones/805ec0000100/keys", "maria"),
    "phone-change": ("/ui/sites/hotel-aurora/phones/0c383e010101/change", "maria"),
    "search": ("/ui/search?q=10", "maria"),
    "search-nothing": ("/ui/search?q=nothing", "maria"),
    "not-found": ("/ui/nothing", "maria"),
    "change-site": ("/ui/sites/hotel-aurora/settings", "maria"),
    "change-history": ("/ui/sites/hotel-aurora/changes", "maria"),
    "change-nothing": ("/ui/sites/casa/changes", "maria"),
    "phone-settings": (
        "/ui/sites/hotel-aurora/phones/0c383e010101/settings?setting=sip.expires_s",
        "maria",
    ),
    "phone-files": ("/ui/sites/hotel-aurora/phones/0c383e010101/files", "maria"),
    "install": ("/ui/sites/hotel-aurora/install", "maria"),
    "install-room": ("/ui/sites/hotel-aurora/rooms/101", "maria"),
    "install-room-free": ("/ui/sites/casa/rooms/201", "ivan"),
    "install-nothing": ("/ui/sites/norte/install", "maria"),
    "import": ("/ui/sites/hotel-aurora/import", "maria"),
    "labels": ("/ui/sites/hotel-aurora/rooms/101/labels", "maria"),
    "hotel-nothing": ("/ui/sites/norte", "maria"),
    "incidents-nothing": ("/ui/sites/casa/incidents", "maria"),
    "mend": ("/ui/sites/hotel-aurora/phones/0c383e010102/mend/{mend}", "maria"),
    "change": ("/ui/sites/hotel-aurora/changes/{change}", "maria"),
    "switches": ("/ui/sites/hotel-aurora/switches", "maria"),
    "switches-nothing": ("/ui/sites/casa/switches", "maria"),
    "switch": ("/ui/sites/hotel-aurora/switches/sw-floor-1", "maria"),
    "switch-silent": ("/ui/sites/hotel-aurora/switches/sw-kitchen", "maria"),
    "pbx": ("/ui/sites/hotel-aurora/pbx", "maria"),
    "pbx-files": ("/ui/sites/hotel-aurora/pbx/files", "maria"),
    "dhcp": ("/ui/sites/hotel-aurora/dhcp", "maria"),
    "dhcp-kea": ("/ui/sites/hotel-aurora/dhcp/kea", "maria"),
    "calls": ("/ui/sites/hotel-aurora/calls", "maria"),
    "calls-refused": ("/ui/sites/hotel-aurora/calls/refused", "maria"),
    "calls-live": ("/ui/sites/hotel-aurora/calls/live", "maria"),
    "calls-blocked": ("/ui/sites/hotel-aurora/calls/blocked", "maria"),
    "calls-reports": ("/ui/sites/hotel-aurora/calls/reports", "maria"),
    "calls-reports-by-day": ("/ui/sites/hotel-aurora/calls/reports?by=day", "maria"),
    "calls-checks": ("/ui/sites/hotel-aurora/calls/reports/do-not-call", "maria"),
    "calls-off": ("/ui/sites/norte/calls", "maria"),
    "welcome": ("/ui/welcome/{welcome}", ""),
    "calls-incoming": ("/ui/sites/hotel-aurora/calls/incoming", "maria"),
    "calls-rule": ("/ui/sites/hotel-aurora/calls/incoming/rules/house", "maria"),
    "calls-action": ("/ui/sites/hotel-aurora/calls/incoming/actions/vip/0", "maria"),
    "calls-add-actions": ("/ui/sites/hotel-aurora/calls/incoming/add-actions", "maria"),
    "calls-add-group": ("/ui/sites/hotel-aurora/calls/incoming/add-group", "maria"),
    "calls-add-extensions": ("/ui/sites/hotel-aurora/calls/incoming/add-extensions", "maria"),
    "calls-limits-account": ("/ui/sites/hotel-aurora/calls/limits/accounts/2101", "maria"),
    "calls-group": ("/ui/sites/hotel-aurora/calls/incoming/lists/group/spam", "maria"),
    "calls-limits": ("/ui/sites/hotel-aurora/calls/limits", "maria"),
    "calls-lists": ("/ui/sites/hotel-aurora/calls/lists?number=%2B442079460123", "maria"),
    "calls-check": ("/ui/sites/hotel-aurora/calls/check?number=0044+20+7946+0123", "maria"),
    "calls-nothing": ("/ui/sites/norte/calls/incoming", "maria"),
    "parts": ("/ui/styleguide", "maria"),
}
SHIFT = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(each => sum += each.value))
    .observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 20);
})"""
SHIFT_MAX = 0.1
DRAWN_TO_SCALE = {"labels"}  # and in the guests' language
RUNS = (
    # size, scheme, languages that change from page to page, whether axe looks as well
    ("mobile", "light", ("es", "ru"), True),
    ("desktop", "dark", ("en",), True),
    ("mobile", "light", ("ru", "es"), False),
)
CUT_OFF = """() => [...document.querySelectorAll('main *, nav *')]
  .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 2
          && getComputedStyle(e).display.startsWith('inline') === false
          && !e.closest('svg, thead, .tabs') && !e.matches('input, select, option, textarea, pre'))
  .map(e => 'words are cut off: ' + e.className + ': ' + e.textContent.trim().slice(0, 40))"""

IN_PIECES = """() => [...document.querySelectorAll('main td')]
  .filter(e => e.checkVisibility() && getComputedStyle(e).display === 'grid'
          && [...e.childNodes].filter(n => n.nodeType === Node.TEXT_NODE ? n.textContent.trim()
             : n.nodeType === Node.ELEMENT_NODE && n.checkVisibility()).length > 1)
  .map(e => 'a cell in pieces: ' + e.textContent.trim().slice(0, 40))"""


def test_no_page_is_forgotten(tmp_path: Path) -> None:
    """Whoever adds a page adds it to PAGES; parts of pages and what is no page are named here."""
    no_pages = {
        "pages": "leads to the sites",
        "assets.send": "style sheets, scripts and icons",
        "install.after": "leads to the next room",
        "install.live": "a part of the page of a room",
        "install.waiting": "a part of the page of a room",
        "call_rules.limits_choose": "leads to the limits of an account",
    }
    with office(tmp_path, "casa") as made:
        pages = {
            rule.endpoint
            for rule in made.app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
            and rule.rule.startswith("/ui")
            and not rule.rule.endswith("csv")  # a file
        }
        assert set(no_pages) <= pages
        addresses = made.app.url_map.bind("127.0.0.1")
        looked_at = set()
        for path, _ in PAGES.values():
            with suppress(NotFound):
                plain = path.partition("?")[0].format(change=1, mend=1, welcome="code")
                looked_at.add(addresses.match(plain)[0])
    assert pages - looked_at - set(no_pages) == set()


def _as(look: Look, who: str) -> None:
    """Sign out, and in as somebody else."""
    look.page.context.clear_cookies()
    if who:
        look.sign_in(who)


@pytest.mark.parametrize(("size", "scheme", "languages", "with_axe"), RUNS)
def test_every_page_is_for_everybody(
    browser: Browser,
    stage: Stage,
    size: str,
    scheme: str,
    languages: tuple[str, ...],
    *,
    with_axe: bool,
) -> None:
    found = []
    for start, language in enumerate(languages):
        with looking(browser, stage, size, color_scheme=scheme, locale=language) as look:
            signed_in = None
            for name, (path, who) in list(PAGES.items())[start :: len(languages)]:
                if who != signed_in:
                    _as(look, who)
                    signed_in = who
                look.go(path)
                wrong = look.axe() if with_axe else []
                if with_axe and look.page.evaluate(SHIFT) > SHIFT_MAX:
                    wrong.append("something jumps")
                spoken = look.page.evaluate("document.documentElement.lang")
                if spoken != language and name not in DRAWN_TO_SCALE:
                    wrong.append(f"speaks {spoken}")
                if size == "mobile" and name not in DRAWN_TO_SCALE:
                    wrong += look.page.evaluate(CUT_OFF) + look.page.evaluate(IN_PIECES)
                if look.is_too_wide():
                    wrong.append("wider than the screen")
                found += [f"{name} ({language}): {each}" for each in wrong]
    assert found == []


@pytest.mark.parametrize("size", ["mobile", "desktop"])
def test_what_comes_of_typing_is_accessible(browser: Browser, stage: Stage, size: str) -> None:
    found = []
    with looking(browser, stage, size) as look:
        look.sign_in()
        for name, (path, _, act) in SCENES.items():
            look.go(path)
            act(look.page)
            found += [f"{name}: {each}" for each in look.axe()]
            if look.is_too_wide():
                found.append(f"{name}: wider than the screen")
    assert found == []


def test_all_can_be_done_with_the_keyboard(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage) as look:
        page = look.page
        look.go("/ui/sign-in")
        expect(page.locator("#name")).to_be_focused()
        page.keyboard.type("maria")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Sites")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        look.go("/ui/users/ivan")
        ask = page.locator("details.ask > summary")
        ask.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Remove ivan")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Remove ivan")).to_be_hidden()
        expect(ask).to_be_focused()
        outline = ask.evaluate("e => getComputedStyle(e).outlineWidth")
        assert outline == "3px"


def test_without_a_script_everything_works(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile", java_script_enabled=False) as look:
        page = look.page
        look.sign_in("lucia")
        expect(page.locator("h1")).to_have_text("Sites")
        look.go("/ui/account")
        page.locator("details.more > summary").click()
        page.fill("#title", "Without a script")
        page.get_by_role("button", name="Make the token").click()
        expect(page.locator("code.once")).to_contain_text("bw_")
        page.locator("details.ask > summary").first.click()
        page.get_by_role("button", name="Revoke this token").click()
        expect(page.get_by_text("The token is revoked.")).to_be_visible()
        page.context.clear_cookies()
        look.sign_in()
        look.go("/ui/audit")
        page.select_option("#action", "arm")
        page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(re.compile("action=arm"))
        page.get_by_role("link", name="Older").click()
        expect(page.get_by_role("link", name="Newest")).to_be_visible()


def test_the_log_is_filtered_without_loading_the_page_again(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage) as look:
        page = look.page
        look.sign_in()
        look.go("/ui/audit")
        page.evaluate("window.stayed = true")
        page.select_option("#who", "web:ivan")
        expect(page).to_have_url(re.compile("who=web"))
        expect(page.locator("#entries td.first").first).to_contain_text(re.compile("."))
        expect(page.locator("#entries tbody tr")).not_to_have_count(0)
        people = set(page.locator('#entries td[data-label="Who"]').all_inner_texts())
        assert people == {"web:ivan"}
        assert page.evaluate("window.stayed") is True


def test_sites_are_looked_at_again_only_while_somebody_looks(
    browser: Browser, stage: Stage
) -> None:
    with looking(browser, stage) as look:
        page = look.page
        look.sign_in()
        expect(page.locator("#tiles article")).to_have_count(3)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
        poll = "htmx.trigger('#tiles', 'seen')"
        page.evaluate(hide % "true")
        page.evaluate(poll)
        assert asked == []
        page.evaluate(hide % "false")
        with page.expect_response(re.compile("/ui/$")):
            page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#tiles article")).to_have_count(3)
        assert len(asked) >= 1


def test_each_role_finds_its_way(browser: Browser, stage: Stage) -> None:
    places = {
        "maria": ["Sites", "Users", "Audit log", "My account"], "ivan": ["Sites", "My account"],
        "lucia": ["Sites", "My account"],
    }  # fmt: skip
    sites = {"maria": 3, "ivan": 1, "lucia": 3}
    for name, wanted in places.items():
        with looking(browser, stage) as look:
            look.sign_in(name)
            expect(look.page.locator(".places .long")).to_have_text(wanted)
            expect(look.page.locator("article.site")).to_have_count(sites[name])
            look.go("/ui/users")
            shown = "Users" if name == "maria" else "There is no such page"
            expect(look.page.locator("h1")).to_have_text(shown)


def test_an_administrator_invites_and_removes_somebody(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage, "mobile") as look, looking(browser, stage, "mobile") as other:
        page = look.page
        look.sign_in()
        page.get_by_role("link", name="Users").click()
        page.get_by_role("link", name="Add a user").click()
        page.fill("#name", "pedro")
        page.get_by_label("Installer").check()
        page.get_by_label("Hotel Aurora").check()
        page.get_by_role("button", name="Add the user").click()
        link = page.locator("code.once").inner_text()
        assert link.startswith(stage.url)
        assert look.axe() == []
        other.page.goto(link)
        other.page.fill("#password", "the sea is very blue")
        other.page.fill("#again", "the sea is very blue")
        other.page.click("main button[type=submit]")
        expect(other.page.locator("article.site h2")).to_have_text("Hotel Aurora")
        page.get_by_role("link", name="Users").first.click()
        page.get_by_role("link", name="pedro").click()
        page.locator("details.ask > summary").click()
        page.get_by_role("button", name="Remove pedro").click()
        expect(page.get_by_role("status")).to_contain_text("pedro is removed.")
        other.page.reload()
        expect(other.page.locator("h1")).to_have_text("Sign in")


def test_a_page_prints_without_its_frame(browser: Browser, stage: Stage) -> None:
    with looking(browser, stage) as look:
        look.sign_in()
        look.go("/ui/audit")
        look.page.emulate_media(media="print", color_scheme="dark")
        for hidden in (".places", ".filters", ".whoami", ".pager"):
            expect(look.page.locator(hidden)).to_be_hidden()
        ground = look.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
