"""One remedy as the journal has it, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ActionState(StrEnum):
    """How far it is."""

    PLANNED = "planned"  # nothing is written yet
    OFF = "off"  # power may be away
    DONE = "done"  # it is not known yet whether it helped
    VERIFIED = "verified"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Action:
    """One row. Times are naive UTC.

    Attributes:
        switch: which one is written to; empty: none.
        undo: JSON form of what gives power back; empty: nothing has to be given back.
        who: a person; empty: bellwire itself.
        off_at: when the first write began.
        deadline: until when the worker that claimed it is waited for.
        seen: times of what proves that it helped, by name.
        detail: what went wrong, or what a person should know.
    """

    id: int
    site: str
    mac: str
    remedy: str
    way: str
    state: ActionState
    who: str
    at: datetime
    deadline: datetime
    switch: str = ""
    if_index: int = 0
    port: str = ""
    undo: Mapping[str, Any] = field(default_factory=dict)
    incident_id: int | None = None
    off_at: datetime | None = None
    done_at: datetime | None = None
    ended_at: datetime | None = None
    claimed_by: str = ""
    tries: int = 0
    seen: Mapping[str, str] = field(default_factory=dict)
    detail: str = ""
