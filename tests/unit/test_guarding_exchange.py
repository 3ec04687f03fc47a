"""All guarded sites of a process, over real databases: refresh, storing, what a PBX kept."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from monitors.guarding import exchange as exchange_module
from monitors.guarding import keeping as keeping_module
from monitors.guarding.agi import AgiRequest
from monitors.guarding.desk import OverRecord
from monitors.guarding.exchange import Exchange
from monitors.guarding.line import Journal
from monitors.store.calls import calls_between, live_calls
from monitors.store.calls_blocks import blocks_of
from monitors.store.incidents import open_incidents
from provisioner.config import read_settings
from web.cli import main
from web.installation import Installation, opened

T = TypeVar("T")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOW_S = NOW.timestamp()
SITE = """\
sites:
  - id: aurora
    name: Aurora
    url: http://prov.example
    country: ES
    timezone: Europe/Madrid
    accounts: [{extension: "100"}, {extension: "2214"}, {extension: "2215"}]
    rooms: [{id: "214", extension: "2214"}]
"""
GUARDED = SITE + "    calls: {limits: {account: {international_hour: 1}}, pbx: {trunk: provider}}\n"


def apply(folder: Path, text: str) -> None:
    file = folder / "site.yaml"
    file.write_text(text)
    done = CliRunner().invoke(main, ["apply", str(file), "--data", str(folder / "data")])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, made and migrated once."""
    folder = tmp_path_factory.mktemp("prepared")
    apply(folder, GUARDED)
    return folder / "data"


@pytest.fixture
def here(prepared: Path, tmp_path: Path) -> Iterator[Installation]:
    shutil.copytree(prepared, tmp_path / "data")
    with opened(read_settings(data=tmp_path / "data")) as installation:
        yield installation


def ask(script: str, *arguments: str, **headers: str) -> AgiRequest:
    return AgiRequest(script, arguments, headers)


def made(here: Installation) -> Exchange:
    return Exchange(here.database, here.monitoring, here.box, lambda: NOW)


def run(here: Installation, work: Callable[[Exchange], Awaitable[T]]) -> T:
    async def whole() -> T:
        exchange = made(here)
        await exchange.refresh()
        return await work(exchange)

    return asyncio.run(whole())


def test_only_guarded_sites_are_answered(here: Installation, tmp_path: Path) -> None:
    async def work(exchange: Exchange) -> list[str]:
        question = ask("outgoing", "aurora", "1-1", "2214", "912345678")
        said = [(await exchange.answer(question)).get("BW_VERDICT", "")]
        said.append((await exchange.answer(ask("outgoing", "villa"))).get("BW_VERDICT", ""))
        said.append((await exchange.answer(ask("something", "aurora"))).get("BW_VERDICT", ""))
        said.append((await exchange.answer(ask("outgoing"))).get("BW_VERDICT", ""))
        apply(tmp_path, SITE)
        await exchange.refresh()
        said.append((await exchange.answer(question)).get("BW_VERDICT", ""))
        return said

    assert run(here, work) == ["dial", "", "", "", ""]


def test_a_changed_site_file_counts_from_the_next_look_on(
    here: Installation, tmp_path: Path
) -> None:
    async def work(exchange: Exchange) -> list[str]:
        said = []
        for number, closed in enumerate(("[]", "[ES]", "[]")):
            apply(tmp_path, GUARDED.replace("limits: {", f"limits: {{closed: {closed}, "))
            await exchange.refresh()
            question = ask("outgoing", "aurora", f"{number}-1", "2214", "912345678")
            said.append((await exchange.answer(question))["BW_VERDICT"])
        return said

    assert run(here, work) == ["dial", "refuse", "dial"]


def test_the_end_is_acknowledged_once_it_is_stored(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_module, "KEEP_WAIT_S", 0.3)

    def full(*_: object) -> None:
        raise OperationalError("insert", {}, OSError("disk full"))

    async def work(exchange: Exchange) -> list[dict[str, str]]:
        await exchange.answer(ask("outgoing", "aurora", "1-1", "2214", "912345678"))
        ended = ask("over", "aurora", "1-1", "2214", "+34912345678", f"{NOW_S}", f"{NOW_S + 1}",
                    f"{NOW_S + 9.5}")  # fmt: skip
        said = []
        with monkeypatch.context() as broken:
            broken.setattr(exchange_module, "write", full)
            answer, _ = await asyncio.gather(exchange.answer(ended), exchange.keep())
            said.append(dict(answer))
        assert live_calls(here.monitoring) == []
        for _ in range(2):  # told again
            answer, _ = await asyncio.gather(exchange.answer(ended), exchange.keep())
            said.append(dict(answer))
        return said

    assert run(here, work) == [{}, {"BW_KEPT": "1"}, {"BW_KEPT": "1"}]
    (kept,) = calls_between(here.monitoring, "aurora", NOW.date(), NOW.date())
    assert (kept.call.answered_s, kept.call.ended_s) == (NOW_S + 1, NOW_S + 9.5)
    assert kept.room == "214"


def test_a_restart_in_the_middle_of_a_call_counts_it_once(here: Installation) -> None:
    async def begin(exchange: Exchange) -> None:
        await exchange.answer(ask("outgoing", "aurora", "1-1", "2214", "0033123456789"))
        exchange.answered("aurora", "1-1", NOW_S + 1)
        await exchange.keep()

    async def end(exchange: Exchange) -> tuple[str, str]:
        second = await exchange.answer(ask("outgoing", "aurora", "2-1", "2214", "0033123456789"))
        ended = ask("over", "aurora", "1-1", "2214", "", f"{NOW_S}", f"{NOW_S + 1}", f"{NOW_S + 5}")
        await asyncio.gather(exchange.answer(ended), exchange.keep())
        return second["BW_VERDICT"], second["BW_RULE"]

    run(here, begin)
    assert run(here, end) == ("refuse", "calls_hour")
    assert len(calls_between(here.monitoring, "aurora", NOW.date(), NOW.date())) == 1
    assert [block.rule for block in blocks_of(here.monitoring, "aurora")] == ["calls_hour"]
    assert run(here, lambda e: e.answer(ask("outgoing", "aurora", "3-1", "2214", "912345678")))[
        "BW_RULE"
    ] == "blocked"  # fmt: skip


def test_a_block_without_an_incident_gets_one_at_the_start(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process is killed between the two."""

    async def pass_a_limit(exchange: Exchange) -> None:
        for number in ("1-1", "2-1"):
            await exchange.answer(ask("outgoing", "aurora", number, "2214", "0033123456789"))
        with suppress(ValueError):
            await exchange.keep()

    def killed(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(keeping_module, "open_incident", killed)
        run(here, pass_a_limit)
    assert [b.rule for b in blocks_of(here.monitoring, "aurora")] == ["calls_hour"]
    assert open_incidents(here.monitoring, "aurora") == ()
    for _ in range(2):
        run(here, lambda exchange: exchange.keep())
        (incident,) = open_incidents(here.monitoring, "aurora")
    assert (incident.key, incident.rule) == ("calls account 2214", "K2")


def test_the_end_of_a_call_is_told_by_an_event_too(here: Installation) -> None:
    """The mark says when it is stored, though more comes in meanwhile."""
    ended = OverRecord("1-1", "2214", "+34912345678", NOW_S, NOW_S + 1, NOW_S + 5)

    async def work(exchange: Exchange) -> list[bool]:
        await exchange.answer(ask("outgoing", "aurora", "1-1", "2214", "912345678"))
        mark = exchange.over("aurora", ended)
        desk = exchange.desk("aurora")
        assert desk is not None
        assert mark is not None
        said = [desk.ledger.has_stored(mark)]
        await exchange.answer(ask("outgoing", "aurora", "2-1", "2215", "912345678"))
        await exchange.keep()
        await exchange.answer(ask("outgoing", "aurora", "3-1", "2215", "912345678"))
        said += [desk.ledger.has_stored(mark), desk.ledger.is_settled]
        assert exchange.over("villa", ended) is None
        return said

    assert run(here, work) == [False, True, False]
    (kept,) = [
        k for k in calls_between(here.monitoring, "aurora", NOW.date(), NOW.date())
        if k.call.ended_s
    ]  # fmt: skip
    assert kept.call.ended_s == NOW_S + 5


def test_what_the_pbx_kept_is_counted_and_may_go(here: Installation) -> None:
    ended = OverRecord("7.1-1", "2214", "+34912345678", NOW_S - 90, NOW_S - 80, NOW_S - 20)
    goes_on = OverRecord("8.1-1", "2215", "+34912345678", NOW_S - 60, NOW_S - 50, None)
    crashed = OverRecord("6.1-1", "2215", "+34912345678", NOW_S - 600, NOW_S - 500, None)
    records = {each.call_id: each for each in (ended, goes_on, crashed)}
    journal = Journal(records, frozenset({"8.1-1"}), NOW_S, NOW_S - 300)

    async def work(exchange: Exchange) -> list[str]:
        stop = asyncio.Event()

        async def keeping() -> None:
            while not stop.is_set():
                await exchange.keep()
                await asyncio.sleep(0.01)

        task = asyncio.create_task(keeping())
        first = await exchange.take_journal("aurora", journal)
        again = await exchange.take_journal("aurora", journal)
        stop.set()
        await task
        assert set(first) == {"7.1-1", "6.1-1"}
        assert await exchange.take_journal("villa", journal) == []
        return again

    assert run(here, work) == ["6.1-1", "7.1-1"]  # a crash may bring back what was deleted
    kept = {
        k.call.id: k.call for k in calls_between(here.monitoring, "aurora", NOW.date(), NOW.date())
    }
    assert set(kept) == {"7.1-1", "8.1-1", "6.1-1"}
    assert kept["7.1-1"].ended_s == NOW_S - 20
    assert kept["8.1-1"].ended_s is None
    assert kept["6.1-1"].ended_s == NOW_S - 300  # when the PBX was last heard


def test_a_call_that_has_just_begun_is_not_lost(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its channel may not have been there when the PBX was read."""
    monkeypatch.setattr(exchange_module, "KEEP_WAIT_S", 0.1)

    async def work(exchange: Exchange) -> int:
        await exchange.answer(ask("outgoing", "aurora", "1-1", "2214", "912345678"))
        await exchange.take_journal("aurora", Journal({}, frozenset(), NOW_S + 1, NOW_S + 1))
        desk = exchange.desk("aurora")
        assert desk is not None
        return len(list(desk.book.running()))

    assert run(here, work) == 1


def test_who_hides_the_number_is_anonymous(here: Installation, tmp_path: Path) -> None:
    rule = "incoming: [{name: house, anonymous: refuse}]"
    apply(tmp_path, SITE + f"    calls: {{{rule}}}\n")

    async def work(exchange: Exchange) -> list[str]:
        said = []
        for pres, caller in (("allowed", "611222333"), ("prohib_not_screened", "611222333"),
                             ("unavailable", "unknown"), ("allowed", "")):  # fmt: skip
            question = ask("incoming", "aurora", "1-in", "100", "", pres, callerid=caller)
            said.append((await exchange.answer(question))["BW_VERDICT"])
        return said

    assert run(here, work) == ["ring", "do", "do", "do"]
