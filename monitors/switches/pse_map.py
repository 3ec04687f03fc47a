"""Which interface is a power port? Makers number them differently. Pure.

Every rule that could hold is tried, and the switch itself is asked whether it fits: a port that
delivers power should have a link, and be where a neighbour was seen. The maker's rule stands
unless another one fits better; then neither is called more than assumed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as Facts
from dataclasses import dataclass, field

from monitors.signals import Link, Mapping
from monitors.snmp.values import Oid, Rows
from monitors.switches import mibs
from monitors.switches.interfaces import Interface
from monitors.switches.platform import PseRule
from monitors.switches.reading import Pse
from monitors.switches.tables import integer

PseToInterface = dict[Pse, int]
OWN = PseRule(rule="own", sure=Mapping.PROVEN)
FALLBACKS = (
    PseRule(
        rule="names",
        names=("{group}/0/{port}", "{group}/{port}", "{group}:{port}", "0/{port}"),
        sure=Mapping.ASSUMED,
    ),
    PseRule(rule="if-index", sure=Mapping.ASSUMED),
    PseRule(rule="base-port", sure=Mapping.ASSUMED),
    PseRule(rule="order", sure=Mapping.ASSUMED),
)
GROUP_AND_PORT = 2
_SLOT = 1000
_WITH_NEIGHBOUR = 2  # a neighbour says more than a link
_ENOUGH = 2
_SHARE_GOOD, _SHARE_BAD = 0.75, 0.5


@dataclass(frozen=True, slots=True)
class Ground:
    """What the rules work on.

    Attributes:
        base_ports: interface by bridge port.
        physical: physical index by power port (a maker's column).
        aliases: entAliasMappingIdentifier, index and value as they stand.
    """

    interfaces: Facts[int, Interface]
    base_ports: Facts[int, int] = field(default_factory=dict)
    physical: Facts[Pse, int] = field(default_factory=dict)
    aliases: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a rule agrees with what the switch shows.

    Attributes:
        hits: powered ports with a link. ``points`` counts one with a neighbour twice.
        misses: powered ports without a link, or without an interface.
    """

    hits: int = 0
    points: int = 0
    misses: int = 0

    @property
    def share(self) -> float:
        """Hits of all, 0 to 1; 1 when nothing speaks for or against."""
        seen = self.hits + self.misses
        return self.hits / seen if seen else 1.0


@dataclass(frozen=True, slots=True)
class PseMap:
    """The rule that holds, and what it gives.

    Attributes:
        remark: what a person should know of it, or empty.
    """

    rule: str = ""
    interfaces: Facts[Pse, int] = field(default_factory=dict)
    sure: Mapping = Mapping.NONE
    remark: str = ""


def physical_ports(rows: Rows) -> dict[Pse, int]:
    """Return the physical index by power port; 0 is none."""
    found = {}
    for pse in rows:
        number = integer(rows, pse)
        if number:
            found[pse] = number
    return found


def pse_map(
    ports: Collection[Pse],
    rules: Iterable[PseRule],
    ground: Ground,
    powered: Collection[Pse],
    neighbours: Collection[int],
) -> PseMap:
    """Return the best map of power ports to interfaces.

    Args:
        ports: all power ports.
        rules: the maker's, surest first; usual ones are tried after them.
        ground: the tables the rules work on.
        powered: power ports that deliver.
        neighbours: interfaces on which LLDP or CDP saw a device.
    """
    tried: list[tuple[PseRule, PseToInterface, Fit]] = []
    for rule in (*rules, *FALLBACKS):
        found = _applied(rule, ports, ground)
        if found:
            tried.append((rule, found, fit(found, ground.interfaces, powered, neighbours)))
    if not tried:
        return PseMap()
    first = tried[0]
    best = max(tried, key=lambda t: _weight(t[2]))  # of equals, the first
    if first[0].sure is Mapping.ASSUMED:
        return PseMap(best[0].rule, best[1], Mapping.ASSUMED)
    if not _contradicted(first[2]) or _weight(best[2]) <= _weight(first[2]):
        return PseMap(first[0].rule, first[1], _sure(first[0], first[2]), _unlinked(first[2]))
    winner = best if _fits(best[2]) else first
    remark = (
        f"{first[2].misses} of {first[2].hits + first[2].misses} powered ports have no link "
        f"where the rule {first[0].rule} looks for them; the rule {best[0].rule} fits better"
    )
    return PseMap(winner[0].rule, winner[1], Mapping.ASSUMED, remark)


def fit(
    found: PseToInterface,
    interfaces: Facts[int, Interface],
    powered: Collection[Pse],
    neighbours: Collection[int],
) -> Fit:
    """Return how well a map agrees with links and neighbours."""
    hits = points = misses = 0
    for pse in powered:
        index = found.get(pse)
        interface = interfaces.get(index) if index is not None else None
        if interface is not None and (interface.is_up or index in neighbours):
            hits += 1
            points += _WITH_NEIGHBOUR if index in neighbours else 1
        elif interface is None or interface.link is not Link.UNKNOWN:
            misses += 1
    return Fit(hits, points, misses)


def _weight(result: Fit) -> float:
    return result.points - _WITH_NEIGHBOUR * result.misses


def _contradicted(result: Fit) -> bool:
    return result.misses >= _ENOUGH and result.share < _SHARE_BAD


def _fits(result: Fit) -> bool:
    return result.hits >= _ENOUGH and result.share >= _SHARE_GOOD


def _sure(rule: PseRule, result: Fit) -> Mapping:
    """A likely rule is proven where it fits."""
    confirmed = result.points >= _ENOUGH and result.share >= _SHARE_GOOD
    return Mapping.PROVEN if confirmed else Mapping(rule.sure)


def _unlinked(result: Fit) -> str:
    if not _contradicted(result):
        return ""
    return f"{result.misses} of {result.hits + result.misses} powered ports have no link"


def _applied(rule: PseRule, ports: Collection[Pse], ground: Ground) -> PseToInterface:
    """Return what a rule gives; ports it says nothing of are missing."""
    if rule.rule == "entity":
        found = _by_entity(ports, ground)
    elif rule.rule == "names":
        found = _by_names(rule.names, ports, ground.interfaces)
    elif rule.rule == "order":
        found = _by_order(ports, ground.interfaces)
    else:
        found = {pse: index for pse in ports if (index := _by_number(rule, pse, ground))}
    return {pse: index for pse, index in found.items() if index in ground.interfaces}


def _by_number(rule: PseRule, pse: Pse, ground: Ground) -> int | None:
    port = pse[-1]
    if rule.rule == "base-port":
        return ground.base_ports.get(port)
    if rule.rule == "slot-port" and len(pse) == GROUP_AND_PORT:
        return pse[0] * _SLOT + port
    return port if rule.rule in {"own", "if-index"} else None


def _by_entity(ports: Collection[Pse], ground: Ground) -> PseToInterface:
    """ENTITY-MIB, entAliasMappingTable: the physical port's alias is an ifIndex."""
    aliases: dict[int, int] = {}
    width = len(mibs.IF_INDEX)
    for index, value in ground.aliases.items():
        if isinstance(value, tuple) and len(value) > width and value[:width] == mibs.IF_INDEX:
            aliases.setdefault(index[0], value[width])
    return {
        pse: aliases[physical]
        for pse in ports
        if (physical := ground.physical.get(pse)) is not None and physical in aliases
    }


def _by_names(
    endings: Iterable[str], ports: Collection[Pse], interfaces: Facts[int, Interface]
) -> PseToInterface:
    """The first ending that exactly one socket has, for each port."""
    sockets = [(i.label, i.index) for i in interfaces.values() if i.is_socket]
    found: PseToInterface = {}
    for pse in ports:
        group, port = (pse[0], pse[-1]) if len(pse) == GROUP_AND_PORT else (1, pse[-1])
        for ending in endings:
            wanted = ending.format(group=group, port=port, group0=group - 1, port0=port - 1)
            pattern = re.compile(rf"(?:^|[^\d/:]){re.escape(wanted)}$")
            if wanted.startswith("/"):
                pattern = re.compile(rf"{re.escape(wanted)}$")
            matches = [index for label, index in sockets if pattern.search(label)]
            if len(matches) == 1:
                found[pse] = matches[0]
                break
    return found


def _by_order(ports: Collection[Pse], interfaces: Facts[int, Interface]) -> PseToInterface:
    """The n-th power port of a group is its n-th socket; of its member's, if the names tell."""
    sockets = sorted(i.index for i in interfaces.values() if i.is_socket)
    groups: dict[int, list[Pse]] = {}
    for pse in sorted(ports):
        groups.setdefault(pse[0] if len(pse) == GROUP_AND_PORT else 1, []).append(pse)
    found: PseToInterface = {}
    for group, members in groups.items():
        named = [s for s in sockets if re.match(rf"\D*{group}/\d+/\d+$", interfaces[s].label)]
        own: list[int] = named if named and len(groups) > 1 else sockets
        found |= dict(zip(members, own, strict=False))
    return found


def power_column(rules: Iterable[PseRule]) -> Oid | None:
    """Return the column of physical indexes that the rules need, if any."""
    return next((r.column for r in rules if r.column is not None), None)
