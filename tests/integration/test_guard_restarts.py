"""Asterisk and the guard end, or hang, in the middle of calls: nothing is lost and nothing twice.

Killed means SIGKILL, as by a power cut; hanging means SIGSTOP: the kernel goes on taking connections
that nobody answers.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.guarded_office import Office, guarded_office, secret_of
from tests.integration.servers import small_site
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp
from tests.simulators.sipp_calls import Call

pytestmark = [
    pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not has_sipp(), reason=NO_SIPP),
]

A, B, C, D = "2101", "109", "420", "100"
RATES = "prefix,per_minute\n34,0.6\n44,120\n"
ABROAD = "0044201234567"
RUNS = "select 1 from guarded_call where account = ? and answered_s is not null"


def site(port: int) -> dict[str, Any]:
    """Three seconds abroad are all that anybody may spend."""
    made = small_site()
    made["accounts"] = [{"extension": each, "secret": secret_of(each)} for each in (A, B, C, D)]
    wide = {"international_hour": None, "spend_day": None, "spend_month": None}
    made["calls"] = {
        "limits": {"account": {"spend_day": 6, "simultaneous": None}, "room": wide},
        "pbx": {
            "bellwire": {"port": port}, "trunk": "provider", "numbers": {"+34911000100": "100"},
        },
    }  # fmt: skip
    return made


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with guarded_office(tmp_path_factory.mktemp("restarts"), site, RATES) as made:
        yield made


def channels(office: Office) -> int:
    shown = office.asterisk.cli("core show channels count")
    return int(re.findall(r"(\d+) active channel", shown)[0])


def talking(office: Office, number: str, user: str, **how: Any) -> Call:
    """A call that is answered, and of which the database knows."""
    call = office.calling(number, user, **how)
    office.until(lambda: office.rows(RUNS, user))
    return call


def times(office: Office, account: str) -> list[tuple[float, float]]:
    """When the calls of an account were answered and ended, once all is told."""
    office.until(lambda: "-calls/" not in office.asterisk.cli("database show bw-casa-calls"))
    query = "select answered_s, ended_s from guarded_call where account = ?"
    office.until(lambda: all(ended for _, ended in office.rows(query, account)))
    return [(answered, ended) for answered, ended in office.rows(query, account)]


def test_a_call_is_cut_and_counted_though_the_guard_was_killed(office: Office) -> None:
    call = talking(office, ABROAD, A, cut=True)
    office.kill_guard()
    assert call.finish() == "", "cut by the PBX, which had its time"
    office.start_guard()
    ((answered, ended),) = times(office, A)
    assert ended - answered == pytest.approx(2.7, abs=0.3)
    assert office.rows("select cost_micros from guarded_call where account = ?", A) == [
        (6_000_000,)
    ]


def test_a_guard_that_hangs_is_waited_for_a_moment_and_no_longer(office: Office) -> None:
    """What the site says for a guard that is away; a call for help does not wait at all."""
    call = talking(office, "912345678", B, talk_ms=1500)
    office.freeze_guard()
    assert office.call("112", B) == ""
    assert call.finish() == ""
    others = [
        office.calling(number, B, **how)
        for number, how in (
            ("600123456", {"talk_ms": 50}),
            (ABROAD, {"refused": 403}),
            (D, {"refused": 480}),  # inside the house; no phone is there
        )
    ]
    others.append(office.incoming("911000100", "+34633000000", refused=480))
    gone = office.calling("600123457", B, talk_ms=50)
    while channels(office) == 0:
        time.sleep(0.02)
    gone.end()  # without a BYE
    assert [each.finish() for each in others] == ["", "", "", ""]
    office.until(lambda: channels(office) <= 2)  # of the one whose caller is not there any more
    waited = re.findall(r"bellwire does not answer, so a call of 109", office.asterisk.log)
    assert len(waited) >= 2
    office.asterisk.cli("channel request hangup all")
    office.until(lambda: channels(office) == 0)
    office.thaw_guard()
    made = [number for number, _ in office.calls(B)]
    assert made[:2] == ["+34912345678", "+34600123456"]
    assert len(made) == len(set(made)), "none twice"


def test_asterisk_ends_in_the_middle_of_a_call(office: Office) -> None:
    call = talking(office, "912345678", C, cut=True)
    time.sleep(1.2)  # Asterisk writes its database once a second
    killed = time.time()
    office.asterisk.kill()
    call.end()
    office.asterisk.start_again()
    ((answered, ended),) = times(office, C)
    assert answered < ended == pytest.approx(killed, abs=0.5)
    assert office.call("600123456", C, talk_ms=50) == ""
    assert len(times(office, C)) == 2


def test_asterisk_and_the_guard_end_together(office: Office) -> None:
    """As in a power cut of the machine that both run on."""
    call = talking(office, "912345678", D, cut=True)
    time.sleep(1.2)
    killed = time.time()
    office.asterisk.kill()
    office.kill_guard()
    call.end()
    time.sleep(1)
    office.asterisk.start_again()
    office.start_guard()
    ((answered, ended),) = times(office, D)
    assert answered <= ended <= killed + 0.5, "not charged until it was started again"
    assert office.call(ABROAD, D, cut=True) == ""
    assert len(times(office, D)) == 2
