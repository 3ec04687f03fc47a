"""One thread that serves the sockets and timers of many simulated SIP endpoints.

All protocol state is changed under ``SipEngine.lock``: by the engine's thread when a datagram or a
timer comes, and by the threads that call the blocking methods of phones.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.transport import SocketAddress, UdpEndpoint

OnDatagram = Callable[[bytes, SocketAddress], None]

_DATAGRAMS_PER_TURN = 64
_LONGEST_WAIT_S = 60.0
_BACKGROUND_THREADS = 8

_log = logging.getLogger(__name__)


@dataclass(order=True, slots=True)
class Timer:
    """Something to do once, later.

    Attributes:
        at_s: when, on the monotonic clock.
        order: keeps timers of one moment in the order they were set.
        callback: what to do; None after ``cancel``.
    """

    at_s: float
    order: int
    callback: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Forget what was to be done; calling it again does no harm."""
        self.callback = None


class SipEngine:
    """Serves sockets and timers in a thread of its own, from its making until ``close``.

    Attributes:
        lock: guards the state of everything the engine serves; may be taken repeatedly.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._condition = threading.Condition(self.lock)
        self._selector = selectors.DefaultSelector()
        self._served: dict[int, tuple[UdpEndpoint, OnDatagram]] = {}
        self._timers: list[Timer] = []
        self._orders = itertools.count()
        self._background = ThreadPoolExecutor(_BACKGROUND_THREADS, "bellwire-simulated")
        self._is_closed = False
        self._bell, self._bell_button = socket.socketpair()
        self._bell.settimeout(0)
        self._bell_button.settimeout(0)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="bellwire-sip-engine", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the thread, wait for callbacks in progress and close every socket still served.

        It must not be called from a callback.
        """
        with self.lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._condition.notify_all()
            self._ring()
        self._thread.join()
        self._background.shutdown(wait=True, cancel_futures=True)
        for endpoint, _ in self._served.values():
            endpoint.close()
        self._served.clear()
        self._timers.clear()
        self._selector.close()
        self._bell.close()
        self._bell_button.close()

    def serve(self, endpoint: UdpEndpoint, on_datagram: OnDatagram) -> None:
        """Hand every datagram of ``endpoint`` to ``on_datagram``, under the lock.

        Raises:
            RuntimeError: the engine is closed; then the endpoint is closed too.
        """
        with self.lock:
            if self._is_closed:
                endpoint.close()
                raise RuntimeError("the SIP engine is closed")
            self._served[endpoint.fileno()] = (endpoint, on_datagram)
            self._selector.register(endpoint.fileno(), selectors.EVENT_READ)

    def drop(self, endpoint: UdpEndpoint) -> None:
        """Stop serving ``endpoint`` and close it; calling it again does no harm."""
        with self.lock:
            if endpoint.fileno() in self._served:
                self._selector.unregister(endpoint.fileno())
                del self._served[endpoint.fileno()]
            endpoint.close()

    def later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call ``callback`` under the lock, ``delay_s`` from now."""
        with self.lock:
            timer = Timer(time.monotonic() + delay_s, next(self._orders), callback)
            heapq.heappush(self._timers, timer)
            if self._timers[0] is timer and threading.current_thread() is not self._thread:
                self._ring()
            return timer

    def in_background(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` in another thread, without the lock; it may block."""
        with self.lock:
            if not self._is_closed:
                self._background.submit(_guarded, callback)

    def changed(self) -> None:
        """Say that something changed that a thread may be waiting for."""
        with self.lock:
            self._condition.notify_all()

    def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``predicate`` holds, or the engine is closed, and return whether it does.

        Raises:
            RuntimeError: called in the engine's own thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("the SIP engine's thread must not wait; use in_background")
        with self._condition:
            self._condition.wait_for(lambda: self._is_closed or predicate(), timeout_s)
            return predicate()

    def _ring(self) -> None:
        """Wake the thread."""
        try:
            self._bell_button.send(b"\0")
        except OSError:
            return  # so many rings wait that it wakes anyway, or it is closed

    def _run(self) -> None:
        """Serve until closed."""
        while not self._is_closed:
            ready = self._selector.select(self._wait_s())
            with self.lock:
                for key, _ in ready:
                    self._drain(key.fd)
                self._run_due()

    def _wait_s(self) -> float:
        """Return how long there is nothing to do but to listen."""
        with self.lock:
            if not self._timers:
                return _LONGEST_WAIT_S
            return min(_LONGEST_WAIT_S, max(0.0, self._timers[0].at_s - time.monotonic()))

    def _drain(self, descriptor: int) -> None:
        """Handle what waits at a socket, a bounded number so that others are served too."""
        if descriptor == self._bell.fileno():
            self._bell.recv(4096)
            return
        for _ in range(_DATAGRAMS_PER_TURN):
            served = self._served.get(descriptor)
            waiting = served[0].receive() if served else None
            if served is None or waiting is None:
                return
            _guarded(partial(served[1], *waiting))

    def _run_due(self) -> None:
        """Do what is due."""
        now_s = time.monotonic()
        while self._timers and self._timers[0].at_s <= now_s and not self._is_closed:
            callback = heapq.heappop(self._timers).callback
            if callback is not None:
                _guarded(callback)


def _guarded(callback: Callable[[], None]) -> None:
    """Call ``callback``; what one endpoint gets wrong must not end the others."""
    try:
        callback()
    except MalformedMessageError as error:
        _log.debug("a datagram is ignored: %s", error)
    except Exception:  # noqa: BLE001 - as the docstring says
        _log.exception("a simulated SIP endpoint failed")
