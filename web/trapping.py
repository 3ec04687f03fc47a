"""The monitor process listens to switches: who tells something is looked at in this very moment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

from monitors.snmp.trap_board import TrapBoard
from monitors.snmp.traps import TrapListener
from monitors.snmp.traps_gate import TrapGate, senders_of
from provisioner.config import Traps
from provisioner.errors import SettingsError, SipError
from provisioner.inventory.records import Switch

log = logging.getLogger(__name__)

LOOK_S = 0.5


class TrapDesk:
    """Takes traps and says which sites should be looked at; one for a process.

    Args:
        settings: where to listen.
        hurry: is called with a site whose switches have told something; returns whether the
            site will be looked at now. It is called again until then.

    Raises:
        SettingsError: the address or the port cannot be had.
    """

    def __init__(self, settings: Traps, hurry: Callable[[str], bool]) -> None:
        self._hurry = hurry
        self._board = TrapBoard()
        self._gate = TrapGate()
        self._sites: dict[str, str] = {}
        self._due: set[str] = set()
        self._stop = threading.Event()
        try:
            self._listener = TrapListener(
                self._board.take, settings.host, settings.port,
                admits=self._gate.admits, users=self._gate.users_at,
            )  # fmt: skip
        except SipError as problem:
            raise SettingsError(
                f"cannot listen on {settings.host}:{settings.port} for traps: {problem}"
            ) from problem
        log.info("traps on %s port %d", *self._listener.address)
        self._threads = (
            threading.Thread(target=self._listener.serve, args=(self._stop,), name="traps"),
            threading.Thread(target=self._look, name="traps due"),
        )
        for thread in self._threads:
            thread.start()

    def know(self, switches: Mapping[str, Iterable[Switch]]) -> None:
        """Learn the switches of all sites anew."""
        senders = {site: senders_of(some) for site, some in switches.items()}
        self._gate.know(sender for some in senders.values() for sender in some)
        self._sites = {sender.address: site for site, some in senders.items() for sender in some}

    def close(self) -> None:
        """Stop to listen."""
        self._stop.set()
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _look(self) -> None:
        while not self._stop.wait(LOOK_S):
            for address in self._board.due():
                site = self._sites.get(address)
                if site is not None:
                    self._due.add(site)
            self._due = {site for site in self._due if not self._hurry(site)}
