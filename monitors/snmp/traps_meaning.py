"""What a switch tells unasked, in our words: which port, and what became of its power. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, Self

from pydantic import Field, model_validator

from monitors.signals import PortPower
from monitors.snmp.traps_reading import Notice
from monitors.snmp.values import Oid, Value, dotted, within
from monitors.switches import mibs
from monitors.switches.platform import DottedOid, StateColumn
from monitors.switches.power import standard_rows
from monitors.switches.reading import Pse
from provisioner.catalogue.reading import checked_record
from provisioner.catalogue.record import Record, Source
from provisioner.errors import CatalogueError

FILE = "traps.toml"
_PORT = 2  # group and port


class TrapKind(StrEnum):
    """What a notification is about."""

    PORT_POWER = "port-power"
    USAGE_HIGH = "usage-high"  # of the power supply, above its threshold
    USAGE_NORMAL = "usage-normal"
    SUPPLY = "supply"  # the power supply for ports failed, or is back
    LINK_DOWN = "link-down"
    LINK_UP = "link-up"
    NEIGHBOURS = "neighbours"  # somebody new at the other end of a cable
    RESTARTED = "restarted"
    REFUSED = "refused"  # somebody asked the switch with a wrong community
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Trap:
    """A notification of a switch.

    Attributes:
        at: when it came, naive UTC.
        address: who sent it, as the network says.
        pse: the power port, or the group alone; None: it names none.
        if_index: the interface; None: it names none.
        power: what became of the port's power; None: it does not say.
        words: its name, for people.
        version: 1, 2 (for 2c) or 3.
        community: what it was sent with; of version 3 the user. It is never shown.
    """

    at: datetime
    address: str
    kind: TrapKind
    pse: Pse | None = None
    if_index: int | None = None
    power: PortPower | None = None
    oid: Oid = ()
    words: str = ""
    version: int = 2
    community: bytes = field(default=b"", repr=False)


class RowsOf(Record):
    """A table whose rows notifications carry; the index follows the column."""

    entry: DottedOid
    index: Literal["pse", "group", "if-index"]


class TrapRule(Record):
    """One notification.

    Attributes:
        oid: its name; or it begins with ``under`` and ends with ``ending``.
        power: what it means of itself. ``state``: a variable that says it.
        port: variables whose values are group and port.
    """

    name: str
    kind: TrapKind
    oid: DottedOid | None = None
    under: DottedOid | None = None
    ending: DottedOid | None = None
    power: PortPower | None = None
    state: StateColumn | None = None
    port: tuple[DottedOid, DottedOid] | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        parts = self.under is not None and self.ending is not None
        if (self.oid is None) != parts:
            raise ValueError("a notification has an oid, or both under and ending")
        return self

    def fits(self, name: Oid) -> bool:
        """Whether this is the notification of that name."""
        if self.oid is not None:
            return name == self.oid
        ending = self.ending or ()
        return within(name, self.under or ()) and name[-len(ending) :] == ending


class TrapFile(Record):
    """All that is known of notifications."""

    rows: tuple[RowsOf, ...]
    traps: tuple[TrapRule, ...]
    sources: tuple[Source, ...] = Field(min_length=1)


@cache
def trap_file() -> TrapFile:
    """Return what the data file says.

    Raises:
        CatalogueError: it is wrong.
    """
    text = resources.files("monitors.snmp").joinpath(FILE).read_text(encoding="utf-8")
    try:
        return checked_record(FILE, tomllib.loads(text), TrapFile)
    except tomllib.TOMLDecodeError as problem:
        raise CatalogueError(FILE, "", str(problem)) from problem


@lru_cache(maxsize=1024)
def rule_for(name: Oid) -> TrapRule | None:
    """Return the rule of a notification; None: nothing is known of it."""
    return next((rule for rule in trap_file().traps if rule.fits(name)), None)


def meaning(notice: Notice, at: datetime, address: str, *, version: int, community: bytes) -> Trap:
    """Return what a notification says.

    Args:
        notice: as it was read.
        at: when it came.
        address: who sent it.
        version: 1, 2 or 3.
        community: what it was sent with, or the user.
    """
    rule = _rule(notice.oid)
    values = {v.oid: v.value for v in notice.varbinds if v.value is not None}
    places = _places(values)
    pse = _named_port(rule, values) or places.get("pse") or places.get("group")
    interface = places.get("if-index")
    return Trap(
        at=at,
        address=address,
        kind=rule.kind if rule else TrapKind.OTHER,
        pse=pse,
        if_index=interface[0] if interface else None,
        power=_power(rule, values, pse),
        oid=notice.oid,
        words=rule.name if rule else dotted(notice.oid),
        version=version,
        community=community,
    )


def _rule(name: Oid) -> TrapRule | None:
    """Agents that think in SNMPv1 leave the zero before the last number out, or write it twice."""
    found = rule_for(name)
    if found is None and len(name) > _PORT:
        if name[-3:-1] == (0, 0):
            found = rule_for((*name[:-2], name[-1]))
        elif name[-2] != 0:
            found = rule_for((*name[:-1], 0, name[-1]))
    return found


def _places(values: Mapping[Oid, Value]) -> dict[str, Oid]:
    """What the rows that a notification carries are numbered by; the first of a kind counts."""
    found: dict[str, Oid] = {}
    for name in values:
        for rows in trap_file().rows:
            if within(name, rows.entry):
                index = name[len(rows.entry) + 1 :]
                fits = len(index) == (_PORT if rows.index == "pse" else 1)
                if fits:
                    found.setdefault(rows.index, index)
    return found


def _named_port(rule: TrapRule | None, values: Mapping[Oid, Value]) -> Pse | None:
    if rule is None or rule.port is None:
        return None
    numbers = [_first(values, which) for which in rule.port]
    return tuple(n for n in numbers if isinstance(n, int)) if None not in numbers else None


def _first(values: Mapping[Oid, Value], which: Oid) -> Value | None:
    """A variable, by its name or any instance of it."""
    return next((v for n, v in values.items() if n == which or within(n, which)), None)


def _power(rule: TrapRule | None, values: Mapping[Oid, Value], pse: Pse | None) -> PortPower | None:
    if rule is None or rule.kind is not TrapKind.PORT_POWER:
        return None
    if rule.state is not None:
        value = _first(values, rule.state.column)
        return None if value is None else _stated(rule.state, value)
    if rule.power is not None:
        return rule.power
    value = values.get((*mibs.PETH_DETECTION, *(pse or ())))
    if pse is None or value is None:
        return None
    row = standard_rows({mibs.PETH_DETECTION: {pse: value}}).get(pse)
    return row.detection if row is not None else None


def _stated(state: StateColumn, value: Value) -> PortPower | None:
    if isinstance(value, int):
        return state.codes.get(value)
    if not isinstance(value, bytes):
        return None
    bits = (b for b in sorted(state.bits) if b // 8 < len(value) and value[b // 8] << b % 8 & 0x80)
    return next((state.bits[b] for b in bits), None)
