"""Makers' data files: whole, with sources, and found by what a switch says of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from monitors.signals import PortPower
from monitors.snmp.values import oid
from monitors.switches import platform as platform_module
from monitors.switches.platform import (
    Platform,
    PseRule,
    TableIndex,
    detected,
    platforms,
    power_tables,
)
from provisioner.errors import CatalogueError


def test_every_file_loads_and_every_table_is_somebodys() -> None:
    assert len(platforms()) > 20
    used = {name for platform in platforms().values() for name in platform.power}
    assert used == set(power_tables())


@pytest.mark.parametrize(
    ("object_id", "descr", "expected"),
    [
        ("1.3.6.1.4.1.9.1.563", "Cisco IOS Software, C3560", "cisco_ios"),
        ("1.3.6.1.4.1.9.6.1.1006.24.5", "CBS350-24P-4X", "cisco_s300"),
        ("1.3.6.1.4.1.35265.1.92", "MES2324P", "eltex"),
        ("1.3.6.1.4.1.14988.1", "RouterOS RB5009UPr+S+", "mikrotik_routeros"),
        ("1.3.6.1.4.1.14988.2", "CSS610-8P-2S+ SwOS v2.20", "mikrotik_switchos"),
        ("1.3.6.1.4.1.4526.100.4.21", "GS110TP", "netgear_prosafe"),
        ("1.3.6.1.4.1.25506.11.1.181", "HPE 5130", "hp_comware"),
        ("1.3.6.1.4.1.8072.3.2.10", "Linux", ""),
        ("1.3.6.1.4.1.9", "something of Cisco's", ""),
    ],
)
def test_a_platform_by_its_object_id(object_id: str, descr: str, expected: str) -> None:
    assert detected(oid(object_id), descr) == expected


def test_no_object_id_is_no_platform() -> None:
    assert detected((), "") == ""


def test_the_longest_prefix_wins_and_a_description_breaks_a_tie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = {"title": "x", "checked": "2026-11", "confidence": "field", "covers": "x"}

    def made(objects: str, descr: str | None = None) -> Platform:
        return Platform.model_validate(
            {"name": "x", "objects": [objects], "descr": descr, "sources": [source]}
        )

    some = {"short": made("1.3.1"), "long": made("1.3.1.7"), "told": made("1.3.1.7", "Two")}
    monkeypatch.setattr(platform_module, "platforms", lambda: some)
    assert detected((1, 3, 1, 4), "") == "short"
    assert detected((1, 3, 1, 7, 1), "One") == "long"
    assert detected((1, 3, 1, 7, 1), "Two") == "told"


def test_tables_of_one_maker_do_not_overlap() -> None:
    bases = [base for table in power_tables().values() for base in table.bases]
    assert len(bases) == len(set(bases))
    for one in bases:
        assert not any(other != one and other[: len(one)] == one for other in bases)


def test_states_of_makers() -> None:
    table = power_tables()["tplink"]
    assert table.index is TableIndex.PORT
    assert table.states[0].codes[4] is PortPower.SHORT
    assert power_tables()["cisco"].faults[0].bits == {0: PortPower.DENIED, 1: PortPower.OVERLOAD}


def test_one_shots_are_never_read() -> None:
    """Reading such a column is harmless, asking for it every minute is not polite."""
    for table in power_tables().values():
        if table.cycle is not None:
            assert table.cycle.column not in table.columns()


@pytest.mark.parametrize(
    "rule",
    [
        {"rule": "entity"},
        {"rule": "if-index", "column": "1.3"},
        {"rule": "names"},
        {"rule": "order", "names": ["{port}"]},
        {"rule": "guess"},
    ],
)
def test_a_rule_must_be_whole(rule: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PseRule.model_validate(rule)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "platforms/x.toml: "),
        ('name = "x"', "platforms/x.toml: objects: Field required"),
        ('name = "x"\nobjects = ["1.3.iso"]', "platforms/x.toml: objects.0: "),
        (
            (
                'name = "x"\nobjects = ["1.3"]\nvolts = 3\n[[sources]]\ntitle = "x"\n'
                'checked = "2026-11"\nconfidence = "field"\ncovers = "x"'
            ),
            "platforms/x.toml: volts: Extra inputs",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "x.toml").write_text(text)
    (tmp_path / "platforms" / "notes.txt").write_text("no data file")
    monkeypatch.setattr(platform_module.resources, "files", lambda _: tmp_path)
    with pytest.raises(CatalogueError) as problem:
        platform_module._records("platforms", Platform)
    assert message in str(problem.value)


def test_a_platform_names_tables_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = dict(power_tables())
    del tables["cisco"]
    monkeypatch.setattr(platform_module, "power_tables", lambda: tables)
    with pytest.raises(CatalogueError, match=r"cisco_ios\.toml: power: there is no table cisco"):
        platforms.__wrapped__()
