"""Key sheets on paper: pieces that do not overlap, texts that fit, strips with every key."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.catalogue.inserts import keys_per_page
from provisioner.catalogue.loader import load
from provisioner.errors import InventoryError
from provisioner.inventory.records import Accessory
from provisioner.key_sheet import HandsetNumber, key_sheet
from provisioner.key_types import KeyType, PhoneKey
from provisioner.room_card import Entry, RoomCard, room_card
from provisioner.shown_texts import Text
from tests.kits import make_kit
from web.labels.cards import card_pages
from web.labels.fitting import LEADING, even, fit, lines, longest_word, width
from web.labels.packing import FOOT_MM, MARGIN_MM, PAPERS, pack
from web.labels.page import cut_marks, mm
from web.labels.pieces import Kind, Wish, kinds_for, pieces
from web.labels.strips import plain_strips
from web.labels.words import Words

CATALOGUE = load()
A4 = PAPERS["a4"]
WORDS = Words(("es", "en", "ru"))


@dataclass(frozen=True)
class Rectangle:
    width_mm: float
    height_mm: float
    caption: str = "a strip"


# packing

SIZES = st.lists(
    st.builds(Rectangle, st.floats(5, 128), st.floats(5, 178)), max_size=30
)  # fmt: skip


@given(SIZES, st.sampled_from(list(PAPERS.values())))
def test_pieces_lie_inside_the_sheet_and_apart(sizes: list[Rectangle], paper) -> None:
    sheets = pack(sizes, paper)
    assert [placed.piece for sheet in sheets for placed in sheet] == sizes
    for sheet in sheets:
        assert sheet
        for placed in sheet:
            right, lower = placed.x_mm + placed.piece.width_mm, placed.y_mm + placed.piece.height_mm
            assert min(placed.x_mm, placed.y_mm) >= MARGIN_MM
            assert right <= paper.width_mm - MARGIN_MM + 1e-6
            assert lower <= paper.height_mm - MARGIN_MM - FOOT_MM + 1e-6
        for n, one in enumerate(sheet):
            for other in sheet[:n]:
                beside = other.x_mm + other.piece.width_mm + 8 <= one.x_mm + 1e-6
                below = other.y_mm + other.piece.height_mm + 8 <= one.y_mm + 1e-6
                assert beside or below


@pytest.mark.parametrize("size", [(200, 10), (10, 280)])
def test_a_piece_that_is_too_large_is_refused_with_what_would_fit(size: tuple[int, int]) -> None:
    told = r"a strip: .* does not fit on A4: 190 x 265 mm at most"
    with pytest.raises(InventoryError, match=told):
        pack([Rectangle(*size)], A4)


def test_nothing_is_no_sheet() -> None:
    assert pack([], A4) == []


# texts


@given(st.text(max_size=80), st.floats(8, 80), st.floats(2, 20))
def test_a_text_fits_its_box_or_it_is_said(text: str, across: float, down: float) -> None:
    fitted = fit(((text, 1.0),), (across, down), 4.0, 1.0)
    assert 1.0 <= fitted.size_mm <= 4.0
    if fitted.whole:
        count = lines(text, across / fitted.size_mm)
        assert count * fitted.size_mm * LEADING <= down + 0.1


def test_a_long_text_shrinks_then_wraps_and_a_word_is_broken_last() -> None:
    short = fit((("Spa", 1.0),), (20, 8), 4.0, 1.0).size_mm
    longer = fit((("Servicio de habitaciones", 1.0),), (20, 8), 4.0, 1.0).size_mm
    assert short == 4.0
    assert longer < short
    assert longest_word("Servicio de habitaciones") * longer <= 20
    assert not fit((("x" * 2000, 1.0),), (20, 8), 4.0, 1.0).whole
    assert fit((("客房服务电话" * 3, 1.0),), (20, 9), 4.0, 1.0).whole


def test_ideographs_are_wide_and_accents_have_no_width() -> None:
    assert width("房") == 1.0
    assert width("é") == width("é")
    assert lines("房间服务", 2.0) == 2
    assert lines("", 3.0) == 1


def test_boxes_share_a_size() -> None:
    assert even([]) == 0
    assert even([2.0, 4.0, 4.0, 4.0, 4.0]) == 4.0
    assert even([2.0, 2.1, 4.0, 4.0]) == 2.1


# strips


@pytest.mark.parametrize("count", [1, 7, 20, 21, 60, 80, 81, 116, 300])
@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda p: p.name)
def test_plain_strips_have_each_key_once_and_fit(count: int, paper) -> None:
    strips = list(plain_strips("snom/d7", "key", count, paper.area_mm))
    places = Counter(n for strip in strips for keys in strip.keys for n, _ in keys.boxes())
    assert set(range(1, count + 1)) <= set(places)
    assert set(places.values()) == {1}
    pack([Rectangle(s.width_mm, s.height_mm) for s in strips], paper)


def rooms(count: int, slot: str = "") -> tuple[PhoneKey, ...]:
    return tuple(
        PhoneKey(type=KeyType.BLF, value=str(2000 + n), label=f"R{n}", slot=slot and f"{slot}-{n}")
        for n in range(1, count + 1)
    )


def test_a_strip_for_each_module_and_page() -> None:
    kit = make_kit(
        "yealink/t46u", "reception", keys=(*rooms(30, "exp1"), *rooms(5, "exp2")),
        accessories=(Accessory("yealink/exp43", 2),),
    )  # fmt: skip
    sheet = key_sheet(CATALOGUE, kit, WORDS.languages)
    made = list(pieces(CATALOGUE, sheet, Wish(A4), WORDS))
    assert {p.kind for p in made} == {Kind.STRIP}
    assert [sum(len(p.cells) for p in made if p.heading and f"módulo {n}" in p.heading.room)
            for n in (1, 2)] == [30, 5]  # fmt: skip
    asked = list(pieces(CATALOGUE, sheet, Wish(A4, frozenset({Kind.STRIP})), WORDS))
    assert sum(len(p.cells) for p in asked) == len(sheet.used)


def test_pages_of_a_phones_keys_are_strips_of_their_own() -> None:
    kit = make_kit("yealink/t46u", "reception", keys=rooms(15))
    sheet = key_sheet(CATALOGUE, kit, WORDS.languages)
    made = list(pieces(CATALOGUE, sheet, Wish(A4, frozenset({Kind.STRIP})), WORDS))
    pages = {k.page for k in sheet.used}
    assert [p.heading.room.split(" · ")[-1] for p in made if p.heading] == [
        f"página {n}" for n in sorted(pages)
    ]
    (line,) = [g for g in sheet.model.keys if g.id == "line"]
    assert max(len(p.cells) for p in made) <= keys_per_page(line)


def test_a_module_with_paper_of_its_own_uses_it() -> None:
    insert = CATALOGUE.insert_of("snom/d7", "strip")
    assert insert is not None
    kit = make_kit(
        "snom/d785", "office", keys=rooms(3, "exp1"), accessories=(Accessory("snom/d7"),)
    )
    sheet = key_sheet(CATALOGUE, kit, WORDS.languages)
    (piece,) = pieces(CATALOGUE, sheet, Wish(A4), WORDS)
    assert (piece.width_mm, piece.height_mm) == (insert.width_mm, insert.height_mm)
    assert not piece.measured
    assert all(not cell.chip for cell in piece.cells)


# what is usual


@pytest.mark.parametrize(
    ("model", "preset", "handsets", "usual"),
    [
        ("fanvil/h5", "guest-room", 0, {Kind.INSERT, Kind.CARD}),
        ("fanvil/h2u-v2", "bathroom", 0, {Kind.INSERT, Kind.CARD}),
        ("yealink/t31p", "guest-room", 0, {Kind.CARD}),
        ("yealink/t46u", "office", 0, set()),
        ("yealink/w70b", "dect-base", 2, {Kind.CARD}),
    ],
)
def test_what_fits_a_phone(model: str, preset: str, handsets: int, usual: set[Kind]) -> None:
    sheet = key_sheet(CATALOGUE, make_kit(model, preset, handsets=handsets), ("en",))
    assert kinds_for(CATALOGUE, sheet, Wish(A4)) == usual
    alone = kinds_for(CATALOGUE, sheet, Wish(A4, alone=True))
    assert alone == (usual or {Kind.STRIP})
    assert kinds_for(CATALOGUE, sheet, Wish(A4, frozenset({Kind.CARD}))) == {Kind.CARD}


def test_a_size_of_ones_own() -> None:
    sheet = key_sheet(CATALOGUE, make_kit("fanvil/h5", "guest-room"), WORDS.languages)
    (piece,) = pieces(CATALOGUE, sheet, Wish(A4, width_mm=100, height_mm=60), WORDS)
    assert (round(piece.width_mm, 6), round(piece.height_mm, 6)) == (100, 60)
    assert piece.measured
    (usual,) = pieces(CATALOGUE, sheet, Wish(A4), WORDS)
    assert not usual.measured
    assert piece.cells[0].box.width_mm > usual.cells[0].box.width_mm


def test_an_insert_for_a_phone_that_has_none_needs_a_size() -> None:
    sheet = key_sheet(CATALOGUE, make_kit("yealink/t46u", "office"), WORDS.languages)
    wish = Wish(A4, frozenset({Kind.INSERT}))
    assert list(pieces(CATALOGUE, sheet, wish, WORDS)) == []
    sized = replace(wish, width_mm=60, height_mm=120)
    (piece,) = pieces(CATALOGUE, sheet, sized, WORDS)
    assert (piece.width_mm, piece.height_mm) == (60, 120)
    assert len(piece.cells) == len(sheet.used)


def test_an_emergency_key_stands_out() -> None:
    sheet = key_sheet(CATALOGUE, make_kit("fanvil/h5", "guest-room"), WORDS.languages)
    (piece,) = pieces(CATALOGUE, sheet, Wish(A4), WORDS)
    assert [c.texts[0].text for c in piece.cells if c.urgent] == ["SOS"]
    assert piece.heading is not None
    assert piece.heading.title == "Hotel Aurora"


def test_a_text_that_is_too_long_is_told() -> None:
    key = PhoneKey(type=KeyType.SPEED_DIAL, value="1", label="Wellness " * 22)
    sheet = key_sheet(CATALOGUE, make_kit("fanvil/h2u-v2", "bathroom", keys=(key,)), ("en",))
    (piece,) = pieces(CATALOGUE, sheet, Wish(A4), WORDS)
    assert not piece.whole


# cards


def a_card(**changes: object) -> RoomCard:
    sheet = key_sheet(CATALOGUE, make_kit("fanvil/h2u-v2", "guest-room"), WORDS.languages)
    return replace(room_card([sheet]), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda p: p.name)
def test_a_card_is_one_page(paper) -> None:
    (page,) = card_pages(a_card(), paper, WORDS)
    assert page.unit_mm == pytest.approx(min(paper.width_mm / 210, paper.height_mm / 297), abs=1e-3)
    assert page.share == 1.0
    assert len(page.services[0].columns) == 3


def test_many_services_shrink() -> None:
    entries = tuple(
        Entry(str(n), (Text("es", f"Servicio {n}"), Text("en", f"Service {n}"))) for n in range(14)
    )
    (page,) = card_pages(a_card(services=entries), A4, WORDS)
    assert 0.5 <= page.share < 1.0
    assert len(page.services) == 14


def test_a_label_that_is_the_same_in_all_languages_is_one_column() -> None:
    entry = Entry("5", tuple(Text(n, "Spa") for n in WORDS.languages))
    (page,) = card_pages(a_card(services=(entry,)), A4, WORDS)
    assert [t.text for t in page.services[0].columns] == ["Spa"]


@settings(max_examples=20)
@given(st.integers(0, 400))
def test_no_handset_is_lost(count: int) -> None:
    handsets = tuple(HandsetNumber(f"H{n}", str(n)) for n in range(count))
    pages = card_pages(a_card(handsets=handsets, services=()), A4, WORDS)
    assert tuple(h for page in pages for h in page.handsets) == handsets
    assert [p.part for p in pages] == list(range(1, len(pages) + 1))
    assert {p.parts for p in pages} == {len(pages)}
    assert all(page.handsets for page in pages[1:])


# small things


def test_millimetres_are_written_plainly() -> None:
    assert [mm(v) for v in (10.0, 85.6, 0.3333, -4.0)] == ["10", "85.6", "0.333", "-4"]


def test_cut_marks_stay_outside_the_piece() -> None:
    assert cut_marks(54, 85.6).count("M") == 8


def test_words_exist_in_every_language_and_fall_back_to_english() -> None:
    assert [t.text for t in Words(("xx", "es")).all("room")] == ["Room", "Habitación"]
    assert Words(("es",)).first("page", n=2) == "página 2"
    assert "\u2066" in Words(("ar",)).first("hold", key="1-6")
