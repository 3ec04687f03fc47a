"""What Prometheus is told, in its text form.

All figures come from the databases at the moment they are asked for: whichever of several web
processes answers says the same, and a restart forgets nothing. Names follow Prometheus' own
conventions: base units (seconds, watts), ``_total`` for what only rises, ``_info`` for labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from monitors.incident_steps import Incident
from monitors.status import State
from monitors.store.statuses import KeptStatus

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_WORKS = frozenset({State.WORKING, State.WARNING, State.FAILING})
UNDECIDED = "J3"


@dataclass(frozen=True, slots=True)
class PhoneFacts:
    """A phone's place in the inventory."""

    mac: str
    site: str
    room: str
    position: str
    model: str


@dataclass(frozen=True, slots=True)
class LatestSample:
    """What was measured of a phone last; None: nothing lately."""

    rtt_us: int | None = None
    power_mw: int | None = None
    registered: bool | None = None
    mos_hundredths: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is told, read at one moment.

    Attributes:
        version: of bellwire.
        phones: of the inventory.
        statuses, samples: by MAC.
        incidents: the open ones.
        tallies: counts by name, site and label.
    """

    version: str
    phones: tuple[PhoneFacts, ...]
    statuses: Mapping[str, KeptStatus]
    incidents: tuple[Incident, ...] = ()
    samples: Mapping[str, LatestSample] = field(default_factory=dict)
    tallies: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    each_phone: bool = True


def exposition(figures: Figures) -> bytes:
    """Return the figures as Prometheus reads them (text format 0.0.4)."""
    registry = CollectorRegistry()
    registry.register(_Told(figures))
    return generate_latest(registry)


def metric_names() -> frozenset[str]:
    """Return the names of all series there can be."""
    empty = Figures("0", (), {})
    names = (_sample_name(metric) for metric in _Told(empty).collect())
    return frozenset(names)


def _sample_name(metric: Metric) -> str:
    return metric.name + ("_total" if metric.type == "counter" else "")


class _Told(Collector):
    """Turns figures into families of series."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Return every family, also one without series."""
        build = GaugeMetricFamily(
            "bellwire_build_info", "The running version of bellwire.", labels=["version"]
        )
        build.add_metric([self._figures.version], 1)
        yield build
        yield from _of_sites(self._figures)
        yield from _of_incidents(self._figures)
        yield from _of_phones(self._figures)


def _of_sites(figures: Figures) -> Iterator[Metric]:
    states = Counter(
        (phone.site, str(_state(figures.statuses.get(phone.mac)))) for phone in figures.phones
    )
    sites = sorted({phone.site for phone in figures.phones})
    phones = GaugeMetricFamily(
        "bellwire_phones", "Phones of the inventory by their state.", labels=["site", "state"]
    )
    for site in sites:
        for state in State:
            phones.add_metric([site, str(state)], states[site, str(state)])
    yield phones
    undecided = GaugeMetricFamily(
        "bellwire_undecided_phones",
        "Phones that do not work and whose cause cannot be told from the signals there are.",
        labels=["site"],
    )
    judged = GaugeMetricFamily(
        "bellwire_last_judged_timestamp_seconds",
        "When a phone of the site was last judged; old: the monitor stands still.",
        labels=["site"],
    )
    by_site: dict[str, list[KeptStatus]] = {site: [] for site in sites}
    for kept in figures.statuses.values():
        by_site.get(kept.site, []).append(kept)
    for site, mine in by_site.items():
        undecided.add_metric([site], sum(s.status.rule == UNDECIDED for s in mine))
        if mine:
            judged.add_metric([site], _seconds(max(s.judged_at for s in mine)))
    yield undecided
    yield judged


def _state(kept: KeptStatus | None) -> State:
    return kept.status.state if kept else State.UNKNOWN


def _of_incidents(figures: Figures) -> Iterator[Metric]:
    going = Counter((i.site, i.rule, _yes(i.acknowledged_at)) for i in figures.incidents)
    labels = ["site", "rule", "acknowledged"]
    opened = GaugeMetricFamily(
        "bellwire_incidents_open", "Incidents that go on, by cause.", labels=labels
    )
    for key, count in sorted(going.items()):
        opened.add_metric(list(key), count)
    yield opened
    for name, text, label in (
        ("incidents_opened", "Incidents opened so far, by the first cause.", "rule"),
        ("notifications_sent", "Messages sent so far.", "channel"),
        ("notifications_failed", "Tries to send a message that failed so far.", "channel"),
    ):
        family = CounterMetricFamily(f"bellwire_{name}", text, labels=["site", label])
        for (counted, site, value), count in sorted(figures.tallies.items()):
            if counted == name:
                family.add_metric([site, value], count)
        yield family


def _yes(at: datetime | None) -> str:
    return "no" if at is None else "yes"


def _of_phones(figures: Figures) -> Iterator[Metric]:
    phones = figures.phones if figures.each_phone else ()
    info = GaugeMetricFamily(
        "bellwire_phone_info",
        "Where a phone stands and what it is.",
        labels=["site", "mac", "room", "position", "model"],
    )
    for phone in phones:
        info.add_metric([phone.site, phone.mac, phone.room, phone.position, phone.model], 1)
    yield info
    for name, text, value in _PHONE_SERIES:
        yield _phone_series(f"bellwire_phone_{name}", text, phones, _valued(figures, value))


Value = Callable[[KeptStatus | None, LatestSample], float | None]


def _valued(figures: Figures, value: Value) -> Callable[[str], float | None]:
    nothing = LatestSample()
    return lambda mac: value(figures.statuses.get(mac), figures.samples.get(mac, nothing))


def _phone_series(
    name: str,
    text: str,
    phones: Iterable[PhoneFacts],
    value_of: Callable[[str], float | None],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["site", "mac"])
    for phone in phones:
        value = value_of(phone.mac)
        if value is not None:
            family.add_metric([phone.site, phone.mac], value)
    return family


def _up(status: KeptStatus | None, _sample: LatestSample) -> float | None:
    is_known = status is not None and status.status.state not in {
        State.UNKNOWN,
        State.NOT_INSTALLED,
    }
    return float(_state(status) in _WORKS) if is_known else None


def _since(status: KeptStatus | None, _sample: LatestSample) -> float | None:
    return _seconds(status.status.since) if status else None


def _scaled(value: int | None, by: float) -> float | None:
    return None if value is None else value / by


_PHONE_SERIES: tuple[tuple[str, str, Value], ...] = (
    ("up", "Whether a phone works: 1 or 0; without a value nothing is known yet.", _up),
    ("state_since_timestamp_seconds", "When a phone came to the state it is in.", _since),
    ("registered", "Whether the PBX has a contact of the phone: 1 or 0.",
     lambda _, s: None if s.registered is None else float(s.registered)),
    ("round_trip_seconds", "How long an answer to OPTIONS took.",
     lambda _, s: _scaled(s.rtt_us, 1e6)),
    ("power_watts", "What the phone draws from its switch port.",
     lambda _, s: _scaled(s.power_mw, 1e3)),
    ("mos", "Mean opinion score of the last call, 1 to 5.",
     lambda _, s: _scaled(s.mos_hundredths, 1e2)),
)  # fmt: skip


def _seconds(at: datetime) -> float:
    return at.replace(tzinfo=UTC).timestamp()
