"""A busy month of guarded calls of a hotel: ten calls to the outside for each of its phones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitors.calls.book import OutgoingCall
from monitors.calls.decision import Because
from monitors.calls.donotcall import Checked
from monitors.calls.rates import Rate
from monitors.calls.times import at_site
from monitors.guarding.keeping import write
from monitors.guarding.ledger import Batch, NewBlock
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from monitors.store.calls_guard import GuardSeen, keep_seen
from provisioner.edits.edit import Edit
from web.installation import Installation

CALLS_PER_ROOM = 20  # a room has two phones
TODAY_EVERY = 30
AT_ONCE = 5000
TIMEZONE = "Europe/Madrid"
COUNTRIES = {"ES": "+34911000000", "GB": "+442079460123", "FR": "+33140000001",
             "US": "+12125550100", "DE": "+4930123456", "MA": "+212520000000"}  # fmt: skip
RULES = {
    "currency": "EUR",
    "limits": {"site": {"spend_day": 600, "spend_month": 9000}},
    "do_not_call": {"extensions": ["20000"]},
    "groups": {"spam": [{"number": f"+34 9110{n:05}"} for n in range(300)]},
    "incoming": [{"name": "house", "black": [{"number": "group:spam"}]}],
}


def guard(made: Installation, site: str) -> None:
    """Guard the calls of a site."""
    made.edits.apply(Edit(site, head={"calls": RULES}), who="bench")


def tell(made: Installation, site: str, rooms: Sequence[tuple[str, str]], now: datetime) -> None:
    """Store what the guard of a site would have.

    Args:
        made: the opened data folder.
        site: its id.
        rooms: extensions with their rooms.
        now: naive UTC.
    """
    batch = Batch()
    for call in _calls(site, rooms, now):
        batch.calls[call.id] = call
        if len(batch.calls) == AT_ONCE:
            write(made.monitoring, site, "EUR", batch)
            batch = Batch()
    _besides(batch, rooms, now)
    write(made.monitoring, site, "EUR", batch)
    keep_seen(made.monitoring, [GuardSeen(site, now + timedelta(hours=9), connected=True)])


def _calls(site: str, rooms: Sequence[tuple[str, str]], now: datetime) -> Iterator[OutgoingCall]:
    """All of the last weeks, of each room some today; one room in a hundred speaks just now."""
    countries = list(COUNTRIES)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    span_s = max((now - first).total_seconds() - 600, 60)
    for n in range(len(rooms) * CALLS_PER_ROOM):
        extension, room = rooms[n % len(rooms)]
        back_s = (n * 7919) % (3600 if n % TODAY_EVERY == 0 else int(span_s))
        is_live = n < len(rooms) and n % 100 == 0
        at = now - timedelta(seconds=30 if is_live else 600 + back_s)
        call = _call(n, site, extension, room, at, countries)
        yield replace(call, ended_s=None) if is_live else call


def _call(
    number: int, site: str, extension: str, room: str, at: datetime, countries: Sequence[str]
) -> OutgoingCall:
    country = countries[number % len(countries)]
    started_s = at.replace(tzinfo=UTC).timestamp()
    day = at_site(at.replace(tzinfo=UTC), TIMEZONE).date()
    scopes = (("account", extension), ("room", room), ("site", site))
    rate = Rate(COUNTRIES[country][1:3], Decimal("0.05"), first_s=60)
    return OutgoingCall(
        f"{number}", scopes, day, started_s, COUNTRIES[country], country != "ES", country, rate,
        started_s + 8, started_s + 8 + 30 + number % 400,
    )  # fmt: skip


def _besides(batch: Batch, rooms: Sequence[tuple[str, str]], now: datetime) -> None:
    """What is refused, warned of, blocked and checked in such a month."""
    today = at_site(now.replace(tzinfo=UTC), TIMEZONE).date()
    for n, (extension, _) in enumerate(rooms):
        at = now - timedelta(seconds=n)
        batch.refuse(Refusals(today, extension, "closed_destination", "CU", 3, "+5352000001", at))
        facts = {"country": "MA", "number": COUNTRIES["MA"]}
        batch.warnings.append(CallWarning(at, extension, Because("new_country", facts)))
        if n % 50 == 0:
            because = Because("spend_day", {"scope": f"account {extension}", "most": "10.00 EUR"})
            batch.blocks.append(NewBlock(("account", extension), because, at))
    for n in range(CALLS_PER_ROOM * 50):
        at = (now - timedelta(minutes=n)).replace(tzinfo=UTC)
        row = Checked(at, "20000", f"+34600{n:06}", (("robinson", today),), "", "", False, "free")
        batch.checks.append((f"c{n}", row))
