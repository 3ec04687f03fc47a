"""The other way: fail2ban at the PBX reads Asterisk's own log. Pure.

For a PBX where bellwire-firewall does not run. bellwire then tells of attacks, and fail2ban shuts
out; the two do not know of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitors.firewall.openings import Network, Opening
from provisioner.inventory.pbx_hardening import ShutOutRule

NAME = "bellwire-asterisk"
LOG = "/var/log/asterisk/security.log"
# Asterisk 16 writes what a stranger calls himself, and his Call-ID, without escaping quotation
# marks: both can hold a RemoteAddress of his choice. So only the end of a line is believed, where
# nothing of his stands but a nonce and a digest, and those must look like one.
_REMOTE = r'RemoteAddress="IPV[46]/[A-Z]+/<HOST>/\d+"'
_ENDS = {
    "InvalidAccountID": "",
    "FailedACL": r',ACLName="[\w-]*"',
    "ChallengeResponseFailed": (
        r',Challenge="[0-9a-f/]*",Response="[0-9a-f]{32}",ExpectedResponse=""'
    ),
}


def filter_file() -> str:
    """Return the filter: which lines of Asterisk's security log are a guess, and whose."""
    lines = "\n            ".join(
        f'SecurityEvent="{word}",.*,{_REMOTE}{end}$' for word, end in _ENDS.items()
    )
    return f"""\
# filter.d/{NAME}.conf. Written by bellwire.
[Definition]
failregex = {lines}
ignoreregex =
datepattern = ^\\[%%Y-%%m-%%d %%H:%%M:%%S
"""


def jail_file(
    never: Iterable[Network], openings: Sequence[Opening], rule: ShutOutRule, log: str = LOG
) -> str:
    """Return the jail: how many guesses are too many, for how long, and who is never shut out."""
    ports = ",".join(
        dict.fromkeys(
            str(one.first) if one.first == one.last else f"{one.first}:{one.last}"
            for one in openings
            if one.what.startswith(("SIP", "voice"))
        )
    )
    return f"""\
# jail.d/{NAME}.conf. Written by bellwire; changes made here are lost.
[{NAME}]
enabled = true
filter = {NAME}
backend = auto
logpath = {log}
banaction = nftables-multiport
protocol = tcp,udp
port = {ports}
maxretry = {rule.tries}
findtime = {rule.window_s}
bantime = {rule.times_s[0]}
bantime.increment = true
bantime.multipliers = {" ".join(str(max(1, s // rule.times_s[0])) for s in rule.times_s)}
bantime.maxtime = {rule.times_s[-1]}
ignoreip = 127.0.0.0/8 ::1 {" ".join(map(str, never))}
"""
