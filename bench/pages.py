"""The pages of a hotel of 500 and 5,000 phones: how long the server takes, and what it asks."""

from __future__ import annotations

import gc
import re
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import event

from bench import hotel, month
from bench.report import Table
from monitors.status import State, Status
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.delivery import utc_now
from provisioner.inventory.fetches import FetchEvent
from web.accounts.passwords import Passwords
from web.accounts.people import Role, Scope
from web.accounts.users import Reach, add_user, set_password_hash
from web.app import create_app
from web.installation import Installation

SIZES = (500, 5000)
ROUNDS = 15
GOAL_MS = 100
PASSWORD = SecretStr("a sentence for the bench")
DOWN_EVERY = 40
ADDRESSES = {
    "account, a page without phones": "/ui/account",
    "all sites": "/ui/",
    "hotel, plan": "/ui/sites/{site}",
    "hotel, plan, one floor": "/ui/sites/{site}?floor=3",
    "hotel, list": "/ui/sites/{site}?view=list",
    "hotel, list, last page": "/ui/sites/{site}?view=list&page=100",
    "hotel, only those down": "/ui/sites/{site}?state=down",
    "hotel, search": "/ui/sites/{site}?text={room}",
    "search": "/ui/search?q={room}",
    "search, many": "/ui/search?q=2",
    "incidents": "/ui/sites/{site}/incidents",
    "one phone": "/ui/sites/{site}/phones/{mac}",
    "keys of a phone": "/ui/sites/{site}/phones/{mac}/keys",
    "settings of a phone": "/ui/sites/{site}/phones/{mac}/settings",
    "files of a phone": "/ui/sites/{site}/phones/{mac}/files",
    "change a phone": "/ui/sites/{site}/phones/{mac}/change",
    "install, all floors": "/ui/sites/{site}/install",
    "install, one room": "/ui/sites/{site}/rooms/{room}",
    "install, live line": "/ui/sites/{site}/rooms/{room}/live",
    "import": "/ui/sites/{site}/import",
    "import, all rooms as CSV": "/ui/sites/{site}/import/rooms.csv",
    "settings of the site": "/ui/sites/{site}/settings",
    "changes": "/ui/sites/{site}/changes",
    "switches": "/ui/sites/{site}/switches",
    "PBX": "/ui/sites/{site}/pbx",
    "DHCP": "/ui/sites/{site}/dhcp",
    "audit log": "/ui/audit",
    "calls, today": "/ui/sites/{site}/calls",
    "calls, today, one room": "/ui/sites/{site}/calls?q={room}",
    "calls, refused this month": "/ui/sites/{site}/calls/refused",
    "calls, live": "/ui/sites/{site}/calls/live",
    "calls, blocked": "/ui/sites/{site}/calls/blocked",
    "calls, reports by extension": "/ui/sites/{site}/calls/reports",
    "calls, reports by destination": "/ui/sites/{site}/calls/reports?by=destination",
    "calls, reports by day": "/ui/sites/{site}/calls/reports?by=day",
    "calls, do-not-call checks": "/ui/sites/{site}/calls/reports/do-not-call",
    "calls, rules": "/ui/sites/{site}/calls/incoming",
    "calls, limits": "/ui/sites/{site}/calls/limits",
    "calls, lists": "/ui/sites/{site}/calls/lists",
    "calls, check a number": "/ui/sites/{site}/calls/check?number=%2B442079460123",
    "API: sites": "/api/v1/sites",
    "API: rooms, one page": "/api/v1/sites/{site}/rooms",
    "API: accounts, one page": "/api/v1/sites/{site}/accounts",
    "API: phones, one page": "/api/v1/sites/{site}/phones",
    "API: phones, a longer page": "/api/v1/sites/{site}/phones?limit=500",
    "API: status, one page": "/api/v1/sites/{site}/status",
    "API: status, a longer page": "/api/v1/sites/{site}/status?limit=500",
    "API: status of all sites": "/api/v1/status",
    "API: search": "/api/v1/search?text={room}",
    "API: incidents": "/api/v1/incidents?site={site}",
    "API: changes": "/api/v1/sites/{site}/changes",
    "API: a phone": "/api/v1/sites/{site}/phones/{mac}",
    "API: its diagnosis": "/api/v1/sites/{site}/phones/{mac}/diagnosis",
    "API: use of the limits": "/api/v1/sites/{site}/calls/usage",
    "API: live calls": "/api/v1/sites/{site}/calls/live",
    "API: refused calls": "/api/v1/sites/{site}/calls/refused",
    "API: report of a month": "/api/v1/sites/{site}/calls/report",
    "API: the site file, whole": "/api/v1/sites/{site}/file",
}
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def measure(folder: Path, say: Callable[[str], None]) -> list[Table]:
    """Run the measurement."""
    found: dict[tuple[int, str], tuple[float, float, int, int]] = {}
    for size in SIZES:
        say(f"a hotel of {size} phones")
        for name, figures in _of(folder / f"pages-{size}", size):
            found[size, name] = figures
    small, large = SIZES
    table = Table(
        f"Pages: hotels of {small:,} and {large:,} phones",
        (
            f"Milliseconds of the processor for one page, the middle of {ROUNDS}, in process: on "
            f"a quiet core that is the time it takes. The goal is {GOAL_MS} ms at {large:,} "
            "phones, with ten guarded calls a month for each. *Queries* are those to the "
            "databases, *kB* what goes over the network."
        ),
        ("page", f"{small:,}: ms", f"{large:,}: ms", "slowest", "of the goal", "growth",
         "queries", "kB"),
    )  # fmt: skip
    for name in ADDRESSES:
        if (small, name) not in found or (large, name) not in found:
            continue
        few, many = found[small, name], found[large, name]
        queries = str(many[2]) if few[2] == many[2] else f"{few[2]} to {many[2]}"
        table.add(
            name, f"{few[0]:.1f}", f"{many[0]:.1f}", f"{many[1]:.1f}",
            f"**{many[0] / GOAL_MS:.2f}**", f"{many[0] / few[0]:.2f}", queries,
            f"{many[3] / 1000:.1f}",
        )  # fmt: skip
    return [table]


def _of(folder: Path, size: int) -> Iterator[tuple[str, tuple[float, float, int, int]]]:
    folder.mkdir(parents=True, exist_ok=True)
    site_file = folder / "site.yaml"
    site_file.write_text(hotel.site_text(size), encoding="utf-8")
    with hotel.installation(folder / "data") as made:
        wanted, _ = made.applier.read([site_file])
        made.applier.apply(wanted, who="bench")
        now = utc_now()
        _judge(made, [(str(p.mac), p.site) for p in wanted.phones], now)
        month.guard(made, hotel.SITE)
        month.tell(made, hotel.SITE, [(r.extension, r.id) for r in wanted.rooms], now)
        token = _people(made, now)
        app = create_app(made)
        gc.collect()
        gc.freeze()  # as the server does, and for the hotel that this process has in memory
        browser = app.test_client()
        _sign_in(browser)
        phone = wanted.phones[size // 2]
        words = {"site": phone.site, "mac": str(phone.mac), "room": phone.room}
        for name, pattern in ADDRESSES.items():
            figures = _page(made, browser, pattern.format(**words), token)
            if figures is not None:
                yield name, figures


def _judge(made: Installation, phones: list[tuple[str, str]], now: datetime) -> None:
    kept = []
    for n, (mac, site) in enumerate(phones):
        state = State.DOWN if n % DOWN_EVERY == 0 else State.WORKING
        rule = "B7" if state is State.DOWN else "I1"
        kept.append(KeptStatus(mac, site, Status(state, now, rule), "certain", now))
    keep_statuses(made.monitoring, kept)
    recorder = made.recorder()
    for mac, site in phones:
        recorder.record(_fetch(mac, site, now))
    recorder.close()


def _fetch(mac: str, site: str, at: datetime) -> FetchEvent:
    return FetchEvent(
        at, mac, site, "http", f"{mac}.cfg", "10.0.0.9", "", "", "", "sent", "", "", 900, 400
    )


def _people(made: Installation, now: datetime) -> str:
    from web.accounts.api_tokens import make_api_token

    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with made.database.write() as session:
        row = add_user(session, "bench", Role.ADMIN, Reach(), "bench", now)
        set_password_hash(session, row, quick.hash(PASSWORD), "bench", now)
        return make_api_token(session, row, "bench", [Scope.READ], None, "bench", now)


def _sign_in(browser: FlaskClient) -> None:
    page = browser.get("/ui/sign-in").text
    found = _CSRF.search(page)
    if found is None:
        raise RuntimeError("the page to sign in has no token")
    form = {"name": "bench", "password": PASSWORD.get_secret_value(), "csrf_token": found[1]}
    answer = browser.post("/ui/sign-in", data=form)
    if answer.status_code != 303:
        raise RuntimeError(f"cannot sign in: {answer.status_code}")


def _page(
    made: Installation, browser: FlaskClient, address: str, token: str
) -> tuple[float, float, int, int] | None:
    """Milliseconds in the middle and at most, queries, bytes; None: there is no such page."""
    headers = {"Accept-Encoding": "gzip"}
    if address.startswith("/api/"):
        headers["Authorization"] = f"Bearer {token}"
    first = browser.get(address, headers=headers)
    if first.status_code != 200:
        return None
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        answer = browser.get(address, headers=headers)
        took.append((time.process_time() - began) * 1000)
        answer.close()
    with _queries(made) as asked:
        size = len(browser.get(address, headers=headers).data)
    return statistics.median(took), max(took), len(asked), size


@contextmanager
def _queries(made: Installation) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    databases = (made.database, made.monitoring, made.events)
    engines = [e for d in databases for e in {d.reader, d.writer}]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
