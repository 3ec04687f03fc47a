"""What the rest of bellwire needs of SNMP. How it is encoded stays behind ``Exchange``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from monitors.snmp.values import Answer, Failure, Oid, Rows
from monitors.snmp.walk import End, Pace


@dataclass(frozen=True, slots=True)
class Walked:
    """What a walk brought, also when it broke off.

    Attributes:
        columns: rows by column; columns without rows are not in it.
        ends: why each column ended.
        failure: what stopped the whole walk, if anything did.
        pace: what the agent could do in the end; a good start for the next walk.
    """

    columns: Mapping[Oid, Rows] = field(default_factory=dict)
    ends: Mapping[Oid, End] = field(default_factory=dict)
    failure: Failure | None = None
    pace: Pace = field(default_factory=Pace)

    @property
    def incomplete(self) -> tuple[Oid, ...]:
        """Columns of which rows may be missing."""
        return tuple(c for c, end in self.ends.items() if end is not End.COMPLETE)


class Transport(Protocol):
    """Reads an agent. Nothing it does raises for a sick device."""

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Ask for variables by name; asks again after silence."""
        ...

    async def bulk_walk(self, columns: Sequence[Oid], pace: Pace | None = None) -> Walked:
        """Read columns of tables."""
        ...


class Writer(Protocol):
    """Writes to an agent."""

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Set INTEGER variables, once: a write is never repeated by itself."""
        ...


class Exchange(Protocol):
    """One request, one answer: what an SNMP library does."""

    async def get(self, oids: Sequence[Oid]) -> Answer:
        """Send one GET."""
        ...

    async def get_bulk(self, oids: Sequence[Oid], repetitions: int) -> Answer:
        """Send one GETBULK without non-repeaters."""
        ...

    async def set_integers(self, values: Mapping[Oid, int]) -> Answer:
        """Send one SET."""
        ...
