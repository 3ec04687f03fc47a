"""Events as rows of their tables."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from provisioner.inventory.fetches import Event, FetchEvent

_LENGTHS = {"path": 256, "address": 64, "agent": 256, "model": 64, "firmware": 64}
_FETCH = (
    "at", "mac", "site", "protocol", "path", "address", "agent", "model", "firmware", "outcome",
    "reason", "digest", "size_bytes", "duration_us",
)  # fmt: skip
AT_ONCE = 100
"""Fetches in one statement: between two statements the driver hands the interpreter over."""


@cache
def insert_fetches(count: int) -> str:
    """Return the statement for SQLite's own driver that takes the values of ``fetch_row``s."""
    row = f"({', '.join('?' * len(_FETCH))})"
    return f"INSERT INTO fetch ({', '.join(_FETCH)}) VALUES {', '.join([row] * count)}"  # noqa: S608 - names of columns


def values_of(event: Event) -> dict[str, Any]:
    """Return the columns of an event; ``asdict`` would copy each value, which takes long."""
    values = {name: getattr(event, name) for name in event.__slots__}
    for name in _LENGTHS.keys() & values.keys():
        values[name] = _clean(values[name], _LENGTHS[name])
    return values


def fetch_row(event: FetchEvent) -> tuple[object, ...]:
    """Return the columns of a fetch in their order, the time as SQLAlchemy stores it in SQLite."""
    return (
        event.at.isoformat(" ", "microseconds"), event.mac, event.site, event.protocol,
        _clean(event.path, 256), _clean(event.address, 64), _clean(event.agent, 256),
        _clean(event.model, 64), _clean(event.firmware, 64), event.outcome, event.reason,
        event.digest, event.size_bytes, event.duration_us,
    )  # fmt: skip


def _clean(text: str, most: int) -> str:
    """A text from outside, cut to its column and without control characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "?" for c in text)
    return text[:most]
