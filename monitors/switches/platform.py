"""Makers' data files: how a switch is recognised, where its watts stand, which port is which."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as Facts
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BeforeValidator, Field, model_validator

from monitors.signals import Mapping, PortPower
from monitors.snmp.values import Oid, oid
from provisioner.catalogue.reading import checked_record
from provisioner.catalogue.record import Pattern, Record, Slug, Source
from provisioner.errors import CatalogueError

FOLDER = "monitors.switches"


def _numbers(value: object) -> object:
    return oid(value) if isinstance(value, str) else value


DottedOid = Annotated[Oid, BeforeValidator(_numbers)]


class Unit(StrEnum):
    """What a maker counts power in."""

    MILLIWATT = "mW"
    DECIWATT = "0.1 W"
    WATT = "W"


MILLIWATTS = {Unit.MILLIWATT: 1, Unit.DECIWATT: 100, Unit.WATT: 1000}


class PowerColumn(Record):
    """A column of power."""

    column: DottedOid
    unit: Unit


class AdminColumn(Record):
    """A column that says whether power is allowed. ``none``: the port has no PoE."""

    column: DottedOid
    on: tuple[int, ...] = ()
    off: tuple[int, ...] = ()
    none: tuple[int, ...] = ()


class ClassColumn(Record):
    """A column of the device's class. ``offset`` is added; ``none``: not classified."""

    column: DottedOid
    offset: int = 0
    none: tuple[int, ...] = ()


class WordRule(Record):
    """What a text means: the first pattern found in it decides."""

    match: Pattern
    state: PortPower


class StateColumn(Record):
    """A column that says how a port fares: by number, by bit (from the left) or by text."""

    column: DottedOid
    codes: dict[int, PortPower] = Field(default_factory=dict)
    bits: dict[int, PortPower] = Field(default_factory=dict)
    words: tuple[WordRule, ...] = ()


class TableIndex(StrEnum):
    """What the rows of a power table are numbered by."""

    PSE = "pse"  # group and port, as in the standard table
    PORT = "port"  # the port number of the one group
    BASE_PORT = "base-port"
    IF_INDEX = "if-index"


class PowerCycle(Record):
    """A variable that takes a port's power away and gives it back by itself.

    Attributes:
        column: of the power table.
        kind: ``once``: write ``value``; ``seconds``: write for how long.
    """

    column: DottedOid
    kind: Literal["once", "seconds"]
    value: int = 1
    max_s: int = 60


class PowerTable(Record):
    """A maker's table of power per port. Columns are relative to each of ``bases``.

    Attributes:
        cycle: takes power away and gives it back; never read.
        states: how a port fares. ``faults`` say more of a port that gets no power; what they
            say of others is old news.
    """

    name: str
    bases: tuple[DottedOid, ...] = Field(min_length=1)
    index: TableIndex = TableIndex.PSE
    watts: PowerColumn
    limit: PowerColumn | None = None
    admin: AdminColumn | None = None
    poe_class: ClassColumn | None = None
    cycle: PowerCycle | None = None
    states: tuple[StateColumn, ...] = ()
    faults: tuple[StateColumn, ...] = ()
    sources: tuple[Source, ...] = Field(min_length=1)

    def columns(self) -> tuple[Oid, ...]:
        """Return the columns to read, relative to a base."""
        some = (self.watts, self.limit, self.admin, self.poe_class, *self.states, *self.faults)
        return tuple(part.column for part in some if part is not None)


class BudgetTable(Record):
    """A maker's own figures of its power supplies, rows by any index."""

    total: DottedOid | None = None
    used: DottedOid | None = None
    left: DottedOid | None = None
    unit: Unit

    def columns(self) -> tuple[Oid, ...]:
        """Return the columns to read."""
        return tuple(c for c in (self.total, self.used, self.left) if c is not None)


Rule = Literal["entity", "own", "if-index", "base-port", "slot-port", "names", "order"]


class PseRule(Record):
    """How a power port is found among the interfaces (see ``monitors.switches.pse_map``).

    Attributes:
        column: for ``entity``: physical index by power port.
        names: for ``names``: how the interface's name ends, with ``{group}``, ``{port}`` and,
            counted from 0, ``{group0}`` and ``{port0}``.
        sure: likely when the maker says so, assumed when it is only usual.
    """

    rule: Rule
    column: DottedOid | None = None
    names: tuple[str, ...] = ()
    sure: Literal[Mapping.PROVEN, Mapping.LIKELY, Mapping.ASSUMED] = Mapping.LIKELY

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.rule == "entity") != (self.column is not None):
            raise ValueError("a column belongs to the rule entity, and only to it")
        if (self.rule == "names") != bool(self.names):
            raise ValueError("names belong to the rule names, and only to it")
        return self


class Platform(Record):
    """A family of switches.

    Attributes:
        objects: what its sysObjectID begins with.
        descr: what its sysDescr contains, to tell families of one maker apart.
        power: names of power tables, the likeliest first.
        lldp_local: column that gives the interface of an LLDP neighbour, where the standard
            index does not.
        fdb_ports: what the forwarding table calls a port.
        vlan_contexts: its bridge tables show one VLAN at a time (``community@20``).
        midspan: it feeds cables that pass through it; its ports are no interfaces.
    """

    name: str
    objects: tuple[DottedOid, ...] = Field(min_length=1)
    descr: Pattern | None = None
    power: tuple[Slug, ...] = ()
    budget: BudgetTable | None = None
    pse: tuple[PseRule, ...] = ()
    lldp_local: DottedOid | None = None
    fdb_ports: Literal["base-port", "if-index"] = "base-port"
    vlan_contexts: bool = False
    midspan: bool = False
    sources: tuple[Source, ...] = Field(min_length=1)


UNKNOWN = ""
_R = TypeVar("_R", bound=Record)


@cache
def platforms() -> Facts[str, Platform]:
    """Return all platforms by id, which is netmiko's name where it has one.

    Raises:
        CatalogueError: a data file is wrong.
    """
    found = _records("platforms", Platform)
    for name, platform in found.items():
        strange = set(platform.power) - set(power_tables())
        if strange:
            raise CatalogueError(
                f"platforms/{name}.toml", "power", f"there is no table {sorted(strange)[0]}"
            )
    return found


@cache
def power_tables() -> Facts[str, PowerTable]:
    """Return all power tables by id; raises CatalogueError when a data file is wrong."""
    return _records("power_tables", PowerTable)


def _records(folder: str, kind: type[_R]) -> dict[str, _R]:
    found: dict[str, _R] = {}
    files = resources.files(FOLDER).joinpath(folder).iterdir()
    for file in sorted(files, key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        where = f"{folder}/{file.name}"
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as problem:
            raise CatalogueError(where, "", str(problem)) from problem
        found[file.name.removesuffix(".toml")] = checked_record(where, values, kind)
    return found


def detected(object_id: Oid, description: str) -> str:
    """Return the id of the platform of a switch, or ``UNKNOWN``. The longest match wins."""
    best, length = UNKNOWN, 0
    for name, platform in platforms().items():
        if platform.descr and not re.search(platform.descr, description):
            continue
        for prefix in platform.objects:
            weight = 2 * len(prefix) + (platform.descr is not None)
            if object_id[: len(prefix)] == prefix and weight > length:
                best, length = name, weight
    return best


def by_table(table: str) -> str:
    """Return the one platform that has a power table, or ``UNKNOWN`` when several have."""
    found = [name for name, platform in platforms().items() if table in platform.power]
    return found[0] if len(found) == 1 else UNKNOWN
