"""What a PBX kept of a call, as its dial plan wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from monitors.guarding.desk import OverRecord

_FIELDS = 6
_LINE = re.compile(r"/(?P<family>[^/\s]+)/(?P<key>[^/\s]+)\s*: (?P<value>.*?)\s*")


def record_of(fields: Sequence[str]) -> OverRecord | None:
    """Return a record from id, account, number, and when it began, was answered and ended.

    None: it has no id.
    """
    padded = (*fields, *[""] * _FIELDS)[:_FIELDS]
    call_id, account, number, since, answered, ended = padded
    if not call_id:
        return None
    return OverRecord(
        call_id, account, number, _seconds(since), _seconds(answered), _seconds(ended)
    )


def journal_record(key: str, value: str) -> tuple[OverRecord, str] | None:
    """Return a record of the PBX's own database, and the channel of its leg; None: it is none."""
    fields = value.split("|")
    record = record_of((key, *fields[:5]))
    if record is None or record.since_s is None or len(fields) < _FIELDS:
        return None
    return record, fields[5]


def journal_of(lines: Iterable[str], family: str) -> dict[str, str]:
    """Return the entries of a family from what ``database show`` prints, by key."""
    found = (_LINE.fullmatch(line) for line in lines)
    return {m["key"]: m["value"] for m in found if m is not None and m["family"] == family}


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,11}(\.[0-9]{1,6})?", text) else None
