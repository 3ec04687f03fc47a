"""What an error status of a response means (RFC 3416, 3)."""

from __future__ import annotations

from monitors.snmp.values import Answer, Failure, FailureKind, Varbind

_TOO_BIG, _NO_SUCH_NAME = 1, 2
_NO_ACCESS = frozenset({6, 16})  # noAccess, authorizationError


def answer_of(status: int, index: int, varbinds: tuple[Varbind, ...]) -> Answer:
    """Return what a response says: its variables, or why there are none."""
    if status == 0:
        return varbinds
    if status == _TOO_BIG:
        return Failure(FailureKind.TOO_BIG, "the answer would be too big")
    if status == _NO_SUCH_NAME:  # agents that think in SNMPv1
        return tuple(Varbind(v.oid, None) for v in varbinds)
    if status in _NO_ACCESS:
        return Failure(FailureKind.REFUSED, f"the agent allows no access (error {status})", index)
    return Failure(FailureKind.AGENT, f"the agent reports error {status}", index)
