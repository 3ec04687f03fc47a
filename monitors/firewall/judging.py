"""When an address is shut out, and for how long: tries and past times in, a verdict out. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from monitors.probes.registrations import SecurityEvent
from monitors.signals import Security
from provisioner.inventory.pbx_hardening import ShutOutRule
from provisioner.inventory.records import Site

_COUNTS = frozenset({Security.WRONG_PASSWORD, Security.UNKNOWN_EXTENSION, Security.ACL})
_ALWAYS = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
# Asterisk tells of a stranger twice: by this word as well, and then without the name he tried.
_TOLD_BEFORE = "ChallengeResponseFailed"


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody was refused.

    Attributes:
        at: naive UTC.
        account: what was tried; empty: an extension that does not exist.
    """

    at: datetime
    account: str


@dataclass(frozen=True, slots=True)
class Past:
    """How often an address was shut out, and until when the last time; naive UTC."""

    times: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """An address is shut out.

    Attributes:
        until: naive UTC.
        times: the how manieth time it is.
        account: the one that was tried most; empty: extensions that do not exist.
        tries: how many refusals led to it.
    """

    until: datetime
    times: int
    account: str
    tries: int


def judge(
    tries: Sequence[Try], past: Past | None, rule: ShutOutRule, now: datetime
) -> Verdict | None:
    """Return whether an address is to be shut out; None: it is not, or is already.

    Args:
        tries: its refusals, oldest first.
        past: when it was shut out before.
        rule: of the site.
        now: naive UTC.
    """
    if not rule.enabled or (past is not None and past.until > now):
        return None
    quick = _within(tries, now, rule.window_s)
    slow = _within(tries, now, rule.slow_window_s)
    counted = quick if len(quick) >= rule.tries else slow
    if len(quick) < rule.tries and len(slow) < rule.slow_tries:
        return None
    times = _times_before(past, rule, now) + 1
    lasts = rule.times_s[min(times, len(rule.times_s)) - 1]
    return Verdict(now + timedelta(seconds=lasts), times, _attacked(counted), len(counted))


def counted_try(event: SecurityEvent) -> Try | None:
    """Return an event of a PBX as a try; None: it is none."""
    if event.what not in _COUNTS:
        return None
    if event.what is Security.UNKNOWN_EXTENSION:
        return None if event.word == _TOLD_BEFORE else Try(event.at, "")
    return Try(event.at, event.extension)


def plain_address(text: str) -> str:
    """Return an address in its one spelling; empty: it is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


@dataclass(frozen=True, slots=True)
class Protected:
    """Addresses that are never shut out."""

    networks: tuple[IPv4Network | IPv6Network, ...]

    def __contains__(self, address: str) -> bool:
        """Whether an address, as ``plain_address`` writes it, is one of them."""
        found = ip_address(address)
        return any(
            found in network for network in self.networks if network.version == found.version
        )


def protected(site: Site, known: Iterable[str] = ()) -> Protected | None:
    """Return what is never shut out of a site; None: its phones cannot be told from strangers.

    Args:
        site: its networks, its PBX, its trunks and what it names besides.
        known: more addresses or networks, such as those of other sites on the same machine.
    """
    if not site.networks or site.pbx is None:
        return None
    hardening = site.pbx.hardening
    named = [*hardening.trunks, *hardening.never_shut_out, *known]
    pbx = plain_address(site.pbx.host)
    named += [pbx] if pbx else []
    return Protected((*_ALWAYS, *site.networks, *(ip_network(one) for one in named)))


def _within(tries: Sequence[Try], now: datetime, window_s: int) -> list[Try]:
    since = now - timedelta(seconds=window_s)
    return [one for one in tries if one.at > since]


def _times_before(past: Past | None, rule: ShutOutRule, now: datetime) -> int:
    if past is None or now - past.until > timedelta(days=rule.forget_days):
        return 0
    return past.times


def _attacked(tries: Iterable[Try]) -> str:
    """The account tried most; one that is there before those that are not."""
    named = Counter(one.account for one in tries if one.account)
    return named.most_common(1)[0][0] if named else ""
