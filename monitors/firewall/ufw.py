"""The same firewall rules as commands of ufw. Pure.

After ufw(8) of ufw 0.36: ``ufw allow|deny proto P from SOURCE to any port FIRST:LAST comment C``.
The first rule that fits decides, so what is denied goes to the end each time: a network that is
new must not come after it. A rule that is there already is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from monitors.firewall.openings import Opening, together


def ufw_rules(names: Iterable[str], openings: Sequence[Opening]) -> str:
    """Return a shell script that opens the ports to their networks and closes them to others."""
    lines = [
        "#!/bin/sh",
        f"# Who may reach the telephones' services: {', '.join(names)}.",
        "# Written by bellwire. Run it as root; run again, it changes nothing.",
        "# A network that is gone from the site file stays allowed: ufw status numbered shows it.",
        "# Addresses that are shut out stand in a table of nftables, which ufw leaves alone:",
        "# bellwire firewall nftables --shut-out",
        "set -e",
        *(line for one in openings for line in _opening(one)),
        "",
    ]
    return "\n".join(lines)


def _opening(one: Opening) -> Iterator[str]:
    port = str(one.first) if one.first == one.last else f"{one.first}:{one.last}"
    comment = f"comment 'bellwire: {one.what}'"
    denied = f"deny proto {one.protocol} from any to any port {port}"
    if one.closed:
        yield f"ufw delete {denied} >/dev/null 2>&1 || true"
    for source in together((*one.sources, *one.strangers)):
        yield f"ufw allow proto {one.protocol} from {source} to any port {port} {comment}"
    if one.closed:
        yield f"ufw {denied} {comment}"
