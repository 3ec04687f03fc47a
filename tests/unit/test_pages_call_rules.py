"""Rules of calls on the pages: incoming, actions in order, groups, limits, lists, a number checked."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from provisioner.edits.edit import Edit
from provisioner.inventory.calls import Calls, ScopeLimits
from provisioner.inventory.tables import AuditRow
from tests.api import hotel
from tests.people import Office, post
from web.call_rules.part import CallsPart, read_part

TOP = "/ui/sites/casa/calls"
CALLS: dict[str, Any] = {
    "groups": {
        "spam": [{"number": "+34 9xx 000 000", "reason": "sells power", "expires": "2027-01-31"}],
        "family": [{"number": "+44 20 7946 0123"}],
    },
    "extension_groups": {"desk": ["100"], "guests": ["2000-2999"]},
    "incoming": [
        {"name": "house", "black": [{"number": "group:spam"}], "anonymous": "reception"},
        {"name": "suite", "called": ["2101"], "white": [{"number": "group:family"}]},
    ],
    "actions": [
        {
            "name": "vip", "callers": ["+34 611*"],
            "actions": [
                {"do": "forward", "to": "+34600000001", "when": [{"days": ["sat", "sun"]}]},
                {"do": "ring_group", "to": "desk"},
                {"do": "voicemail"},
            ],
        },
        {"name": "late", "callers": ["+44*"], "called": ["100"], "actions": [{"do": "busy"}]},
    ],
}  # fmt: skip


def guarded(folder: Path) -> Iterator[Office]:
    with hotel(folder) as api:
        api.office.installation.edits.apply(Edit("casa", head={"calls": CALLS}), who="test")
        yield api.office


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Office]:
    yield from guarded(tmp_path)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The same pages for all tests that change nothing."""
    yield from guarded(tmp_path_factory.mktemp("still"))


@pytest.fixture(scope="module")
def clients(still: Office) -> dict[str, FlaskClient]:
    return {who: still.client(who) for who in ("maria", "ivan", "lucia")}


@dataclass
class Person:
    """Somebody at a browser, signed in once."""

    office: Office
    client: FlaskClient

    @property
    def part(self) -> CallsPart:
        return read_part(self.office.installation, "casa")

    @property
    def calls(self) -> Calls:
        return self.part.calls

    def send(self, path: str, values: dict[str, Any] | None = None, **sent: Any) -> TestResponse:
        """Send a form as it was loaded just now."""
        given = {"etag": self.part.etag, **(values or {}), **sent}
        return post(self.client, f"{TOP}{path}", given)

    def get(self, path: str) -> str:
        answer = self.client.get(f"{TOP}{path}")
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def maria(pages: Office) -> Person:
    return Person(pages, pages.client("maria"))


def error(answer: TestResponse, name: str) -> str:
    """What is said at a field."""
    found = re.search(rf'id="{name}-error">.*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


ALL = (
    "/incoming", "/incoming/add-rule", "/incoming/rules/house", "/incoming/add-actions",
    "/incoming/actions/vip", "/incoming/actions/vip/add", "/incoming/actions/vip/0",
    "/incoming/lists/group/spam", "/incoming/lists/black/house", "/incoming/lists/white/suite",
    "/incoming/lists/group/spam/csv", "/incoming/groups/csv",
    "/incoming/add-group", "/incoming/extensions/desk", "/incoming/add-extensions",
    "/limits", "/limits/accounts/100", "/lists", "/check?number=112",
)  # fmt: skip
GONE = (
    "/incoming/rules/none", "/incoming/actions/none", "/incoming/actions/vip/9",
    "/incoming/actions/none/0", "/incoming/lists/group/none", "/incoming/lists/grey/house",
    "/incoming/extensions/none", "/limits/accounts/999", "/lists/rates.csv",
)  # fmt: skip


@pytest.mark.parametrize("path", ALL)
def test_who_sees_what(clients: dict[str, FlaskClient], path: str) -> None:
    for who in ("maria", "ivan"):
        answer = clients[who].get(f"{TOP}{path}")
        assert answer.status_code == 200, answer.text
    shown = clients["lucia"].get(f"{TOP}{path}").status_code
    assert shown == (200 if path.startswith("/check") else 403)
    assert clients["ivan"].get(f"{TOP}{path}".replace("casa", "norte")).status_code == 404


@pytest.mark.parametrize("path", GONE)
def test_what_is_not_there(clients: dict[str, FlaskClient], path: str) -> None:
    assert clients["maria"].get(f"{TOP}{path}").status_code == 404


def test_an_installer_looks_and_changes_nothing(
    still: Office, clients: dict[str, FlaskClient]
) -> None:
    text = clients["ivan"].get(f"{TOP}/incoming").text
    assert "Only an administrator changes the rules of calls." in text
    assert "Add a rule" not in text
    assert 'class="handle"' not in text
    etag = read_part(still.installation, "casa").etag
    for path in (
        "/guard", "/incoming/order", "/incoming/add-rule", "/incoming/rules/house",
        "/incoming/incoming/house/remove", "/incoming/add-actions", "/incoming/actions/vip",
        "/incoming/actions/vip/add", "/incoming/actions/vip/0/remove", "/incoming/add-group",
        "/incoming/lists/group/spam", "/incoming/groups/spam/remove", "/incoming/add-extensions",
        "/limits/account", "/limits/accounts/100", "/limits/accounts/100/remove", "/lists/rates",
        "/lists/rates/take", "/lists/dnc", "/lists/dnc/robinson/remove", "/lists/commercial",
    ):  # fmt: skip
        answer = post(clients["ivan"], f"{TOP}{path}", {"etag": etag})
        assert answer.status_code == 403, path
    assert read_part(still.installation, "casa").etag == etag


def test_a_site_is_guarded_by_a_button_and_stays_so_by_the_usual_limits(maria: Person) -> None:
    office, site = maria.office, "/ui/sites/norte/calls"
    page = maria.client.get(f"{site}/limits").text
    assert "The calls of this site are not guarded" in page
    assert "Money in a day" not in page
    etag = read_part(office.installation, "norte").etag
    assert post(maria.client, f"{site}/guard", {"etag": etag}).status_code == 303
    part = read_part(office.installation, "norte")
    assert part.is_guarded
    assert part.calls == Calls()
    assert "Money in a day" in maria.client.get(f"{site}/limits").text
    newest = office.installation.edits.history("norte")[0]
    office.installation.edits.undo(newest.id, who="test")
    assert not read_part(office.installation, "norte").is_guarded


def test_a_rule_is_added_changed_and_removed(maria: Person) -> None:
    wrong = {"name": "Night Calls", "called": "2101; hello", "black": "group:none, +34 600 111 222"}
    answer = maria.send("/incoming/add-rule", wrong)
    assert answer.status_code == 422
    assert "hyphens" in error(answer, "name")
    for typed in ("Night Calls", "2101; hello", "group:none, +34 600 111 222"):
        assert typed in html.unescape(answer.text)
    answer = maria.send("/incoming/add-rule", {**wrong, "name": "night"})
    assert "hello" in error(answer, "called")
    assert error(answer, "black") == "There is no group none. Known: family, spam."
    assert "already" in error(maria.send("/incoming/add-rule", name="house"), "name")
    right = {"name": "night", "called": "2101", "black": "group:spam +34 600 111 222",
             "anonymous": "refuse", "refusal": "busy"}  # fmt: skip
    assert maria.send("/incoming/add-rule", right).status_code == 303
    rule = maria.calls.incoming[-1]
    assert (rule.name, rule.called, rule.anonymous, rule.refusal) == (
        "night", ("2101",), "refuse", "busy",
    )  # fmt: skip
    assert [each.number for each in rule.black] == ["group:spam", "+34 600 111 222"]
    changed = {"name": "nights", "called": "", "anonymous": "", "refusal": "hang_up"}
    assert maria.send("/incoming/rules/night", changed).status_code == 303
    rule = maria.calls.incoming[-1]
    assert (rule.name, rule.called, rule.anonymous, len(rule.black)) == ("nights", (), None, 2)
    assert maria.send("/incoming/incoming/nights/remove").status_code == 303
    assert [each.name for each in maria.calls.incoming] == ["house", "suite"]
    done = [each.action for each in maria.office.installation.edits.history("casa")]
    assert done[:3] == ["site-edit"] * 3


def test_actions_are_added_with_times(maria: Person) -> None:
    first = {"name": "night", "callers": "any", "do": "ring_group", "to": "nobody",
             "ring_s": "0", "times": "0", "times-0-start": "22:00"}  # fmt: skip
    answer = maria.send("/incoming/add-actions", first)
    assert answer.status_code == 422
    assert error(answer, "to") == "" or "nobody" in error(answer, "to")
    assert "At least 1" in error(answer, "ring_s")
    assert "22:00 and 07:00" in error(answer, "times-0-end")
    assert 'value="22:00"' in answer.text
    good = {**first, "to": "desk", "ring_s": "15", "times-0-end": "07:00"}
    good |= {"times-0-days": "fri", "times-0-negated": "yes"}
    assert maria.send("/incoming/add-actions", good).status_code == 303
    made = maria.calls.actions[-1]
    assert (made.name, made.callers) == ("night", ("any",))
    when = made.actions[0].when[0]
    assert (when.days, f"{when.start:%H%M}", f"{when.end:%H%M}", when.negated) == (
        (4,), "2200", "0700", True,
    )  # fmt: skip
    assert "not: Fri, 22:00-7:00" in maria.get("/incoming")


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        ({"do": "forward", "to": ""}, "to", "needs a target"),
        ({"do": "forward", "to": "hello"}, "to", "Neither an extension nor a number"),
        ({"do": "ring_group", "to": "x"}, "to", "There is no group x. Known: desk, guests."),
        ({"do": "juggle"}, "do", "Choose one of these."),
        ({"do": "voicemail", "ring_s": "never"}, "ring_s", "whole number"),
        ({"do": "voicemail", "times-0-start": "25:00", "times-0-end": "07:00"}, "times-0-start",
         "such as 07:00"),
        ({"do": "voicemail", "times-0-first": "2027-02-30"}, "times-0-first", "2027-01-31"),
        ({"do": "voicemail", "times-0-first": "2027-02-01", "times-0-last": "2027-01-01"},
         "times-0-last", "before the first"),
    ],
)  # fmt: skip
def test_a_wrong_action_is_told_at_its_field(
    still: Office, clients: dict[str, FlaskClient], sent: dict[str, str], field: str, said: str
) -> None:
    person = Person(still, clients["maria"])
    answer = person.send("/incoming/actions/vip/add", {"times": "0", "ring_s": "20", **sent})
    assert answer.status_code == 422
    assert said in error(answer, field)
    for name, value in sent.items():
        assert name == "do" or value in answer.text


def test_an_action_is_changed_and_removed(maria: Person) -> None:
    shown = maria.get("/incoming/actions/vip/0")
    assert 'name="times-0-days" value="sat" checked' in shown
    sent = {"do": "forward", "to": "2101", "ring_s": "25", "times": "1",
            "times-0-days": ["sat", "sun"], "times-1-first": "2026-12-24",
            "times-1-last": "2026-12-26", "more": "yes"}  # fmt: skip
    answer = maria.send("/incoming/actions/vip/0", sent)
    assert answer.headers["Location"].endswith("/actions/vip/0#times")
    action = maria.calls.actions[0].actions[0]
    assert (action.to, action.ring_s, len(action.when)) == ("2101", 25, 2)
    assert maria.send("/incoming/actions/vip/0", {**sent, "times-0-gone": "yes"}).status_code == 303
    assert [when.days for when in maria.calls.actions[0].actions[0].when] == [()]
    ends = {"do": "hang_up", "times": "0", "ring_s": "20"}
    answer = maria.send("/incoming/actions/vip/1", ends)
    assert answer.status_code == 422
    assert "Hang up ends the call" in answer.text
    assert maria.send("/incoming/actions/vip/1/remove").status_code == 303
    assert [each.do for each in maria.calls.actions[0].actions] == ["forward", "voicemail"]
    assert maria.send("/incoming/actions/late/0/remove").status_code == 303
    assert len(maria.calls.actions[1].actions) == 1  # the only one stays
    assert maria.send("/incoming/actions/vip/9/remove").status_code == 404


def test_the_order_is_changed_by_steps_and_by_dragging(maria: Person) -> None:
    def order() -> list[str]:
        return [each.do for each in maria.calls.actions[0].actions]

    answer = maria.send("/incoming/order", list="vip", move="0:down")
    assert answer.headers["Location"].endswith("/incoming?moved=vip:1:down#actions")
    assert order() == ["ring_group", "forward", "voicemail"]
    assert "autofocus" in maria.client.get(answer.headers["Location"]).text
    maria.send("/incoming/order", list="vip", order="2,0,1")
    assert order() == ["voicemail", "ring_group", "forward"]
    maria.send("/incoming/order", move="1:up")
    assert [each.name for each in maria.calls.actions] == ["late", "vip"]
    for wrong in ({"move": "0:up"}, {"move": "9:down"}, {"order": "0,0"}, {"order": "1"}, {}):
        assert maria.send("/incoming/order", list="vip", **wrong).status_code == 400, wrong
    assert maria.send("/incoming/order", list="none", move="0:up").status_code == 404
    maria.send("/incoming/actions/vip/add", do="busy", times="0", ring_s="20")
    answer = maria.send("/incoming/order", list="vip", move="3:up")
    assert "Busy ends the call" in maria.client.get(answer.headers["Location"]).text
    assert order()[-1] == "busy"


def test_what_somebody_else_changed_meanwhile_is_not_lost(maria: Person) -> None:
    old = maria.part.etag
    maria.send("/incoming/order", list="vip", move="0:down")
    answer = maria.send("/limits/account", {"etag": old, "spend_day": "77"})
    assert answer.status_code == 409
    assert "Somebody else has changed these rules" in answer.text
    assert 'value="77"' in answer.text
    again = re.search(r'name="etag" value="(\w+)"', answer.text)
    assert again
    assert maria.send("/limits/account", {"etag": again[1], "spend_day": "77"}).status_code == 303
    assert maria.calls.limits.account.spend_day == 77
    maria.send("/incoming/order", etag=old, list="vip", move="0:down")
    assert maria.calls.actions[0].actions[0].do == "ring_group"  # as it was
    assert "This is how they are now" in maria.get("/incoming")
    hurried = post(
        maria.client, f"{TOP}/incoming/order", {"etag": old, "list": "vip", "move": "0:down"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert (hurried.status_code, hurried.headers["HX-Redirect"]) == (204, f"{TOP}/incoming")


def test_numbers_are_pasted_found_changed_and_taken_out(maria: Person) -> None:
    here = "/incoming/lists/group/spam"
    answer = maria.send(here, numbers="600 111 222, hello there", expires="soon")
    assert "2027-01-31" in error(answer, "expires")
    answer = maria.send(here, numbers="600 111 222, hello there")
    assert "hello" in error(answer, "numbers")
    assert "600 111 222, hello there" in answer.text
    pasted = {"numbers": "600 111 222 611222333; +34 9xx 000 000", "reason": "rang at night"}
    assert maria.send(here, pasted).status_code == 303
    spam = maria.calls.groups["spam"]
    assert [each.number for each in spam] == ["+34 9xx 000 000", "600 111 222", "611222333"]
    assert {each.reason for each in spam} == {"rang at night"}
    assert "2 numbers are new." in maria.get(here)
    assert "611222333" not in maria.get(f"{here}?q=600")
    assert 'value="rang at night"' in maria.get(f"{here}?edit=1")
    changed = {"place": "1", "numbers": "600 111 223", "comment": "=1+1", "expires": "2026-11-21"}
    assert maria.send(here, changed).status_code == 303
    entry = maria.calls.groups["spam"][1]
    assert (entry.number, entry.reason, entry.comment) == ("600 111 223", "", "=1+1")
    assert "over" in maria.get(here)
    assert maria.send(here, do="remove", gone=["0", "2"]).status_code == 303
    assert [each.number for each in maria.calls.groups["spam"]] == ["600 111 223"]


def test_lists_go_out_and_come_in_as_csv(maria: Person) -> None:
    here = "/incoming/lists/group/spam"
    maria.send(here, numbers="600 111 222", comment="=cmd()", expires="2027-05-01")
    text = maria.get(f"{here}/csv")
    assert "'=cmd()" in text
    before = maria.calls.groups["spam"]
    file = {"do": "file", "how": "replace"}
    sent = maria.send(here, {**file, "file": (io.BytesIO(text.encode()), "spam.csv")})
    assert sent.status_code == 303
    assert maria.calls.groups["spam"] == before
    for body in (b"", b"PK\x03\x04zip", b"comment\nx\n", b"number\n600111222\nnobody\n"):
        answer = maria.send(here, {**file, "file": (io.BytesIO(body), "a.csv")})
        assert error(answer, "file"), body
    whole = maria.get("/incoming/groups/csv") + "+34 900 1,new,,,\n"
    made = {"do": "file", "file": (io.BytesIO(whole.encode()), "groups.csv")}
    answer = maria.send("/incoming/add-group", made)
    assert "+34 900 1" in error(answer, "file")
    good = maria.get("/incoming/groups/csv") + "+34 600 111 229,new,,,\n"
    made = {"do": "file", "file": (io.BytesIO(good.encode()), "groups.csv")}
    assert maria.send("/incoming/add-group", made).status_code == 303
    assert set(maria.calls.groups) == {"spam", "family", "new"}
    assert maria.calls.groups["spam"] == before


def test_groups_are_made_and_go_when_nothing_uses_them(maria: Person) -> None:
    assert maria.send("/incoming/add-group", name="new", numbers="600111222").status_code == 303
    assert "already" in error(maria.send("/incoming/add-group", name="new"), "name")
    assert maria.send("/incoming/groups/new/remove").status_code == 303
    maria.send("/incoming/groups/spam/remove")
    assert "spam" in maria.calls.groups
    assert "no group &#39;spam&#39;" in maria.get("/incoming")
    wrong = maria.send("/incoming/add-extensions", name="bar", numbers="")
    assert "At least one" in error(wrong, "numbers")
    made = maria.send("/incoming/add-extensions", name="bar", numbers="100 2101")
    assert made.status_code == 303
    assert maria.send("/incoming/extensions/bar", numbers="2000-2999").status_code == 303
    assert maria.calls.extension_groups["bar"] == ("2000-2999",)
    assert maria.send("/incoming/extension_groups/bar/remove").status_code == 303
    assert maria.send("/incoming/extension_groups/bar/remove").status_code == 404


def test_an_empty_box_and_no_limit_are_told_apart(maria: Person) -> None:
    page = maria.get("/limits")
    assert re.search(r'id="account-spend_day" name="spend_day" value="10"', page)
    assert "Usual: 10" in page
    shown = {"spend_day": "10", "spend_month": "100", "international_hour": "10",
             "international_day": "30", "international_month": "100", "simultaneous": "2"}  # fmt: skip
    sent = {**shown, "spend_day": "", "spend_month": "12,50", "international_hour-none": "yes",
            "international_day": "0", "simultaneous": "", "simultaneous-none": "yes"}  # fmt: skip
    assert maria.send("/limits/account", sent).status_code == 303
    kept = maria.calls.limits.account
    assert (kept.spend_day, kept.spend_month, kept.international_hour) == (
        10,
        Decimal("12.5"),
        None,
    )
    assert (kept.international_day, kept.simultaneous) == (0, None)
    assert maria.part.document["limits"] == {"account": {
        "spend_month": "12.50", "international_hour": None, "international_day": 0,
        "simultaneous": None,
    }}  # fmt: skip
    both = {**shown, "international_hour-none": "yes", "international_hour": "5"}
    answer = maria.send("/limits/account", both)
    found = re.search(
        r'id="account-international_hour-error">.*?<span>(.*?)</span>', answer.text, re.S
    )
    assert found
    assert "Either take the tick away" in found[1]
    site = maria.send("/limits/site", spend_month="5000")
    assert site.status_code == 303
    assert maria.calls.limits.site == ScopeLimits(spend_month=Decimal(5000))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("spend_day", "much"), ("spend_day", "-1"), ("spend_day", "1.23456"), ("spend_day", "1e20"),
        ("spend_day", "NaN"), ("international_hour", "1.5"), ("international_hour", "1000001"),
        ("simultaneous", "0"), ("simultaneous", "٣"),
    ],
)  # fmt: skip
def test_a_wrong_limit_is_told_at_its_field(
    still: Office, clients: dict[str, FlaskClient], field: str, value: str
) -> None:
    answer = Person(still, clients["maria"]).send("/limits/room", {field: value})
    assert answer.status_code == 422
    assert f'id="room-{field}-error"' in answer.text
    assert f'value="{value}"' in answer.text


def test_a_single_account_has_limits_of_its_own(maria: Person) -> None:
    chosen = maria.client.get(f"{TOP}/limits/accounts?extension=2101")
    assert chosen.headers["Location"].endswith("/limits/accounts/2101")
    assert maria.client.get(f"{TOP}/limits/accounts?extension=9").status_code == 303
    sent = {"spend_day": "10", "international_hour": "60", "simultaneous-none": "yes"}
    assert maria.send("/limits/accounts/2101", sent).status_code == 303
    kept = maria.calls.limits.accounts["2101"]
    assert (kept.international_hour, kept.simultaneous, kept.spend_month) == (60, None, 100)
    assert "International calls in an hour: 60" in maria.get("/limits")
    assert maria.send("/limits/accounts/2101/remove").status_code == 303
    assert maria.calls.limits.accounts == {}


def test_destinations_toll_free_dialling_and_what_if_bellwire_is_away(maria: Person) -> None:
    wrong = maria.send("/limits/closed", destinations="premium, nowhere", times="0")
    assert "nowhere" in error(wrong, "destinations")
    closed = {"destinations": "premium, fr cu\n+882*", "unrated": "allow", "times": "0",
              "times-0-start": "23:00", "times-0-end": "06:00"}  # fmt: skip
    assert maria.send("/limits/closed", closed).status_code == 303
    limits = maria.calls.limits
    assert limits.closed == ("premium", "FR", "CU", "+882*")
    assert (limits.unrated, limits.warn_new_country, len(limits.closed_times)) == (
        "allow",
        False,
        1,
    )
    assert maria.send("/limits/closed", destinations="", times="0").status_code == 303
    assert maria.calls.limits.closed == ()

    toll = {"toll_numbers": "900 123 456", "per_hour": "9", "per_day": "3"}
    assert "at least as many" in error(maria.send("/limits/toll_free", toll), "per_day")
    assert maria.send("/limits/toll_free", {**toll, "per_day": "", "level": "6"}).status_code == 303
    kept = maria.calls.toll_free
    assert (kept.numbers, kept.per_hour, kept.per_day, kept.level) == (("900 123 456",), 9, 10, 6)
    assert maria.send("/limits/toll_free", per_hour="9").status_code == 303
    assert maria.calls.toll_free.numbers == ()

    dial = {"area": "91", "trunk_prefix": "-", "outside": "0", "home": "ad, PT", "services": "*60"}
    wrong = maria.send("/limits/numbering", {**dial, "home": "XX", "services": "sixty"})
    assert "digits" in error(wrong, "services")
    assert "XX" in error(maria.send("/limits/numbering", {**dial, "home": "XX"}), "home")
    assert maria.send("/limits/numbering", dial).status_code == 303
    given = maria.calls.numbering
    assert (given.area, given.trunk_prefix, given.home, given.services) == (
        "91", "", ("AD", "PT"), ("*60",),
    )  # fmt: skip
    assert 'name="trunk_prefix" value="-"' in maria.get("/limits")

    away = {"national": "refuse", "international": "refuse", "incoming": "allow"}
    assert maria.send("/limits/without", away).status_code == 303
    assert maria.calls.pbx.without_bellwire.national == "refuse"
    assert "EUR" in error(maria.send("/limits/money", currency="euros"), "currency")
    assert maria.send("/limits/money", currency="usd").status_code == 303
    assert maria.calls.currency == "USD"
    assert maria.send("/limits/nothing").status_code == 404


def test_rates_are_looked_at_then_taken(maria: Person) -> None:
    def upload(text: str) -> TestResponse:
        return maria.send("/lists/rates", {"rates": (io.BytesIO(text.encode()), "rates.csv")})

    bad = upload("prefix,per_minute\n34,0.02\n34,0.03\n49,much\n")
    assert bad.status_code == 422
    assert "<code>49,much</code>" in bad.text
    assert error(upload("a;b\n"), "rates")
    assert error(maria.send("/lists/rates"), "rates") == "Choose a file."
    preview = upload("prefix,name,per_minute,valid_to\n34,Spain,0.02,\n1,US,0.5,2026-01-01\n")
    assert preview.status_code == 200
    assert "Over already" in preview.text
    draft = re.search(r'name="draft" value="([^"]+)"', preview.text)
    assert draft
    assert "None yet" in maria.get("/lists")
    assert maria.send("/lists/rates/take", draft=draft[1]).status_code == 303
    assert "2 rates" in maria.get("/lists?number=911+22+33+44")
    assert "0.06" in maria.get("/lists?number=911+22+33+44")  # three minutes
    assert "No rate is known" in maria.get("/lists?number=%2B12125550100")
    assert "Spain" in maria.get("/lists/rates.csv")
    maria.office.clock.move(hours=3)
    old = maria.send("/lists/rates/take", draft=draft[1])
    assert "too old" in maria.client.get(old.headers["Location"]).text
    assert maria.send("/lists/rates/take", draft="nonsense").status_code == 303
    maria.send("/limits/money", currency="usd")
    assert "The rates of this site are in EUR" in maria.get("/limits")


@pytest.mark.parametrize(
    ("language", "rate", "numbers", "hours"),
    [
        ("es", "el prefijo 34 está dos veces", "no es un número de ES", "per_day es menor que"),
        ("ru", "префикс 34 указан дважды", "не номер страны ES", "per_day меньше, чем"),
    ],
)
def test_what_cannot_be_read_is_said_in_the_language_of_the_page(
    maria: Person, language: str, rate: str, numbers: str, hours: str
) -> None:
    maria.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
    file = (io.BytesIO(b"prefix,per_minute\n34,0.02\n34,0.03\n49,much\n"), "rates.csv")
    bad = html.unescape(maria.send("/lists/rates", {"rates": file}).text)
    assert rate in bad
    assert "there is twice" not in bad
    assert "is no amount" not in bad
    pasted = maria.send("/incoming/lists/group/spam", numbers="99999999999999999")
    assert numbers in error(pasted, "numbers")
    assert "is no number" not in error(pasted, "numbers")
    often = "toll_free: {numbers: ['900123456'], per_hour: 9, per_day: 5}"
    head = {"etag": maria.part.head_etag, "calls": often}
    assert hours in error(post(maria.client, "/ui/sites/casa/settings", head), "calls")
    listed = (io.BytesIO(b"numbers\n600 111 222\nnobody\n"), "list.txt")
    told = error(maria.send("/lists/dnc", list_name="r", dated="2026-09-01", list=listed), "list")
    assert "SHA-256" in told
    assert "neither a number" not in told


def test_do_not_call_lists_and_consents(maria: Person) -> None:
    def upload(**values: Any) -> TestResponse:
        file = (io.BytesIO(b"600 111 222\n611222333\n"), "list.txt")
        given = {"list_name": "robinson", "dated": "2026-09-01", "list": file}
        return maria.send("/lists/dnc", {**given, **values})

    assert "robinson" in error(upload(list_name="my list"), "list_name")
    assert "2027-01-31" in error(upload(dated="soon"), "dated")
    assert "not come yet" in error(upload(dated="2027-01-01"), "dated")
    assert "nobody" in error(upload(list=(io.BytesIO(b"x\nnobody\n"), "a.txt")), "list")
    assert upload().status_code == 303
    assert "too old, get a new one" in maria.get("/lists")
    wrong = maria.send("/lists/commercial", extensions="100", list_days="0")
    assert "At least 1" in error(wrong, "list_days")
    sent = maria.send("/lists/commercial", extensions="100", action="warn", list_days="365")
    assert sent.status_code == 303
    assert maria.calls.do_not_call.extensions == ("100",)
    assert "too old, get a new one" not in maria.get("/lists")
    assert "wants no commercial calls" in maria.get("/check?number=600111222")
    assert (
        "no number" in error(maria.send("/lists/consents", number="101", how="x"), "number").lower()
    )
    assert maria.send("/lists/consents", number="600 111 222", how="form 12").status_code == 303
    assert "form 12" in maria.get("/lists?q=600111")
    assert "agreed: form 12" in maria.get("/check?number=600111222")
    maria.office.clock.move(minutes=5)
    assert maria.send("/lists/consents/end", ended="+34600111222").status_code == 303
    assert "ended" in maria.get("/lists")
    maria.send("/lists/consents/end", ended="+34600111222")
    assert "no consent of this number" in maria.get("/lists")
    assert maria.send("/lists/dnc/robinson/remove").status_code == 303
    assert maria.send("/lists/dnc/robinson/remove").status_code == 404
    query = select(AuditRow.action).where(AuditRow.action.like("calls-%")).order_by(AuditRow.id)
    with maria.office.installation.database.read() as session:
        assert list(session.scalars(query)) == [
            "calls-dnc-import", "calls-consent", "calls-consent", "calls-dnc-drop",
        ]  # fmt: skip


def test_a_number_is_checked_extension_by_extension(
    still: Office, clients: dict[str, FlaskClient]
) -> None:
    def get(asked: str, who: str = "maria", **headers: str) -> str:
        answer = clients[who].get(f"{TOP}/check?{asked}", headers=headers)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    family = get("number=0044+20+7946+0123")
    assert "international number, United Kingdom, landline" in family
    assert "<code>00442079460123</code>" in family
    assert "white list of rule suite" in family  # of 2101
    assert "gets the actions called late" in family  # of 100
    assert f'href="{TOP}/incoming/rules/suite"' in family
    assert f'href="{TOP}/incoming/actions/late"' in family
    assert "white list of rule suite" not in get("number=%2B442079460123&extension=100")
    assert "is an emergency number" in get("number=112")
    assert "premium" in get("number=803+111+111")
    viewer = get("number=0044+20+7946+0123", "lucia")
    assert "Show the rule" not in viewer
    assert clients["maria"].get(f"{TOP}/check?number={'1' * 70}").status_code == 422
    assert clients["maria"].get(f"{TOP}/check?number=1&extension=9").status_code == 422
    with still.queries() as few:
        get("number=112&extension=100")
    with still.queries() as many:
        get("number=112")
    assert len(many) <= len(few)
