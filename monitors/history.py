"""Figures over time: samples of each minute, rolled up to hours and days. Pure.

All values are whole numbers in small units, so that sums are exact: a day made of hours is the
same as one made of minutes, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400


class Quantity(IntEnum):
    """What is sampled. The numbers stand in the database."""

    RTT_US = 1  # round trip of OPTIONS, microseconds
    POWER_MW = 2  # drawn from the port, milliwatts
    REGISTERED = 3  # 1: the PBX has a contact; the mean is the share of the time
    MOS_HUNDREDTHS = 4  # quality of a call, 100 to 500

    @property
    def column(self) -> str:
        """Name of its column in the samples of a minute."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured of one phone in one minute; None: it was not.

    Attributes:
        at_s: seconds since 1970.
    """

    mac: str
    at_s: int
    rtt_us: int | None = None
    power_mw: int | None = None
    registered: bool | None = None
    mos_hundredths: int | None = None

    def values(self) -> Iterator[tuple[Quantity, int]]:
        """Return what was measured."""
        for quantity in Quantity:
            value = getattr(self, quantity.column)
            if value is not None:
                yield quantity, int(value)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some samples of one quantity of one phone, put together.

    Attributes:
        phone: its number in the database.
        at_s: start, seconds since 1970 (UTC).
        total: sum of the values; the mean is ``total / count``.
    """

    phone: int
    at_s: int
    quantity: Quantity
    count: int
    total: int
    least: int
    most: int

    @property
    def mean(self) -> float:
        """The mean of all values."""
        return self.total / self.count


def start_of(at_s: int, width_s: int) -> int:
    """Return the start of the bucket that a time falls in."""
    return at_s - at_s % width_s


def single(phone: int, at_s: int, quantity: Quantity, value: int) -> Bucket:
    """Return the bucket of one value."""
    return Bucket(phone, at_s, quantity, 1, value, value, value)


def roll_up(buckets: Iterable[Bucket], width_s: int) -> list[Bucket]:
    """Put buckets together into wider ones, ordered by phone, time and quantity.

    Args:
        buckets: narrower than ``width_s``, in any order.
        width_s: seconds, a multiple of the narrower width.
    """
    made: dict[tuple[int, int, Quantity], Bucket] = {}
    for bucket in buckets:
        key = (bucket.phone, start_of(bucket.at_s, width_s), bucket.quantity)
        before = made.get(key)
        made[key] = _together(before, bucket) if before else _moved(bucket, key[1])
    return [made[key] for key in sorted(made)]


def _moved(bucket: Bucket, at_s: int) -> Bucket:
    return Bucket(
        bucket.phone, at_s, bucket.quantity, bucket.count, bucket.total, bucket.least, bucket.most
    )


def _together(one: Bucket, other: Bucket) -> Bucket:
    return Bucket(
        one.phone,
        one.at_s,
        one.quantity,
        one.count + other.count,
        one.total + other.total,
        min(one.least, other.least),
        max(one.most, other.most),
    )
