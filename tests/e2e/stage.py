"""A small chain of hotels with its users, served in this process, and Chromium to look at it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from monitors.status import State, Status
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.delivery import utc_now
from provisioner.inventory.audit import note
from provisioner.inventory.tables import PhoneRow
from tests.guarded import CALLS, RULES, tell_calls, tell_lists
from tests.integration.servers import DataFolder, many_rooms, sample_hotel
from tests.technician import tell
from web.accounts import api_tokens
from web.accounts.passwords import Passwords
from web.accounts.people import Role, Scope
from web.accounts.users import Reach, add_user, set_password_hash
from web.app import create_app
from web.installation import Installation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"mobile": (360, 740), "desktop": (1440, 900)}
PASSWORD = "correct horse battery"  # of everybody on this stage
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
USERS = {
    "maria": (Role.ADMIN, Reach()),
    "ivan": (Role.INSTALLER, Reach(("casa",))),
    "lucia": (Role.VIEWER, Reach(all_sites=True)),
    "nobody": (Role.VIEWER, Reach()),
}
CALLING = [
    ("2101", "101"), ("2102", "102"), ("2103", "103"), ("100", "reception"), ("101", "reception"),
    ("2104", "104"), ("109", "spa"),
]  # fmt: skip
"""Extensions that call out, with their rooms."""
STATES = {State.DOWN: 3, State.FAILING: 1, State.RECOVERING: 1, State.WARNING: 4}


@dataclass
class Stage:
    """Where the pages are served.

    Attributes:
        url: without a slash at the end.
        places: numbers and codes that addresses of pages name in braces.
    """

    url: str
    places: dict[str, str] = field(default_factory=dict, kw_only=True)


@dataclass
class Look:
    """A page in a browser, and what went wrong in it.

    Attributes:
        complaints: errors of the console, and whatever the policy refused.
    """

    page: Page
    stage: Stage
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        # the status of a page that says no is no fault of the page
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(f"{self.stage.url}{path.format_map(self.stage.places)}")

    def sign_in(self, name: str = "maria", password: str = PASSWORD) -> None:
        """Sign in as a person does."""
        self.go("/ui/sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.page.click("main button[type=submit]")

    def axe(self, *rules: str) -> list[str]:
        """What axe-core finds that keeps people out; by these rules only, if any are named."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        wanted = {"type": "rule" if rules else "tag", "values": list(rules) or AXE_TAGS}
        found: dict[str, Any] = self.page.evaluate(
            "wanted => axe.run(document, {runOnly: wanted, resultTypes: ['violations']})", wanted
        )
        return [
            f"{each['impact']}: {each['id']}: {node['html'][:160]} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
            if each["impact"] != "minor"
        ]

    def is_too_wide(self) -> bool:
        """Whether the page must be moved sideways."""
        measure = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(measure))


@contextmanager
def looking(
    browser: Browser, stage: Stage, size: str = "desktop", **options: Any
) -> Iterator[Look]:
    """A fresh browser, as if nobody had used it; whatever it complains of fails the test."""
    width, height = SIZES[size]
    mobile = size == "mobile"
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=mobile, is_mobile=mobile,
        device_scale_factor=2 if mobile else 1, **{"locale": "en-GB", **options},
    )  # fmt: skip
    context.set_default_timeout(60_000)
    try:
        look = Look(context.new_page(), stage)
        yield look
        assert look.complaints == []
    finally:
        context.close()


@contextmanager
def serving(folder: DataFolder) -> Iterator[Stage]:
    """Serve the pages of a data folder on a free port of this machine."""
    with folder.opened() as installation:
        app = create_app(installation, with_styleguide=True)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Silent)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Stage(f"http://127.0.0.1:{server.port}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class _Silent(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Say nothing."""


def furnish(folder: DataFolder) -> None:
    """Three hotels, one of them without a phone, with users and something to see."""
    url = folder.url
    aurora = {**sample_hotel(url), "name": "Hotel Aurora", "calls": {**CALLS, **RULES}}
    casa = {**many_rooms(5, url, start=60_000, site_id="casa"), "name": "Casa del Mar"}
    empty = {**many_rooms(0, url, site_id="norte"), "name": "Gran Hotel Balneario de las Mercedes"}
    folder.apply(aurora, casa, empty, options=("--no-render",))
    now = utc_now()
    with folder.opened() as installation:
        add_people(installation, now)
        with installation.database.read() as reading:
            macs_of_casa = list(
                reading.scalars(select(PhoneRow.mac).where(PhoneRow.site_id == "casa"))
            )
        tell(installation, "hotel-aurora", now)
        tell_calls(installation, "hotel-aurora", now, CALLING)
        tell_lists(installation, "hotel-aurora", now)
        judge(installation, "casa", macs_of_casa, now - timedelta(hours=3))


def add_people(installation: Installation, now: datetime) -> None:
    """Users of every role, and some entries of the audit log."""
    made = Passwords(QUICK).hash(SecretStr(PASSWORD))
    with installation.database.write() as session:
        for name, (role, reach) in USERS.items():
            row = add_user(session, name, role, reach, "web:maria", now - timedelta(days=9))
            set_password_hash(session, row, made, f"web:{name}", now - timedelta(days=9))
            if name == "maria":
                scopes = [Scope.READ, Scope.CHANGE]
                api_tokens.make_api_token(session, row, "Ansible", scopes, 365, "web:maria", now)
        add_user(session, "recepcion@casa.example", Role.VIEWER, Reach(("casa",)), "web:maria", now)
        for n in range(70):
            at = now - timedelta(hours=3 * (70 - n))
            mac = f"0c:38:3e:00:02:{n:02x}"
            note(session, at, "web:ivan", "arm", mac, "until 2026-11-22 12:00 UTC")


def judge(installation: Installation, site: str, macs: list[str], at: datetime) -> None:
    """Give phones a status: some of every kind, most work."""
    states = [state for state, count in STATES.items() for _ in range(count)]
    if len(macs) < 20:
        states = []
    kept = []
    for n, mac in enumerate(macs):
        state = states[n] if n < len(states) else State.WORKING
        kept.append(KeptStatus(mac, site, Status(state, at, "I1"), "certain", at))
    keep_statuses(installation.monitoring, kept)
