"""Rates, do-not-call lists, consents and checked numbers by the API; the rules by the site's head."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitors.calls.decision import Because
from monitors.store.calls_blocks import block, call_stamps
from monitors.store.calls_lists import lists_of
from provisioner.inventory.tables import AuditRow
from tests.api import Api, hotel
from tests.people import NOON

TOP = "/sites/casa/calls"
RATES = "prefix,name,per_minute\n34,Spain,0.02\n346,Spain mobile,0.10\n44,UK,0.05\n"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with hotel(tmp_path) as made:
        yield made


def audited(api: Api) -> list[tuple[str, str]]:
    query = select(AuditRow.who, AuditRow.action).where(AuditRow.action.like("calls-%"))
    with api.office.installation.database.read() as session:
        return [(row.who, row.action) for row in session.execute(query.order_by(AuditRow.id))]


def test_rates_are_tried_taken_and_looked_up(api: Api) -> None:
    assert api.get(f"{TOP}/rates").status_code == 404
    tried = api.ask("PUT", f"{TOP}/rates?dry_run=true", {"csv": RATES}).json
    assert (tried["dry_run"], tried["entries"], tried["new"]) == (True, 3, 3)
    assert api.get(f"{TOP}/rates").status_code == 404
    taken = api.ask("PUT", f"{TOP}/rates", {"csv": RATES}).json
    assert (taken["dry_run"], taken["valid"], taken["currency"]) == (False, 3, "EUR")
    assert api.json(f"{TOP}/rates")["csv"] is None
    kept = api.json(f"{TOP}/rates?csv=true")
    assert (kept["csv"], kept["entries"], kept["who"]) == (RATES, 3, "api:maria")
    found = api.json(f"{TOP}/rates/lookup?number=600+111+222")
    assert (found["number"], found["rate"]["prefix"]) == ("+34600111222", "346")
    assert found["rate"]["per_minute"] == "0.10"
    assert api.json(f"{TOP}/rates/lookup?number=%2B7+912+345-67-89")["rate"] is None
    changed = api.ask("PUT", f"{TOP}/rates", {"csv": RATES.replace("0.05", "0.06")}).json
    assert (changed["changed"], changed["new"], changed["gone"]) == (1, 0, 0)
    assert audited(api) == [("api:maria", "calls-rates")] * 2
    assert call_stamps(api.office.installation.monitoring)["casa"] == 2


def test_rows_that_cannot_be_read_are_named(api: Api) -> None:
    bad = RATES + "x,Nowhere,1\n34,Twice,1\n49,Dear,much\n"
    answer = api.ask("PUT", f"{TOP}/rates", {"csv": bad})
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json["errors"]] == ["/csv"] * 3
    told = [each["detail"] for each in answer.json["errors"]]
    assert [text.split(":")[0] for text in told] == ["line 5", "line 6", "line 7"]
    assert "prefix" in api.ask("PUT", f"{TOP}/rates", {"csv": "a,b\n"}).json["errors"][0]["detail"]
    assert api.get(f"{TOP}/rates").status_code == 404
    assert api.get(f"{TOP}/rates/lookup?number={'1' * 65}").status_code == 422


def test_do_not_call_lists_come_and_go(api: Api) -> None:
    hashed = hashlib.sha256(b"600111222").hexdigest()
    made = api.ask("PUT", f"{TOP}/dnc/robinson", {"text": hashed, "dated": "2026-09-01"}).json
    assert (made["form"], made["entries"], made["is_old"]) == ("sha256", 1, True)
    assert api.ask("PUT", f"{TOP}/dnc/own", {"text": "600 111 222\n"}).json["is_old"] is False
    assert [each["name"] for each in api.json(f"{TOP}/dnc")["lists"]] == ["own", "robinson"]
    assert len(lists_of(api.office.installation.monitoring, "casa")) == 2
    wrong = api.ask("PUT", f"{TOP}/dnc/own", {"text": "number\nhello\n"})
    assert (wrong.status_code, wrong.json["errors"][0]["pointer"]) == (422, "/text")
    later = api.ask("PUT", f"{TOP}/dnc/own", {"text": hashed, "dated": "2027-01-01"})
    assert (later.status_code, later.json["errors"][0]["pointer"]) == (422, "/dated")
    assert api.ask("DELETE", f"{TOP}/dnc/own").status_code == 204
    assert api.ask("DELETE", f"{TOP}/dnc/own").status_code == 404
    actions = [action for _, action in audited(api)]
    assert actions == ["calls-dnc-import", "calls-dnc-import", "calls-dnc-drop"]


def test_consents_are_given_and_ended(api: Api) -> None:
    answer = api.ask("POST", f"{TOP}/consents", {"number": "600 111 222", "how": "form 12"})
    assert (answer.status_code, answer.json["number"]) == (201, "+34600111222")
    assert answer.json["given"].endswith("Z")
    assert answer.headers["Location"].endswith("/calls/consents")
    for number in ("101", "112", "hello", "*60"):
        refused = api.ask("POST", f"{TOP}/consents", {"number": number, "how": "none"})
        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/number")
    api.ask("POST", f"{TOP}/consents", {"number": "+44 20 7946 0123", "how": "call"})
    first = api.json(f"{TOP}/consents?limit=1")
    assert [each["number"] for each in first["items"]] == ["+442079460123"]
    rest = api.json(first["next"].removeprefix("/api/v1"))
    assert [each["how"] for each in rest["items"]] == ["form 12"]
    api.office.clock.move(minutes=1)
    assert api.ask("DELETE", f"{TOP}/consents/+34600111222", who="ivan").status_code == 204
    assert api.ask("DELETE", f"{TOP}/consents/+34600111222").status_code == 404
    assert api.json(f"{TOP}/consents")["items"][1]["withdrawn"] == "2026-11-22T12:01:00Z"


def test_a_number_is_checked_in_a_language(api: Api) -> None:
    with api.office.installation.monitoring.write() as session:
        block(session, "casa", ("account", "2101"), Because("spend_day", {}), NOON)
    found = api.json(f"{TOP}/numbers/check?number=0044+20+7946+0123&extension=2101&language=es")
    assert (found["kind"], found["country"]) == ("international", "GB")
    assert "00442079460123" in found["spellings"]
    assert (found["incoming"]["verdict"], found["incoming"]["rule"]) == ("pass", "no_rule")
    assert (found["outgoing"]["verdict"], found["outgoing"]["rule"]) == ("refuse", "blocked")
    assert "bloqueadas" in found["outgoing"]["sentence"]
    help_ = api.json(f"{TOP}/numbers/check?number=112&extension=2101", who="lucia")
    assert help_["outgoing"]["rule"] == "emergency"
    assert api.json(f"{TOP}/numbers/check?number=")["kind"] == "anonymous"
    assert api.get(f"{TOP}/numbers/check?number=1&extension=99").status_code == 422
    assert api.get(f"{TOP}/numbers/check").status_code == 422


def test_rules_are_parts_of_the_sites_head(api: Api) -> None:
    """They have no addresses of their own: reading, If-Match, errors and undoing are the head's."""
    wrong = {"calls": {"actions": [{"name": "a", "callers": ["any"], "actions": []}]}}
    answer = api.write("PATCH", "/sites/casa", wrong)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (
        422, "/calls/actions/0/actions",
    )  # fmt: skip
    right: dict[str, Any] = {"calls": {"limits": {"account": {"spend_day": None}}}}
    assert api.write("PATCH", "/sites/casa", right, match='"old"').status_code == 412
    assert api.write("PATCH", "/sites/casa", right).status_code == 200
    assert api.json("/sites/casa")["calls"] == right["calls"]
    usual = {"calls": {"limits": {"account": {"spend_day": 10}}}}
    assert api.write("PATCH", "/sites/casa", usual).status_code == 200
    assert api.json("/sites/casa")["calls"] == {}  # guarded all the same
    done = api.write("PATCH", "/sites/casa", {"calls": None})
    assert "calls" not in api.json("/sites/casa")
    assert api.ask("POST", f"/sites/casa/changes/{done.json['change']}/undo").status_code == 200
    assert api.json("/sites/casa")["calls"] == {}


def test_who_may(api: Api) -> None:
    csv = {"csv": RATES}
    assert api.ask("PUT", f"{TOP}/rates", csv, who="ivan").status_code == 403
    assert api.ask("PUT", f"{TOP}/dnc/own", {"text": "600111222"}, who="ivan").status_code == 403
    assert api.get(f"{TOP}/consents", who="lucia").status_code == 403
    assert api.get(f"{TOP}/dnc", who="ivan").status_code == 200
    assert api.get("/sites/norte/calls/dnc", who="ivan").status_code == 404
