"""What is done with calls from outside, and each limit of calls to the outside, on a real Asterisk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.integration.guarded_office import OUTSIDE, Office, guarded_office, secret_of
from tests.integration.servers import small_site
from tests.simulators.asterisk import SKIP_REASON, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp
from tests.simulators.sipp_calls import Keypad
from web.simulated.device import SimAccount
from web.simulated.sip_user import SipEngine, SipUser

pytestmark = [
    pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not has_sipp(), reason=NO_SIPP),
]

DESK, SPA = "100", "109"
DID = "911000100"
LIMITED = {
    "201": {"simultaneous": 1},
    "202": {"international_day": 1},
    "203": {"international_month": 1},
    "204": {"spend_month": 0.02},
    "205": {"spend_day": 0.02},
    "206": {"international_hour": 1},
}
RATES = "prefix,per_minute,name\n34,0.6,Spain\n44,0.6,United Kingdom\n33,0.6,France\n"
QUEUES = "[general]\n\n[sales]\nstrategy = ringall\njoinempty = yes\nmember = Local/s@sold/n\n"
SOLD = "\n[sold]\nexten = s,1,Answer()\n same = n,Wait(1)\n same = n,Hangup()\n"
MORE = {"queues.conf": QUEUES, "queuerules.conf": ""}


def caller(name: str) -> str:
    """A number of its own for each row of actions."""
    return f"+3460000000{ROWS.index(name)}"


def now_in_madrid() -> datetime:
    return datetime.now(ZoneInfo("Europe/Madrid"))


def not_now() -> list[dict[str, str]]:
    """A time of day that does not hold while this runs."""
    begin = now_in_madrid() + timedelta(hours=6)
    return [{"start": f"{begin:%H:%M}", "end": f"{begin + timedelta(hours=3):%H:%M}"}]


def just_now() -> list[dict[str, str]]:
    begin = now_in_madrid() - timedelta(hours=6)
    return [{"start": f"{begin:%H:%M}", "end": f"{begin + timedelta(hours=12):%H:%M}"}]


ROWS = ("voicemail", "queue", "ring-group", "announcement", "busy", "hang-up", "times", "forward")


def rows() -> list[dict[str, Any]]:
    wanted: dict[str, list[dict[str, Any]]] = {
        "voicemail": [{"do": "voicemail", "to": DESK}],
        "queue": [{"do": "queue", "to": "sales", "ring_s": 5}],
        "ring-group": [{"do": "ring_group", "to": "desk", "ring_s": 5}],
        "announcement": [{"do": "announcement", "to": "hello-world"}],
        "busy": [{"do": "busy"}],
        "hang-up": [{"do": "hang_up"}],
        "times": [
            {"do": "busy", "when": not_now()},
            {"do": "forward", "to": SPA, "ring_s": 5, "when": just_now()},
            {"do": "hang_up"},
        ],
        "forward": [{"do": "forward", "to": "+34611222333", "ring_s": 5}],
    }
    return [{"name": n, "callers": [caller(n)], "actions": each} for n, each in wanted.items()]


def site(port: int) -> dict[str, Any]:
    made = small_site()
    made["accounts"] = [
        {"extension": each, "secret": secret_of(each), "voicemail": each == DESK}
        for each in (DESK, SPA, "2101", "420", *LIMITED)
    ]
    none = {"spend_day": None, "spend_month": None, "international_hour": None, "simultaneous": None,
            "international_day": None, "international_month": None}  # fmt: skip
    made["calls"] = {
        "extension_groups": {"desk": [DESK, SPA]},
        "incoming": [
            {"name": "house", "white": ["+34 633 000 000"], "black": ["+34 633*"],
             "refusal": "announcement", "anonymous": "refuse"},
            {"name": "spa", "called": [SPA], "black": ["+34 644 000 000"], "refusal": "hang_up",
             "anonymous": "announcement"},
            {"name": "corridor", "called": ["420"], "anonymous": "reception"},
        ],
        "actions": rows(),
        "toll_free": {"numbers": ["900123456"], "per_hour": 1, "level": 6},
        "limits": {
            "account": none, "room": none, "accounts": {a: {**none, **m} for a, m in LIMITED.items()},
            "closed": ["FR", "premium"],
        },
        "pbx": {
            "bellwire": {"port": port}, "trunk": "provider",
            "numbers": {
                DID: DESK, "911000109": SPA, "911000420": "420", "900123456": DESK,
            },
        },
    }  # fmt: skip
    return made


@dataclass
class House:
    """The site with its people."""

    office: Office
    desk: SipUser
    spa: SipUser

    def comes(self, who: str, number: str = DID, **how: Any) -> str:
        """Somebody calls from outside; returns what went otherwise than expected."""
        return self.office.incoming(number, who, **how).finish()

    def said(self) -> list[str]:
        """The sounds that were played."""
        return re.findall(r"Playing '([\w/-]+)\.", self.office.asterisk.log)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as ends:
        modules = ("app_queue",)
        folder = tmp_path_factory.mktemp("actions")
        office = ends.enter_context(guarded_office(folder, site, RATES, modules, MORE, extra=SOLD))
        people = ends.enter_context(SipEngine())
        server = ("127.0.0.1", office.asterisk.sip_port)
        phones = []
        for extension in (DESK, SPA):
            account = SimAccount(1, extension, extension, secret_of(extension), "pbx.example")
            phone = ends.enter_context(SipUser(people, [account], "Phone", lambda _host: server))
            assert [each.status for each in phone.register()] == [200]
            phones.append(phone)
        yield House(office, *phones)


def test_voicemail(house: House) -> None:
    call = house.office.incoming(DID, caller("voicemail"), talk_ms=700)
    assert call.finish() == ""
    assert "VoiceMail(" in house.office.asterisk.log
    assert any(each.startswith(("vm-", "digits/", "beep")) for each in house.said())


def test_a_queue(house: House) -> None:
    assert house.comes(caller("queue"), cut=True) == ""
    shown = house.office.asterisk.cli("queue show sales")
    assert "C:1" in shown, shown


def test_a_ring_group_rings_all_and_one_answers(house: House) -> None:
    call = house.office.incoming(DID, caller("ring-group"), talk_ms=100)
    at_desk, at_spa = house.desk.wait_call(), house.spa.wait_call()
    assert at_desk is not None
    assert at_spa is not None
    at_spa.answer()
    assert at_desk.wait("ended")
    assert call.finish() == ""


def test_an_announcement_is_said_before_the_call_is_answered(house: House) -> None:
    assert house.comes(caller("announcement"), refused=486) == ""
    assert "hello-world" in house.said()


@pytest.mark.parametrize(("row", "status"), [("busy", 486), ("hang-up", 403)])
def test_calls_that_are_turned_away(house: House, row: str, status: int) -> None:
    assert house.comes(caller(row), refused=status) == ""


def test_the_first_action_whose_time_holds(house: House) -> None:
    """Busy at another time of day; now it rings at the spa."""
    call = house.office.incoming(DID, caller("times"), talk_ms=50)
    ringing = house.spa.wait_call()
    assert ringing is not None
    ringing.answer()
    assert call.finish() == ""
    assert ringing.wait("ended")


def test_a_call_forwarded_outside_is_paid_by_the_account_that_was_called(house: House) -> None:
    assert house.comes(caller("forward"), talk_ms=300) == ""
    assert [number for number, _ in house.office.calls(DESK)] == ["+34611222333"]


def test_white_black_and_what_a_refused_caller_hears(house: House) -> None:
    assert house.comes("+34633000001", refused=486) == ""
    assert house.said()[-1] == "ss-noservice"
    assert house.comes("+34644000000", "911000109", refused=403) == ""
    call = house.office.incoming(DID, "+34633000000", talk_ms=50)
    ringing = house.desk.wait_call()
    assert ringing is not None, "white wins over black"
    ringing.answer()
    assert call.finish() == ""


def test_callers_without_a_number(house: House) -> None:
    """Refused by the house, told why by the spa, sent to reception by the corridor."""
    assert house.comes("anonymous", refused=403) == ""
    assert house.comes("anonymous", "911000109", refused=486) == ""
    assert house.said()[-1] == "privacy-unident"
    call = house.office.incoming("911000420", "anonymous", talk_ms=50)
    ringing = house.desk.wait_call()
    assert ringing is not None
    ringing.answer()
    assert call.finish() == ""


def test_a_hard_block_is_refused_without_an_answer(house: House) -> None:
    first = house.office.incoming("900123456", "+34655000000", talk_ms=50)
    ringing = house.desk.wait_call()
    assert ringing is not None
    ringing.answer()
    assert first.finish() == ""
    with Keypad(OUTSIDE) as keypad:
        again = house.office.incoming(
            "900123456", "+34655000000", refused=403, media_port=keypad.port
        )
        assert again.finish() == ""


@pytest.mark.parametrize(
    ("account", "first", "second", "rule"),
    [
        ("202", "0044201234567", "0044201234567", "calls_day"),
        ("203", "0044201234567", "0044201234567", "calls_month"),
        ("204", "912345678", "912345678", "spend_month"),
        ("205", "912345678", "912345678", "spend_day"),
        ("206", "0044201234567", "0044201234567", "calls_hour"),
    ],
)
def test_limits_that_block(house: House, account: str, first: str, second: str, rule: str) -> None:
    office = house.office
    assert office.call(first, account, talk_ms=1100) == "" or rule.startswith("spend")
    assert len(office.calls(account)) == 1
    assert office.call(second, account, refused=403) == ""
    office.until(lambda: office.blocked(account) == [rule])
    assert office.call("112", account) == ""


def test_too_many_calls_at_once_are_refused_and_nobody_is_blocked(house: House) -> None:
    office = house.office
    first = office.calling("912345678", "201", talk_ms=1500)
    office.until(lambda: office.rows("select 1 from guarded_call where account = '201'"))
    assert office.call("912345678", "201", refused=403) == ""
    assert first.finish() == ""
    assert office.call("912345678", "201", talk_ms=50) == ""
    assert office.blocked("201") == []


def test_closed_destinations_are_refused(house: House) -> None:
    for number in ("0033123456789", "806123456"):
        assert house.office.call(number, SPA, refused=403) == ""
    assert house.office.blocked(SPA) == []
