"""The pages about a site's calls: use of limits, live calls, blocks, lists and reports."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from monitors.calls import limits
from monitors.calls.decision import Because
from monitors.calls.limits import COUNTED, blocked_by_hand
from monitors.firewall.gate import GateError
from monitors.firewall.judging import Verdict
from monitors.guarding.keeping import write
from monitors.guarding.ledger import Batch
from monitors.guarding.reporting import Use
from monitors.store.calls import Refusals
from monitors.store.calls_blocks import Block, CallWarning, blocks_of, listed_of
from monitors.store.calls_guard import GuardSeen, keep_seen
from monitors.store.calls_sums import Sum, used_on
from monitors.store.incidents import open_incidents
from monitors.store.shut_out import keep_shut_out, shut_outs
from provisioner.inventory.calls import (
    Calls,
    DoNotCall,
    Limits,
    ScopeLimits,
    TollFree,
    calls_values,
)
from provisioner.inventory.tables import AccountRow, AuditRow, SiteRow
from tests.api import hotel
from tests.guarded import call, tell_calls
from tests.people import NOON, Office, post
from web.calls.ground import Guarded
from web.calls.reports import Days, Report, days_of, totals
from web.calls.showing import guard_standing
from web.calls.used import used_this_month
from web.calls.using import Meter, Standing, fitting, standings
from web.pages.calls.drawing import draw
from web.pages.calls.paging import slice_of
from web.pages.calls.refusals import RULES as RULES_SAID
from web.pages.phone.charts import columns_of

PHONES = [("2101", "101"), ("2102", "102"), ("2201", "201"), ("100", "reception"), ("109", "")]
RULES = Calls(
    limits=Limits(site=ScopeLimits(Decimal(60), Decimal(900))),
    toll_free=TollFree(numbers=("900123456",)),
    do_not_call=DoNotCall(extensions=("100",)),
)
CASA = "/ui/sites/casa/calls"
NEW_COUNTRY = Because("new_country", {"country": "CU", "number": "+5350000000"})
PLACES = ("", "/refused", "/live", "/blocked", "/reports", "/reports/do-not-call")


def guard(made: Office, site: str = "casa") -> None:
    with made.installation.database.write() as session:
        session.execute(update(SiteRow).where(SiteRow.id == site).values(calls=calls_values(RULES)))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A hotel with calls that no test changes."""
    with hotel(tmp_path_factory.mktemp("calls")) as made:
        guard(made.office)
        tell_calls(made.office.installation, "casa", NOON, PHONES)
        yield made.office


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Office]:
    """A hotel with calls for one test."""
    with hotel(tmp_path) as made:
        guard(made.office)
        tell_calls(made.office.installation, "casa", NOON, PHONES)
        yield made.office


def text_of(html: str) -> str:
    body = re.search(r"<main.*</main>", html, re.S)
    assert body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body[0])).strip()


def audited(made: Office) -> list[tuple[str, str, str, str]]:
    with made.installation.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        wanted = ("calls-", "firewall-")
        return [(r.who, r.action, r.target, r.detail) for r in rows if r.action.startswith(wanted)]


# what is decided


def standing(
    name: str, used: int, *, kind: str = "account", block: Block | None = None
) -> Standing:
    scope, limits = (kind, name), ScopeLimits(Decimal(10))
    use = Use(scope, limits, Decimal(used), Decimal(used), 0, 0, 0, 0, "214")
    return Standing(scope, "214", limits, use, block)


def test_a_meter_says_how_near_its_limit_is() -> None:
    meters = [Meter("x", used, most) for used, most in ((0, 10), (8, 10), (10, 10), (3, None))]
    assert [(m.level, m.share) for m in meters] == [
        ("free", 0.0), ("nearly", 0.8), ("used-up", 1.0), ("free", 0.0),
    ]  # fmt: skip
    assert Meter("x", 0, 0).level == "used-up"  # nothing is allowed


def test_blocked_ones_come_first_then_the_highest() -> None:
    guarded = Guarded("casa", "Europe/Madrid", RULES)
    block = Block(1, "casa", ("room", "9"), "by_hand", {}, NOON, "web:ivan")
    made = standings([], [block], guarded)
    assert [s.scope for s in made] == [("room", "9")]  # blocked, and nothing was used
    assert made[0].meters[0].most == Decimal(10)
    assert [s.share for s in (standing("1", 5), standing("2", 0))] == [0.5, 0.0]


def test_an_extension_is_found_with_its_room_and_a_room_with_its_extensions() -> None:
    room = Standing(("room", "214"), "", ScopeLimits())
    found = [standing("2214", 1), room, Standing(("site", "casa"), "", ScopeLimits())]
    assert [s.scope[1] for s in fitting(found, "214")] == ["2214", "214"]
    assert [s.scope[1] for s in fitting(found, " 2214 ")] == ["2214", "214"]
    assert [s.scope[1] for s in fitting(found, "22")] == ["2214"]
    assert fitting(found, "") == found
    assert fitting(found, "nobody") == []


def test_days_are_read_whatever_is_sent() -> None:
    guarded = Guarded("casa", "Europe/Madrid", RULES)
    assert days_of(guarded, NOON, "", "") == Days(date(2026, 11, 1), date(2026, 11, 22))
    assert days_of(guarded, NOON, "2026-11-20", "2026-11-03") == Days(
        date(2026, 11, 3), date(2026, 11, 20)
    )
    assert days_of(guarded, NOON, "yesterday", "0001-01-01").last == date(2026, 11, 22)
    wide = days_of(guarded, NOON, "1999-01-01", "2026-11-22")
    assert len(list(wide.all_of_them())) == 366
    late = replace(guarded, timezone="Pacific/Auckland")  # it is tomorrow there
    assert days_of(late, NOON, "", "").last == date(2026, 11, 23)
    assert guarded.begin_of(date(2026, 11, 22)).isoformat() == "2026-11-21T23:00:00"


def test_the_guard_is_believed_while_it_is_heard_of() -> None:
    guarded = Guarded("casa", "UTC", RULES)
    well = GuardSeen("casa", NOON, connected=True)
    cases = [
        (replace(guarded, calls=None), well, "off"), (guarded, None, "never"), (guarded, well, "well"),
        (guarded, replace(well, seen_at=NOON - timedelta(minutes=2)), "silent"),
        (guarded, replace(well, connected=False), "apart"),
        (guarded, replace(well, problem="the journal cannot be read"), "apart"),
    ]  # fmt: skip
    assert [guard_standing(site, seen, NOON).state for site, seen, _ in cases] == [
        state for *_, state in cases
    ]


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 11, 2), date(2026, 11, 1)])
def test_what_was_used_is_the_same_with_days_that_were_added_up(house: Office, day: date) -> None:
    monitoring = house.installation.monitoring
    now_s = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    for later_s in (0, 1, 400):  # read, remembered, and read again
        found = used_this_month(monitoring, "casa", day, now_s + later_s, ())
        assert found == used_on(monitoring, "casa", day, now_s + later_s)


def test_a_call_of_a_day_that_is_over_counts_when_it_is_told(own: Office) -> None:
    monitoring, day = own.installation.monitoring, date(2026, 11, 22)
    now_s = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
    before = used_this_month(monitoring, "casa", day, now_s, ())
    late = call(77, "2101", "101", "casa", NOON - timedelta(days=9), "FR")
    write(monitoring, "casa", "EUR", Batch(calls={late.id: late}))
    after = used_this_month(monitoring, "casa", day, now_s, ())
    assert sum(each.month for each in after) == sum(each.month for each in before) + 1
    assert after == used_on(monitoring, "casa", day, now_s)


def some(name: str, cost: str, calls: int = 1, currency: str = "EUR") -> Sum:
    return Sum(name, currency, calls, calls, 0, 60, Decimal(cost))


def test_totals_never_mix_currencies() -> None:
    made = totals([some("a", "1.50"), some("b", "2"), some("c", "9", currency="USD")])
    assert [(t.currency, t.calls, t.cost) for t in made] == [
        ("EUR", 2, Decimal("3.50")), ("USD", 1, Decimal(9)),
    ]  # fmt: skip


def test_plots() -> None:
    columns = columns_of([0.0, 5.0, 2.5], 1.0)
    assert columns.top == 5
    assert [c.height for c in columns.columns] == [0, 200, 100]
    assert all(c.y + c.height == 200 for c in columns.columns)
    assert columns.columns[-1].x + columns.columns[-1].width < 1000
    days = Days(date(2026, 11, 1), date(2026, 11, 3))
    rows = (some("2101", "4"), some("2102", "1"), some("2103", "0"))
    report = Report(days, rows, (), (some("2026-11-02", "5", 3),))
    drawn = draw(report, "EUR", "extension")
    assert [c.value for c in drawn.money.columns] == [0, 5, 0]
    assert drawn.most is not None
    assert [(r.row.name, r.share) for r in drawn.ranks] == [("2101", 1.0), ("2102", 0.25)]
    free = draw(replace(report, rows=(some("a", "0", 2), some("b", "0", 1))), "EUR", "extension")
    assert not free.by_money
    assert [r.share for r in free.ranks] == [1.0, 0.5]
    assert draw(replace(report, by_day=()), "EUR", "day").most is None


def test_slices() -> None:
    assert slice_of([1, 2, 3], 2, 2).shown == [3]
    assert slice_of([1, 2, 3], 99, 2).page == 2
    assert slice_of([], 1, 2).pages == 1


# today


def test_today_shows_every_limit_in_words(house: Office) -> None:
    html = house.client("lucia").get(CASA).text
    text = text_of(html)
    rows = re.findall(r"<tr role=\"row\".*?</tr>", html, re.S)[1:]
    assert "2101" in rows[0]
    assert "is-blocked" in rows[0]
    assert "€9.90 of €10.00" in text_of(f"<main>{rows[0]}</main>")
    assert "Account 2101 has nothing left of the 10.00 EUR" in text
    assert "Room 101" in text
    assert "The guard answers and is connected with the PBX." in text
    assert "12 seconds ago" in text
    assert 'aria-hidden="true"' in rows[0]  # the bar; its words stand beside it
    assert "nearly used up" in text
    assert "Unblock" not in text  # lucia only looks


@pytest.mark.parametrize(
    ("language", "said"),
    [("es", "9,90 € de 10,00 €"), ("ru", "9,90 € из 10,00 €")],
)
def test_money_is_written_as_people_write_it(house: Office, language: str, said: str) -> None:
    answer = house.client("lucia").get(CASA, headers={"Accept-Language": language})
    assert said in text_of(answer.text).replace("\xa0", " ")


def test_an_extension_is_looked_for(house: Office) -> None:
    client = house.client("ivan")
    text = text_of(client.get(f"{CASA}?q=2102").text)
    assert "Extension 2102" in text
    assert "Room 102" in text
    assert "2201" not in text
    assert "Nothing fits" in client.get(f"{CASA}?q=nobody").text
    assert client.get(f"{CASA}?page=99").status_code == 200
    assert client.get(f"{CASA}?page=x").status_code == 200


def test_it_says_how_the_guard_is(own: Office) -> None:
    client = own.client("ivan")
    own.clock.move(hours=3)
    text = text_of(client.get(CASA).text)
    assert "The guard does not answer." in text
    assert "BELLWIRE_CALLS__ENABLED" in text
    at = own.clock()
    keep_seen(
        own.installation.monitoring,
        [GuardSeen("casa", at, connected=False, problem="10.20.0.5: connection refused")],
    )
    text = text_of(client.get(CASA).text)
    assert "has no connection with the PBX" in text
    assert "connection refused" in text
    assert "This may be out of date" in client.get(f"{CASA}/live").text


def test_unblocking_is_audited_and_closes_the_incident(own: Office) -> None:
    client, monitoring = own.client("ivan"), own.installation.monitoring
    (blocked,) = blocks_of(monitoring, "casa")
    (incident,) = open_incidents(monitoring, "casa")
    where = f"/ui/sites/casa/incidents/{incident.id}"
    assert f'href="{CASA}/blocked"' in client.get(where).text
    spanish = client.get(where, headers={"Accept-Language": "es"}).text
    assert "Las llamadas salientes de la cuenta 2101 están bloqueadas" in spanish
    wish = {"kind": "account", "name": "2101", "back": f"{CASA}?q=2101"}
    answer = post(client, f"{CASA}/unblock", wish)
    assert (answer.status_code, answer.location) == (303, f"{CASA}?q=2101")
    assert "calls out again" in client.get(CASA).text
    assert blocks_of(monitoring, "casa") == []
    assert open_incidents(monitoring, "casa") == ()
    assert blocked.scope == ("account", "2101")
    assert audited(own) == [("web:ivan", "calls-unblock", "casa account 2101", "")]
    post(client, f"{CASA}/unblock", {**wish, "back": "https://elsewhere.example"})
    assert "not blocked any more" in client.get(f"{CASA}/blocked").text
    assert post(client, f"{CASA}/unblock", {"kind": "dog"}).status_code == 400


# refused


def refusals_in(html: str, part: str) -> list[str]:
    table = re.search(
        rf'<table class="table" role="table" aria-labelledby="{part}">.*?</table>', html, re.S
    )
    found = re.findall(r"<tr role=.*?</tr>", table[0], re.S)[1:] if table else []
    return [text_of(f"<main>{row}</main>") for row in found]


def test_today_says_what_was_refused_and_why(house: Office) -> None:
    html = house.client("ivan").get(CASA).text
    refused, warned = refusals_in(html, "refused"), refusals_in(html, "warned")
    assert refused[0] == (
        "Extension 2101, Room 101 Outgoing calls are blocked Who is blocked : Extension 2101, "
        "Room 101 1,204 +5352000002 Cuba 2 minutes ago"
    )
    assert len(refused) == 5
    assert (
        "Money of the day is used up Show the limit : Extension 2101, Room 101 1 +53520"
        in refused[2]
    )
    assert "+33140000001" not in " ".join(refused)  # of yesterday
    assert len(warned) == 2
    assert warned[0] == (
        "Extension 2201 First call to this country (Russia): +74950000001. "
        "Show the limit : Extension 2201 4 minutes ago"
    )
    assert "1211 calls, of 4 extensions" in text_of(html)
    assert 'href="/ui/sites/casa/calls/limits#closed"' in html


def test_who_only_looks_gets_no_link_to_the_limits(house: Office) -> None:
    html = house.client("lucia").get(f"{CASA}/refused").text
    assert "Show the limit" not in html
    assert f'href="{CASA}/blocked"' in html


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("es", "Primera llamada a este país (Rusia)"),
        ("ru", "Первый звонок в эту страну (Россия)"),
    ],
)
def test_refusals_speak_the_language_of_the_page(house: Office, language: str, said: str) -> None:
    text = text_of(house.client("ivan").get(CASA, headers={"Accept-Language": language}).text)
    assert said in text
    assert "used up" not in text
    assert "Closed destination" not in text


def test_what_was_refused_is_looked_for_by_extension(house: Office) -> None:
    client = house.client("ivan")
    html = client.get(f"{CASA}?q=102").text  # a room: its extension
    assert [row.split()[1] for row in refusals_in(html, "refused")] == ["2102"]
    assert refusals_in(html, "warned") == []
    html = client.get(f"{CASA}/refused?extension=2102").text
    assert len(refusals_in(html, "refused")) == 2  # also that of yesterday
    assert "There was no warning." in html
    assert "Nothing was refused" in client.get(f"{CASA}/refused?extension=nobody").text


def test_refused_calls_page_by_page(own: Office) -> None:
    batch = Batch()
    for n in range(60):
        at = NOON - timedelta(hours=1, seconds=n // 2)  # two at the same moment
        batch.refuse(Refusals(NOON.date(), f"7{n:02}", "blocked", "CU", 1, "+5350000000", at))
        batch.warnings.append(CallWarning(at, f"7{n:02}", NEW_COUNTRY))
    write(own.installation.monitoring, "casa", "EUR", batch)
    client = own.client("ivan")
    seen: dict[str, list[str]] = {"refused": [], "warned": []}
    for part, word in (("refused", "refused calls"), ("warned", "warnings")):
        address = f"{CASA}/refused"
        for _ in range(4):
            html = client.get(address).text
            seen[part] += [row.split()[1] for row in refusals_in(html, part)]
            pager = re.search(
                rf'<nav class="pager" aria-label="Pages of {word}">.*?</nav>', html, re.S
            )
            older = re.search(r'href="([^"]*)">Older', pager[0]) if pager else None
            if older is None:
                break
            address = older[1].replace("&amp;", "&")
    assert len(seen["refused"]) == 66
    assert len(set(seen["refused"])) == 64  # 2101 and 2102 have two each
    assert len(seen["warned"]) == len(set(seen["warned"])) == 62
    for junk in ("after=x", "after=2026-11-22T12:00:00+00:00 2026-11-22 a b c", "before=-1", "before=x",
                 "after=2026-11-22 2026-11-22", "from=x&to=y"):  # fmt: skip
        assert client.get(f"{CASA}/refused?{junk}").status_code == 200


def test_every_rule_that_refuses_has_words() -> None:
    refusing = set(re.findall(r'refused\(\s*"(\w+)"', limits_source()))
    counted = {f"calls_{window}" for window in COUNTED} | {"spend_day", "spend_month"}
    assert refusing | counted | {"do_not_call_blocked"} == set(RULES_SAID)


def limits_source() -> str:
    return Path(limits.__file__).read_text(encoding="utf-8")


# live


def test_live_calls_with_their_cost_and_their_end(house: Office) -> None:
    text = text_of(house.client("lucia").get(f"{CASA}/live").text)
    assert "2 calls" in text
    assert "+74951234567 Russia" in text
    assert "speaks" in text
    assert "rings" in text
    assert re.search(r"€1\.7\d", text)  # nearly four minutes at 0.45
    assert re.search(r"in \d+ min", text)
    assert re.search(r"after the answer", text)


def test_nobody_speaks(own: Office) -> None:
    guard(own, "norte")
    assert "Nobody calls out" in own.client("maria").get("/ui/sites/norte/calls/live").text


# blocked


def test_blocked_shows_why_since_when_and_how_much(house: Office) -> None:
    text = text_of(house.client("lucia").get(f"{CASA}/blocked").text)
    assert "has nothing left of the 10.00 EUR" in text
    assert "42 minutes ago" in text
    assert "€9.90 of €10.00" in text
    assert "+34911000111 put here by hand" in text
    assert re.search(r"\+34600111222 3 must key a code \d+ 11 9 minutes ago", text)
    assert "198.51.100.23 Extension 2102 14" in text
    for gone in ("Block somebody", "Take off", "Let in", "Put a caller"):
        assert gone not in text


def test_blocking_by_hand_with_a_reason(own: Office) -> None:
    client = own.client("ivan")
    page = f"{CASA}/blocked"
    wish = {"kind": "room", "name": "102", "reason": "Guest has left."}
    assert post(client, f"{CASA}/block", wish).status_code == 303
    assert "Room 102 is blocked." in client.get(page).text
    assert "ivan has blocked it: Guest has left" in client.get(page).text
    assert "Bloqueo de ivan: Guest has left" in client.get(
        page, headers={"Accept-Language": "es"}
    ).text.replace("&#39;", "'")
    post(client, f"{CASA}/block", wish)
    assert "Room 102 is blocked already." in client.get(page).text
    post(client, f"{CASA}/block", {"kind": "site"})
    assert "ivan has blocked it." in client.get(page).text
    assert [(who, action, target) for who, action, target, _ in audited(own)] == [
        ("web:ivan", "calls-block", "casa room 102"), ("web:ivan", "calls-block", "casa site casa"),
    ]  # fmt: skip
    for strange in ({"kind": "account", "name": "4711"}, {"kind": "account"}, {"kind": "dog"}):
        answer = post(client, f"{CASA}/block", strange)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert blocked_by_hand("cli:root") == Because("by_hand", {"who": "cli:root"})


def test_callers_of_toll_free_numbers_are_put_on_the_list_and_off(own: Office) -> None:
    client, page = own.client("ivan"), f"{CASA}/blocked"
    wish = {"caller": "612 34 56 78", "level": "6"}
    assert post(client, f"{CASA}/toll-free", wish).status_code == 303
    assert "+34612345678 is on the list with level 6." in client.get(page).text
    for strange in ({"caller": "x"}, {"caller": "612345678", "level": "12"}, {"level": "1"}):
        answer = post(client, f"{CASA}/toll-free", strange)
        assert answer.status_code == 422, strange
    off = {"caller": "+34612345678"}
    assert post(client, f"{CASA}/toll-free/off", off).status_code == 303
    assert "is off the list" in client.get(page).text
    post(client, f"{CASA}/toll-free/off", off)
    assert "not on the list any more" in client.get(page).text
    listed = {each.caller for each in listed_of(own.installation.monitoring, "casa")}
    assert listed == {"+34600111222", "+34911000111"}
    assert [(action, target, detail) for _, action, target, detail in audited(own)] == [
        ("calls-toll-free", "casa +34612345678", "level 6"),
        ("calls-toll-free", "casa +34612345678", "level 0"),
    ]
    post(client, f"{CASA}/toll-free", {"caller": "anonymous", "level": "2"})
    assert "callers without a number" in client.get(page).text


def test_an_address_is_let_in_where_somebody_sees_it(
    own: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(_: Any, address: str) -> None:
        asked.append(address)
        raise GateError("nobody answers")

    monkeypatch.setattr("web.calls.acting.Gate.release", refuse)
    firewall = own.installation.settings.firewall
    monkeypatch.setattr(type(firewall), "socket_of", lambda _, site: f"/run/{site}")
    monitoring, page = own.installation.monitoring, f"{CASA}/blocked"
    verdict = Verdict(NOON + timedelta(hours=1), 1, "", 40)
    keep_shut_out(monitoring, "norte", "198.51.100.23", verdict, NOON)
    client = own.client("ivan")  # who does not see norte
    answer = post(client, f"{CASA}/let-in", {"address": "198.51.100.23"})
    assert answer.status_code == 303
    text = text_of(client.get(page).text)
    assert "198.51.100.23 is let in again." in text
    assert "The firewall still drops it: nobody answers" in text
    assert asked == ["198.51.100.23"]
    assert [each.site for each in shut_outs(monitoring, at=NOON)] == ["norte"]
    post(client, f"{CASA}/let-in", {"address": "198.51.100.23"})
    assert "was not shut out any more" in client.get(page).text
    assert audited(own) == [("web:ivan", "firewall-release", "198.51.100.23", "casa")]
    monkeypatch.setattr(type(firewall), "socket_of", lambda *_: "/run/both")
    keep_shut_out(monitoring, "casa", "198.51.100.23", verdict, NOON)
    post(client, f"{CASA}/let-in", {"address": "198.51.100.23"})
    assert len(asked) == 1  # the same firewall stands for norte, where it stays shut out


# reports


def test_reports_add_up(house: Office) -> None:
    client = house.client("lucia")
    seen = []
    for by in ("extension", "destination", "day", "nonsense"):
        html = client.get(f"{CASA}/reports?by={by}&from=2026-11-01&to=2026-11-22").text
        (total,) = re.findall(r'<ul class="totals">.*?<b>(.*?)</b>', html, re.S)
        seen.append(total)
        assert html.count('<svg viewBox="0 0 1000 200"') == 2
        assert "Every call as CSV" in html
    assert len(set(seen)) == 1
    assert "United Kingdom" in client.get(f"{CASA}/reports?by=destination").text
    assert "Nobody called out" in client.get(f"{CASA}/reports?from=2020-01-01&to=2020-01-02").text


def rows_of(client: FlaskClient, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_list_of_calls_is_for_spreadsheets(house: Office) -> None:
    client = house.client("lucia")
    rows = rows_of(client, f"{CASA}/reports.csv?from=2026-11-22&to=2026-11-22")
    assert rows[0][0] == "day"
    assert ["2026-11-22", "2101", "101", "+5371234567", "CU", "540", "9.9000", "EUR"] in rows
    assert all(row[0] == "2026-11-22" for row in rows[1:])


def test_do_not_call_checks(house: Office) -> None:
    client = house.client("lucia")
    text = text_of(client.get(f"{CASA}/reports/do-not-call").text)
    assert "on a list, not called" in text
    assert "robinson" in text
    assert "missing or old" in text
    rows = rows_of(client, f"{CASA}/reports/do-not-call.csv")
    assert len(rows) == 5
    cells = [cell for row in rows for cell in row]
    assert "'=form 12" in cells  # no formula
    none = client.get(f"{CASA}/reports/do-not-call?from=2020-01-01&to=2020-01-02").text
    assert "Nothing was checked" in none
    assert client.get(f"{CASA}/reports/do-not-call?after=nonsense").status_code == 200


def test_checks_come_in_pages(own: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.pages.views.call_reports.PER_PAGE", 3)
    client = own.client("ivan")
    first = client.get(f"{CASA}/reports/do-not-call").text
    older = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert older
    second = client.get(older[1].replace("&amp;", "&")).text
    assert first.count('<tr role="row">') == 1 + 3
    assert second.count('<tr role="row">') == 1 + 1
    assert "Newest" in second


# who may, and how much is asked


def test_a_site_that_is_not_guarded_says_what_it_is(own: Office) -> None:
    client = own.client("maria")
    for place in PLACES:
        page = client.get(f"/ui/sites/norte/calls{place}")
        assert page.status_code == 200
        assert "calls: {}" in page.text
        assert "not guarded" in page.text
    assert client.get("/ui/sites/norte/calls/reports.csv").status_code == 200


def test_who_may(own: Office) -> None:
    ivan, lucia = own.client("ivan"), own.client("lucia")
    for place in (*PLACES, "/reports.csv", "/reports/do-not-call.csv"):
        assert ivan.get(f"/ui/sites/norte/calls{place}").status_code == 404
        assert lucia.get(f"{CASA}{place}").status_code == 200
        assert own.client("maria").get(f"/ui/sites/nowhere/calls{place}").status_code == 404
    for act in ("block", "unblock", "toll-free", "toll-free/off", "let-in"):
        assert post(lucia, f"{CASA}/{act}", {}).status_code == 403
        assert ivan.post(f"{CASA}/{act}").status_code == 400  # without a token of the form
    assert audited(own) == []


def test_the_number_of_queries_does_not_grow(own: Office) -> None:
    client = own.client("ivan")

    def asked() -> list[int]:
        counts = []
        for place in PLACES:
            with own.queries() as queries:
                assert client.get(f"{CASA}{place}").status_code == 200
            counts.append(sum("BEGIN" not in query for query in queries))
        return counts

    asked()  # days that are over are added up
    before = asked()
    names = [f"7{n:03}" for n in range(300)]
    with own.installation.database.write() as session:
        session.execute(
            insert(AccountRow),
            [{"site_id": "casa", "extension": n, "name": f"Guest {n}", "secret": "",
              "voicemail": False} for n in names],
        )  # fmt: skip
    calls = [
        call(n, name, "", "casa", NOON - timedelta(minutes=5 + n % 200), "FR")
        for n, name in enumerate(names)
    ]
    live = [replace(each, id=f"live-{n}", ended_s=None) for n, each in enumerate(calls[:40])]
    batch = Batch(calls={each.id: each for each in (*calls, *live)})
    batch.warnings = [CallWarning(NOON, n, NEW_COUNTRY) for n in names]
    for n in names:
        batch.refuse(Refusals(NOON.date(), n, "blocked", "CU", 3, "+5350000000", NOON))
    write(own.installation.monitoring, "casa", "EUR", batch)
    assert asked() == before
    assert max(before) < 16
    page = client.get(CASA).text
    assert "Page 1 of" in page
    uses, _, rest = page.partition('id="kept-back"')
    assert uses.count("<tr role=") == 21
    assert rest.count("<tr role=") == 22  # ten of each, and their heads


def test_the_tab_is_there_for_everybody(house: Office) -> None:
    html = house.client("lucia").get("/ui/sites/casa/incidents").text
    assert '/ui/sites/casa/calls"' in html
    here = house.client("lucia").get(f"{CASA}/reports/do-not-call").text
    assert here.count('aria-current="page"') == 2  # Calls among the tabs, Reports among the pages
