"""A port's power switched by SNMP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from monitors.remedies.feed import FeedError, Look, Undo
from monitors.remedies.kinds import WayKind
from monitors.remedies.ways import AdminVariable, Way
from monitors.snmp.addresses import host_and_port
from monitors.snmp.client import SnmpClient
from monitors.snmp.credentials import Community, Credentials, User
from monitors.snmp.session import Session
from monitors.snmp.values import Answer, Failure, FailureKind, Oid, dotted
from monitors.switches import mibs
from provisioner.inventory.records import Switch

TIMEOUT_S = 3.0
RETRY_S = 1.0
_Talk = Callable[[Session], Awaitable[Answer]]
_MAYBE_DONE = frozenset({FailureKind.SILENT, FailureKind.UNREACHABLE})


@dataclass(frozen=True, slots=True)
class SnmpAccess:
    """Where an agent listens, and who writes to it."""

    host: str
    port: int
    credentials: Credentials
    timeout_s: float = TIMEOUT_S


def write_access(switch: Switch) -> SnmpAccess:
    """Return how a switch is written to.

    Raises:
        FeedError: there are no credentials for it, or its address is wrong.
    """
    try:
        host, port = host_and_port(switch.host)
    except ValueError as problem:
        raise FeedError(switch.host, str(problem), nothing_done=True) from problem
    if switch.write_user:
        user = User(
            switch.write_user,
            switch.write_auth,
            switch.write_priv,
            switch.write_auth_protocol,
            switch.write_priv_protocol,
        )
        return SnmpAccess(host, port, user)
    if switch.write_community is None:
        raise FeedError(host, "there is no SNMP write access", nothing_done=True)
    return SnmpAccess(host, port, Community(switch.write_community))


class SnmpFeed:
    """One port.

    Args:
        access: who writes.
        way: by which variables; None: only ``on`` will be used, with what the journal says.
        tries: how often power is given back until the agent says that it is.
    """

    def __init__(self, access: SnmpAccess, way: Way | None = None, tries: int = 5) -> None:
        self._access = access
        self._way = way
        self._tries = tries
        self._chosen: AdminVariable | None = None

    def look(self) -> Look:
        """Read how the port stands."""
        if self._way is not None and self._way.cycle is not None:
            self._values(mibs.SYS_UPTIME)  # whether the agent knows who writes
            return Look(None, Undo(WayKind.SNMP_CYCLE))
        variables = self._way.admin if self._way else ()
        found = self._values(*(v.oid for v in variables))
        there = [v for v in variables if found.get(v.oid) in {*v.on, v.off}]
        if not there:
            raise self._error("the agent has no variable for this port's power", nothing_done=True)
        self._chosen = there[0]
        is_on = found[there[0].oid] != there[0].off
        writes = tuple(
            (v.oid, value if (value := found[v.oid]) != v.off else v.on[0]) for v in there
        )
        return Look(is_on, Undo(WayKind.SNMP_ADMIN, writes))

    def cycle(self) -> None:
        """Write the maker's one-shot object."""
        if self._way is None or self._way.cycle is None:
            raise self._error("there is no one-shot object", nothing_done=True)
        oid, value = self._way.cycle
        self._write({oid: value})

    def off(self) -> None:
        """Take power away."""
        if self._chosen is None:
            raise self._error("nobody looked how the port stands", nothing_done=True)
        self._write({self._chosen.oid: self._chosen.off})

    def on(self, undo: Undo) -> None:
        """Give power back; tries again until the agent says so."""
        for number, (oid, value) in enumerate(undo.writes):
            is_decisive = number == 0
            try:
                self._ensure(oid, value, self._tries if is_decisive else 1)
            except FeedError:
                if is_decisive:  # what follows only tells in which mode power is given
                    raise

    def close(self) -> None:
        """There is nothing to close."""

    def _ensure(self, oid: Oid, value: int, tries: int) -> None:
        problem = ""
        for number in range(tries):
            if number:
                time.sleep(RETRY_S)
            try:
                if self._values(oid).get(oid) == value:
                    return
                self._write({oid: value})
                if self._values(oid).get(oid) == value:
                    return
                problem = "the agent accepts the write and does not obey"
            except FeedError as failed:
                problem = str(failed)
        raise self._error(f"{dotted(oid)} = {value}: {problem}", nothing_done=False)

    def _values(self, *oids: Oid) -> dict[Oid, int]:
        answer = self._talk(lambda s: s.get(oids))
        if isinstance(answer, Failure):
            raise self._error(answer.text, nothing_done=True)
        return {v.oid: v.value for v in answer if isinstance(v.value, int)}

    def _write(self, values: Mapping[Oid, int]) -> None:
        answer = self._talk(lambda s: s.set_integers(values))
        if isinstance(answer, Failure):
            raise self._error(answer.text, nothing_done=answer.kind not in _MAYBE_DONE)
        if any(v.value is None for v in answer):
            raise self._error("the agent has no such variable", nothing_done=True)

    def _talk(self, what: _Talk) -> Answer:
        access = self._access

        async def run() -> Answer:
            async with SnmpClient(access.timeout_s) as client:
                return await what(client.session(access.host, access.port, access.credentials))

        return asyncio.run(run())

    def _error(self, problem: str, *, nothing_done: bool) -> FeedError:
        return FeedError(self._access.host, f"SNMP: {problem}", nothing_done=nothing_done)
