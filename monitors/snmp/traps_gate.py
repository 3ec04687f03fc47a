"""Whose traps count: those of switches of the inventory, sent with what we read them by."""

from __future__ import annotations

import hmac
import logging
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitors.snmp.addresses import host_and_port
from monitors.snmp.credentials import User, credentials_of
from monitors.snmp.traps_meaning import Trap
from provisioner.inventory.records import Switch

_V3 = 3
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """A switch, and an address that it sends from."""

    address: str
    switch: Switch


def belongs(trap: Trap, switches: Iterable[Sender]) -> bool:
    """Whether a trap is one of these switches', and sent with its community or by its user.

    A trap of version 3 has proven its user before. A community is compared without telling by
    the time it takes how much of it is right.
    """
    return any(_is_of(trap, sender) for sender in switches)


def _is_of(trap: Trap, sender: Sender) -> bool:
    if trap.address != sender.address:
        return False
    known = credentials_of(sender.switch)
    if isinstance(known, User):
        return trap.version == _V3 and trap.community == known.name.encode()
    if known is None or trap.version == _V3:
        return False
    return hmac.compare_digest(trap.community, known.name.get_secret_value().encode())


class TrapGate:
    """The switches that may send traps; ``know`` may be called while the listener runs.

    Args:
        senders: the switches at first.
    """

    def __init__(self, senders: Iterable[Sender] = ()) -> None:
        self._by_address: dict[str, tuple[Sender, ...]] = {}
        self.know(senders)

    def know(self, senders: Iterable[Sender]) -> None:
        """Replace the switches: the inventory has changed."""
        found: dict[str, tuple[Sender, ...]] = {}
        for sender in senders:
            found[sender.address] = (*found.get(sender.address, ()), sender)
        self._by_address = found

    def admits(self, trap: Trap) -> bool:
        """Whether a trap counts."""
        return belongs(trap, self._by_address.get(trap.address, ()))

    def users_at(self, address: str) -> Sequence[User]:
        """Return the users of SNMPv3 who may send from an address."""
        known = (credentials_of(s.switch) for s in self._by_address.get(address, ()))
        return [each for each in known if isinstance(each, User)]


def senders_of(switches: Iterable[Switch]) -> list[Sender]:
    """Return the IPv4 addresses of switches; this asks the name service.

    A switch whose name has no address is left out and told of in the log.
    """
    found: list[Sender] = []
    for switch in switches:
        try:
            host, _ = host_and_port(switch.host)
            answers = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
        except (OSError, ValueError) as problem:
            _log.info("traps of %s are not known by its name: %s", switch.host, problem)
            continue
        addresses = dict.fromkeys(str(where[0]) for *_, where in answers)
        found += [Sender(address, switch) for address in addresses]
    return found
