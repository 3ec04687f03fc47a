"""What SNMP says, as plain values: OIDs, variable bindings, and why there is no answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Oid = tuple[int, ...]
Value = int | bytes | Oid
"""Integers, counters and times are ``int``; strings and addresses ``bytes``."""
Rows = Mapping[Oid, Value]
"""A column of a table: value by index, the part of the OID after the column's own."""


@dataclass(frozen=True, slots=True)
class Varbind:
    """A variable and its value; None: there is no such variable, or the agent's data end here."""

    oid: Oid
    value: Value | None


class FailureKind(StrEnum):
    """Why a request got no answer."""

    SILENT = "silent"
    REFUSED = "refused"  # wrong community, user or key, or an access list
    CLOSED = "closed"  # the host is there, and nothing listens on the port
    TOO_BIG = "too-big"  # the answer would not fit
    AGENT = "agent"  # an error of the agent's own
    UNREACHABLE = "unreachable"  # no such name, or no way there


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer, and why.

    Attributes:
        text: for people.
        index: which variable of the request is to blame, from 1; 0: unknown.
    """

    kind: FailureKind
    text: str
    index: int = 0


Answer = tuple[Varbind, ...] | Failure


def oid(text: str) -> Oid:
    """Return the OID of dotted numbers.

    Raises:
        ValueError: the text is not dotted numbers.
    """
    return tuple(int(part) for part in text.strip(".").split("."))


def dotted(numbers: Oid) -> str:
    """Return an OID as people write it."""
    return ".".join(map(str, numbers))


def within(numbers: Oid, branch: Oid) -> bool:
    """Whether an OID lies below a branch."""
    return len(numbers) > len(branch) and numbers[: len(branch)] == branch
