"""A port's power as remedies see it, whichever way it is switched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from monitors.remedies.kinds import WayKind
from monitors.snmp.values import Oid
from provisioner.errors import DeviceError


class FeedError(DeviceError):
    """A switch did not do what it was told.

    Attributes:
        nothing_done: it certainly changed nothing; otherwise nobody knows.
    """

    def __init__(self, host: str, problem: str, *, nothing_done: bool) -> None:
        self.nothing_done = nothing_done
        super().__init__(host, problem)


@dataclass(frozen=True, slots=True)
class Undo:
    """What gives a port its power back; it stands in the journal before power is taken away.

    Attributes:
        writes: variables and their values, in this order.
        dialogue: id of the command line's dialogue, ``driver`` netmiko's name of it.
        commands: what is typed.
        port: the port's name in SNMP.
    """

    way: WayKind
    writes: tuple[tuple[Oid, int], ...] = ()
    dialogue: str = ""
    driver: str = ""
    commands: tuple[str, ...] = ()
    port: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether the port stays without power until somebody does it."""
        return bool(self.writes or self.commands)


_ADAPTER = TypeAdapter(Undo)


def undo_values(undo: Undo) -> dict[str, Any]:
    """Return the JSON form."""
    values: dict[str, Any] = _ADAPTER.dump_python(undo, mode="json")
    return values


def undo_of(values: object) -> Undo | None:
    """Return what a JSON form says; None: nothing that this release understands."""
    try:
        return _ADAPTER.validate_python(values)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Look:
    """How a port stands before anything is written.

    Attributes:
        is_on: whether power is allowed; None: this way cannot tell.
        undo: puts it back as it stands; of a port that is off, switches it on as usual.
    """

    is_on: bool | None
    undo: Undo


class Feed(Protocol):
    """Switches a port's power. Its methods raise ``FeedError``."""

    def look(self) -> Look:
        """Read how the port stands; changes nothing."""
        ...

    def cycle(self) -> None:
        """Take power away and give it back, in one; only where ``is_one_shot``."""
        ...

    def off(self) -> None:
        """Take power away."""
        ...

    def on(self, undo: Undo) -> None:
        """Give power back, and make sure that it was done."""
        ...

    def close(self) -> None:
        """Close the connection, if there is one."""
        ...
