"""How a phone's calls sounded lately, from its own reports. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median, quantiles

from provisioner.inventory.call_quality import CallQuality

SLOW_MS = 150.0  # the monitoring notes, 7.3, row H7; ITU-T G.114
LOST_PERCENT = 3.0  # our choice: G.711 without concealment is heard to suffer well below 5 %


@dataclass(frozen=True, slots=True)
class QualityReading:
    """A phone's calls in a window of time; None: no call measured it.

    Attributes:
        at: naive UTC, of the last report; None: there was none.
        calls: how many calls reported.
        mos: median of the calls' conversational quality, or listening quality where only that
            was measured; 1 to 5.
        worst_mos: of the worst call.
        loss_percent: median, lost and discarded together.
        jitter_ms: median.
        rtt_p95_ms: 95th percentile of the round trips.
    """

    at: datetime | None = None
    calls: int = 0
    mos: float | None = None
    worst_mos: float | None = None
    loss_percent: float | None = None
    jitter_ms: float | None = None
    rtt_p95_ms: float | None = None

    @property
    def is_slow(self) -> bool:
        """Whether round trips are long, or packets are lost on the way."""
        return (self.rtt_p95_ms or 0) > SLOW_MS or (self.loss_percent or 0) >= LOST_PERCENT


def quality_of(reports: Iterable[CallQuality]) -> QualityReading:
    """Return the reading of one phone's reports.

    The last report of a call counts: what came before it, at intervals, is in it.
    """
    last: dict[str, CallQuality] = {}
    for number, report in enumerate(sorted(reports, key=lambda r: r.at)):
        last[report.call_id or f"#{number}"] = report
    calls = list(last.values())
    if not calls:
        return QualityReading()
    mos = _known(c.mos_lq if c.mos_cq is None else c.mos_cq for c in calls)
    return QualityReading(
        at=max(c.at for c in calls),
        calls=len(calls),
        mos=_middle(mos),
        worst_mos=min(mos, default=None),
        loss_percent=_middle(_known(_loss(c) for c in calls)),
        jitter_ms=_middle(_known(c.jitter_ms for c in calls)),
        rtt_p95_ms=_p95(_known(c.rtt_ms for c in calls)),
    )


def _loss(call: CallQuality) -> float | None:
    parts = _known((call.loss_percent, call.discard_percent))
    return sum(parts) if parts else None


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _p95(values: Sequence[float]) -> float | None:
    if len(values) < 2:  # noqa: PLR2004 - one value is its own percentile
        return values[0] if values else None
    return quantiles(values, n=20, method="inclusive")[-1]
