"""When an address is shut out: decisions, what is remembered, and what the root part accepts."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.firewall.gatekeeper import RefusedError, command_for, serve_lines
from monitors.firewall.judging import (
    Past,
    Try,
    counted_try,
    judge,
    plain_address,
    protected,
)
from monitors.firewall.trybook import TryBook
from monitors.probes.registrations import SecurityEvent
from monitors.signals import Security
from provisioner.inventory.pbx_hardening import Hardening, ShutOutRule
from provisioner.inventory.records import Pbx, Site

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).replace(tzinfo=None)
RULE = ShutOutRule(tries=5, window_s=60, slow_tries=12, slow_window_s=3600)


def tries(count: int, every_s: float = 1.0, account: str = "2214") -> list[Try]:
    """So many tries, the last one now."""
    return [Try(NOON - timedelta(seconds=n * every_s), account) for n in reversed(range(count))]


@pytest.mark.parametrize(
    ("count", "every_s", "is_shut_out"),
    [
        (4, 1, False), (5, 1, True), (5, 14, True), (5, 16, False), (11, 300, False),
        (12, 290, True), (12, 330, False),
    ],
)  # fmt: skip
def test_so_many_within_the_window(count: int, every_s: float, is_shut_out: bool) -> None:
    assert (judge(tries(count, every_s), None, RULE, NOON) is not None) is is_shut_out


def test_the_time_grows_and_stays_at_the_longest() -> None:
    past: Past | None = None
    lasted = []
    now = NOON
    for _ in range(6):
        found = judge([Try(now, "2214")] * 5, past, RULE, now)
        assert found
        lasted.append((found.until - now).total_seconds())
        past = Past(found.times, found.until)
        assert judge([Try(now, "2214")] * 50, past, RULE, now) is None, "it is shut out already"
        now = found.until + timedelta(minutes=1)
    assert lasted == [600, 3600, 86_400, 604_800, 604_800, 604_800]


def test_long_after_it_is_the_first_time_again() -> None:
    old = Past(4, NOON - timedelta(days=RULE.forget_days, seconds=1))
    found = judge(tries(5), old, RULE, NOON)
    assert found
    assert (found.times, found.until) == (1, NOON + timedelta(minutes=10))


def test_a_release_forgives_the_past() -> None:
    found = judge(tries(5), Past(0, NOON), RULE, NOON)
    assert found
    assert found.times == 1


def test_the_account_that_is_there_is_named() -> None:
    mixed = [*tries(6, account=""), *tries(2, account="100"), *tries(3, account="2214")]
    found = judge(mixed, None, RULE, NOON)
    assert found
    assert (found.account, found.tries) == ("2214", 11)
    none = judge(tries(5, account=""), None, RULE, NOON)
    assert none
    assert none.account == ""


def test_a_rule_that_is_off_shuts_nobody_out() -> None:
    assert judge(tries(500), None, replace(RULE, enabled=False), NOON) is None


def event(what: Security, extension: str = "2214", word: str = "x") -> SecurityEvent:
    return SecurityEvent(NOON, what, extension, "203.0.113.9", word)


def test_what_counts_as_a_try() -> None:
    assert counted_try(event(Security.WRONG_PASSWORD)) == Try(NOON, "2214")
    assert counted_try(event(Security.ACL)) == Try(NOON, "2214")
    assert counted_try(event(Security.UNKNOWN_EXTENSION, "9999", "InvalidAccountID")) == Try(
        NOON, ""
    )
    assert counted_try(event(Security.UNKNOWN_EXTENSION, "", "ChallengeResponseFailed")) is None
    for harmless in (Security.NONE, Security.TOO_OFTEN, Security.TLS):
        assert counted_try(event(harmless)) is None


def hotel(*networks: str, **hardening: object) -> Site:
    pbx = Pbx(host="198.51.100.5", hardening=Hardening(**hardening))  # type: ignore[arg-type]
    return Site("aurora", "Aurora", networks=tuple(map(ip_network, networks)), pbx=pbx)


def test_whom_nobody_shuts_out() -> None:
    found = protected(
        hotel("10.20.0.0/16", "fd00:20::/64", trunks=("203.0.113.0/28",),
              never_shut_out=("192.0.2.7/32",)),
        ["10.30.0.0/16"],
    )  # fmt: skip
    assert found
    for known in ("10.20.3.4", "fd00:20::5", "203.0.113.3", "192.0.2.7", "198.51.100.5",
                  "127.0.0.1", "::1", "10.30.1.1"):  # fmt: skip
        assert known in found, known
    for stranger in ("10.21.0.1", "203.0.113.16", "192.0.2.8", "2001:db8::1"):
        assert stranger not in found, stranger


def test_without_networks_nobody_is_a_stranger() -> None:
    assert protected(hotel()) is None
    assert protected(replace(hotel("10.0.0.0/8"), pbx=None)) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [("203.0.113.9", "203.0.113.9"), ("2001:DB8:0::1", "2001:db8::1"),
     ("::ffff:203.0.113.9", "203.0.113.9"), ("pbx", ""), ("203.0.113.9/32", ""), ("", "")],
)  # fmt: skip
def test_an_address_has_one_spelling(text: str, plain: str) -> None:
    assert plain_address(text) == plain


def test_what_is_remembered_is_bounded() -> None:
    book = TryBook(RULE, most=100)
    for n in range(1000):
        book.add(f"10.0.{n // 256}.{n % 256}", Try(NOON, ""))
    assert len(book) == 100
    for _ in range(100):
        held = book.add("203.0.113.9", Try(NOON, ""))
    assert len(held) == RULE.slow_tries
    later = book.add("203.0.113.9", Try(NOON + timedelta(hours=2), ""))
    assert len(later) == 1, "old ones are dropped"


@given(
    st.lists(st.integers(0, 5000), max_size=60).map(sorted),
    st.integers(3, 8),
    st.integers(9, 30),
)
def test_the_book_and_the_windows_agree_with_counting_all(
    seconds: list[int], quick: int, slow: int
) -> None:
    rule = replace(RULE, tries=quick, slow_tries=slow)
    book = TryBook(rule)
    for n, second in enumerate(seconds):
        now = NOON + timedelta(seconds=second)
        held = book.add("203.0.113.9", Try(now, "2214"))
        every = seconds[: n + 1]
        expected = (
            sum(s > second - rule.window_s for s in every) >= quick
            or sum(s > second - rule.slow_window_s for s in every) >= slow
        )
        assert (judge(held, None, rule, now) is not None) is expected


def test_two_requests_become_commands_for_two_sets() -> None:
    assert command_for("add 203.0.113.9 600") == (
        "add element inet bellwire_shut out4 { 203.0.113.9 }\n"
        "delete element inet bellwire_shut out4 { 203.0.113.9 }\n"
        "add element inet bellwire_shut out4 { 203.0.113.9 timeout 600s }\n"
    )
    assert command_for("remove 2001:db8::1").splitlines()[1] == (
        "delete element inet bellwire_shut out6 { 2001:db8::1 }"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "", "add", "add 203.0.113.9", "add 203.0.113.9 0", "add 203.0.113.9 -1",
        "add 203.0.113.9 600 ", "add  203.0.113.9 600", "ADD 203.0.113.9 600",
        "add 203.0.113.0/24 600", "add 203.0.113.9 99999999", "add 203.0.113.9 2678401",
        "add 203.0.113.999 600", "add 0203.0.113.9 600", "add 2001:DB8::1 600",
        "add 2001:db8:0::1 600", "add ::ffff:203.0.113.9 600", "add fe80::1%eth0 600",
        "add 127.0.0.1 600", "add ::1 600", "add 0.0.0.0 600", "add :: 600", "add 224.0.0.1 600",
        "add 203.0.113.9 600; flush ruleset", "add 203.0.113.9 600\nflush ruleset",
        "add 203.0.113.9 } ; add rule x 600", "flush ruleset", "remove 203.0.113.9 600",
        "remove all", "add 10.20.0.9 600", "add \u0661.\u0661.\u0661.\u0661 600",
        "add 203.0.113.9 \u0666\u0660\u0660",
    ],
)  # fmt: skip
def test_nothing_else_gets_through(wrong: str) -> None:
    with pytest.raises(RefusedError):
        command_for(wrong, [ip_network("10.20.0.0/16")])


@given(st.text(max_size=80))
def test_whatever_is_asked_nft_gets_an_address_or_nothing(text: str) -> None:
    try:
        made = command_for(f"add {text}")
    except RefusedError:
        return
    allowed = set("adelt mninbwirshuo46_{}0123456789abcdef:.s\n")
    assert set(made) <= allowed
    assert made.count("\n") == 3


def test_what_was_shut_out_can_be_released_even_if_it_never_should_have_been() -> None:
    assert "10.20.0.9" in command_for("remove 10.20.0.9", [ip_network("10.20.0.0/16")])


def test_each_line_is_answered_and_a_long_one_ends_it() -> None:
    told: list[str] = []
    answers: list[str] = []
    lines = b"add 203.0.113.9 600\nnonsense\n\xff\xfe\nremove 203.0.113.9\n" + b"a" * 100 + b"\nadd"
    serve_lines(io.BytesIO(lines), answers.append, (), told.append)
    assert [a.split(":")[0].strip() for a in answers] == ["ok", "error", "error", "ok", "error"]
    assert len(told) == 2


def test_the_root_part_loads_nothing_but_pythons_own_library() -> None:
    code = (
        "import sys; before = set(sys.modules); import monitors.firewall.gatekeeper as g; "
        "new = {m.split('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['monitors']"
