"""Coming in: the first administrator, signing in and out, and what a guesser learns: nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from provisioner.inventory.tables import AuditRow
from tests.people import NOON, PASSWORD, Office, office, post, token_of
from web.accounts import sessions, signing_in
from web.accounts.passwords import BusyError, Passwords
from web.accounts.signing_in import Attempt, Refusal
from web.accounts.tables import UserRow
from web.accounts.users import set_active
from web.accounts.welcome import SETUP_TIME, make_setup_code, make_welcome_code
from web.pages.wiring import announce_setup, setup_address


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, "casa") as made:
        yield made


@pytest.fixture
def staffed(empty: Office) -> Office:
    empty.people()
    return empty


def setup_code(made: Office) -> str:
    with made.installation.database.write() as session:
        code = make_setup_code(session, made.clock())
    assert code
    return code


NEW = {"name": "Maria", "password": "the sea is blue", "again": "the sea is blue"}


def test_the_first_administrator_is_made_with_the_code_of_the_log(
    empty: Office, caplog: pytest.LogCaptureFixture
) -> None:
    announce_setup(empty.installation, NOON)
    found = re.search(r"http://127\.0\.0\.1:8080(/ui/welcome/[a-z2-7]{26}) ", caplog.text)
    assert found
    client = empty.client()
    assert "Set up bellwire" in client.get(found[1]).text
    answer = post(client, found[1], NEW, follow_redirects=True)
    assert "Your password is set" in answer.text
    assert "Hotel Casa" in answer.text
    assert empty.client().get(found[1]).status_code == 404  # it works once
    assert empty.client("maria", "the sea is blue").get("/ui/users").status_code == 200
    caplog.clear()
    announce_setup(empty.installation, NOON)
    assert caplog.text == ""


def test_without_the_code_there_is_no_way_in(empty: Office) -> None:
    client = empty.client()
    page = client.get("/ui/sign-in").text
    assert "bellwire users setup-link" in page
    for path in ("/ui/", "/ui/users", "/ui/users/new", "/ui/account", "/ui/audit"):
        assert client.get(path).status_code == 303, path
    assert client.get("/ui/welcome/aaaaaaaaaaaaaaaaaaaaaaaaaa").status_code == 404
    code = setup_code(empty)
    empty.clock.move(seconds=SETUP_TIME.total_seconds())
    assert client.get(f"/ui/welcome/{code}").status_code == 404
    wrong = post(client, "/ui/sign-in", {"name": "admin", "password": "admin"})
    assert wrong.status_code == 401


def test_a_code_is_used_up_by_whoever_is_first(empty: Office) -> None:
    code = setup_code(empty)
    first, second = empty.client(), empty.client()
    assert post(first, f"/ui/welcome/{code}", NEW).status_code == 303
    late = {**NEW, "name": "pedro"}
    assert post(second, f"/ui/welcome/{code}", late).status_code == 404
    with empty.installation.database.read() as session:
        assert list(session.scalars(select(UserRow.name))) == ["maria"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "-"}, "begins with a letter"),
        ({"password": "short", "again": "short"}, "At least 10 characters"),
        ({"again": "the sea is red"}, "not the same password"),
        ({"password": "password123", "again": "password123"}, "first that are tried"),
        ({"password": "", "again": ""}, "At least 10 characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    empty: Office, changes: dict[str, str], told: str
) -> None:
    code = setup_code(empty)
    answer = post(empty.client(), f"/ui/welcome/{code}", {**NEW, **changes})
    assert answer.status_code == 422
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "the sea is" not in answer.text  # a password is never written back


def test_a_user_chooses_a_password_by_a_link(staffed: Office) -> None:
    old = staffed.client("ivan")
    with staffed.installation.database.write() as session:
        row = session.scalars(select(UserRow).where(UserRow.name == "ivan")).one()
        code = make_welcome_code(session, row, "test", NOON)
    client = staffed.client()
    assert "Welcome, ivan" in client.get(f"/ui/welcome/{code}").text
    assert post(client, f"/ui/welcome/{code}", NEW).status_code == 303
    assert client.get("/ui/account").status_code == 200
    assert old.get("/ui/account").status_code == 303  # the old sessions are over
    assert staffed.client("ivan", "the sea is blue")


def test_signing_in_and_out(staffed: Office) -> None:
    client = staffed.client()
    answer = client.get("/ui/users")
    assert answer.headers["Location"] == "/ui/sign-in?next=/ui/users"
    values = {"name": " Maria ", "password": PASSWORD, "next": "/ui/users"}
    answer = post(client, "/ui/sign-in", values)
    assert answer.headers["Location"] == "/ui/users"
    assert client.get("/ui/sign-in").status_code == 303
    answer = post(client, "/ui/sign-out", follow_redirects=True)
    assert "You are signed out." in answer.text
    assert client.get("/ui/users").status_code == 303


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/ui//evil.example", "/ui/\\evil", "/p/x", "/uix",
     "javascript:alert(1)", "/ui/\r\nSet-Cookie: a=b"],
)  # fmt: skip
def test_a_browser_is_sent_to_no_other_place(staffed: Office, wanted: str) -> None:
    values = {"name": "maria", "password": PASSWORD, "next": wanted}
    assert post(staffed.client(), "/ui/sign-in", values).headers["Location"] == "/ui/"


def test_nobody_learns_who_exists(staffed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    with staffed.installation.database.write() as session:
        set_active(session, "lucia", "test", NOON, active=False)
    compared: list[str] = []
    real = Passwords.is_right

    def is_right(self: Passwords, kept: str, password: SecretStr) -> bool:
        compared.append(kept)
        return real(self, kept, password)

    monkeypatch.setattr(Passwords, "is_right", is_right)
    seen = set()
    for name in ("maria", "lucia", "nobody", "<script>"):
        values = {"name": name, "password": "wrong password"}
        answer = post(staffed.client(), "/ui/sign-in", values)
        page = re.sub(r'name="csrf_token" value="[^"]+"|X-CSRFToken":"[^"]+"', "", answer.text)
        seen.add((answer.status_code, page.replace(f'value="{name}"', "").replace("&lt;script&gt;", "")
                  .replace('value=""', "")))  # fmt: skip
    assert len({status for status, _ in seen}) == 1
    assert len(seen) == 1
    assert [bool(kept) for kept in compared] == [True, False, False, False]
    right = post(staffed.client(), "/ui/sign-in", {"name": "lucia", "password": PASSWORD})
    assert right.status_code == 401


def test_a_guesser_is_shut_out_and_its_time_grows(staffed: Office) -> None:
    door = staffed.door

    def attempt(name: str, password: str, address: str) -> object:
        made = Attempt(name, SecretStr(password), address, "x")
        return door.sign_in(made, staffed.clock())

    here = "192.0.2.7"
    per_minute = signing_in.PER_ADDRESS[0]
    answers = [attempt(f"user{n}", "wrong", here) for n in range(per_minute + 1)]
    assert set(answers) == {Refusal.WRONG}
    assert attempt("maria", PASSWORD, here) is Refusal.TOO_MANY  # also with the right one
    assert isinstance(attempt("maria", PASSWORD, "192.0.2.8"), str)
    staffed.clock.move(seconds=61)
    assert not isinstance(attempt("maria", PASSWORD, here), Refusal)
    for n in range(per_minute + 1):
        attempt(f"user{n}", "wrong", here)
    staffed.clock.move(seconds=61)
    assert attempt("maria", PASSWORD, here) is Refusal.TOO_MANY


def test_a_name_is_guarded_against_many_addresses(staffed: Office) -> None:
    for n in range(signing_in.PER_NAME[0] + 1):
        wrong = Attempt("maria", SecretStr("wrong"), f"10.{n}.0.1", "x")
        assert staffed.door.sign_in(wrong, NOON) is Refusal.WRONG
    for name, answer in (("maria", Refusal.TOO_MANY), ("Maria", Refusal.TOO_MANY)):
        right = Attempt(name, SecretStr(PASSWORD), "10.99.0.1", "x")
        assert staffed.door.sign_in(right, NOON) is answer
    other = Attempt("ivan", SecretStr(PASSWORD), "10.99.0.1", "x")
    assert not isinstance(staffed.door.sign_in(other, NOON), Refusal)


def test_too_many_at_once_are_told_so(staffed: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_right(*_: object) -> bool:
        raise BusyError

    monkeypatch.setattr(Passwords, "is_right", is_right)
    answer = post(staffed.client(), "/ui/sign-in", {"name": "maria", "password": PASSWORD})
    assert answer.status_code == 503
    assert "at this moment" in answer.text


def test_an_old_hash_is_made_anew(staffed: Office) -> None:
    staffed.client("maria")
    slower = Passwords()
    staffed.door.passwords = slower
    staffed.client("maria")
    with staffed.installation.database.read() as session:
        row = session.scalars(select(UserRow).where(UserRow.name == "maria")).one()
    assert "m=65536,t=3,p=4" in row.password_hash


def test_a_session_is_new_after_signing_in(staffed: Office) -> None:
    client = staffed.client()
    client.get("/ui/sign-in")
    before = client.get_cookie("bellwire")
    post(client, "/ui/sign-in", {"name": "maria", "password": PASSWORD})
    after = client.get_cookie("bellwire")
    assert before
    assert after
    stolen = staffed.client()
    stolen.set_cookie("bellwire", before.value)
    assert stolen.get("/ui/account").status_code == 303
    with staffed.installation.database.read() as session:
        assert len(list(session.scalars(select(AuditRow).where(AuditRow.action == "sign-in")))) == 1


def test_idle_sessions_end(staffed: Office) -> None:
    client = staffed.client("maria")
    staffed.clock.move(seconds=(sessions.IDLE - timedelta(minutes=1)).total_seconds())
    assert client.get("/ui/account").status_code == 200
    staffed.clock.move(minutes=2)
    assert client.get("/ui/account").status_code == 200  # it was used meanwhile
    staffed.clock.move(seconds=sessions.IDLE.total_seconds())
    assert client.get("/ui/account").status_code == 303


def test_use_is_noted_seldom(staffed: Office) -> None:
    client = staffed.client("maria")
    for minutes, writes in ((1, 0), (6, 1), (0, 0)):
        staffed.clock.move(minutes=minutes)
        with staffed.queries() as asked:
            client.get("/ui/account")
        assert sum("UPDATE user_session" in q for q in asked) == writes


def test_a_disabled_user_is_out_at_once(staffed: Office) -> None:
    client = staffed.client("ivan")
    with staffed.installation.database.write() as session:
        set_active(session, "ivan", "test", NOON, active=False)
    assert client.get("/ui/").status_code == 303


def test_signing_out_everywhere(staffed: Office) -> None:
    here, there = staffed.client("maria"), staffed.client("maria")
    client = here
    client.post("/ui/sign-out", data={"csrf_token": token_of(here), "everywhere": "yes"})
    assert there.get("/ui/account").status_code == 303


def test_the_address_of_a_code() -> None:
    class Http:
        tls_certificate, host, port = None, "::1", 8080

    class Held:
        class settings:  # noqa: N801 - stands for an attribute
            http = Http

    held: object = Held
    assert setup_address(held, "x") == "http://[::1]:8080/ui/welcome/x"  # type: ignore[arg-type]
    address = setup_address(held, "x", "https://prov.example/")  # type: ignore[arg-type]
    assert address == "https://prov.example/ui/welcome/x"
