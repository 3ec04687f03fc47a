"""What keeps the data during an upgrade: it comes back whole, wherever it was interrupted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from tests.ansible.playing import COLLECTION

TEMPLATE = COLLECTION / "roles" / "bellwire" / "templates" / "data_copy.sh.j2"
GOOD = {"bellwire.db": "good", "bellwire.db-wal": "wal", "secret.key": "key", "library/ab": "image"}


class Data:
    """A data folder with the script for it."""

    def __init__(self, folder: Path, *, keeps_database: bool = False) -> None:
        self.path = folder / "data"
        self.script = folder / "data-copy"
        made = Environment(undefined=StrictUndefined).from_string(TEMPLATE.read_text("utf-8"))
        values = {"bellwire_data": str(self.path), "bellwire_config_folder": str(folder)}
        self.script.write_text(
            made.render(**values, bellwire_keeps_database=keeps_database), encoding="utf-8"
        )
        (self.path / "library").mkdir(parents=True)
        for name, text in GOOD.items():
            (self.path / name).write_text(text, encoding="utf-8")

    def do(self, action: str) -> int:
        command = ["/bin/sh", str(self.script), action]
        return subprocess.run(command, check=False, capture_output=True).returncode

    def spoil(self) -> None:
        (self.path / "bellwire.db").write_text("spoilt", encoding="utf-8")
        (self.path / "bellwire.db-wal").unlink()
        (self.path / "left-over").touch()

    def files(self) -> dict[str, str]:
        found = (f for f in self.path.rglob("*") if f.is_file())
        return {str(f.relative_to(self.path)): f.read_text("utf-8") for f in found}


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return Data(tmp_path)


def test_spoilt_data_is_as_before(data: Data) -> None:
    assert data.do("keep") == 0
    data.spoil()
    assert data.do("put-back") == 0
    assert data.files() == GOOD


def test_on_the_way_to_postgresql_there_is_nothing_to_dump(tmp_path: Path) -> None:
    data = Data(tmp_path, keeps_database=True)
    assert data.do("keep") == 0
    data.spoil()
    assert data.do("put-back") == 0
    assert data.files() == GOOD


def test_the_library_takes_no_room_twice(data: Data) -> None:
    data.do("keep")
    kept = data.path / ".rollback" / "library" / "ab"
    assert kept.stat().st_ino == (data.path / "library" / "ab").stat().st_ino


def test_a_copy_is_forgotten(data: Data) -> None:
    data.do("keep")
    assert data.do("forget") == 0
    assert data.files() == GOOD


def test_nothing_kept_means_nothing_touched(data: Data) -> None:
    data.spoil()
    before = data.files()
    assert data.do("put-back") == 0
    assert data.do("clear") == 1
    assert data.files() == before


def test_clearing_leaves_the_copy(data: Data) -> None:
    data.do("keep")
    assert data.do("clear") == 0
    assert set(data.files()) == {f".rollback/{name}" for name in GOOD}
    data.do("put-back")
    assert data.files() == GOOD


def test_an_old_copy_is_not_put_back(data: Data) -> None:
    data.do("keep")
    (data.path / "bellwire.db").write_text("newer", encoding="utf-8")
    assert data.do("begin") == 0
    data.do("put-back")
    assert data.files() == GOOD | {"bellwire.db": "newer"}


def moved_aside(data: Data) -> None:
    (data.path / ".failed.new").mkdir()
    (data.path / "bellwire.db").rename(data.path / ".failed.new" / "bellwire.db")


def all_aside(data: Data) -> None:
    (data.path / ".failed").mkdir()
    for name in ("bellwire.db", "left-over", "secret.key", "library"):
        (data.path / name).rename(data.path / ".failed" / name)


def half_back(data: Data) -> None:
    all_aside(data)
    (data.path / ".rollback" / "bellwire.db").rename(data.path / "bellwire.db")


def all_back(data: Data) -> None:
    all_aside(data)
    for name in ("bellwire.db", "bellwire.db-wal", "secret.key", "library"):
        (data.path / ".rollback" / name).rename(data.path / name)
    (data.path / ".rollback").rmdir()


@pytest.mark.parametrize("interrupted", [moved_aside, all_aside, half_back, all_back])
def test_a_return_that_was_interrupted_is_finished(data: Data, interrupted: object) -> None:
    data.do("keep")
    data.spoil()
    assert callable(interrupted)
    interrupted(data)
    assert data.do("begin") == 0
    assert data.do("keep") == 1  # so the next upgrade returns first
    assert data.do("put-back") == 0
    assert data.files() == GOOD
    assert data.do("keep") == 0
