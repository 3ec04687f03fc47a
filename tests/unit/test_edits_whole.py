"""Whole site files in the history: each can be taken back, by the command line too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from provisioner.config import read_settings
from provisioner.edits.edit import Edit, EditError
from provisioner.edits.whole import apply_whole
from provisioner.inventory.records import Inventory
from provisioner.inventory.tables import PhoneRow
from tests.integration.servers import many_rooms
from tests.unit.test_edits import House, house_folder
from tests.unit.test_edits_history import by_name
from web.cli import main
from web.installation import opened

FRESH = "0c:38:3e:00:0f:01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return house_folder(tmp_path)


@pytest.fixture
def house(folder: Path) -> Iterator[House]:
    with opened(read_settings(data=folder)) as installation:
        yield House(installation)


def read(house: House, folder: Path, *sites: dict[str, Any]) -> Inventory:
    file = folder.parent / "whole.yaml"
    file.write_text(yaml.safe_dump({"sites": list(sites)}), encoding="utf-8")
    return house.installation.applier.read([file])[0]


def site(site_id: str, phones: int = 2, **parts: Any) -> dict[str, Any]:
    """A site of some rooms, as a file has it; its MACs depend on its name."""
    return {
        **many_rooms(phones, "http://127.0.0.1", start=len(site_id) * 1000, site_id=site_id),
        **parts,
    }


def test_a_file_is_taken_back_whole(house: House, folder: Path) -> None:
    applier = house.installation.applier
    apply_whole(applier, read(house, folder, site("big", 4)), who="cli:ana")
    before, tokens = house.held("big"), house.rows(PhoneRow.token_hash)
    other = site("big", 6, name="Big two", numbers={"reception": "109"})
    del other["rooms"][1]  # gone with its phone and account
    other["rooms"][0]["name"] = "First"
    apply_whole(applier, read(house, folder, other), who="cli:bo", prune=True)
    after = house.held("big")
    entry, first = house.desk.history("big")
    assert (entry.who, entry.action, entry.affected) == ("cli:bo", "apply", 6)
    assert entry.targets[0] == "head"
    assert {"room/r3000", "room/r3001", "room/r3004", "account/23001"} <= set(entry.targets)
    assert "room/r3002" not in entry.targets  # nothing of it is different
    undone = house.desk.undo(entry.id, who="ana")
    assert by_name(house.held("big")) == by_name(before)
    assert house.rows(PhoneRow.token_hash) == tokens
    house.desk.undo(undone.change, who="ana")
    assert by_name(house.held("big")) == by_name(after)
    assert first.summary.startswith("1 site added, 4 rooms added")


def test_the_first_file_of_a_site_is_in_the_history_and_says_why_it_stays(
    house: House, folder: Path
) -> None:
    apply_whole(house.installation.applier, read(house, folder, site("big")), who="cli")
    (entry,) = house.desk.history("big")
    assert (entry.targets, entry.affected) == (("head",), 2)
    with pytest.raises(EditError, match="a site is not removed by undoing its first change"):
        house.desk.undo(entry.id, who="cli")


def test_each_site_of_a_file_has_its_own_entry(house: House, folder: Path) -> None:
    applier = house.installation.applier
    sites = site("big"), site("small")
    apply_whole(applier, read(house, folder, *sites), who="cli")
    before = house.held("small")
    changed = [{**each, "numbers": {"reception": "100"}} for each in sites]
    changed[0]["rooms"][0]["name"] = "Suite"
    apply_whole(applier, read(house, folder, *changed), who="cli")
    big, small = house.desk.history("big")[0], house.desk.history("small")[0]
    assert big.summary == "1 site changed, 1 room changed, 1 account changed; 2 phones affected"
    assert small.summary == "1 site changed; 2 phones affected"
    house.desk.undo(big.id, who="cli")
    assert house.held("small") != before
    house.desk.undo(small.id, who="cli")
    assert by_name(house.held("small")) == by_name(before)


def test_the_same_file_again_writes_nothing(house: House, folder: Path) -> None:
    wanted = read(house, folder, site("big"))
    for _ in range(2):
        apply_whole(house.installation.applier, wanted, who="cli")
    assert len(house.desk.history("big")) == 1


def test_what_was_edited_since_is_in_the_way(house: House, folder: Path) -> None:
    applier = house.installation.applier
    apply_whole(applier, read(house, folder, site("big")), who="cli")
    other = site("big")
    other["rooms"][0]["name"] = "First"
    apply_whole(applier, read(house, folder, other), who="cli")
    name = other["rooms"][0]["id"]
    room = house.room(name, "big")  # as it is after the file
    house.desk.apply(Edit("big", rooms=({**room, "name": "Second"},)), who="ana")
    with pytest.raises(EditError, match=f"room {name} was changed again by ana"):
        house.desk.undo(house.desk.history("big")[1].id, who="cli")


# on the command line


def bellwire(folder: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [*words, "--data", str(folder)])
    assert result.exit_code == code, result.output
    return result


def test_changes_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    for name in ("Big", "Grand"):
        file.write_text(yaml.safe_dump({"sites": [site("big", name=name)]}))
        bellwire(folder, "apply", str(file))
    listed = json.loads(bellwire(folder, "changes", "list", "big", "--json").stdout)
    assert [(e["action"], e["targets"]) for e in listed] == [("apply", ["head"])] * 2
    number = str(listed[0]["id"])
    shown = bellwire(folder, "changes", "show", number).output
    assert "-name: Big\n+name: Grand" in shown
    assert "1 site changed" in bellwire(folder, "changes", "list", "big").output
    assert f"takes change {number} back" in bellwire(folder, "changes", "undo", number).output
    again = bellwire(folder, "changes", "undo", number, code=1)
    assert "was undone already" in again.output
    bellwire(folder, "changes", "list", "nowhere", code=1)
    bellwire(folder, "changes", "show", "999", code=1)
    assert json.loads(bellwire(folder, "changes", "show", number, "--json").stdout)["after"]


def test_a_change_in_stages_on_the_command_line(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(yaml.safe_dump({"sites": [site("big", 6)]}))
    bellwire(folder, "apply", str(file))
    assert (
        "never had a change in stages" in bellwire(folder, "staged", "show", "big", code=1).output
    )
    parts = tmp_path / "parts.yaml"
    parts.write_text("sip: {registrar: new.example}\n")
    assert "big: active" in bellwire(folder, "staged", "begin", "big", str(parts)).output
    file.write_text(yaml.safe_dump({"sites": [site("big", 6, name="Other")]}))
    refused = bellwire(folder, "apply", str(file), code=1)
    assert "let it end, or take it back first" in refused.output
    assert "big: paused" in bellwire(folder, "staged", "pause", "big").output
    assert "big: active" in bellwire(folder, "staged", "resume", "big").output
    bellwire(folder, "staged", "pause", "big")
    assert "> " in bellwire(folder, "staged", "next", "big").output
    shown = json.loads(bellwire(folder, "staged", "show", "big", "--json").stdout)
    assert (shown["state"], len(shown["phones"])) == ("active", 6)
    assert "big: withdrawn" in bellwire(folder, "staged", "back", "big").output
    bellwire(folder, "staged", "back", "big", code=1)
    parts.write_text("- a list\n")
    assert (
        "must hold settings"
        in bellwire(folder, "staged", "begin", "big", str(parts), code=1).output
    )
