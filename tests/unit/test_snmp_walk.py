"""Walks: every row of every column, from agents that answer little, too much, or nonsense."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.snmp import walk
from monitors.snmp.session import Session
from monitors.snmp.values import (
    Answer,
    Failure,
    FailureKind,
    Oid,
    Value,
    Varbind,
    dotted,
    oid,
    within,
)
from monitors.snmp.walk import Cursor, End, Pace, Request

SILENT = Failure(FailureKind.SILENT, "no answer")
TOO_BIG = Failure(FailureKind.TOO_BIG, "too big")


@dataclass
class Agent:
    """An agent over a table of variables, with the weaknesses of real ones.

    ``fits`` variables fit into an answer: a shorter answer is cut, or refused when ``strict``.
    """

    variables: Mapping[Oid, Value]
    fits: int = 1000
    strict: bool = False
    mute_above: int = 10_000
    silences: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def get(self, oids: Sequence[Oid]) -> Answer:
        self.asked.append((len(oids), 1))
        if self.silences:
            self.silences -= 1
            return SILENT
        return tuple(Varbind(o, self.variables.get(o)) for o in oids)

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int) -> Answer:
        self.asked.append((len(oids), repetitions))
        if self.silences:
            self.silences -= 1
            return SILENT
        size = len(oids) * repetitions
        if size > self.mute_above:
            return SILENT
        if self.strict and size > self.fits:
            return TOO_BIG
        ordered = sorted(self.variables)
        answer: list[Varbind] = []
        current = list(oids)
        for _ in range(repetitions):
            for place, name in enumerate(current):
                at = bisect_right(ordered, name)
                if at == len(ordered):
                    answer.append(Varbind(name, None))
                else:
                    current[place] = ordered[at]
                    answer.append(Varbind(ordered[at], self.variables[ordered[at]]))
        return tuple(answer[: self.fits])

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        return tuple(Varbind(o, v) for o, v in values.items())


def walked(agent: object, columns: Sequence[Oid], pace: Pace | None = None):
    return asyncio.run(Session(agent).bulk_walk(columns, pace))


numbers = st.integers(min_value=0, max_value=60)
tables = st.dictionaries(
    st.tuples(st.integers(1, 4), st.lists(numbers, min_size=1, max_size=3).map(tuple)),
    st.integers(0, 1000),
    max_size=120,
)


@settings(deadline=None, max_examples=150)
@given(
    tables,
    st.lists(st.integers(1, 6), min_size=1, max_size=6, unique=True),
    st.integers(1, 60),
    st.booleans(),
)
def test_every_row_of_every_column_is_found(table, wanted, fits, strict) -> None:
    """Whatever fits into an answer, and however the agent says that more does not."""
    variables = {(1, 3, column, *index): value for (column, index), value in table.items()}
    agent = Agent(variables, fits=fits, strict=strict)
    columns = [(1, 3, c) for c in wanted]
    got = walked(agent, columns)
    for column in columns:
        expected = {o[3:]: v for o, v in variables.items() if within(o, column)}
        assert dict(got.columns.get(column, {})) == expected
        assert got.ends[column] is End.COMPLETE
    assert got.failure is None
    assert all(count * repetitions <= 100 for count, repetitions in agent.asked)


@settings(deadline=None, max_examples=100)
@given(tables, st.integers(1, 40))
def test_an_agent_that_drops_large_requests_is_asked_less(table, mute_above) -> None:
    variables = {(1, 3, column, *index): value for (column, index), value in table.items()}
    got = walked(Agent(variables, mute_above=mute_above), [(1, 3, 1), (1, 3, 2)])
    found = {(*c, *i): v for c, rows in got.columns.items() for i, v in rows.items()}
    expected = {o: v for o, v in variables.items() if o[2] in (1, 2)}
    assert found.items() <= expected.items()
    assert got.failure is not None or found == expected


answers = st.lists(
    st.builds(
        Varbind,
        st.lists(st.integers(0, 9), min_size=1, max_size=5).map(tuple),
        st.one_of(st.none(), st.integers(0, 9)),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True), answers)
def test_a_column_only_ever_goes_on_or_ends(columns, answer) -> None:
    """Whatever an agent answers: cursors increase, and what is kept lies in its column."""
    asked = walk.opened([(c,) for c in columns])
    after, kept = walk.taken(asked, answer)
    for before, now in zip(asked, after, strict=True):
        assert now.at >= before.at
        assert now.rows >= before.rows
        assert now.end is not None or now.at > before.at or len(answer) < len(asked)
    seen: dict[Oid, Oid] = {}
    for column, varbind in kept:
        assert within(varbind.oid, column)
        assert varbind.oid > seen.get(column, column)
        seen[column] = varbind.oid


@settings(max_examples=200)
@given(
    st.integers(1, 25),
    st.integers(1, 16),
    st.sampled_from([SILENT, TOO_BIG]),
    st.integers(0, walk.SILENCES - 1),
)
def test_a_failed_request_is_repeated_smaller_or_not_at_all(
    repetitions, columns, failure, silences
) -> None:
    pace = Pace(repetitions, columns, columns, silences)
    request = Request(tuple(range(columns)), repetitions)
    slower = walk.slower(pace, request, failure)
    if slower is None:
        assert silences + 1 >= walk.SILENCES or (repetitions, columns) == (1, 1)
        return
    if (repetitions, columns) != (1, 1):
        assert slower.repetitions * slower.columns < repetitions * columns or (
            slower.opening < columns
        )
    assert slower.repetitions >= 1
    assert slower.columns >= 1


def test_the_first_request_asks_one_row_of_many_columns() -> None:
    agent = Agent({(1, 3, 2, n): n for n in range(60)})
    walked(agent, [(1, 3, c) for c in range(20)])
    assert agent.asked[:2] == [(16, 1), (4, 1)]
    assert {repetitions for _, repetitions in agent.asked[2:]} == {25}


def test_repetitions_are_halved_until_the_answer_fits() -> None:
    agent = Agent({(1, 3, 1, n): n for n in range(100)}, fits=7, strict=True)
    got = walked(agent, [(1, 3, 1)])
    assert [r for _, r in agent.asked[:4]] == [1, 25, 12, 6]
    assert len(got.columns[1, 3, 1]) == 100
    assert got.pace.repetitions == 6
    assert walked(agent, [(1, 3, 1)], got.pace).ends[1, 3, 1] is End.COMPLETE
    assert agent.asked[-1] == (1, 6)


def test_a_column_that_never_fits_is_given_up_alone() -> None:
    class Narrow(Agent):
        async def get_bulk(self, oids, repetitions):
            if any(within(o, (1, 3, 1)) or o == (1, 3, 1) for o in oids):
                return TOO_BIG
            return await super().get_bulk(oids, repetitions)

    agent = Narrow({(1, 3, c, n): n for c in (1, 2) for n in range(5)})
    got = walked(agent, [(1, 3, 1), (1, 3, 2)])
    assert got.ends == {(1, 3, 1): End.TOO_BIG, (1, 3, 2): End.COMPLETE}
    assert got.incomplete == ((1, 3, 1),)
    assert len(got.columns[1, 3, 2]) == 5


def test_oids_that_do_not_increase_are_not_followed() -> None:
    class Circle(Agent):
        async def get_bulk(self, oids, repetitions):
            self.asked.append((len(oids), repetitions))
            return tuple(Varbind((*o[:3], 1 + n % 3), n) for n in range(repetitions) for o in oids)

    agent = Circle({})
    got = walked(agent, [(1, 3, 1)])
    assert got.ends == {(1, 3, 1): End.NOT_INCREASING}
    assert len(got.columns[1, 3, 1]) <= 3
    assert len(agent.asked) < 5


def test_an_endless_table_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MOST_ROWS", 40)

    class Endless(Agent):
        async def get_bulk(self, oids, repetitions):
            return tuple(
                Varbind((*o[:3], (o[3] if len(o) > 3 else 0) + n + 1), n)
                for n in range(repetitions)
                for o in oids
            )

    got = walked(Endless({}), [(1, 3, 1)])
    assert got.ends == {(1, 3, 1): End.TOO_MANY}
    assert len(got.columns[1, 3, 1]) == 40


def test_what_was_read_before_the_agent_fell_silent_is_kept() -> None:
    class Dies(Agent):
        async def get_bulk(self, oids, repetitions):
            if len(self.asked) >= 2:
                return SILENT
            return await super().get_bulk(oids, repetitions)

    agent = Dies({(1, 3, 1, n): n for n in range(100)})
    got = walked(agent, [(1, 3, 1), (1, 3, 2)])
    assert got.failure == SILENT
    assert len(got.columns[1, 3, 1]) == 26
    assert got.ends == {(1, 3, 1): End.SILENT, (1, 3, 2): End.COMPLETE}


def test_one_lost_answer_does_not_end_a_walk() -> None:
    agent = Agent({(1, 3, 1, n): n for n in range(10)}, silences=1)
    got = walked(agent, [(1, 3, 1)])
    assert got.failure is None
    assert len(got.columns[1, 3, 1]) == 10


def test_a_refusal_ends_the_walk_at_once() -> None:
    class Refuses(Agent):
        async def get_bulk(self, oids, repetitions):
            self.asked.append((len(oids), repetitions))
            return Failure(FailureKind.REFUSED, "wrong digest")

    agent = Refuses({})
    got = walked(agent, [(1, 3, 1)])
    assert got.failure is not None
    assert got.failure.kind is FailureKind.REFUSED
    assert len(agent.asked) == 1


@pytest.mark.parametrize(("index", "gone"), [(2, {2}), (0, {1, 2, 3}), (9, {1, 2, 3})])
def test_an_agents_own_error_costs_the_column_it_names(index: int, gone: set[int]) -> None:
    class Errs(Agent):
        async def get_bulk(self, oids, repetitions):
            if any(o[:3] == (1, 3, 2) for o in oids):
                return Failure(FailureKind.AGENT, "genErr", index)
            return await super().get_bulk(oids, repetitions)

    agent = Errs({(1, 3, c, n): n for c in (1, 2, 3) for n in range(3)})
    got = walked(agent, [(1, 3, 1), (1, 3, 2), (1, 3, 3)])
    assert {c[2] for c, end in got.ends.items() if end is End.ERROR} == gone


def test_an_empty_answer_ends_the_columns_asked() -> None:
    after, kept = walk.taken([Cursor((1,), (1,))], [])
    assert after[0].end is End.EMPTY_ANSWER
    assert kept == []


def test_a_get_is_asked_again_after_silence_and_then_asks_why() -> None:
    agent = Agent({(1,): 5}, silences=2)
    assert asyncio.run(Session(agent).get([(1,)])) == (Varbind((1,), 5),)
    refused = Failure(FailureKind.REFUSED, "it speaks SNMP")

    async def why() -> Failure:
        return refused

    dead = Agent({}, silences=99)
    assert asyncio.run(Session(dead, why).get([(1,)])) == refused
    assert len(dead.asked) == walk.SILENCES
    assert asyncio.run(Session(Agent({}, silences=99)).get([(1,)])) == SILENT


def test_a_write_is_sent_once() -> None:
    agent = Agent({}, silences=1)
    assert asyncio.run(Session(agent).set_integers({(1, 3): 2})) == (Varbind((1, 3), 2),)


def test_oids_as_text() -> None:
    assert oid(".1.3.6.1") == (1, 3, 6, 1)
    assert dotted((1, 3, 6, 1)) == "1.3.6.1"
    with pytest.raises(ValueError, match="invalid literal"):
        oid("1.3.iso")
    assert not within((1, 3), (1, 3))
