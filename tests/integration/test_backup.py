"""Backups: made while everything runs, checked, and put back whole or not at all."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from provisioner.config import read_settings
from provisioner.delivery import utc_now
from tests.integration.servers import (
    DEVICE_FILE,
    YEALINK,
    DataFolder,
    delivery_on,
    room,
    small_site,
)
from tests.integration.test_fetch_log import event
from tests.integration.test_rotation import everything, rich_site
from tests.simulators.postgres import SKIP_REASON, Postgres, find_postgres
from web.backups.making import backups_in, make_backup
from web.backups.manifest import BackupError, read_manifest
from web.rotation import reseal_everything

AT = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - naive UTC, as all of bellwire's


@pytest.fixture
def rich(folder: DataFolder) -> DataFolder:
    """A data folder with a secret wherever there can be one, a user, a token and a picture."""
    folder.apply(rich_site(folder.url))
    with folder.opened() as installation:
        recorder = installation.recorder()
        recorder.start()
        recorder.record(event(1))
        recorder.close()
    add_picture(folder)
    return folder


def add_picture(folder: DataFolder) -> None:
    """Put a wallpaper into the library."""
    file = folder.path.parent / "lobby.png"
    Image.new("RGB", (480, 272), "navy").save(file)
    done = folder.run("files", "add", str(file), "--kind", "wallpaper", "--vendor", "yealink")
    assert done.exit_code == 0, done.output


def backed_up(folder: DataFolder, *options: str) -> Path:
    """Make a backup by the command; returns its folder."""
    out = folder.path.parent / "backups"
    done = folder.run("backup", "--out", str(out), "--json", *options)
    assert done.exit_code == 0, (done.output, done.exception)
    return Path(json.loads(done.stdout)["folder"])


def test_restoring_brings_every_secret_file_and_row_back(rich: DataFolder, tmp_path: Path) -> None:
    before, fetches = everything(rich), rich.fetches()
    folder = backed_up(rich)
    again = DataFolder(tmp_path / "again")
    done = again.run("restore", str(folder))
    assert done.exit_code == 0, done.output
    assert "5 phones are back" in done.output
    assert everything(again) == before
    assert again.fetches() == fetches != []
    assert again.urls(YEALINK) == rich.urls(YEALINK)
    library = {f.name: f.read_bytes() for f in (rich.path / "library").iterdir()}
    assert {f.name: f.read_bytes() for f in (again.path / "library").iterdir()} == library != {}
    assert (again.path / "secret.key").read_bytes() == (rich.path / "secret.key").read_bytes()
    with delivery_on(again) as desk:
        del desk  # its key opens what it serves
    check = [json.loads(f.run("db", "check", "--json").stdout) for f in (rich, again)]
    assert check[0] == check[1]
    assert check[0]["phones"] == 5


def test_nobody_but_the_owner_may_read_a_backup(casa: DataFolder) -> None:
    folder = backed_up(casa)
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_nothing_that_is_there_is_replaced(casa: DataFolder, tmp_path: Path) -> None:
    folder = backed_up(casa)
    before = everything(casa)
    done = casa.run("restore", str(folder))
    assert done.exit_code == 1
    assert "move the old data away first" in done.output
    assert everything(casa) == before
    lone = DataFolder(tmp_path / "lone")
    lone.path.mkdir()
    (lone.path / "secret.key").write_text("somebody's", encoding="utf-8")
    assert lone.run("restore", str(folder)).exit_code == 1
    assert [f.name for f in lone.path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("name", ["bellwire.db.gz", "secret.key", "manifest.json", "library"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    rich: DataFolder, tmp_path: Path, name: str
) -> None:
    folder = backed_up(rich)
    target = folder / name
    if target.is_dir():
        target = next(target.iterdir())
    body = bytearray(target.read_bytes())
    body[len(body) // 2] ^= 0x20
    target.write_bytes(body if name != "manifest.json" else body[: len(body) // 2])
    again = DataFolder(tmp_path / "again")
    done = again.run("restore", str(folder))
    assert done.exit_code == 1, done.output
    assert not again.path.is_dir() or list(again.path.iterdir()) == []


def test_a_file_that_is_missing_is_named(casa: DataFolder, tmp_path: Path) -> None:
    folder = backed_up(casa)
    (folder / "events.db.gz").unlink()
    done = DataFolder(tmp_path / "again").run("restore", str(folder))
    assert "events.db.gz is missing from the backup" in done.output


def test_a_backup_of_a_newer_version_is_refused(casa: DataFolder, tmp_path: Path) -> None:
    folder = backed_up(casa)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["revisions"]["inventory"] = "9999"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    done = DataFolder(tmp_path / "again").run("restore", str(folder))
    assert done.exit_code == 1
    assert "newer than this one" in done.output


def test_data_that_is_damaged_is_not_backed_up(casa: DataFolder) -> None:
    casa.change("update rendered set digest = 'x' where mac = ?", YEALINK)
    done = casa.run("backup", "--out", str(casa.path.parent / "backups"))
    assert done.exit_code == 1
    assert "is damaged" in done.output
    assert list((casa.path.parent / "backups").iterdir()) == []
    assert casa.run("db", "check").exit_code == 1


def test_a_lost_file_of_the_library_is_told(rich: DataFolder) -> None:
    next((rich.path / "library").iterdir()).unlink()
    done = rich.run("backup", "--out", str(rich.path.parent / "backups"))
    assert done.exit_code == 1
    assert "a file of the library is lost" in done.output


def test_without_data_there_is_nothing_to_back_up(folder: DataFolder) -> None:
    assert folder.run("backup", "--out", str(folder.path.parent / "b")).exit_code == 2


def test_contents_of_the_library_are_kept_once(rich: DataFolder) -> None:
    first, second = backed_up(rich), backed_up(rich)
    files = [next((folder / "library").iterdir()).stat() for folder in (first, second)]
    assert files[0].st_ino == files[1].st_ino
    shutil.rmtree(first)
    assert next((second / "library").iterdir()).stat().st_size > 0


def test_only_the_newest_are_kept(casa: DataFolder) -> None:
    made = [backed_up(casa) for _ in range(3)]
    other = made[0].parent / "notes.txt"
    other.touch()
    last = backed_up(casa, "--keep", "2")
    assert backups_in(last.parent) == [made[2], last]
    assert other.exists()


def test_it_is_of_one_moment_while_people_write(casa: DataFolder, tmp_path: Path) -> None:
    """Each change of the site moves two rooms at once; no copy may have one of them only."""
    stop = threading.Event()
    problems: list[BaseException] = []

    def write() -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                with casa.opened() as installation, installation.database.write() as session:
                    for name in ("101", "spa"):
                        session.connection().exec_driver_sql(
                            "update room set name = ? where id = ?", (str(number), name)
                        )
        except BaseException as problem:  # noqa: BLE001 - told by the test
            problems.append(problem)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [make_backup(read_settings(data=casa.path), tmp_path / "b", AT) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert problems == []
    for number, backup in enumerate(made):
        again = DataFolder(tmp_path / f"again{number}")
        assert again.run("restore", str(backup.folder)).exit_code == 0
        rows = again.rows("select name from room where id in ('101', 'spa')")
        assert rows[0] == rows[1]


def test_a_key_rotated_meanwhile_does_no_harm(
    casa: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from web.backups import making

    settings = read_settings(data=casa.path)
    copy, rotated = making._copy_database, []

    def rotating(source: Path, target: Path) -> None:
        if not rotated:
            rotated.append(source)
            reseal_everything(settings)
        copy(source, target)

    monkeypatch.setattr(making, "_copy_database", rotating)
    backup = make_backup(settings, tmp_path / "b", AT)
    assert rotated
    again = DataFolder(tmp_path / "again")
    assert again.run("restore", str(backup.folder)).exit_code == 0
    assert everything(again) == everything(casa)


def test_nothing_half_made_is_left(
    casa: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from web.backups import making

    def full(_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "to_disk", full)
    with pytest.raises(OSError, match="No space"):
        make_backup(read_settings(data=casa.path), tmp_path / "b", AT)
    assert list((tmp_path / "b").iterdir()) == []


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is no backup"):
        read_manifest(tmp_path)


def test_a_phone_changed_after_the_backup_is_as_it_was(casa: DataFolder, tmp_path: Path) -> None:
    body = casa.rendered(YEALINK)[DEVICE_FILE[YEALINK]]
    folder = backed_up(casa)
    site = small_site(casa.url)
    room(site, "reception")["name"] = "Lobby desk"
    site["numbers"]["reception"] = "101"
    casa.apply(site)
    again = DataFolder(tmp_path / "again", casa.url)
    assert again.run("restore", str(folder)).exit_code == 0
    assert again.rendered(YEALINK)[DEVICE_FILE[YEALINK]] == body


@pytest.mark.skipif(find_postgres() is None, reason=SKIP_REASON)
def test_under_postgresql_key_and_library_are_kept(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Postgres() as server:
        monkeypatch.setenv("BELLWIRE_DATABASE_URL", server.new_database("bellwire"))
        folder.apply(small_site(folder.url))
        backup = make_backup(read_settings(data=folder.path), tmp_path / "b", utc_now())
        assert backup.manifest.database == "postgresql"
        assert sorted(backup.manifest.files) == ["secret.key"]
        assert backup.manifest.phones == 5
        again = DataFolder(tmp_path / "again")
        done = again.run("restore", str(backup.folder))
        assert done.exit_code == 0
        assert "pg_restore" in done.output
        assert again.run("db", "check").exit_code == 0
        monkeypatch.delenv("BELLWIRE_DATABASE_URL")
        assert DataFolder(tmp_path / "third").run("restore", str(backup.folder)).exit_code == 1
