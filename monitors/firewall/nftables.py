"""Firewall rules as a file for nft. Pure.

Two tables of bellwire's own stand beside whatever rules there are. They only take away: a packet
that they let through still has to pass the others. Ports that bellwire knows nothing of, such as
that of SSH, are never touched, so that a mistake here locks nobody out of the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network

from monitors.firewall.openings import Network, Opening, together

RULES = "bellwire"
SHUT_OUT = "bellwire_shut"
SET4, SET6 = "out4", "out6"
SET_SIZE = 65_536
STRANGERS_PER_S = 20
STRANGERS_BURST = 100
_EVERYONE = frozenset({"0.0.0.0/0", "::/0"})


def nftables_rules(names: Iterable[str], openings: Sequence[Opening]) -> str:
    """Return a file that opens the ports to their networks and closes them to all others."""
    lines = [
        "#!/usr/sbin/nft -f",
        f"# Who may reach the telephones' services: {', '.join(names)}.",
        "# Written by bellwire; changes made here are lost. Read again at any time.",
        "",
        f"table inet {RULES}",
        f"delete table inet {RULES}",
        "",
        f"table inet {RULES} {{",
        *_strangers_sets(openings),
        "\tchain input {",
        "\t\ttype filter hook input priority filter - 5; policy accept;",
        "\t\tiif lo accept",
        *(f"\t\t{line}" for one in openings if one.strangers for line in _slowed(one)),
        "\t\tct state established,related accept",
        *(f"\t\t{line}" for one in openings for line in _opening(one)),
        "\t}",
        "}",
        "",
    ]
    return "\n".join(lines) + "\n" + shut_out_table(openings)


def shut_out_table(openings: Sequence[Opening]) -> str:
    """Return the table of addresses that are shut out; reading it again forgets none of them."""
    ports = [p for kind in ("udp", "tcp") if (p := _ports(openings, kind))]
    rules = [
        f"\t\t{family} saddr @{name} {port} counter drop"
        for family, name in (("ip", SET4), ("ip6", SET6))
        for port in ports
    ]
    lines = [
        "# Addresses that guessed passwords: bellwire-firewall adds and removes them.",
        f"table inet {SHUT_OUT} {{",
        f"\tset {SET4} {{ type ipv4_addr; flags timeout; size {SET_SIZE}; }}",
        f"\tset {SET6} {{ type ipv6_addr; flags timeout; size {SET_SIZE}; }}",
        "\tchain input { type filter hook input priority filter - 10; policy accept; }",
        "}",
        f"flush chain inet {SHUT_OUT} input",
        f"table inet {SHUT_OUT} {{",
        "\tchain input {",
        *rules,
        "\t}",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _strangers_sets(openings: Iterable[Opening]) -> Iterator[str]:
    if any(one.strangers for one in openings):
        for name, kind in (("knocks4", "ipv4_addr"), ("knocks6", "ipv6_addr")):
            yield (
                f"\tset {name} {{ type {kind}; flags dynamic,timeout; timeout 1m; "
                f"size {SET_SIZE}; }}"
            )


def _opening(one: Opening) -> Iterator[str]:
    port = f"{one.protocol} dport {_range(one)}"
    yield f"# {one.what}"
    if not one.closed:
        yield f"# {port}: left to your own rules, for people open pages there as well"
        return
    for family, some in _families((*one.sources, *one.strangers)):
        if _EVERYONE & set(some):
            yield f"meta nfproto {'ipv4' if family == 'ip' else 'ipv6'} {port} accept"
        elif some:
            yield f"{family} saddr {{ {', '.join(some)} }} {port} accept"
    yield f"{port} counter drop"


def _slowed(one: Opening) -> Iterator[str]:
    """Before anything is accepted: a stranger's later packets belong to a known connection."""
    port = f"{one.protocol} dport {_range(one)}"
    limit = f"limit rate over {STRANGERS_PER_S}/second burst {STRANGERS_BURST} packets"
    known = dict(_families(one.sources))
    for family, name in (("ip", "knocks4"), ("ip6", "knocks6")):
        others = f"{family} saddr != {{ {', '.join(known[family])} }} " if known[family] else ""
        yield f"{others}{port} update @{name} {{ {family} saddr {limit} }} counter drop"


def _families(networks: Iterable[Network]) -> Iterator[tuple[str, list[str]]]:
    every = together(networks)
    yield "ip", [str(n) for n in every if isinstance(n, IPv4Network)]
    yield "ip6", [str(n) for n in every if not isinstance(n, IPv4Network)]


def _range(one: Opening) -> str:
    return str(one.first) if one.first == one.last else f"{one.first}-{one.last}"


def _ports(openings: Iterable[Opening], protocol: str) -> str:
    """All ports of a protocol as one match; overlapping ranges are told once."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted((o.first, o.last) for o in openings if o.protocol == protocol):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    written = [str(a) if a == b else f"{a}-{b}" for a, b in spans]
    return f"{protocol} dport {{ {', '.join(written)} }}" if written else ""
