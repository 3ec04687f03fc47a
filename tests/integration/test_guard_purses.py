"""Money and hours on a real Asterisk: of a room and of the site, shared by calls, across a crash.

One Asterisk and one guard for all; the site's limits change between tests, as a person changes
them, and every room has a purse of its own. A second abroad costs 2.00.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest

from tests.drill.attack import FarEnd
from tests.integration.guarded_office import Office, guarded_office, secret_of
from tests.integration.servers import small_site
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp

pytestmark = [
    pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not has_sipp(), reason=NO_SIPP),
]

RATES = "prefix,per_minute\n34,0.6\n44,120\n33,120\n39,120\n"
ABROAD, NATIONAL = "0044201234561", "912345671"
LATE = "0044201234566"
"""Rings for a second before it is answered."""
LATE_CUT = 2
"""A busy machine may end a call some tenths of a second late, when the next second has begun."""
ROOMS = ("301", "302", "303", "304", "305", "306", "307", "308", "309")
FREE = dict.fromkeys(
    ("spend_day", "spend_month", "international_hour", "international_day", "international_month",
     "simultaneous")
)  # fmt: skip
ALL_DAY = [{"start": "00:00", "end": "00:00"}]


def of(room: str, place: int = 1) -> str:
    """An account of a room; every room has two."""
    return f"{room}{place}"


def rooms() -> Iterator[dict[str, Any]]:
    for number, room in enumerate(ROOMS):
        phone = {"model": "fanvil/h5", "mac": f"0C383E0003{number:02}", "accounts": [of(room, 2)]}
        yield {"id": room, "template": "guest-room", "extension": of(room),
               "phones": {"bedside": phone}}  # fmt: skip


def site(port: int, **limits: Any) -> dict[str, Any]:
    """Nothing is limited but what is given."""
    made = small_site()
    made["rooms"] += rooms()
    known = ("100", "109", *(of(room, place) for room in ROOMS for place in (1, 2)))
    made["accounts"] = [{"extension": each, "secret": secret_of(each)} for each in known]
    made["calls"] = {
        "limits": {"account": FREE, "room": FREE, **limits},
        "pbx": {"bellwire": {"port": port}, "trunk": "provider"},
    }
    return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("purses")
    with guarded_office(folder, site, RATES, far_end=FarEnd) as made:
        yield made


MARKERS = iter(f"+59977788{n:02}" for n in range(99))


def limit(office: Office, **limits: Any) -> None:
    """Change the limits of the site."""
    office.renew(site(office.port, **limits), next(MARKERS))


def spent(office: Office, *accounts: str) -> Decimal:
    """What accounts have spent, once their calls are over; without any: all."""
    office.until(lambda: "-calls/" not in office.asterisk.cli("database show bw-casa-calls"))
    office.until(lambda: not office.rows("select 1 from guarded_call where ended_s is null"))
    rows = office.rows("select account, cost_micros from guarded_call")
    return Decimal(sum(cost for who, cost in rows if not accounts or who in accounts)) / 10**6


def blocks(office: Office) -> set[tuple[str, str, str]]:
    query = "select scope, name, rule from call_block where ended_at is null"
    return {(kind, name, rule) for kind, name, rule in office.rows(query)}


def help_passes(office: Office, account: str) -> None:
    """Emergency numbers, a colleague and reception, of which no phone is there."""
    for number in ("112", "061"):
        assert office.call(number, account) == ""
    for number in ("109", "100"):
        assert office.call(number, account, refused=480) == ""


def unblock(office: Office, kind: str, name: str) -> None:
    done = office.folder.run("calls", "unblock", name, "--kind", kind, "--site", "casa")
    assert done.exit_code == 0, done.output
    account = of("309", 2)
    asked = ("outgoing", "casa", "0-asked", account, "+5997778899")
    office.until(lambda: "blocked" not in office.asked(*asked))


@pytest.mark.parametrize(("room", "rule"), [("301", "spend_day"), ("302", "spend_month")])
def test_a_room_has_a_purse_for_all_its_accounts(office: Office, room: str, rule: str) -> None:
    limit(office, room={**FREE, rule: 4})
    assert office.call(ABROAD, of(room), cut=True) == ""
    assert 2 <= spent(office, of(room)) <= 4 + LATE_CUT, "cut when its cost reached what was left"
    assert office.call(NATIONAL, of(room, 2), refused=403) == ""
    office.until(lambda: ("room", room, rule) in blocks(office))
    assert office.call(ABROAD, of(room), refused=403) == ""
    help_passes(office, of(room, 2))
    assert office.call(NATIONAL, of("309"), talk_ms=50) == "", "another room has its own"
    assert ("room", "309", rule) not in blocks(office)


@pytest.mark.parametrize(("room", "rule"), [("303", "spend_day"), ("304", "spend_month")])
def test_the_site_has_a_purse_for_all_its_rooms(office: Office, room: str, rule: str) -> None:
    left = spent(office) + 4
    limit(office, site={**FREE, rule: float(left)})
    assert office.call(ABROAD, of(room), cut=True) == ""
    assert 2 <= spent(office, of(room)) <= 4 + LATE_CUT
    for account in (of("305"), "109"):
        assert office.call(ABROAD, account, refused=403) == ""
    office.until(lambda: ("site", "casa", rule) in blocks(office))
    assert office.call(NATIONAL, of("306"), refused=403) == ""
    help_passes(office, of("306"))
    assert office.rows("select 1 from incident where key = 'calls site casa'")
    unblock(office, "site", "casa")
    limit(office)
    assert office.call(NATIONAL, of("306"), talk_ms=50) == ""


def test_calls_of_a_room_draw_on_one_purse_and_are_cut_together(office: Office) -> None:
    limit(office, room={**FREE, "spend_day": 6})
    with ExitStack() as ends:
        both = [ends.enter_context(office.calling(ABROAD, of("305", n), cut=True)) for n in (1, 2)]
        assert [call.finish() for call in both] == ["", ""]
    assert 4 <= spent(office, of("305"), of("305", 2)) <= 6 + 2 * LATE_CUT


def test_a_room_may_have_so_many_calls_at_once(office: Office) -> None:
    limit(office, room={**FREE, "simultaneous": 1})
    with office.calling(NATIONAL, of("306"), cut=True):
        query = "select 1 from guarded_call where account = ? and ended_s is null"
        office.until(lambda: office.rows(query, of("306")))
        assert office.call(NATIONAL, of("306", 2), refused=403) == ""
        assert office.call(NATIONAL, of("307"), talk_ms=50) == ""
    office.asterisk.cli("channel request hangup all")
    spent(office)
    assert {name for kind, name, _ in blocks(office) if kind == "room"} <= {"301", "302"}


def test_hours_in_which_international_calls_are_closed(office: Office) -> None:
    account = of("307")
    limit(office, closed_times=ALL_DAY)
    for number in (ABROAD, "+442012345671"):
        assert office.call(number, account, refused=403) == ""
    assert office.call(NATIONAL, account, talk_ms=50) == ""
    help_passes(office, account)
    limit(office, closed_times=[{**ALL_DAY[0], "negated": True}])
    assert office.call(ABROAD, account, talk_ms=50) == ""
    assert not {name for _, name, _ in blocks(office)} & {account, "307", "casa"}


def test_the_first_call_to_a_country_passes_and_is_told_once(office: Office) -> None:
    account = of("308")
    limit(office)
    for number in ("0033123456781", "0033123456782", "0039061234561"):
        assert office.call(number, account, talk_ms=50) == ""
    told = "select rule, facts from call_warning where account = ?"
    office.until(lambda: len(office.rows(told, account)) == 2)
    assert [rule for rule, _ in office.rows(told, account)] == ["new_country"] * 2
    assert [re.findall(r"\b(FR|IT)\b", str(facts)) for _, facts in office.rows(told, account)] == [
        ["FR"], ["IT"],
    ]  # fmt: skip


def dialled(office: Office, before: int, more: int) -> None:
    """Wait until Asterisk has begun to dial so many calls, however soon that is."""
    log = office.asterisk.directory / "log" / "messages.log"
    office.until(lambda: log.read_text("utf-8", "replace").count("] Dial(") >= before + more)


@pytest.mark.parametrize("number", [ABROAD, LATE], ids=["talking", "ringing"])
def test_a_guard_killed_when_a_second_call_begins_leaves_both_within_the_purse(
    office: Office, number: str
) -> None:
    """The first ends the sooner before the second is let go, whether it rings still or not."""
    account = {ABROAD: of("309"), LATE: of("309", 2)}[number]
    limit(office, accounts={account: {"spend_day": 16}})
    before = office.asterisk.log.count("] Dial(")
    first = office.calling(number, account, cut=True)
    dialled(office, before, 1)
    if number == ABROAD:
        running = "select 1 from guarded_call where account = ? and answered_s is not null"
        office.until(lambda: office.rows(running, account))
    second = office.calling(number, account, cut=True)
    dialled(office, before, 2)
    office.kill_guard()
    assert [first.finish(), second.finish()] == ["", ""], "cut by the PBX, which had their times"
    office.start_guard()
    assert 8 <= spent(office, account) <= 16 + 2 * LATE_CUT
