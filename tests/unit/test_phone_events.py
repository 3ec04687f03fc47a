"""Phones' own reports: checked value by value, and what they say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.phone_events import event_signal, meaning_of, reported_address
from monitors.signals import PhoneEvent
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.mac import MacAddress
from provisioner.reports import ReportShelf, read_report
from provisioner.shelf import Entry

NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored
MAC = MacAddress("805ec0000100")
PHONE = Entry(
    MAC, None, (), tftp_without_token=False, site="casa", model="yealink/t46u", firmware="",
    token_hash="", token_seen=True, dirty=False, base_url="http://h/",
)  # fmt: skip
FULL = "e=registered&mac=80:5E:C0:00:01:00&ip=10.20.1.14&model=T46U&firmware=108.86.0.20&user=100"


def report(event: str, minutes: int = 0, **values: Any) -> PhoneReport:
    at = NOW + timedelta(minutes=minutes)
    return PhoneReport(at, MAC, "casa", event, "10.20.1.14", model="yealink/t46u", **values)


def test_all_values() -> None:
    assert read_report(PHONE, FULL, "10.20.1.14", NOW) == report(
        "registered", ip="10.20.1.14", account="100", firmware="108.86.0.20"
    )


@pytest.mark.parametrize(
    ("query", "event"),
    [
        ("e=boot", "boot"),
        ("name=boot", "boot"),
        ("e=boot&e=other", "boot"),
        ("e=boot&mac=$mac", "boot"),
        ("e=Boot", None),
        ("mac=805ec0000100", None),
        ("e=boot&mac=805ec0000101", None),
        ("e=boot%0d%0a", None),
    ],
)
def test_what_is_a_report(query: str, event: str | None) -> None:
    read = read_report(PHONE, query, "10.20.1.14", NOW)
    assert (read.event if read else None) == event
    assert (ReportShelf().find(PHONE, "EVENT", query) is not None) == (event is not None)
    assert ReportShelf().find(PHONE, "other", query) is None


@given(st.text(max_size=300) | st.just("e=boot&").flatmap(lambda e: st.text().map(e.__add__)))
def test_nothing_odd_is_kept(query: str) -> None:
    read = read_report(PHONE, query, "10.20.1.14", NOW)
    if read is not None:
        for text in (read.event, read.ip, read.account, read.firmware):
            assert len(text) <= 64
            assert text.isascii()
            assert text.isprintable()


def test_the_newest_that_says_something_counts() -> None:
    reports = [report("registered", 1), report("register_failed", 3), report("off_hook", 4)]
    signal = event_signal(reports, "100", NOW + timedelta(minutes=5), is_told=True)
    assert (signal.value, signal.age_s) == (PhoneEvent.REGISTER_FAILED, 120)
    assert signal.measured == "register_failed from 10.20.1.14"


def test_another_account_of_the_phone_does_not_count() -> None:
    reports = [report("registered", 1, account="100"), report("unregistered", 2, account="101")]
    assert event_signal(reports, "100", NOW, is_told=True).value is PhoneEvent.REGISTERED
    assert event_signal(reports, "101", NOW, is_told=True).value is PhoneEvent.UNREGISTERED
    assert event_signal(reports[1:], "100", NOW, is_told=True).value is PhoneEvent.NONE


def test_no_report() -> None:
    assert event_signal([], "100", NOW, is_told=True).value is PhoneEvent.NONE
    assert event_signal([], "100", NOW, is_told=False).value is PhoneEvent.UNKNOWN


def test_the_address_a_phone_gives_itself() -> None:
    reports = [report("boot", 1, ip="10.20.1.14"), report("ip_change", 2, ip="10.20.1.15")]
    assert reported_address([*reports, report("on_hook", 3)]) == "10.20.1.15"
    assert reported_address([]) == ""


@pytest.mark.parametrize(
    ("vendor", "word", "meaning"),
    [
        ("yealink", "setup_completed", PhoneEvent.SETUP),
        ("fanvil", "boot", PhoneEvent.SETUP),
        ("snom", "registration_failed", PhoneEvent.REGISTER_FAILED),
        ("snom", "register_failed", None),
        ("nobody", "registered", None),
    ],
)
def test_words(vendor: str, word: str, meaning: PhoneEvent | None) -> None:
    assert meaning_of(vendor, word) is meaning
