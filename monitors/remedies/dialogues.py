"""What is typed at a switch to take a port's power away and give it back: data files.

Nothing is ever saved (``write memory``): after a crash in between, a restart of the switch heals
the port too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from provisioner.catalogue.reading import read_record
from provisioner.catalogue.record import Pattern, Record, Source

FOLDER = Path(__file__).with_name("cli")
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
FLAGS = re.MULTILINE | re.IGNORECASE
_SAFE_PORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+-]{0,63}")


class PortName(Record):
    """How a port is called at the command line.

    Attributes:
        match: what its name in SNMP looks like.
        spoken: what it is called then, with ``{0}``, ``{1}`` for the groups of ``match``; empty:
            the same.
    """

    match: Pattern
    spoken: str = Field(default="", alias="as")


class Kept(Record):
    """The line of the configuration that says how a port is fed, which is put back as it was.

    Attributes:
        show: command that shows it.
        line: the line; its group is what ``{kept}`` stands for.
        off: the line of a port whose power somebody switched off.
        default: what ``{kept}`` is where there is no such line.
    """

    show: str
    line: Pattern
    off: Pattern
    default: str


class Dialogue(Record):
    """The dialogue of a family of switches. ``{port}`` and ``{kept}`` are filled in.

    Attributes:
        platforms: ids of ``monitors.switches.platforms``.
        drivers: netmiko's names of it, the usual one first.
        enter: how one comes to where ``off`` and ``on`` are typed, and ``leave`` how one leaves;
            empty: they are typed at the first prompt.
        commit: without it changes do not count.
        cycle: one command that does both, typed outside of the configuration; it takes
            ``cycle_s`` seconds and leaves nothing to put back.
        question: what the switch may ask after a command, and ``answer`` what is said to it.
        refused: what a refusal of a command looks like. All patterns look at whole lines, and
            capitals are the same as small letters.
    """

    name: str
    platforms: tuple[Name, ...] = Field(min_length=1)
    drivers: tuple[Name, ...] = Field(min_length=1)
    enter: str = ""
    leave: tuple[str, ...] = ()
    commit: str = ""
    port: PortName
    off: tuple[str, ...] = Field(min_length=1)
    on: tuple[str, ...] = Field(min_length=1)
    cycle: tuple[str, ...] = ()
    cycle_s: int = 5
    kept: Kept | None = None
    question: Pattern | None = None
    answer: str = ""
    refused: Pattern
    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kept is not None) != any("{kept}" in command for command in self.on):
            raise ValueError("{kept} stands in 'on' where there is a part 'kept', and only there")
        if (self.question is None) != (not self.answer):
            raise ValueError("question and answer belong together")
        return self

    def port_called(self, name: str) -> str | None:
        """Return what a port is called at the command line; None: its name does not fit."""
        found = re.search(self.port.match, name, FLAGS)
        if found is None:
            return None
        called = self.port.spoken.format(*found.groups()) if self.port.spoken else name
        return called if _SAFE_PORT.fullmatch(called) else None


def filled(commands: tuple[str, ...], port: str, kept: str = "") -> tuple[str, ...]:
    """Return commands with the port, and what is put back, in their places."""
    return tuple(c.replace("{port}", port).replace("{kept}", kept) for c in commands)


@cache
def dialogues() -> Mapping[str, Dialogue]:
    """Return all dialogues by id.

    Raises:
        CatalogueError: a data file is wrong.
    """
    files = sorted(FOLDER.glob("*.toml"))
    return {file.stem: read_record(FOLDER, file, Dialogue) for file in files}


def dialogue_for(platform: str, driver: str, port: str) -> str | None:
    """Return the id of the dialogue that fits; None: there is none.

    Args:
        platform: id of the switch's platform; may be empty.
        driver: netmiko's name, where a person gave one; it counts more than the platform.
        port: the port's name in SNMP; families of one platform name ports differently.
    """
    fitting = [
        name
        for name, one in dialogues().items()
        if (driver in one.drivers if driver else platform in one.platforms)
        and one.port_called(port) is not None
    ]
    return fitting[0] if fitting else None
