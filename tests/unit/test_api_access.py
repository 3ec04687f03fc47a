"""Who may ask the API for what: tokens, scopes, roles, sites; and nothing by cookies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from tests.api import BEDSIDE, NORTE, ROOT, Api, hotel
from tests.people import NOON
from web.accounts.people import Role, Scope
from web.accounts.tables import ApiTokenRow, UserRow
from web.api.answering import NOBODY
from web.api.bearer import PER_ADDRESS, Bearers
from web.api.operation import Operation
from web.api.problems import KINDS, ProblemError
from web.api.table import OPERATIONS

NAMES = {
    "site": "casa", "room": "101", "extension": "2101", "mac": BEDSIDE,
    "switch": "sw-1", "server": "kea", "vendor": "fanvil", "model": "h5", "user": "ivan",
    "preset": "guest-room", "number": "1", "scope": "account", "name": "2101",
    "caller": "+34600111222", "address": "198.51.100.23", "list": "robinson",
}  # fmt: skip


ASKED = {"search": "?text=casa", "get_figures": "?quantity=rtt_us", "get_phone_file": "?name=a.cfg",
         "look_up_rate": "?number=600111222", "check_number": "?number=600111222"}  # fmt: skip
"""What some operations must be asked."""


def filled(operation: Operation, **names: str) -> str:
    """The path of an operation with something that is there."""
    path = operation.path
    for name, value in {**NAMES, **names}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A hotel that no test changes."""
    with hotel(tmp_path_factory.mktemp("api")) as made:
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Api]:
    """A hotel for one test."""
    with hotel(tmp_path) as made:
        yield made


@pytest.fixture
def client(api: Api) -> FlaskClient:
    return api.office.app.test_client()


GUARDED = [o for o in OPERATIONS if o.scope is not None]
OPEN = [o for o in OPERATIONS if o.scope is None]


def name(operation: Operation) -> str:
    return operation.id


def test_only_these_need_no_token() -> None:
    assert [o.id for o in OPEN] == ["get_openapi", "get_health"]
    assert not NOBODY.scopes


def test_without_a_right_token_there_is_nothing(api: Api, client: FlaskClient) -> None:
    for operation in GUARDED:
        path = ROOT + filled(operation)
        answer = client.open(path, method=operation.method)
        assert answer.status_code == 401, operation.id
        assert answer.mimetype == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="bellwire"'
        assert answer.json == {
            "type": "urn:bellwire:problem:token", "title": "A token is needed", "status": 401,
            "detail": "send the header Authorization: Bearer bw_...",
        }  # fmt: skip


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Basic bWFyaWE6cGFzcw==", "Bearer bw_short", "bw_" + "a" * 43,
     "Bearer bw_" + "a" * 43, "Bearer " + "x" * 10_000, "Bearer bw_\u00e9" + "a" * 43],
)  # fmt: skip
def test_wrong_tokens_are_refused(client: FlaskClient, header: str) -> None:
    answer = client.get(f"{ROOT}/me", headers={"Authorization": header})
    assert answer.status_code == 401
    wrong = header.startswith(("Bearer bw_", "Bearer x"))
    assert ('error="invalid_token"' in answer.headers["WWW-Authenticate"]) == wrong


def test_a_browser_that_is_signed_in_is_nobody_here(api: Api) -> None:
    browser = api.office.client("maria")
    assert browser.get("/ui/").status_code == 200
    assert browser.get(f"{ROOT}/me").status_code == 401
    answer = browser.delete(f"{ROOT}/users/ivan")
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_a_token_ends_with_its_time_and_its_user(own: Api) -> None:
    client = own.office.app.test_client()
    token = own.token("ivan", ["read"])
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(f"{ROOT}/me", headers=headers).json == {
        "user": "ivan", "role": "installer", "scopes": ["read"], "all_sites": False,
        "sites": ["casa"],
    }  # fmt: skip
    database = own.office.installation.database
    with database.write() as session:
        session.execute(update(UserRow).where(UserRow.name == "ivan").values(active=False))
    assert client.get(f"{ROOT}/me", headers=headers).status_code == 401
    with database.write() as session:
        session.execute(update(UserRow).where(UserRow.name == "ivan").values(active=True))
        session.execute(update(ApiTokenRow).values(expires_at=NOON + timedelta(hours=1)))
    assert client.get(f"{ROOT}/me", headers=headers).status_code == 200
    own.office.clock.move(hours=1)
    assert client.get(f"{ROOT}/me", headers=headers).status_code == 401


def test_the_use_of_a_token_is_noted_now_and_then(own: Api) -> None:
    def used() -> Any:
        with own.office.installation.database.read() as session:
            return session.scalar(select(ApiTokenRow.used_at))

    own.get("/me")
    assert used() == NOON
    own.office.clock.move(minutes=2)
    own.get("/me")
    assert used() == NOON
    own.office.clock.move(minutes=4)
    own.get("/me")
    assert used() == NOON + timedelta(minutes=6)


def test_scopes(api: Api) -> None:
    for operation in GUARDED:
        others = [s for s in Scope if s is not operation.scope]
        answer = api.ask(operation.method, filled(operation), scopes=others)
        assert answer.status_code == 403, operation.id
        assert answer.json["type"] == "urn:bellwire:problem:scope"
        assert f'scope="{operation.scope}"' in answer.headers["WWW-Authenticate"]


def test_roles(api: Api) -> None:
    for operation in GUARDED:
        if operation.role is Role.VIEWER or operation.scope is Scope.USERS:
            continue
        answer = api.ask(operation.method, filled(operation), who="lucia")
        assert (answer.status_code, answer.json["type"]) == (403, "urn:bellwire:problem:role")
        if operation.role is Role.ADMIN:
            answer = api.ask(operation.method, filled(operation), who="ivan")
            assert answer.status_code == 403, operation.id


def test_users_is_for_administrators_even_with_the_scope(api: Api) -> None:
    for operation in GUARDED:
        if operation.scope is Scope.USERS:
            answer = api.ask(operation.method, filled(operation), who="ivan")
            assert answer.status_code == 403, operation.id


def test_a_site_that_is_not_assigned_is_not_there(api: Api) -> None:
    for operation in GUARDED:
        if "{site}" not in operation.path:
            continue
        for site in ("norte", "nowhere"):
            path = filled(operation, site=site, mac=NORTE, room="1", extension="3001")
            answer = api.ask(operation.method, path, who="ivan")
            assert answer.status_code == 404, (operation.id, site)
            assert answer.json["detail"] == f"there is no site '{site}'"


def test_lists_hold_the_sites_assigned_only(api: Api) -> None:
    for path in ("/sites", "/phones", "/status", "/incidents", "/waiting", "/library", "/rollouts"):
        assert "norte" not in api.get(path, who="ivan").text
    assert [s["id"] for s in api.json("/sites", who="ivan")["items"]] == ["casa"]
    assert [s["id"] for s in api.json("/sites", who="lucia")["items"]] == ["casa", "norte"]
    assert api.get("/phones?site=norte", who="ivan").json["items"] == []
    assert api.get("/incidents?site=norte", who="ivan").status_code == 422
    assert api.get("/waiting?site=norte", who="ivan").status_code == 422


# wrong tokens


def test_wrong_tokens_shut_an_address_out_but_never_a_right_one(own: Api) -> None:
    client = own.office.app.test_client()
    wrong = {"Authorization": "Bearer bw_" + "a" * 43}
    codes = [client.get(f"{ROOT}/me", headers=wrong).status_code for _ in range(PER_ADDRESS[0] + 3)]
    assert codes == [*[401] * (PER_ADDRESS[0] + 1), 429, 429]
    last = client.get(f"{ROOT}/me", headers=wrong)
    assert last.headers["Retry-After"] == "60"
    assert last.json["type"] == "urn:bellwire:problem:too-many"
    assert own.get("/me").status_code == 200
    own.office.clock.move(seconds=61)
    assert client.get(f"{ROOT}/me", headers=wrong).status_code == 401


def test_only_so_many_uses_are_remembered(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.api.bearer._REMEMBERED", 1)
    bearers = Bearers(api.office.installation.database)
    for who in ("maria", "ivan"):
        token = api.token(who, ["read"])
        bearers.person(f"bearer {token}", "127.0.0.1", NOON, 0.0)
    assert len(bearers.used) == 1
    with pytest.raises(ProblemError):
        bearers.person("", "127.0.0.1", NOON, 0.0)


# addresses


@pytest.mark.parametrize("path", ["", "/", "/nix", "/sites/casa/nix", "//me", "/me/"])
def test_addresses_that_are_not_there(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [("POST", "/me", {"GET", "HEAD"}), ("OPTIONS", "/sites/plan", {"POST"}),
     ("PATCH", "/sites", {"GET", "HEAD"}), ("DELETE", "/sites/casa", {"GET", "HEAD", "PATCH", "PUT"})],
)  # fmt: skip
def test_methods_that_an_address_does_not_take(
    api: Api, method: str, path: str, allow: set[str]
) -> None:
    answer = api.ask(method, path)
    assert (answer.status_code, answer.json["type"]) == (405, "urn:bellwire:problem:method")
    assert set(answer.headers["Allow"].split(", ")) == allow


@pytest.mark.parametrize(
    "path",
    ["/sites/UPPER", "/sites/casa/rooms/%00", "/sites/casa/rooms/a%2Fb", "/incidents/0",
     "/incidents/99999999999999999999", "/incidents/one", "/incidents/%D9%A1",
     "/sites/casa/phones/0c383e0001", "/sites/casa/dhcp/bind", "/users/%00"],
)  # fmt: skip
def test_names_that_nothing_can_have(api: Api, path: str) -> None:
    assert api.get(path).status_code == 404


def test_the_rest_of_the_server_is_as_it_was(client: FlaskClient) -> None:
    assert client.get("/api").mimetype == "text/plain"
    assert client.get("/api/v2/me").mimetype == "text/plain"
    assert client.get("/nix").data == b"not found\n"


def test_no_address_looks_like_a_file_of_a_phone(api: Api) -> None:
    """The phones' side of the server comes first, and knows files by their names alone."""
    from provisioner.identify import read_name, split_path

    catalogue = api.office.installation.catalogue
    for operation in OPERATIONS:
        for mac in (BEDSIDE, BEDSIDE.replace(":", ""), BEDSIDE.replace(":", "-").upper()):
            token, file = split_path(ROOT + filled(operation, mac=mac))
            assert token == ""
            assert not read_name(catalogue, file)[0], operation.id


# bodies and queries


@pytest.mark.parametrize(
    ("options", "status", "kind"),
    [
        ({"data": b"{"}, 400, "malformed"),
        ({"data": b'{"a": "\\ud800"}'}, 400, "malformed"),
        ({"data": b"[" * 100_000}, 400, "malformed"),
        ({"data": b"[]"}, 422, "invalid"),
        ({"data": b""}, 400, "malformed"),
        ({"data": b"{}", "content_type": "text/plain"}, 415, "media-type"),
        ({"data": b"{}", "content_type": "application/x-www-form-urlencoded"}, 415, "media-type"),
        ({"data": b"{}", "content_type": ""}, 415, "media-type"),
        ({"data": b'{"name": "' + b"a" * 1_100_000 + b'"}'}, 413, "too-large"),
    ],
)
@pytest.mark.parametrize("path", ["/sites/casa/rooms/900", "/users/ivan"])
def test_bodies_that_cannot_be(
    api: Api, path: str, options: dict[str, Any], status: int, kind: str
) -> None:
    method = "PATCH" if path.startswith("/users") else "PUT"
    answer = api.ask(method, path, **{"content_type": "application/json", **options})
    assert (answer.status_code, answer.json["type"]) == (status, f"urn:bellwire:problem:{kind}")


def test_numbers_that_json_does_not_know(api: Api) -> None:
    raw = b'{"id": "900", "settings": {"audio": {"ring_volume": NaN}}}'
    answer = api.ask("PUT", "/sites/casa/rooms/900", data=raw, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "at"),
    [("/sites?limit=0", "#limit"), ("/sites?limit=501", "#limit"), ("/sites?limit=1_0", "#limit"),
     ("/sites?nonsense=1", "#nonsense"), ("/me?x=1", "#x"), ("/audit?after=%D9%A1", "#after"),
     ("/audit?since=now", "#since"), ("/audit?since=0", "#since"), ("/phones?find=%00", "#find"),
     ("/status?only=nonsense", "#only/0"), ("/status?language=xx", "#language"),
     ("/audit?until=0001-01-01T00:00:00%2B14:00", "#until")],
)  # fmt: skip
def test_queries_that_cannot_be(api: Api, path: str, at: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"][0]["pointer"] == at


def test_what_was_sent_is_not_repeated(api: Api) -> None:
    answer = api.ask("POST", "/users", {"name": ["hunter2"], "role": "hunter2"})
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_no_answer_is_kept_by_anybody(api: Api) -> None:
    for answer in (api.get("/me"), api.get("/nix"), api.ask("POST", "/me")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


# failures


def test_every_kind_of_problem_has_its_status() -> None:
    for kind, (status, title) in KINDS.items():
        answer = ProblemError(kind, "why").response()
        assert answer.status_code == status
        assert answer.get_json() == {
            "type": f"urn:bellwire:problem:{kind}", "title": title, "status": status,
            "detail": "why",
        }  # fmt: skip


def test_a_failure_says_nothing_of_the_inside(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr("web.api.areas.system.version", broken)
    answer = api.get("/version")
    assert (answer.status_code, answer.json["type"]) == (500, "urn:bellwire:problem:failed")
    assert "hunter2" not in answer.text


def test_a_busy_database_is_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def busy(*_: object) -> None:
        raise OperationalError("select", {}, Exception("database is locked"))

    monkeypatch.setattr("web.api.areas.system.version", busy)
    answer = api.get("/version")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
