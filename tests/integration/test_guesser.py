"""A guesser of MAC addresses learns nothing, and does not cut off the phones beside him."""

from __future__ import annotations

import itertools

import pytest

from provisioner.answers import Outcome
from provisioner.identify import FetchRequest
from provisioner.ratelimit import Guard
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    CORRIDOR,
    DEVICE_FILE,
    FANVIL,
    SNOM,
    UNKNOWN,
    YEALINK,
    DataFolder,
    Server,
    ask,
    delivery_on,
    small_site,
    wait_for,
)

WRONG = "abcdefghijklmnopqrstuvwx23"
AGENTS = {
    "yealink": "Yealink SIP-T46U 108.86.0.20 {mac}",
    "fanvil": "Fanvil H5 2.12.4 {bare}",
    "snom": "Mozilla/4.0 (compatible; snomD717-SIP 10.1.54.13 2010.12-00001 {bare})",
    "none": "curl/8.5",
}


def paths(mac: str) -> list[str]:
    """All names under which some vendor's phone of this MAC may ask."""
    return [
        f"{mac}.cfg", f"{mac}.boot", f"{mac.upper()}.cfg", f"{mac}.xml", f"{mac}.txt",
        f"snomD717-{mac.upper()}.htm", f"snom717-{mac}.htm", f"{mac}-local.cfg", f"{mac}.enc",
        "y000000000108.cfg", "snomD717.htm", "f0h5hw1.0.cfg",
    ]  # fmt: skip


def agent(vendor: str, mac: str) -> str:
    colons = ":".join(mac[i : i + 2] for i in range(0, 12, 2))
    return AGENTS[vendor].format(mac=colons, bare=mac)


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    """Two sites: the phones of ``away`` belong to another network; SNOM's has been seen."""

    def site(url: str) -> dict[str, object]:
        return small_site(url)

    made = make_module_server(site, environment={"BELLWIRE_ACCESS__REFUSALS_PER_MINUTE": "1000000"})
    away = small_site(made.url, "10.99.0.0/16", site_id="away")
    away["rooms"] = [
        {
            "id": "1", "template": "guest-room", "extension": "1",
            "phones": {"bedside": {"model": "fanvil/h5", "mac": "0c383e770001"}},
        }
    ]  # fmt: skip
    made.folder.apply(away)
    urls = made.folder.urls(*DEVICE_FILE)
    for mac, url in urls.items():
        if mac != CORRIDOR:  # which stays armed
            assert ask(url + DEVICE_FILE[mac]).status == 200
    made.folder.change("update phone set armed_until = null where mac = ?", "0c383e770001")
    return made


def test_all_that_a_guesser_can_ask_is_answered_alike(server: Server) -> None:
    folder = server.folder
    tokens = {mac: folder.token(mac) for mac in (YEALINK, FANVIL, SNOM)}
    secrets = {token.encode() for token in tokens.values()}
    with folder.opened() as installation, installation.database.read() as session:
        from provisioner.inventory import store

        held = store.stored(session, installation.box)
        secrets |= {a.secret.get_secret_value().encode() for a in held.accounts if a.secret}
    macs = [YEALINK, FANVIL, SNOM, "0c383e770001", *UNKNOWN.values(), "ffffffffffff"]
    looks = {}
    for mac, vendor in itertools.product(macs, AGENTS):
        for name in paths(mac):
            for url in (f"{server.url}/{name}", f"{server.url}/p/{WRONG}/{name}"):
                looks[url, vendor] = ask(url, User_Agent=agent(vendor, mac)).looks
    expected = (404, b"not found\n", looks[f"{server.url}/{YEALINK}.cfg", "none"][2])
    assert {key for key, seen in looks.items() if seen != expected} == set()
    assert not any(secret in repr(looks).encode() for secret in secrets)
    assert len(looks) > 500


def test_head_and_conditions_tell_no_more(server: Server) -> None:
    digests = dict(server.folder.rows("select name, digest from rendered"))
    seen = set()
    for mac in (YEALINK, UNKNOWN["yealink"]):
        for headers in ({}, {"If_None_Match": f'"{digests[DEVICE_FILE[YEALINK]]}"'}):
            for method in ("GET", "HEAD"):
                url = f"{server.url}/p/{WRONG}/{mac}.cfg"
                status, _, shown = ask(url, method, **headers).looks
                seen.add((status, shown))
    assert len(seen) == 1


def test_another_phones_token_opens_no_other_file(server: Server) -> None:
    urls = server.folder.urls(*DEVICE_FILE)
    for mine, theirs in itertools.permutations(DEVICE_FILE, 2):
        assert ask(urls[mine] + DEVICE_FILE[theirs]).status == 404


def test_an_armed_phone_is_found_only_from_its_sites_networks(casa: DataFolder) -> None:
    with delivery_on(casa) as desk:
        answers = {
            (mac, address): desk.delivery.answer(FetchRequest("http", f"/{mac}.cfg", address))
            for mac in (FANVIL, UNKNOWN["fanvil"])
            for address in ("192.0.2.1", "10.21.0.1", "::1", "fe80::1%eth0", "", "nonsense")
        }
    assert {answer.outcome for answer in answers.values()} == {Outcome.NOT_FOUND}
    assert len({(a.body, a.media_type, a.digest) for a in answers.values()}) == 1


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("provisioner.delivery._clock_s", made)
    return made


def test_a_scanner_is_shut_out_and_the_phone_beside_it_is_not(
    casa: DataFolder, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    token = casa.token(YEALINK)
    here = "10.20.0.7"
    with delivery_on(casa, Guard(20, 60, 3600)) as desk:
        for number in range(40):
            path = f"/0c383e{number:06x}.cfg"
            assert desk.delivery.answer(FetchRequest("http", path, here)).outcome == "not-found"
        armed = FetchRequest("http", f"/{CORRIDOR}.cfg", here)
        assert desk.delivery.answer(armed).outcome == "not-found"
        other = FetchRequest("http", f"/{CORRIDOR}.cfg", "10.20.0.8")
        assert desk.delivery.answer(other).outcome == "sent"
        known = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[YEALINK]}", here)
        assert desk.delivery.answer(known).outcome == "sent"
    reasons = [f["reason"] for f in casa.fetches()]
    assert reasons == [*["unknown-phone"] * 21, *["shut-out"] * 20, "armed", "token"]
    assert "10.20.0.7 is shut out" in caplog.text


def test_wrong_tokens_weigh_more(casa: DataFolder, clock: Clock) -> None:
    with delivery_on(casa, Guard(20, 60, 3600)) as desk:
        for number in range(6):
            path = f"/p/{WRONG[:-1]}{number + 2}/x.cfg"
            desk.delivery.answer(FetchRequest("http", path, "10.20.0.7"))
    assert [f["reason"] for f in casa.fetches()] == [*["wrong-token"] * 5, "shut-out"]


def test_the_time_shut_out_grows_to_its_limit(casa: DataFolder, clock: Clock) -> None:
    address = "10.20.0.7"
    with delivery_on(casa, Guard(10, 60, 400)) as desk:

        def is_shut_out() -> bool:
            desk.delivery.answer(FetchRequest("http", f"/{CORRIDOR}.cfg", address))
            desk.recorder.flush()
            return bool(casa.fetches()[-1]["reason"] == "shut-out")

        for length_s in (60, 120, 240, 400, 400):
            for number in range(11):
                path = f"/0c383e{number:06x}.cfg"
                desk.delivery.answer(FetchRequest("http", path, address))
            clock.now_s += length_s - 1
            assert is_shut_out()
            clock.now_s += 2
            assert not is_shut_out()


def test_a_rebooting_hotel_does_not_shut_itself_out(casa: DataFolder, clock: Clock) -> None:
    """Known phones behind one NAT address that ask without their token once at each boot."""
    urls = {mac: casa.token(mac) for mac in DEVICE_FILE}
    with delivery_on(casa, Guard(200, 60, 3600)) as desk:
        for mac, token in urls.items():
            path = f"/p/{token}/{DEVICE_FILE[mac]}"
            assert desk.delivery.answer(FetchRequest("http", path, "10.20.0.1")).body
        for _ in range(300):
            for mac in urls:
                desk.delivery.answer(FetchRequest("http", f"/{DEVICE_FILE[mac]}", "10.20.0.1"))
    reasons = {f["reason"] for f in casa.fetches()}
    assert reasons == {"token", "not-armed"}


def test_a_real_server_shuts_a_scanner_out(make_server: MakeServer) -> None:
    server = make_server(environment={"BELLWIRE_ACCESS__REFUSALS_PER_MINUTE": "20"})
    folder = server.folder
    url = folder.urls(YEALINK)[YEALINK]
    looks = {ask(f"{server.url}/0c383e{n:06x}.cfg").looks for n in range(40)}
    assert len(looks) == 1
    assert ask(f"{server.url}/{CORRIDOR}.cfg").status == 404  # armed, but asked from there
    assert ask(url + DEVICE_FILE[YEALINK]).status == 200
    wait_for("all is recorded", lambda: len(folder.fetches()) == 42)
    reasons = [f["reason"] for f in folder.fetches()]
    assert reasons.count("unknown-phone") == 21
    assert reasons.count("shut-out") == 20
    assert reasons.count("token") == 1
    assert "127.0.0.1 is shut out: too many refused requests" in server.log
    waiting = folder.rows("select count(*) from waiting", database="events.db")
    assert waiting == [(21,)]
