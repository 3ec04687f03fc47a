"""Guarded calls on a real Asterisk: real callers, a real operator, the guard as a process.

One Asterisk and one guard for all of them; every account has its own limits, so that no test
spends what another needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from provisioner.pbx.ami import AmiClient
from tests.integration.guarded_office import OUTSIDE, Office, guarded_office, secret_of
from tests.integration.servers import DataFolder, small_site
from tests.simulators.asterisk import SKIP_REASON, Asterisk, find_asterisk
from tests.simulators.sipp import SKIP_REASON as NO_SIPP
from tests.simulators.sipp import has_sipp
from tests.simulators.sipp_calls import Keypad

pytestmark = [
    pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON),
    pytest.mark.skipif(not has_sipp(), reason=NO_SIPP),
]

GUEST, SPA, DESK, HALL = "2101", "109", "100", "420"
RATES = "prefix,per_minute,first_s,step_s\n34,0.6,1,1\n44,120,1,1\n33,6,60,60\n"


def guarded_site(port: int) -> dict[str, Any]:
    site = small_site()
    named = {"100": "Reception", "109": "Spa", "2101": "101", "420": "Corridor"}
    site["accounts"] = [
        {"extension": each, "name": name, "secret": secret_of(each)} for each, name in named.items()
    ]
    site["calls"] = {
        "groups": {"spam": ["+34 611 000 000"]},
        "incoming": [{"name": "house", "black": "group:spam", "refusal": "busy"}],
        "actions": [
            {
                "name": "vip",
                "callers": ["+34 622 000 000"],
                "actions": [{"do": "forward", "to": "109", "ring_s": 1}, {"do": "busy"}],
            }
        ],
        "toll_free": {"numbers": ["900123456"], "per_hour": 1, "per_day": 9, "interval_s": 4},
        "limits": {
            "account": {"international_hour": 2, "simultaneous": 3, "spend_day": 1000},
            "room": {"international_hour": None, "spend_day": None, "spend_month": None},
            "accounts": {SPA: {"spend_day": 6, "international_hour": 9}},
        },
        "pbx": {
            "bellwire": {"port": port},
            "trunk": "provider",
            "numbers": {"900123456": "100", "+34911000100": "100"},
        },
    }
    return site


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with guarded_office(tmp_path_factory.mktemp("guarded"), guarded_site, RATES) as made:
        yield made


def test_a_call_is_dialled_as_it_was_decided_and_counted_once(office: Office) -> None:
    assert office.call("912345678", HALL, talk_ms=1100) == ""
    assert office.calls(HALL) == [("+34912345678", pytest.approx(1.1, abs=0.3))]
    (cost,) = office.rows("select cost_micros from guarded_call where account = ?", HALL)[0]
    assert cost == 20_000  # two seconds of 0.60 a minute


def test_international_calls_over_the_limit_are_blocked_and_no_others(office: Office) -> None:
    for number in ("0033123456789", "+33123456788"):
        assert office.call(number, DESK, talk_ms=50) == ""
    assert office.call("0033123456787", DESK, refused=403) == ""
    assert office.call("912345678", DESK, refused=403) == ""
    office.until(lambda: office.blocked(DESK) == ["calls_hour"])
    assert [number for number, _ in office.calls(DESK)] == ["+33123456789", "+33123456788"]
    for number in ("112", "061"):
        assert office.call(number, DESK) == ""
    assert office.call(GUEST, DESK, refused=480) == ""  # inside the house; no phone is there
    keys = office.rows("select key, rule from incident where closed_at is null")
    assert keys == [("calls account 100", "K2")]
    done = office.folder.run("calls", "unblock", "100", "--site", "casa")
    assert done.exit_code == 0, done.output
    assert office.blocked(DESK) == []
    assert office.rows("select ending from incident") == [("recovered",)]
    audited = office.folder.rows("select action, target from audit where action like 'calls%'")
    assert ("calls-unblock", "casa account 100") in audited


def test_two_calls_share_a_purse_and_are_cut_together(office: Office) -> None:
    """6.00 at 2.00 a second: three seconds alone, less for two."""
    first = office.calling("0044201234567", SPA, cut=True)
    office.until(lambda: office.rows("select 1 from guarded_call where account = ?", SPA))
    assert office.call("0044201234568", SPA, cut=True) == ""
    assert first.finish() == ""
    assert len(office.calls(SPA)) == 2
    office.call("0044201234567", SPA, cut=True)  # there may be one more second in the purse
    office.calls(SPA)
    (spent,) = office.rows("select sum(cost_micros) from guarded_call where account = ?", SPA)[0]
    assert spent <= 6_000_000
    assert office.call("0044201234567", SPA, refused=403) == ""
    office.until(lambda: office.blocked(SPA) == ["spend_day"])


def test_a_call_that_is_handed_on_is_still_counted_and_who_handed_it_on_pays(
    office: Office,
) -> None:
    """A phone calls out and sends the other side to another number outside."""
    before = len(office.calls(HALL))
    call = office.calling("912345678", HALL, cut=True)
    running = (
        "select number, ended_s from guarded_call where answered_s is not null and account = ?"
    )
    office.until(lambda: len(office.rows(running, HALL)) > before)
    channels = re.findall(r"(?m)^PJSIP/420-\w+", office.asterisk.cli("core show channels concise"))
    with AmiClient.connect(
        "127.0.0.1", office.asterisk.ami_port, office.asterisk.ami_user, office.asterisk.ami_secret
    ) as manager:
        manager.action(
            "BlindTransfer", Channel=channels[0], Exten="600123456", Context="bw-casa-staff"
        )
        assert call.finish() == ""
        office.until(lambda: len(office.rows(running, HALL)) > before + 1)
        both = office.rows(running, HALL)[before:]
        assert both == [("+34912345678", None), ("+34600123456", None)]
        legs = re.findall(
            r"(?m)^PJSIP/provider-\w+", office.asterisk.cli("core show channels concise")
        )
        manager.action("Hangup", Channel=legs[0])
    ended = "select count(*) from guarded_call where account = ? and ended_s is not null"
    office.until(lambda: office.rows(ended, HALL) == [(before + 2,)])
    assert len(office.calls(HALL)) == before + 2


def test_callers_of_lists_and_with_actions(office: Office) -> None:
    assert office.incoming("911000100", "611000000", refused=486).finish() == ""
    assert office.incoming("+34911000100", "+34622000000", refused=486).finish() == ""
    assert office.incoming("+34911000100", "+34633000000", refused=480).finish() == ""


SAID = re.compile(r"BW_VOICE=vm-press&digits/(\d)&digits/(\d)")
READ = re.compile(r"bw-casa-code:\d+\] Read\(")


def test_who_calls_too_often_must_key_a_code(office: Office) -> None:
    """Three callers at the same time: one keys right, one wrong, one nothing."""
    callers = ("+34644000001", "+34644000002", "+34644000003")
    with ExitStack() as ends:
        calls, keypads, codes = [], [], []
        for number, caller in enumerate(callers, start=1):
            assert office.incoming("900123456", caller, refused=480).finish() == ""
            keypad = ends.enter_context(Keypad(OUTSIDE))
            call = office.incoming("900123456", caller, media_port=keypad.port, cut=True)
            calls.append(ends.enter_context(call))
            keypads.append(keypad)
            office.until(lambda n=number: len(SAID.findall(office.asterisk.log)) == n)
            codes.append("".join(SAID.findall(office.asterisk.log)[-1]))
        for number, keys in enumerate((codes[0], wrong(codes[1])), start=1):
            office.until(lambda n=number: len(READ.findall(office.asterisk.log)) >= n)
            keypads[number - 1].press(keys)
        assert [call.finish() for call in calls] == ["", "", ""]
    query = "select caller, level from toll_free_listed order by caller"
    expected = list(zip(callers, (1, 2, 2), strict=True))
    office.until(lambda: office.rows(query) == expected)


def wrong(code: str) -> str:
    return str((int(code) + 1) % 100).zfill(2)


def test_other_shapes_of_sites_load_without_a_warning(tmp_path: Path) -> None:
    """No trunk, no reception, a digit for a line, every action; two sites on one Asterisk."""
    actions = [
        {"do": "announcement", "to": "hello-world"},
        {"do": "ring_group", "to": "desk"},
        {"do": "queue", "to": "sales"},
        {"do": "voicemail"},
    ]
    bar = {
        **small_site(site_id="bar"),
        "country": "RU",
        "numbers": {},
        "accounts": [],
        "rooms": [{"id": "bar", "template": "office", "extension": "500", "phones": {}}],
        "calls": {
            "numbering": {"outside": "9"},
            "extension_groups": {"desk": ["500"]},
            "actions": [{"name": "all", "callers": ["any"], "actions": actions}],
            "pbx": {"without_bellwire": {"international": "allow", "incoming": "refuse"}},
        },
    }
    folder = DataFolder(tmp_path / "data")
    folder.apply(bar, options=("--no-render",))
    folder.apply({**guarded_site(4573), "id": "casa"}, options=("--no-render",))
    parts: dict[str, str] = {}
    for site in ("bar", "casa"):
        out = tmp_path / site
        assert folder.run("pbx", "asterisk", site, "--out", str(out)).exit_code == 0
        for file in out.iterdir():
            if "global" not in file.name or site == "bar":
                parts[file.name] = parts.get(file.name, "") + f'#include "{file}"\n'
    for name, text in parts.items():
        (tmp_path / name).write_text(text)
    with Asterisk(tmp_path, extra_modules=("res_speech", "res_agi")) as asterisk:
        assert asterisk.warnings() == []
        for context in ("bar-outgoing", "bar-incoming", "casa-call", "casa-code"):
            assert f"'bw-{context}'" in asterisk.cli(f"dialplan show bw-{context}")


def test_a_dead_guard_lets_help_and_the_house_through_and_loses_no_call(office: Office) -> None:
    call = office.calling("912345678", GUEST, talk_ms=1500)
    office.until(lambda: office.rows("select 1 from guarded_call where account = ?", GUEST))
    office.kill_guard()
    assert call.finish() == ""
    for number in ("112", "061"):
        assert office.call(number, GUEST) == ""
    assert office.call(DESK, GUEST, refused=480) == ""
    assert office.call("0033123456789", GUEST, refused=403) == ""
    assert office.call("806123456", GUEST, refused=403) == ""
    assert office.call("600123456", GUEST, talk_ms=50) == ""
    office.start_guard()
    calls = office.calls(GUEST)
    assert [number for number, _ in calls] == ["+34912345678", "+34600123456"]
    assert calls[0][1] == pytest.approx(1.5, abs=0.4)
