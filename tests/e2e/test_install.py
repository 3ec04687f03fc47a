"""The installer's work in a real browser: ten rooms, lists, the camera; and without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from provisioner.inventory.tables import PhoneRow
from tests.e2e.barcodes import code128, film, qr, seen
from tests.e2e.building import SITE, Building, building
from tests.e2e.stage import CHROMIUM, Look, looking

H5, H5_SHOWN = "0c383e0fff01", "0c:38:3e:0f:ff:01"
LIST = (
    "Room;Floor;Template;Position;Model;MAC;Extension\n"
    "301;3;gest-room;bedside;fanvil/h5;0c:38:3e:00:03:01;2301\n"
    "302;3;guest-room;bedside;fanvil/h5;0c:38:3e:00:03;2302\n"
    "303;3;guest-room;bedside;fanvil/h5;0c:38:3e:00:03:03;2201\n"
    "304;3;guest-room;bedside;fanvil/h5;0c:38:3e:00:03:01;2304\n"
)


@pytest.fixture(scope="module")
def hotel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Building]:
    with building(tmp_path_factory.mktemp("building")) as made:
        yield made


def phones(hotel: Building) -> dict[tuple[str, str], str]:
    """Models by room and position."""
    with hotel.installation.database.read() as session:
        query = select(PhoneRow).where(PhoneRow.site_id == SITE)
        return {(p.room_id, p.position): p.mac for p in session.scalars(query)}


def room(page: Page) -> str:
    return page.locator("h1").inner_text().removeprefix("Room ")


def looks_right(look: Look) -> None:
    assert not look.is_too_wide()
    assert look.axe() == []


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("placed.")


def test_ten_rooms_in_a_row(browser: Browser, hotel: Building) -> None:
    fleet = hotel.fleet({H5: "fanvil/h5"})
    try:
        fleet.boot(f"{hotel.url}/")  # nobody knows it yet
        with looking(browser, hotel, "mobile") as look:
            page = look.page
            look.sign_in("ivan")
            look.go(f"/ui/sites/{SITE}/install")
            looks_right(look)
            page.get_by_role("link", name="Next room without phones").click()
            assert room(page) == "201"
            looks_right(look)

            # the first takes the phone that waits
            bedside = page.locator("#spot-bedside")
            expect(bedside.locator(".candidate").first).to_contain_text("Fanvil H5")
            page.locator(f"#pick-bedside-{H5}").check()
            expect(page.locator("#result-bedside .keys")).to_contain_text("Reception")
            looks_right(look)
            save(page)
            expect(page.locator("#line-bedside li").nth(1)).to_have_class("now")
            assert H5 not in hotel.waiting()

            # it fetches its files and registers, and the line follows by itself
            fleet.boot(f"{hotel.url}/")
            expect(page.locator("#line-bedside li").nth(1)).to_have_class("done")
            hotel.learn_accounts()
            assert fleet.register() == {H5: [200]}
            expect(page.locator("#line-bedside li").nth(2)).to_have_class("done")
            hotel.sweep()
            expect(page.locator("#line-bedside li.done")).to_have_count(4)
            expect(page.locator("#live")).to_contain_text("Every phone of this room works.")
            expect(page.locator("#live")).to_have_attribute("hx-trigger", "every 20s, seen")
            looks_right(look)

            # nine more need nothing but their MACs
            for n in range(2, 11):
                page.get_by_role("link", name="Next room").click()
                assert room(page) == str(200 + n)
                expect(page.locator("#template")).to_have_value("guest-room")
                page.locator("#mac-bedside").press_sequentially(f"0C383E0AAA{n:02X}")
                expect(page.locator("#result-bedside")).to_contain_text("Fanvil H5")
                save(page)
            page.get_by_role("link", name="Next room").click()
            assert room(page) == "211"
            page.get_by_role("link", name="Install", exact=True).first.click()
            expect(page.locator(".floor-card").first).to_contain_text("10 of 12 rooms have phones")
    finally:
        fleet.close()
    held = phones(hotel)
    assert held["201", "bedside"] == H5
    assert [held[str(200 + n), "bedside"] for n in range(2, 11)] == [
        f"0c383e0aaa{n:02x}" for n in range(2, 11)
    ]


def test_the_key_sheet_is_printed(browser: Browser, hotel: Building) -> None:
    with looking(browser, hotel, "mobile") as look:
        page = look.page
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}/rooms/101")
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Print the key sheet").click()
        expect(opened.value.locator("body")).to_contain_text("112")


def test_a_new_phone_appears_by_itself_and_choosing_is_kept(
    browser: Browser, hotel: Building
) -> None:
    with looking(browser, hotel) as look:
        page = look.page
        look.sign_in("ivan")
        hotel.wait("0c383e0bbb01", "fanvil/h5")
        look.go(f"/ui/sites/{SITE}/rooms/212")
        page.locator("#pick-bedside-0c383e0bbb01").check()
        hotel.wait("0c383e0bbb02", "fanvil/h5")
        expect(page.locator("#pick-bedside-0c383e0bbb02")).to_be_visible()
        expect(page.locator("#pick-bedside-0c383e0bbb01")).to_be_checked()
        page.locator("#mac-bedside").fill("0c383e0bbb03")  # what is typed counts
        expect(page.locator("#pick-bedside-none")).to_be_checked()
        expect(page.locator("#result-bedside")).to_contain_text("0c:38:3e:0b:bb:03")
        page.locator("#pick-bedside-0c383e0bbb01").check()
        expect(page.locator("#mac-bedside")).to_have_value("")
        page.select_option("#template", "office")
        expect(page.locator("#spot-desk")).to_be_visible()
        expect(page).to_have_url(re.compile("template=office"))


def test_a_phone_that_stands_somewhere_is_asked_about(browser: Browser, hotel: Building) -> None:
    with looking(browser, hotel, "mobile") as look:
        page = look.page
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}/rooms/212")
        mac = phones(hotel)["101", "bathroom"]
        page.locator("#mac-bathroom").fill(mac)
        expect(page.locator("#result-bathroom")).to_contain_text("bathroom of room 101 already")
        page.get_by_label(re.compile("Move .* here from room 101")).check()
        expect(page.locator("#result-bathroom .keys")).to_be_visible()
        looks_right(look)
        save(page)
        assert phones(hotel)["212", "bathroom"] == mac
        page.locator("#spot-bathroom .ask > summary").click()
        looks_right(look)
        page.locator("#room-bathroom").fill("101")
        page.get_by_role("button", name="Move").click()
        expect(page.get_by_role("status").first).to_contain_text("belongs to room 101 now")
        assert phones(hotel)["101", "bathroom"] == mac


def test_a_list_with_errors_is_mended_and_stored(browser: Browser, hotel: Building) -> None:
    with looking(browser, hotel) as look:
        page = look.page
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}/install")
        page.get_by_role("link", name="Import a list").click()
        looks_right(look)
        page.fill("#text", LIST)
        page.get_by_role("button", name="Look at it").click()
        expect(page.get_by_role("alert")).to_contain_text("4 problems in 4 rows.")
        looks_right(look)
        expect(page.locator("#r1-template-said")).to_contain_text("Did you mean guest-room?")
        expect(page.locator("#r4-mac-said")).to_contain_text("in row 1 already")
        page.fill("[name=r1-template]", "guest-room")
        page.fill("[name=r2-mac]", "0c:38:3e:00:03:02")
        page.fill("[name=r3-extension]", "2303")
        page.get_by_role("button", name="Check again").click()
        expect(page.get_by_role("alert")).to_contain_text("One problem in one row.")
        page.get_by_label("Only rows with problems").check()
        expect(page.locator("[name=r2-mac]")).to_be_hidden()
        page.fill("[name=r4-mac]", "0c:38:3e:00:03:04")
        page.get_by_role("button", name="Check again").click()
        expect(page.locator(".notice-good")).to_contain_text("4 rooms would be stored")
        looks_right(look)
        page.get_by_role("button", name="Store all of it").click()
        expect(page.get_by_role("status").first).to_contain_text("4 phones are new.")
    assert phones(hotel)["304", "bedside"] == "0c383e000304"


def test_without_a_script_all_but_the_camera_works(browser: Browser, hotel: Building) -> None:
    hotel.wait("0c383e0ccc01", "fanvil/h5")
    with looking(browser, hotel, "mobile", java_script_enabled=False) as look:
        page = look.page
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}/install")
        page.locator(".add-rooms > summary").click()
        page.fill("#first", "401")
        page.fill("#last", "403")
        page.fill("#prefix", "2")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("3 rooms are added.")
        page.get_by_role("link", name="401").click()
        expect(page.locator("[data-scan]").first).to_be_hidden()
        page.select_option("#template", "suite")
        page.get_by_role("button", name="Show this template").click()
        expect(page.locator("#template")).to_have_value("suite")
        page.locator(".candidate input").first.check()
        page.get_by_role("button", name="Check").click()
        expect(page.locator(".result .keys").first).to_be_visible()
        save(page)
        expect(page.locator(".ladder")).to_be_visible()
        page.get_by_role("link", name="Next room").click()
        expect(page.locator("h1")).to_have_text("Room 402")
        expect(page.locator("#template")).to_have_value("suite")  # what was chosen is kept
        page.get_by_role("link", name="Install", exact=True).first.click()
        page.get_by_role("link", name="401").click()
        page.locator(".ask > summary").click()
        page.get_by_role("button", name=re.compile("^Retire")).click()
        expect(page.get_by_role("status").first).to_contain_text("is retired.")
        look.go(f"/ui/sites/{SITE}/import")
        page.fill("#text", "room,floor\n501,5\n")
        page.get_by_role("button", name="Look at it").click()
        page.get_by_role("button", name="Store all of it").click()
        expect(page.get_by_role("status")).to_contain_text("One room is stored.")


@pytest.mark.parametrize(
    ("kind", "text"), [("code128", "0C383E0DDD01"), ("qr", "MAC:0C383E0DDD02 SN:F52A0712")]
)
def test_the_camera_reads_a_label(
    browser: Browser, hotel: Building, tmp_path: Path, kind: str, text: str
) -> None:
    label = code128(text) if kind == "code128" else qr(text)
    video = film(label, tmp_path / "label.y4m")
    camera = [
        "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={video}",
    ]  # fmt: skip
    seeing = browser.browser_type.launch(executable_path=CHROMIUM, args=camera)
    try:
        with looking(seeing, hotel, "mobile", permissions=["camera"]) as look:
            page = look.page
            look.sign_in("ivan")
            look.go(f"/ui/sites/{SITE}/rooms/211")
            fetched: list[str] = []
            page.on("request", lambda request: fetched.append(request.url))
            page.locator("#spot-bedside [data-scan]").click()
            mac = re.search(r"0C383E\w{6}", text)
            assert mac
            shown = ":".join(re.findall("..", mac[0].lower()))
            expect(page.locator("#mac-bedside")).to_have_value(shown)
            expect(page.locator("#scan")).to_be_hidden()
            expect(page.locator("#result-bedside .keys")).to_be_visible()
            assert [url for url in fetched if "zxing" in url]  # not before it was needed
    finally:
        seeing.close()


def test_a_picture_does_where_there_is_no_camera(
    browser: Browser, hotel: Building, tmp_path: Path
) -> None:
    good, bad = tmp_path / "label.png", tmp_path / "nothing.png"
    seen(code128("MAC 0C383E0DDD03", 2)).save(good)
    seen(code128("S/N 12345", 2)).save(bad)
    with looking(browser, hotel, "mobile") as look:
        page = look.page
        page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
        look.sign_in("ivan")
        look.go(f"/ui/sites/{SITE}/rooms/211")
        page.locator("#spot-bedside [data-scan]").click()
        looks_right(look)
        page.set_input_files("#scan input[type=file]", bad)
        expect(page.locator("#scan")).to_contain_text("There is no MAC address in this picture.")
        page.set_input_files("#scan input[type=file]", good)
        expect(page.locator("#mac-bedside")).to_have_value("0c:38:3e:0d:dd:03")
        expect(page.locator("#scan")).to_be_hidden()
