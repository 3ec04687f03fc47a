"""The pages from outside: which role each route needs, foreign sites, forged and junk requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from tests.api import BEDSIDE, NORTE, Api, hotel
from tests.people import TOKEN, Office
from web.accounts.people import Role

PUBLIC = {"entry.sign_in", "entry.do_sign_in", "entry.welcome", "entry.do_welcome", "assets.send",
          "pages"}  # fmt: skip
VIEWER = {
    "account.add_token", "account.change_password", "account.end_session", "account.mine",
    "account.prefer", "account.revoke_token", "change.history", "change.one", "dhcp.snippets",
    "entry.sign_out", "hotel.plan", "incidents.one", "incidents.open_ones", "overview.sites",
    "pbx.state", "phone.one", "phone_files.one", "phone_keys.one", "phone_settings.one",
    "search.everything", "switches.all_of_them", "switches.one", "call_rules.check",
    "calls.blocked", "calls.checks", "calls.checks_csv", "calls.live", "calls.refused",
    "calls.reports", "calls.reports_csv", "calls.today",
}  # fmt: skip
INSTALLER = {
    "bulk.check", "bulk.example", "bulk.paste", "bulk.rooms", "change.save", "change.site",
    "change.undo", "incidents.acknowledge", "incidents.begin_maintenance",
    "incidents.finish_maintenance", "install.act", "install.add", "install.after",
    "install.floors", "install.labels", "install.live", "install.room", "install.save",
    "install.waiting", "pbx.files", "phone.arm", "phone.change", "phone.do", "phone.look",
    "phone.mend", "phone.replace_by", "phone.retire", "phone_settings.look", "calls.block",
    "calls.let_in", "calls.list_caller", "calls.unblock", "calls.unlist_caller",
    *(f"call_rules.{name}" for name in (
        "incoming", "incoming_action", "incoming_actions", "incoming_entries",
        "incoming_entries_csv", "incoming_extensions", "incoming_group", "incoming_groups_csv",
        "incoming_rule", "limits", "limits_account", "limits_choose", "lists", "lists_consent",
        "lists_consent_end", "lists_rates_csv",
    )),
}  # fmt: skip
ADMIN = {
    "audit.log", "change.look", "pbx.download", "phone_files.reveal", "stages.act",
    "stages.stage", "users.add", "users.all_of_them", "users.change", "users.make_link",
    "users.new", "users.one", "users.remove", "users.sign_out", "users.switch",
    *(f"call_rules.{name}" for name in (
        "guard", "incoming_action_remove", "incoming_action_save", "incoming_actions_save",
        "incoming_entries_save", "incoming_extensions_save", "incoming_group_remove",
        "incoming_group_save", "incoming_order", "incoming_remove", "incoming_rule_save",
        "limits_account_remove", "limits_account_save", "limits_save", "lists_add",
        "lists_commercial", "lists_rates", "lists_rates_take", "lists_remove",
    )),
}  # fmt: skip
ROLES = {
    **dict.fromkeys(VIEWER, Role.VIEWER),
    **dict.fromkeys(INSTALLER, Role.INSTALLER),
    **dict.fromkeys(ADMIN, Role.ADMIN),
}
THERE = {"site": "casa", "room": "101", "mac": BEDSIDE.replace(":", ""), "position": "bedside",
         "number": 1, "name": "lucia", "code": "a" * 26, "server": "kea", "act": "pause",
         "session_id": 99, "token_id": 99, "extension": "2101", "place": 1, "kind": "black",
         "what": "groups"}  # fmt: skip
"""What an address names: things that there are, as far as it can be."""
ENDING = ("phone.retire", "phone.replace_by", "users.remove", "install.act")
"""Asked last: they may take away what others need."""
LEFT_OUT = {"entry.sign_out"}


def routes(office: Office, method: str) -> list[Rule]:
    """Every route of the pages that takes a method, but for the files of the pages."""
    return [
        rule
        for rule in office.app.url_map.iter_rules()
        if rule.rule.startswith("/ui") and method in (rule.methods or ())
        and rule.endpoint not in {"assets.send", "pages"}
    ]  # fmt: skip


def filled(office: Office, rule: Rule, **names: object) -> str:
    adapter = office.app.url_map.bind("localhost")
    values = {**THERE, **names}
    if rule.endpoint.startswith("switches."):
        values["name"] = "sw-1"
    if rule.endpoint == "call_rules.incoming_remove":
        values["what"] = "incoming"
    if rule.endpoint == "pbx.download":
        values["name"] = "pjsip.conf"
    return adapter.build(rule.endpoint, {n: values[n] for n in rule.arguments})


def token_for(client: FlaskClient) -> str:
    found = TOKEN.search(client.get("/ui/account").text)
    assert found
    return found[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A hotel that only looks are taken at."""
    with hotel(tmp_path_factory.mktemp("security")) as found:
        yield found


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A hotel that junk is sent to."""
    with hotel(tmp_path_factory.mktemp("junk")) as found:
        yield found


def test_every_route_has_its_role_in_this_table(made: Api) -> None:
    views = made.office.app.view_functions
    found = {
        rule.endpoint: getattr(views[rule.endpoint], "needed_role", None) or Role.VIEWER
        for method in ("GET", "POST")
        for rule in routes(made.office, method)
        if rule.endpoint not in PUBLIC
    }
    assert found == ROLES
    marked = {e for e, view in views.items() if getattr(view, "is_public", False)}
    assert marked <= PUBLIC


def test_no_route_takes_another_method(made: Api) -> None:
    known = {"GET", "HEAD", "OPTIONS", "POST"}
    for rule in made.office.app.url_map.iter_rules():
        if rule.rule.startswith("/ui"):
            assert set(rule.methods or ()) <= known, rule
            assert not {"GET", "POST"} <= set(rule.methods or ()), rule


@pytest.mark.parametrize(("name", "role"), [("lucia", Role.VIEWER), ("ivan", Role.INSTALLER)])
def test_what_a_role_may_not_do_is_refused_before_anything_else(
    made: Api, name: str, role: Role
) -> None:
    client = made.office.client(name)
    token = token_for(client)
    rank = list(Role)
    for method in ("GET", "POST"):
        for rule in routes(made.office, method):
            needed = ROLES.get(rule.endpoint, Role.VIEWER)
            if rank.index(role) >= rank.index(needed):
                continue
            status = 403 if "site" in rule.arguments else 404
            with made.office.queries() as asked:
                answer = client.open(filled(made.office, rule), method=method,
                                     data={"csrf_token": token})  # fmt: skip
            assert answer.status_code == status, rule
            assert not [q for q in asked if q.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_a_foreign_site_is_not_there_by_any_route(made: Api) -> None:
    client = made.office.client("ivan")
    token = token_for(client)
    for method in ("GET", "POST"):
        for rule in routes(made.office, method):
            if "site" not in rule.arguments:
                continue
            looks = set()
            for site in ("norte", "nowhere"):
                address = filled(made.office, rule, site=site, mac=NORTE.replace(":", ""), room="1")
                answer = client.open(address, method=method, data={"csrf_token": token})
                looks.add((answer.status_code, "norte" in answer.text.lower().replace(address, "")))
            assert looks == {(404, False)}, rule


def test_a_site_that_nobody_made_is_not_there_for_those_who_see_all(made: Api) -> None:
    for who in ("maria", "lucia"):
        client = made.office.client(who)
        token = token_for(client)
        for method in ("GET", "POST"):
            for rule in routes(made.office, method):
                if "site" not in rule.arguments or (who == "lucia" and rule.endpoint not in VIEWER):
                    continue
                address = filled(made.office, rule, site="nowhere")
                answer = client.open(address, method=method, data={"csrf_token": token})
                assert answer.status_code == 404, rule


def test_a_phone_of_another_site_is_not_there_below_ones_own(made: Api) -> None:
    client = made.office.client("maria")  # who would see both
    token = token_for(client)
    for method in ("GET", "POST"):
        for rule in routes(made.office, method):
            if {"site", "mac"} <= rule.arguments:
                address = filled(made.office, rule, mac=NORTE.replace(":", ""))
                answer = client.open(address, method=method, data={"csrf_token": token})
                assert answer.status_code == 404, rule


def test_every_form_carries_the_token_of_its_browser(made: Api) -> None:
    client, stranger = made.office.client("maria"), made.office.client("lucia")
    for rule in routes(made.office, "POST"):
        address = filled(made.office, rule)
        for values in ({}, {"csrf_token": "junk"}, {"csrf_token": token_for(stranger)}):
            with made.office.queries() as asked:
                assert client.post(address, data=values).status_code == 400, rule
            assert not [q for q in asked if q.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_the_cookie_of_somebody_signed_in(made: Api) -> None:
    for base, name, more in (
        ("http://localhost", "bellwire", set()),
        ("https://localhost", "__Host-bellwire", {"Secure"}),
    ):
        client = made.office.app.test_client()
        page = client.get("/ui/sign-in", base_url=base).text
        found = TOKEN.search(page)
        assert found
        form = {"name": "maria", "password": "correct horse battery", "csrf_token": found[1]}
        answer = client.post("/ui/sign-in", data=form, base_url=base)
        (cookie,) = answer.headers.getlist("Set-Cookie")
        flags = {part.partition("=")[0] if part.startswith("Expires") else part
                 for part in cookie.split("; ")[1:]}  # fmt: skip
        assert cookie.startswith(f"{name}=")
        assert flags == {"HttpOnly", "SameSite=Lax", "Path=/", "Expires", *more}
        assert "Domain" not in cookie


# junk

NUMBERS = st.sampled_from(["0", "-1", "1", "99999999999999999999", "1e9", "\u0661", "NaN", ""])
TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["\x00", "\ud83d", "{{7*7}}", "%s%n", "../../etc/passwd", "[1, 2", "a: [", "x" * 3000,
                     "- *a", "!env HOME", "!file /etc/passwd", "0c383e000101", "2026-11-22T12:00"]),
)  # fmt: skip
VALUES = st.one_of(NUMBERS, TEXTS)


@pytest.fixture(scope="module")
def fields(worn: Api) -> list[str]:
    """The names of all fields of all forms, and some that no form has."""
    client = worn.office.client("maria")
    found = {"nonsense", "head", "mac__nowhere"}
    for rule in routes(worn.office, "GET"):
        page = client.get(filled(worn.office, rule), follow_redirects=True).text
        found |= set(re.findall(r'\bname="([^"]+)"', page))
    assert {"reason", "name", "mac", "language", "password"} <= found
    return sorted(found | {"note", "draft", "minutes", "mac__bedside"} - {"csrf_token"})


def test_no_junk_in_a_form_breaks_a_page(worn: Api, fields: list[str]) -> None:
    order = sorted(routes(worn.office, "POST"), key=lambda rule: rule.endpoint in ENDING)
    for rule in order:
        if rule.endpoint not in LEFT_OUT:
            _send_junk(worn, rule, fields)


def _send_junk(worn: Api, rule: Rule, fields: list[str]) -> None:
    worn.office.clock.move(hours=1)  # wrong passwords before this are forgotten
    client = worn.office.client("maria")
    token, address = token_for(client), filled(worn.office, rule)

    @settings(max_examples=5, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.dictionaries(st.sampled_from(fields), st.lists(VALUES, max_size=2), max_size=12))
    def send(values: dict[str, list[str]]) -> None:
        sent = {n: [_sendable(v) for v in given] for n, given in values.items()}
        answer = client.post(address, data={**sent, "csrf_token": token})
        assert answer.status_code < 500, (rule, sent)

    send()


def test_no_junk_in_an_address_breaks_a_page(worn: Api, fields: list[str]) -> None:
    worn.office.clock.move(hours=1)
    client = worn.office.client("maria")
    asked = ["before", "view", "state", "floor", "q", "text", "who", "action", "setting", "span",
             "language", "next", "page", "since", "until", "room", "kind", "cause", *fields]  # fmt: skip
    for rule in routes(worn.office, "GET"):
        address = filled(worn.office, rule)

        @settings(max_examples=4, deadline=None, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(st.dictionaries(st.sampled_from(asked), VALUES, max_size=5))
        def look(values: dict[str, str]) -> None:
            query = {n: _sendable(v) for n, v in values.items()}
            status = client.get(address, query_string=query).status_code  # noqa: B023
            assert status < 500, (address, query)  # noqa: B023

        look()


def _sendable(text: str) -> str:
    """A text as bytes can carry it: what is no character is sent as a question mark."""
    return text.encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    "junk", ["%00", "%ff%fe", "a%2Fb", "..%2F..", "%F0%9F%98%80", "x" * 300, "%D9%A1", "-1", "~"]
)
def test_junk_for_names_is_not_there(made: Api, junk: str) -> None:
    client = made.office.client("maria")
    for rule in routes(made.office, "GET"):
        for name in rule.arguments:
            pattern = re.sub(rf"<(?:[^<:]+:)?{name}>", "JUNK", rule.rule)
            for other in rule.arguments - {name}:
                pattern = re.sub(rf"<(?:\w+:)?{other}>", str(THERE.get(other, 1)), pattern)
            status = client.get(pattern.replace("JUNK", junk)).status_code
            assert status < 500, (rule, junk)
