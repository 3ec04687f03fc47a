"""Secrets: made from the system's random, kept encrypted, keys that can be changed."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from provisioner.errors import SecretsError
from provisioner.phone_secrets import TOKEN_LENGTH
from provisioner.secrets import (
    add_key,
    drop_old_keys,
    hash_token,
    make_phone_secrets,
    make_sip_secret,
    make_token,
    open_box,
)

LOOK_ALIKES = set("0O1Il")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "secret.key"


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_sip_secret() -> None:
    made = {make_sip_secret().get_secret_value() for _ in range(200)}
    assert len(made) == 200
    assert {len(s) for s in made} == {20}
    letters = set("".join(made))
    assert all(c.isascii() and c.isalnum() for c in letters)
    assert not letters & LOOK_ALIKES
    assert len(letters) > 50


def test_a_token_is_128_bits_in_base32() -> None:
    made = {make_token().get_secret_value() for _ in range(200)}
    assert len(made) == 200
    for token in made:
        assert len(token) == TOKEN_LENGTH == 26
        assert token == token.lower()
        assert len(base64.b32decode(token.upper() + "======")) == 16


def test_a_phones_secrets_are_its_own() -> None:
    one, other = make_phone_secrets(), make_phone_secrets()
    for name in ("token", "admin_password", "user_password"):
        assert getattr(one, name) != getattr(other, name)
    assert len(one.menu_pin.get_secret_value()) == 6
    assert len(one.dect_pin.get_secret_value()) == 4
    assert one.menu_pin.get_secret_value().isdigit()
    assert one.token.get_secret_value() not in repr(one)


def test_a_tokens_hash() -> None:
    token = make_token().get_secret_value()
    assert hash_token(token) == hash_token(token.upper()) != hash_token(token[:-1])
    assert token not in hash_token(token)
    assert len(hash_token("?")) == len(hash_token("é")) == 64


def test_seal_and_open(file: Path) -> None:
    box = open_box(file)
    for text in ("hush", "", "ñ😀", "x" * 10_000):
        sealed = box.seal(text)
        assert text not in sealed or not text
        assert box.open(sealed).get_secret_value() == text
    assert box.open(box.seal(SecretStr("hush"))) == SecretStr("hush")
    assert box.seal("hush") != box.seal("hush")


def test_seal_and_open_a_file(file: Path) -> None:
    box = open_box(file)
    body = b"account.1.password = hush\r\n" * 100
    sealed = box.seal_body(body)
    assert b"hush" not in sealed
    assert len(sealed) < len(body)
    assert box.open_body(sealed) == body


def test_another_key_opens_nothing(file: Path, tmp_path: Path) -> None:
    sealed = open_box(file).seal("hush")
    stranger = open_box(tmp_path / "other.key")
    with pytest.raises(SecretsError, match="not the one"):
        stranger.open(sealed)
    with pytest.raises(SecretsError):
        stranger.open_body(open_box(file).seal_body(b"hush"))
    with pytest.raises(SecretsError):
        stranger.open("rubbish")


def test_what_was_changed_on_the_way_is_refused(file: Path) -> None:
    box = open_box(file)
    sealed = box.seal("hush")
    changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(SecretsError):
        box.open(changed)


def test_a_new_key_file_is_its_owners(file: Path) -> None:
    old = os.umask(0)
    try:
        open_box(file)
    finally:
        os.umask(old)
    assert mode(file) == 0o600
    sealed = open_box(file).seal("hush")
    assert open_box(file).open(sealed).get_secret_value() == "hush"


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_read_is_refused(file: Path, bits: int) -> None:
    open_box(file)
    file.chmod(bits)
    with pytest.raises(SecretsError, match="chmod 600"):
        open_box(file)


@pytest.mark.parametrize("content", [b"", b"\n", b"not a key\n", b"\xff\xfe"])
def test_a_file_that_holds_no_key(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SecretsError, match="no key"):
        open_box(file)


def test_a_place_where_no_key_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SecretsError):
        open_box(tmp_path / "file" / "secret.key")
    with pytest.raises(SecretsError):
        open_box(tmp_path / "file" / "below" / "secret.key")
    (tmp_path / "folder").mkdir(mode=0o700)
    with pytest.raises(SecretsError):
        open_box(tmp_path / "folder")


def test_keys_are_changed_under_an_open_box(file: Path) -> None:
    running = open_box(file)
    old = running.seal("hush")
    add_key(file)
    assert mode(file) == 0o600
    new = running.seal("hush")  # already with the new key
    assert running.open(old) == running.open(new) == SecretStr("hush")
    again = running.reseal(old)
    drop_old_keys(file)
    assert len(file.read_bytes().split()) == 1
    assert mode(file) == 0o600
    fresh = open_box(file)
    assert fresh.open(new) == fresh.open(again) == SecretStr("hush")
    with pytest.raises(SecretsError):
        fresh.open(old)


def test_a_box_reads_what_a_newer_box_wrote(file: Path) -> None:
    running = open_box(file)
    add_key(file)
    assert running.open(open_box(file).seal("hush")) == SecretStr("hush")


def test_a_new_key_is_noticed_however_quick_it_came(file: Path) -> None:
    running = open_box(file)
    before = file.stat()
    add_key(file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # within one tick of the clock
    sealed = running.seal("hush")
    drop_old_keys(file)
    assert open_box(file).open(sealed) == SecretStr("hush")


def test_a_key_file_that_went_away_is_a_secrets_error(file: Path) -> None:
    box = open_box(file)
    file.unlink()
    with pytest.raises(SecretsError, match=r"secret\.key"):
        box.seal("hush")
