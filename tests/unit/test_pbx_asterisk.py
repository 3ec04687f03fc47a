"""What a site becomes on an Asterisk: objects, numbers, refusals. No Asterisk is needed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from provisioner.catalogue.loader import load, shipped_folder
from provisioner.catalogue.models import Kind
from provisioner.errors import InventoryError, UnknownThingError
from provisioner.inventory.records import Account, Handset, Inventory, Phone, Room, Site
from provisioner.mac import MacAddress
from provisioner.pbx.asterisk import FILES, export, remarks
from provisioner.pbx.asterisk_syntax import box_name, dialled, extension, name
from provisioner.pbx.dial_plan import DialPlan, dial_plan
from provisioner.pbx.endpoints import Use, endpoints, use_of
from provisioner.pbx.site import PbxPhone, PbxSite, pbx_site, voicemail_pin
from provisioner.settings import PhoneSettings

SITE = Site(
    id="aurora",
    name="Hotel Aurora",
    networks=(ip_network("10.20.0.0/16"), ip_network("fd00:20::/64")),
    numbers={"reception": "100", "emergency": "112", "voicemail": "*98", "wake_up": "*55", "spa": "109"},
)  # fmt: skip
NASTY = '214" <999>;[general]'


def account(number: str, label: str = "", *, secret: str = "", voicemail: bool = False) -> Account:
    return Account(SITE.id, number, label, SecretStr(secret or f"secret-of-{number}"), voicemail)


def phone(
    number: int, *accounts: str, room: str = "214", kind: Kind = Kind.DESK, preset: str = "office",
    **sections: object,
) -> PbxPhone:  # fmt: skip
    settings = PhoneSettings.model_validate(sections)
    return PbxPhone(
        MacAddress(f"0c383e{number:06x}"), kind, accounts, room, "desk", preset, settings
    )


def site(*accounts: Account, phones: tuple[PbxPhone, ...] = (), of: Site = SITE) -> PbxSite:
    pins = {a.extension: voicemail_pin(a.secret) for a in accounts if a.voicemail and a.secret}
    return PbxSite(of, accounts, phones, pins)


HOTEL = site(
    account("100", "Reception", voicemail=True),
    account("2214", NASTY, voicemail=True),
    account("2900", "Door"),
    phones=(
        phone(1, "100", room="Reception", preset="reception"),
        phone(2, "2214", room=NASTY, kind=Kind.HOTEL, access={"menu_locked": True}),
        phone(3, "2214", room=NASTY, kind=Kind.HOTEL, access={"menu_locked": True}),
        phone(4, "2900", room="Door", kind=Kind.DOOR_STATION, door={"call": "100"}),
    ),
)


def files(pbx: PbxSite = HOTEL) -> dict[str, str]:
    return {
        file.name.removesuffix("_bellwire.conf"): file.text
        for file in export(pbx, shipped_folder())
    }


def sections(text: str) -> list[tuple[str, list[str]]]:
    """Read a file roughly as Asterisk does: headers, and lines without comments."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        bare = re.sub(r"(?<!\\);.*", "", line).strip()
        header = re.match(r"\[([^\]]*)\]", bare)
        if header:
            found.append((header[1], []))
        elif bare:
            found[-1][1].append(bare)
    return found


def context(pbx: PbxSite, suffix: str) -> list[str]:
    return dict(sections(files(pbx)["extensions"]))[f"bw-{pbx.site.id}-{suffix}"]


def plan_of(pbx: PbxSite) -> DialPlan:
    return dial_plan(pbx, endpoints(pbx))


def test_five_files_always_in_the_same_order() -> None:
    assert tuple(file.name for file in export(HOTEL, shipped_folder())) == FILES


def test_same_site_same_bytes() -> None:
    assert files() == files()


@pytest.mark.parametrize(
    "name_of_file", ["pjsip_global", "pjsip", "acl", "extensions", "voicemail"]
)
def test_no_name_opens_a_section(name_of_file: str) -> None:
    for header, _ in sections(files()[name_of_file]):
        assert re.fullmatch(r"(bw-[a-z-]+|global|100|2214|2900|)", header)


def test_every_reference_between_objects_holds() -> None:
    """Asterisk does not warn of an auth or aor that is not there, so the generator is checked."""
    text = files()["pjsip"]
    made = Counter(re.findall(r"(?m)^\[(\S+?)\]\(bw-aurora-(guests|staff|door|auth|aor)\)", text))
    assert set(made.values()) == {1}, "two objects of a type with one name drop the whole type"
    assert {e for e, kind in made if kind == "auth"} == set(re.findall(r"(?m)^auth = (\S+)$", text))
    assert {e for e, kind in made if kind == "aor"} == set(re.findall(r"(?m)^aors = (\S+)$", text))
    boxes = set(re.findall(r"(?m)^(\d+) => ", files()["voicemail"]))
    assert set(re.findall(r"(?m)^mailboxes = (\d+)@bw-aurora$", text)) == boxes == {"100", "2214"}


def test_every_context_that_is_named_is_there() -> None:
    text = files()["extensions"]
    there = set(re.findall(r"(?m)^\[(\S+)\]$", text))
    jumps = re.findall(r"(?:Gosub|Goto)\((bw-[a-z-]+),|\?(bw-aurora[a-z-]*),|include = (\S+)", text)
    assert {one for jump in jumps for one in jump if one} <= there
    assert set(re.findall(r"(?:subscribe_)?context = (\S+)", files()["pjsip"])) <= there


def test_no_context_has_an_extension_twice() -> None:
    for header, lines in sections(files()["extensions"]):
        starts = [x.split("=", 1)[1].split(",")[0].strip() for x in lines if x.startswith("exten")]
        assert len(starts) == len(set(starts)), header


def test_contacts_are_the_phones_and_one_spare() -> None:
    made = {e.extension: e.contacts for e in endpoints(HOTEL)}
    assert made == {"100": 2, "2214": 3, "2900": 2}


@pytest.mark.parametrize(
    ("given_phone", "expected"),
    [
        (phone(1), Use.STAFF),
        (phone(1, access={"menu_locked": True}), Use.GUESTS),
        (phone(1, kind=Kind.PAGING), Use.GUESTS),
        (phone(1, kind=Kind.DOOR_STATION), Use.DOOR),
        (phone(1, kind=Kind.INTERCOM), Use.STAFF),
        (phone(1, kind=Kind.INTERCOM, door={"call": "100"}), Use.DOOR),
        (phone(1, door={"call": "100"}), Use.STAFF),
    ],
)
def test_what_a_phone_may_do(given_phone: PbxPhone, expected: Use) -> None:
    assert use_of(given_phone) is expected


def test_an_account_on_several_phones_may_do_what_the_strictest_may() -> None:
    shared = (
        phone(1, "100"), phone(2, "100", "101", access={"menu_locked": True}),
        phone(3, "101", kind=Kind.DOOR_STATION),
    )  # fmt: skip
    made = endpoints(site(account("100"), account("101"), account("102"), phones=shared))
    assert [e.use for e in made] == [Use.GUESTS, Use.DOOR, Use.STAFF]


def test_phone_settings_reach_the_endpoint() -> None:
    one = phone(
        1, "100", sip={"dtmf": "inband", "srtp": "required"}, audio={"codecs": ["opus", "pcmu"]}
    )
    text = files(site(account("100"), account("101"), account("102"), phones=(one,)))["pjsip"]
    own = text[text.index("[100](bw-aurora-staff)") : text.index("[100](bw-aurora-auth)")]
    assert "dtmf_mode = inband\n" in own
    assert "media_encryption = sdes\nmedia_encryption_optimistic = no\n" in own
    assert "allow = !all,opus,ulaw\n" in own


def test_without_networks_there_is_no_acl_and_the_files_say_so() -> None:
    made = files(replace(HOTEL, site=replace(SITE, networks=())))
    assert "names no networks" in made["acl"]
    assert not re.search(r"(?m)^(\[|deny|permit)", made["acl"])
    assert not re.search(r"(?m)^(contact_)?acl = ", made["pjsip"])
    assert "names no networks" in made["pjsip"]


def test_the_acl_permits_the_networks_alone() -> None:
    assert sections(files()["acl"])[1] == (
        "bw-aurora",
        ["deny = 0.0.0.0/0", "deny = ::/0", "permit = 10.20.0.0/16", "permit = fd00:20::/64"],
    )


def test_what_differs_between_sites_is_not_in_the_global_file() -> None:
    other = site(account("500"), of=replace(SITE, id="villa"))
    assert files()["pjsip_global"] == files(other)["pjsip_global"]
    headers = {
        h
        for name in ("pjsip", "extensions", "voicemail", "acl")
        for h, _ in sections(files()[name])
    }
    others = {
        h
        for name in ("pjsip", "extensions", "voicemail", "acl")
        for h, _ in sections(files(other)[name])
    }
    assert headers & others == {""}


def test_a_door_station_calls_its_number_and_emergency_alone() -> None:
    lines = context(HOTEL, "door")
    assert lines[0] == "include = bw-aurora-emergency"
    assert [x for x in lines if x.startswith(("include", "exten"))][1:] == [
        "exten = 100,1,Gosub(bw-aurora-find,s,1(100))"
    ]
    assert not any("Answer" in x for x in lines)


def test_guests_have_no_pickup_no_door_and_no_hints() -> None:
    assert context(HOTEL, "guests") == [
        f"include = bw-aurora-{part}"
        for part in ("emergency", "accounts", "messages", "guests-out")
    ]
    assert context(HOTEL, "no-hints") == []


def test_hints_for_every_account() -> None:
    assert context(HOTEL, "hints") == [
        f"exten = {n},hint,PJSIP/{n}" for n in ("100", "2214", "2900")
    ]


def test_numbers_of_the_site() -> None:
    plan = plan_of(HOTEL)
    assert (plan.emergency, plan.voicemail, plan.reception) == (("112",), ("*98",), "100")
    assert [p.dialled for p in plan.pickups] == ["*8100", "*82214", "*82900"]
    assert [r.split(":")[0] for r in plan.remarks] == ["number spa = 109", "number wake_up = *55"]
    assert "; Note: number wake_up = *55" in files()["extensions"]


def test_voicemail_number_when_none_is_named() -> None:
    unnamed = replace(SITE, numbers={})
    assert plan_of(site(account("1", voicemail=True), of=unnamed)).voicemail == ("*97",)
    assert plan_of(site(account("1"), of=unnamed)).voicemail == ()


def test_emergency_numbers_of_site_and_phones_come_together() -> None:
    one = phone(1, "100", emergency={"numbers": ["112", "061"]})
    assert plan_of(site(account("100"), phones=(one,))).emergency == ("112", "061")
    assert plan_of(site(of=replace(SITE, numbers={}))).emergency == ("112",)


def test_an_emergency_number_that_is_an_account_rings_there_from_the_door_too() -> None:
    inside = replace(HOTEL, site=replace(SITE, numbers={"emergency": "2214", "reception": "100"}))
    plan = plan_of(inside)
    assert "2214" in plan.door_calls
    assert "2214" not in plan.emergency
    assert any("emergency number 2214 is an account" in remark for remark in plan.remarks)


def test_without_reception_the_desk_answers_and_without_a_desk_a_remark_says_so() -> None:
    unnamed = replace(SITE, numbers={})
    assert plan_of(replace(HOTEL, site=unnamed)).reception == "100"
    alone = site(account("2214"), of=unnamed)
    assert plan_of(alone).reception == ""
    assert any("no reception" in remark for remark in remarks(alone))
    assert "Dial(" not in "".join(context(alone, "help"))


def test_a_door_call_to_no_account_is_left_out_with_a_remark() -> None:
    door = phone(4, "2900", kind=Kind.DOOR_STATION, door={"call": "555"})
    pbx = site(account("2900"), phones=(door,))
    assert plan_of(pbx).door_calls == ()
    assert any("a door station calls 555" in remark for remark in remarks(pbx))


def test_a_pickup_number_never_takes_an_accounts_own() -> None:
    pbx = site(account("100"), account("8100"), phones=(phone(1, "100", sip={"pickup_code": "8"}),))
    assert [p.dialled for p in plan_of(pbx).pickups] == ["88100"]


@pytest.mark.parametrize(
    "wrong",
    ["_X.", "1,2", "1)", "${EXTEN}", "a b", "1;2", "1\n2", "", "h", "s", "i", "9" * 65, "١٢"],
)
def test_a_number_that_is_a_pattern_or_worse_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(InventoryError, match=re.escape(repr(wrong))):
        dialled(wrong)
    with pytest.raises(InventoryError, match=re.escape(repr(wrong))):
        extension(wrong)


@pytest.mark.parametrize("numbers", [{"emergency": "_X."}, {"voicemail": "1,2"}])
def test_a_site_number_that_cannot_be_dialled_stops_the_export(numbers: dict[str, str]) -> None:
    with pytest.raises(InventoryError, match=re.escape(repr(*numbers.values()))):
        export(replace(HOTEL, site=replace(SITE, numbers=numbers)), shipped_folder())


@pytest.mark.parametrize("wrong", ["bw-notify", "*8", "#1", "_1", "-1"])
def test_an_extension_that_is_no_account_name_is_refused(wrong: str) -> None:
    with pytest.raises(InventoryError, match=re.escape(repr(wrong))):
        endpoints(site(account(wrong)))


@pytest.mark.parametrize("pair", [("100", "100"), ("2214", "22-14"), ("Bar", "bar")])
def test_two_extensions_that_are_one_to_asterisk_are_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(InventoryError, match="are one to Asterisk"):
        endpoints(site(*map(account, pair)))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InventoryError, match="'100' has no secret"):
        endpoints(PbxSite(SITE, (Account(SITE.id, "100"),)))
    with pytest.raises(InventoryError, match="there is no account '7'"):
        endpoints(site(account("100"), phones=(phone(1, "7"),)))
    with pytest.raises(InventoryError, match="site id"):
        export(site(of=replace(SITE, id="a]b")), shipped_folder())


@pytest.mark.parametrize("pin", ["", "12", "12a4", "1234,x", "١٢٣٤"])
def test_a_voicemail_pin_is_digits(pin: str) -> None:
    with pytest.raises(InventoryError, match="PIN of '100'"):
        export(PbxSite(SITE, (account("100", voicemail=True),), (), {"100": pin}), shipped_folder())


def test_a_control_character_is_refused_and_a_secret_is_not_told() -> None:
    for bad in (account("100", "a\nb"), account("100", secret="hush\n[general]")):
        with pytest.raises(
            InventoryError, match=r"pjsip_bellwire\.conf: control character"
        ) as caught:
            export(site(bad), shipped_folder())
        assert "hush" not in str(caught.value)


def test_names_lose_what_would_end_a_caller_id_or_a_field() -> None:
    assert name(' 214" <999>\\ ') == "214' (999)/"
    assert box_name("Suite, x@y.z,, more") == "Suite x@y.z more"
    assert '\ncallerid = "214\' (999)\\;[general]" <2214>\n' in files()["pjsip"]
    assert "\nset_var = BW_ROOM=214' (999)\\;[general]\n" in files()["pjsip"]
    assert (
        f"\n2214 => {HOTEL.voicemail_pins['2214']},214' (999)\\;[general]\n" in files()["voicemail"]
    )


plain_text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)


@given(label=plain_text, room=plain_text, secret=plain_text.filter(lambda s: s == s.strip() and s))
def test_no_name_or_secret_changes_what_the_files_say(label: str, room: str, secret: str) -> None:
    def shape(a: str, b: str, c: str) -> dict[str, list[tuple[str, int]]]:
        pbx = site(account("100", a, secret=c, voicemail=True), phones=(phone(1, "100", room=b),))
        pbx = replace(pbx, site=replace(SITE, name=a), voicemail_pins={"100": "1234"})
        return {n: [(h, len(x)) for h, x in sections(t)] for n, t in files(pbx).items()}

    assert shape(label, room, secret) == shape("plain", "plain", "plain")


def test_a_pin_is_six_digits_that_belong_to_the_secret() -> None:
    pins = [voicemail_pin(SecretStr(s)) for s in ("one", "one", "two")]
    assert pins[0] == pins[1] != pins[2]
    assert all(re.fullmatch(r"\d{6}", pin) for pin in pins)


def inventory() -> Inventory:
    catalogue = load()
    base = next(m for m in catalogue.models.values() if m.dect is not None)
    desk = next(m for m in catalogue.models.values() if m.kind is Kind.DESK)
    rooms = (Room(SITE.id, "214", name="Suite 214"), Room(SITE.id, "laundry"), Room("villa", "214"))
    handsets = (Handset(1, "Maria", "301"), Handset(2, "Luis", "302"))
    phones = (
        Phone(SITE.id, "laundry", "base", MacAddress("0c383e000009"), base.id, "dect-base", handsets=handsets),
        Phone(SITE.id, "214", "bedside", MacAddress("0c383e000001"), desk.id, "guest-room", ("2214",)),
        Phone("villa", "214", "bedside", MacAddress("0c383e000003"), desk.id, "guest-room", ("2214",)),
    )  # fmt: skip
    everyone = (*(account(n, voicemail=n == "301") for n in ("2214", "302", "301", "100")),)
    villa = Account("villa", "2214", "Elsewhere", SecretStr("x"))
    return Inventory((SITE, replace(SITE, id="villa")), rooms, (*everyone, villa), phones)


def test_pbx_site_takes_one_site_and_its_handsets() -> None:
    made = pbx_site(load(), inventory(), SITE.id)
    assert [a.extension for a in made.accounts] == ["100", "301", "302", "2214"]
    assert [(p.room, p.position, p.accounts) for p in made.phones] == [
        ("Suite 214", "bedside", ("2214",)), ("laundry", "base", ("301", "302")),
    ]  # fmt: skip
    assert made.phones[1].kind is Kind.DECT_BASE
    assert made.phones[0].settings.access.menu_locked
    assert made.voicemail_pins == {"301": voicemail_pin(SecretStr("secret-of-301"))}
    assert [e.use for e in endpoints(made)] == [Use.STAFF, Use.STAFF, Use.STAFF, Use.GUESTS]


def test_pbx_site_names_what_it_does_not_know() -> None:
    whole = inventory()
    with pytest.raises(UnknownThingError, match="no site 'nowhere'"):
        pbx_site(load(), whole, "nowhere")
    with pytest.raises(UnknownThingError, match="no room '214'"):
        pbx_site(load(), replace(whole, rooms=()), SITE.id)
    odd = replace(whole.phones[1], preset="no-such")
    with pytest.raises(UnknownThingError, match="no preset 'no-such'"):
        pbx_site(load(), replace(whole, phones=(odd,)), SITE.id)
