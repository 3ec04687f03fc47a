"""Pictures and ring tones of the library, what site files say of them, and vendors' own ways."""

from __future__ import annotations

import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from provisioner.answers import Answer, Outcome
from provisioner.delivery import Delivery
from provisioner.filestore.steps import step
from provisioner.identify import FetchRequest
from provisioner.mac import MacAddress
from tests.integration.servers import (
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    room,
    small_site,
)
from web.installation import Installation

BASE = "805ec0000700"
UA = {
    SNOM: "Mozilla/4.0 (compatible; snomD717-SIP {version} 2010.12 000413000104 SXM:0 UXM:0)",
    FANVIL: "Fanvil H5 {version} 0c383e010101",
    BASE: "Yealink W70B {version} 80:5e:c0:00:07:00",
}


def picture(folder: Path, name: str, width: int = 480, height: int = 272) -> Path:
    file = folder / name
    made = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(made, "PNG")
    file.write_bytes(made.getvalue())
    return file


def binary(folder: Path, name: str, seed: int = 1) -> Path:
    file = folder / name
    file.write_bytes(random.Random(seed).randbytes(200_000))
    return file


def done(folder: DataFolder, *words: object) -> str:
    result = folder.run(*map(str, words))
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def no(folder: DataFolder, *words: object) -> str:
    result = folder.run(*map(str, words))
    assert result.exit_code == 1, (words, result.output, result.exception)
    return result.output


@dataclass
class Desk:
    """A delivery in this process, as ``serve`` has it."""

    delivery: Delivery
    installation: Installation
    folder: DataFolder

    def ask(self, mac: str, name: str, version: str = "", **options: Any) -> Answer:
        """What a phone gets under its token."""
        agent = UA[mac].format(version=version) if version else ""
        path = f"/p/{self.folder.token(mac)}/{name}"
        return self.delivery.answer(FetchRequest("http", path, "127.0.0.1", agent, **options))

    def take(self, mac: str, name: str, version: str) -> bytes:
        """A file that goes out whole."""
        answer = self.ask(mac, name, version)
        assert answer.outcome is Outcome.SENT, name
        if answer.on_sent is not None:
            answer.on_sent()
        return bytes(answer.body)


@contextmanager
def desk_on(folder: DataFolder) -> Iterator[Desk]:
    with folder.opened() as installation:
        recorder = installation.recorder()
        delivery = installation.delivery(recorder)
        try:
            yield Desk(delivery, installation, folder)
        finally:
            recorder.flush()
            delivery.close()


def site_with(url: str, setting: str, value: str) -> dict[str, Any]:
    section, key = setting.split(".")
    site = small_site(url)
    site["settings"].setdefault(section, {})[key] = value
    return site


def test_a_site_file_names_only_what_is_there(folder: DataFolder, tmp_path: Path) -> None:
    site = site_with(folder.url, "screen.wallpaper", "library:aurora.png")
    file = folder.write(site)
    line = 1 + next(n for n, t in enumerate(file.read_text().splitlines()) if "aurora" in t)
    for command in ("plan", "apply"):
        told = no(folder, command, file)
        assert f"{file}:{line}: sites[0].settings.screen.wallpaper: the library has no" in told
        assert "bellwire files add FILE --kind wallpaper" in told
    done(folder, "apply", folder.write(small_site(folder.url)))
    done(folder, "files", "add", picture(tmp_path, "aurora.png"), "--kind", "logo")
    assert "library:aurora.png is a logo, not a wallpaper" in no(folder, "apply", file)
    done(folder, "files", "remove", "aurora.png")
    done(folder, "files", "add", tmp_path / "aurora.png", "--kind", "wallpaper", "--site", "casa")
    done(folder, "apply", file)
    other = {**site, "id": "villa", "rooms": []}
    assert "sites[0].settings.screen.wallpaper" in no(folder, "plan", folder.write(other))
    for place in ("rooms", "presets"):
        deep = small_site(folder.url)
        layer = {"screen": {"logo": "library:none.png"}}
        if place == "rooms":
            room(deep, "101")["phones"]["bedside"]["settings"] = layer
            where = "sites[0].rooms[1].phones.bedside.settings.screen.logo"
        else:
            deep["presets"] = {"guest-room": {"settings": layer}}
            where = "sites[0].presets.guest-room.settings.screen.logo"
        assert where in no(folder, "plan", folder.write(deep))


def test_a_phone_gets_the_pictures_its_settings_name(casa: DataFolder, tmp_path: Path) -> None:
    done(casa, "files", "add", picture(tmp_path, "aurora.png"), "--kind", "wallpaper")
    done(casa, "files", "add", picture(tmp_path, "other.png", 9, 9), "--kind", "wallpaper")
    site = small_site(casa.url)
    room(site, "reception")["settings"] = {"screen": {"wallpaper": "library:aurora.png"}}
    casa.apply(site)
    with desk_on(casa) as desk:
        cfg = desk.ask(YEALINK, f"{YEALINK}.cfg")
        url = f"/p/{casa.token(YEALINK)}/aurora.png"
        assert url.encode() in bytes(cfg.body)
        answer = desk.ask(YEALINK, "aurora.png")
        assert bytes(answer.body) == (tmp_path / "aurora.png").read_bytes()
        assert answer.media_type == "image/png"
        assert answer.digest == hashlib.sha256(bytes(answer.body)).hexdigest()
        assert desk.ask(YEALINK, "aurora.png", if_none_match=f'"{answer.digest}"').outcome is (
            Outcome.NOT_MODIFIED
        )
        for mac, name in ((FANVIL, "aurora.png"), (YEALINK, "other.png"), (SNOM, "other.png")):
            assert desk.ask(mac, name).outcome is Outcome.NOT_FOUND
        assert "room reception of casa" in no(casa, "files", "remove", "aurora.png")
        done(casa, "files", "remove", "other.png")
        casa.apply(small_site(casa.url))
        assert desk.ask(YEALINK, "aurora.png").outcome is Outcome.NOT_FOUND
        done(casa, "files", "remove", "aurora.png")
    assert list((casa.path / "library").iterdir()) == []


def test_one_name_has_a_picture_for_each_model(casa: DataFolder, tmp_path: Path) -> None:
    def add(width: int, *words: str) -> bytes:
        file = picture(tmp_path, f"{width}.png", width, 100)
        name = ("--kind", "wallpaper", "--name", "aurora.png")
        done(casa, "files", "add", file, *name, *words)
        return file.read_bytes()

    wide = add(300, "--model", "yealink/t46u")
    own = add(301, "--model", "yealink/t46u", "--site", "casa")
    snom = add(302, "--vendor", "snom")
    casa.apply(site_with(casa.url, "screen.wallpaper", "library:aurora.png"))
    with desk_on(casa) as desk:
        assert bytes(desk.ask(YEALINK, "aurora.png").body) == own
        assert bytes(desk.ask(SNOM, "AURORA.png").body) == snom
        assert desk.ask(FANVIL, "aurora.png").outcome is Outcome.NOT_FOUND
        remark = "screen.wallpaper: the library has no aurora.png for H5"
        assert remark in done(casa, "explain", FANVIL)
        assert remark not in done(casa, "explain", YEALINK)
        assert "say its number" in no(casa, "files", "remove", "aurora.png")
        casa.apply(small_site(casa.url))
        rows = json.loads(done(casa, "files", "list", "--json"))
        number = next(r["id"] for r in rows if r["site"] == "casa")
        done(casa, "files", "remove", number)
        casa.apply(site_with(casa.url, "screen.wallpaper", "library:aurora.png"))
        assert bytes(desk.ask(YEALINK, "aurora.png").body) == wide


def test_bytes_that_are_gone_are_a_404_and_said(casa: DataFolder, tmp_path: Path) -> None:
    done(casa, "files", "add", picture(tmp_path, "aurora.png"), "--kind", "wallpaper")
    casa.apply(site_with(casa.url, "screen.wallpaper", "library:aurora.png"))
    for file in (casa.path / "library").iterdir():
        file.unlink()
    with desk_on(casa) as desk:
        assert desk.ask(YEALINK, "aurora.png").outcome is Outcome.NOT_FOUND
        assert "its bytes are missing" in done(casa, "files", "list")


def urls_in(body: bytes) -> list[str]:
    return re.findall(r"http://[^\s<\"']+", body.decode())


@pytest.mark.parametrize(
    ("mac", "model", "name", "old", "new", "spelt"),
    [
        (SNOM, "snom/d717", "snomD717-10.1.184.15-SIP-r.bin", "10.1.169.16", "10.1.184.15", "firmware"),
        (FANVIL, "fanvil/h5", "h5-2.12.4.z", "2.12.1", "2.12.4", ""),
    ],
)  # fmt: skip
def test_the_vendors_own_way(
    casa: DataFolder,
    tmp_path: Path,
    mac: str,
    model: str,
    name: str,
    old: str,
    new: str,
    spelt: str,
) -> None:
    """Every file that leads to the image can be fetched, and the image itself; until it is there."""
    image = binary(tmp_path, name)
    done(casa, "firmware", "add", image, "--model", model, "--version", new)
    with desk_on(casa) as desk:
        names = [n for n in casa.names(mac) if mac in n.lower()]
        desk.take(mac, names[0], old)
        done(casa, "firmware", "assign", name, "--site", "casa")
        seen: dict[str, bytes] = {}
        asked = [names[0]]
        while asked:  # follow every URL below the phone's own
            here = asked.pop()
            if here not in seen and here != name:
                seen[here] = desk.take(mac, here, old)
                own = f"/p/{casa.token(mac)}/"
                asked += [u.split(own)[1] for u in urls_in(seen[here]) if own in u and u[-1] != "/"]
        assert any(name.encode() in body for body in seen.values())
        assert any(spelt in n for n in seen)
        assert desk.take(mac, name, old) == image.read_bytes()
        rest = desk.take(mac, names[0], new)
        assert name.encode() not in rest
        assert desk.ask(mac, name, new).outcome is Outcome.NOT_FOUND
        assert step(desk.installation.database, desk.delivery._now()) == 1


def dect_site(url: str) -> dict[str, Any]:
    site = small_site(url)
    site["rooms"].append(
        {
            "id": "dect", "floor": "0", "template": "dect",
            "phones": {
                "base": {
                    "model": "yealink/w70b", "mac": BASE,
                    "handsets": [
                        {"name": "Maid", "extension": "301", "model": "W73H"},
                        {"name": "Porter", "extension": "302", "model": "W56H"},
                    ],
                }
            },
        }
    )  # fmt: skip
    return site


def test_images_for_a_base_and_for_its_handsets(folder: DataFolder, tmp_path: Path) -> None:
    folder.apply(dect_site(folder.url))
    for name, words in (
        ("W70B.rom", ["--version", "146.85.0.20"]),
        ("W73H.rom", ["--version", "116.85.0.5", "--handset", "W73H"]),
        ("W59R.rom", ["--version", "115.85.0.5", "--handset", "W59R"]),
    ):
        image = binary(tmp_path, name, len(name + words[-1]))
        done(folder, "firmware", "add", image, "--model", "yealink/w70b", *words)
    assert "for no phone" in no(folder, "firmware", "assign", "W59R.rom", "--site", "casa")
    old = "146.85.0.5"

    def kit() -> Any:
        with folder.opened() as installation, installation.database.read() as session:
            return installation.press.kit(session, MacAddress(BASE))

    with desk_on(folder) as desk:
        now = desk.delivery._now
        cfg = f"{BASE}.cfg"
        desk.take(BASE, cfg, old)
        done(folder, "firmware", "assign", "W73H.rom", "--site", "casa")
        offer = kit().offer
        assert (offer.version, offer.url.text) == ("", "")
        assert offer.handsets["W73H"].text.endswith("/W73H.rom")
        assert offer.handset_versions == {"W73H": "116.85.0.5"}
        done(folder, "firmware", "assign", "W70B.rom", "--site", "casa")
        offer = kit().offer
        assert (offer.version, set(offer.handsets)) == ("146.85.0.20", {"W73H"})
        assert offer.url.text.endswith("/W70B.rom")

        desk.take(BASE, cfg, old)
        assert desk.ask(BASE, "W59R.rom", old).outcome is Outcome.NOT_FOUND
        desk.take(BASE, "W70B.rom", old)
        desk.take(BASE, cfg, "146.85.0.20")  # the base is back; its handset still needs its own
        assert (kit().offer.version, set(kit().offer.handsets)) == ("", {"W73H"})
        step(desk.installation.database, now())
        rows = json.loads(done(folder, "firmware", "rollouts", "--json"))
        assert {row["image"]: row["counts"] for row in rows} == {
            "W70B.rom": "1 has it", "W73H.rom": "1 offered",
        }  # fmt: skip
        for _ in range(3):
            desk.take(BASE, "W73H.rom", "146.85.0.20")
        desk.take(BASE, cfg, "146.85.0.20")
        assert kit().offer is None  # three times for one handset is enough
        assert "W73H.rom was fetched 3 times" in done(folder, "explain", BASE)


def test_the_offer_is_an_input_of_the_files_and_nothing_else(
    casa: DataFolder, tmp_path: Path
) -> None:
    """The same offer gives the same bytes; without one the files are as they were."""
    done(
        casa,
        "firmware",
        "add",
        binary(tmp_path, "T46U.rom"),
        "--model",
        "t46u",
        "--version",
        "108.86.0.90",
    )
    before = casa.rendered(YEALINK)
    casa.change("update phone set firmware = '108.86.0.20' where mac = ?", YEALINK)
    done(casa, "firmware", "assign", "T46U.rom", "--site", "casa")
    offered = casa.rendered(YEALINK)
    assert casa.rows("select offered, stored_names from phone where mac = ?", YEALINK) == [
        ("T46U.rom 108.86.0.90", '["T46U.rom"]')
    ]
    assert offered != before
    casa.change("update phone set dirty = 1 where mac = ?", YEALINK)
    assert casa.rendered(YEALINK) == offered
    done(casa, "firmware", "withdraw", "1")
    assert casa.rendered(YEALINK) == before


def test_a_version_learned_elsewhere_takes_the_offer_back(casa: DataFolder, tmp_path: Path) -> None:
    """From SIP, say: the next step of the monitor marks the phone."""
    done(
        casa,
        "firmware",
        "add",
        binary(tmp_path, "T46U.rom"),
        "--model",
        "t46u",
        "--version",
        "108.86.0.90",
    )
    casa.change("update phone set firmware = '108.86.0.20' where mac = ?", YEALINK)
    done(casa, "firmware", "assign", "T46U.rom", "--site", "casa", "--stages", "all")
    assert any(b"T46U.rom" in body for body in casa.rendered(YEALINK).values())
    casa.change("update phone set firmware = '108.86.0.90' where mac = ?", YEALINK)
    with desk_on(casa) as desk:
        assert step(desk.installation.database, desk.delivery._now()) == 1
        assert casa.marked() == {YEALINK}
    assert not any(b"T46U.rom" in body for body in casa.rendered(YEALINK).values())
