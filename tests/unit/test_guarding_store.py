"""Guarded calls in the database: each once, blocks that stand, lists as they were imported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitors.calls.book import CallBook, OutgoingCall, whole_seconds
from monitors.calls.decision import Because
from monitors.calls.donotcall import Checked, Consent, DoNotCallList
from monitors.calls.rates import Rate
from monitors.calls.tollfree import Listed
from monitors.guarding.incidents import incident_key
from monitors.guarding.keeping import unblock_by_hand, write
from monitors.guarding.ledger import Batch, Ledger, NewBlock
from monitors.guarding.reporting import usages, write_calls
from monitors.incidents import decide
from monitors.store.calls import (
    Refusals,
    book_of,
    calls_between,
    keep_calls,
    keep_toll_free_calls,
    live_calls,
    prune_calls,
    refusals_between,
    toll_free_calls,
)
from monitors.store.calls_blocks import (
    CallWarning,
    block,
    blocks_of,
    call_stamps,
    keep_listed,
    listed_of,
    touch,
    unlist,
    warnings_of,
)
from monitors.store.calls_lists import (
    Imported,
    checks_of,
    consents_of,
    imports_of,
    keep_checks,
    keep_consent,
    keep_list,
    keep_rates,
    lists_of,
    rates_of,
    withdraw_consent,
)
from monitors.store.calls_sums import lines_between, sums_between, used_on
from monitors.store.incidents import open_incidents
from monitors.store.tables import metadata
from provisioner.db import Database

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NAIVE = NOW.replace(tzinfo=None)
START_S = NOW.timestamp()
RATE = Rate("34", Decimal("0.60"), "Spain", Decimal("0.05"), 60, 30)
CALL = OutgoingCall(
    "1.1-1", (("account", "2214"), ("room", "214"), ("site", "aurora")), DAY, START_S,
    "+34912345678", international=True, country="ES", rate=RATE,
)  # fmt: skip
SCOPE = ("account", "2214")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'monitoring.db'}")
    metadata.create_all(made.writer)
    yield made
    made.close()


def keep(database: Database, *calls: OutgoingCall) -> None:
    with database.write() as session:
        keep_calls(session, "aurora", calls, "EUR")


def ended(call: OutgoingCall, answered_s: float | None, ended_s: float) -> OutgoingCall:
    return replace(call, answered_s=answered_s, ended_s=ended_s)


def test_a_call_is_stored_once_however_often_it_is_told(database: Database) -> None:
    over = ended(CALL, START_S + 5, START_S + 70.5)
    for state in (CALL, replace(CALL, answered_s=START_S + 5), over, over):
        keep(database, state)
    (kept,) = calls_between(database, "aurora", DAY, DAY)
    assert kept.call == over
    assert kept.cost == over.cost_at(START_S + 100) == Decimal("0.95")
    assert (kept.account, kept.room, kept.currency) == ("2214", "214", "EUR")
    assert live_calls(database) == []


def test_the_book_after_a_restart_is_the_book_before(database: Database) -> None:
    before = CallBook()
    for number in range(5):
        call = replace(CALL, id=f"{number}.1-1", started_s=START_S + number)
        before.start(call)
        if number != 3:
            before.answer(call.id, START_S + number + 1)
        if number > 1:
            before.end(call.id, START_S + number + 100)
        kept = before.call(call.id)
        assert kept is not None
        keep(database, kept)
    after = book_of(database, "aurora", DAY.replace(day=1))
    for scope in CALL.scopes:
        was, is_now = (book.usage(scope, DAY, START_S + 200) for book in (before, after))
        assert set(was.running) == set(is_now.running)
        assert replace(was, running=()) == replace(is_now, running=())
    assert {call.id for call in after.running()} == {"0.1-1", "1.1-1"}
    assert after.knows_country(SCOPE, "ES")
    assert not after.knows_country(SCOPE, "FR")


def test_a_call_that_goes_on_since_last_month_is_in_the_book(database: Database) -> None:
    old = replace(CALL, id="old", day=date(2026, 10, 31), started_s=START_S - 90_000 * 24)
    keep(database, old, ended(replace(old, id="over"), None, START_S))
    assert [call.id for call in book_of(database, "aurora", DAY.replace(day=1)).running()] == [
        "old"
    ]


def test_refusals_add_up(database: Database) -> None:
    ledger = Ledger()
    for number in range(3):
        ledger.now.refuse(Refusals(DAY, "2214", "blocked", "CU", 1, f"+53{number}", NAIVE))
    for _ in range(2):
        batch = ledger.take()
        assert batch is not None
        write(database, "aurora", "EUR", batch)
        ledger.written()
        ledger.now.refuse(Refusals(DAY, "2214", "blocked", "CU", 4, "+539", NAIVE))
    assert refusals_between(database, "aurora", DAY, DAY) == [
        Refusals(DAY, "2214", "blocked", "CU", 7, "+539", NAIVE)
    ]


def test_what_could_not_be_written_is_written_later() -> None:
    ledger = Ledger()
    first, later = replace(CALL, id="a"), ended(replace(CALL, id="a"), None, START_S + 1)
    ledger.now.calls["a"] = first
    ledger.now.refuse(Refusals(DAY, "1", "blocked", "", 2, "1", NAIVE))
    ledger.now.blocks.append(NewBlock(SCOPE, Because("spend_day"), NAIVE))
    assert ledger.take() is not None
    assert ledger.take() is None  # one at a time
    assert ledger.pending_blocks() == {SCOPE: "spend_day"}
    ledger.now.calls["a"] = later
    ledger.now.refuse(Refusals(DAY, "1", "blocked", "", 1, "2", NAIVE))
    ledger.failed()
    batch = ledger.take()
    assert batch is not None
    assert batch.calls == {"a": later}
    assert [r.count for r in batch.refusals.values()] == [3]
    assert len(batch.blocks) == 1
    ledger.written()
    assert ledger.is_settled
    assert ledger.pending_blocks() == {}


def test_a_block_opens_one_incident_and_its_end_closes_it(database: Database) -> None:
    because = Because("spend_day", {"scope": "account 2214", "most": "10.00 EUR"})
    for _ in range(2):
        batch = Batch(blocks=[NewBlock(SCOPE, because, NAIVE)])
        write(database, "aurora", "EUR", batch)
    (standing,) = blocks_of(database)
    assert (standing.scope, standing.rule, standing.who) == (SCOPE, "spend_day", "")
    (incident,) = open_incidents(database, "aurora")
    assert (incident.key, incident.rule) == (incident_key(SCOPE), "K1")
    assert decide([incident], [], NAIVE + timedelta(days=1)) == ()  # the sweep leaves it alone
    assert unblock_by_hand(database, "aurora", SCOPE, NAIVE, "cli:ana")
    assert not unblock_by_hand(database, "aurora", SCOPE, NAIVE, "cli:ana")
    assert blocks_of(database) == []
    assert open_incidents(database, "aurora") == ()
    (over,) = blocks_of(database, "aurora", ended=True)
    assert (over.ended_by, over.ended_at) == ("cli:ana", NAIVE)
    assert call_stamps(database) == {"aurora": 2}


def test_blocks_of_two_sites_do_not_mix(database: Database) -> None:
    with database.write() as session:
        assert block(session, "aurora", SCOPE, Because("by_hand"), NAIVE, "ana")
        assert block(session, "villa", SCOPE, Because("by_hand"), NAIVE, "ana")
        assert not block(session, "villa", SCOPE, Because("spend_day"), NAIVE)
        touch(session, "villa")
    assert [each.site for each in blocks_of(database, "villa")] == ["villa"]


def test_toll_free_list_and_calls(database: Database) -> None:
    with database.write() as session:
        keep_listed(session, "aurora", "+34600", Listed(1, NOW))
        keep_listed(session, "aurora", "+34600", Listed(3, NOW + timedelta(hours=1)))
        calls = [("a-in", "+34600", START_S), ("b-in", "+34600", START_S + 1)]
        keep_toll_free_calls(session, "aurora", [*calls, *calls])
    (listed,) = listed_of(database, "aurora")
    assert (listed.caller, listed.listed, listed.since) == (
        "+34600", Listed(3, NOW + timedelta(hours=1)), NAIVE,
    )  # fmt: skip
    assert toll_free_calls(database, "aurora", START_S + 1) == [calls[1]]
    with database.write() as session:
        assert unlist(session, "aurora", "+34600")
        assert not unlist(session, "aurora", "+34600")


def test_rates_and_lists_come_back_as_they_were(database: Database) -> None:
    text = "prefix,per_minute,valid_from,valid_to\n34,0.1,,2026-11-30\n34,0.2,2026-12-01,\n"
    made = DoNotCallList("robinson", DAY, "plain", frozenset({"+34600111222", "+34600111223"}))
    with database.write() as session:
        keep_rates(
            session, "aurora", "prefix,per_minute\n1,9\n", "EUR", Imported("", 1, NAIVE, "a")
        )
        keep_rates(session, "aurora", text, "EUR", Imported("", 2, NAIVE, "ana"))
        keep_list(session, "aurora", made, Imported("robinson", 2, NAIVE, "ana"))
        keep_list(session, "aurora", made, Imported("robinson", 2, NAIVE, "ana"))
    table = rates_of(database, "aurora")
    assert table is not None
    found = [table.rate("+34912345678", day) for day in (DAY, date(2026, 12, 2))]
    assert [rate and rate.per_minute for rate in found] == [Decimal("0.1"), Decimal("0.2")]
    assert rates_of(database, "villa") is None
    assert lists_of(database, "aurora") == (made,)
    assert imports_of(database, "aurora") == [
        Imported("", 2, NAIVE, "ana"),
        Imported("robinson", 2, NAIVE, "ana", DAY, "plain"),
    ]


def test_consents_and_checks(database: Database) -> None:
    agreed = Consent("+34600111222", NOW, "form 12", "ana")
    row = Checked(
        NOW, "110", "+34600111222", (("robinson", DAY),), "robinson", "form 12", stale=False,
        result="consent",
    )  # fmt: skip
    with database.write() as session:
        assert keep_consent(session, "aurora", agreed)
        assert not keep_consent(session, "aurora", agreed)
        keep_checks(session, "aurora", [("1-1", row), ("1-1", row), ("2-1", row)])
    assert consents_of(database, "aurora") == (agreed,)
    assert checks_of(database, "aurora", NAIVE, NAIVE + timedelta(1)) == [row, row]
    assert checks_of(database, "aurora", NAIVE + timedelta(1), NAIVE + timedelta(2)) == []
    with database.write() as session:
        assert withdraw_consent(session, "aurora", agreed.number, NAIVE + timedelta(1))
        assert not withdraw_consent(session, "aurora", agreed.number, NAIVE)
    (over,) = consents_of(database, "aurora")
    assert not over.stands_at(NOW + timedelta(2))


def test_warnings_and_pruning(database: Database) -> None:
    warning = CallWarning(NAIVE, "2214", Because("new_country", {"country": "JM"}))
    write(database, "aurora", "EUR", Batch(warnings=[warning], calls={"a": CALL}))
    keep(database, ended(replace(CALL, id="b"), None, START_S))
    assert warnings_of(database, "aurora", NAIVE) == [warning]
    prune_calls(database, DAY + timedelta(1))
    assert [kept.call.id for kept in calls_between(database, "aurora", DAY, DAY)] == [CALL.id]


def test_sums_and_csv(database: Database) -> None:
    keep(
        database,
        ended(CALL, START_S + 1, START_S + 61),
        ended(replace(CALL, id="b", country="FR", to="+33123456789"), None, START_S + 5),
        replace(CALL, id="going on"),
    )
    (both,) = sums_between(database, "aurora", DAY, DAY, "extension")
    assert (both.name, both.calls, both.answered, both.seconds) == ("2214", 2, 1, 60)
    assert (both.cost, both.currency, both.international) == (Decimal("0.65"), "EUR", 2)
    by_country = sums_between(database, "aurora", DAY, DAY, "destination")
    assert [each.name for each in by_country] == ["ES", "FR"]
    by_day = sums_between(database, "aurora", DAY, DAY, "day")
    assert [each.name for each in by_day] == ["2026-11-22"]
    assert sums_between(database, "norte", DAY, DAY, "day") == []
    lines = list(write_calls(lines_between(database, "aurora", DAY, DAY)))
    assert lines[1:] == [
        "2026-11-22,2214,214,+34912345678,ES,60,0.6500,EUR\n",
        "2026-11-22,2214,214,+33123456789,FR,0,0.0000,EUR\n",
    ]


SPOKEN = st.floats(0, 500, allow_nan=False).map(lambda s: round(s, 3))
MANY = st.lists(
    st.tuples(
        st.integers(0, 45), st.sampled_from(["2214", "2215"]), st.sampled_from(["214", ""]),
        st.booleans(), st.none() | SPOKEN, st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MANY)
def test_the_database_sums_as_the_book_does(database: Database, many: list[Any]) -> None:
    """The pages' sums and the guard's, of any calls of some weeks, some of which go on."""
    with database.write() as session:
        session.execute(metadata.tables["guarded_call"].delete())
    book, calls = CallBook(), []
    for number, (ago, account, room, abroad, spoken, goes_on) in enumerate(many):
        scopes = (("account", account), *((("room", room),) if room else ()), ("site", "aurora"))
        started_s = START_S - ago * 43_200 - number
        begun = replace(
            CALL, id=str(number), scopes=scopes, started_s=started_s, international=abroad,
            day=datetime.fromtimestamp(started_s, UTC).date(),
        )  # fmt: skip
        answered_s = None if spoken is None else started_s + 3
        call = replace(begun, answered_s=answered_s)
        if not goes_on:
            call = replace(call, ended_s=started_s + 3 + (spoken or 0))
        book.start(begun)
        if answered_s is not None:
            book.answer(call.id, answered_s)
        if call.ended_s is not None:
            book.end(call.id, call.ended_s)
        calls.append(call)
    keep(database, *calls)
    running = [call for call in calls if call.ended_s is None]
    found = usages("aurora", used_on(database, "aurora", DAY, START_S), running, DAY)
    for scope, usage in found.items():
        expected = book.usage(scope, DAY, START_S)
        assert replace(usage, running=()) == replace(expected, running=())
        assert set(usage.running) == set(expected.running)
    (total,) = sums_between(database, "aurora", DAY - timedelta(40), DAY, "extension")[:1] or [None]
    lines = list(lines_between(database, "aurora", DAY - timedelta(40), DAY))
    over = [c for c in calls if c.ended_s is not None]
    assert sorted(line.seconds for line in lines) == sorted(
        whole_seconds((c.ended_s or 0) - c.answered_s) if c.answered_s is not None else 0
        for c in over
    )
    assert sum(line.cost for line in lines) == sum(c.cost_at(START_S) for c in over)
    assert (total is None) == (not over)


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["start", "answer", "end"]), st.integers(0, 9)),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EVENTS, st.integers(0, 24))
def test_a_restart_at_any_moment_changes_no_count(
    database: Database, events: list[tuple[int, str, int]], restart_after: int
) -> None:
    """The book that was read again after a restart is the one that went on."""
    with database.write() as session:
        session.execute(metadata.tables["guarded_call"].delete())
    straight, broken = CallBook(), CallBook()
    for place, (number, what, at) in enumerate(events):
        if place == restart_after:
            broken = book_of(database, "aurora", DAY)
        for book in (straight, broken):
            tell(book, number, what, START_S + at)
        if (call := broken.call(str(number))) is not None:
            keep(database, call)
    for scope in CALL.scopes:
        was, is_now = (book.usage(scope, DAY, START_S + 60) for book in (straight, broken))
        assert replace(was, running=()) == replace(is_now, running=())
        assert set(was.running) == set(is_now.running)


def tell(book: CallBook, number: int, what: str, at_s: float) -> None:
    if what == "start":
        book.start(replace(CALL, id=str(number), started_s=START_S + number))
    elif what == "answer":
        book.answer(str(number), at_s)
    else:
        book.end(str(number), at_s)
