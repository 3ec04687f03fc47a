"""The pages of this step: sites, one's account, users, the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from monitors.status import State, Status
from monitors.store.statuses import KeptStatus, keep_statuses
from provisioner.inventory.audit import note
from provisioner.inventory.tables import AuditRow, PhoneRow, RoomRow
from tests.people import NOON, PASSWORD, Office, office, post
from web.accounts import api_tokens
from web.accounts.passwords import BusyError, Passwords
from web.pages.browsers import browser_of
from web.pages.views.overview import ordered

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; SM-A146B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, "casa", "norte") as made:
        made.people()
        yield made


def add_phones(made: Office, site: str, count: int) -> list[str]:
    macs = [f"{abs(hash(site)) % 2**20:06x}{n:06x}" for n in range(count)]
    empty: dict[str, Any] = {"accounts": [], "keys": [], "handsets": [], "accessories": []}
    with made.installation.database.write() as session:
        session.execute(
            insert(RoomRow),
            [{"site_id": site, "id": str(n), "name": "", "floor": "1", "template": "t",
              "extension": "", "settings": {}} for n in range(count)],
        )  # fmt: skip
        session.execute(
            insert(PhoneRow),
            [{"mac": mac, "site_id": site, "room_id": str(n), "position": "desk", "model": "m",
              "preset": "p", "settings": {}, "token_hash": mac, "secrets": "", **empty}
             for n, mac in enumerate(macs)],
        )  # fmt: skip
    return macs


def judge(made: Office, site: str, states: dict[str, State], age: timedelta = timedelta(0)) -> None:
    at = NOON - age
    kept = [KeptStatus(m, site, Status(s, at, "I1"), "certain", at) for m, s in states.items()]
    keep_statuses(made.installation.monitoring, kept)


# sites


def test_counts_put_first_what_wants_to_be_seen_first() -> None:
    counts = {State.WORKING: 5, State.DOWN: 1, State.WARNING: 2}
    assert ordered(counts, 10) == (
        (State.DOWN, 1), (State.WARNING, 2), (State.WORKING, 5), (State.UNKNOWN, 2)
    )  # fmt: skip
    assert ordered({}, 0) == ()
    assert ordered({State.WORKING: 3}, 2) == ((State.WORKING, 3),)  # one was just removed


def test_each_sees_the_sites_assigned(staffed: Office) -> None:
    seen = {
        name: re.findall(r"<h2><a[^>]*>(Hotel \w+)</a></h2>", staffed.client(name).get("/ui/").text)
        for name in ("maria", "ivan", "lucia")
    }
    assert seen == {
        "maria": ["Hotel Casa", "Hotel Norte"], "ivan": ["Hotel Casa"],
        "lucia": ["Hotel Casa", "Hotel Norte"],
    }  # fmt: skip


def test_sites_say_how_their_phones_are(staffed: Office) -> None:
    macs = add_phones(staffed, "casa", 6)
    judge(staffed, "casa", dict(zip(macs, [State.DOWN, *[State.WORKING] * 4], strict=False)))
    macs = add_phones(staffed, "norte", 2)
    judge(staffed, "norte", dict.fromkeys(macs, State.WORKING), timedelta(hours=2))
    page = staffed.client("maria").get("/ui/").text
    casa, norte = re.findall(r"<article.*?</article>", page, re.S)
    assert re.search(r"Down · 1", casa)
    assert re.search(r"Working <strong>4", casa)
    assert re.search(r"Not known <strong>1", casa)
    assert "6 rooms" in casa
    assert "just now" in casa
    assert "The monitor does not run" not in casa
    assert "All work" in norte
    assert "2 hours ago" in norte
    assert "The monitor does not run" in norte


def test_without_sites_it_says_what_to_do(tmp_path: Path) -> None:
    with office(tmp_path) as made:
        with made.installation.database.write() as session:
            from web.accounts.people import Role
            from web.accounts.users import Reach, add_user, set_password_hash

            for name, role in (("maria", Role.ADMIN), ("lucia", Role.VIEWER)):
                row = add_user(session, name, role, Reach(), "test", NOON)
                set_password_hash(session, row, made.hash, "test", NOON)
        assert "bellwire apply hotel.yaml" in made.client("maria").get("/ui/").text
        assert "No site is assigned to you" in made.client("lucia").get("/ui/").text


def test_the_number_of_queries_does_not_grow(staffed: Office) -> None:
    client = staffed.client("ivan")

    def asked() -> int:
        with staffed.queries() as queries:
            client.get("/ui/")
        return sum("BEGIN" not in query for query in queries)

    counts = [asked()]
    for site in ("casa", "norte"):
        judge(staffed, site, dict.fromkeys(add_phones(staffed, site, 200), State.WORKING))
        counts.append(asked())
    # who, and which sites: 2; the page: 5; and the zone, where a time is shown
    assert counts == [7, 8, 8]


# one's account


def test_another_password_signs_all_other_browsers_out(staffed: Office) -> None:
    here, there = staffed.client("ivan"), staffed.client("ivan")
    wish = {"present": PASSWORD, "password": "the sea is blue", "again": "the sea is blue"}
    answer = post(here, "/ui/account/password", wish, follow_redirects=True)
    assert "Your password is changed" in answer.text
    assert here.get("/ui/account").status_code == 200
    assert there.get("/ui/account").status_code == 303
    assert staffed.client("ivan", "the sea is blue")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"present": "wrong password"}, "not your present password"),
        ({"again": "the sea is red"}, "not the same password"),
        ({"password": "1234567890", "again": "1234567890"}, "first that are tried"),
        ({"password": ""}, "This is needed"),
    ],
)
def test_a_password_that_is_not_changed(
    staffed: Office, changes: dict[str, str], told: str
) -> None:
    wish = {"present": PASSWORD, "password": "the sea is blue", "again": "the sea is blue"}
    client = staffed.client("ivan")
    answer = post(client, "/ui/account/password", {**wish, **changes})
    assert answer.status_code == 422
    assert told in answer.text
    assert staffed.client("ivan")


def test_a_stolen_session_cannot_guess_the_password(staffed: Office) -> None:
    client = staffed.client("ivan")
    wish = {"present": "wrong", "password": "the sea is blue", "again": "the sea is blue"}
    answers = [post(client, "/ui/account/password", wish).status_code for _ in range(12)]
    assert answers == [*[422] * 11, 429]


def test_a_password_is_not_changed_while_too_many_are_compared(
    staffed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = staffed.client("ivan")

    def busy(*_: object) -> None:
        raise BusyError

    monkeypatch.setattr(Passwords, "is_right", busy)
    wish = {"present": PASSWORD, "password": "the sea is blue", "again": "the sea is blue"}
    assert post(client, "/ui/account/password", wish).status_code == 503


def test_one_signs_other_browsers_out(staffed: Office) -> None:
    here, there = staffed.client("ivan"), staffed.client("ivan")
    page = here.get("/ui/account").text
    (address,) = re.findall(r'action="(/ui/account/sessions/\d+/end)"', page)
    assert post(there, address.replace("/end", "/x")).status_code == 404
    post(staffed.client("maria"), address)  # it is not hers
    assert there.get("/ui/account").status_code == 200
    post(here, address)
    assert there.get("/ui/account").status_code == 303


def test_tokens_are_shown_once(staffed: Office) -> None:
    client = staffed.client("ivan")
    wish = {"title": "Ansible <b>", "scopes": ["read", "change"], "days": "30"}
    answer = post(client, "/ui/account/tokens", wish)
    assert answer.status_code == 201
    (token,) = re.findall(r'class="once">(bw_[\w-]+)<', answer.text)
    page = client.get("/ui/account").text
    assert token not in page
    assert "Ansible &lt;b&gt;" in page
    with staffed.installation.database.read() as session:
        who = api_tokens.person_of_token(session, token, NOON)
        assert who is not None
        assert sorted(who.scopes or ()) == ["change", "read"]
    (address,) = re.findall(r'action="(/ui/account/tokens/\d+/revoke)"', page)
    assert post(staffed.client("lucia"), address).status_code == 404
    assert post(client, address).status_code == 303
    with staffed.installation.database.read() as session:
        assert api_tokens.person_of_token(session, token, NOON) is None


@pytest.mark.parametrize(
    ("name", "scopes", "status"),
    [("lucia", ["change"], 422), ("ivan", ["users"], 422), ("ivan", [], 422),
     ("ivan", ["secrets"], 422), ("ivan", ["change"], 201), ("lucia", ["secrets"], 422),
     ("maria", ["users", "secrets"], 201), ("ivan", ["nonsense"], 422)],
)  # fmt: skip
def test_a_token_may_not_do_more_than_its_user(
    staffed: Office, name: str, scopes: list[str], status: int
) -> None:
    values = {"title": "x", "scopes": scopes, "days": ""}
    client = staffed.client(name)
    assert post(client, "/ui/account/tokens", values).status_code == status
    offered = set(re.findall(r'name="scopes" value="(\w+)"', client.get("/ui/account").text))
    assert (status == 201) == (bool(scopes) and offered.issuperset(scopes))


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (ANDROID, "Chrome, Android"), (IPHONE, "Safari, iPhone"), (WINDOWS, "Firefox, Windows"),
        ("curl/8.5", "curl"), ("", ""),
    ],
)  # fmt: skip
def test_browsers_have_names(agent: str, name: str) -> None:
    assert browser_of(agent) == name


# users


def test_an_administrator_adds_a_user_who_chooses_a_password(staffed: Office) -> None:
    maria = staffed.client("maria")
    values = {"name": "Pedro", "role": "installer", "sites": ["norte", "unknown"]}
    answer = post(maria, "/ui/users/new", values)
    assert answer.status_code == 201
    (link,) = re.findall(r'class="once">http://localhost(/ui/welcome/\w+)<', answer.text)
    page = maria.get("/ui/users").text
    assert "no password yet" in page
    assert link not in page
    wish = {"password": "the sea is blue", "again": "the sea is blue"}
    pedro = staffed.client()
    assert post(pedro, link, wish).status_code == 303
    assert re.findall(r"<h2><a[^>]*>(Hotel \w+)</a></h2>", pedro.get("/ui/").text) == [
        "Hotel Norte"
    ]
    with staffed.installation.database.read() as session:
        rows = session.execute(select(AuditRow.who, AuditRow.action).order_by(AuditRow.id)).all()
    assert ("web:maria", "user-link") in [tuple(row) for row in rows]
    assert ("web:pedro", "user-password") in [tuple(row) for row in rows]


def test_a_name_that_is_taken(staffed: Office) -> None:
    answer = post(staffed.client("maria"), "/ui/users/new", {"name": "IVAN", "role": "viewer"})
    assert answer.status_code == 422
    assert "user of this name already" in answer.text
    answer = post(staffed.client("maria"), "/ui/users/new", {"name": "", "role": "king"})
    assert answer.status_code == 422
    assert "Choose one of these" in answer.text


def test_rights_change_at_once(staffed: Office) -> None:
    maria, ivan = staffed.client("maria"), staffed.client("ivan")
    post(maria, "/ui/users/ivan", {"role": "viewer", "sites": ["norte"]})
    assert re.findall(r"<h2><a[^>]*>(Hotel \w+)</a></h2>", ivan.get("/ui/").text) == ["Hotel Norte"]
    post(maria, "/ui/users/ivan", {"role": "admin", "sites": ["norte"]})
    assert ivan.get("/ui/users").status_code == 200
    post(maria, "/ui/users/ivan", {"role": "viewer", "all_sites": "yes"})
    assert "Hotel Casa" in ivan.get("/ui/").text
    assert ivan.get("/ui/users").status_code == 404
    assert post(maria, "/ui/users/ivan", {"role": "king"}).status_code == 422
    assert post(maria, "/ui/users/none", {"role": "viewer"}).status_code == 404
    assert maria.get("/ui/users/none").status_code == 404


def test_disabling_signing_out_removing(staffed: Office) -> None:
    maria, ivan = staffed.client("maria"), staffed.client("ivan")
    answer = post(maria, "/ui/users/ivan/sign-out", follow_redirects=True)
    assert "signed out everywhere" in answer.text
    assert ivan.get("/ui/").status_code == 303
    answer = post(maria, "/ui/users/ivan/active", {"active": "no"}, follow_redirects=True)
    assert "This user is disabled" in answer.text
    values = {"name": "ivan", "password": PASSWORD}
    assert post(staffed.client(), "/ui/sign-in", values).status_code == 401
    post(maria, "/ui/users/ivan/active", {"active": "yes"})
    assert staffed.client("ivan").get("/ui/").status_code == 200
    answer = post(maria, "/ui/users/ivan/remove", follow_redirects=True)
    assert "ivan is removed." in answer.text
    assert maria.get("/ui/users/ivan").status_code == 404


def test_the_last_administrator_stays(staffed: Office) -> None:
    maria = staffed.client("maria")
    for path, values in (
        ("", {"role": "viewer"}), ("/active", {"active": "no"}), ("/remove", {})
    ):  # fmt: skip
        answer = post(maria, f"/ui/users/maria{path}", values, follow_redirects=True)
        assert "last administrator" in answer.text, path
    assert maria.get("/ui/users").status_code == 200


def test_a_link_for_a_new_password(staffed: Office) -> None:
    maria = staffed.client("maria")
    answer = post(maria, "/ui/users/ivan/link", base_url="http://localhost")
    assert re.search(r'class="once">http://localhost/ui/welcome/[a-z2-7]{26}<', answer.text)
    assert staffed.client("ivan")  # the old one is good until then


# the audit log


def fill(made: Office, count: int) -> None:
    with made.installation.database.write() as session:
        for n in range(count):
            at = NOON - timedelta(days=count - n)
            note(session, at, "cli:root", "arm", f"0c:38:3e:00:00:{n:02x}", f"100%_{n}")


def entries(page: str) -> list[str]:
    return re.findall(r'data-label="To what"><span>([^<]*)<', page)


def test_pages_of_the_log(staffed: Office) -> None:
    fill(staffed, 120)
    maria = staffed.client("maria")
    seen: list[str] = []
    address: str | None = "/ui/audit?who=cli%3Aroot"
    pages = 0
    while address:
        page = maria.get(address).text
        seen += entries(page)
        found = re.findall(r'class="button" href="([^"]+)">Older', page)
        address = found[0].replace("&amp;", "&") if found else None
        pages += 1
        assert ("Newest" in page) == (pages > 1)
    assert pages == 3
    assert seen == [f"0c:38:3e:00:00:{n:02x}" for n in reversed(range(120))]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("text=00:00:1", 14), ("text=100%25_1", 11), ("text=100x_1", 0), ("text=0C:38", 30),
        ("who=nobody", 0), ("action=arm", 30), ("since=2026-11-20", 5), ("until=2026-10-24", 2),
        ("since=nonsense", 50), ("before=x", 50), ("before=99999999999999999999", 50),
        ("since=2026-11-20&until=2026-11-20&who=cli:root", 1), ("before=²", 50),
    ],
)  # fmt: skip
def test_the_log_is_searched(staffed: Office, query: str, count: int) -> None:
    fill(staffed, 30)
    with staffed.installation.database.read() as session:
        whole = session.scalar(select(func.count()).select_from(AuditRow)) or 0
    maria = staffed.client("maria")
    page = maria.get(f"/ui/audit?{query}").text
    recent = whole - 30 + 1  # of today: signing in too
    wanted = {50: min(50, whole + 1), 5: 2 + recent}.get(count, count)
    assert len(entries(page)) == wanted
    assert ("Nothing fits" in page) == (count == 0)


def test_the_log_shows_what_it_does_not_know_as_it_is(staffed: Office) -> None:
    with staffed.installation.database.write() as session:
        note(session, NOON, "<b>", "strange-thing", "x")
    page = staffed.client("maria").get("/ui/audit").text
    assert "strange-thing" in page
    assert "<b>" not in page
    assert "User added" in page
