"""What programs learn of guarded calls by the API, and what they may change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitors.firewall.judging import Verdict
from monitors.store.incidents import open_incidents
from monitors.store.shut_out import keep_shut_out, shut_outs
from tests.api import Api, hotel
from tests.guarded import tell_calls
from tests.people import NOON
from tests.unit.test_pages_calls import PHONES, guard

CALLS = "/sites/casa/calls"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A hotel with calls that no test changes."""
    with hotel(tmp_path_factory.mktemp("api")) as made:
        guard(made.office)
        tell_calls(made.office.installation, "casa", NOON, PHONES)
        yield made


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Api]:
    """A hotel with calls for one test."""
    with hotel(tmp_path) as made:
        guard(made.office)
        tell_calls(made.office.installation, "casa", NOON, PHONES)
        yield made


def audited(api: Api) -> list[tuple[str, str, str]]:
    entries = api.json("/audit?limit=500")["items"]
    return [
        (e["who"], e["action"], e["target"])
        for e in reversed(entries)
        if e["action"].startswith(("calls-", "firewall-"))
    ]


def all_pages(api: Api, path: str) -> list[dict[str, Any]]:
    found, following = [], path
    while following:
        answer = api.json(following.removeprefix("/api/v1"))
        found += answer["items"]
        following = answer["next"]
    return found


def test_whether_the_guard_works(api: Api) -> None:
    seen = api.json(CALLS)
    assert (seen["guarded"], seen["state"], seen["currency"]) == (True, "well", "EUR")
    assert seen["reconciled_at"] == "2026-11-22T11:59:48Z"
    other = api.json("/sites/norte/calls")
    assert (other["guarded"], other["state"], other["seen_at"]) == (False, "off", None)


def test_use_of_every_limit(api: Api) -> None:
    found = all_pages(api, f"{CALLS}/usage?limit=3")
    keys = [f"{each['scope']} {each['name']}" for each in found]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys)) == 10
    (mine,) = [each for each in found if each["name"] == "2101"]
    assert (mine["room"], mine["currency"]) == ("101", "EUR")
    limits = {each["limit"]: each for each in mine["limits"]}
    assert limits["spend_day"]["used"] == "9.9"
    assert limits["spend_day"]["most"] == "10"
    assert limits["spend_day"]["share"] == pytest.approx(0.99)
    assert limits["international_hour"] == {
        "limit": "international_hour", "used": "1", "most": "10", "share": 0.1,
    }  # fmt: skip
    assert mine["block"]["sentence"].startswith("Account 2101 has nothing left")
    (spanish,) = api.json(f"{CALLS}/usage?find=2101&limit=1&language=es")["items"]
    assert spanish["block"]["sentence"].startswith("A la cuenta 2101 no le queda nada")
    found = api.json(f"{CALLS}/usage?find=102")["items"]
    assert [each["name"] for each in found] == ["2102", "102"]


def test_live_calls(api: Api) -> None:
    speaks, rings = all_pages(api, f"{CALLS}/live?limit=1")
    assert (speaks["number"], speaks["country"], speaks["answered"]) == ("+74951234567", "RU", True)
    assert speaks["cost"] == "1.74"
    assert speaks["cut_at"] is not None
    assert (rings["answered"], rings["cut_at"]) == (False, None)
    assert rings["left_s"] > 60


def test_blocks(own: Api) -> None:
    (first,) = own.json(f"{CALLS}/blocks")["items"]
    assert (first["scope"], first["name"], first["who"]) == ("account", "2101", "")
    where = f"{CALLS}/blocks/room/102"
    made = own.ask("PUT", where, {"reason": "Guest has left."}, who="ivan")
    assert made.status_code == 201
    assert made.json["sentence"] == "Api:ivan has blocked them: Guest has left."
    assert own.ask("PUT", where, {}, who="ivan").status_code == 200
    assert own.ask("PUT", f"{CALLS}/blocks/site/casa").status_code == 201  # without a body
    newest = all_pages(own, f"{CALLS}/blocks?limit=1")
    assert [each["name"] for each in newest] == ["casa", "102", "2101"]
    assert own.ask("DELETE", f"{CALLS}/blocks/account/2101", who="ivan").status_code == 204
    assert own.ask("DELETE", f"{CALLS}/blocks/account/2101", who="ivan").status_code == 404
    assert open_incidents(own.office.installation.monitoring, "casa") == ()
    (ended,) = own.json(f"{CALLS}/blocks?state=ended")["items"]
    assert (ended["name"], ended["ended_by"]) == ("2101", "api:ivan")
    assert len(own.json(f"{CALLS}/blocks?state=all")["items"]) == 3
    assert audited(own) == [
        ("api:ivan", "calls-block", "casa room 102"), ("api:maria", "calls-block", "casa site casa"),
        ("api:ivan", "calls-unblock", "casa account 2101"),
    ]  # fmt: skip
    for strange in ("account/4711", "room/nowhere", "site/norte"):
        assert own.ask("PUT", f"{CALLS}/blocks/{strange}").status_code in {404, 422}, strange
    assert own.ask("PUT", f"{CALLS}/blocks/dog/2101").status_code == 404


def test_callers_of_toll_free_numbers(own: Api) -> None:
    found = all_pages(own, f"{CALLS}/toll-free?limit=1")
    assert [(each["caller"], each["level"], each["calls_day"]) for each in found] == [
        ("+34600111222", 3, 11), ("+34911000111", 7, 0),
    ]  # fmt: skip
    made = own.ask("PUT", f"{CALLS}/toll-free/612345678", {"level": 6}, who="ivan")
    assert (made.status_code, made.json["caller"], made.json["by_hand"]) == (
        200, "+34612345678", True,
    )  # fmt: skip
    assert own.ask("PUT", f"{CALLS}/toll-free/anonymous", {"level": 2}).status_code == 200
    assert own.ask("PUT", f"{CALLS}/toll-free/612345678", {"level": 0}).status_code == 422
    assert own.ask("PUT", f"{CALLS}/toll-free/2101", {"level": 1}).status_code == 404  # a colleague
    assert own.ask("DELETE", f"{CALLS}/toll-free/+34612345678", who="ivan").status_code == 204
    assert own.ask("DELETE", f"{CALLS}/toll-free/+34612345678", who="ivan").status_code == 404
    assert [action for _, action, _ in audited(own)] == ["calls-toll-free"] * 3


def test_addresses_are_let_in(own: Api) -> None:
    (found,) = own.json(f"{CALLS}/shut-out")["items"]
    assert (found["address"], found["account"], found["tries"]) == ("198.51.100.23", "2102", 14)
    monitoring = own.office.installation.monitoring
    keep_shut_out(monitoring, "norte", "198.51.100.9", Verdict(NOON + timedelta(1), 1, "", 9), NOON)
    where = f"{CALLS}/shut-out"
    assert own.ask("DELETE", f"{where}/198.51.100.9").status_code == 404  # that of another site
    assert own.ask("DELETE", f"{where}/198.51.100.23", who="ivan").status_code == 204
    assert own.ask("DELETE", f"{where}/198.51.100.23", who="ivan").status_code == 404
    assert own.ask("DELETE", f"{where}/nonsense").status_code == 404
    assert [each.site for each in shut_outs(monitoring, at=NOON)] == ["norte"]
    assert audited(own) == [("api:ivan", "firewall-release", "198.51.100.23")]


def test_the_report_of_some_days(api: Api) -> None:
    made = api.json(f"{CALLS}/report")
    assert (made["first"], made["last"], made["by"]) == ("2026-11-01", "2026-11-22", "extension")
    (total,) = made["totals"]
    assert total["calls"] == sum(row["calls"] for row in made["rows"])
    days = api.json(f"{CALLS}/report?by=day&first=2026-11-21&last=2026-11-22")
    assert [row["name"] for row in days["rows"]] == ["2026-11-21", "2026-11-22"]
    assert "GB" in {row["name"] for row in api.json(f"{CALLS}/report?by=destination")["rows"]}
    answer = api.get(f"{CALLS}/report?first=yesterday")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#first")


def test_what_was_checked_before_commercial_calls(api: Api) -> None:
    found = all_pages(api, f"{CALLS}/checks?limit=3")
    assert [each["result"] for each in found] == ["free", "consent", "blocked", "free"]
    assert found[1]["lists"] == [{"name": "robinson", "dated": "2026-11-17"}]
    assert found[0]["stale"] is True
    assert api.json(f"{CALLS}/checks?after=nonsense")["items"] == []
    assert api.json(f"{CALLS}/checks?last=2020-01-01")["items"] == []


def test_who_may(api: Api) -> None:
    for path in ("", "/usage", "/live", "/blocks", "/toll-free", "/shut-out", "/report", "/checks"):
        assert api.get(f"{CALLS}{path}", who="lucia").status_code == 200
        assert api.get(f"{CALLS}{path}", scopes=["change"]).status_code == 403
        assert api.get(f"/sites/norte/calls{path}", who="ivan").status_code == 404
    for method, path in (
        ("PUT", "/blocks/account/2102"), ("DELETE", "/blocks/account/2101"),
        ("PUT", "/toll-free/612345678"), ("DELETE", "/toll-free/612345678"),
        ("DELETE", "/shut-out/198.51.100.23"),
    ):  # fmt: skip
        assert api.ask(method, CALLS + path, {"level": 1}, who="lucia").status_code == 403
        assert api.ask(method, CALLS + path, {"level": 1}, scopes=["read"]).status_code == 403
    assert audited(api) == []


def test_what_was_refused(api: Api) -> None:
    found = all_pages(api, f"{CALLS}/refused?limit=2")
    assert len(found) == 6
    assert [each["last_at"] for each in found] == sorted(
        (each["last_at"] for each in found), reverse=True
    )
    assert found[0] == {
        "day": "2026-11-22", "account": "2101", "rule": "blocked", "country": "CU", "calls": 1204,
        "last_number": "+5352000002", "last_at": "2026-11-22T11:58:00Z",
    }  # fmt: skip
    today = all_pages(api, f"{CALLS}/refused?first=2026-11-22&account=2102")
    assert [(each["rule"], each["calls"]) for each in today] == [("closed_destination", 3)]
    assert api.json(f"{CALLS}/refused?after=nowhere")["items"] == []
    assert api.json("/sites/norte/calls/refused")["items"] == []
    assert api.get(f"{CALLS}/refused?first=x").status_code == 422


def test_first_calls_to_a_country(api: Api) -> None:
    found = all_pages(api, f"{CALLS}/warnings?limit=1&language=es")
    assert [each["account"] for each in found] == ["2201", "109"]
    assert found[0]["rule"] == "new_country"
    assert found[0]["sentence"] == "Primera llamada a este país (RU): +74950000001."
    assert all_pages(api, f"{CALLS}/warnings?account=109&first=2026-11-22")[0]["account"] == "109"
    assert api.json(f"{CALLS}/warnings?last=2026-11-01")["items"] == []
