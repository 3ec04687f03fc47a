"""A thread with an event loop, where all sweeps talk to the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines of other threads in one event loop; sockets stay open between them."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)
        self._thread.start()

    def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for its end; what it raises is raised here."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """Stop whatever still runs, and the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        running = asyncio.all_tasks(self._loop)
        for task in running:
            task.cancel()
        if running:  # so that who waits in ``ask`` is told
            self._loop.run_until_complete(asyncio.wait(running))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
