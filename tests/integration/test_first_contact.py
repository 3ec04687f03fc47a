"""From a phone nobody knows to one that has its files: arming, adopting, plug-and-play."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from provisioner.delivery import utc_now
from provisioner.identify import FetchRequest
from provisioner.inventory import store
from provisioner.inventory.fetches import waiting_phones
from provisioner.mac import MacAddress
from provisioner.sip.ua_profile import PnpAsk
from tests.integration.conftest import MakeServer
from tests.integration.servers import (
    CORRIDOR,
    DEVICE_FILE,
    FANVIL,
    SNOM,
    YEALINK,
    DataFolder,
    Server,
    ask,
    delivery_on,
    wait_for,
)
from web.field import PnpDesk
from web.simulated.device import SimulatedDevice
from web.simulated.fetching import fetch
from web.simulated.fleet import DEVICES

NAMES = {
    YEALINK: [f"{YEALINK}.boot", f"{YEALINK}.cfg"],
    FANVIL: [f"{FANVIL}.cfg", f"{FANVIL}.txt"],
    SNOM: ["snomD717-000413000104.htm", "snomD717.htm"],
}
IN_HOUSE = "10.20.0.9"


def all_secrets(folder: DataFolder, mac: str) -> set[bytes]:
    """Everything that a first contact must not hold: all but the phone's token."""
    with folder.opened() as installation, installation.database.read() as session:
        held = store.stored(session, installation.box)
        own = installation.press.kit(session, MacAddress(mac)).secrets
    texts = {a.secret.get_secret_value() for a in held.accounts if a.secret}
    texts |= {own.admin_password.get_secret_value(), own.user_password.get_secret_value()}
    return {text.encode() for text in texts}


def agent_of(mac: str, model: str) -> str:
    return DEVICES[model](mac, fetch, "").user_agent


@pytest.mark.parametrize(
    ("mac", "model"), [(YEALINK, "yealink/t46u"), (FANVIL, "fanvil/h5"), (SNOM, "snom/d717")]
)
def test_an_armed_phone_learns_its_token_url_and_no_more(
    casa: DataFolder, mac: str, model: str
) -> None:
    token = casa.token(mac)
    agent = agent_of(mac, model)
    with delivery_on(casa) as desk:
        bodies = [
            desk.delivery.answer(FetchRequest("http", f"/{name}", IN_HOUSE, agent)).body
            for name in NAMES[mac]
        ]
        first = next(body for body in bodies if body)
        assert token.encode() in first
        assert len(first) < 2000
        for body in bodies:
            assert not [s for s in all_secrets(casa, mac) if s in body]
            assert b"pbx.casa.example" not in body  # not even where it would register
        full = desk.delivery.answer(
            FetchRequest("http", f"/p/{token}/{DEVICE_FILE[mac]}", IN_HOUSE)
        )
        assert b"pbx.casa.example" in full.body
        again = desk.delivery.answer(FetchRequest("http", f"/{NAMES[mac][0]}", IN_HOUSE, agent))
        assert again.body == b""


@pytest.mark.parametrize(
    ("mac", "model"),
    [
        (YEALINK, "yealink/t46u"),
        (FANVIL, "fanvil/h5"),
        (SNOM, "snom/d717"),
        (CORRIDOR, "yealink/t19p-e2"),
    ],
)
def test_a_phone_boots_from_dhcp_alone(server: Server, mac: str, model: str) -> None:
    server.folder.run("arm", mac)
    device = DEVICES[model](mac, fetch, "")
    config = device.boot(dhcp_url=f"{server.url}/")
    with server.folder.opened() as installation, installation.database.read() as session:
        kit = installation.press.kit(session, MacAddress(mac))
    assert [(a.user, a.secret) for a in config.accounts] == [
        (line.user, line.secret.get_secret_value()) for line in kit.lines
    ]
    assert kit.secrets.token.get_secret_value() in config.provisioning_url
    assert ask(f"{server.url}/{DEVICE_FILE[mac]}").status == 404
    applied = device.applied
    device.boot(dhcp_url=f"{server.url}/")  # a restart: nothing is new
    assert device.applied == applied


@pytest.fixture(scope="module")
def server(make_module_server: MakeServer) -> Server:
    return make_module_server()


def test_the_first_use_of_the_token_disarms_in_every_process(make_server: MakeServer) -> None:
    from web.simulated.tftp_client import TftpRefusedError
    from web.simulated.tftp_client import fetch as by_tftp

    server = make_server()
    urls = server.folder.urls(FANVIL)
    name = DEVICE_FILE[FANVIL]
    assert ask(f"{server.url}/{name}").status == 200
    assert by_tftp("127.0.0.1", server.tftp_port, name)
    assert ask(f"{server.url}/{name}").status == 200  # until the token is used, again and again
    assert ask(urls[FANVIL] + name).status == 200
    assert ask(f"{server.url}/{name}").status == 404

    def is_refused_by_tftp() -> bool:
        try:
            by_tftp("127.0.0.1", server.tftp_port, name)
        except TftpRefusedError:
            return True
        return False

    wait_for("the other process knows", is_refused_by_tftp)
    result = server.folder.run("arm", FANVIL)
    assert result.exit_code == 0
    assert "armed until" in result.stdout
    assert by_tftp("127.0.0.1", server.tftp_port, name)
    assert ask(f"{server.url}/{name}").status == 200
    by_tftp("127.0.0.1", server.tftp_port, urls[FANVIL].split("/", 3)[3] + name)
    gone = f"{server.url}/{name}"
    wait_for("the other process knows", lambda: ask(gone).status == 404)


def test_arming_again_is_audited(casa: DataFolder) -> None:
    assert casa.run("arm", "0C-38-3E-01-01-01").exit_code == 0
    (who, action, target, detail) = casa.rows(
        "select who, action, target, detail from audit order by id desc"
    )[0]
    assert who.startswith("cli")
    assert (action, target) == ("arm", "0c:38:3e:01:01:01")
    assert detail.startswith("until ")
    assert detail.endswith(" UTC")


def test_arming_runs_out(casa: DataFolder) -> None:
    times: list[datetime] = [utc_now()]
    with delivery_on(casa, now=lambda: times[-1]) as desk:
        request = FetchRequest("http", f"/{DEVICE_FILE[FANVIL]}", IN_HOUSE)
        assert desk.delivery.answer(request).body
        times.append(times[0] + timedelta(hours=23, minutes=59))
        assert desk.delivery.answer(request).body
        times.append(times[0] + timedelta(hours=24, minutes=1))
        assert desk.delivery.answer(request).body == b""
        token = casa.token(FANVIL)
        late = FetchRequest("http", f"/p/{token}/{DEVICE_FILE[FANVIL]}", IN_HOUSE)
        assert desk.delivery.answer(late).body  # the token itself does not run out


def test_how_long_phones_are_armed_is_configured(
    casa: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWIRE_ACCESS__ARMED_HOURS", "2")
    casa.run("arm", FANVIL)
    ((until,),) = casa.rows("select armed_until from phone where mac = ?", FANVIL)
    left = datetime.fromisoformat(until) - utc_now()
    assert timedelta(hours=1, minutes=50) < left <= timedelta(hours=2)


def test_first_contact_from_another_network_is_refused(casa: DataFolder) -> None:
    with delivery_on(casa) as desk:
        request = FetchRequest("http", f"/{DEVICE_FILE[FANVIL]}", "192.0.2.9")
        assert desk.delivery.answer(request).body == b""
    assert [f["reason"] for f in casa.fetches()] == ["wrong-network"]


def pnp_ask(mac: str) -> PnpAsk:
    return PnpAsk(
        mac=MacAddress(mac), vendor="yealink", model="T46U", version="108.86.0.20",
        user_agent="Yealink SIP-T46U 108.86.0.20", contact_uri=f"sip:{mac}@10.20.0.9:5060",
    )  # fmt: skip


def test_plug_and_play(casa: DataFolder) -> None:
    token_url = casa.urls(YEALINK)[YEALINK]
    with delivery_on(casa) as here:
        desk = PnpDesk(here.installation, here.delivery, here.recorder)
        assert desk.url_for(pnp_ask(YEALINK), IN_HOUSE) == token_url
        assert desk.url_for(pnp_ask(YEALINK), "192.0.2.9") is None
        assert desk.url_for(pnp_ask("805ec0fffe01"), "192.0.2.9") is None
        assert desk.url_for(pnp_ask("805ec0fffe01"), IN_HOUSE) == f"{casa.url}/"
        here.recorder.flush()
        (waiting,) = waiting_phones(here.installation.events)
        assert (waiting.mac, waiting.vendor, waiting.via) == ("805ec0fffe01", "yealink", "pnp")
        assert (waiting.model, waiting.address) == ("yealink/t46u", IN_HOUSE)
        token = token_url.split("/", 3)[3]
        here.delivery.answer(FetchRequest("http", f"/{token}{DEVICE_FILE[YEALINK]}", IN_HOUSE))
        assert desk.url_for(pnp_ask(YEALINK), IN_HOUSE) == f"{casa.url}/"  # disarmed
        here.recorder.flush()
        assert len(waiting_phones(here.installation.events)) == 1


def boots(device: SimulatedDevice, url: str) -> list[str]:
    return [account.user for account in device.boot(dhcp_url=url).accounts]


@pytest.mark.parametrize(
    ("mac", "model", "position", "extension"),
    [
        ("805ec0fffe02", "yealink/t31p", "manager", "2501"),
        ("0c383efffe02", "fanvil/x4u", "desk", "2502"),
        ("000413fffe02", "snom/d785", "desk", "2503"),
    ],
)
def test_a_waiting_phone_is_adopted_and_boots(
    make_server: MakeServer, mac: str, model: str, position: str, extension: str
) -> None:
    from tests.integration.servers import small_site

    def site(url: str) -> dict[str, object]:
        made = small_site(url)
        made["rooms"].append({"id": "office-1", "template": "office", "extension": extension})
        return made

    server = make_server(site)
    folder = server.folder
    device = DEVICES[model](mac, fetch, "")
    assert boots(device, f"{server.url}/") == []

    def waiting() -> list[dict[str, object]]:
        result = folder.run("status", "--json")
        assert result.exit_code == 0
        return list(json.loads(result.stdout)["waiting"])

    wait_for("it waits", waiting)
    (entry,) = waiting()
    assert entry["mac"] == MacAddress(mac).colons
    assert entry["model"] == model
    assert entry["address"] == "127.0.0.1"
    spot = ["--site", "casa", "--room", "office-1", "--position", position]
    wrong = folder.run("adopt", mac, "--site", "casa", "--room", "office-1", "--position", "roof")
    assert wrong.exit_code == 1
    assert "has no position 'roof'" in wrong.stderr
    result = folder.run("adopt", mac, *spot)
    assert result.exit_code == 0, result.output
    assert waiting() == []
    assert boots(device, f"{server.url}/") == [extension]
    phones = json.loads(folder.run("status", "--json").stdout)["phones"]
    mine = next(p for p in phones if p["mac"] == MacAddress(mac).colons)
    assert (mine["room"], mine["position"], mine["model"]) == ("office-1", position, model)
    again = folder.run("adopt", mac, *spot)
    assert again.exit_code == 1
    # a later apply of the same file lets it stand
    assert "nothing" in folder.apply(site(server.url)).stdout
    assert boots(device, f"{server.url}/") == [extension]


def test_adopting_changes_nothing_else(casa: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people at work at once: what the other has just changed is not taken back."""
    from provisioner import adopt as adopting
    from provisioner.edits.whole import apply_whole
    from tests.integration.servers import small_site

    site = small_site(casa.url)
    site["rooms"].append({"id": "office-1", "template": "office", "extension": "2501"})
    casa.apply(site)

    def slowly(*args: Any, **kwargs: Any) -> object:
        casa.apply(site | {"name": "Changed meanwhile"}, options=("--no-render",))
        return apply_whole(*args, **kwargs)

    monkeypatch.setattr(adopting, "apply_whole", slowly)
    with casa.opened() as installation:
        spot = adopting.Spot("casa", "office-1", "desk")
        adopting.adopt(
            installation.applier, MacAddress("805ec0fffe03"), spot, "yealink/t31p", "test"
        )
    assert casa.rows("select name from site") == [("Changed meanwhile",)]
    assert casa.rows("select room_id from phone where mac = '805ec0fffe03'") == [("office-1",)]


def test_adopting_refuses_what_cannot_be(casa: DataFolder) -> None:
    def refused(*args: str) -> str:
        result = casa.run("adopt", *args)
        assert result.exit_code == 1, result.output
        return result.stderr

    spot = ("--site", "casa", "--room", "spa", "--position", "desk")
    assert "say --model" in refused("805ec0fffe04", *spot)
    model = ("--model", "yealink/t31p")
    assert "position desk of room spa has 00:04:13:00:01:04" in refused(
        "805ec0fffe04", *spot, *model
    )
    assert "is already desk of room spa" in refused(SNOM, *spot, *model)
    nowhere = ("--site", "casa", "--room", "999", "--position", "desk")
    assert "casa has no room '999'; it has" in refused("805ec0fffe04", *nowhere, *model)
    assert "there is no site 'nn'" in refused("805ec0fffe04", "--site", "nn", *spot[2:], *model)
    assert "no model is called" in refused("805ec0fffe04", *spot, "--model", "yealink/t99")
