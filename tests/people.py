"""The pages in this process, with users of every role and a clock that a test moves."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import event, insert, select
from werkzeug.test import TestResponse

from provisioner.config import read_settings
from provisioner.inventory.tables import PhoneRow, SiteRow
from web.accounts.passwords import Passwords
from web.accounts.people import Role
from web.accounts.signing_in import Door
from web.accounts.users import Reach, add_user, set_password_hash
from web.app import create_app
from web.installation import Installation, opened
from web.pages import desk

NOON = datetime.fromisoformat("2026-11-22 12:00")
PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
USERS = {
    "maria": (Role.ADMIN, Reach()),
    "ivan": (Role.INSTALLER, Reach(("casa",))),
    "lucia": (Role.VIEWER, Reach(all_sites=True)),
}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Clock:
    """The time, naive UTC and in monotonic seconds."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.at.timestamp()

    def move(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Office:
    """An installation with its pages.

    Attributes:
        hash: of everybody's password.
    """

    installation: Installation
    app: Flask
    door: Door
    clock: Clock
    hash: str = field(default="", repr=False)

    def client(self, name: str = "", password: str = PASSWORD) -> FlaskClient:
        """A browser; with a name: signed in."""
        made = self.app.test_client()
        if name:
            answer = post(made, "/ui/sign-in", {"name": name, "password": password})
            assert answer.status_code == 303, answer.text
        return made

    def macs(self) -> list[str]:
        """All phones."""
        with self.installation.database.read() as session:
            return list(session.scalars(select(PhoneRow.mac).order_by(PhoneRow.mac)))

    def people(self) -> None:
        """Add users of every role, who all have the same password."""
        with self.installation.database.write() as session:
            for name, (role, reach) in USERS.items():
                row = add_user(session, name, role, reach, "test", NOON)
                set_password_hash(session, row, self.hash, "test", NOON)

    @contextmanager
    def queries(self) -> Iterator[list[str]]:
        """What is asked of the databases meanwhile."""
        asked: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            asked.append(statement)

        databases = (self.installation.database, self.installation.monitoring)
        engines = [e for d in databases for e in {d.reader, d.writer}]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)


def site(name: str, **values: Any) -> dict[str, Any]:
    """The columns of a site."""
    return {
        "id": name, "name": f"Hotel {name.title()}", "country": "ES", "timezone": "Europe/Madrid",
        "languages": ["es"], "networks": [], "url": "http://127.0.0.1", "numbers": {},
        "settings": {}, "presets": {}, "switches": [], "pbx": None, **values,
    }  # fmt: skip


@cache
def _blank() -> Path:
    """An empty data folder, migrated once: copying it is quicker."""
    kept = tempfile.TemporaryDirectory(prefix="bellwire-blank-")
    atexit.register(kept.cleanup)
    data = Path(kept.name) / "data"
    with opened(read_settings(data=data)):
        pass
    return data


def blank_folder(folder: Path) -> Path:
    """Make a data folder that is empty and up to date."""
    return Path(shutil.copytree(_blank(), folder / "data"))


@contextmanager
def office(folder: Path, *sites: str, **settings: Any) -> Iterator[Office]:
    """Pages on a fresh data folder; hashing costs next to nothing in it."""
    data = blank_folder(folder)
    with office_on(data, **settings) as made:
        if sites:
            with made.installation.database.write() as session:
                session.execute(insert(SiteRow), [site(name) for name in sites])
        yield made


@contextmanager
def office_on(data: Path, **settings: Any) -> Iterator[Office]:
    """Pages on a data folder that there is."""
    with opened(read_settings(data=data, **settings)) as installation:
        clock, passwords = Clock(), Passwords(QUICK)
        door = Door(installation.database, passwords, clock_s=clock.monotonic_s)
        app = create_app(installation)
        app.extensions[desk.KEY] = desk.Desk(
            installation, door, app.extensions[desk.KEY].assets, clock
        )
        yield Office(installation, app, door, clock, passwords.hash(SecretStr(PASSWORD)))


def token_of(client: FlaskClient, path: str = "/ui/sign-in") -> str:
    """The token that the forms of a browser must carry."""
    answer = client.get(path, follow_redirects=True)
    found = TOKEN.search(answer.text)
    assert found, answer.text
    return found[1]


def post(
    client: FlaskClient, path: str, values: Mapping[str, Any] | None = None, **options: Any
) -> TestResponse:
    """Send a form as a browser does."""
    return client.post(path, data={**(values or {}), "csrf_token": token_of(client)}, **options)
