"""Edits on PostgreSQL: the same questions, two editors at once, stages."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from provisioner.config import read_settings
from provisioner.edits.documents import etag_of
from provisioner.edits.edit import Edit, EditError, StaleError
from provisioner.edits.rollout import Policy
from provisioner.inventory.tables import PhoneRow
from tests.integration.servers import FANVIL, YEALINK, small_site
from tests.people import NOON
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from tests.unit.test_edits import SECRETS, House, guest_room
from web.installation import opened
from web.staging import stage_desk


@pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)
def test_edits_on_postgresql(tmp_path: Path) -> None:
    with Postgres() as server:
        url = server.new_database("bellwire")
        with opened(read_settings(data=tmp_path / "data", database_url=url)) as installation:
            house = House(installation)
            file = tmp_path / "site.yaml"
            file.write_text(yaml.safe_dump({"sites": [{**small_site(), **SECRETS}]}))
            applier = installation.applier
            applier.apply(applier.read([file])[0], who="test")
            _rooms_and_undoing(house)
            _two_at_once(house)
            _in_stages(house)


def _rooms_and_undoing(house: House) -> None:
    before = house.held()
    room = {**house.room("101"), "name": "Suite", "extension": "2999"}
    applied = house.desk.apply(Edit("casa", rooms=(room, guest_room("214"))), who="ana")
    assert YEALINK in applied.affected  # its keys show the rooms
    assert "2101" not in {account.extension for account in house.held().accounts}
    account = Edit("casa", accounts=({"extension": "100", "name": "Front"},))
    assert list(house.desk.preview(account).affected) == [YEALINK]
    with pytest.raises(EditError, match="still used by desk of room reception"):
        house.desk.apply(Edit("casa", remove_accounts=("100",)), who="ana")
    house.desk.undo(applied.change, who="ana")
    held = house.held()
    assert {r.id: r for r in held.rooms} == {r.id: r for r in before.rooms}
    assert {p.mac: p for p in held.phones} == {p.mac: p for p in before.phones}


def _two_at_once(house: House) -> None:
    room = house.room("101")
    etag, told = {"room/101": etag_of(room)}, []

    def edit(name: str) -> None:
        wanted = Edit("casa", rooms=({**room, "name": name},), if_match=etag)
        try:
            house.desk.apply(wanted, who=name)
        except StaleError:
            told.append(name)

    editors = [threading.Thread(target=edit, args=(f"name-{n}",)) for n in range(4)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert len(told) == 3
    assert house.room("101")["name"] not in told


def _in_stages(house: House) -> None:
    stages: Any = stage_desk(house.installation)
    edit = Edit("casa", head={"sip": {"registrar": "new.example"}})
    number = stages.begin(edit, Policy(), "ana", "", NOON)
    while house.installation.press.render_marked():
        pass
    with house.installation.database.read() as session:
        problems = set(session.scalars(select(PhoneRow.problem)))
    assert problems == {""}
    assert stages.take_back(number, "ana", NOON) >= 4
    assert FANVIL in house.rows(PhoneRow.dirty)
