"""What a person changes of guarded calls: done and written into the audit log, from everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from monitors.calls.book import Scope
from monitors.calls.limits import blocked_by_hand
from monitors.calls.tollfree import Listed
from monitors.firewall.gate import Gate, GateError
from monitors.firewall.judging import plain_address
from monitors.guarding.keeping import block_by_hand, unblock_by_hand
from monitors.store.calls_blocks import keep_listed, touch, unlist
from monitors.store.shut_out import release, shut_outs
from provisioner.errors import UnknownThingError
from provisioner.inventory.audit import note
from provisioner.inventory.tables import AccountRow, RoomRow
from provisioner.numbering.number import OUTSIDE, NumberError
from web.calls.ground import plan_of
from web.installation import Installation

KINDS = ("account", "room", "site")
ANONYMOUS = "anonymous"
"""Callers who show no number are one caller to a toll-free number."""
REASON_MAX = 200


@dataclass(frozen=True, slots=True)
class LetIn:
    """An address that is let in again.

    Attributes:
        problems: why a firewall still drops it; none: none does.
    """

    address: str
    problems: tuple[str, ...]


def block(
    installation: Installation, site: str, scope: Scope, who: str, at: datetime, reason: str = ""
) -> bool:
    """Block outgoing calls of a scope; returns whether it was not blocked before.

    Raises:
        UnknownThingError: the site has no such account or room.
    """
    kind, name = scope
    if not _is_there(installation, site, scope):
        raise UnknownThingError(f"site {site} has no {kind} {name!r}")
    because = blocked_by_hand(who, reason.strip().rstrip(".")[:REASON_MAX])
    made = block_by_hand(installation.monitoring, site, scope, because, at, who)
    if made:
        audit(installation, who, at, "calls-block", f"{site} {kind} {name}", reason)
    return made


def unblock(installation: Installation, site: str, scope: Scope, who: str, at: datetime) -> bool:
    """Let a scope call out again, and close its incident; returns whether it was blocked."""
    made = unblock_by_hand(installation.monitoring, site, scope, at, who)
    if made:
        audit(installation, who, at, "calls-unblock", f"{site} {scope[0]} {scope[1]}")
    return made


def list_caller(
    installation: Installation, site: str, caller: str, level: int, who: str, at: datetime
) -> str:
    """Put a caller on the list of the toll-free numbers; 0 takes it off. Returns its number.

    Raises:
        NumberError: it is no number.
        UnknownThingError: it is to come off, and is not on the list.
    """
    value = caller_of(installation, site, caller)
    with installation.monitoring.write() as session:
        if level:
            listed = Listed(level, at.replace(tzinfo=UTC), by_hand=True)
            keep_listed(session, site, value, listed)
        elif not unlist(session, site, value):
            raise UnknownThingError(f"{value} is not on the list")
        touch(session, site)
    audit(installation, who, at, "calls-toll-free", f"{site} {value}", f"level {level}")
    return value


def caller_of(installation: Installation, site: str, caller: str) -> str:
    """Return a caller as the list has it; raises NumberError."""
    if caller == ANONYMOUS:
        return caller
    plan = plan_of(installation, site)
    number = plan.read(caller)
    if number.kind not in OUTSIDE:
        raise NumberError(f"{caller!r} is no number in {plan.country} of somebody outside")
    return number.value


def let_in(
    installation: Installation, address: str, who: str, at: datetime, sees: Callable[[str], bool]
) -> LetIn:
    """Let an address in again at once, and forgive its past, at the sites that somebody sees.

    A firewall that also stands for a site they do not see, where it is shut out, is left alone.

    Raises:
        UnknownThingError: it is no address, or not shut out there.
    """
    plain = plain_address(address)
    if not plain:
        raise UnknownThingError(f"{address!r} is no address")
    standing = {o.site for o in shut_outs(installation.monitoring, at=at) if o.address == plain}
    sites = {site for site in standing if sees(site)}
    if not sites:
        raise UnknownThingError(f"{plain} is not shut out")
    socket_of = installation.settings.firewall.socket_of
    kept = {socket_of(site) for site in standing - sites}
    problems = _opened(plain, {socket_of(site) for site in sites} - kept - {""})
    release(installation.monitoring, plain, who, at, sites)
    audit(installation, who, at, "firewall-release", plain, ", ".join(sorted(sites)))
    return LetIn(plain, problems)


def _opened(address: str, sockets: set[str]) -> tuple[str, ...]:
    """Ask the privileged part of each PBX; returns what went wrong."""
    problems = []
    for path in sorted(sockets):
        try:
            Gate(Path(path)).release(address)
        except GateError as problem:
            problems.append(str(problem))
    return tuple(problems)


def audit(
    installation: Installation, who: str, at: datetime, action: str, target: str, detail: str = ""
) -> None:
    """Write who did what."""
    with installation.database.write() as session:
        note(session, at, who, action, target, detail)


def _is_there(installation: Installation, site: str, scope: Scope) -> bool:
    kind, name = scope
    if kind == "site":
        return name == site
    column = AccountRow.extension if kind == "account" else RoomRow.id
    owner = AccountRow.site_id if kind == "account" else RoomRow.site_id
    with installation.database.read() as session:
        return session.scalar(select(column).where(owner == site, column == name)) is not None
