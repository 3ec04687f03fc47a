"""The history of changes, and taking them back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from provisioner.config import read_settings
from provisioner.edits import history
from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit, EditError
from provisioner.edits.tables import ChangeRow
from provisioner.errors import UnknownThingError
from provisioner.inventory.tables import PhoneRow
from provisioner.mac import MacAddress
from tests.integration.servers import BATHROOM, FANVIL, SNOM
from tests.unit.test_edits import NEW, SECRETS, House, guest_room, house_folder
from web.installation import opened
from web.rotation import reseal_everything


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(read_settings(data=house_folder(tmp_path))) as installation:
        yield House(installation)


EDITS: dict[str, Any] = {
    "a new room": lambda _: Edit("casa", rooms=(guest_room("214"),)),
    "a room without a phone": lambda _: Edit("casa", remove_phones=(MacAddress(BATHROOM),)),
    "no room": lambda _: Edit("casa", remove_rooms=("101", "reception")),
    "a renamed room": lambda house: Edit("casa", rooms=({**house.room("101"), "name": "Suite"},)),
    "another extension": lambda house: Edit(
        "casa", rooms=({**house.room("101"), "extension": "2999"},)
    ),
    "another phone": lambda house: house.desk.replacement(MacAddress(FANVIL), MacAddress(NEW)),
    "a moved phone": lambda house: Edit(
        "casa",
        rooms=(
            {**house.room("spa"), "phones": {}},
            {"id": "bar", "template": "office", "extension": "150",
             "phones": {"desk": {"model": "snom/d717", "mac": SNOM}}},
        ),
    ),
    "another secret": lambda _: Edit(
        "casa", accounts=({"extension": "100", "name": "Front", "secret": "Another-Secret-1"},)
    ),
    "no account": lambda _: Edit("casa", rooms=({"id": "spa"},), remove_accounts=("109",)),
    "a head": lambda _: Edit(
        "casa",
        head={
            "name": "Casa Nova", "pbx": None, "switches": None, "monitoring": None,
            "numbers": None, "sip": {"expires_s": 120},
            "settings": {"access": {"user_password": "User-Secret-1"}, "raw": None},
        },
    ),
    "a preset": lambda _: Edit(
        "casa",
        head={
            "presets": {"guest-room": {"settings": {"access": {"menu_pin": "123456"}}}, "vip": {}},
            "room_templates": {"guest-room": {"positions": [{"id": "bedside", "preset": "vip"}]}},
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", EDITS)
def test_a_change_is_taken_back_whole(house: House, what: str) -> None:
    before = house.held()
    tokens = house.rows(PhoneRow.token_hash)
    edit = EDITS[what](house)
    applied = house.desk.apply(edit, who="ana", note="a try")
    after = house.held()
    assert after != before
    undone = house.desk.undo(applied.change, who="bo")
    held = house.held()
    assert by_name(held) == by_name(before)
    assert house.rows(PhoneRow.token_hash) == tokens
    second, first = house.desk.history("casa")
    assert (first.who, first.note, first.undone_by) == ("ana", "a try", undone.change)
    assert (second.who, second.action, second.undoes) == ("bo", "undo", applied.change)
    assert first.affected == len(applied.affected)
    house.desk.undo(undone.change, who="ana")  # and back again
    assert by_name(house.held()) == by_name(after)


def by_name(held: Any) -> dict[str, Any]:
    """An inventory without the order of its rows."""
    return {
        "sites": held.sites,
        "rooms": {room.id: room for room in held.rooms},
        "accounts": {account.extension: account for account in held.accounts},
        "phones": {phone.mac: phone for phone in held.phones},
    }


def test_what_was_changed_since_is_not_taken_back(house: House) -> None:
    room = house.room("101")
    first = house.desk.apply(Edit("casa", rooms=({**room, "name": "One"},)), who="ana")
    house.desk.apply(Edit("casa", rooms=({**room, "name": "Two"},)), who="bo")
    with pytest.raises(EditError) as refused:
        house.desk.undo(first.change, who="ana")
    assert [p.path for p in refused.value.problems] == [
        ("undo", "room/101"), ("undo", "account/2101")
    ]  # fmt: skip
    assert "room 101 was changed again by bo on " in str(refused.value)
    assert house.room("101")["name"] == "Two"


def test_other_changes_stay_when_one_is_taken_back(house: House) -> None:
    first = house.desk.apply(Edit("casa", rooms=({**house.room("101"), "floor": "1"},)), who="ana")
    house.desk.apply(Edit("casa", rooms=(guest_room("214"),)), who="bo")
    house.desk.undo(first.change, who="ana")
    assert "floor" not in house.room("101")
    assert house.room("214")
    with pytest.raises(EditError, match="undone already"):
        house.desk.undo(first.change, who="ana")


def test_a_secret_changed_since_counts(house: House) -> None:
    def account(secret: str) -> Edit:
        return Edit("casa", accounts=({"extension": "100", "name": "X", "secret": secret},))

    first = house.desk.apply(account("One-Secret-111"), who="ana")
    house.desk.apply(account("Two-Secret-222"), who="bo")
    with pytest.raises(EditError, match="account 100 was changed again by bo"):
        house.desk.undo(first.change, who="ana")


def test_a_room_removed_takes_no_others_place(house: House) -> None:
    first = house.desk.apply(Edit("casa", remove_phones=(MacAddress(FANVIL),)), who="ana")
    house.desk.apply(Edit("casa", rooms=(guest_room("214", FANVIL),)), who="bo")
    with pytest.raises(EditError, match="is bedside of room 214 already"):
        house.desk.undo(first.change, who="ana")


def test_no_secret_is_stored_in_the_clear(house: House) -> None:
    applied = house.desk.apply(EDITS["a head"](house), who="ana", note="x")
    house.desk.apply(EDITS["another secret"](house), who="ana")
    with house.installation.database.read() as session:
        rows = [
            (row.note, row.summary, str(row.targets), row.sealed.decode("latin-1"))
            for row in session.scalars(select(ChangeRow))
        ]
    assert "Secret" not in str(rows)
    _, kept = house.desk.change(applied.change)
    assert "Snmp-Secret-1" in str(kept)
    before, after = kept.shown()
    assert "Secret" not in str((before, after))
    assert before["head"] is not None
    assert before["head"]["switches"][0]["host"] == "10.20.0.2"
    assert after["head"] is not None
    assert "switches" not in after["head"]


def test_the_history_survives_a_new_key(house: House) -> None:
    applied = house.desk.apply(EDITS["a head"](house), who="ana")
    settings = house.installation.settings
    reseal_everything(settings)
    with opened(settings) as again:
        again.edits.undo(applied.change, who="ana")
        assert House(again).head()["switches"][0]["host"] == "10.20.0.2"


def test_only_the_last_changes_are_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    room = house.room("101")
    for n in range(5):
        house.desk.apply(Edit("casa", rooms=({**room, "floor": str(n)},)), who="ana")
    listed = house.desk.history("casa")
    assert len(listed) == 3
    assert house.desk.history("casa", 1, before=listed[0].id) == listed[1:2]
    assert house.desk.history("norte") == ()
    with pytest.raises(UnknownThingError, match="no change 1"):
        house.desk.undo(1, who="ana")


def test_a_site_is_not_removed_by_undoing(house: House) -> None:
    edit = Edit("norte", head={"name": "Norte", "url": "http://prov.example"})
    applied = house.desk.apply(edit, who="ana")
    with pytest.raises(EditError, match="not removed"):
        house.desk.undo(applied.change, who="ana")


def test_an_etag_of_before_holds_again_after_undoing(house: House) -> None:
    etag = etag_of(house.head())
    applied = house.desk.apply(
        Edit("casa", head={"name": "Nova"}, if_match={"head": etag}), who="a"
    )
    house.desk.undo(applied.change, who="a")
    assert etag_of(house.head()) == etag
    assert "Nova" not in str(SECRETS)
