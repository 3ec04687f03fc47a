"""Phone books: merging, sorting, searching, menus, and what an XML parser finds in every format."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.catalogue.loader import Catalogue, load
from provisioner.errors import CatalogueError
from provisioner.inventory.records import Account, Contact, Inventory, Site
from provisioner.phonebooks.entries import (
    Book,
    BookEntry,
    entry,
    initial,
    initials,
    matches,
    sorted_entries,
)
from provisioner.phonebooks.formats import BookFormat, books_of, formats_for, words_of
from provisioner.phonebooks.gigaset import GigasetPage, gigaset_page, gigaset_query
from provisioner.phonebooks.guests import Use, is_listed, of_guests
from provisioner.phonebooks.pages import Page, PageKind, page_of
from provisioner.phonebooks.wanted import Wanted, wanted
from provisioner.phonebooks.writing import question, written
from provisioner.plan import make_plan
from provisioner.resolve import site_settings
from provisioner.resources import DIRECTORY_MARK
from tests.kits import SITE, account

CATALOGUE: Catalogue = load()
ALL = [(v, shape) for v in CATALOGUE.vendors for shape in books_of(CATALOGUE.folder, v).books]
IDS = [f"{v}-{s.name}-{'-'.join(sorted(s.dialects)) or 'all'}" for v, s in ALL]
LISTS = [(v, s) for v, s in ALL if s.query == "plain"]
LIST_IDS = [i for i, (_, s) in zip(IDS, ALL, strict=True) if s.query == "plain"]

# what a site file lets through as a name: one line of anything printable
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufffe\uffff"),
    min_size=1,
    max_size=40,
).filter(lambda text: text.strip())


def book(*entries: BookEntry, title: str = "Directory", languages: Iterable[str] = ("en",)) -> Book:
    return Book(title, tuple(languages), sorted_entries(entries, ()))


def many(count: int) -> Book:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return book(*(entry(f"{letters[n % 26]}name {n}", str(10000 + n)) for n in range(count)))


def shape_of(vendor: str, name: str = "phonebook.xml", dialect: str = "") -> BookFormat:
    made = CATALOGUE.vendors[vendor]
    chosen = next(d for d in made.dialects if not dialect or d.id == dialect)
    return formats_for(CATALOGUE, vendor, chosen)[name]


def page(shape: BookFormat, of: Book, query: str = "") -> Page:
    return page_of(of, shape, wanted(query), words_of(CATALOGUE.folder))


def body(vendor: str, shape: BookFormat, of: Book, query: str = "") -> bytes:
    resource = written(CATALOGUE.folder, vendor, shape, of, question(shape, query))
    return bytes(resource.linked_to("http://a.example/p/token/").body)


def pairs(root: ET.Element) -> list[tuple[str, str]]:
    """Names and numbers as a phone finds them, whatever the format."""
    found = []
    for item in root.iter():
        parts = {**item.attrib, **{child.tag: child.text or "" for child in item}}
        number = next((c.get("no", "") for c in item.iter("number") if c.get("no")), "")
        name = next((parts[n] for n in _NAME_TAGS if n in parts), None)
        number = number or next((parts[n] for n in _NUMBER_TAGS if parts.get(n)), "")
        if name is not None and number and item.tag in _ENTRY_TAGS:
            found.append((name, number.removeprefix("snom://mb_nop#numberdial=")))
    return found


_ENTRY_TAGS = {"DirectoryEntry", "item", "contact", "DIR_ENTRY", "entry", "MenuItem"}
_NAME_TAGS = ("Name", "first_name", "DIR_ENTRY_NAME_FIRST", "surname", "ln")
_NUMBER_TAGS = ("Telephone", "Office", "number", "DIR_ENTRY_NUMBER_WORK", "office1", "hm", "URL")


def test_accounts_and_contacts_become_one_list_and_contacts_are_stronger() -> None:
    accounts = [entry("Reception", "100"), entry("", "101"), entry("Room 9", "2009")]
    contacts = [entry("Front desk", "1-00", "House"), entry("Taxi", "061"), entry("Cab", "061")]
    made = sorted_entries(accounts, contacts)
    assert [(e.name, e.number, e.group) for e in made] == [
        ("101", "101", ""),
        ("Front desk", "1-00", "House"),
        ("Room 9", "2009", ""),
        ("Taxi", "061", ""),
    ]


def test_sorting_is_as_people_count_and_spell() -> None:
    names = [
        "room 10", "Room 9", "zoo", "Ñandú", "nube", "Élan", "eLan b", "Ольга", "йод", "Игорь",
        "Иван", "10 Downing", "9 Rooms", "#1", "Ábaco", "abad",
    ]  # fmt: skip
    made = book(*(entry(name, str(n)) for n, name in enumerate(names)))
    assert [e.name for e in made.entries] == [
        "9 Rooms", "10 Downing", "#1", "Ábaco", "abad", "Élan", "eLan b", "nube", "Ñandú",
        "Room 9", "room 10", "zoo", "Иван", "Игорь", "йод", "Ольга",
    ]  # fmt: skip
    assert initials(made.entries) == (
        "0-9", "#", "A", "E", "N", "Ñ", "R", "Z", "И", "Й", "\u041e"
    )  # fmt: skip


@given(st.lists(st.tuples(NAMES, st.from_regex(r"[0-9*#+]{1,8}", fullmatch=True)), max_size=30))
def test_sorting_does_not_depend_on_the_order_of_writing(given_: list[tuple[str, str]]) -> None:
    unique = {number: entry(name, number) for name, number in given_}
    forward = sorted_entries(unique.values(), ())
    assert sorted_entries(reversed(list(unique.values())), ()) == forward
    assert sorted(e.number for e in forward) == sorted(unique)


@given(NAMES)
def test_everything_has_a_letter_and_finds_itself(name: str) -> None:
    one = entry(name, "100")
    assert initial(one)
    assert matches(one, name)
    assert matches(one, name.upper().lower()) or name.upper().lower() != name


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("jose", True), ("JOSÉ", True), ("garcia jos", True), ("22-14", True), ("2214", True),
        ("214", True), ("garcía 22", True), ("pepe", False), ("jose 99", False), ("-", False),
    ],
)  # fmt: skip
def test_a_search_ignores_case_marks_and_hyphens(term: str, found: bool) -> None:
    assert matches(entry("José García", "2214"), term) is found


def test_guests_are_left_out_unless_somebody_says_otherwise() -> None:
    uses = [Use("2214", by_guests=True), Use("2214", by_guests=True), Use("100", by_guests=False)]
    uses += [Use("300", by_guests=True), Use("300", by_guests=False)]
    guests = of_guests(uses)
    assert guests == {"2214"}
    assert not is_listed(None, "2214", guests)
    assert is_listed(True, "2214", guests)
    assert is_listed(None, "100", guests)
    assert not is_listed(False, "100", guests)
    assert is_listed(None, "800", guests)  # used by nobody: a queue, say


def test_shipped_rooms_and_presets_say_which_are_for_guests() -> None:
    rooms = {room.id for room in CATALOGUE.rooms.values() if room.guests}
    presets = {preset.id for preset in CATALOGUE.presets.values() if preset.guests}
    assert {"guest-room", "suite", "accessible-room", "hospital-bed"} <= rooms
    assert {"guest-room", "bathroom", "guest-dect"} <= presets
    assert not {"reception", "office", "corridor", "door"} & (rooms | presets)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", Wanted()),
        ("q=taxi", Wanted(term="taxi")),
        ("term=%23SEARCH", Wanted()),
        ("term=#SEARCH", Wanted()),
        ("q=__X__", Wanted()),
        ("search=Ta%0axi%00", Wanted(term="Taxi")),
        ("l=a&o=5", Wanted(letter="A", offset=5)),
        ("o=-1&o=3", Wanted()),
        ("o=99999999999999999999", Wanted()),
        ("o=²", Wanted()),
        ("all=1&g=Taxis+%26+more", Wanted(whole=True, group="Taxis & more")),
        ("nonsense=1&=&&", Wanted()),
        ("&".join(f"q{n}=1" for n in range(500)), Wanted()),
        ("q=" + "x" * 500, Wanted(term="x" * 64)),
        ("q=%ff%fe", Wanted(term="\ufffd\ufffd")),
    ],
)
def test_queries_are_understood_and_never_fail(query: str, expected: Wanted) -> None:
    assert wanted(query) == expected


@given(st.text(max_size=80))
def test_any_query_is_understood(query: str) -> None:
    understood = wanted(query)
    assert wanted(understood.query) == understood
    gigaset_query(query)


@pytest.mark.parametrize(("vendor", "shape"), LISTS, ids=LIST_IDS)
@settings(max_examples=40, deadline=None)
@given(name=NAMES, group=NAMES, number=st.from_regex(r"[0-9]{1,20}", fullmatch=True))
def test_names_come_back_from_a_parser(
    vendor: str, shape: BookFormat, name: str, group: str, number: str
) -> None:
    of = book(entry(name, number, group))
    found = pairs(ET.fromstring(body(vendor, shape, of, "all=1")))
    shown = name.strip()
    cut = shown[: shape.name_max].rstrip() if shape.name_max else shown
    assert found == [(cut, number)]


@settings(max_examples=60, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=6))
def test_names_come_back_from_a_gigaset_answer(names: list[str]) -> None:
    of = book(*(entry(name, str(100 + n)) for n, name in enumerate(names)))
    root = ET.fromstring(body("gigaset", shape_of("gigaset"), of, "command=get_list&ln=*"))
    assert pairs(root) == [(e.name, e.number) for e in of.entries]


def test_every_dialect_that_is_told_a_phone_book_has_one() -> None:
    for vendor in CATALOGUE.vendors.values():
        for dialect in vendor.dialects:
            told = {"directory", "directory.phonebook"} & dialect.settings
            if told:
                assert "phonebook.xml" in formats_for(CATALOGUE, vendor.id, dialect), dialect.id


def test_formats_name_dialects_and_templates_that_exist_and_no_file_twice() -> None:
    for vendor in CATALOGUE.vendors.values():
        books = books_of(CATALOGUE.folder, vendor.id)
        assert books.sources or not books.books
        ids = {dialect.id for dialect in vendor.dialects}
        seen: set[tuple[str, str]] = set()
        for shape in books.books:
            assert shape.dialects <= ids
            assert (CATALOGUE.folder / "phones" / vendor.id / shape.template).is_file()
            for dialect in shape.dialects or ids:
                assert (dialect, shape.name) not in seen
                seen.add((dialect, shape.name))


def test_a_wrong_file_names_itself_and_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "phones" / "acme"
    folder.mkdir(parents=True)
    (folder / "phonebooks.toml").write_text('[[books]]\nname = "X.xml"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"acme/phonebooks.toml: books.0.name"):
        books_of(tmp_path, "acme")
    assert books_of(tmp_path, "nobody").books == ()


def test_a_short_book_is_one_list() -> None:
    for vendor in ("yealink", "fanvil"):
        shown = page(shape_of(vendor), many(1000))
        assert shown.kind is PageKind.ENTRIES
        assert len(shown.entries) == 1000


def test_a_long_book_is_a_menu_of_letters_that_leads_to_every_entry() -> None:
    of, shape = many(5000), shape_of("yealink")
    top = page(shape, of)
    assert (top.kind, len(top.links)) == (PageKind.MENU, 26)
    found: list[BookEntry] = []
    for link in top.links:
        part = page(shape, of, link.query)
        assert part.kind is PageKind.ENTRIES
        assert part.title == link.label
        found += part.entries
    assert tuple(found) == of.entries


def test_one_letter_too_long_is_cut_into_ranges() -> None:
    of = book(*(entry(f"Room {n}", str(n)) for n in range(1, 5001)))
    shape = shape_of("yealink")
    top = page(shape, of)
    assert [link.label for link in top.links][:2] == ["Room 1 …", "Room 1001 …"]
    found = [e for link in top.links for e in page(shape, of, link.query).entries]
    assert tuple(found) == of.entries
    assert page(shape, of, "o=4999").entries == of.entries[4999:]
    assert page(shape, of, "o=5000").entries == of.entries[:1000]


def test_a_phone_that_takes_only_one_list_gets_the_first_part() -> None:
    of = many(5000)
    shown = page(shape_of("snom", dialect="rtx-dect"), of)
    assert shown.entries == of.entries[:1000]
    assert shown.total == 5000


def test_groups_are_a_menu_where_a_phone_can_show_one() -> None:
    of = book(entry("Reception", "100"), entry("Cab", "061", "Taxis"), entry("Spa", "9", "House"))
    shape = shape_of("yealink")
    top = page(shape, of)
    assert [link.label for link in top.links] == ["All", "House", "Taxis"]
    lists = [[e.number for e in page(shape, of, link.query).entries] for link in top.links]
    assert lists == [["061", "100", "9"], ["9"], ["061"]]
    spanish = page(shape, replace(of, languages=("es", "en")))
    assert spanish.links[0].label == "Todos"
    assert page(shape, replace(of, languages=("xx",))).links[0].label == "All"
    assert page(shape_of("fanvil"), of).kind is PageKind.ENTRIES  # its list holds the groups


def test_a_browser_has_a_form_pages_and_a_search() -> None:
    of, shape = many(500), shape_of("snom", "phonebook-browser.xml")
    top = page(shape, of)
    assert top.links[0].label == "Search"
    assert page(shape, of, top.links[0].query).kind is PageKind.FORM
    hits = page(shape, of, "q=name")
    assert (len(hits.entries), hits.total) == (100, 500)
    seen = list(hits.entries)
    while any(link.label == "Next" for link in hits.beside):
        following = next(link for link in hits.beside if link.label == "Next")
        hits = page(shape, of, following.query)
        seen += hits.entries
    assert tuple(seen) == of.entries
    assert [link.label for link in hits.beside] == ["Search", "Back"]
    assert page(shape, of, "q=nobody").entries == ()


@pytest.mark.parametrize("query", ["", "form=1", "q=name", "l=A", "all=1", "g=%3C%26"])
@pytest.mark.parametrize(("vendor", "shape"), LISTS, ids=LIST_IDS)
def test_every_page_is_xml_whose_links_lead_to_itself(
    vendor: str, shape: BookFormat, query: str
) -> None:
    of = book(*(entry(f"Aname & <{n}>", str(n), "<&") for n in range(1, 1200)), title='<&">')
    resource = written(CATALOGUE.folder, vendor, shape, of, question(shape, query))
    assert resource.linked is (DIRECTORY_MARK in bytes(resource.body))
    linked = resource.linked_to("http://a.example/x&y/p/token/")
    assert linked.linked is False
    root = ET.fromstring(bytes(linked.body))
    for element in root.iter():
        url = (element.text or "").strip()
        if element.tag.upper() == "URL" and not url.startswith("snom:"):
            assert url.startswith("http://a.example/x&y/p/token/" + shape.name)
            parse_qs(urlsplit(url).query, strict_parsing=bool(urlsplit(url).query))


def test_numbers_that_a_base_cannot_carry_are_left_out() -> None:
    of = book(
        entry("Wake-up", "*55"), entry("Long name of somebody here", "100"), entry("B", "9" * 22)
    )
    found = pairs(ET.fromstring(body("snom", shape_of("snom", dialect="rtx-dect"), of)))
    assert found == [("Long name of somebody h", "100")]


def test_an_rtx_entry_holds_exactly_what_bases_insist_on() -> None:
    root = ET.fromstring(body("snom", shape_of("snom", dialect="rtx-dect"), book(entry("A", "1"))))
    assert root.tag == "IPPhoneDirectory"
    assert root.attrib == {}
    assert [[child.tag for child in item] for item in root] == [
        ["Name", "Telephone", "Office", "Mobile"]
    ]
    assert b"<Telephone></Telephone>" in body(
        "snom", shape_of("snom", dialect="rtx-dect"), book(entry("A", "1"))
    )


def test_a_tbook_replaces_the_one_before() -> None:
    root = ET.fromstring(body("snom", shape_of("snom"), book(entry("A", "1"), entry("B", "2"))))
    assert (root.tag, root.get("complete")) == ("tbook", "true")
    assert [item.get("index") for item in root] == ["0", "1"]
    remote = ET.fromstring(body("snom", shape_of("snom", "directory.xml"), book(entry("A", "1"))))
    assert (remote.tag, remote.get("version")) == ("tbook", "2.0")


def gigaset(of: Book, query: str) -> GigasetPage:
    return gigaset_page(of, shape_of("gigaset"), gigaset_query(query))


def test_a_gigaset_base_asks_page_by_page() -> None:
    of = many(1000)
    one = gigaset(of, "command=get_list&type=pr&ln=*&fn=*&first=1&count=16")
    assert (one.kind, one.first, one.last, one.total) == ("pr", 1, 16, 1000)
    two = gigaset(of, "command=get_list&type=pb&first=17&count=16")
    assert two.entries == of.entries[16:32]
    end = gigaset(of, "last=-1&count=16")
    assert (end.first, end.last) == (985, 1000)
    assert end.entries == of.entries[-16:]
    before = gigaset(of, "last=984&count=16")
    assert (before.first, before.last) == (969, 984)
    assert gigaset(of, "first=2000&count=16").entries == ()


def test_a_gigaset_base_searches_names_and_looks_numbers_up() -> None:
    of = book(entry("José García", "22-14"), entry("Josefa", "100"), entry("Marta", "2215"))
    assert [e.number for e in gigaset(of, "ln=jos*&fn=*").entries] == ["22-14", "100"]
    assert [e.number for e in gigaset(of, "ln=Gar*&fn=Jo*").entries] == ["22-14"]
    assert [e.number for e in gigaset(of, "set_first=m").entries] == ["2215"]
    found = gigaset(of, "type=pb&fn=*&ln=*&hm=2214&nr=*&lang=9&first=1&count=1&reqsrc=auto")
    assert [e.name for e in found.entries] == ["José García"]
    assert [e.number for e in gigaset(of, "hm=221*").entries] == ["22-14", "2215"]
    missed = ET.fromstring(body("gigaset", shape_of("gigaset"), of, "hm=999&ln=*"))
    assert (missed.get("total"), missed.get("notfound")) == ("0", "hm")


@settings(max_examples=60, deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=60), limit=st.integers(400, 6000))
def test_a_gigaset_answer_is_no_larger_than_the_base_takes(names: list[str], limit: int) -> None:
    of = book(*(entry(name, str(n)) for n, name in enumerate(names)))
    made = body("gigaset", shape_of("gigaset"), of, f"first=1&count=100&limit={limit}")
    found = pairs(ET.fromstring(made))
    assert len(made) <= limit or len(found) == 1
    assert found


def test_the_site_names_the_book_and_placeholders_are_filled() -> None:
    site = replace(SITE, settings={"directory": {"phonebook_name": "{site.name} staff"}})
    assert site_settings(site).directory.phonebook_name == f"{SITE.name} staff"
    assert site_settings(SITE).sip.registrar == "pbx.aurora.example"


def test_changes_of_a_phone_book_concern_no_phone() -> None:
    one = account("2214")
    before = Inventory((SITE,), (), (one,), ())
    changed: Site = replace(SITE, phonebook=(Contact("Taxi", "061"),))
    listed: Account = replace(one, listed=False)
    plan = make_plan(CATALOGUE, before, Inventory((changed,), (), (listed,), ()))
    assert len(plan.changes) == 2
    assert plan.affected == ()
