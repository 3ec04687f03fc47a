"""A month of guarded calls of a hotel: uses, blocks, live calls, lists and refusals to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitors.calls.book import OutgoingCall, Scope
from monitors.calls.decision import Because
from monitors.calls.donotcall import Checked, Consent, DoNotCallList
from monitors.calls.rates import Rate
from monitors.calls.times import at_site
from monitors.calls.tollfree import Listed
from monitors.firewall.judging import Verdict
from monitors.guarding.keeping import write
from monitors.guarding.ledger import Batch, NewBlock
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import CallWarning
from monitors.store.calls_guard import GuardSeen, keep_seen
from monitors.store.calls_lists import (
    Imported,
    keep_consent,
    keep_list,
    keep_rates,
    withdraw_consent,
)
from monitors.store.shut_out import keep_shut_out
from web.installation import Installation

CALLS = {
    "currency": "EUR",
    "toll_free": {"numbers": ["900123456"]},
    "limits": {"site": {"spend_day": 60, "spend_month": 900}},
    "do_not_call": {"extensions": ["101"]},
}
"""The part ``calls`` of the site file."""
RULES = {
    "groups": {
        "spam": [
            {"number": "+34 9xx 000 000", "reason": "sells power", "expires": "2027-01-31"},
            {"number": "+34 911 22 33 44", "comment": "rang 40 times in a night"},
        ],
        "family": [{"number": "+44 20 7946 0123"}],
    },
    "extension_groups": {"desk": ["100"], "guests": ["2000-2999"]},
    "incoming": [
        {"name": "house", "black": [{"number": "group:spam"}], "anonymous": "reception"},
        {"name": "suite", "called": ["2101"], "white": [{"number": "group:family"}]},
    ],
    "actions": [
        {
            "name": "vip", "callers": ["+34 611*"],
            "actions": [
                {"do": "forward", "to": "+34600000001",
                 "when": [{"days": ["sat", "sun"]}, {"start": "22:00", "end": "07:00"}]},
                {"do": "ring_group", "to": "desk"},
                {"do": "voicemail"},
            ],
        },
        {
            "name": "suppliers", "callers": ["group:family"], "called": ["100"],
            "actions": [{"do": "queue", "to": "office"}],
        },
    ],
}  # fmt: skip
"""Rules of incoming calls, for the pages that show them."""
RATES = """\
prefix,name,per_minute,connection_fee,first_s,step_s
34,Spain,0.02,,60,1
346,Spain mobile,0.09,,60,1
33,France,0.12,0.05,60,60
44,United Kingdom,0.20,,60,60
1,United States and Canada,0.30,,60,60
7,Russia,0.45,0.10,60,60
53,Cuba,1.10,0.20,60,60
"""
ABROAD = {
    "FR": ("+33142685300", "0.12"), "GB": ("+442079460123", "0.20"), "US": ("+12125550123", "0.30"),
    "RU": ("+74951234567", "0.45"), "CU": ("+5371234567", "1.10"),
}  # fmt: skip
HOME = ("ES", "+34915550101", "0.03")
SPENT = "spend_day"


def call(
    number: int, account: str, room: str, site: str, at: datetime, country: str = "ES",
    spoken_s: int | None = 180, *, timezone: str = "Europe/Madrid",
) -> OutgoingCall:  # fmt: skip
    """A call that is over; ``at``: naive UTC; ``spoken_s`` is None where nobody answered."""
    abroad = country != HOME[0]
    to, price = ABROAD[country] if abroad else HOME[1:]
    started = at.replace(tzinfo=UTC)
    started_s = started.timestamp()
    scopes: tuple[Scope, ...] = (("account", account), ("site", site))
    if room:
        scopes = (("account", account), ("room", room), ("site", site))
    answered_s = None if spoken_s is None else started_s + 8
    return OutgoingCall(
        f"{int(started_s)}.{number}-1", scopes, at_site(started, timezone).date(), started_s, to,
        abroad, country, Rate(to[1:3], Decimal(price), first_s=60), answered_s,
        started_s + 8 + (spoken_s or 20),
    )  # fmt: skip


def tell_calls(
    installation: Installation, site: str, now: datetime, phones: Sequence[tuple[str, str]]
) -> None:
    """Store what the guard of a site would have; ``phones``: extensions with their rooms.

    There must be five at least. The first is blocked, the second nearly, the third speaks.
    """
    made = [*_month(site, now, phones), *_today(site, now, phones)]
    because = Because(SPENT, {"scope": f"account {phones[0][0]}", "most": "10.00 EUR"})
    blocks = [NewBlock(("account", phones[0][0]), because, now - timedelta(minutes=42))]
    listed = {
        "+34600111222": Listed(3, (now - timedelta(minutes=9)).replace(tzinfo=UTC)),
        "+34911000111": Listed(7, (now - timedelta(days=2)).replace(tzinfo=UTC), by_hand=True),
    }
    since_s = now.replace(tzinfo=UTC).timestamp()
    toll_free = [(f"t{n}", "+34600111222", since_s - 540 - 700 * n) for n in range(11)]
    batch = Batch(
        calls={each.id: each for each in made}, blocks=blocks, toll_free=toll_free,
        listed={**listed}, checks=[(f"c{n}", row) for n, row in enumerate(_checks(now))],
        warnings=_warnings(now, phones),
    )  # fmt: skip
    for refusal in _refusals(now, phones):
        batch.refuse(refusal)
    write(installation.monitoring, site, "EUR", batch)
    keep_seen(installation.monitoring, [seen(site, now)])
    until = now + timedelta(minutes=50)
    guess = Verdict(until=until, times=2, account=phones[1][0], tries=14)
    keep_shut_out(installation.monitoring, site, "198.51.100.23", guess, now)


def seen(site: str, now: datetime) -> GuardSeen:
    """A guard that works well; it goes on doing so, for pages that are looked at later."""
    return GuardSeen(
        site, now + timedelta(hours=2), connected=True, reconciled_at=now - timedelta(seconds=12)
    )


def _month(site: str, now: datetime, phones: Sequence[tuple[str, str]]) -> list[OutgoingCall]:
    """Some calls a day of all weeks before; the same ones for the same day."""
    made = []
    for day in range(35):
        at = now - timedelta(days=day + 1)
        for n in range(4 + (day * 7) % 5):
            extension, room = phones[(day * 3 + n) % len(phones)]
            country = ("ES", "ES", "FR", "GB", "US")[(day + n) % 5]
            spoken = None if (day + n) % 6 == 5 else 40 + (day * 37 + n * 91) % 500
            begun = at - timedelta(minutes=31 * n)
            made.append(call(day * 100 + n, extension, room, site, begun, country, spoken))
    return made


def _today(site: str, now: datetime, phones: Sequence[tuple[str, str]]) -> list[OutgoingCall]:
    def soon(number: int, place: int, minutes: int, country: str, spoken_s: int) -> OutgoingCall:
        extension, room = phones[place]
        at = now - timedelta(minutes=minutes)
        return call(9000 + number, extension, room, site, at, country, spoken_s)

    over = [
        soon(1, 0, 58, "CU", 540), soon(2, 1, 50, "CU", 420), soon(3, 1, 35, "GB", 60),
        soon(4, 2, 20, "US", 240), soon(5, 3, 15, "ES", 600), soon(6, 4, 12, "FR", 125),
    ]  # fmt: skip
    speaks = replace(soon(7, 2, 4, "RU", 60), ended_s=None)
    rings = replace(soon(8, 4, 0, "FR", 60), answered_s=None, ended_s=None)
    return [*over, speaks, rings]


def _refusals(
    now: datetime, phones: Sequence[tuple[str, str]], *, timezone: str = "Europe/Madrid"
) -> list[Refusals]:
    """Some of today, a few minutes old, and one of yesterday."""
    today = at_site(now.replace(tzinfo=UTC), timezone).date()

    def ago(place: int, rule: str, country: str, times: int, number: str, minutes: int) -> Refusals:
        at = now - timedelta(minutes=minutes)
        return Refusals(today, phones[place][0], rule, country, times, number, at)

    before = replace(
        ago(1, "closed_time", "FR", 1, "+33140000001", 0),
        day=today - timedelta(days=1), last_at=now - timedelta(days=1),
    )  # fmt: skip
    return [
        before,
        ago(0, "blocked", "CU", 1204, "+5352000002", 2), ago(0, "spend_day", "CU", 1, "+5352000001", 42),
        ago(1, "closed_destination", "LV", 3, "+37190000001", 8),
        ago(4, "do_not_call_blocked", "ES", 1, "+34600111222", 44),
        ago(2, "unknown_number", "", 2, "12", 90),
    ]  # fmt: skip


def _warnings(now: datetime, phones: Sequence[tuple[str, str]]) -> list[CallWarning]:
    told = ((2, "RU", "+74950000001", 4), (4, "FR", "+33140000001", 12))
    return [
        CallWarning(
            now - timedelta(minutes=minutes), phones[place][0],
            Because("new_country", {"country": country, "number": number}),
        )
        for place, country, number, minutes in reversed(told)
    ]  # fmt: skip


def _checks(now: datetime) -> list[Checked]:
    asked = (("robinson", now.date() - timedelta(days=5)),)
    at = now.replace(tzinfo=UTC)
    return [
        Checked(at - timedelta(minutes=50), "101", "+34600222333", asked, "", "", False, "free"),
        Checked(at - timedelta(minutes=44), "101", "+34600111222", asked, "robinson", "", False,
                "blocked"),
        Checked(at - timedelta(minutes=31), "101", "+34600444555", asked, "robinson",
                "=form 12", False, "consent"),
        Checked(at - timedelta(minutes=30), "101", "+34600777888", (), "", "", True, "free"),
    ]  # fmt: skip


def tell_lists(installation: Installation, site: str, now: datetime) -> None:
    """Rates, do-not-call lists of which one is old, and two people who agreed to be called."""
    who, hashed = "web:maria", frozenset(f"{n:064x}" for n in range(48))
    plain = frozenset({"+34600111222", "+34611222333"})
    given = now.replace(tzinfo=UTC) - timedelta(days=40)
    with installation.monitoring.write() as session:
        keep_rates(session, site, RATES, "EUR", Imported("", 7, now - timedelta(days=12), who))
        for name, form, entries, days in (
            ("robinson", "sha256", hashed, 44), ("own", "plain", plain, 3),
        ):  # fmt: skip
            dated = (now - timedelta(days=days)).date()
            made = DoNotCallList(name, dated, form, entries)  # type: ignore[arg-type]
            keep_list(session, site, made, Imported(name, len(entries), now, who, dated, form))
        keep_consent(session, site, Consent("+34600111222", given, "form 12", who))
        keep_consent(session, site, Consent("+34915550101", given, "recorded call", who))
        withdraw_consent(session, site, "+34915550101", now - timedelta(days=2))
