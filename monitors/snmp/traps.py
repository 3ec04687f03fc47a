"""Takes what switches tell unasked: traps of SNMPv1 and v2c, informs, and those of v3, by UDP.

A trap is a hint and no proof: version 1 and 2c are sent in the clear and may be forged. So
nothing is concluded from it alone; the switch is read at once instead of at the next turn.
"""

from __future__ import annotations

import logging
import selectors
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitors.snmp.credentials import User
from monitors.snmp.traps_meaning import Trap, meaning
from monitors.snmp.traps_reading import V3, Notice, plain, version_of
from provisioner.sip.pnp_dialogs import SourceRate
from provisioner.sip.transport import SocketAddress, UdpEndpoint

if TYPE_CHECKING:
    from monitors.snmp.traps_v3 import Receiver

PORT = 162
MAX_REMEMBERED = 4096
PER_S, BURST = 20, 200
"""Of one source: when power returns, a switch tells of each of its ports."""
_POLL_S = 0.2
_DATAGRAMS_PER_TURN = 64
_log = logging.getLogger(__name__)

Take = Callable[[Trap], None]
Admits = Callable[[Trap], bool]
UsersAt = Callable[[str], Sequence[User]]


@dataclass(slots=True)
class Counts:
    """What came of datagrams since the start.

    Attributes:
        taken: traps and informs kept, informs that were sent again not counted.
        strangers: of no switch of ours, or with another community.
        broken: no notification, or one whose user, signature or time is wrong.
        too_many: more than one source may send.
    """

    taken: int = 0
    strangers: int = 0
    broken: int = 0
    too_many: int = 0


class TrapListener:
    """Listens for traps and confirms informs.

    Args:
        take: keeps a trap; it is called in the thread that serves.
        host: own IPv4 address.
        port: UDP port; 0 takes a free one.
        admits: whether a trap counts (``traps_gate.TrapGate.admits``); without it, every one.
        users: who may send version 3 from an address (``TrapGate.users_at``); without it, nobody.
        rate: how much one source may send.

    Raises:
        SipError: the address or the port cannot be had.
    """

    def __init__(
        self,
        take: Take,
        host: str,
        port: int = PORT,
        *,
        admits: Admits | None = None,
        users: UsersAt | None = None,
        rate: SourceRate | None = None,
    ) -> None:
        self.counts = Counts()
        self._take = take
        self._admits = admits
        self._users = users
        self._rate = rate or SourceRate(PER_S, BURST)
        self._v3: Receiver | None = None
        self._confirmed: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._is_closed = threading.Event()
        self._serving = threading.Lock()
        self._endpoint = UdpEndpoint.bound(host, port)

    @property
    def address(self) -> SocketAddress:
        """Where switches send to."""
        return self._endpoint.address

    def serve(self, stop: threading.Event) -> None:
        """Take traps until ``stop`` is set or the listener is closed."""
        with self._serving, selectors.DefaultSelector() as selector:
            if self._is_closed.is_set():
                return
            selector.register(self._endpoint.fileno(), selectors.EVENT_READ)
            while not (stop.is_set() or self._is_closed.is_set()):
                if selector.select(_POLL_S):
                    self._drain()

    def close(self) -> None:
        """End ``serve``, wait for it and give the socket back."""
        self._is_closed.set()
        with self._serving:
            self._endpoint.close()

    def _drain(self) -> None:
        for _ in range(_DATAGRAMS_PER_TURN):
            waiting = self._endpoint.receive()
            if waiting is None:
                return
            data, source = waiting
            if not self._rate.allows(source[0], time.monotonic()):
                self.counts.too_many += 1
                continue
            try:
                self._on_datagram(data, source)
            except ValueError as problem:
                self.counts.broken += 1
                _log.debug("traps: a datagram from %s is ignored: %s", source[0], problem)
            except Exception:  # noqa: BLE001 - the hook's fault must not end the service
                _log.exception("traps: a trap from %s could not be kept", source[0])

    def _on_datagram(self, data: bytes, source: SocketAddress) -> None:
        version = version_of(data)
        if version == V3:
            self._on_v3(data, source)
            return
        message = plain(data)
        self._on_notice(message.notice, message.answer, source, version + 1, message.community)

    def _on_v3(self, data: bytes, source: SocketAddress) -> None:
        users = self._users(source[0]) if self._users is not None else ()
        if not users:
            self.counts.strangers += 1
            return
        if self._v3 is None:
            from monitors.snmp.traps_v3 import Receiver

            self._v3 = Receiver()
        opened = self._v3.open(data, users)
        if opened.notice is None:
            self._endpoint.send(opened.answer, source)
            return
        self._on_notice(opened.notice, opened.answer, source, V3, opened.user.encode())

    def _on_notice(
        self, notice: Notice, answer: bytes, source: SocketAddress, version: int, community: bytes
    ) -> None:
        """Take a notification once; an inform that is sent again is only confirmed again."""
        at = datetime.now(UTC).replace(tzinfo=None)
        trap = meaning(notice, at, source[0], version=version, community=community)
        if self._admits is not None and not self._admits(trap):
            self.counts.strangers += 1
            return
        if not (notice.confirmed and (source[0], hash(notice)) in self._confirmed):
            self._take(trap)
            self.counts.taken += 1
        if notice.confirmed:
            self._remember((source[0], hash(notice)))
            self._endpoint.send(answer, source)

    def _remember(self, key: tuple[str, int]) -> None:
        self._confirmed[key] = None
        if len(self._confirmed) > MAX_REMEMBERED:
            self._confirmed.popitem(last=False)
