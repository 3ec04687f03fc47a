"""Do-not-call lists: plain or hashed, consents, stale lists, and the report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from monitors.calls.decision import Verdict
from monitors.calls.donotcall import (
    Consent,
    DoNotCallList,
    DoNotCallRules,
    check,
    read_list,
    write_report,
)
from provisioner.numbering.number import NumberError
from provisioner.numbering.plan import Plan

PLAN = Plan("ES", extensions=frozenset({"110"}))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATED = date(2026, 11, 1)
LISTED, FREE = "600 111 222", "600 111 223"


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest().upper()


def plain(text: str) -> str:
    return text


@pytest.mark.parametrize("spelled", ["600111222", "34600111222", "+34600111222", "0034600111222"])
@pytest.mark.parametrize("digest", [sha1, sha256, plain])
def test_a_listed_number_is_found_as_the_list_spells_it(
    spelled: str, digest: Callable[[str], str]
) -> None:
    text = f"telefono;nombre\n{digest(spelled)};x\n{digest('912345678')};y\n"
    made = read_list("robinson", DATED, text, PLAN)
    assert len(made.entries) == 2
    assert made.form == {sha1: "sha1", sha256: "sha256", plain: "plain"}[digest]
    for asked in (LISTED, "+34 600-111-222", "0034600111222"):
        assert made.has(PLAN.read(asked), PLAN)
    assert not made.has(PLAN.read(FREE), PLAN)
    assert not made.has(PLAN.read("110"), PLAN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no entries"),
        ("phone\n", "has no entries"),
        ("600111222\nnobody\n", "line 2: 'nobody'"),
        (f"600111222\n{sha1('x')}\n", "mixes plain and sha1"),
        ("600111222\n" + "x\n" * 9, "and 4 more"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(text: str, said: str) -> None:
    with pytest.raises(NumberError, match=said):
        read_list("robinson", DATED, text, PLAN)


def rules(
    *, block: bool = True, consents: tuple[Consent, ...] = (), days: int = 30
) -> DoNotCallRules:
    made = read_list("robinson", DATED, sha256("600111222"), PLAN)
    return DoNotCallRules(PLAN, (made,), consents, days, block)


def test_block_warn_and_free() -> None:
    blocked, row = check(rules(), PLAN.read(LISTED), "110", NOW)
    assert (blocked.verdict, blocked.because.rule) == (Verdict.REFUSE, "do_not_call_blocked")
    assert row is not None
    assert (row.found, row.result, row.stale) == ("robinson", "blocked", False)
    warned, row = check(rules(block=False), PLAN.read(LISTED), "110", NOW)
    assert warned.passes
    assert [each.rule for each in warned.warnings] == ["do_not_call_warned"]
    assert row is not None
    assert row.result == "warned"
    free, row = check(rules(), PLAN.read(FREE), "110", NOW)
    assert free.because.rule == "do_not_call_free"
    assert free.warnings == ()


def test_a_stale_or_missing_list_is_said() -> None:
    for stale in (rules(days=20), DoNotCallRules(PLAN, ())):
        decided, row = check(stale, PLAN.read(FREE), "110", NOW)
        assert [each.rule for each in decided.warnings] == ["list_stale"]
        assert row is not None
        assert row.stale


def test_a_consent_while_it_stands() -> None:
    given = Consent("+34600111222", NOW - timedelta(days=9), "form 12", "ana")
    decided, row = check(rules(consents=(given,)), PLAN.read(LISTED), "110", NOW)
    assert decided.because.rule == "do_not_call_consent"
    assert row is not None
    assert row.consent == "form 12"
    gone = Consent("+34600111222", NOW - timedelta(days=9), "form 12", "ana", NOW)
    assert not check(rules(consents=(gone,)), PLAN.read(LISTED), "110", NOW)[0].passes
    later = Consent("+34600111222", NOW + timedelta(days=1), "form 13", "ana")
    assert not check(rules(consents=(later,)), PLAN.read(LISTED), "110", NOW)[0].passes


def test_calls_that_are_no_advertising() -> None:
    for text in ("112", "110", "11818"):
        decided, row = check(rules(), PLAN.read(text), "110", NOW)
        assert decided.because.rule == "not_commercial"
        assert row is None


def test_the_report() -> None:
    rows = [check(rules(), PLAN.read(text), "110", NOW)[1] for text in (LISTED, FREE)]
    report = write_report([row for row in rows if row]).splitlines()
    assert report[0] == "at,extension,number,lists,found,consent,stale,result"
    assert report[1] == (
        "2026-11-22T12:00:00+00:00,110,+34600111222,robinson@2026-11-01,robinson,,no,blocked"
    )
    assert report[2].endswith(",,,no,free")


def test_a_list_knows_its_form() -> None:
    assert not DoNotCallList("x", DATED, "sha1", frozenset()).has(PLAN.read(LISTED), PLAN)
