"""What the page of a phone is made of: charts, timeline, drawings of keys, how a wish stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.history import Bucket, Quantity
from monitors.remedies.action import Action, ActionState
from monitors.remedies.case import Guard, Verdict
from monitors.store.wishes import LOOKED_FRESH, PATIENCE, Wish, WishState
from provisioner.catalogue.loader import Catalogue, load
from provisioner.key_sheet import KeyLabel
from provisioner.key_types import KeyType
from provisioner.keys import lay_out
from web.pages.phone.charts import HEIGHT, SPANS, WIDTH, chart_of, nice_top
from web.pages.phone.key_drawing import Face, cut, faces
from web.pages.phone.mending import standing_of
from web.pages.phone.timeline import PER_PAGE, Moment, page_of, put_together
from web.pages.phone.words import DOUBTS, MEANINGS, REMEDIES, person_name

NOON = datetime.fromisoformat("2026-11-22 12:00")
END_S = 1_795_348_800
DAY = SPANS["24h"]
CATALOGUE: Catalogue = load()


# charts


def bucket(minute: int, value: int) -> Bucket:
    at = END_S - DAY.length_s + minute * 60
    return Bucket(1, at, Quantity.RTT_US, 1, value, value, value)


def test_steps_are_put_together_and_gaps_are_left() -> None:
    made = [bucket(n, 4000 + n) for n in range(30)] + [bucket(n, 8000) for n in range(300, 330)]
    chart = chart_of("rtt", made, DAY, END_S - DAY.length_s, END_S)
    assert chart
    assert len(chart.points) == 6
    assert len(chart.lines) == len(chart.bands) == 2
    assert chart.points[0].mean == pytest.approx(4.0045)
    assert (chart.least, chart.most, chart.last.mean) == (4.0, 8.0, 8.0)
    assert chart.mean == pytest.approx((sum(4000 + n for n in range(30)) / 1000 + 240) / 60)


def test_one_figure_alone_is_a_dot_and_none_are_no_chart() -> None:
    chart = chart_of("mos", [bucket(60, 430)], DAY, END_S - DAY.length_s, END_S)
    assert chart
    assert chart.lines == ()
    assert len(chart.dots) == 1
    assert chart_of("rtt", [], DAY, END_S - DAY.length_s, END_S) is None


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(0, 10**7)), min_size=1, max_size=60))
def test_every_point_is_inside_the_drawing(values: list[tuple[int, int]]) -> None:
    made = [bucket(m, v) for m, v in sorted(dict(values).items())]
    chart = chart_of("rtt", made, DAY, END_S - DAY.length_s, END_S)
    assert chart
    drawn = [pair.split(",") for line in (*chart.lines, *chart.bands) for pair in line.split()]
    for x, y in [*((float(a), float(b)) for a, b in drawn), *chart.dots]:
        assert -1 <= x <= WIDTH
        assert -0.1 <= y <= HEIGHT
    assert chart.top >= chart.most


@pytest.mark.parametrize(
    ("value", "top"), [(0, 0.1), (0.3, 0.4), (1, 1), (4, 4), (4.2, 5), (27.7, 40), (101, 200)]
)
def test_round_edges(value: float, top: float) -> None:
    assert nice_top(value) == pytest.approx(top)


# timeline


def fetch(minutes: float, word: str = "sent", *, good: bool = True) -> Moment:
    return Moment(NOON - timedelta(minutes=minutes), "fetch", good, word, "/x", "http 10.0.0.1")


def test_the_fetches_of_one_boot_are_one() -> None:
    refused = fetch(30, "not-armed", good=False)
    found = [fetch(0), fetch(0.1), fetch(0.2), refused, fetch(30.1), fetch(90)]
    made = put_together(found)
    assert [(m.count, m.good) for m in made] == [(3, True), (1, False), (1, True), (1, True)]


@given(st.lists(st.integers(0, 90), max_size=150))
@settings(deadline=None)
def test_pages_of_a_timeline_leave_nothing_out(minutes: list[int]) -> None:
    every = sorted((fetch(m * 5) for m in minutes), key=lambda m: m.at, reverse=True)
    seen, before = 0, None
    for _ in range(200):
        rest = [m for m in every if before is None or m.at < before]
        page = page_of(rest)
        seen += sum(m.count for m in page.moments)
        if page.older is None:
            break
        assert before is None or page.older < before
        before = page.older
    assert seen == len(every)
    assert len(page_of(every[:PER_PAGE]).moments) <= PER_PAGE


# keys


def labels(model: str, *accessories: str) -> list[KeyLabel]:
    """The slots of a model as a key sheet has them, every one with a speed dial."""
    device = CATALOGUE.models[model]
    modules = [CATALOGUE.models[name] for name in accessories]
    plan = lay_out(device, modules, [])
    return [
        KeyLabel(p.slot.id, p.slot.group, p.slot.module, p.slot.page, p.slot.number,
                 p.slot.name or str(p.slot.number), bool(p.slot.name), KeyType.SPEED_DIAL)
        for p in plan.slots
    ]  # fmt: skip


def overlaps(face: Face) -> bool:
    cells = face.cells
    return any(
        a.x < b.x + b.width - 0.1 and b.x < a.x + a.width - 0.1
        and a.y < b.y + b.height - 0.1 and b.y < a.y + a.height - 0.1
        for n, a in enumerate(cells) for b in cells[n + 1 :]
    )  # fmt: skip


@pytest.mark.parametrize(
    "model", sorted(m.id for m in CATALOGUE.models.values() if m.keys and m.dialects)
)
def test_the_keys_of_every_model_lie_apart_and_inside(model: str) -> None:
    device = CATALOGUE.models[model]
    more = [device.expansion.models[0]] if device.expansion else []
    keys = labels(model, *more)
    made = faces(keys, {k.slot: "Housekeeping and more" for k in keys}, has_screen=True)
    drawn = {cell.slot for face in made for cell in face.cells}
    assert drawn == {k.slot for k in keys}
    for face in made:
        for cell in face.cells:
            assert cell.x >= 0
            assert cell.x + cell.width <= 360
            assert 0 <= cell.y <= face.height - cell.height
        if sum(k.group in {"line", "dss", "side", "memory", "key"} for k in keys) <= 60:
            assert not overlaps(face), (model, face.module, face.page)


def test_pages_without_keys_are_not_drawn() -> None:
    keys = labels("yealink/t46u", "yealink/exp43")
    used = {k.slot: "x" for k in keys if not k.module and k.page == 2}
    assert [(f.module, f.page, f.pages) for f in faces(keys, used, has_screen=True)] == [
        (0, 1, 3), (0, 2, 3), (1, 1, 3),
    ]  # fmt: skip


def test_texts_are_cut_to_their_keys() -> None:
    assert cut("Housekeeping", 200) == "Housekeeping"
    assert cut("Housekeeping", 50) == "Housek…"
    assert cut("Room service now", 40) == "Room…"
    assert faces([], {}, has_screen=False) == []


def test_a_keypad_has_its_nought_below_the_eight() -> None:
    (face,) = faces(labels("fanvil/h2u-v2"), {}, has_screen=False)
    at = {cell.chip: cell for cell in face.cells}
    assert at["0"].x == at["8"].x == at["5"].x
    assert at["0"].y > at["8"].y > at["1"].y
    assert face.screen is None


# how a wish stands


WISH = Wish(1, "s", "0c383e010101", "reboot", "web:ana", None, WishState.LOOK, NOON, False, (),
            "", "", "", None)  # fmt: skip
FINE, DOUBT, NO = (
    Guard("call", verdict, "x") for verdict in (Verdict.OK, Verdict.CONFIRM, Verdict.REFUSED)
)


@pytest.mark.parametrize(
    ("state", "guards", "result", "late", "stage"),
    [
        (WishState.LOOK, (), "", False, "looking"),
        (WishState.LOOKING, (), "", False, "looking"),
        (WishState.LOOK, (), "", True, "nobody"),
        (WishState.LOOKED, (FINE,), "", False, "may"),
        (WishState.LOOKED, (FINE, DOUBT), "", False, "doubt"),
        (WishState.LOOKED, (DOUBT, NO), "", False, "refused"),
        (WishState.ASKED, (FINE,), "", False, "asked"),
        (WishState.TAKEN, (FINE,), "", False, "asked"),
        (WishState.ASKED, (FINE,), "", True, "nobody"),
        (WishState.ENDED, (FINE,), "refused", True, "not-done"),
        (WishState.ENDED, (), "failed", True, "failed"),
    ],
)
def test_how_a_wish_stands(
    state: WishState, guards: tuple[Guard, ...], result: str, late: bool, stage: str
) -> None:
    wish = replace(WISH, state=state, guards=guards, result=result)
    now = NOON + (PATIENCE + timedelta(seconds=1) if late else timedelta(seconds=1))
    found = standing_of(wish, None, now)
    assert found.stage == stage
    assert found.goes_on == (stage in {"looking", "asked"})
    if stage == "refused":
        assert [g.verdict for g in found.against] == [Verdict.REFUSED, Verdict.CONFIRM]


def test_what_was_looked_at_long_ago_is_looked_at_again() -> None:
    wish = replace(WISH, state=WishState.LOOKED, guards=(FINE,))
    assert standing_of(wish, None, NOON + LOOKED_FRESH).stage == "may"
    assert standing_of(wish, None, NOON + LOOKED_FRESH + timedelta(seconds=1)).stage == "old"


@pytest.mark.parametrize(
    ("state", "stage"),
    [(ActionState.DONE, "done"), (ActionState.VERIFIED, "helped"), (ActionState.FAILED, "failed"),
     (ActionState.OFF, "asked")],
)  # fmt: skip
def test_what_was_done_is_followed(state: ActionState, stage: str) -> None:
    action = Action(1, "s", "0c383e010101", "reboot", "pbx", state, "web:ana", NOON, NOON)
    wish = replace(WISH, state=WishState.ENDED, result="done", action_id=1)
    assert standing_of(wish, action, NOON).stage == stage


def test_every_remedy_and_guard_has_words() -> None:
    from monitors.remedies import guards, port_guards
    from monitors.remedies.kinds import Remedy

    assert set(REMEDIES) == set(MEANINGS) == {str(r) for r in Remedy}
    names = {name for name, _ in (*guards._FOR_ALL, *port_guards.ALL)}
    assert set(DOUBTS) == names | {"maintenance", "exception"}
    assert person_name("web:ana@hotel.example") == "ana@hotel.example"
    assert person_name("") == "bellwire"
    assert person_name("aaa:bbb") == "aaa:bbb"
