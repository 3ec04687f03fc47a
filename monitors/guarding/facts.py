"""What the guard knows of a site: read from both databases when something has changed."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitors.calls.book import Scope
from monitors.calls.donotcall import Consent, DoNotCallList
from monitors.calls.rates import RateTable
from monitors.calls.tollfree import Listed
from monitors.store.calls_blocks import blocks_of, listed_of
from monitors.store.calls_lists import consents_of, lists_of, rates_of
from provisioner.db import Database
from provisioner.inventory.records import Site
from provisioner.inventory.store import site_of
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from provisioner.secrets import Box

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """A site whose calls are guarded.

    Attributes:
        extensions: its accounts.
        rooms: the room of each account that has one.
        blocked: whose outgoing calls are blocked, and the rule that did it.
        listed: callers on the list of its toll-free numbers.
    """

    site: Site
    extensions: frozenset[str]
    rooms: Mapping[str, str] = field(default_factory=dict)
    rates: RateTable | None = None
    lists: tuple[DoNotCallList, ...] = ()
    consents: tuple[Consent, ...] = ()
    blocked: Mapping[Scope, str] = field(default_factory=dict)
    listed: Mapping[str, Listed] = field(default_factory=dict)


def guarded_sites(database: Database, box: Box) -> tuple[Site, ...]:
    """Return the sites whose calls are guarded."""
    with database.read() as session:
        rows = session.scalars(select(SiteRow).order_by(SiteRow.id))
        return tuple(site_of(row, box) for row in rows if row.calls is not None)


def read_facts(database: Database, monitoring: Database, site: Site) -> SiteFacts:
    """Return what is known of a site.

    Raises:
        RateError: its rates cannot be read.
    """
    with database.read() as session:
        accounts = select(AccountRow.extension).where(AccountRow.site_id == site.id)
        extensions = frozenset(session.scalars(accounts))
        rooms = rooms_of(session, site.id)
    commercial = site.calls is not None and site.calls.do_not_call.extensions
    return SiteFacts(
        site,
        extensions,
        rooms,
        rates_of(monitoring, site.id),
        lists_of(monitoring, site.id) if commercial else (),
        consents_of(monitoring, site.id) if commercial else (),
        {block.scope: block.rule for block in blocks_of(monitoring, site.id)},
        {each.caller: each.listed for each in listed_of(monitoring, site.id)},
    )


def rooms_of(session: Session, site: str) -> dict[str, str]:
    """Return the room of each account: where it is the room's own, or where its phone stands."""
    phones = select(PhoneRow.room_id, PhoneRow.accounts, PhoneRow.handsets)
    found: dict[str, str] = {}
    for row in session.execute(phones.where(PhoneRow.site_id == site).order_by(PhoneRow.mac)):
        found = {**dict.fromkeys(_accounts(row.accounts, row.handsets), row.room_id), **found}
    rooms = select(RoomRow.id, RoomRow.extension).where(RoomRow.site_id == site)
    return {**found, **{r.extension: r.id for r in session.execute(rooms) if r.extension}}


def _accounts(accounts: Iterable[str], handsets: Iterable[Mapping[str, str]]) -> list[str]:
    return [*accounts, *(handset["extension"] for handset in handsets)]


def addresses_of(sites: Iterable[Site]) -> frozenset[str]:
    """Return the addresses of the sites' PBXs."""
    found: set[str] = set()
    for site in sites:
        if site.pbx is None or not site.pbx.host:
            continue
        try:
            found |= {str(each[4][0]) for each in socket.getaddrinfo(site.pbx.host, None)}
        except OSError as problem:
            log.debug("%s: %s", site.pbx.host, problem)
    return frozenset(found)
