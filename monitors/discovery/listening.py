"""Listening: frames in, finds out; and the questions of an ARP sweep, at their pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Protocol

from monitors.discovery.arp_sweep import Pace
from monitors.discovery.finds import Find, Finds, recognised
from monitors.discovery.frames import arp_request, read_frame
from provisioner.catalogue.loader import Catalogue
from provisioner.mac import MacAddress

WAIT_S = 0.1

Emit = Callable[[Find], None]


class Interface(Protocol):
    """Where frames come from and go to."""

    mac: MacAddress | None
    address: str

    def receive(self, wait_s: float) -> Iterator[bytes]:
        """Yield frames that wait, or come in this time."""
        ...

    def send(self, frame: bytes) -> None:
        """Send a frame."""
        ...


class Reader:
    """Makes finds of frames; each is told of when it is new, or when more is known.

    Args:
        catalogue: what makers and models are called.
        emit: is given a find.
    """

    def __init__(self, catalogue: Catalogue, emit: Emit) -> None:
        self._catalogue = catalogue
        self._emit = emit
        self._finds = Finds()

    def take(self, frame: bytes) -> None:
        """Read a frame; one that tells of no phone is left."""
        sighting = read_frame(frame)
        find = recognised(sighting, self._catalogue) if sighting is not None else None
        news = self._finds.take(find) if find is not None else None
        if news is not None:
            self._emit(news)


def listen(
    interface: Interface,
    reader: Reader,
    listen_s: float,
    sweep: Pace,
    is_over: Callable[[], bool],
) -> None:
    """Listen, and ask, until the time is up or nobody wants to know any more.

    Args:
        interface: where.
        reader: takes the frames.
        listen_s: at least so long; a sweep is finished in any case.
        sweep: whom to ask; its time begins here.
        is_over: whether to end early.
    """
    now = sweep.started = time.monotonic()
    until = now + max(listen_s, sweep.length_s)
    while now < until and not is_over():
        for target in sweep.due(now) if interface.mac is not None else ():
            own = interface.address
            interface.send(arp_request(interface.mac, own, str(target)))  # type: ignore[arg-type]
        for frame in interface.receive(min(WAIT_S, until - now)):
            reader.take(frame)
        now = time.monotonic()
