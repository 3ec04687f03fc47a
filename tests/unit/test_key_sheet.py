"""Key sheets: every key once, in the guest's languages, and never a secret."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Kind as ModelKind
from provisioner.catalogue.presets import PresetKey
from provisioner.inventory.records import Accessory, Account
from provisioner.key_sheet import KeySheet, key_sheet
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from provisioner.phone_secrets import PhoneSecrets
from provisioner.room_card import room_card
from provisioner.setting_values import FORBIDDEN_CONTROL
from provisioner.settings import PhoneSettings
from tests.kits import SECRETS, TOKEN, make_kit, with_site
from web.labels.cards import card_pages
from web.labels.packing import PAPERS, pack
from web.labels.page import Page, Printout, write
from web.labels.pieces import Kind, Wish, pieces
from web.labels.words import Words

CATALOGUE = load()
LANGUAGES = ("es", "en", "ru")
MODELS = [m for m in CATALOGUE.models.values() if m.dialects]
A4 = PAPERS["a4"]
KNOWN_SECRETS = [
    TOKEN, "Secret-of-", SECRETS.admin_password.get_secret_value(),
    SECRETS.user_password.get_secret_value(), SECRETS.menu_pin.get_secret_value(),
]  # fmt: skip


def sheet_of(kit: PhoneKit, *languages: str) -> KeySheet:
    return key_sheet(CATALOGUE, kit, languages or LANGUAGES)


def printed(*sheets: KeySheet, **wish: object) -> Page:
    """Everything that can be printed of these sheets, on one page."""
    words = Words(sheets[0].languages)
    wanted = Wish(A4, **{"kinds": frozenset(Kind), **wish})  # type: ignore[arg-type]
    found = [p for sheet in sheets for p in pieces(CATALOGUE, sheet, wanted, words)]
    cards = card_pages(room_card(sheets), A4, words)
    return write(Printout("Hotel", A4, words, pack(found, A4), cards))


class _Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def read(page: Page) -> _Texts:
    parser = _Texts()
    parser.feed(page.html)
    parser.close()
    return parser


def labels(sheet: KeySheet) -> dict[str, list[tuple[str, str]]]:
    return {k.slot: [(t.language, t.text) for t in k.labels] for k in sheet.used}


def own(sheet: KeySheet, value: str) -> list[str]:
    """Labels of the key with that number."""
    return [t.text for k in sheet.used if k.value == value for t in k.wordings]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.id)
def test_every_key_of_every_model_and_preset_is_on_its_sheet_once(model) -> None:
    for preset in CATALOGUE.presets_for(model):
        handsets = min(3, model.dect.handsets) if model.dect else 0
        kit = make_kit(model.id, preset.id, handsets=handsets)
        sheet = sheet_of(kit)
        assert [k.slot for k in sheet.keys] == [p.slot.id for p in kit.plan.slots]
        used = {p.slot.id: p.key.type for p in kit.plan.slots if p.key is not None}
        assert {k.slot: k.type for k in sheet.keys if k.type} == used
        for key in sheet.used:
            assert len(key.labels) <= len(LANGUAGES)
            assert key.position >= 1
        if preset is CATALOGUE.main_preset(model):
            html = printed(sheet).html
            assert [s for s in KNOWN_SECRETS if s in html] == []


def test_labels_come_in_every_language_in_order() -> None:
    sheet = sheet_of(make_kit("fanvil/h2u-v2", "guest-room"))
    assert labels(sheet)["digit-1"] == [
        ("es", "Recepción"),
        ("en", "Reception"),
        ("ru", "Ресепшен"),
    ]
    other = sheet_of(make_kit("fanvil/h2u-v2", "guest-room"), "ru", "en")
    assert labels(other)["digit-1"] == [("ru", "Ресепшен"), ("en", "Reception")]
    assert [t.text for t in other.place] == ["У кровати", "Bedside"]  # noqa: RUF001


def test_a_language_without_labels_falls_back_and_says_nothing_twice() -> None:
    sheet = sheet_of(make_kit("fanvil/h2u-v2", "guest-room"), "fr", "en")
    assert own(sheet, "100") == ["Reception"]


def test_a_label_written_as_one_text_is_shown_once() -> None:
    key = PhoneKey(type=KeyType.SPEED_DIAL, value="777", label="Pádel")
    sheet = sheet_of(make_kit("fanvil/h5", "bathroom", keys=(key,)))
    assert own(sheet, "777") == ["Pádel"]
    assert printed(sheet, kinds=frozenset({Kind.INSERT})).html.count("Pádel") == 2  # insert, card


def test_a_sites_own_preset_speaks_its_languages() -> None:
    preset = CATALOGUE.presets["bathroom"]
    golf = PresetKey(type=KeyType.SPEED_DIAL, value="444", label={"en": "Golf", "de": "Golfplatz"})
    site = with_site(presets={"bathroom": preset.model_copy(update={"keys": (golf,)})})
    kit = make_kit("fanvil/h5", "bathroom", site=site)
    kit = replace(kit, phone=replace(kit.phone, preset="bathroom"))
    rebuilt = key_sheet(CATALOGUE, _replanned(kit), ("de", "en"))
    assert own(rebuilt, "444") == ["Golfplatz", "Golf"]


def _replanned(kit: PhoneKit) -> PhoneKit:
    from provisioner.assembly import key_plan, place_of
    from provisioner.resolve import resolve

    place = place_of(CATALOGUE, kit.site, kit.room, kit.phone)
    resolved = resolve(place)
    return replace(kit, resolved=resolved, plan=key_plan(CATALOGUE, place, resolved))


def test_names_printed_on_keys_and_keys_to_be_held() -> None:
    sheet = sheet_of(make_kit("fanvil/h2u-v2", "guest-room"))
    by_slot = {k.slot: k for k in sheet.keys}
    assert (by_slot["digit-10"].name, by_slot["digit-10"].printed) == ("0", True)
    assert by_slot["digit-1"].long_press
    assert not by_slot["emergency-1"].long_press
    desk = sheet_of(make_kit("yealink/t46u", "reception"))
    assert (desk.used[0].name, desk.used[0].printed) == ("1", False)


def test_a_key_has_its_page_and_its_place_on_it() -> None:
    keys = tuple(PhoneKey(type=KeyType.BLF, value=str(2100 + n), label=str(n)) for n in range(20))
    sheet = sheet_of(make_kit("yealink/t46u", "reception", keys=keys))
    line = [k for k in sheet.keys if k.group == "line"]
    assert [(k.page, k.position) for k in line[8:11]] == [(1, 9), (2, 1), (2, 2)]
    module = Accessory("yealink/exp43")
    keys = tuple(
        PhoneKey(type=KeyType.BLF, value=str(2100 + n), label=str(n), slot=f"exp1-{n}")
        for n in range(1, 21)
    )
    with_module = sheet_of(make_kit("yealink/t46u", "reception", keys=keys, accessories=(module,)))
    assert [m.id for m in with_module.modules] == ["yealink/exp43"]
    assert {k.module for k in with_module.used} == {0, 1}


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (PhoneKey(type=KeyType.SPEED_DIAL, value="*55", label="x"), "*55"),
        (PhoneKey(type=KeyType.SPEED_DIAL, value="+34911234567", label="x"), "+34911234567"),
        (PhoneKey(type=KeyType.SPEED_DIAL, value="*97,,4711#", label="x"), ""),
        (PhoneKey(type=KeyType.SPEED_DIAL, value="sip:a@b.example", label="x"), ""),
        (PhoneKey(type=KeyType.BLF, value="2101", label="x"), "2101"),
        (PhoneKey(type=KeyType.DTMF, value="4711#", label="x"), ""),
        (PhoneKey(type=KeyType.URL, value="http://u:pw@host/x", label="x"), ""),
        (PhoneKey(type=KeyType.PAGING, value="239.255.1.1:5004", label="x"), ""),
        (PhoneKey(type=KeyType.DOOR_OPEN, value="9#", label="x"), ""),
        (PhoneKey(type=KeyType.LINE, label="x"), "2214"),
    ],
    ids=lambda v: f"{v.type} {v.value}" if isinstance(v, PhoneKey) else "",
)
def test_only_numbers_that_help_are_shown(key: PhoneKey, shown: str) -> None:
    named = key.model_copy(update={"slot": "line-20"})
    sheet = sheet_of(make_kit("yealink/t46u", "office", keys=(named,)))
    (found,) = [k for k in sheet.used if k.slot == "line-20"]
    assert found.value == shown
    if not shown and key.type is not KeyType.DOOR_OPEN:  # a door's code is on the card
        assert key.value not in printed(sheet).html


def test_keys_without_a_label_are_called_by_what_they_do() -> None:
    keys = (
        PhoneKey(type=KeyType.DND, slot="line-20"),
        PhoneKey(type=KeyType.SPEED_DIAL, value="4321", slot="line-21"),
    )
    page = printed(sheet_of(make_kit("yealink/t46u", "office", keys=keys)))
    found = read(page).found
    assert {"No molestar", "Do not disturb", "Не беспокоить", "4321"} <= set(found)  # noqa: RUF001


SECRET_SETTINGS = {
    "access": {"menu_pin": "482915", "admin_password": "Site-Admin-99"},
    "directory": {"ldap_password": "ldap-word-7"},
    "door": {"local_code": "900913"},
    "dect": {"pin": "8822", "handset_pin": "7711"},
    "network": {"dot1x_password": "dot1x-word-7"},
}


@pytest.mark.parametrize(
    "secret",
    ["Site-Admin-99", "482915", "ldap-word-7", "900913", "dot1x-word-7", TOKEN,
     "Secret-of-2214-xyz", SECRETS.user_password.get_secret_value()],
)  # fmt: skip
def test_a_text_that_holds_a_secret_is_left_out(secret: str) -> None:
    keys = (
        PhoneKey(
            type=KeyType.SPEED_DIAL, value="500", label=f"PIN {secret.upper()}", slot="line-20"
        ),
        PhoneKey(type=KeyType.SPEED_DIAL, value=f"*{secret}", label="Free", slot="line-21"),
    )
    hotel = {"hotel": {"address": f"Street {secret}", "lines": [secret]}}
    kit = make_kit("yealink/t46u", "office", keys=keys, settings={**SECRET_SETTINGS, **hotel})
    sheet = sheet_of(kit)
    assert sheet.hidden
    assert secret.lower() not in printed(sheet).html.lower()
    assert [k.value for k in sheet.used if k.slot == "line-20"] == ["500"]
    assert own(sheet, "500") == []


def test_nothing_is_hidden_without_need() -> None:
    assert not sheet_of(make_kit("fanvil/h5", "guest-room", settings=SECRET_SETTINGS)).hidden


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.text("abcdefghkmnpqrstuvwxyzABCDEFGH23456789", min_size=10, max_size=30),
        min_size=4, max_size=4, unique=True,
    ),
    st.lists(st.text("0123456789", min_size=7, max_size=9), min_size=2, max_size=2, unique=True),
    st.sampled_from(["fanvil/h2u-v2", "fanvil/h5", "yealink/t46u", "yealink/w70b", "snom/d785"]),
)  # fmt: skip
def test_no_secret_can_appear(words: list[str], pins: list[str], model_id: str) -> None:
    model = CATALOGUE.model(model_id)
    kit = make_kit(model.id, CATALOGUE.main_preset(model).id, handsets=2 if model.dect else 0)
    made = PhoneSecrets(*map(SecretStr, (*words[:3], *pins)))
    lines = tuple(replace(line, secret=SecretStr(words[3])) for line in kit.lines)
    handsets = tuple(
        replace(h, line=replace(h.line, secret=SecretStr(words[3]))) for h in kit.handsets
    )
    page = printed(sheet_of(replace(kit, secrets=made, lines=lines, handsets=handsets)))
    shown = " ".join(read(page).found)
    assert [secret for secret in (*words, *pins) if secret in shown] == []


ODD = st.text(
    st.characters(exclude_characters=FORBIDDEN_CONTROL, exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=60,
).map(str.strip).filter(bool)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ODD, ODD, ODD)
def test_any_text_comes_back_as_it_was_written(label: str, name: str, hotel: str) -> None:
    key = PhoneKey(type=KeyType.SPEED_DIAL, value="555", label=label)
    site = with_site(name=hotel)
    kit = make_kit("fanvil/h5", "bathroom", keys=(key,), site=site, names={"2214": name})
    page = printed(sheet_of(kit, "en"))
    texts = [t.strip() for t in read(page).found]
    for text in (label, hotel):
        assert text in texts
    assert read(page).tags <= {
        "html", "head", "meta", "title", "style", "body", "section", "div", "svg", "path", "bdi",
        "span", "article", "h1", "hr", "table", "thead", "tbody", "tr", "th", "td", "ul", "li",
        "footer", "main",
    }  # fmt: skip


def test_a_page_fetches_nothing() -> None:
    html = printed(sheet_of(make_kit("fanvil/h5", "guest-room"))).html
    for word in ("http:", "https:", "src=", "href=", "url(", "@import", "<script", "style="):
        assert word not in html


# the room card


def card(*sheets: KeySheet):
    return room_card(sheets)


def test_a_card_has_what_a_guest_needs() -> None:
    made = card(sheet_of(make_kit("fanvil/h2u-v2", "guest-room")))
    assert (made.hotel, made.room, made.number) == ("Hotel Aurora", "214", "2214")
    assert made.reception.number == "100"
    assert [(w.key, w.long_press) for w in made.reception.ways] == [("1", True)]
    assert [e.number for e in made.emergency] == ["112"]
    assert [w.key for w in made.emergency[0].ways] == ["SOS"]
    assert [s.number for s in made.services] == ["107", "108", "*55", "*97", "109"]
    assert [t.text for t in made.services[0].labels] == ["Limpieza", "Housekeeping", "Уборка"]
    assert made.door is None


def test_several_emergency_numbers_and_the_hotels_address() -> None:
    more = {"emergency": {"numbers": ["112", "088"]}, "hotel": {"address": "Calle Sol 1"}}
    made = card(sheet_of(make_kit("fanvil/h5", "guest-room", settings=more)))
    assert [e.number for e in made.emergency] == ["112", "088"]
    assert "Calle Sol 1" in made.contact
    text = " ".join(
        read(printed(sheet_of(make_kit("fanvil/h5", "guest-room", settings=more)))).found
    )
    assert "088" in text
    assert "Calle Sol 1" in text


def test_two_phones_of_a_room_share_its_card() -> None:
    bed = sheet_of(make_kit("fanvil/h5", "guest-room"))
    bath = replace(
        sheet_of(make_kit("fanvil/h2u-v2", "bathroom")), place=bed.place[:0], position="bathroom"
    )
    made = card(bed, bath)
    assert len({s.number for s in made.services}) == len(made.services)
    assert [w.key for w in made.reception.ways] == ["1"]


def test_a_door_key_brings_its_code_onto_the_card() -> None:
    key = PhoneKey(type=KeyType.DOOR_OPEN, value="9#", slot="digit-9")
    made = card(sheet_of(make_kit("fanvil/h2u-v2", "guest-room", keys=(key,))))
    assert made.door is not None
    assert made.door.number == "9#"
    assert [w.key for w in made.door.ways] == ["9"]


def test_reception_itself_is_not_told_how_to_call_reception() -> None:
    made = card(sheet_of(make_kit("yealink/t46u", "reception", extensions=("100",))))
    assert made.reception.number == ""


def test_a_dect_base_lists_its_handsets() -> None:
    sheet = sheet_of(make_kit("yealink/w70b", "dect-base", handsets=3))
    assert sheet.number == ""
    assert [(h.name, h.number) for h in card(sheet).handsets] == [
        ("Handset 1", "301"), ("Handset 2", "302"), ("Handset 3", "303"),
    ]  # fmt: skip
    found = read(printed(sheet)).found
    assert {"Handset 1", "301"} <= set(found)
    assert "0000000001" not in printed(sheet).html  # the IPUI is for the base alone


def test_an_account_without_a_name_is_a_number() -> None:
    sheet = sheet_of(make_kit("fanvil/h5", "guest-room", names={"2214": "2214"}))
    (line,) = [k for k in sheet.used if k.type is KeyType.LINE]
    assert ([t.text for t in line.wordings], line.value) == (["2214"], "2214")


def test_every_kind_of_model_is_looked_at() -> None:
    kinds = {m.kind for m in MODELS}
    assert {ModelKind.HOTEL, ModelKind.DESK, ModelKind.DECT_BASE, ModelKind.DOOR_STATION} <= kinds
    assert PhoneSettings().emergency.numbers == ("112",)
    assert Account("x", "1").secret is None
