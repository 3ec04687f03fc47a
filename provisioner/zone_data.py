"""What the system's time zone data (RFC 9636) say of a zone: its rule, and its listed changes."""

from __future__ import annotations

import struct
import zoneinfo
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from pathlib import Path

_HEADER_BYTES = 44


@cache
def known_zones() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(zoneinfo.available_timezones())


def zone_data(timezone: str) -> bytes:
    """Return a zone's TZif data, version 2 or later.

    Raises:
        ValueError: no such zone, or its data are too old to hold a rule.
    """
    if timezone not in known_zones():
        raise ValueError(f"{timezone!r} is not an IANA time zone such as 'Europe/Madrid'")
    data = _read(timezone)
    if not data.startswith(b"TZif") or data[4:5] < b"2":
        raise ValueError(f"time zone {timezone!r} has no rule for the future")
    return data


def posix_rule(data: bytes) -> str:
    """Return the POSIX TZ string that holds after the last listed change (section 3.3)."""
    return data.rstrip(b"\n").rsplit(b"\n", 1)[-1].decode("ascii")


def listed_changes(data: bytes, since: datetime) -> list[datetime]:
    """Return the moments of change, in UTC, that TZif data list one by one (section 3.2)."""
    counts = struct.unpack(">6l", data[20:_HEADER_BYTES])
    isut, isstd, leaps, times, types, chars = counts
    second = _HEADER_BYTES + times * 5 + types * 6 + chars + leaps * 8 + isstd + isut
    (count,) = struct.unpack(">l", data[second + 32 : second + 36])
    begin = second + _HEADER_BYTES
    seconds = struct.unpack(f">{count}q", data[begin : begin + 8 * count])
    return [datetime.fromtimestamp(s, UTC) for s in seconds if s >= since.timestamp()]


def _read(timezone: str) -> bytes:
    for folder in zoneinfo.TZPATH:
        file = Path(folder, timezone)
        if file.is_file():
            return file.read_bytes()
    return resources.files("tzdata.zoneinfo").joinpath(*timezone.split("/")).read_bytes()
