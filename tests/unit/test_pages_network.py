"""Switches, PBX and DHCP of a site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from monitors.signals import Link, PortPower, SwitchState
from monitors.snmp.values import Failure, FailureKind
from monitors.status import State, Status
from monitors.store.memory import keep_switch
from monitors.store.statuses import KeptStatus, keep_statuses
from monitors.switches.reading import (
    How,
    Learned,
    Neighbour,
    PoeBudget,
    PoeGroup,
    PortReading,
    SwitchReading,
)
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from provisioner.mac import MacAddress
from tests.people import NOON, Office, office, post

MAC, OTHER = "0c383e000214", "aabbccddee01"
READING = SwitchReading(
    "sw-2",
    SwitchState.UP,
    platform="cisco-ios",
    ports=(
        PortReading(
            pse=(1, 3), if_index=3, name="Gi0/3", state=PortPower.DELIVERING, power_mw=3200,
            link=Link.UP, speed_mbit=100, vlan=20, neighbours=(Neighbour(How.LLDP, MacAddress(MAC)),),
        ),
        PortReading(pse=(1, 4), if_index=4, name="Gi0/4", state=PortPower.SHORT, link=Link.DOWN),
        PortReading(
            pse=(1, 5), if_index=5, name="Gi0/5", link=Link.UP,
            learned=(Learned(MacAddress(OTHER)),),
        ),
        PortReading(pse=(1, 6), if_index=6, name="Gi0/6", state=PortPower.SEARCHING, link=Link.DOWN),
        PortReading(
            if_index=25, name="Gi0/25", link=Link.UP,
            neighbours=(Neighbour(How.LLDP, MacAddress(MAC), name="core-1", is_bridge=True),),
        ),
    ),
    budget=PoeBudget((PoeGroup(1, 370.0, 356.0),)),
)  # fmt: skip


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[Office]:
    with office(tmp_path, "casa", "norte") as made:
        made.people()
        with made.installation.database.write() as session:
            session.execute(
                update(SiteRow).where(SiteRow.id == "casa").values(
                    switches=[
                        {"host": "10.9.0.2", "name": "sw-2", "community": made.installation.box.seal("s3cret")},
                        {"host": "10.9.0.3", "name": ""},
                        {"host": "10.9.0.4", "name": "sw-4"},
                    ],
                    pbx={"kind": "asterisk", "host": "10.9.0.9", "port": 5038, "username": "bw",
                         "secret": made.installation.box.seal("t0psecret")},
                    settings={"sip": {"registrar": "pbx.casa.example"}},
                )
            )  # fmt: skip
            session.execute(
                insert(RoomRow),
                [{"site_id": "casa", "id": "214", "name": "", "floor": "2", "template": "guest-room",
                  "extension": "2214", "settings": {}}],
            )  # fmt: skip
            session.execute(
                insert(PhoneRow),
                [{"mac": MAC, "site_id": "casa", "room_id": "214", "position": "bedside",
                  "model": "fanvil/h5", "preset": "p", "settings": {}, "token_hash": "x",
                  "secrets": "", "accounts": [], "keys": [], "handsets": [], "accessories": []}],
            )  # fmt: skip
        monitoring = made.installation.monitoring
        keep_switch(monitoring, "casa", READING, NOON)
        refused = SwitchReading(
            "sw-4", SwitchState.REFUSED, failure=Failure(FailureKind.REFUSED, "no")
        )
        keep_switch(monitoring, "casa", refused, NOON)
        status = Status(State.DOWN, NOON, "B5")
        keep_statuses(monitoring, [KeptStatus(MAC, "casa", status, "certain", NOON)])
        yield made


def test_switches_say_how_they_stand(staffed: Office) -> None:
    page = staffed.client("lucia").get("/ui/sites/casa/switches").text
    sw2, sw3, sw4 = page.split("<article")[1:]
    assert "356 of 370 W" in sw2
    assert "one phone" in sw2
    assert "one port with a fault in its power" in sw2
    assert "10.9.0.3" in sw3
    assert "not read yet" in sw3
    assert "refuses bellwire" in sw4
    assert "s3cret" not in page


def test_a_switch_shows_who_hangs_where(staffed: Office) -> None:
    browser = staffed.client("lucia")
    page = browser.get("/ui/sites/casa/switches/sw-2").text
    rows = page.split("<tr")[2:]
    assert len(rows) == 4  # the port that nobody uses is left out
    assert "Room 214<" in rows[0]
    assert "Down" in rows[0]
    assert "3.2 W" in rows[0]
    assert "short circuit" in rows[1]
    assert "aa:bb:cc:dd:ee:01" in rows[2]
    assert "another switch" in rows[3]
    assert "214" not in rows[3]  # behind an uplink is everybody
    whole = browser.get("/ui/sites/casa/switches/sw-2?ports=all").text
    assert "Gi0/6" in whole


@pytest.mark.parametrize(
    "path",
    ["switches", "switches/sw-2", "switches/nothing", "pbx", "pbx/files", "dhcp", "dhcp/kea",
     "dhcp/nothing"],
)  # fmt: skip
def test_what_is_not_there_is_not_there(staffed: Office, path: str) -> None:
    assert staffed.client("ivan").get(f"/ui/sites/norte/{path}").status_code == 404
    assert staffed.client("maria").get(f"/ui/sites/nowhere/{path}").status_code == 404
    if "nothing" in path:
        assert staffed.client("maria").get(f"/ui/sites/casa/{path}").status_code == 404


def test_the_number_of_queries_does_not_grow_with_ports(staffed: Office) -> None:
    browser = staffed.client("lucia")
    with staffed.queries() as one:
        browser.get("/ui/sites/casa/switches")
    ports = tuple(
        PortReading(pse=(1, n), if_index=n, name=f"Gi0/{n}", link=Link.UP,
                    learned=(Learned(MacAddress(f"{n:012x}")),))
        for n in range(1, 49)
    )  # fmt: skip
    many = SwitchReading("sw-2", SwitchState.UP, ports=ports)
    keep_switch(staffed.installation.monitoring, "casa", many, NOON)
    with staffed.queries() as other:
        browser.get("/ui/sites/casa/switches")
    assert len(other) == len(one)


def test_the_pbx_is_shown_without_its_secret(staffed: Office) -> None:
    page = staffed.client("lucia").get("/ui/sites/casa/pbx").text
    assert "pbx.casa.example" in page
    assert "10.9.0.9:5038" in page
    assert "t0psecret" not in page
    assert "Show the files" not in page  # a viewer changes nothing
    assert "names no PBX" in staffed.client("lucia").get("/ui/sites/norte/pbx").text


def test_files_for_the_pbx_hold_secrets_only_when_an_administrator_takes_them(
    tmp_path: Path,
) -> None:
    from tests.integration.servers import DataFolder, sample_hotel

    folder = DataFolder(tmp_path / "data")
    hotel = sample_hotel(folder.url)
    folder.apply({**hotel, "id": "casa"}, options=("--no-render",))
    with folder.opened() as installation:
        from web.pages.network.pbx import pbx_files

        open_files, _ = pbx_files(installation, "casa", NOON, masked=False)
        masked_files, _ = pbx_files(installation, "casa", NOON, masked=True)
        with installation.database.read() as reading:
            from provisioner.inventory import store

            held = store.stored(reading, installation.box, ["casa"])
    secrets = {a.secret.get_secret_value() for a in held.accounts if a.secret}
    text = "\n".join(file.text for file in open_files)
    hidden = "\n".join(file.text for file in masked_files)
    assert secrets
    assert all(secret in text for secret in secrets)
    assert not any(secret in hidden for secret in secrets)


def test_who_may_take_the_files(staffed: Office) -> None:
    assert staffed.client("lucia").get("/ui/sites/casa/pbx/files").status_code == 403
    page = staffed.client("ivan").get("/ui/sites/casa/pbx/files")
    assert page.status_code == 200
    assert "Download with secrets" not in page.text
    path = "/ui/sites/casa/pbx/files/pjsip_bellwire.conf"
    ivan = staffed.client("ivan")
    assert post(ivan, path).status_code == 403
    maria = staffed.client("maria")
    assert post(maria, "/ui/sites/casa/pbx/files/passwd", {}).status_code == 404


def test_lines_for_each_dhcp_server(staffed: Office) -> None:
    browser = staffed.client("lucia")
    for server in ("dnsmasq", "kea", "isc", "mikrotik"):
        page = browser.get(f"/ui/sites/casa/dhcp/{server}", follow_redirects=True).text
        assert "http://127.0.0.1" in page
    assert 'aria-current="page">dnsmasq' in browser.get("/ui/sites/casa/dhcp").text
