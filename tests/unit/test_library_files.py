"""What may come into the library, and how its bytes are kept."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tempfile
import time
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provisioner.catalogue.loader import load
from provisioner.errors import CatalogueError, UnknownThingError
from provisioner.filestore.coverage import Coverage
from provisioner.filestore.findings import FileRefusedError
from provisioner.filestore.formats import FileKind, formats_of
from provisioner.filestore.intake import Wanted, check_content, label_of
from provisioner.filestore.pictures import check_picture, screen_of
from provisioner.filestore.ring_tones import read_wav
from provisioner.filestore.vault import Vault

CATALOGUE = load()
IMAGE = os.urandom(64 * 1024)


def wav(
    tag: int = 7, channels: int = 1, rate: int = 8000, bits: int = 8, seconds: int = 1
) -> bytes:
    """A WAV file, G.711 too, which Python's own module cannot write."""
    frame = channels * bits // 8
    shape = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    sound = bytes(rate * frame * seconds)
    body = b"WAVEfmt " + struct.pack("<I", len(shape)) + shape
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd chunk has a filling byte
    body += b"data" + struct.pack("<I", len(sound)) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


def picture(kind: str = "PNG", width: int = 480, height: int = 272) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(made, kind)
    return made.getvalue()


def checked(
    content: bytes, name: str, tmp_path: Path, **given_: object
) -> tuple[object, list[str]]:
    """Facts and warnings of a file."""
    file = tmp_path / "content"
    file.write_bytes(content)
    values = {"kind": FileKind.FIRMWARE, "models": ("yealink/t31p",), "version": "124.86.0.75"}
    if given_.get("kind", FileKind.FIRMWARE) is not FileKind.FIRMWARE:
        values = {}
    wanted = Wanted(file=file, name=name, **{**values, **given_})  # type: ignore[arg-type]
    label = label_of(CATALOGUE, wanted)
    found = check_content(CATALOGUE, wanted, label, file)
    return found, list(found.warnings)


def refused(why: str, content: bytes, name: str, tmp_path: Path, **given_: object) -> None:
    with pytest.raises((FileRefusedError, UnknownThingError), match=why):
        checked(content, name, tmp_path, **given_)


def test_an_image_is_taken(tmp_path: Path) -> None:
    found, warnings = checked(IMAGE, "T31P-124.86.0.75.rom", tmp_path)
    assert warnings == []
    assert found.media_type == "application/octet-stream"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!DOCTYPE html><html>" + IMAGE, "web page"),
        (b"\n<html><body>404" + IMAGE, "web page"),
        (b"<?xml version='1.0'?>" + IMAGE, "web page"),
        (b"Not found\n" * 9000, "text"),
        ("Nicht gefunden: \N{SNOWMAN} ".encode("utf-16") * 9000, "text"),
        (b"%PDF-1.7" + IMAGE, "PDF"),
        (b"Rar!\x1a\x07\x01\x00" + IMAGE, "unpack it first"),
        (b"MZ\x90\x00" + IMAGE, "Windows program"),
        (picture() + IMAGE, "picture"),
        (os.urandom(100) + b"\0", "too few"),
    ],
)
def test_what_is_no_image_is_refused(content: bytes, why: str, tmp_path: Path) -> None:
    refused(why, content, "T31P-124.86.0.75.rom", tmp_path)


def test_an_update_archive_that_begins_with_text_is_taken(tmp_path: Path) -> None:
    swu = b"070702" + b"0" * 104 + b"sw-description\0" + b"software = { };\n" * 5000 + IMAGE
    found, warnings = checked(
        swu,
        "snomD862-10.1.184.15-SIP-r.swu",
        tmp_path,
        models=("snom/d785",),
        version="10.1.184.15",
    )
    assert (found.facts, warnings) == ({}, [])  # type: ignore[attr-defined]
    text = b"x" * 100 + b"<?xml?>" + IMAGE  # somewhere inside is no page
    assert checked(text, "T31P.rom", tmp_path)[1] == []


def test_a_zip_is_taken_with_a_warning(tmp_path: Path) -> None:
    _, warnings = checked(b"PK\x03\x04" + IMAGE, "T31P.rom", tmp_path)
    assert "ZIP" in warnings[0]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("T31P-124.86.0.75.zip", "ends in .rom"),
        ("T31P 124.rom", "say --name"),
        ("../T31P.rom", "say --name"),
        (".rom", "say --name"),
        ("привет.rom", "say --name"),
        ("a" * 101 + ".rom", "say --name"),
        ("805ec0000101.cfg", "something else"),
        ("phonebook.xml", "something else"),
        ("y000000000108.cfg", "something else"),
    ],
)
def test_names(name: str, why: str, tmp_path: Path) -> None:
    refused(why, IMAGE, name, tmp_path)


@pytest.mark.parametrize(
    ("given_", "why"),
    [
        ({"models": ()}, "--model"),
        ({"models": ("nokia/3310",)}, "no model"),
        ({"models": ("yealink/t31p", "snom/d785")}, "one vendor"),
        ({"vendor": "snom"}, "one vendor"),
        ({"vendor": "nokia"}, "no vendor"),
        ({"version": ""}, "--version"),
        ({"version": "newest"}, "--version"),
        ({"version": "1 2"}, "--version"),
        ({"handset": "W73H", "models": ("yealink/t31p", "yealink/w70b")}, "for each kind"),
        ({"handset": "W 73H", "models": ("yealink/w70b",)}, "no name of a handset"),
        ({"models": ("yealink/exp43",)}, "file of its own"),
    ],
)
def test_labels(given_: dict[str, object], why: str, tmp_path: Path) -> None:
    refused(why, IMAGE, "image.rom", tmp_path, **given_)


def test_a_handset_is_spelt_as_the_catalogue_does(tmp_path: Path) -> None:
    wanted = Wanted(
        tmp_path / "m90.fwu", FileKind.FIRMWARE, models=("m700",), handset="m90", version="7.40.104"
    )
    assert label_of(CATALOGUE, wanted).handset == "M90"
    assert not label_of(CATALOGUE, wanted).is_for_a_part
    found, _ = checked(IMAGE, "part.rom", tmp_path, handset="wlconf")
    assert found.facts == {"part": True}  # type: ignore[attr-defined]


def test_only_firmware_has_versions(tmp_path: Path) -> None:
    refused("only a firmware", picture(), "a.png", tmp_path, kind=FileKind.WALLPAPER, version="1.0")


def test_pictures(tmp_path: Path) -> None:
    wallpaper = {"kind": FileKind.WALLPAPER, "models": ("yealink/t46u",)}
    found, warnings = checked(picture(), "aurora.png", tmp_path, **wallpaper)
    assert found.facts == {"width": 480, "height": 272}  # type: ignore[attr-defined]
    assert warnings == []
    _, warnings = checked(picture("JPEG", 800, 480), "aurora.jpg", tmp_path, **wallpaper)
    assert warnings == ["Yealink T46U has 480x272 pixels, the picture 800x480"]
    refused("end its name in .jpg", picture("JPEG"), "aurora.png", tmp_path, **wallpaper)
    refused("no PNG, JPEG or BMP", IMAGE, "aurora.png", tmp_path, **wallpaper)
    refused("no PNG, JPEG or BMP", picture("GIF"), "aurora.gif", tmp_path, **wallpaper)
    refused("damaged", picture("PNG", 400, 400)[:-60], "aurora.png", tmp_path, **wallpaper)
    refused("too many", b"\x89PNG" + IMAGE * 90, "aurora.png", tmp_path, **wallpaper)
    snom = {"kind": FileKind.WALLPAPER, "models": ("snom/d785",)}
    refused("show png, not jpeg", picture("JPEG"), "aurora.jpg", tmp_path, **snom)
    _, warnings = checked(picture("PNG", 320, 240), "aurora.png", tmp_path, **snom)
    assert "480x272" in warnings[0]


def test_a_picture_of_immense_size_is_refused_by_its_header(tmp_path: Path) -> None:
    """A bomb: few bytes, very many pixels."""
    small = bytearray(picture("BMP", 8, 8))
    small[18:26] = struct.pack("<ii", 60000, 60000)
    refused(
        "too many|damaged", bytes(small), "a.bmp", tmp_path,
        kind=FileKind.WALLPAPER, vendor="yealink",
    )  # fmt: skip


@given(st.sampled_from(["PNG", "JPEG", "BMP"]), st.data())
def test_a_broken_picture_is_refused_or_read(kind: str, data: st.DataObject) -> None:
    content = bytearray(picture(kind, 12, 9))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    ending = {"PNG": "png", "JPEG": "jpg", "BMP": "bmp"}[kind]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "content"
        file.write_bytes(content[: data.draw(st.integers(1, len(content)))])
        try:
            check_picture(file, f"a.{ending}", None, [])
        except FileRefusedError:
            return


def test_a_vendor_of_whom_nothing_is_known_gets_a_warning(tmp_path: Path) -> None:
    _, warnings = checked(wav(), "a.wav", tmp_path, kind=FileKind.RINGTONE, vendor="fanvil")
    assert warnings == ["nothing is known of what fanvil phones take: hardly anything was checked"]
    assert checked(wav(), "a.wav", tmp_path, kind=FileKind.RINGTONE)[1] == []


def test_a_logo_in_the_vendors_own_format_cannot_be_looked_into(tmp_path: Path) -> None:
    _, warnings = checked(
        os.urandom(1200), "hotel.dob", tmp_path, kind=FileKind.LOGO, vendor="yealink"
    )
    assert warnings == ["nobody but the phone can look into it"]
    refused(
        "no picture", b"hello " * 100, "hotel.dob", tmp_path, kind=FileKind.LOGO, vendor="yealink"
    )


def test_ring_tones(tmp_path: Path) -> None:
    tone = {"kind": FileKind.RINGTONE, "vendor": "yealink"}
    found, warnings = checked(wav(), "bell.wav", tmp_path, **tone)
    facts = {"encoding": "u-law", "rate_hz": 8000, "length_s": 1.0}
    assert (found.facts, warnings) == (facts, [])  # type: ignore[attr-defined]
    assert "lasts 61 s" in checked(wav(seconds=61), "bell.wav", tmp_path, **tone)[1][0]
    refused("2 channels", wav(channels=2), "bell.wav", tmp_path, **tone)
    refused("a-law or u-law, not pcm-16", wav(1, bits=16), "bell.wav", tmp_path, **tone)
    refused("play 8000 Hz, not 16000", wav(rate=16000), "bell.wav", tmp_path, **tone)
    refused("ends in .wav", wav(), "bell.mp3", tmp_path, **tone)
    refused("no WAV", IMAGE, "bell.wav", tmp_path, **tone)
    refused("damaged", wav()[:40], "bell.wav", tmp_path, **tone)
    refused("format 85", wav(85), "bell.wav", tmp_path, **tone)  # MP3 in a WAV file
    refused("damaged", wav()[:-500], "bell.wav", tmp_path, **tone)  # cut off


def test_plain_pcm_is_read_as_pythons_own_module_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "bell.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(16000))
    sound = read_wav(file.read_bytes(), "bell.wav")
    assert (sound.encoding, sound.rate_hz, sound.channels, sound.length_s) == (
        "pcm-16",
        16000,
        1,
        0.5,
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_a_ring_tone_or_refused(data: bytes) -> None:
    for content in (data, b"RIFF\0\0\0\0WAVE" + data, wav(seconds=0)[: len(data)] + data):
        try:
            read_wav(content, "x.wav")
        except FileRefusedError:
            continue


def test_screens_are_read_where_they_are_written() -> None:
    t46u = CATALOGUE.models["yealink/t46u"]
    assert screen_of(t46u, {}) == (480, 272)
    assert screen_of(t46u, {"yealink/t46u": "800x480"}) == (800, 480)
    assert screen_of(t46u.model_copy(update={"screen": "colour"}), {}) is None


def test_the_vendors_format_files_are_right() -> None:
    for vendor in CATALOGUE.vendors:
        known = formats_of(CATALOGUE.folder, vendor)
        assert known.firmware is None or known.sources, vendor
        for rule in (known.wallpaper, known.logo):
            assert rule is None or set(rule.sizes) <= set(CATALOGUE.models) | set(rule.sizes)
    assert formats_of(CATALOGUE.folder, "").firmware is None


def test_a_wrong_format_file_names_itself_and_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "phones" / "nokia"
    folder.mkdir(parents=True)
    (folder / "library.toml").write_text('[firmware]\nextensions = ["rom"]\n')
    with pytest.raises(CatalogueError, match=r"phones/nokia/library.toml: firmware.extensions"):
        formats_of(tmp_path, "nokia")


def take(vault: Vault, file: Path, max_bytes: int = 10**9) -> str:
    content, size = vault.take(file, max_bytes, lambda _path, found: found.size_bytes)
    assert size == content.size_bytes
    return content.digest


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "library")


def test_equal_bytes_are_one_file(vault: Vault, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(IMAGE)
    other.write_bytes(IMAGE)
    digest = take(vault, one)
    assert digest == hashlib.sha256(IMAGE).hexdigest() == take(vault, other)
    (file,) = (tmp_path / "library").iterdir()
    assert file.name == digest
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.read_bytes() == IMAGE
    view = vault.view(digest)
    assert view is not None
    assert bytes(view) == IMAGE
    assert vault.view(digest) is view
    vault.discard(digest)
    assert vault.view(digest) is None
    assert bytes(view) == IMAGE  # who still sends it has it
    assert vault.view("0" * 64) is None


def test_what_is_refused_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    def no(_path: Path, _content: object) -> None:
        raise FileRefusedError("no")

    file = tmp_path / "file"
    file.write_bytes(IMAGE)
    with pytest.raises(FileRefusedError, match="no"):
        vault.take(file, 10**9, no)
    for content, limit, why in ((b"", 10, "empty"), (IMAGE, 1000, "more than 1000 bytes")):
        file.write_bytes(content)
        with pytest.raises(FileRefusedError, match=why):
            take(vault, file, limit)
    with pytest.raises(FileRefusedError, match="no such file"):
        take(vault, tmp_path / "nothing")
    assert list((tmp_path / "library").iterdir()) == []


def test_what_a_crash_left_is_swept_when_it_is_old(vault: Vault, tmp_path: Path) -> None:
    file = tmp_path / "file"
    digests = []
    for number in range(3):
        file.write_bytes(IMAGE + bytes([number]))
        digests.append(take(vault, file))
    folder = tmp_path / "library"
    (folder / ".new-123").write_bytes(b"half")
    (folder / "README").write_bytes(b"not ours")
    old = time.time() - 7200
    for name in (digests[0], digests[1], ".new-123", "README"):
        os.utime(folder / name, (old, old))
    assert vault.sweep({digests[0]}, 3600) == 2
    assert {f.name for f in folder.iterdir()} == {digests[0], digests[2], "README"}
    file.write_bytes(IMAGE + bytes([2]))
    assert take(vault, file) == digests[2]
    assert Vault(tmp_path / "none").sweep(set(), 0) == 0


def test_a_whole_comes_together_from_parts() -> None:
    seen = Coverage()
    assert seen.add("a", 0, 100, 100)
    assert not seen.add("a", 0, 50, 100)
    assert not seen.add("b", 50, 100, 100)
    assert not seen.add("a", 60, 100, 100)
    assert not seen.add("a", 0, 55, 100)
    assert seen.add("a", 50, 61, 100)
    assert not seen.add("a", 50, 61, 100)  # counting began again


@given(
    st.integers(1, 60).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.lists(
                st.tuples(st.integers(0, size), st.integers(0, size)).map(
                    lambda pair: (min(pair), max(pair))
                ),
                max_size=20,
            ),
        )
    )
)
def test_coverage_is_that_of_a_set_of_bytes(case: tuple[int, list[tuple[int, int]]]) -> None:
    size, parts = case
    seen, have = Coverage(), set[int]()
    for start, end in parts:
        have |= set(range(start, end))
        whole = have == set(range(size))
        assert seen.add("x", start, end, size) == whole
        if whole:
            have = set()


def test_coverage_forgets_the_oldest() -> None:
    seen = Coverage(max_files=2)
    for key in ("a", "b", "c"):
        seen.add(key, 0, 5, 10)
    assert not seen.add("a", 5, 10, 10)
    assert seen.add("c", 5, 10, 10)
