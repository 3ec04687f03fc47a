"""The API in this process: an office with a hotel in it, and programs with tokens."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from werkzeug.test import TestResponse

from monitors.incident_steps import Open
from monitors.status import State, Status
from monitors.store.incidents import open_incidents, take
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.inventory.fetches import Recorder, WaitingPhone
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_records import to_inventory
from provisioner.inventory.tables import PhoneRow, RoomRow
from tests.people import NOON, Office, office, office_on
from web.accounts.api_tokens import make_api_token
from web.accounts.people import Role, Scope, scopes_of
from web.accounts.users import user_named

ROOT = "/api/v1"
SECRET = "s3cret-of-2101"
COMMUNITY = "c0mmunity-of-casa"
AMI = "ami-p4ssword"
PROXY = "p4ssword-of-proxy"
HOTEL = f"""
sites:
  - id: casa
    name: Hotel Casa
    country: ES
    timezone: Europe/Madrid
    languages: [es, en]
    networks: [10.20.0.0/16]
    url: http://127.0.0.1
    sip: {{registrar: pbx.casa.example}}
    numbers: {{reception: "100", emergency: "112", wake_up: "*55"}}
    accounts:
      - {{extension: "100", name: Reception}}
      - {{extension: "2101", name: Room 101, secret: {SECRET}, voicemail: true}}
    rooms:
      - {{id: "101", floor: 1, template: guest-room, extension: "2101", phones: {{
          bedside: {{model: fanvil/h5, mac: "0c:38:3e:00:01:01"}},
          bathroom: {{model: fanvil/h2u-v2, mac: "0c:38:3e:00:01:02"}}}}}}
      - {{id: "102", floor: 1, template: guest-room, extension: "2102", phones: {{
          bedside: {{model: fanvil/h5, mac: "0c:38:3e:00:01:03"}}}}}}
      - {{id: "201", floor: 2, template: guest-room, extension: "2201"}}
      - {{id: reception, template: reception, extension: "100", phones: {{
          desk: {{model: yealink/t46u, mac: "80:5e:c0:00:01:00"}}}}}}
    switches:
      - {{host: 10.20.0.2, name: sw-1, snmp: {{version: 2c, community: {COMMUNITY}}}}}
    pbx: {{kind: asterisk, ami: {{host: 10.20.0.5, username: bellwire, secret: {AMI}}}}}
  - id: norte
    name: Hotel Norte
    country: ES
    timezone: Europe/Madrid
    languages: [es]
    networks: [10.30.0.0/16]
    url: http://127.0.0.1
    rooms:
      - {{id: "1", floor: 1, template: guest-room, extension: "3001", phones: {{
          bedside: {{model: fanvil/h5, mac: "0c:38:3e:00:09:01"}}}}}}
"""
BEDSIDE, BATHROOM, DESK = "0c:38:3e:00:01:01", "0c:38:3e:00:01:02", "80:5e:c0:00:01:00"
NORTE = "0c:38:3e:00:09:01"
FRESH = "0c:38:3e:00:0f:01"
SECRETS = (SECRET, COMMUNITY, AMI)


@dataclass
class Api:
    """Programs that ask; the default one is the administrator's, for everything."""

    office: Office
    tokens: dict[tuple[str, frozenset[Scope]], str] = field(default_factory=dict)

    def token(self, who: str = "maria", scopes: Iterable[str] = tuple(Scope)) -> str:
        key = who, frozenset(map(Scope, scopes))
        if key not in self.tokens:
            with self.office.installation.database.write() as session:
                row = user_named(session, who)
                may = key[1].intersection(scopes_of(Role(row.role)))
                made = make_api_token(session, row, "test", may, None, "test", NOON)
            self.tokens[key] = made
        return self.tokens[key]

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        who: str = "maria",
        scopes: Iterable[str] = tuple(Scope),
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """Send a request with a token."""
        given = {"Authorization": f"Bearer {self.token(who, scopes)}", **(headers or {})}
        if body is not None:
            options["data"] = json.dumps(body)
            options.setdefault("content_type", "application/json")
        client = self.office.app.test_client()
        return client.open(ROOT + path, method=method, headers=given, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def json(self, path: str, **options: Any) -> Any:
        """What a GET answers; it must be 200."""
        answer = self.get(path, **options)
        assert answer.status_code == 200, answer.text
        return answer.json

    def tag(self, path: str) -> str:
        """The ETag of a document."""
        return self.get(path).headers["ETag"]

    def write(
        self, method: str, path: str, body: Any = None, *, match: str | None = None, **options: Any
    ) -> TestResponse:
        """Write a document that is as it was read just now, or as ``match`` says."""
        return self.ask(
            method, path, body, headers={"If-Match": match or self.tag(path)}, **options
        )


def keep_incident(api: Api, site: str = "casa", mac: str = BEDSIDE) -> int:
    """An incident of a phone that is down, with its status; returns its number."""
    bare, monitoring = mac.replace(":", ""), api.office.installation.monitoring
    begun = NOON - timedelta(minutes=5)
    status = Status(State.DOWN, begun, "E1")
    keep_statuses(monitoring, [KeptStatus(bare, site, status, "certain", NOON)])
    take(monitoring, site, [Open(f"phone {bare}", grouped=False, name="", rule="E1",
         sureness="certain", facts={}, macs=frozenset({bare}), began_at=begun)], NOON)  # fmt: skip
    return open_incidents(monitoring, site)[-1].id


def keep_waiting(api: Api, mac: str, address: str, model: str = "fanvil/h5") -> None:
    """A phone that waits for somebody to adopt it."""
    recorder = Recorder(api.office.installation.events)
    bare = mac.replace(":", "")
    recorder.record(
        WaitingPhone(bare, "fanvil", model, "2.12", "Fanvil", address, "http", NOON, NOON)
    )
    recorder.flush()


def add_phones(api: Api, count: int, site: str = "casa") -> None:
    """Many rooms with a phone each."""
    empty: dict[str, Any] = {"accounts": ["100"], "keys": [], "handsets": [], "accessories": []}
    with api.office.installation.database.write() as session:
        session.execute(
            insert(RoomRow),
            [{"site_id": site, "id": f"x{n}", "name": "", "floor": "9", "template": "guest-room",
              "extension": "", "settings": {}} for n in range(count)],
        )  # fmt: skip
        session.execute(
            insert(PhoneRow),
            [{"mac": f"0c383ea{n:05x}", "site_id": site, "room_id": f"x{n}", "position": "bedside",
              "model": "fanvil/h5", "preset": "guest-room", "settings": {},
              "token_hash": f"{n}", "secrets": "", **empty} for n in range(count)],
        )  # fmt: skip


@contextmanager
def hotel(folder: Path, **settings: Any) -> Iterator[Api]:
    """An office with two hotels and everybody who works there."""
    data = Path(shutil.copytree(_furnished(), folder / "data"))
    with office_on(data, **settings) as made:
        yield Api(made)


@cache
def _furnished() -> Path:
    """Its data folder, filled once: copying it is quicker."""
    kept = tempfile.TemporaryDirectory(prefix="bellwire-hotel-")
    atexit.register(kept.cleanup)
    with office(Path(kept.name)) as made:
        here = made.installation
        wanted, _ = to_inventory((parse_site_file("hotel.yaml", HOTEL),), here.catalogue)
        here.applier.apply(wanted, who="test")
        made.people()
        return here.settings.data
