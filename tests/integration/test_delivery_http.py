"""Phones' files over HTTP, from a real server and, for quick cases, from a Delivery in this process."""

from __future__ import annotations

import pytest

from provisioner.answers import Outcome
from provisioner.identify import FetchRequest
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    BATHROOM,
    CORRIDOR,
    DEVICE_FILE,
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    Server,
    ask,
    delivery_on,
    room,
    small_site,
)

OLD = "Yealink SIP-T19P_E2 53.80.0.130 80:5e:c0:00:04:02"
NEW = "Yealink SIP-T19P_E2 53.84.0.125 80:5e:c0:00:04:02"


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server()


@pytest.fixture(scope="module")
def urls(server: Server) -> dict[str, str]:
    return server.folder.urls(*DEVICE_FILE)


@pytest.mark.parametrize("mac", DEVICE_FILE)
def test_the_token_url_gives_what_render_writes(
    server: Server, urls: dict[str, str], mac: str
) -> None:
    rendered = server.folder.rendered(mac)
    assert DEVICE_FILE[mac] in rendered
    for name, body in rendered.items():
        reply = ask(urls[mac] + name)
        assert reply.status == 200
        assert reply.body == body
        assert reply.header("Content-Length") == str(len(body))
        assert reply.header("Cache-Control") == "no-store"


@pytest.mark.parametrize("mac", DEVICE_FILE)
def test_names_and_aliases_in_any_case(server: Server, urls: dict[str, str], mac: str) -> None:
    names = server.folder.names(mac)
    bodies = {name: ask(urls[mac] + name).body for name in names}
    assert len(set(bodies.values())) == len(server.folder.rendered(mac))
    for name, body in bodies.items():
        for written in (name.lower(), name.upper()):
            reply = ask(urls[mac] + written)
            assert (reply.status, reply.body) == (200, body), written
    assert ask(urls[mac].upper().replace("HTTP:", "http:").replace("/P/", "/p/") + names[0]).body


def test_head_is_get_without_a_body(urls: dict[str, str]) -> None:
    url = urls[YEALINK] + DEVICE_FILE[YEALINK]
    got, head = ask(url), ask(url, "HEAD")
    assert head.status == 200
    assert head.body == b""
    assert head.looks[2] == got.looks[2]


def test_a_known_digest_is_not_sent_again(urls: dict[str, str]) -> None:
    url = urls[YEALINK] + DEVICE_FILE[YEALINK]
    tag = ask(url).header("ETag")
    assert tag.strip('"')
    for sent in (tag, f"W/{tag}", f'"other", {tag}'):
        again = ask(url, If_None_Match=sent)
        assert (again.status, again.body, again.header("ETag")) == (304, b"", tag)
    assert ask(url, If_None_Match='"other"').status == 200


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused_alike(urls: dict[str, str], method: str) -> None:
    right = ask(urls[YEALINK] + DEVICE_FILE[YEALINK], method)
    assert right.status == 405
    assert right.header("Allow") == "GET, HEAD"
    wrong = ask(urls[YEALINK][:-27] + "a" * 26 + "/" + DEVICE_FILE[YEALINK], method)
    assert right.looks == wrong.looks


@pytest.mark.parametrize(
    "shape", ["//p/{t}/{n}", "/p//{t}//{n}", "/p/{t}/cfg/{n}", "/p/{t}/{n}?x=1"]
)
def test_shapes_of_a_path(server: Server, urls: dict[str, str], shape: str) -> None:
    token = urls[YEALINK].rstrip("/").rsplit("/", 1)[1]
    reply = ask(server.url + shape.format(t=token, n=DEVICE_FILE[YEALINK]))
    assert reply.body == ask(urls[YEALINK] + DEVICE_FILE[YEALINK]).body


def test_every_refusal_is_the_same_bytes(server: Server, urls: dict[str, str]) -> None:
    name = DEVICE_FILE[YEALINK]
    wrong = "a" * 26
    refused = {
        "wrong token": f"{server.url}/p/{wrong}/{name}",
        "no token at all": f"{server.url}/p/x/{name}",
        "another phone's token": urls[FANVIL] + name,
        "this phone's token, another phone's file": urls[YEALINK] + DEVICE_FILE[FANVIL],
        "this phone's token, an unknown MAC's file": f"{urls[YEALINK]}805ec0fffe01.cfg",
        "a name that is not offered": f"{urls[YEALINK]}nothing.bin",
        "no name": urls[YEALINK],
        "unknown MAC": f"{server.url}/805ec0fffe01.cfg",
        "not armed any more": f"{server.url}/{name}",
        "a path upwards": f"{server.url}/p/{wrong}/../../etc/passwd",
    }
    ask(urls[YEALINK] + name)  # its first use disarms
    looks = {why: ask(url).looks for why, url in refused.items()}
    expected = looks["wrong token"]
    assert expected[0] == 404
    assert expected[1] == b"not found\n"
    assert [why for why, seen in looks.items() if seen != expected] == []


def test_another_network_is_refused_like_a_wrong_token(make_server: MakeServer) -> None:
    server = make_server(lambda url: small_site(url, "10.20.0.0/16"))
    url = server.folder.urls(YEALINK)[YEALINK]
    refused = ask(url + DEVICE_FILE[YEALINK])
    assert refused.looks == ask(f"{server.url}/p/{'a' * 26}/{DEVICE_FILE[YEALINK]}").looks
    assert refused.status == 404


def test_a_change_is_seen_by_the_very_next_request(make_server: MakeServer) -> None:
    server = make_server()
    folder = server.folder
    site = small_site(folder.url)
    url = folder.urls(YEALINK)[YEALINK] + DEVICE_FILE[YEALINK]
    for number in range(5):
        site["sip"]["expires_s"] = 700 + number
        folder.apply(site)  # another process than the server's
        assert f"account.1.sip_server.1.expires = {700 + number}\n".encode() in ask(url).body
        site["sip"]["expires_s"] = 800 + number
        folder.apply(site, options=("--no-render",))
        assert YEALINK in folder.marked()
        assert f"account.1.sip_server.1.expires = {800 + number}\n".encode() in ask(url).body
        assert YEALINK not in folder.marked()  # rendered at once, for the phone that asked


def test_a_retired_phone_gets_nothing_at_once(make_server: MakeServer) -> None:
    server = make_server()
    folder = server.folder
    urls = folder.urls(YEALINK, SNOM)
    assert ask(urls[SNOM] + DEVICE_FILE[SNOM]).status == 200
    site = small_site(folder.url)
    site["rooms"] = [r for r in site["rooms"] if r["id"] != "spa"]
    folder.apply(site, options=("--prune",))
    assert ask(urls[SNOM] + DEVICE_FILE[SNOM]).status == 404
    assert ask(urls[YEALINK] + DEVICE_FILE[YEALINK]).status == 200


def test_the_files_follow_the_firmware_that_the_phone_shows(server: Server) -> None:
    folder = server.folder
    url = folder.urls(CORRIDOR)[CORRIDOR]

    def dialect(agent: str) -> tuple[int, bytes]:
        boot = ask(f"{url}{CORRIDOR}.boot", User_Agent=agent)
        return boot.status, ask(url + DEVICE_FILE[CORRIDOR], User_Agent=agent).body

    new_boot, new = dialect(NEW)
    old_boot, old = dialect(OLD)
    assert (new_boot, old_boot) == (200, 404)
    assert old != new
    assert folder.rows("select firmware from phone where mac = ?", CORRIDOR) == [("53.80.0.130",)]
    assert folder.rendered(CORRIDOR)[DEVICE_FILE[CORRIDOR]] == old
    assert dialect(NEW) == (200, new)
    assert ask(url + DEVICE_FILE[CORRIDOR], User_Agent="curl/8").body == new  # a person looks


def test_a_neighbours_firmware_is_not_taken_for_the_phones(casa: DataFolder) -> None:
    token = casa.token(CORRIDOR)
    other = OLD.replace("04:02", "04:99")
    with delivery_on(casa) as desk:
        path = f"/p/{token}/{DEVICE_FILE[CORRIDOR]}"
        answer = desk.delivery.answer(FetchRequest("http", path, "127.0.0.1", other))
    assert answer.outcome is Outcome.SENT
    assert casa.rows("select firmware from phone where mac = ?", CORRIDOR) == [("",)]


def break_files_of(folder: DataFolder, mac: str) -> None:
    """Store what no file can carry, as an older bellwire may have; a site file is refused."""
    folder.change("update stamp set generation = generation + 1")
    folder.change(
        "update phone set settings = ?, dirty = 1, generation = (select generation from stamp)"
        " where mac = ?",
        '{"raw": {"v81": {"some.parameter": "%NULL%"}}}',
        mac,
    )


def test_the_last_good_files_stay_when_rendering_fails(make_server: MakeServer) -> None:
    server = make_server()
    folder = server.folder
    urls = folder.urls(YEALINK, SNOM)
    good = ask(urls[YEALINK] + DEVICE_FILE[YEALINK]).body
    site = small_site(folder.url)
    break_files_of(folder, YEALINK)
    assert ask(urls[YEALINK] + DEVICE_FILE[YEALINK]).body == good
    status = folder.run("status").stdout
    assert "not rendered" in status
    assert ask(urls[SNOM] + DEVICE_FILE[SNOM]).status == 200
    desk = room(site, "reception")["phones"]["desk"]
    desk["settings"] = {"raw": {"v81": {"some.parameter": "1"}}}
    folder.apply(site)
    assert b"some.parameter = 1\n" in ask(urls[YEALINK] + DEVICE_FILE[YEALINK]).body
    assert "not rendered" not in folder.run("status").stdout


def test_apply_says_which_phones_keep_their_last_good_files(casa: DataFolder) -> None:
    break_files_of(casa, YEALINK)
    other = small_site(casa.url)
    other["numbers"]["reception"] = "199"
    other["rooms"] = [r for r in other["rooms"] if r["id"] != "reception"]
    result = casa.apply(other)
    assert "keeps its last good files" in result.stderr
    assert "80:5e:c0:00:01:00" in result.stderr


def test_a_dirty_phone_whose_files_fail_gets_its_last_good_ones(casa: DataFolder) -> None:
    token = casa.token(YEALINK)
    with delivery_on(casa) as here:
        request = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[YEALINK]}", "127.0.0.1")
        good = here.delivery.answer(request)
        break_files_of(casa, YEALINK)
        assert here.delivery.answer(request) == good
    assert YEALINK not in casa.marked()
    ((problem,),) = casa.rows("select problem from phone where mac = ?", YEALINK)
    assert "%NULL%" in problem


def test_equal_content_is_no_new_version(casa: DataFolder) -> None:
    before = casa.rows("select mac, name, version, digest from rendered order by 1, 2")
    casa.change("update phone set dirty = 1, generation = generation + 1")
    casa.apply(small_site(casa.url))
    assert not casa.marked()
    assert casa.rows("select mac, name, version, digest from rendered order by 1, 2") == before


def test_the_version_counter_rises_with_the_content(casa: DataFolder) -> None:
    def versions() -> dict[str, int]:
        query = "select name, version from rendered where mac = ?"
        return dict(casa.rows(query, BATHROOM))

    before = versions()
    site = small_site(casa.url)
    for number in range(3):
        site["sip"]["expires_s"] = 700 + number
        casa.apply(site)
        after = versions()
        assert after[DEVICE_FILE[BATHROOM]] > before[DEVICE_FILE[BATHROOM]]
        before = after


def test_a_database_that_cannot_be_written_is_answered_503_and_recorded(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("provisioner.db.BUSY_TIMEOUT_MS", 50)
    token = casa.token(YEALINK)
    request = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[YEALINK]}", "127.0.0.1")
    with delivery_on(casa) as here:
        with casa.opened() as other, other.database.write() as session:
            session.connection()  # takes the lock
            busy = here.delivery.answer(request)
        assert busy.outcome is Outcome.BUSY
        assert here.delivery.answer(request).outcome is Outcome.SENT
    assert [f["outcome"] for f in casa.fetches()] == ["busy", "sent"]
