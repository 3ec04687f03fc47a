"""How phones are, page by page: of all only the state is read, of a page's phones all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from monitors.fetch_status import PhoneSeen, provisioning_status
from monitors.store.incident_pages import homes_of
from monitors.store.tables import status
from provisioner.inventory.fetches import last_fetches
from provisioner.inventory.monitoring import monitoring_of
from provisioner.inventory.tables import PhoneRow, SiteRow
from web.installation import Installation
from web.overview.narrow import MANY, read_some
from web.overview.phones import is_stale, phone_overview
from web.overview.reading import windows_with
from web.overview.values import ORDER, PhoneOverview, SiteOverview
from web.overview.wording import voice

Key = tuple[str, str]
"""Site and MAC."""


@dataclass(frozen=True, slots=True)
class Roll:
    """All phones of some sites with their states.

    Attributes:
        states: words of ``values.ORDER`` by site and MAC, in this order.
        judged_at: by site, when the monitor judged last.
    """

    states: Mapping[Key, str]
    judged_at: Mapping[str, datetime]


def read_roll(installation: Installation, sites: Collection[str] | None, now: datetime) -> Roll:
    """Return the states of all phones of some sites (of all when None); four queries.

    Args:
        installation: the opened data folder.
        sites: their ids.
        now: naive UTC.
    """
    phone, row = PhoneRow, status.c
    # the database joins the MACs: a row for each of thousands of phones costs ten times as much
    of_phones = select(phone.site_id, func.aggregate_strings(phone.mac, ","))
    of_states = select(row.state, func.aggregate_strings(row.mac, ","))
    of_times = select(row.site, func.max(row.judged_at))
    if sites is not None:
        of_phones = of_phones.where(phone.site_id.in_(sites))
        of_states = of_states.where(row.site.in_(sites))
        of_times = of_times.where(row.site.in_(sites))
    with installation.database.read() as session:
        phones = {site: sorted(macs.split(","))
                  for site, macs in session.execute(of_phones.group_by(phone.site_id))}  # fmt: skip
    judged: dict[str, str] = {}
    with installation.monitoring.read() as session:
        for state, macs in session.execute(of_states.group_by(row.state)):
            judged |= dict.fromkeys(macs.split(","), state)
        times = {site: at for site, at in session.execute(of_times.group_by(row.site))}  # noqa: C416 - rows
    fresh = [mac for macs in phones.values() for mac in macs if mac not in judged]
    judged |= _by_fetch_log(installation, fresh, now)
    return Roll(
        {(site, mac): judged[mac] for site in sorted(phones) for mac in phones[site]}, times
    )


def _by_fetch_log(installation: Installation, macs: list[str], now: datetime) -> dict[str, str]:
    """States of phones that the monitor has not judged."""
    if not macs:
        return {}
    phone, few = PhoneRow, macs if len(macs) <= MANY else None
    query = select(phone.mac, phone.armed_until, phone.token_seen_at, phone.problem)
    if few is not None:
        query = query.where(phone.mac.in_(few))
    fetched, wanted = last_fetches(installation.events, few), set(macs)
    with installation.database.read() as session:
        return {
            mac: str(provisioning_status(PhoneSeen(armed, seen, problem, fetched.get(mac)), now)[0])
            for mac, armed, seen, problem in session.execute(query)
            if mac in wanted
        }


def read_page(
    installation: Installation, keys: Iterable[Key], language: str, now: datetime
) -> tuple[PhoneOverview, ...]:
    """Return phones with their sentences, as they are asked for."""
    wanted = list(keys)
    homes = homes_of(installation.monitoring, [mac for _, mac in wanted])
    found: dict[str, PhoneOverview] = {}
    for site in dict.fromkeys(site for site, _ in wanted):
        macs = [mac for at, mac in wanted if at == site]
        stored = read_some(installation, site, macs, language, now)
        for mac in stored.phones:
            found[mac] = replace(phone_overview(stored, mac), incident=homes.get(mac))
    return tuple(found[mac] for _, mac in wanted if mac in found)


def read_summaries(
    installation: Installation, sites: Collection[str] | None, roll: Roll, now: datetime
) -> tuple[SiteOverview, ...]:
    """Return how sites are: counts and maintenance, without their phones and incidents.

    Args:
        installation: the opened data folder.
        sites: their ids; None: all.
        roll: of the same sites.
        now: naive UTC.
    """
    query = select(SiteRow.id, SiteRow.name, SiteRow.timezone, SiteRow.monitoring)
    if sites is not None:
        query = query.where(SiteRow.id.in_(sites))
    with installation.database.read() as session:
        rows = session.execute(query.order_by(SiteRow.id)).all()
    counts: dict[str, Counter[str]] = {row.id: Counter() for row in rows}
    for (site, _), state in roll.states.items():
        if site in counts:
            counts[site][state] += 1
    sweep_s = installation.settings.monitor.sweep_s
    made = []
    for row in rows:
        speaking = voice("en", ZoneInfo(row.timezone), now)
        planned = monitoring_of(row.monitoring, installation.box).maintenance
        judged_at, counted = roll.judged_at.get(row.id), counts[row.id]
        made.append(
            SiteOverview(
                id=row.id,
                name=row.name,
                voice=speaking,
                phones=(),
                incidents=(),
                windows=windows_with(installation, row.id, planned, speaking.zone, now),
                counts={state: counted[state] for state in ORDER if counted[state]},
                judged_at=judged_at,
                is_stale=is_stale(judged_at, now, sweep_s),
            )
        )
    return tuple(made)


def following(states: Mapping[Key, str], after: Key | None, only: Sequence[str]) -> list[Key]:
    """Return the phones that come after one, of some states only if any are named. Pure."""
    return [
        key
        for key, state in states.items()
        if (after is None or key > after) and (not only or state in only)
    ]
