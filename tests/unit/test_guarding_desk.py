"""The calls of a site: what the PBX is told, what is counted, whatever comes late or twice."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitors.calls.donotcall import DoNotCallList
from monitors.calls.rates import Rate, RateTable
from monitors.guarding.answers import EARLY_S
from monitors.guarding.desk import CallDesk, OverRecord
from monitors.guarding.facts import SiteFacts
from monitors.guarding.records import journal_of, journal_record, record_of
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Site
from provisioner.numbering.number import NumberError

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
NOW_S = NOW.timestamp()
RATES = RateTable([Rate("34", Decimal("0.60")), Rate("44", Decimal(60))])


def facts(rates: RateTable | None = RATES, **calls: Any) -> SiteFacts:
    free = dict.fromkeys(("spend_day", "spend_month", "simultaneous"))
    given = {"pbx": {"trunk": "provider"}, **calls}
    given["limits"] = {"room": free, **calls.get("limits", {})}
    written = FileCalls.model_validate(given).record()
    numbers = {"reception": "100", "wake_up": "*55", "spa": "7777"}
    site = Site("aurora", "Aurora", "ES", "Europe/Madrid", numbers=numbers, calls=written)
    return SiteFacts(site, frozenset({"100", "110", "2214"}), {"2214": "214"}, rates)


def over(call_id: str, since: float, answered: float | None, ended: float | None) -> OverRecord:
    return OverRecord(call_id, "2214", "+34912345678", since, answered, ended)


def spent(desk: CallDesk) -> Decimal:
    return desk.book.usage(("account", "2214"), NOW.date(), NOW_S + 9999).spent_day


def test_a_national_call_is_dialled_as_it_was_decided() -> None:
    desk = CallDesk(facts())
    assert desk.outgoing("1-1", "2214", "912345678", NOW) == {
        "BW_TO": "+34912345678", "BW_NUMBER": "+34912345678", "BW_MOST_S": "999.7",
        "BW_RULE": "within_limits", "BW_VERDICT": "dial",
    }  # fmt: skip
    assert list(desk.ledger.now.calls) == ["1-1"]


@pytest.mark.parametrize(
    ("form", "to"), [("e164", "+442012345678"), ("digits", "442012345678"),
                     ("double-zero", "00442012345678")],
)  # fmt: skip
def test_the_operator_gets_numbers_as_it_wants_them(form: str, to: str) -> None:
    desk = CallDesk(facts(pbx={"trunk": "provider", "dial_as": form}))
    assert desk.outgoing("1-1", "2214", "0044 2012345678", NOW)["BW_TO"] == to


@pytest.mark.parametrize("keyed", ["112", "061", "+34112"])
@pytest.mark.parametrize("account", ["2214", "provider", ""])
def test_emergency_calls_pass_for_everybody_and_are_not_cut(keyed: str, account: str) -> None:
    desk = CallDesk(replace(facts(), blocked={("account", "2214"): "by_hand"}))
    said = desk.outgoing("1-1", account, keyed, NOW)
    assert said["BW_VERDICT"] == "free"
    assert said["BW_MOST_S"] == ""
    assert said["BW_TO"] == keyed.removeprefix("+34")
    assert desk.ledger.is_settled


@pytest.mark.parametrize("keyed", ["100", "7777"])
def test_the_house_is_left_to_the_dial_plan(keyed: str) -> None:
    said = CallDesk(facts()).outgoing("1-1", "2214", keyed, NOW)
    assert said == {"BW_TO": keyed, "BW_VERDICT": "inside"}


@pytest.mark.parametrize(
    ("account", "keyed", "rule"),
    [
        ("nobody", "912345678", "unknown_account"),
        ("", "912345678", "unknown_account"),
        ("2214", "806123456", "closed_destination"),
        ("2214", "0018765551234", "no_rate"),
        ("2214", "9" * 90, "unknown_number"),
        ("2214", "12", "unknown_number"),
    ],
)
def test_what_is_refused_is_counted(account: str, keyed: str, rule: str) -> None:
    desk = CallDesk(facts())
    for _ in range(3):
        said = desk.outgoing("1-1", account, keyed, NOW)
        assert said == {"BW_RULE": rule, "BW_VERDICT": "refuse"}
    (refusal,) = desk.ledger.now.refusals.values()
    assert (refusal.account, refusal.rule, refusal.count) == (account, rule, 3)
    assert not desk.ledger.now.blocks


def test_passing_a_limit_blocks_at_once_and_until_a_person_unblocks() -> None:
    limits = {"account": {"international_hour": 2, "simultaneous": 9}}
    desk = CallDesk(facts(limits=limits))
    for number in range(3):
        said = desk.outgoing(f"{number}-1", "2214", "0044201234567", NOW)
    assert said["BW_RULE"] == "calls_hour"
    (new,) = desk.ledger.now.blocks
    assert (new.scope, new.because.rule) == (("account", "2214"), "calls_hour")
    assert desk.outgoing("9-1", "2214", "912345678", NOW)["BW_RULE"] == "blocked"
    desk.renew(facts(limits=limits))  # read while the block is not stored yet
    assert desk.outgoing("9-2", "2214", "912345678", NOW)["BW_RULE"] == "blocked"
    desk.ledger.take()
    desk.ledger.written()
    desk.renew(facts(limits=limits))  # a person has unblocked it
    assert desk.outgoing("9-3", "2214", "912345678", NOW)["BW_VERDICT"] == "dial"


def test_the_end_of_a_call_counts_once_whoever_tells_it() -> None:
    desk = CallDesk(facts())
    desk.outgoing("1-1", "2214", "912345678", NOW)
    assert desk.answered("1-1", NOW_S + 2)
    assert not desk.answered("1-1", NOW_S + 3)
    record = over("1-1", NOW_S, NOW_S + 2, NOW_S + 62)
    assert desk.over(record)
    assert not desk.over(record)
    assert not desk.over(OverRecord("1-1", "2214", "", None, None, NOW_S + 70))  # the caller's end
    assert not desk.lost("1-1", NOW_S + 99)
    assert spent(desk) == Decimal("0.60")


def test_a_call_that_found_no_line_ends() -> None:
    desk = CallDesk(facts())
    desk.outgoing("1-1", "2214", "912345678", NOW)
    assert desk.over(OverRecord("1-1", "2214", "+34912345678", None, None, NOW_S + 1))
    assert not list(desk.book.running())
    assert spent(desk) == 0


def test_calls_made_while_nobody_was_asked_are_counted() -> None:
    desk = CallDesk(facts())
    missed = over("7-1", NOW_S - 600, NOW_S - 590, NOW_S - 530)
    goes_on = over("8-1", NOW_S - 60, NOW_S - 50, None)
    for _ in range(2):
        for record in (missed, goes_on):
            desk.over(record)
    assert [call.id for call in desk.book.running()] == ["8-1"]
    assert spent(desk) == Decimal("0.60")
    assert set(desk.ledger.now.calls) == {"7-1", "8-1"}
    assert desk.lost("8-1", NOW_S)
    assert spent(desk) == Decimal("1.10")


def test_an_emergency_call_that_nobody_asked_about_is_not_counted() -> None:
    desk = CallDesk(facts())
    assert not desk.over(OverRecord("7-1", "2214", "112", NOW_S, NOW_S, NOW_S + 9))
    assert desk.ledger.is_settled


def test_calls_of_one_purse_are_cut_at_the_same_moment() -> None:
    desk = CallDesk(facts(limits={"account": {"spend_day": 60, "spend_month": None}}))
    first = desk.outgoing("1-1", "2214", "0044201234567", NOW)
    assert first["BW_MOST_S"] == f"{60 - EARLY_S:.1f}"
    assert desk.cuts(NOW) == {}  # it rings
    desk.answered("1-1", NOW_S)
    assert desk.cuts(NOW) == {"1-1": NOW_S + 60 - EARLY_S}
    later = NOW + timedelta(seconds=20)
    second = desk.outgoing("2-1", "2214", "0044201234568", later)
    assert second["BW_MOST_S"] == f"{20 - EARLY_S:.1f}"
    desk.answered("2-1", later.timestamp())
    assert set(desk.cuts(later).values()) == {NOW_S + 40 - EARLY_S}
    desk.over(replace(over("2-1", NOW_S + 20, NOW_S + 20, NOW_S + 30), number="+44201234568"))
    assert desk.cuts(later + timedelta(seconds=10)) == {"1-1": NOW_S + 50 - EARLY_S}


def test_limits_hold_for_calls_from_before_a_restart() -> None:
    before = CallDesk(facts())
    before.outgoing("1-1", "2214", "0044201234567", NOW)
    before.answered("1-1", NOW_S)
    after = CallDesk(facts(), before.book)
    assert after.cuts(NOW) == before.cuts(NOW) != {}


def test_rules_that_cannot_be_read_change_nothing() -> None:
    desk = CallDesk(facts())
    broken = facts()
    assert broken.site.calls is not None
    limits = replace(broken.site.calls.limits, closed=("nowhere",))
    site = replace(broken.site, calls=replace(broken.site.calls, limits=limits))
    with pytest.raises(NumberError):
        desk.renew(replace(broken, site=site))
    assert desk.outgoing("1-1", "2214", "806123456", NOW)["BW_RULE"] == "closed_destination"


def test_the_first_call_to_a_country_is_told() -> None:
    desk = CallDesk(facts())
    for number in range(2):
        desk.outgoing(f"{number}-1", "2214", "0044201234567", NOW)
    (warning,) = desk.ledger.now.warnings
    assert (warning.account, warning.because.rule) == ("2214", "new_country")


def test_commercial_calls_are_checked_before_they_are_made() -> None:
    given = replace(
        facts(do_not_call={"extensions": ["110"]}),
        lists=(DoNotCallList("robinson", NOW.date(), "plain", frozenset({"+34912345678"})),),
    )
    desk = CallDesk(given)
    assert desk.outgoing("1-1", "110", "912345678", NOW)["BW_RULE"] == "do_not_call_blocked"
    assert desk.outgoing("2-1", "110", "912345679", NOW)["BW_VERDICT"] == "dial"
    assert desk.outgoing("3-1", "2214", "912345678", NOW)["BW_VERDICT"] == "dial"
    assert desk.outgoing("4-1", "110", "112", NOW)["BW_VERDICT"] == "free"
    checks = [(call_id, row.result) for call_id, row in desk.ledger.now.checks]
    assert checks == [("1-1", "blocked"), ("2-1", "free")]


TOLL_FREE = {"toll_free": {"numbers": ["900123456"], "per_hour": 2, "per_day": 5, "interval_s": 8}}


def call_in(desk: CallDesk, number: int, caller: str = "611222333", **how: Any) -> dict[str, str]:
    at = how.get("at", NOW)
    return desk.incoming(f"{number}-in", "100", how.get("did", "900123456"), caller, at)


def test_a_caller_of_a_toll_free_number_must_key_a_code_at_last() -> None:
    desk = CallDesk(facts(**TOLL_FREE))
    for number in (1, 1, 2):  # told twice, counted once
        assert call_in(desk, number) == {"BW_RULE": "no_rule", "BW_VERDICT": "ring"}
    said = call_in(desk, 3)
    assert said["BW_VERDICT"] == "code"
    assert said["BW_CODE_S"] == "7"
    assert said["BW_CALLER"] == "+34611222333"
    assert len(said["BW_CODE"]) == 2
    assert call_in(desk, 4, did="+34911000100")["BW_VERDICT"] == "ring"  # not toll-free
    for _ in range(5):
        desk.code_missed("+34611222333")
    refused = call_in(desk, 5)
    assert (refused["BW_VERDICT"], refused["BW_DO_1"]) == ("do", "hang_up")
    listed = desk.ledger.now.listed["+34611222333"]
    assert listed is not None
    assert listed.level == 6
    desk.code_missed("+34600000000")  # never listed: nothing happens


def test_windows_of_toll_free_calls_survive_a_restart() -> None:
    calls = tuple((f"{n}-in", "+34611222333", NOW_S - n) for n in range(2))
    desk = CallDesk(facts(**TOLL_FREE), toll_free=calls)
    assert call_in(desk, 7)["BW_VERDICT"] == "code"
    assert call_in(CallDesk(facts(**TOLL_FREE)), 7)["BW_VERDICT"] == "ring"


def test_actions_become_steps_of_the_dial_plan() -> None:
    actions = [
        {"do": "announcement", "to": "custom/hello"},
        {"do": "announcement", "to": "../../etc/passwd"},
        {"do": "forward", "to": "2214", "ring_s": 15},
        {"do": "forward", "to": "600 111 222"},
        {"do": "ring_group", "to": "desk"},
        {"do": "ring_group", "to": "a&PJSIP/b"},
        {"do": "voicemail"},
    ]
    desk = CallDesk(facts(actions=[{"name": "vip", "callers": ["any"], "actions": actions}]))
    said = call_in(desk, 1)
    count = int(said["BW_ACTIONS"])
    steps = [tuple(said[f"BW_{part}_{n}"] for part in ("DO", "TO")) for n in range(1, count + 1)]
    assert steps == [
        ("announcement", "custom/hello"), ("ring", "2214"), ("forward", "+34600111222"),
        ("ring_group", "desk"), ("voicemail", ""),
    ]  # fmt: skip
    assert said["BW_RING_2"] == "15"
    assert list(said)[-1] == "BW_VERDICT"


def test_a_hidden_caller_is_anonymous() -> None:
    rules = [{"name": "house", "anonymous": "refuse"}]
    said = call_in(CallDesk(facts(incoming=rules)), 1, caller="")
    assert (said["BW_RULE"], said["BW_DO_1"]) == ("anonymous_refused", "hang_up")


def test_records_of_the_pbx() -> None:
    shown = """\
/bw-aurora-calls/17.1-1                           : 2214|+34912345678|17.250|19.5|30.1|PJSIP/p-01
/bw-aurora-calls/17.2-1                           : 2214|+34912345678|17.250|||PJSIP/p-02
/bw-aurora-calls/17.3-1                           : nonsense
/bw-villa-calls/17.4-1                            : 2214|+34912345678|17.250|||PJSIP/p-02
/pbx/UUID                                         : a
5 results found."""
    rows = journal_of(shown.split("\n"), "bw-aurora-calls")
    assert list(rows) == ["17.1-1", "17.2-1", "17.3-1"]
    found = [journal_record(key, value) for key, value in rows.items()]
    assert found == [
        (OverRecord("17.1-1", "2214", "+34912345678", 17.25, 19.5, 30.1), "PJSIP/p-01"),
        (OverRecord("17.2-1", "2214", "+34912345678", 17.25, None, None), "PJSIP/p-02"),
        None,
    ]
    assert record_of(["", "2214"]) is None
    assert record_of(["1-1"]) == OverRecord("1-1", "", "", None, None, None)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("site", [{}, {"spend_day": 40}])
def test_cuts_that_are_looked_at_one_by_one_are_those_of_all_together(
    seed: int, site: dict[str, Any]
) -> None:
    """Only calls that share money with a change are looked at again: nothing else has moved."""
    chance, free = random.Random(seed), dict.fromkeys(("simultaneous", "international_hour"))
    desk = CallDesk(facts(limits={"account": {"spend_day": 30, **free}, "site": site}))
    open_calls: list[str] = []
    for step in range(60):
        at = NOW + timedelta(seconds=step / 4)
        what = chance.randrange(3) if open_calls else 0
        if what == 0:
            number = chance.choice(("0044201234567", "912345678"))
            said = desk.outgoing(f"{step}-1", chance.choice(("100", "110", "2214")), number, at)
            if said["BW_VERDICT"] == "dial":
                open_calls.append(f"{step}-1")
        elif what == 1:
            desk.answered(chance.choice(open_calls), at.timestamp())
        else:
            call_id = open_calls.pop(chance.randrange(len(open_calls)))
            call = desk.book.call(call_id)
            assert call is not None
            desk.over(over(call_id, call.started_s, call.answered_s, at.timestamp()))
        looked_at = desk.cuts(at)
        desk._moved = None
        assert looked_at == pytest.approx(desk.cuts(at), abs=1), step
