"""Guarded calls in the dial plan: numbers, contexts, and what a PBX dials by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from provisioner.catalogue.loader import shipped_folder
from provisioner.inventory.calls import CallPbx, WithoutBellwire
from provisioner.inventory.calls_shape import FileCalls
from provisioner.inventory.records import Account, Site
from provisioner.numbering.plan import Plan
from provisioner.pbx.asterisk import export
from provisioner.pbx.call_fallback import fallback, posix
from provisioner.pbx.call_plan import Alias, RingGroup
from provisioner.pbx.dial_plan import DialPlan, dial_plan
from provisioner.pbx.endpoints import endpoints
from provisioner.pbx.site import PbxSite

NUMBERS = {"reception": "100", "emergency": "112", "wake_up": "*55", "spa": "7777"}


def office(calls: dict[str, Any] | None, *extensions: str, **site: Any) -> PbxSite:
    written = None if calls is None else FileCalls.model_validate(calls).record()
    made = Site(
        "aurora", "Aurora", **{"country": "ES", "numbers": NUMBERS, "calls": written, **site}
    )
    known = extensions or ("100", "110", "111", "2214")
    accounts = tuple(Account("aurora", each, each, SecretStr(f"secret-{each}")) for each in known)
    return PbxSite(made, accounts)


def plan_of(pbx: PbxSite) -> DialPlan:
    return dial_plan(pbx, endpoints(pbx))


def dial_plan_text(pbx: PbxSite) -> str:
    files = {file.name: file.text for file in export(pbx, shipped_folder())}
    return files["extensions_bellwire.conf"]


def test_without_the_part_nothing_changes() -> None:
    pbx = office(None)
    assert plan_of(pbx).calls is None
    assert plan_of(pbx).emergency == ("112",)
    text = dial_plan_text(pbx)
    assert "AGI(" not in text
    assert "-outgoing" not in text


def test_every_emergency_number_is_in_the_dial_plan_itself() -> None:
    """So that no answer of bellwire is needed for a call for help."""
    plan = plan_of(office({"numbering": {"outside": "0", "emergency": ["7112"]}}))
    assert {"112", "061", "062", "080", "085", "092", "7112"} <= set(plan.emergency)
    assert plan.calls is not None
    aliases = set(plan.calls.emergency_aliases)
    assert {Alias("0112", "112"), Alias("+34112", "112"), Alias("0061", "061")} <= aliases


def test_an_extension_that_looks_like_an_emergency_number_stays_one() -> None:
    plan = plan_of(office({}, "100", "061"))
    assert "061" not in plan.emergency
    assert plan.calls is not None
    assert Alias("+34061", "061") not in plan.calls.emergency_aliases


def test_codes_numbers_and_groups() -> None:
    calls = {
        "extension_groups": {"desk": "110-111, 100", "unused": "2214"},
        "actions": [
            {
                "name": "vip",
                "callers": ["any"],
                "actions": [
                    {"do": "ring_group", "to": "desk"},
                    {"do": "ring_group", "to": "nobody"},
                ],
            }
        ],
        "pbx": {"trunk": "provider", "numbers": {"+34 911 22 33 44": "2214"}},
    }
    made = plan_of(office(calls)).calls
    assert made is not None
    assert made.own_codes == ("7777",)
    assert made.groups == (RingGroup("desk", ("100", "110", "111")),)
    assert {alias.means for alias in made.numbers} == {"2214"}
    assert {"+34911223344", "34911223344", "911223344"} <= {a.dialled for a in made.numbers}
    assert any("ring group nobody" in remark for remark in made.remarks)


@pytest.mark.parametrize(("languages", "voice"), [(("es", "en"), "es"), (("fr", "ru"), "ru"),
                                                  (("fr",), "en")])  # fmt: skip
def test_prompts_are_spoken_in_a_language_asterisk_has(
    languages: tuple[str, ...], voice: str
) -> None:
    made = plan_of(office({}, languages=languages)).calls
    assert made is not None
    assert made.voice == voice


def test_guests_and_staff_are_asked_about_and_doors_call_nobody() -> None:
    text = dial_plan_text(office({"pbx": {"trunk": "provider"}}))
    found = re.findall(r"(?ms)^\[([^\]]+)\]\n(.*?)(?=^\[|\Z)", text)
    contexts = dict(found)
    assert len(contexts) == len(found)
    for use in ("guests", "staff"):
        included = re.findall(r"include = (\S+)", contexts[f"bw-aurora-{use}"])
        assert included[0] == "bw-aurora-emergency"
        assert included[-2:] == ["bw-aurora-outgoing", f"bw-aurora-{use}-out"]
    assert "outgoing" not in contexts["bw-aurora-door"]
    assert "include = bw-aurora-emergency-more" in contexts["bw-aurora-emergency"]
    assert "PJSIP/${BW_TO}@provider" in contexts["bw-aurora-call"]
    assert "TIMEOUT" not in contexts["bw-aurora-emergency"]
    for name in set(re.findall(r"(?:Goto|Gosub)\((bw-aurora-[a-z-]+)", text)):
        assert name in contexts, name


def test_a_call_that_is_over_is_no_call_to_an_account_named_h() -> None:
    """Asterisk goes on at ``h`` when a call ends, and a pattern of letters would fit it."""
    text = dial_plan_text(office({"pbx": {"trunk": "provider"}}))
    for context, lines in re.findall(r"(?ms)^\[([^\]]+)\]\n(.*?)(?=^\[|\Z)", text):
        if re.search(r"exten = _\S*A-Za-z", lines):
            assert {"h", "T", "e"} <= set(re.findall(r"exten = (\w+),1,", lines)), context


def test_guests_may_be_kept_inside() -> None:
    text = dial_plan_text(office({"pbx": {"outgoing": ["staff"]}}))
    assert text.count("include = bw-aurora-outgoing") == 1


def test_without_a_trunk_calls_leave_by_a_context_of_the_owner() -> None:
    pbx = office({})
    assert "Local/${BW_TO}@bw-aurora-line/n" in dial_plan_text(pbx)
    assert any("[bw-aurora-line]" in remark for remark in plan_of(pbx).remarks)


def test_no_line_is_cut_by_a_comment() -> None:
    """Asterisk ends a line at a semicolon."""
    text = dial_plan_text(office({"pbx": {"trunk": "provider"}}))
    for line in text.splitlines():
        if line.startswith(("exten", " same")):
            assert not re.search(r"(?<!\\);", line), line


ALLOWED = CallPbx()
ALL = CallPbx(without_bellwire=WithoutBellwire("allow", "allow"))


def alone(plan: Plan, keyed: str, pbx: CallPbx = ALLOWED) -> str:
    """What the generated dial plan would dial by itself; empty: nothing."""
    rules = fallback(plan, pbx)
    if any(re.search(pattern, keyed) for pattern in rules.never):
        return ""
    found = next((each for each in rules.alone if re.search(each.fits, keyed)), None)
    if found is None or (found.also and not re.search(found.also, keyed)):
        return ""
    return f"+{found.before}{keyed[found.skip :]}"


@pytest.mark.parametrize(
    ("plan", "keyed", "dialled"),
    [
        (Plan("ES"), "912345678", "+34912345678"),
        (Plan("ES"), "+34600123456", "+34600123456"),
        (Plan("ES"), "806123456", ""),
        (Plan("ES"), "+34806123456", ""),
        (Plan("ES"), "0044201234567", ""),
        (Plan("ES"), "+442012345678", ""),
        (Plan("ES", outside="0"), "0912345678", "+34912345678"),
        (Plan("ES", outside="0"), "912345678", ""),
        (Plan("ES", outside="0"), "00044201234567", ""),
        (Plan("RU"), "89123456789", "+79123456789"),
        (Plan("RU"), "9123456789", "+79123456789"),
        (Plan("RU"), "+79123456789", "+79123456789"),
        (Plan("RU"), "87012345678", ""),  # Kazakhstan
        (Plan("RU"), "+77012345678", ""),
        (Plan("US"), "12125551234", "+12125551234"),
        (Plan("US"), "2125551234", "+12125551234"),
        (Plan("US"), "18765551234", ""),  # Jamaica
        (Plan("US"), "8765551234", ""),
        (Plan("US"), "19005551234", ""),
        (Plan("US"), "011442012345678", ""),
        (Plan("GB"), "02079460123", "+442079460123"),
        (Plan("GB"), "09012345678", ""),
        (Plan("DE"), "030123456", "+4930123456"),
        (Plan("DE"), "09001234567", ""),
        (Plan("DE"), "004420123456", ""),
        (Plan("ES"), "12", ""),
    ],
)
def test_what_a_pbx_dials_while_bellwire_is_silent(plan: Plan, keyed: str, dialled: str) -> None:
    assert alone(plan, keyed) == dialled


def test_international_calls_go_only_where_the_site_says_so() -> None:
    plan = Plan("ES", outside="0")
    assert alone(plan, "00044201234567", ALL) == "+44201234567"
    assert alone(plan, "+44201234567", ALL) == "+44201234567"
    nothing = CallPbx(without_bellwire=WithoutBellwire("refuse", "refuse"))
    assert alone(plan, "0912345678", nothing) == ""


@pytest.mark.parametrize(("form", "plus"), [("e164", "+"), ("digits", ""), ("double-zero", "00")])
def test_the_form_of_numbers_is_that_of_the_operator(form: Any, plus: str) -> None:
    assert fallback(Plan("ES"), replace(ALLOWED, dial_as=form)).plus == plus


def test_patterns_are_written_as_posix_reads_them() -> None:
    assert posix(r"8(?:0[367]|9\d)\d{6}") == "8(0[367]|9[0-9])[0-9]{6}"
    assert posix(r"(?!9)\d+") == ""
    for country in ("ES", "RU", "US", "GB", "DE", "FR", "IT", "KZ", "CA"):
        rules = fallback(Plan(country), ALL)
        assert rules.alone
        for pattern in (*rules.never, *(each.fits for each in rules.alone)):
            assert not re.search(r"\\|\(\?", pattern)
