"""``bellwire calls``: status, blocks, rates, do-not-call lists; all of it audited."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitors.calls.book import OutgoingCall
from monitors.calls.decision import Because
from monitors.calls.rates import Rate
from monitors.guarding.keeping import write
from monitors.guarding.ledger import Batch, NewBlock
from provisioner.config import read_settings
from provisioner.delivery import utc_now
from provisioner.inventory.tables import AuditRow
from web.cli import main
from web.installation import opened

SITE = """\
sites:
  - id: aurora
    name: Aurora
    url: http://prov.example
    country: ES
    accounts: [{extension: "100"}, {extension: "2214"}]
    rooms: [{id: "214", extension: "2214"}]
    calls: {do_not_call: {extensions: ["100"]}}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a call and a block, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "site.yaml").write_text(SITE)
    done = CliRunner().invoke(
        main, ["apply", str(folder / "site.yaml"), "--data", str(folder / "data")]
    )
    assert done.exit_code == 0, done.output
    today = datetime.now(UTC).date()
    now_s = datetime.now(UTC).timestamp()
    scopes = (("account", "2214"), ("room", "214"), ("site", "aurora"))
    rate = Rate("33", Decimal(6))
    calls = [
        OutgoingCall("1-1", scopes, today, now_s - 90, "+33123456789", international=True,
                     country="FR", rate=rate, answered_s=now_s - 80, ended_s=now_s - 20),
        OutgoingCall("2-1", scopes, today, now_s - 9, "+34912345678", country="ES"),
    ]  # fmt: skip
    because = Because("spend_day", {"scope": "account 2214", "most": "10.00 EUR"})
    batch = Batch(
        calls={call.id: call for call in calls},
        blocks=[NewBlock(("account", "2214"), because, utc_now())],
    )
    with opened(read_settings(data=folder / "data")) as here:
        write(here.monitoring, "aurora", "EUR", batch)
    return folder / "data"


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    shutil.copytree(prepared, tmp_path / "data")
    return tmp_path / "data"


def run(data: Path, *words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["calls", *words, "--data", str(data)])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def audited(data: Path) -> list[tuple[str, str]]:
    with opened(read_settings(data=data)) as here, here.database.read() as session:
        rows = session.query(AuditRow).filter(AuditRow.action.like("calls-%"))
        return [(row.action, row.target) for row in rows.order_by(AuditRow.id)]


def status(data: Path) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run(data, "status", "--json").output)
    return shown


def test_status_live_and_report(data: Path) -> None:
    shown = status(data)
    (blocked,) = shown["blocked"]
    assert (blocked["name"], blocked["who"]) == ("2214", "")
    assert blocked["why"].startswith("Account 2214 has nothing left of the 10.00 EUR")
    account = next(use for use in shown["use"] if use["scope"] == "account")
    assert account["spend_day"] == {"used": "6.00", "most": "10.00"}
    assert account["international_hour"] == {"used": 1, "most": 10}
    assert account["simultaneous"] == {"used": 1, "most": 2}
    text = run(data, "status").output
    assert "BLOCKED account 2214" in text
    assert "spend day 6.00 of 10.00" in text
    assert "2214 rings" in run(data, "live").output
    (live,) = json.loads(run(data, "live", "--json").output)["calls"]
    assert (live["account"], live["number"]) == ("2214", "+34912345678")
    assert "FR" in run(data, "report", "--by", "destination").output
    (row,) = json.loads(run(data, "report", "--json").output)["extension"]
    assert (row["name"], row["calls"], row["seconds"], row["cost"]) == ("2214", 1, 60, "6")
    assert "+33123456789,FR,60,6.0000,EUR" in run(data, "report", "--csv").output
    assert "no calls" in run(data, "report", "--from", "2020-01-01", "--to", "2020-01-02").output


def test_blocking_and_unblocking_is_audited(data: Path) -> None:
    assert "calls out again" in run(data, "unblock", "2214").output
    run(data, "unblock", "2214", code=1)
    assert status(data)["blocked"] == []
    run(data, "block", "214", "--kind", "room")
    assert "already" in run(data, "block", "214", "--kind", "room").output
    run(data, "block", "nobody", code=1)
    run(data, "block", "2214", "--site", "villa", code=1)
    (blocked,) = status(data)["blocked"]
    assert (blocked["scope"], blocked["name"]) == ("room", "214")
    assert blocked["who"].startswith("cli")
    assert audited(data) == [
        ("calls-unblock", "aurora account 2214"), ("calls-block", "aurora room 214"),
    ]  # fmt: skip


def test_rates(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("prefix,per_minute\n34,0.01\n1876,0.90\n")
    run(data, "rates", "export", code=1)
    assert "2 rates in EUR" in run(data, "rates", "import", str(file)).output
    assert run(data, "rates", "export").output == file.read_text()
    file.write_text("prefix,per_minute\n34,cheap\n")
    assert "line 2" in run(data, "rates", "import", str(file), code=1).output
    assert run(data, "rates", "export").output.endswith("0.90\n")  # those of before
    assert audited(data) == [("calls-rates", "aurora")]


def test_do_not_call_lists_and_consents(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "robinson.txt"
    file.write_text("numero\n600 111 222\n+34600111223\n")
    said = run(data, "dnc", "import", str(file), "--name", "robinson", "--dated", "2026-11-01")
    assert "2 entries (plain) of 2026-11-01" in said.output
    file.write_text("numero\n600111222\nnonsense\n")
    assert "line 3" in run(data, "dnc", "import", str(file), "--name", "x", code=1).output
    assert status(data)["lists"][0]["name"] == "robinson"
    run(data, "consent", "600111222", code=2)
    run(data, "consent", "600111222", "--how", "form 12")
    run(data, "consent", "+34 600 111 222", "--withdraw")
    run(data, "consent", "600111222", "--withdraw", code=1)
    report = run(data, "dnc", "report", "--from", "2026-01-01").output
    assert report.startswith("at,extension,number")
    run(data, "dnc", "drop", "robinson")
    run(data, "dnc", "drop", "robinson", code=1)
    assert [action for action, _ in audited(data)] == [
        "calls-dnc-import", "calls-consent", "calls-consent", "calls-dnc-drop",
    ]  # fmt: skip


def test_the_list_of_toll_free_numbers(data: Path) -> None:
    run(data, "toll-free", "600111222", "--level", "7")
    run(data, "toll-free", "anonymous", "--level", "2")
    listed = {each["caller"]: each["level"] for each in status(data)["toll_free"]}
    assert listed == {"+34600111222": 7, "anonymous": 2}
    run(data, "toll-free", "+34600111222", "--level", "0")
    run(data, "toll-free", "+34600111222", "--level", "0", code=1)
    assert [each["caller"] for each in status(data)["toll_free"]] == ["anonymous"]


def test_a_passed_limit_is_an_incident_like_any_other(data: Path) -> None:
    for words in (["incidents"], ["incidents", "--json"], ["status"]):
        done = CliRunner().invoke(main, [*words, "--data", str(data)])
        assert done.exit_code in {0, 1}, (done.output, done.exception)
        if words == ["incidents"]:
            assert "Outgoing calls of account 2214 are blocked" in done.output
    run(data, "unblock", "2214")
    over = CliRunner().invoke(main, ["incidents", "--data", str(data)])
    assert "Outgoing calls" not in over.output


def test_the_rules_of_a_site_file_come_back_from_the_database(data: Path, tmp_path: Path) -> None:
    def bellwire(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, "--data", str(data)])
        assert done.exit_code == 0, done.output
        return done.output

    file = tmp_path / "site.yaml"
    file.write_text(SITE.replace("calls: {", "calls: {limits: {closed: [FR]}, "))
    assert "calls" in bellwire("plan", str(file))
    bellwire("apply", str(file))
    assert "nothing" in bellwire("apply", str(file))
    said = json.loads(bellwire("number", "check", "+33123456789", "--site", "aurora", "--json"))
    assert said["to"]["rule"] == "closed_destination"
    file.write_text(SITE.replace(next(x for x in SITE.splitlines() if "calls:" in x), ""))
    bellwire("apply", str(file))
    assert status(data)["guarded"] is False
