"""Users: passwords, names, roles, sites; the last administrator; one-time codes; API tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, select

from provisioner.db import Database
from provisioner.inventory.tables import AuditRow, SiteRow
from tests.people import NOON, QUICK, blank_folder, site
from web.accounts import api_tokens, passwords, sessions
from web.accounts.passwords import BusyError, Passwords, weakness
from web.accounts.people import Person, Role, Scope, scopes_of
from web.accounts.refusals import SENTENCES, AccountError
from web.accounts.tables import SessionRow, UserRow, UserSiteRow, WelcomeRow
from web.accounts.users import (
    Reach,
    add_user,
    all_users,
    has_admin,
    reach_of,
    remove_user,
    set_active,
    set_password_hash,
    set_reach,
    set_role,
)
from web.accounts.welcome import end_setup_codes, find_code, make_setup_code, make_welcome_code
from web.pages.words import REFUSALS, ROLES, SCOPES


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{blank_folder(tmp_path) / 'bellwire.db'}")
    with made.write() as session:
        session.execute(insert(SiteRow), [site("casa"), site("norte")])
    yield made
    made.close()


def add(
    database: Database, name: str, role: Role = Role.VIEWER, *sites: str, password: str = "hash"
) -> int:
    with database.write() as session:
        row = add_user(session, name, role, Reach(sites), "test", NOON)
        if password:
            set_password_hash(session, row, password, "test", NOON)
        return row.id


@pytest.mark.parametrize(
    ("password", "name", "why"),
    [
        ("correct horse", "maria", ""),
        ("пять чёрных котов", "иван", ""),
        ("too short", "maria", "short"),
        ("a" * 201, "maria", "long"),
        ("aaaaaaaaaaaaaaa", "maria", "simple"),
        ("1234567890", "maria", "simple"),
        ("abcdefghijklm", "maria", "simple"),
        ("Qwerty12345", "maria", "simple"),
        ("recepcion12", "recepcion", "name"),
        ("recepcion of the sea", "recepcion", ""),
    ],
)
def test_which_passwords_are_good_enough(password: str, name: str, why: str) -> None:
    assert weakness(SecretStr(password), name) == why


def test_a_password_is_right_however_its_accents_are_spelled() -> None:
    made = Passwords(QUICK)
    kept = made.hash(SecretStr("contrase\u00f1a de la casa"))
    assert kept.startswith("$argon2id$")
    assert made.is_right(kept, SecretStr("contrasen\u0303a de la casa"))
    assert not made.is_right(kept, SecretStr("contrasena de la casa"))
    assert not made.is_right("", SecretStr("nobody's password"))
    assert not made.is_right("not a hash", SecretStr("x"))
    assert not made.is_outdated(kept)
    assert Passwords().is_outdated(kept)


def test_one_password_is_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 0.01)
    made = Passwords(QUICK)
    with made._turn(), pytest.raises(BusyError):
        made.hash(SecretStr("x"))
    assert made.hash(SecretStr("x"))


@pytest.mark.parametrize("name", ["", "m", "-maria", "ma ria", "maria/", "a" * 65, "<b>", "..\\"])
def test_a_name_that_is_none(database: Database, name: str) -> None:
    with pytest.raises(AccountError, match="letters"):
        add(database, name)


def test_a_name_is_found_however_it_is_written(database: Database) -> None:
    add(database, "  María@Casa.example ")
    with pytest.raises(AccountError, match="already"):
        add(database, "MARI\u0301A@casa.example")
    with database.read() as session:
        assert [row.name for row, _ in all_users(session)] == ["maría@casa.example"]


def test_roles_and_sites(database: Database) -> None:
    ivan = add(database, "ivan", Role.INSTALLER, "casa")
    with database.write() as session:
        set_reach(session, "Ivan", Reach(("norte", "casa")), "test", NOON)
        assert reach_of(session, ivan, all_sites=False) == Reach(("casa", "norte"))
        set_reach(session, "ivan", Reach(all_sites=True), "test", NOON)
        set_role(session, "ivan", Role.VIEWER, "test", NOON)
        set_role(session, "ivan", Role.VIEWER, "test", NOON)  # nothing new, nothing noted
        assert list(session.scalars(select(UserSiteRow))) == []
    with pytest.raises(AccountError, match="no such site"), database.write() as session:
        set_reach(session, "ivan", Reach(("sur",)), "test", NOON)
    with database.read() as session:
        notes = list(session.execute(select(AuditRow.action, AuditRow.detail)))
    assert notes == [
        ("user-add", "installer, casa"),
        ("user-password", ""),
        ("user-sites", "casa -> casa, norte"),
        ("user-sites", "casa, norte -> all sites"),
        ("user-role", "installer -> viewer"),
    ]


def test_the_last_administrator_stays(database: Database) -> None:
    add(database, "maria", Role.ADMIN)
    add(database, "pedro", Role.ADMIN, password="")  # who cannot sign in does not count
    for refused in (
        lambda s: set_role(s, "maria", Role.INSTALLER, "test", NOON),
        lambda s: set_active(s, "maria", "test", NOON, active=False),
        lambda s: remove_user(s, "maria", "test", NOON),
    ):
        with pytest.raises(AccountError, match="last administrator"), database.write() as session:
            refused(session)
    add(database, "juan", Role.ADMIN)
    with database.write() as session:
        set_active(session, "maria", "test", NOON, active=False)
        remove_user(session, "pedro", "test", NOON)
        assert has_admin(session)


def test_a_user_that_is_gone_leaves_nothing_but_the_name(database: Database) -> None:
    ivan = add(database, "ivan", Role.INSTALLER, "casa")
    with database.write() as session:
        row = session.get_one(UserRow, ivan)
        sessions.begin(session, ivan, "10.0.0.1", "x", NOON)
        api_tokens.make_api_token(session, row, "a", [Scope.READ], None, "test", NOON)
        make_welcome_code(session, row, "test", NOON)
    with database.write() as session:
        remove_user(session, "ivan", "test", NOON)
    with database.read() as session:
        for table in (UserRow, UserSiteRow, SessionRow, WelcomeRow):
            assert list(session.scalars(select(table))) == []
        assert api_tokens.tokens_of(session) == []
        assert session.scalars(select(AuditRow.target)).all().count("ivan") == 4
    assert add(database, "ivan") > ivan  # a number is never given twice


def test_a_site_that_is_gone_is_assigned_to_nobody(database: Database) -> None:
    add(database, "ivan", Role.INSTALLER, "casa", "norte")
    with database.write() as session:
        session.delete(session.get_one(SiteRow, "casa"))
    with database.read() as session:
        assert [str(reach) for _, reach in all_users(session)] == ["norte"]


def test_a_setup_code_works_once_and_only_while_there_is_no_administrator(
    database: Database,
) -> None:
    with database.write() as session:
        first, second = make_setup_code(session, NOON), make_setup_code(session, NOON)
    assert first
    assert second
    with database.write() as session:
        found = find_code(session, f" {first.upper()} ", NOON)
        assert found is not None
        assert found.user_id is None
        assert find_code(session, "wrong", NOON) is None
        assert find_code(session, first, NOON + timedelta(hours=24)) is None
        end_setup_codes(session)
        assert find_code(session, second, NOON) is None
        third = make_setup_code(session, NOON)
    add(database, "maria", Role.ADMIN)
    with database.write() as session:
        assert find_code(session, third or "", NOON) is None
        assert make_setup_code(session, NOON) is None


def test_a_welcome_code_ends_with_the_next_and_with_a_password(database: Database) -> None:
    ivan = add(database, "ivan", password="")
    with database.write() as session:
        row = session.get_one(UserRow, ivan)
        first = make_welcome_code(session, row, "test", NOON)
        second = make_welcome_code(session, row, "test", NOON)
        assert find_code(session, first, NOON) is None
        found = find_code(session, second, NOON)
        assert found is not None
        assert (found.user_id, found.name) == (ivan, "ivan")
        set_password_hash(session, row, "hash", "test", NOON)
        session.flush()
        assert find_code(session, second, NOON) is None
        third = make_welcome_code(session, row, "test", NOON)
        set_active(session, "ivan", "test", NOON, active=False)
        assert find_code(session, third, NOON) is None


def test_only_hashes_are_stored(database: Database, tmp_path: Path) -> None:
    maria = add(database, "maria", Role.ADMIN)
    with database.write() as session:
        row = session.get_one(UserRow, maria)
        secrets = [
            sessions.begin(session, maria, "10.0.0.1", "x", NOON),
            api_tokens.make_api_token(session, row, "a", [Scope.READ], None, "test", NOON),
            make_welcome_code(session, row, "test", NOON),
        ]
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("bellwire.db*"))
    assert [secret for secret in secrets if secret.encode() in stored] == []


def test_a_session_ends_by_itself(database: Database) -> None:
    maria = add(database, "maria", Role.ADMIN)
    with database.write() as session:
        token = sessions.begin(session, maria, "10.0.0.1", "x", NOON)
    at = NOON
    with database.write() as session:
        while at - NOON < sessions.LONGEST - timedelta(hours=6):
            found = sessions.person_of(session, token, at)
            assert found is not None
            sessions.seen(session, found[0].session_id or 0, at)
            at += timedelta(hours=6)
        assert sessions.person_of(session, token, NOON + sessions.LONGEST) is None
        assert sessions.person_of(session, token, at + sessions.IDLE) is None
        assert sessions.person_of(session, "wrong", NOON) is None
        set_active(session, "maria", "test", NOON, active=True)


def test_sessions_are_ended_one_by_one_and_together(database: Database) -> None:
    maria, ivan = add(database, "maria", Role.ADMIN), add(database, "ivan")
    with database.write() as session:
        tokens = [sessions.begin(session, maria, "10.0.0.1", "x", NOON) for _ in range(3)]
        foreign = sessions.begin(session, ivan, "10.0.0.1", "x", NOON)
        first = sessions.person_of(session, tokens[0], NOON)
        assert first is not None
        sessions.end(session, ivan, first[0].session_id or 0)  # another user's is left alone
        assert len(sessions.sessions_of(session, maria, NOON)) == 3
        sessions.end_all(session, maria, but=first[0].session_id)
        assert sessions.person_of(session, tokens[0], NOON) is not None
        assert sessions.person_of(session, tokens[1], NOON) is None
        sessions.end_all(session, maria)
        assert sessions.person_of(session, tokens[0], NOON) is None
        assert sessions.person_of(session, foreign, NOON) is not None


def test_what_a_token_may_do(database: Database) -> None:
    add(database, "maria", Role.ADMIN)
    ivan = add(database, "ivan", Role.ADMIN, "casa")
    with database.write() as session:
        row = session.get_one(UserRow, ivan)
        token = api_tokens.make_api_token(
            session, row, "ansible", [Scope.READ, Scope.SECRETS, Scope.USERS], 30, "test", NOON
        )
        set_role(session, "ivan", Role.INSTALLER, "test", NOON)
        set_reach(session, "ivan", Reach(("casa",)), "test", NOON)
        session.flush()
        who = api_tokens.person_of_token(session, token, NOON)
        assert who is not None
        assert who.scopes == {Scope.READ}  # never above its user
        assert who.signature == "api:ivan"
        assert who.sees("casa")
        assert not who.sees("norte")
        assert who.may(Scope.READ)
        assert not who.may(Scope.SECRETS)
        api_tokens.note_use(session, token, NOON)
        assert api_tokens.tokens_of(session, ivan)[0][0].used_at == NOON
        assert api_tokens.person_of_token(session, token, NOON + timedelta(days=30)) is None
        with pytest.raises(AccountError, match="scope"):
            api_tokens.make_api_token(session, row, "b", [], None, "test", NOON)
        with pytest.raises(AccountError, match="no such token"):
            api_tokens.revoke(session, 1, "test", NOON, user_id=ivan + 1)
        api_tokens.revoke(session, 1, "test", NOON)
        assert api_tokens.person_of_token(session, token, NOON) is None


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        (Role.VIEWER, {Scope.READ}),
        (Role.INSTALLER, {Scope.READ, Scope.CHANGE}),
        (Role.ADMIN, set(Scope)),
    ],
)
def test_a_token_is_made_for_what_its_user_can_do_only(
    database: Database, role: Role, scopes: set[Scope]
) -> None:
    assert set(scopes_of(role)) == scopes
    number = add(database, "pedro", role)
    for scope in Scope:
        with database.write() as session:
            row = session.get_one(UserRow, number)
            if scope in scopes:
                assert api_tokens.make_api_token(session, row, "a", [scope], 1, "test", NOON)
                continue
            with pytest.raises(AccountError, match=f"{scope}: the user's role cannot use"):
                api_tokens.make_api_token(session, row, "a", [*scopes, scope], 1, "test", NOON)


def test_each_role_may_what_those_below_may() -> None:
    admin, installer, viewer = (Person(1, "x", role) for role in reversed(Role))
    assert [admin.is_at_least(role) for role in Role] == [True, True, True]
    assert [installer.is_at_least(role) for role in Role] == [True, True, False]
    assert [viewer.is_at_least(role) for role in Role] == [True, False, False]
    assert admin.sees("anything")
    assert not viewer.sees("anything")


def test_every_code_has_its_words() -> None:
    assert set(SENTENCES) - {"has-admin"} == set(REFUSALS)
    assert set(ROLES) == set(Role)
    assert set(SCOPES) == set(Scope)
