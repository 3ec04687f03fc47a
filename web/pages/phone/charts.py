"""Figures over time as lines or columns: made into points here, drawn as SVG by a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from monitors.history import DAY_S, HOUR_S, MINUTE_S, Bucket, Quantity
from monitors.store.samples import series
from web.installation import Installation

WIDTH, HEIGHT = 1000, 200
"""Of the drawing; it is stretched to its place, labels stand outside of it."""
_COLUMN_SHARE = 0.7
"""So much of its place a column takes."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far back a chart looks.

    Attributes:
        width_s: of the buckets that are read; ``step_s``: of those that are drawn.
    """

    name: str
    length_s: int
    width_s: int
    step_s: int


SPANS = {
    "24h": Span("24h", DAY_S, MINUTE_S, 10 * MINUTE_S),
    "7d": Span("7d", 7 * DAY_S, HOUR_S, HOUR_S),
    "90d": Span("90d", 90 * DAY_S, DAY_S, DAY_S),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity as people know it: its unit is so many of the stored ones."""

    quantity: Quantity
    per_unit: int
    least_top: float
    from_zero: bool = True


MEASURES = {
    "rtt": Measure(Quantity.RTT_US, 1000, 10.0),
    "power": Measure(Quantity.POWER_MW, 1000, 4.0),
    "mos": Measure(Quantity.MOS_HUNDREDTHS, 100, 5.0),
}


@dataclass(frozen=True, slots=True)
class Point:
    """What is drawn of one step; values are in units."""

    at: datetime
    mean: float
    least: float
    most: float
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A line with its band, and what stands beside it.

    Attributes:
        lines: ``points`` of SVG polylines: a gap in the figures is a gap in the line.
        bands: ``points`` of polygons between the least and the greatest.
        dots: places of steps that stand alone.
        top: value of the upper edge; the lower edge is nought.
    """

    name: str
    points: tuple[Point, ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    top: float
    start: datetime
    end: datetime

    @property
    def middle(self) -> datetime:
        """The time in the middle."""
        return self.start + (self.end - self.start) / 2

    @property
    def last(self) -> Point:
        """The newest figure."""
        return self.points[-1]

    @property
    def most(self) -> float:
        """The greatest of all."""
        return max(point.most for point in self.points)

    @property
    def least(self) -> float:
        """The least of all."""
        return min(point.least for point in self.points)

    @property
    def mean(self) -> float:
        """The mean of all."""
        count = sum(point.count for point in self.points)
        return sum(point.mean * point.count for point in self.points) / count


@dataclass(frozen=True, slots=True)
class Column:
    """A figure of a day, as a column from the lower edge."""

    value: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Figures side by side; ``top``: value of the upper edge, the lower one is nought."""

    columns: tuple[Column, ...]
    top: float


def columns_of(values: Sequence[float], least_top: float) -> Columns:
    """Return figures, none below nought, as columns of the same width. Pure."""
    top = nice_top(max(least_top, *values, 0.0))
    place = WIDTH / max(1, len(values))
    width = round(place * _COLUMN_SHARE, 2)
    made = []
    for number, value in enumerate(values):
        height = round(value / top * HEIGHT, 1)
        x = round(number * place + (place - width) / 2, 2)
        made.append(Column(value, x, round(HEIGHT - height, 1), width, height))
    return Columns(tuple(made), top)


def read_charts(installation: Installation, mac: str, span: Span, now: datetime) -> list[Chart]:
    """Return the charts of what was measured of a phone; what never was has none."""
    end = int(now.replace(tzinfo=UTC).timestamp())
    start = end - span.length_s
    made = []
    for name, measure in MEASURES.items():
        found = series(
            installation.monitoring, mac, measure.quantity, start, end, span.width_s
        )  # fmt: skip
        chart = chart_of(name, found.buckets, span, start, end)
        if chart is not None:
            made.append(chart)
    return made


def chart_of(
    name: str, buckets: Sequence[Bucket], span: Span, start_s: int, end_s: int
) -> Chart | None:
    """Return a chart of some buckets, oldest first; None: there are none. Pure."""
    measure = MEASURES[name]
    points = list(_points(buckets, measure.per_unit, span.step_s))
    if not points:
        return None
    top = nice_top(max(measure.least_top, *(p.most for p in points)))
    first_s = start_s // span.step_s * span.step_s

    def x(at_s: float) -> float:
        return round((at_s - first_s) / (end_s - first_s) * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - value / top * HEIGHT, 1)

    runs = [run for run in _runs(points, span.step_s) if run]
    return Chart(
        name=name,
        points=tuple(points),
        lines=tuple(_line(run, x, y) for run in runs if len(run) > 1),
        bands=tuple(_band(run, x, y) for run in runs if len(run) > 1),
        dots=tuple((x(_s(run[0].at)), y(run[0].mean)) for run in runs if len(run) == 1),
        top=top,
        start=_at(first_s),
        end=_at(end_s),
    )


_Place = Callable[[float], float]


def _line(run: Iterable[Point], x: _Place, y: _Place) -> str:
    return " ".join(f"{x(_s(p.at)):g},{y(p.mean):g}" for p in run)


def _band(run: Sequence[Point], x: _Place, y: _Place) -> str:
    there = [f"{x(_s(p.at)):g},{y(p.most):g}" for p in run]
    back = [f"{x(_s(p.at)):g},{y(p.least):g}" for p in reversed(run)]
    return " ".join((*there, *back))


def _points(buckets: Iterable[Bucket], per_unit: int, step_s: int) -> Iterable[Point]:
    for start, some in groupby(buckets, key=lambda b: b.at_s // step_s * step_s):
        group = list(some)
        count = sum(b.count for b in group)
        yield Point(
            at=_at(start),
            mean=sum(b.total for b in group) / count / per_unit,
            least=min(b.least for b in group) / per_unit,
            most=max(b.most for b in group) / per_unit,
            count=count,
        )


def _runs(points: Sequence[Point], step_s: int) -> Iterable[list[Point]]:
    """Points without a gap between them; one that is missing is no gap yet."""
    run: list[Point] = []
    for point in points:
        if run and _s(point.at) - _s(run[-1].at) > 2 * step_s:
            yield run
            run = []
        run.append(point)
    yield run


def nice_top(value: float) -> float:
    """Return a round number that is not less: 1, 2, 2.5, 4, 5 or 10 times a power of ten."""
    power = 1.0
    while power * 10 < value:
        power *= 10
    while power >= value and power > 0.1:  # noqa: PLR2004 - finer than a tenth is not drawn
        power /= 10
    return next((step * power for step in (1, 2, 2.5, 4, 5, 10) if step * power >= value), value)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def _s(at: datetime) -> float:
    return at.replace(tzinfo=UTC).timestamp()
