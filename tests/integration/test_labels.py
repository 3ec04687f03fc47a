"""``bellwire labels``: files, links and PDF, as the person who prints them meets them."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from provisioner.errors import BellwireError
from tests.integration.servers import (
    BATHROOM,
    FANVIL,
    GIVEN_SECRET,
    SNOM,
    YEALINK,
    DataFolder,
    ask,
    room,
    sample_hotel,
    small_site,
)
from web.app import create_app
from web.labels import chromium, links
from web.labels.gathering import Request
from web.phone_plane import PhonePlane

SHEET = re.compile(r'<section class="sheet">')


def printed(folder: DataFolder, *args: str) -> str:
    """The HTML that a command writes."""
    target = folder.path.parent / "sheet.html"
    target.unlink(missing_ok=True)
    result = folder.run("labels", *args, "--out", str(target))
    assert result.exit_code == 0, result.output
    assert "print at 100 %" in result.stdout
    return target.read_text(encoding="utf-8")


def titles(html: str) -> set[str]:
    """Rooms that have a card."""
    return set(re.findall(r'<div class="name [^>]*>([^<]*)<', html))


def captions(html: str) -> list[str]:
    """What stands beside each piece."""
    return re.findall(r'<div class="caption[^>]*>([^<]*)<', html)


def spelled(value: object) -> str:
    """Arguments as a test's name."""
    return " ".join(value) if isinstance(value, tuple) else ""


# which sheets


@pytest.mark.parametrize(
    ("args", "pieces", "cards"),
    [
        (("casa",), 2, {"101", "corridor"}),
        (("casa", "--room", "101"), 2, {"101"}),
        (("101",), 2, {"101"}),
        (("casa/101",), 2, {"101"}),
        ((FANVIL,), 1, {"101"}),
        (("0C:38:3E:0B:01:01",), 1, {"101"}),
        (("casa", "--model", "H5"), 1, {"101"}),
        (("casa", "--kind", "card"), 0, {"101", "corridor", "reception", "spa"}),
        (("casa", "--kind", "insert"), 2, set()),
        (("101", "--kind", "insert,card"), 2, {"101"}),
        (("spa",), 1, set()),
        ((YEALINK, "--kind", "strip"), 1, set()),
    ],
    ids=spelled,
)
def test_what_is_asked_for_is_printed(
    casa: DataFolder, args: tuple[str, ...], pieces: int, cards: set[str]
) -> None:
    html = printed(casa, *args)
    assert len(captions(html)) == pieces
    assert titles(html) == cards


def test_a_floor(folder: DataFolder) -> None:
    folder.apply(sample_hotel(folder.url), options=("--no-render",))
    html = printed(folder, "hotel-aurora", "--floor", "2")
    assert titles(html) == {f"2{n:02}" for n in range(1, 11)} | {
        "Corridor 2",
        "corridor-2",
    } & titles(html)
    assert len(captions(html)) == 10


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "no site, room or phone is called 'nowhere'"),
        (("805ec0fffe01",), "there is no phone 80:5e:c0:ff:fe:01"),
        (("nowhere/101",), "there is no site 'nowhere'; known are: casa"),
        (("casa", "--room", "999"), "there is no phone in site casa, room 999"),
        (("casa", "--floor", "9"), "there is no phone in site casa, floor 9"),
        (("casa", "--model", "t46"), "yealink/t46u"),
        (("spa", "--kind", "insert"), "nothing to print for casa-spa"),
        (("101", "--kind", "insert", "--width-mm", "300"), "does not fit on A4"),
    ],
    ids=spelled,
)
def test_what_cannot_be_printed_is_1_and_a_sentence(
    casa: DataFolder, args: tuple[str, ...], told: str
) -> None:
    result = casa.run("labels", *args, "--out", str(casa.path.parent))
    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not list(casa.path.parent.glob("labels-*"))


@pytest.mark.parametrize(
    "args",
    [
        ("casa", "--kind", "poster"),
        ("casa", "--language", "english"),
        ("casa", "--language", "en,es,ru,fr"),
        ("casa", "--paper", "a3"),
        ("casa", "--width-mm", "5"),
        ("casa", "--link", "--hours", "0"),
        ("101", "--room", "101"),
        (),
    ],
    ids=spelled,
)
def test_wrong_options_are_2(casa: DataFolder, args: tuple[str, ...]) -> None:
    assert casa.run("labels", *args).exit_code == 2


def test_a_room_of_two_sites_must_be_named_in_full(folder: DataFolder) -> None:
    other = small_site(folder.url, site_id="casa2")
    other["rooms"] = [room(other, "101")]
    other["rooms"][0]["phones"] = {"bedside": {"model": "fanvil/h5", "mac": "0c383e999901"}}
    folder.apply(small_site(folder.url), other)
    result = folder.run("labels", "101")
    assert result.exit_code == 1
    assert "casa/101, casa2/101" in result.stderr
    assert titles(printed(folder, "casa2/101")) == {"101"}


# where it goes


def test_files_get_the_name_of_what_is_on_them(
    casa: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert casa.run("labels", "casa", "--room", "101").exit_code == 0
    assert (tmp_path / "labels-casa-101.html").is_file()
    out = tmp_path / "new" / "folder"
    result = casa.run("labels", FANVIL, "--out", str(out))
    assert result.exit_code == 0
    (file,) = out.iterdir()
    assert file.name == f"labels-casa-101-{FANVIL}.html"
    assert result.stdout.startswith(f"{file}: 2 pages")


def test_a_size_that_nobody_has_measured_is_said(casa: DataFolder, tmp_path: Path) -> None:
    result = casa.run("labels", FANVIL, "--out", str(tmp_path))
    assert "note: the size of the paper of H5 is not verified" in result.stderr
    size = ("--width-mm", "88", "--height-mm", "52.5", "--kind", "insert")
    result = casa.run("labels", FANVIL, *size, "--out", str(tmp_path / "x.html"))
    assert result.stderr == ""
    assert captions((tmp_path / "x.html").read_text())[0].endswith("88 × 52.5 mm")  # noqa: RUF001


def test_the_same_twice_is_the_same_bytes(casa: DataFolder) -> None:
    assert printed(casa, "casa") == printed(casa, "casa")


# what is on it


def test_languages(casa: DataFolder) -> None:
    usual = printed(casa, "101", "--kind", "card")
    assert usual.index("Habitación") < usual.index(">Room<")
    russian = printed(casa, "101", "--kind", "card", "--language", "ru,en")
    assert "Ресепшен" in russian
    assert "Recepci" not in russian
    assert '<html lang="ru">' in russian


def test_a_site_with_four_languages_shows_three(folder: DataFolder) -> None:
    folder.apply({**small_site(folder.url), "languages": ["es", "en", "ru", "de"]})
    html = printed(folder, "101", "--kind", "card")
    assert "Номер" in html
    assert "Zimmer" not in html


@pytest.mark.parametrize(
    ("paper", "size"),
    [("a4", "210mm 297mm"), ("letter", "215.9mm 279.4mm"), ("a5", "148mm 210mm")],
)
def test_paper(casa: DataFolder, paper: str, size: str) -> None:
    html = printed(casa, "casa", "--paper", paper)
    assert f"@page{{size:{size};margin:0}}" in html
    assert len(SHEET.findall(html)) == html.count('class="scale"') > 0


def test_the_sample_hotel_and_no_secret_of_it(folder: DataFolder) -> None:
    folder.apply(sample_hotel(folder.url), options=("--no-render",))
    html = printed(folder, "hotel-aurora")
    every = printed(folder, "hotel-aurora", "--kind", "insert,strip,card")
    assert {f"{floor}{n:02}" for floor in "1234" for n in range(1, 11)} <= titles(html)
    assert {"Housekeeping", "Technician 2", "322"} <= set(re.findall(r">([^<]+)<", html))
    with folder.opened() as installation:
        macs = [row[0] for row in folder.rows("select mac from phone")]
        secrets: set[str] = set()
        for mac in macs:
            with installation.database.read() as session:
                kit = installation.press.kit(session, mac)  # type: ignore[arg-type]
            own = kit.secrets
            held = [own.token, own.admin_password, own.user_password, own.menu_pin]
            secrets |= {s.get_secret_value() for s in held}
            secrets |= {line.secret.get_secret_value() for line in kit.lines}
        assert len(secrets) > 4 * len(macs)
        assert [s for s in secrets if s in html or s in every] == []
    assert GIVEN_SECRET not in html


def test_a_phone_that_cannot_be_resolved_is_left_out_and_named(casa: DataFolder) -> None:
    casa.change("update phone set model = 'fanvil/gone' where mac = ?", FANVIL)
    target = casa.path.parent / "x.html"
    result = casa.run("labels", "101", "--out", str(target))
    assert result.exit_code == 0
    assert "note: 0c:38:3e:01:01:01 is left out" in result.stderr
    assert len(captions(target.read_text())) == 1
    alone = casa.run("labels", FANVIL, "--out", str(target))
    assert alone.exit_code == 1
    assert "fanvil/gone" in alone.stderr


# the page behind a link


@contextmanager
def browser(folder: DataFolder) -> Iterator[FlaskClient]:
    with folder.opened() as installation:
        yield create_app(installation).test_client()


def link(folder: DataFolder, *args: str) -> str:
    result = folder.run("labels", *args, "--link")
    assert result.exit_code == 0, result.output
    (url,) = result.stdout.splitlines()
    assert url.startswith(f"{folder.url}/labels/")
    return str(url).removeprefix(folder.url)


def test_a_link_shows_what_the_command_writes_with_a_button(casa: DataFolder) -> None:
    args = ("casa", "--room", "101", "--kind", "insert,card", "--language", "en,es")
    path = link(casa, *args, "--paper", "letter", "--width-mm", "60.5")
    with browser(casa) as client:
        reply = client.get(path)
        assert reply.status_code == 200
        assert reply.mimetype == "text/html"
        page = reply.text
    written = printed(casa, *args, "--paper", "letter", "--width-mm", "60.5")
    assert 'id="print"' in page
    assert ".bar { display: none; }" in page
    sections = re.compile(r"<section.*</section>", re.DOTALL)
    assert sections.findall(page) == sections.findall(written)
    assert "<script" not in written


def test_the_button_speaks_to_who_prints_and_the_sheet_to_guests(casa: DataFolder) -> None:
    path = link(casa, "casa", "--room", "101", "--kind", "card", "--language", "en,es")
    wishes = {"ru": "Печать", "es": "Imprimir", "de": "Drucken", "xx": "Print", "": "Print"}
    with browser(casa) as client:
        pages = {name: client.get(f"{path}?language={name}").text for name in wishes}
        german = client.get(path, headers={"Accept-Language": "fr;q=0.4, de-AT"}).text
    for name, word in wishes.items():
        assert f'id="print" type="button">{word}<' in pages[name], name
    assert ">Drucken<" in german
    sections = re.compile(r"<section.*</section>", re.DOTALL)
    assert len({str(sections.findall(page)) for page in (*pages.values(), german)}) == 1
    assert all('<html lang="en">' in page for page in pages.values())


def test_the_page_allows_its_own_style_and_script_and_nothing_else(casa: DataFolder) -> None:
    with browser(casa) as client:
        reply = client.get(link(casa, "casa"))
    policy = dict(
        part.split(" ", 1) for part in reply.headers["Content-Security-Policy"].split("; ")
    )
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy.pop(name) == f"'sha256-{digest}'"
    assert set(policy.values()) == {"'none'"}
    assert set(policy) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert " style=" not in reply.text
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in reply.headers


def test_an_expired_link_is_410(casa: DataFolder) -> None:
    with casa.opened() as installation, browser(casa) as client:
        now = datetime.now(UTC)
        old = links.sign(installation.box, Request("casa"), now - timedelta(seconds=1))
        reply = client.get(f"/labels/{old}")
        assert (reply.status_code, reply.mimetype) == (410, "text/plain")
        assert "expired" in reply.text
        assert reply.headers["Cache-Control"] == "no-store"
        fresh = links.sign(installation.box, Request("casa"), now + timedelta(seconds=60))
        assert client.get(f"/labels/{fresh}").status_code == 200


def test_an_altered_link_is_404_and_says_nothing(casa: DataFolder) -> None:
    path = link(casa, "casa", "--room", "101")
    payload, _, signature = path.removeprefix("/labels/").rpartition(".")
    other = link(casa, "casa").removeprefix("/labels/").rpartition(".")[0]
    wrong = ["x", "..", f"{other}.{signature}", f"{payload}.{signature[:-1]}", f"{payload}.",
             payload, signature, f"{payload}.{signature}A", "%00", "é"]  # fmt: skip
    with browser(casa) as client:
        for each in wrong:
            reply = client.get(f"/labels/{each}")
            assert reply.status_code == 404, each
            assert "casa" not in reply.text
        assert client.get("/labels/").status_code == 404
        assert client.post(path).status_code == 405


def test_a_link_of_another_installation_is_404(casa: DataFolder, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other")
    other.apply(small_site(other.url))
    with browser(other) as client:
        assert client.get(link(casa, "casa")).status_code == 404


def test_a_link_ends_with_its_key_and_with_its_room(casa: DataFolder) -> None:
    path, gone = link(casa, "casa"), link(casa, "spa")
    casa.change("update phone set room_id = '101', position = 'x' where mac = ?", SNOM)
    with browser(casa) as client:
        assert client.get(gone).status_code == 404
        assert client.get(path).status_code == 200
    assert casa.run("secrets", "rotate").exit_code == 0
    with browser(casa) as client:
        assert client.get(path).status_code == 404


def test_a_link_needs_an_address_and_something_to_show(casa: DataFolder) -> None:
    assert casa.run("labels", "spa", "--kind", "insert", "--link").exit_code == 1
    casa.change("update site set url = 'tftp://10.20.0.1'")
    result = casa.run("labels", "casa", "--link")
    assert result.exit_code == 1
    assert "has no HTTP address" in result.stderr


def test_links_are_pages_and_never_a_phones_file(casa: DataFolder) -> None:
    with casa.opened() as installation:
        recorder = installation.recorder()
        delivery = installation.delivery(recorder)
        plane = PhonePlane(
            delivery, installation.catalogue, lambda _e, _s: [], installation.settings.http
        )
        for minutes in range(200):
            until = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
            signed = links.sign(installation.box, Request("casa", mac=BATHROOM), until)
            assert not plane.is_for_phones(f"/labels/{signed}")
        delivery.close()


def test_a_real_server_shows_it(make_server) -> None:
    server = make_server()
    reply = ask(f"{server.url}{link(server.folder, 'casa')}")
    assert reply.status == 200
    assert "frame-ancestors 'none'" in reply.header("Content-Security-Policy")
    assert b"Habitaci" in reply.body


# PDF


def test_without_chromium_the_package_is_named(
    casa: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = casa.run("labels", "casa", "--pdf", "--out", str(tmp_path / "x.pdf"))
    assert result.exit_code == 1
    assert "install the package chromium" in result.stderr
    assert not (tmp_path / "x.pdf").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [("exec sleep 60", "took longer than 0.5 s"), ("echo no fonts >&2; exit 3", "no fonts")],
)
def test_a_browser_that_fails_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    fake = tmp_path / "chromium"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(BellwireError, match=told):
        chromium.make_pdf("<p>x</p>", timeout_s=0.5)


def _missing() -> list[str]:
    wanted = {"poppler-utils": ("pdfinfo", "pdftotext", "pdftoppm")}
    missing = [package for package, tools in wanted.items() if not all(map(shutil.which, tools))]
    return [*missing, *([] if any(map(shutil.which, chromium.PROGRAMS)) else ["chromium"])]


WITH_CHROMIUM = pytest.mark.skipif(
    bool(_missing()), reason=f"needs {' and '.join(_missing())}: run scripts/install-debian.sh"
)
DOTS_PER_MM = 10


def pdf_of(folder: DataFolder, *args: str) -> Path:
    target = folder.path.parent / "sheet.pdf"
    result = folder.run("labels", *args, "--pdf", "--out", str(target))
    assert result.exit_code == 0, result.output
    assert target.read_bytes().startswith(b"%PDF-")
    return target


def told_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def dark_runs(values: bytes, least: int) -> list[tuple[int, int]]:
    """Start and length of each run of dark dots of that length and more."""
    return [
        (match.start(), len(match[0]))
        for match in re.finditer(rb"[\x00-\xb0]{%d,}" % least, values)
    ]


def dots(pdf: Path, page: int) -> tuple[int, int, bytes]:
    """A page in grey, ten dots to the millimetre: width, height, one byte for each dot."""
    dpi = str(DOTS_PER_MM * 25.4)
    command = ("pdftoppm", "-gray", "-r", dpi, "-f", str(page), "-l", str(page), str(pdf))
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    kind, size, _, body = raw.split(b"\n", 3)
    assert kind == b"P5"
    width, height = map(int, size.split())
    return width, height, body


@WITH_CHROMIUM
@pytest.mark.parametrize(
    ("paper", "points"),
    [("a4", (595.3, 841.9)), ("letter", (612.0, 792.0)), ("a5", (419.5, 595.3))],
)
def test_pdf_pages_are_the_papers_and_none_is_empty(
    casa: DataFolder, paper: str, points: tuple[float, float]
) -> None:
    pdf = pdf_of(casa, "casa", "--paper", paper)
    told = told_of("pdfinfo", str(pdf))
    sheets = len(SHEET.findall(printed(casa, "casa", "--paper", paper)))
    assert f"Pages:           {sheets}\n" in told
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", told)
    assert size
    assert [float(n) for n in size.groups()] == pytest.approx(points, abs=0.8)


@WITH_CHROMIUM
def test_a_millimetre_is_a_millimetre(casa: DataFolder) -> None:
    pdf = pdf_of(casa, FANVIL, "--kind", "insert", "--width-mm", "100", "--height-mm", "60")
    width, height, body = dots(pdf, 1)
    rows = [body[n * width : (n + 1) * width] for n in range(height)]
    lines = [run for row in rows[height - 250 :] for run in dark_runs(row, 900)]
    assert lines, "the line of 100 mm"
    assert all(abs(length - 1000) <= 3 and abs(start - 100) <= 3 for start, length in lines)
    marks = [
        column for column in range(width) if dark_runs(bytes(r[column] for r in rows[55:95]), 25)
    ]
    left, right = min(marks), max(marks)
    assert abs(left - 100) <= 3
    assert abs(right - left - 1000) <= 4
    column = bytes(row[75] for row in rows[:900])  # through the marks left of the piece
    crossed = [start for start, _ in dark_runs(column, 1)]
    assert abs(max(crossed) - min(crossed) - 600) <= 4


@WITH_CHROMIUM
def test_pdf_holds_every_text_inside_its_page(casa: DataFolder) -> None:
    pdf = pdf_of(casa, "casa", "--language", "ru,es,en")
    words = re.findall(
        r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>',
        told_of("pdftotext", "-bbox", str(pdf), "-"),
    )
    assert {"Ресепшен", "Recepción", "Reception", "2101", "SOS", "112"} <= {w[4] for w in words}
    for left, upper, right, lower, _ in words:
        assert 0 < float(left) < float(right) < 596
        assert 0 < float(upper) < float(lower) < 842


PROBE = """<script>
const cut = [...document.querySelectorAll('.sheet, .card, .heading, .cell, .texts')]
  .filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1)
  .map(e => e.className + ': ' + e.textContent.trim().slice(0, 40));
document.body.innerHTML = '<pre>' + document.querySelectorAll('.card').length + '\\n'
  + cut.join('\\n') + '</pre>';
</script></body>"""


@WITH_CHROMIUM
@pytest.mark.parametrize("paper", ["a4", "a5"])
def test_no_text_is_cut_off(folder: DataFolder, tmp_path: Path, paper: str) -> None:
    hotel = sample_hotel(folder.url)
    hotel["name"] = "Gran Hotel Balneario de Nuestra Señora de las Mercedes & Spa"
    hotel["languages"] = ["es", "en", "ru"]
    hotel["settings"]["emergency"] = {"numbers": ["112", "113", "911"]}
    hotel["settings"]["hotel"] = {"address": "Calle del Sol 123, Palma", "phone": "+34 971 123 456"}
    hotel["numbers"]["spa"] = "+34971123456"
    room(hotel, "101")["name"] = "Suite Presidencial Norte"
    folder.apply(hotel, options=("--no-render",))
    page = tmp_path / "probe.html"
    kinds = ("--kind", "insert,strip,card", "--paper", paper)
    page.write_text(printed(folder, "hotel-aurora", *kinds).replace("</body>", PROBE))
    command = [chromium.program(), "--headless", "--no-sandbox", "--disable-gpu",
               "--disable-dev-shm-usage", f"--user-data-dir={tmp_path}/profile", "--dump-dom"]  # fmt: skip
    (told,) = re.findall(r"<pre>(.*?)</pre>", told_of(*command, page.as_uri()), re.DOTALL)
    cards, *cut = told.strip().splitlines()
    assert int(cards) > 50
    assert cut == []
