"""From what is stored to what is shown of phones: one line each, worst first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from monitors.fetch_status import provisioning_status
from monitors.incident_steps import Incident
from monitors.store.statuses import KeptStatus
from web.overview.incidents import incident_view
from web.overview.reading import StoredSite
from web.overview.sentences import diagnosis_words, fetch_words, seen_of, status_of
from web.overview.values import ORDER, PhoneOverview, SiteOverview
from web.overview.wording import by_number

SWEEPS_MISSED = 3
STALE_MIN = timedelta(minutes=3)


def site_overview(stored: StoredSite, sweep_s: float) -> SiteOverview:
    """Return what is shown of a site.

    Args:
        stored: with its open incidents.
        sweep_s: seconds between two judgings.
    """
    phones = phone_overviews(stored)
    counts = Counter(phone.status for phone in phones)
    judged_at = last_judged(stored.statuses.values())
    return SiteOverview(
        id=stored.id,
        name=stored.name,
        voice=stored.voice,
        phones=phones,
        incidents=tuple(incident_view(i, stored) for i in stored.incidents if i.is_open),
        windows=stored.windows,
        counts={status: counts[status] for status in ORDER if counts[status]},
        judged_at=judged_at,
        is_stale=is_stale(judged_at, stored.voice.now, sweep_s),
    )


def phone_overviews(stored: StoredSite) -> tuple[PhoneOverview, ...]:
    """Return a site's phones, worst first, then in the order of their rooms."""
    homes = _homes(stored.incidents)
    found = [phone_overview(stored, mac, homes.get(mac)) for mac in stored.phones]
    found.sort(key=lambda phone: (ORDER.index(phone.status), by_number(phone.room)))
    return tuple(found)


def _homes(incidents: Iterable[Incident]) -> dict[str, Incident]:
    return {mac: incident for incident in incidents if incident.is_open for mac in incident.macs}


def phone_overview(stored: StoredSite, mac: str, incident: Incident | None = None) -> PhoneOverview:
    """Return one phone in one line.

    Args:
        stored: its site.
        mac: of a phone of that site.
        incident: the open one it is in.
    """
    phone, kept = stored.phones[mac], stored.statuses.get(mac)
    seen = seen_of(stored, mac)
    fetched, _, since = provisioning_status(seen, stored.voice.now)
    if kept is None:
        said = fetch_words(seen, stored.voice)
    else:
        since = kept.status.since
        said = diagnosis_words(stored, mac, kept.status.rule, kept.facts, kept.missing)
    return PhoneOverview(
        mac=mac,
        site=phone.site,
        room=phone.room,
        position=phone.position,
        model=phone.model,
        place=phone.place,
        status=status_of(stored, mac),
        cause=said.sentence,
        fix=said.fix,
        since=since,
        provisioning=str(fetched),
        rule=kept.status.rule if kept else "",
        sureness=kept.sureness if kept else "",
        judged_at=kept.judged_at if kept else None,
        incident=incident.id if incident else None,
        in_group=incident is not None and incident.grouped,
    )


def last_judged(statuses: Iterable[KeptStatus]) -> datetime | None:
    """Return when any of these phones was judged last; None: never."""
    return max((kept.judged_at for kept in statuses), default=None)


def is_stale(judged_at: datetime | None, now: datetime, sweep_s: float) -> bool:
    """Whether the monitor should have judged since: it has missed some sweeps."""
    if judged_at is None:
        return False
    return now - judged_at > max(SWEEPS_MISSED * timedelta(seconds=sweep_s), STALE_MIN)
