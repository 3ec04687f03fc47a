"""The part ``calls`` of a site file: its record, its way to the database, its errors."""

from __future__ import annotations

import json
import re
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from provisioner.inventory.calls import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    CallAction,
    Calls,
    Numbering,
    TollFree,
    When,
    WrittenNumber,
    calls_of,
    calls_values,
)
from provisioner.inventory.calls_plan import site_plan, unreadable
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Site
from provisioner.inventory.site_yaml import read_yaml
from provisioner.numbering.number import Kind

WHOLE = """\
currency: EUR
numbering: {area: "91", outside: 0, home: [AD], services: ["*60"], emergency: [900500500]}
groups:
  spam:
    - +34 9xx 000 000
    - {number: 600111222, comment: twice, reason: sells power, expires: 2027-01-31}
  family: +44 20 7946 0123, +44 7911 123456
extension_groups: {guests: [2000-2999], bar: "110, 111"}
incoming:
  - {name: house, black: "group:spam, +44*", anonymous: reception, refusal: busy}
  - {name: suite, called: [2214], white: ["group:family"]}
actions:
  - name: vip
    callers: [+34 611*, anonymous]
    called: group:guests
    actions:
      - {do: forward, to: "+34600000001", ring_s: 30, when: [{days: [sun, sat], start: "22:00", end: 07:00}]}
      - {do: voicemail}
toll_free: {numbers: 900123456, per_hour: 3, per_day: 6, level: 2, interval_s: 8}
limits:
  site: {spend_day: 200}
  account: {spend_day: 12.50, international_day: null}
  accounts: {100: {spend_day: null}}
  closed: [premium, CU, "+882*"]
  closed_times: [{start: "23:00", end: 06:00}]
  unrated: allow
do_not_call: {extensions: [110, 111], action: warn}
"""


def read(text: str) -> Calls:
    return FileCalls.model_validate(read_yaml("site.yaml", text).data).record()


def test_a_whole_part() -> None:
    calls = read(WHOLE)
    assert calls.numbering == Numbering("91", None, "", "0", ("AD",), ("*60",), ("900500500",))
    assert calls.groups["spam"] == (
        WrittenNumber("+34 9xx 000 000"),
        WrittenNumber("600111222", "twice", "sells power", date(2027, 1, 31)),
    )
    assert [each.number for each in calls.groups["family"]] == [
        "+44 20 7946 0123",
        "+44 7911 123456",
    ]
    assert [each.number for each in calls.incoming[0].black] == ["group:spam", "+44*"]
    assert calls.incoming[1].called == ("2214",)
    night = When((5, 6), time(22), time(7))
    assert calls.actions[0].actions[0] == CallAction("forward", "+34600000001", (night,), 30)
    assert calls.actions[0].called == ("group:guests",)
    assert calls.toll_free == TollFree(("900123456",), 3, 6, 2, 8)
    assert calls.limits.site.spend_day == Decimal(200)
    assert calls.limits.site.spend_month is None
    assert calls.limits.account.spend_day == Decimal("12.50")
    assert calls.limits.account.spend_month == Decimal(100)
    assert calls.limits.account.international_day is None
    assert calls.limits.accounts["100"].spend_day is None
    assert calls.limits.accounts["100"].international_hour == 10
    assert calls.do_not_call.action == "warn"


def test_nothing_written_has_the_defaults_of_the_issue() -> None:
    calls = read("{}")
    assert calls == Calls()
    limits = calls.limits.account
    assert limits is not None
    assert (limits.spend_day, limits.spend_month) == (10, 100)
    assert (limits.international_hour, limits.international_day) == (10, 30)
    assert limits.international_month == 100
    assert (calls.limits.room, calls.limits.site) == (DEFAULT_LIMITS, NO_LIMITS)


@pytest.mark.parametrize("text", ["{}", WHOLE])
def test_there_and_back_through_the_database(text: str) -> None:
    calls = read(text)
    stored: Any = json.loads(json.dumps(calls_values(calls)))
    assert calls_of(stored) == calls
    assert calls_of({}) == Calls()


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("currency: euro", "currency", "match pattern"),
        ("colour: red", "colour", "Extra inputs"),
        ("numbering: {area: 9a}", "numbering.area", "match pattern"),
        ("numbering: {home: [Andorra]}", "numbering.home.0", "match pattern"),
        ("groups: {Spam: []}", "groups.Spam", "match pattern"),
        ("groups: {spam: [{number: 1, expires: soon}]}", "groups.spam.0.expires", "2027-01-31"),
        ("groups: {a: ['group:b'], b: []}", "", "group a: a group holds numbers"),
        ("incoming: [{name: a, black: ['group:x']}]", "", "incoming a: no group 'x'; known: there"),
        ("incoming: [{name: a, called: ['group:x']}]", "", "no group 'x'"),
        ("incoming: [{name: a}, {name: a}]", "", "two rule are called 'a'"),
        ("incoming: [{name: a, anonymous: maybe}]", "incoming.0.anonymous", "Input should be"),
        ("actions: [{name: a, callers: [], actions: [{do: busy}]}]", "actions.0.callers", "at least 1"),
        ("actions: [{name: a, callers: [any], actions: [{do: queue}]}]", "actions.0.actions.0",
         "queue needs 'to'"),
        ("actions: [{name: a, callers: [any], actions: [{do: busy, to: 1}]}]", "actions.0.actions.0",
         "busy goes nowhere"),
        ("actions: [{name: a, callers: [any], actions: [{do: busy}, {do: voicemail}]}]", "actions.0",
         "never reached"),
        ("limits: {closed_times: [{start: 7am}]}", "limits.closed_times.0.start", "such as 07:00"),
        ("limits: {closed_times: [{first: 2027-01-02, last: 2027-01-01}]}",
         "limits.closed_times.0", "before the first"),
        ("limits: {account: {spend_day: lots}}", "limits.account.spend_day", "no amount"),
        ("limits: {account: {spend_day: -1}}", "limits.account.spend_day", "greater than"),
        ("toll_free: {numbers: []}", "toll_free.numbers", "at least 1"),
        ("toll_free: {numbers: [900], per_hour: 9, per_day: 2}", "toll_free", "less than per_hour"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, where: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read(text)
    first = caught.value.errors()[0]
    assert ".".join(str(part) for part in first["loc"] if part != "[key]") == where
    assert said in first["msg"]


SITE = Site(
    "aurora", "Aurora", country="ES",
    numbers={"reception": "100", "emergency": "112", "wake_up": "*55", "spa": "350",
             "doctor": "912345678"},
)  # fmt: skip


def test_the_plan_of_a_site() -> None:
    calls = read(WHOLE)
    plan = site_plan(SITE, ["100", "110", "111", "2214"], calls)
    assert {"*55", "350", "*97", "*8", "*60"} == plan.services
    assert plan.emergency == {"112", "900500500"}
    assert plan.reception == "100"
    kinds = {text: plan.read(text).kind for text in ("100", "*55", "350", "112", "912345678")}
    assert list(kinds.values()) == [
        Kind.INTERNAL, Kind.SERVICE, Kind.SERVICE, Kind.EMERGENCY, Kind.NATIONAL,
    ]  # fmt: skip
    assert plan.read("2345678").value == "+34912345678"
    assert list(unreadable(calls, plan)) == []


def test_what_the_plan_cannot_read_is_named_with_its_place() -> None:
    calls = read(
        """\
groups: {spam: [foo]}
extension_groups: {bar: [bar!]}
incoming: [{name: a, white: "912345678, x1y", black: [12345678901234567], called: ["?"]}]
actions: [{name: b, callers: [nobody], called: [1!], actions: [{do: busy}]}]
toll_free: {numbers: [free]}
limits: {closed: [XX], accounts: {999: {}}}
do_not_call: {extensions: [x!]}
"""
    )
    found = dict(unreadable(calls, site_plan(SITE, ["100"])))
    assert sorted(".".join(map(str, path)) for path in found) == [
        "actions.0.called", "actions.0.callers", "do_not_call.extensions", "extension_groups.bar",
        "groups.spam", "incoming.0.black", "incoming.0.called", "incoming.0.white",
        "limits.accounts.999", "limits.closed", "toll_free.numbers",
    ]  # fmt: skip
    assert "'foo' is no number in ES" in found["groups", "spam"]
    assert "'x1y'" in found["incoming", 0, "white"]


def test_the_example_of_the_documents_can_be_read() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "calls.md"
    example = re.search(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    data: Any = read_yaml("calls.md", example[1]).data
    calls = FileCalls.model_validate(data["calls"]).record()
    assert list(unreadable(calls, site_plan(SITE, ["100", "110", "111", "2214"], calls))) == []
