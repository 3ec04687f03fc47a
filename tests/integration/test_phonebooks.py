"""Phone books under the phones' tokens: from a real server, and from a shelf in this process."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from provisioner.answers import Outcome
from provisioner.delivery import Delivery
from provisioner.identify import FetchRequest
from provisioner.mac import MacAddress
from provisioner.phonebooks.shelf import PhoneBooks
from provisioner.shelf import Entry
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    CORRIDOR,
    DEVICE_FILE,
    FANVIL,
    HANG_S,
    SNOM,
    YEALINK,
    DataFolder,
    Server,
    ask,
    room,
    small_site,
)
from web.installation import Installation
from web.simulated.tftp_client import TftpRefusedError, fetch

OTHER_SNOM, CONFERENCE = "000413000105", "000413000106"
TAXI = {"name": "Táxi & Söhne <24h> «Ж»", "number": "+34911222333"}


def hotel(url: str = "http://127.0.0.1:8080") -> dict[str, Any]:
    """The small hotel with phone books for all but the wall phone and the guests."""
    site = small_site(url)
    site["settings"] = {**site["settings"], "directory": {"phonebook": True}}
    site["phonebook"] = [TAXI, {"name": "Doctor", "number": "061"}]
    for name in ("101", "corridor"):
        room(site, name)["settings"] = {"directory": {"phonebook": False}}
    return site


def names(body: bytes | memoryview, tag: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(bytes(body)).iter(tag)]


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server(hotel)


@pytest.fixture(scope="module")
def urls(server: Server) -> dict[str, str]:
    return server.folder.urls(*DEVICE_FILE)


def test_each_vendor_reads_the_same_book_in_its_own_format(urls: dict[str, str]) -> None:
    expected = ["corridor", "Doctor", "Reception", "spa", TAXI["name"]]
    for mac, tag in ((YEALINK, "Name"), (SNOM, "first_name")):
        reply = ask(urls[mac] + "phonebook.xml")
        assert reply.status == 200
        assert reply.header("Content-Type") == "text/xml; charset=utf-8"
        assert reply.header("Cache-Control") == "no-store"
        assert names(reply.body, tag) == expected
        assert ask(urls[mac] + "PhoneBook.XML").body == reply.body


def test_head_and_a_known_digest(urls: dict[str, str]) -> None:
    url = urls[YEALINK] + "phonebook.xml"
    got, head = ask(url), ask(url, "HEAD")
    assert (head.status, head.body, head.looks[2]) == (200, b"", got.looks[2])
    again = ask(url, If_None_Match=got.header("ETag"))
    assert (again.status, again.body) == (304, b"")
    part = ask(url, Range="bytes=0-4")
    assert (part.status, part.body) == (206, got.body[:5])


def test_a_search_reaches_the_book(urls: dict[str, str]) -> None:
    found = ask(urls[YEALINK] + "phonebook.xml?term=t%C3%A1xi").body
    assert names(found, "Name") == [TAXI["name"]]
    assert names(ask(urls[YEALINK] + "phonebook.xml?term=#SEARCH").body, "Name")
    form = ask(urls[SNOM] + "phonebook-browser.xml?form=1").body
    assert names(form, "Url") == [f"{urls[SNOM]}phonebook-browser.xml?q=__X__"]


def test_who_is_not_told_a_phone_book_gets_none(server: Server, urls: dict[str, str]) -> None:
    refused = {
        "a guest's phone": f"{urls[FANVIL]}phonebook.xml",
        "the wall phone": f"{urls[CORRIDOR]}phonebook.xml",
        "no token": f"{server.url}/phonebook.xml",
        "a wrong token": f"{server.url}/p/{'a' * 26}/phonebook.xml",
        "another vendor's file": f"{urls[YEALINK]}phonebook-browser.xml",
    }
    looks = {why: ask(url).looks for why, url in refused.items()}
    assert set(looks.values()) == {looks["a wrong token"]}
    assert looks["a wrong token"][0] == 404


def test_only_a_phone_book_may_be_asked_for_by_post(server: Server, urls: dict[str, str]) -> None:
    remote = ask(urls[SNOM] + "directory.xml", "POST")
    assert remote.status == 200
    assert names(remote.body, "first_name")[0] == "corridor"
    assert remote.body == ask(urls[SNOM] + "directory.xml").body
    tag = remote.header("ETag")
    assert ask(urls[SNOM] + "directory.xml", "POST", If_None_Match=tag).status == 200
    wrong = ask(f"{server.url}/p/{'a' * 26}/directory.xml", "POST")
    assert wrong.looks == ask(f"{server.url}/p/{'a' * 26}/directory.xml").looks
    assert wrong.status == 404
    device = ask(urls[SNOM] + DEVICE_FILE[SNOM], "POST")
    assert (device.status, device.header("Allow")) == (405, "GET, HEAD")
    without = ask(f"{server.url}/directory.xml", "POST")
    assert (without.status, without.header("Allow")) == (405, "GET, HEAD")
    other = ask(urls[SNOM] + "directory.xml", "PUT")
    assert (other.status, other.header("Allow")) == (405, "GET, HEAD, POST")


def test_tftp_gives_the_same_bytes(server: Server, urls: dict[str, str]) -> None:
    path = urls[YEALINK].split("/", 3)[3]
    for name in ("phonebook.xml", "phonebook.xml?q=doctor"):
        got = fetch("127.0.0.1", server.tftp_port, path + name, timeout_s=HANG_S)
        assert got == ask(urls[YEALINK] + name).body
    with pytest.raises(TftpRefusedError):
        fetch("127.0.0.1", server.tftp_port, "phonebook.xml", timeout_s=HANG_S)


def test_a_new_name_is_seen_on_the_next_request_and_no_phone_is_marked(
    make_server: MakeServer,
) -> None:
    server = make_server(hotel)
    url = server.folder.urls(YEALINK)[YEALINK] + "phonebook.xml"
    before = ask(url)
    site = hotel(server.folder.url)
    site["phonebook"][1]["name"] = "Doctora"
    site["accounts"][0]["listed"] = False
    server.folder.apply(site, options=("--no-render",))
    assert server.folder.marked() == set()
    after = ask(url, If_None_Match=before.header("ETag"))
    assert (after.status, after.header("ETag") == before.header("ETag")) == (200, False)
    assert names(after.body, "Name") == ["corridor", "Doctora", "spa", TAXI["name"]]
    site["accounts"][0]["name"] = "Front desk"
    server.folder.apply(site)
    assert ask(url, If_None_Match=after.header("ETag")).status == 304  # it is not listed
    room(site, "101")["settings"] = {"directory": {"phonebook": True}}  # guests have none
    server.folder.apply(site)
    guest = server.folder.urls(FANVIL)[FANVIL]
    assert names(ask(guest + "phonebook.xml").body, "Name")[1] == "Doctora"


def test_guest_rooms_are_listed_only_when_the_file_says_so(folder: DataFolder) -> None:
    site = hotel()
    site["accounts"].append({"extension": "2101", "listed": True, "name": "Room 101"})
    folder.apply(small_site(site_id="plain", url="http://127.0.0.1:1"))
    plain = folder.run("phonebook", "plain").output
    assert "2101" not in plain
    assert "109  spa" in plain
    folder.run("phonebook", "plain", "--json")
    folder.apply({**site, "rooms": [{**r, "phones": {}} for r in site["rooms"]]})
    assert "Room 101" in folder.run("phonebook", "casa").output
    shown = folder.run("phonebook", "casa", "--vendor", "snom", "--query", "all=1")
    assert "Room 101" in names(shown.output.encode(), "first_name")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("nowhere",), "there is no site 'nowhere'"),
        (("casa", "--vendor", "acme"), "known are: "),
        (("casa", "--vendor", "snom", "--dialect", "x"), "has no dialect 'x'; known are: desk-10"),
        (("casa", "--vendor", "snom", "--file", "x.xml"), "its phone books are: phonebook.xml"),
    ],
)
def test_the_command_says_what_there_is(casa: DataFolder, args: tuple[str, ...], told: str) -> None:
    result = casa.run("phonebook", *args)
    assert result.exit_code == 1
    assert told in result.stderr


# a shelf in this process: what is kept, and for how long


@contextmanager
def shelf_on(folder: DataFolder, **options: Any) -> Iterator[tuple[PhoneBooks, Installation]]:
    with folder.opened() as installation:
        made = PhoneBooks(
            installation.database, installation.box, installation.catalogue, **options
        )
        try:
            yield made, installation
        finally:
            made.close()


def phone(mac: str, model: str, site: str = "casa") -> Entry:
    return Entry(
        MacAddress(mac), None, (), tftp_without_token=False, site=site, model=model, firmware="",
        token_hash="", token_seen=True, dirty=False, base_url="http://a.example",
    )  # fmt: skip


def test_nothing_is_read_while_nothing_changes_and_pages_are_shared(folder: DataFolder) -> None:
    site = hotel()
    room(site, "reception")["phones"]["second"] = {
        "model": "yealink/t46u", "mac": "805ec0000199", "preset": "office",
    }  # fmt: skip
    folder.apply(site)
    statements: list[str] = []
    with shelf_on(folder) as (shelf, installation):

        @event.listens_for(installation.database.reader, "before_cursor_execute")
        def _note(*details: Any) -> None:
            statements.append(details[2])

        first = shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", "")
        second = shelf.find(phone("805ec0000199", "yealink/t46u"), "phonebook.xml", "")
        assert first is second
        statements.clear()
        for query in ("", "x=1", "q=%23SEARCH"):
            assert shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", query) is first
        assert statements == []
        folder.run("arm", YEALINK)  # something changes, and it is no site file
        assert shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", "") is first
        assert len([s for s in statements if not s.startswith("BEGIN")]) == 1
        site["numbers"]["spa"] = "109"  # a site file changes, and the book does not
        folder.apply(site)
        assert shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", "") is first


def test_memory_is_bounded(folder: DataFolder) -> None:
    folder.apply(hotel())
    with shelf_on(folder, max_bytes=20_000) as (shelf, _):
        for n in range(300):
            assert shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", f"q=name{n}")
            assert shelf.size_bytes <= 20_000


def test_every_dialect_of_a_phone_gets_its_own_format(folder: DataFolder) -> None:
    site = hotel()
    site["rooms"].append(
        {
            "id": "dect", "template": "dect", "extension": "500",
            "phones": {
                "base": {"model": "snom/m700", "mac": OTHER_SNOM, "preset": "dect-base"},
                "table": {"model": "snom/c520-wimi", "mac": CONFERENCE, "preset": "conference"},
            },
        }
    )  # fmt: skip
    folder.apply(site)
    roots = {"snom/d717": (SNOM, "tbook"), "snom/m700": (OTHER_SNOM, "IPPhoneDirectory")}
    roots |= {"snom/c520-wimi": (CONFERENCE, "directory")}
    with shelf_on(folder) as (shelf, _):
        for model, (mac, root) in roots.items():
            found = shelf.find(phone(mac, model), "phonebook.xml", "")
            assert found is not None
            assert ET.fromstring(bytes(found.body)).tag == root
        assert shelf.find(phone(SNOM, "snom/d717"), "other.xml", "") is None
        assert shelf.find(phone(SNOM, "snom/nothing"), "phonebook.xml", "") is None
        assert shelf.find(phone("000413fffffe", "snom/d717"), "phonebook.xml", "") is None


def test_a_phone_whose_settings_cannot_be_resolved_gets_no_book(folder: DataFolder) -> None:
    folder.apply(hotel())
    folder.change("update phone set preset = 'gone' where mac = ?", YEALINK)
    with shelf_on(folder) as (shelf, _):
        assert shelf.find(phone(YEALINK, "yealink/t46u"), "phonebook.xml", "") is None


def test_each_phone_reads_menus_with_its_own_links(folder: DataFolder) -> None:
    site = hotel("https://prov.casa.example/tel/")
    site["phonebook"] += [{"name": f"Shop {n}", "number": str(n), "group": "A&B"} for n in range(9)]
    folder.apply(site)
    directory = folder.urls(YEALINK)[YEALINK]
    assert directory.startswith("https://prov.casa.example/tel/p/")
    with folder.opened() as installation:
        recorder = installation.recorder()
        delivery: Delivery = installation.delivery(recorder)
        try:
            path = "/tel/" + directory.split("/tel/", 1)[1]
            top = delivery.answer(FetchRequest("https", f"{path}phonebook.xml", "127.0.0.1"))
            links = names(top.body, "URL")
            assert links == [f"{directory}phonebook.xml?{q}" for q in ("all=1", "g=A%26B")]
            query = links[1].split("?", 1)[1]
            request = FetchRequest("https", f"{path}phonebook.xml", "127.0.0.1", query=query)
            assert len(names(delivery.answer(request).body, "Telephone")) == 9
            known = FetchRequest(
                "https", f"{path}phonebook.xml", "127.0.0.1", if_none_match=f'"{top.digest}"'
            )
            assert delivery.answer(known).outcome is Outcome.NOT_MODIFIED
        finally:
            delivery.close()
            recorder.flush()
