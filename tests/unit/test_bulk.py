"""Lists of rooms and phones: read however they were pasted, each problem in its cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.bulk.cells import SENTENCES, Column, Judgement, ListRow, Remark, Said, Trouble
from provisioner.bulk.columns import PastedList, list_of
from provisioner.bulk.documents import changed_documents, refused_at, room_documents
from provisioner.bulk.judging import judge
from provisioner.bulk.known import Known, KnownRoom
from provisioner.bulk.macs import mac_in
from provisioner.bulk.tables import is_spreadsheet, table_of, text_of
from provisioner.bulk.writing import EXAMPLE, csv_of, harmless, rows_of
from provisioner.catalogue.loader import load
from provisioner.mac import MacAddress

CATALOGUE = load()
H5, YEA, SNOM = "0c383e000214", "805ec0000100", "000413000104"
EMPTY = Known(CATALOGUE, CATALOGUE.rooms, CATALOGUE.presets)
HELD = replace(
    EMPTY,
    rooms={
        "214": KnownRoom(
            "214", "2", "guest-room", "2214", "", {"bedside": MacAddress(H5)},
            {"bedside": "fanvil/h5"},
        ),
        "215": KnownRoom("215", "2", "guest-room", "2215"),
    },
    elsewhere=frozenset({MacAddress("805ec0ffffff")}),
)  # fmt: skip


def pasted(text: str, known: Known = EMPTY) -> PastedList:
    return list_of(table_of(text), known)


def judged(text: str, known: Known = EMPTY) -> Judgement:
    return judge(pasted(text, known).rows, known)


def found(text: str, known: Known = EMPTY) -> list[tuple[int, str, str]]:
    """Row, column and what is said."""
    return [
        (row.row.number, str(said.column), str(said.what))
        for row in judged(text, known).rows
        for said in row.said
    ]


HEAD = "room,floor,template,position,model,mac,extension,name\n"


# reading


@pytest.mark.parametrize(
    "text",
    [
        "room,mac\n201,0c:38:3e:00:02:14\n",
        "Room;MAC address\r\n201;0C383E000214\r\n",
        "Room no.\tMAC\n201\t0c38.3e00.0214",
        "sep=;\nroom;mac\n201;0c-38-3e-00-02-14",
        '"Room","Mac"\n"201","0c:38:3e:00:02:14"\n,,\n',
        "\ufeffHabitación;Dirección MAC\n201;0c:38:3e:00:02:14",
        "Комната;MAC-адрес\n201;0c:38:3e:00:02:14",
        "201,0c:38:3e:00:02:14",
        "0c383e000214;201",
        "\n\n201|0c383e000214\n\n",
    ],
)
def test_a_list_is_understood_however_it_is_written(text: str) -> None:
    (row,) = pasted(text).rows
    assert row.number == 1
    assert row.text(Column.ROOM) == "201"
    assert mac_in(row.text(Column.MAC)) == H5


def test_columns_without_names_are_told_by_what_is_in_them() -> None:
    text = "\n".join(
        f"{n},{n // 100},2{n},Guest room,bedside,Fanvil H5,0c383e000{n},Suite of the kings"
        for n in range(201, 206)
    )
    wanted = ("room", "floor", "extension", "template", "position", "model", "mac", "name")
    assert tuple(map(str, pasted(text).columns)) == wanted
    assert judged(text).problems == 0


def test_a_person_may_say_what_a_column_is() -> None:
    table = table_of("201;7700;0c383e000214")
    assert list_of(table, EMPTY).columns == (Column.ROOM, Column.EXTENSION, Column.MAC)
    chosen = list_of(table, EMPTY, {0: Column.EXTENSION, 1: Column.ROOM})
    assert chosen.rows[0].text(Column.ROOM) == "7700"
    assert list_of(table, EMPTY, {1: None}).columns == (Column.ROOM, None, Column.MAC)
    assert list_of(table, EMPTY, {1: Column.ROOM}).columns[:2] == (Column.ROOM, None)


def test_a_column_is_read_once() -> None:
    assert pasted("room,zimmer,mac\n1,2,3").columns == (Column.ROOM, None, Column.MAC)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Habitación".encode(), "Habitación"), ("Habitación".encode("cp1252"), "Habitación"),
        ("\ufeffHabitación".encode(), "Habitación"), ("\ufeffЭтаж".encode("utf-16-le"), "Этаж"),  # noqa: RUF001
        (b"\xfe\xff" + "Этаж".encode("utf-16-be"), "Этаж"),
    ],
)  # fmt: skip
def test_files_of_any_spreadsheet_are_read(data: bytes, text: str) -> None:
    assert text_of(data) == text


def test_a_workbook_is_known_as_one() -> None:
    assert is_spreadsheet(b"PK\x03\x04....")
    assert not is_spreadsheet(b"room,mac")


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("0C383E000214", H5), ("MAC:0C383E000214", H5), ("mac 0c-38-3e-00-02-14;SN:AB12", H5),
        ("https://x/?mac=0C383E000214&sn=A1", H5), ("0c38.3e00.0214", H5),
        ("SN 123456789012 MAC 0c:38:3e:00:02:14", H5), ("MAC0C383E000214", H5),
        ("0C38 3E00 0214", H5), ("0c:38:3e:00:02:14 80:5e:c0:00:01:00", None),
        ("Fanvil H5", None), ("", None), ("0C383E0002145", None), ("ffffffffffff", None),
    ],
)  # fmt: skip
def test_a_mac_is_found_in_the_text_of_a_label(text: str, mac: str | None) -> None:
    makers = {"0c383e"} if "SN" in text else set()
    assert mac_in(text, makers) == mac


# judging


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ("201,2,guest-room,bedside,fanvil/h5,0c383e000299,2201,", []),
        (",2,guest-room,bedside,fanvil/h5,0c383e000299,2201,", [(1, "room", "room-needed")]),
        ("2 1,2,guest-room,bedside,fanvil/h5,0c383e000299,2201,", [(1, "room", "room-form")]),
        ("201,2,guest-room,bedside,fanvil/h5,0c383e00029,2201,", [(1, "mac", "mac-form")]),
        ("201,2,guest-room,bedside,fanvil/h5,8.05E+11,2201,", [(1, "mac", "mac-number")]),
        ("201,2,guest-room,bedside,fanvil/h5,01005e000001,2201,", [(1, "mac", "mac-group")]),
        ("201,2,guest-room,bedside,fanvil/h5,805ec0ffffff,2201,",
         [(1, "mac", "mac-other-site")]),
        ("201,2,guest-room,bedside,fanvil/h5,0c383e000214,2201,", [(1, "mac", "mac-elsewhere")]),
        ("201,2,guest-room,bedside,fanvil/h5,805ec0000111,2201,", [(1, "mac", "other-maker")]),
        ("201,2,gest-room,bedside,fanvil/h5,0c383e000299,2201,",
         [(1, "template", "template-near")]),
        ("201,2,xyz,bedside,fanvil/h5,0c383e000299,2201,",
         [(1, "template", "template-unknown")]),
        ("201,2,,bedside,fanvil/h5,0c383e000299,2201,", [(1, "template", "template-needed")]),
        ("201,2,guest-room,balcony,fanvil/h5,0c383e000299,2201,",
         [(1, "position", "position-unknown")]),
        ("201,2,guest-room,bedside,fanvil/h55,0c383e000299,2201,", [(1, "model", "model-near")]),
        ("201,2,guest-room,bedside,Siemens,0c383e000299,2201,", [(1, "model", "model-unknown")]),
        ("201,2,guest-room,bedside,,0c383e000299,2201,", [(1, "model", "model-needed")]),
        ("201,2,guest-room,bedside,yealink/w70b,805ec0000299,2201,",
         [(1, "model", "model-unfit")]),
        ("201,2,guest-room,bedside,fanvil/h5,0c383e000299,,",
         [(1, "extension", "extension-needed")]),
        ("201,2,guest-room,bedside,fanvil/h5,0c383e000299,22 01,",
         [(1, "extension", "extension-form")]),
        ("201,2,guest-room,bedside,fanvil/h5,0c383e000299,2214,",
         [(1, "extension", "extension-taken")]),
        (("201,2,guest-room,bedside,fanvil/h5,0c383e000299,2201,\n"
         "202,2,guest-room,bedside,fanvil/h5,0c383e00029a,2201,"),
         [(2, "extension", "extension-twice")]),
        (("201,2,guest-room,bedside,fanvil/h5,0c383e000299,2201,\n"
         "202,2,guest-room,bedside,fanvil/h5,0C-38-3E-00-02-99,2202,"),
         [(2, "mac", "mac-twice")]),
        (("201,2,guest-room,bedside,fanvil/h5,0c383e000299,2201,\n"
         "201,3,guest-room,bedside,fanvil/h5,0c383e00029a,2201,"),
         [(2, "floor", "differs"), (2, "position", "position-twice")]),
        ("201,2,guest-room,,,,2201,\n201,2,guest-room,,,,2201,", [(2, "room", "room-twice")]),
        ("201,2,guest-room,bedside,fanvil/h5,,2201,", [(1, "mac", "room-only")]),
        ("214,2,,bedside,fanvil/h5,0c383e000299,,", [(1, "position", "position-taken")]),
        ("214,2,,bedside,fanvil/h5,0c383e000214,,", [(1, "mac", "is-there")]),
        ("214,3,office,,,,2299,Blue", [
            (1, "floor", "floor-changes"), (1, "extension", "extension-changes"),
            (1, "template", "template-changes"), (1, "template", "template-leaves-out")]),
        ("201,2,guest-room,bedside,fanvil/a212,0c383e000299,2201,", []),
    ],
)  # fmt: skip
def test_each_problem_is_in_its_cell(rows: str, wanted: list[tuple[int, str, str]]) -> None:
    if "a212" in rows:
        model = next(m for m in CATALOGUE.models.values() if not m.dialects)
        rows = rows.replace("fanvil/a212", model.id)
        wanted = [(1, "model", "model-without-files")]
        seen = [each for each in found(HEAD + rows, HELD) if each[1] == "model"]
        assert seen == wanted
        return
    assert found(HEAD + rows, HELD) == wanted


def test_sentences_name_what_is_there() -> None:
    rows = "201,2,guest-rom,balcony,fanvil/h55,0c383e000214,2214,"
    said = {str(s.column): s.sentence for s in judged(HEAD + rows, HELD).rows[0].said}
    assert said["template"] == "There is no room template guest-rom. Did you mean guest-room?"
    assert "Did you mean fanvil/h5" in said["model"]
    assert said["extension"] == "Extension 2214 belongs to room 214."
    rows = "201,2,guest-room,bedside,fanvil/h5,0c383e000214,2201,"
    (mac,) = judged(HEAD + rows, HELD).rows[0].said
    assert mac.sentence == "This phone is bedside of room 214 already."


def test_every_sentence_can_be_said() -> None:
    assert set(SENTENCES) == {*Trouble, *Remark}
    facts = dict.fromkeys(
        ("room", "row", "most", "other", "word", "near", "position", "template", "known", "mac",
         "model", "models", "before", "maker", "sentence"), "x"
    )  # fmt: skip
    for what in SENTENCES:
        assert "%" not in Said(Column.ROOM, what, facts).sentence


def test_what_is_not_written_is_filled_in() -> None:
    known = replace(HELD, waiting={"0c383e0002aa": "fanvil/h2u-v2"}, template="guest-room")
    made = judged("room,mac,ext\n215,0c383e0002aa,\n300,0c383e0002ab,2300\n", known)
    assert made.rows[0].filled == {
        Column.TEMPLATE: "guest-room", Column.MODEL: "fanvil/h2u-v2", Column.POSITION: "bedside",
        Column.EXTENSION: "2215",
    }  # fmt: skip
    assert made.rows[1].filled[Column.TEMPLATE] == "guest-room"
    assert [str(s.what) for s in made.rows[1].said] == ["model-needed"]
    made = judged("room,mac,ext\n300,0c383e0002ab,2300\n", replace(known, model="fanvil/h5"))
    assert made.is_good


def test_phones_of_one_room_take_its_positions_in_turn() -> None:
    text = HEAD + (
        "300,3,guest-room,,fanvil/h5,0c383e000301,2300,\n"
        "300,,,bedside,fanvil/h5,0c383e000302,,\n"
        "300,,,,yealink/w70b,805ec0000303,,\n"
        "300,,,,yealink/w70b,805ec0000304,,\n"
    )
    made = judged(text)
    (room,) = made.rooms
    assert {p: w.row for p, w in room.phones.items()} == {"bedside": 2, "desk": 1, "cordless": 3}
    assert [str(s.what) for s in made.rows[3].said] == ["model-unfit"]


def test_a_phone_may_have_an_extension_of_its_own() -> None:
    text = HEAD + (
        "office,0,office,desk,yealink/t31p,805ec0000301,120,\n"
        "office,,,desk-2,yealink/t31p,805ec0000302,121,\n"
    )
    made = judged(text)
    if made.is_good:
        assert made.rooms[0].phones["desk-2"].extension == "121"
    text = HEAD + (
        "300,3,guest-room,bedside,fanvil/h5,0c383e000301,2300,\n"
        "300,,,desk,fanvil/h5,0c383e000302,2399,\n"
    )
    (room,) = judged(text).rooms
    assert (room.extension, room.phones["desk"].extension) == ("2300", "2399")


# documents


def test_rooms_come_out_in_the_shape_of_the_site_file() -> None:
    stored = {"214": {"id": "214", "floor": "2", "template": "guest-room", "extension": "2214",
                      "settings": {"audio": {}}, "phones": {"bedside": {
                          "model": "fanvil/h5", "mac": "0c:38:3e:00:02:14", "keys": [1]}}}}  # fmt: skip
    text = HEAD + (
        "214,,,desk,fanvil/h5,0c383e0002aa,,Blue\n"
        "214,,,bedside,,0c383e000214,,\n"
        "300,3,guest-room,bedside,fanvil/h5,0c383e000301,2300,\n"
    )
    made = judged(text, HELD)
    assert made.is_good
    documents = room_documents(made, stored)
    assert documents == (
        {**stored["214"], "name": "Blue", "phones": {
            **stored["214"]["phones"], "desk": {"model": "fanvil/h5", "mac": "0c:38:3e:00:02:aa"}}},
        {"id": "300", "floor": "3", "template": "guest-room", "extension": "2300",
         "phones": {"bedside": {"model": "fanvil/h5", "mac": "0c:38:3e:00:03:01"}}},
    )  # fmt: skip
    assert changed_documents(documents, {d["id"]: d for d in documents}) == ()
    at = refused_at(made, documents, ("rooms", 1, "phones", "bedside", "mac"), "No.")
    assert (at[0], at[1].column, at[1].sentence) == (3, Column.MAC, "No.")
    assert refused_at(made, documents, ("rooms", 0, "extension"), "No.")[0] == 1
    assert refused_at(made, documents, (), "No.")[0] == 1


def test_five_hundred_rows_are_judged_at_once() -> None:
    text = HEAD + "\n".join(
        f"r{n},{n // 50},guest-room,bedside,fanvil/h5,0c383e{n:06x},{20000 + n},"
        for n in range(500)
    )
    assert judged(text).is_good


# writing


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"), ("-1", "-1"), ("+34", "+34"), ("-1+2", "'-1+2"),
        ("Room", "Room"), ("", ""), ("\t=1", "'\t=1"),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(text: str, written: str) -> None:
    assert harmless(text) == written


def test_the_example_can_be_read_again_and_is_right() -> None:
    text = csv_of(EXAMPLE)
    made = pasted(text)
    assert made.has_header
    assert made.rows == rows_of(EXAMPLE)
    assert judge(made.rows, EMPTY).is_good


# whatever comes

WORDS = st.sampled_from([
    "room", "mac", "214", "guest-room", "bedside", "fanvil/h5", "Fanvil H5", H5, YEA, "2214", "=1",
    "0c:38:3e:00:02:99", "", " ", '"', "\x00", "\x85", "8.05E+11", "desk", "office", "-1", "'",
    "805ec0ffffff", "x" * 300,
])  # fmt: skip
CELLS = st.one_of(WORDS, st.text(max_size=12))
TEXTS = st.one_of(
    st.text(max_size=200),
    st.builds(
        lambda sign, rows: "\n".join(sign.join(row) for row in rows),
        st.sampled_from([",", ";", "\t", "|"]),
        st.lists(st.lists(CELLS, max_size=9), max_size=6),
    ),
)


@settings(max_examples=120, deadline=None)
@given(TEXTS, st.sampled_from([EMPTY, HELD, replace(HELD, template="guest-room")]))
def test_no_text_is_too_strange(text: str, known: Known) -> None:
    made = pasted(text, known)
    judgement = judge(made.rows, known)
    assert len(judgement.rows) == len(made.rows)
    for row in judgement.rows:
        for said in row.said:
            assert said.column in Column
            assert said.sentence
    macs = [phone.mac for room in judgement.rooms for phone in room.phones.values()]
    assert len(macs) == len(set(macs))
    if judgement.is_good:
        assert all(document["id"] for document in room_documents(judgement, {}))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(list(Column)), CELLS), max_size=5))
def test_no_row_of_a_form_is_too_strange(cells: list[dict[Column, str]]) -> None:
    rows = tuple(ListRow(n, row) for n, row in enumerate(cells, start=1))
    assert len(judge(rows, HELD).rows) == len(rows)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=100))
def test_no_file_is_too_strange(data: bytes) -> None:
    assert isinstance(table_of(text_of(data)), list)
