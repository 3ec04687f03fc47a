"""Rotating the encryption key: phones notice nothing, and no crash loses anything."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from provisioner.inventory import store
from provisioner.secrets import add_key, drop_old_keys, open_box
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    DEVICE_FILE,
    YEALINK,
    DataFolder,
    ask,
    delivery_on,
    room,
    small_site,
)
from web.installation import opened
from web.rotation import _reseal, reseal_everything


def rich_site(url: str) -> dict[str, Any]:
    """A site with a secret at every place where one can be."""
    site = small_site(url)
    site["settings"] |= {"access": {"admin_password": "Site-Admin-1"}}
    site["presets"] = {
        "suite": {"name": {"en": "Suite"}, "settings": {"access": {"user_password": "Preset-1"}}}
    }
    site["switches"] = [{"host": "10.20.0.2", "snmp": {"community": "Community-1"}}]
    site["pbx"] = {"ami": {"host": "10.20.0.5", "username": "bellwire", "secret": "Ami-Secret-1"}}
    room(site, "spa")["settings"] = {"access": {"user_password": "Room-User-1"}}
    room(site, "101")["phones"]["bedside"]["settings"] = {
        "raw": {"new-text": {"<NET CONFIG MODULE> Vendor Class ID": "x"}}
    }
    desk = room(site, "reception")["phones"]["desk"]
    desk["settings"] = {"access": {"admin_password": "Phone-Admin-1"}}
    return site


@pytest.fixture
def rich(folder: DataFolder) -> DataFolder:
    folder.apply(rich_site(folder.url))
    return folder


def everything(folder: DataFolder) -> object:
    """All that is stored, decrypted."""
    with folder.opened() as installation, installation.database.read() as session:
        held = store.stored(session, installation.box)
        own = {p.mac: installation.press.kit(session, p.mac).secrets for p in held.phones}
        box = installation.box
        bodies = {
            row[0] + row[1]: box.open_body(row[2])
            for row in folder.rows("select mac, name, body from rendered")
        }
    return held, own, bodies


def keys(folder: DataFolder) -> list[bytes]:
    return (folder.path / "secret.key").read_bytes().split()


def test_a_running_server_and_its_phones_notice_nothing(make_server: MakeServer) -> None:
    server = make_server(rich_site, options=())
    folder = server.folder
    urls = folder.urls(*DEVICE_FILE)
    seen = YEALINK  # in the server's memory already; the others are read after the rotation
    body = ask(urls[seen] + DEVICE_FILE[seen]).body
    (old,) = keys(folder)
    before = everything(folder)
    result = folder.run("secrets", "rotate")
    assert result.exit_code == 0
    assert "back up" in result.stdout
    (new,) = keys(folder)
    assert new != old
    assert (folder.path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert everything(folder) == before
    assert ask(urls[seen] + DEVICE_FILE[seen]).body == body
    for mac, url in urls.items():
        assert ask(url + DEVICE_FILE[mac]).body == folder.rendered(mac)[DEVICE_FILE[mac]]
    # and what the server writes from now on, it writes with the new key
    site = rich_site(folder.url)
    site["sip"]["expires_s"] = 777
    folder.apply(site, options=("--no-render",))
    assert b"777" in ask(urls[seen] + DEVICE_FILE[seen]).body
    everything(folder)
    assert "Traceback" not in server.log


def test_nothing_opens_with_the_old_key(rich: DataFolder) -> None:
    old = rich.path.parent / "old.key"
    shutil.copy(rich.path / "secret.key", old)
    rich.run("secrets", "rotate")
    for value in (old, rich.path.parent / "other.key"):
        result = rich.run("status", env={"BELLWIRE_KEY_FILE": str(value)})
        assert result.exit_code == 2
        assert "Traceback" not in result.output
    with_old = rich.run("status", env={"BELLWIRE_KEY_FILE": str(old)})
    assert "the key file is not the one this data was written with" in with_old.stderr
    assert "put back the secret.key that belongs to it" in with_old.stderr
    assert not (rich.path.parent / "other.key").exists()


def test_a_missing_key_file_is_not_made_anew(rich: DataFolder) -> None:
    file = rich.path / "secret.key"
    kept = file.read_bytes()
    file.unlink()
    for command in (("status",), ("secrets", "rotate")):
        result = rich.run(*command)
        assert result.exit_code == 2
        assert f"{file} is missing; put back the one this data belongs to" in result.stderr
        assert not file.exists()
    file.write_bytes(kept)
    file.chmod(0o600)
    assert rich.run("status").exit_code == 0


@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\x00\xff"])
def test_a_broken_key_file_is_one_sentence(rich: DataFolder, content: bytes) -> None:
    file = rich.path / "secret.key"
    file.write_bytes(content)
    result = rich.run("status")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"bellwire: {file}: ")
    assert len(result.stderr.splitlines()) == 1


def test_rotating_with_the_wrong_key_touches_nothing(rich: DataFolder, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    open_box(other)
    before = other.read_bytes()
    result = rich.run("secrets", "rotate", env={"BELLWIRE_KEY_FILE": str(other)})
    assert result.exit_code == 2
    assert other.read_bytes() == before
    everything(rich)


def test_a_crash_after_any_step_loses_nothing(rich: DataFolder) -> None:
    file = rich.path / "secret.key"
    before = everything(rich)
    add_key(file)  # 1, then it crashed
    assert len(keys(rich)) == 2
    assert everything(rich) == before
    add_key(file)
    with rich.opened() as installation, installation.database.write() as session:
        _reseal(session, installation.box)  # 2, then it crashed
    assert len(keys(rich)) == 3
    assert everything(rich) == before
    drop_old_keys(file)  # 3
    assert len(keys(rich)) == 1
    assert everything(rich) == before
    assert rich.run("secrets", "rotate").exit_code == 0
    assert everything(rich) == before


def test_an_error_while_encrypting_keeps_the_old_keys(
    rich: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(rich)

    def fails(*_args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("web.rotation._reseal", fails)
    assert rich.run("secrets", "rotate").exit_code == 1
    monkeypatch.undo()
    assert len(keys(rich)) == 2
    assert everything(rich) == before
    assert rich.run("secrets", "rotate").exit_code == 0
    assert len(keys(rich)) == 1
    assert everything(rich) == before


def test_what_is_written_between_the_steps_stays_readable(rich: DataFolder) -> None:
    """A server that had the folder open before the rotation began."""
    from provisioner.identify import FetchRequest

    token = rich.token(YEALINK)
    request = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[YEALINK]}", "127.0.0.1")
    site = rich_site(rich.url)
    with delivery_on(rich) as desk:
        for number, step in enumerate((add_key, drop_old_keys)):
            site["sip"]["expires_s"] = 700 + number
            step(rich.path / "secret.key") if step is add_key else reseal_then_drop(rich)
            rich.apply(site, options=("--no-render",))
            assert str(700 + number).encode() in desk.delivery.answer(request).body
    everything(rich)


def reseal_then_drop(folder: DataFolder) -> None:
    with folder.opened() as installation, installation.database.write() as session:
        _reseal(session, installation.box)
    drop_old_keys(folder.path / "secret.key")


def test_an_empty_folder_can_be_rotated(folder: DataFolder) -> None:
    assert folder.run("status").exit_code == 0
    (old,) = keys(folder)
    with folder.opened() as installation:
        reseal_everything(installation.settings)
    assert keys(folder) != [old]
    assert folder.run("status").exit_code == 0
    with folder.opened() as installation, opened(installation.settings) as again:
        assert again.settings == installation.settings
