"""bellwire's proposal of a whole Asterisk, in the real one: few modules, and no way in."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from provisioner.catalogue.loader import shipped_folder
from provisioner.errors import PbxError
from provisioner.inventory.calls import Calls
from provisioner.inventory.pbx_hardening import Hardening, SipTls
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.proposal import needed_modules
from tests.integration.hardened_asterisk import HardenedAsterisk, aurora
from tests.integration.test_pbx_asterisk import SipPhone
from tests.simulators.asterisk import SKIP_REASON, find_asterisk, free_port

OK, NOT_FOUND = "SIP/2.0 200 OK", "SIP/2.0 404 Not Found"
pytestmark = pytest.mark.skipif(find_asterisk() is None, reason=SKIP_REASON)


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HardenedAsterisk]:
    with HardenedAsterisk(aurora(), tmp_path_factory.mktemp("aurora")) as running:
        yield running


def test_exactly_these_modules_run_and_nothing_warns(asterisk: HardenedAsterisk) -> None:
    wanted = {f"{m.name}.so" for m in needed_modules(aurora(), shipped_folder())}
    shown = asterisk.cli("module show")
    running = set(re.findall(r"(?m)^(\S+\.so) .* Running ", shown))
    assert running == set(re.findall(r"(?m)^(\S+\.so) ", shown)) == wanted
    assert asterisk.warnings() == []
    for again in ("core reload", "module reload acl", "module reload res_pjsip.so"):
        asterisk.cli(again)
    assert asterisk.warnings() == []


def test_guarded_calls_load_with_their_modules_and_no_others(tmp_path: Path) -> None:
    site = replace(aurora(), site=replace(aurora().site, country="ES", calls=Calls()))
    with HardenedAsterisk(site, tmp_path / "files") as running:
        wanted = {f"{m.name}.so" for m in needed_modules(site, shipped_folder())}
        assert set(re.findall(r"(?m)^(\S+\.so) .* Running ", running.cli("module show"))) == wanted
        assert {"res_agi.so", "func_db.so"} <= wanted
        assert running.warnings() == []


def test_phones_register_and_call(asterisk: HardenedAsterisk) -> None:
    with ExitStack() as phones:
        reception, room = (
            phones.enter_context(SipPhone(asterisk, user, f"secret-of-{user}"))
            for user in ("100", "2214")
        )
        assert reception.register() == room.register() == OK
        assert room.dial("100") == "SIP/2.0 100 Trying"
        assert 'From: "Room 214" <sip:2214@' in reception.ring()
    assert asterisk.warnings() == []


def test_a_lift_calls_its_number_and_nothing_else(asterisk: HardenedAsterisk) -> None:
    with ExitStack() as phones:
        reception, lift, other = (
            phones.enter_context(SipPhone(asterisk, user, f"secret-of-{user}"))
            for user in ("100", "2950", "2951")
        )
        assert reception.register() == OK
        assert lift.dial("100") == "SIP/2.0 100 Trying"
        assert 'From: "Lift" <sip:2950@' in reception.ring()
        for number in ("2214", "2900", "*97", "0800112"):
            assert lift.call(number) == NOT_FOUND
        assert other.call("2215") == NOT_FOUND


def test_guests_cannot_listen_to_a_lift_and_staff_can(asterisk: HardenedAsterisk) -> None:
    with SipPhone(asterisk, "2214", "secret-of-2214") as guest:
        assert guest.call("2950") == NOT_FOUND
    with SipPhone(asterisk, "100", "secret-of-100") as staff:
        assert staff.call("2950").split()[1] == "480", "known, but not registered"


@pytest.mark.parametrize("user", ["anonymous", "nobody", "bw-notify", "default"])
def test_whoever_has_no_account_gets_nowhere(asterisk: HardenedAsterisk, user: str) -> None:
    with SipPhone(asterisk, user, "") as stranger:
        assert stranger.call("100") == "SIP/2.0 401 Unauthorized"


def test_nobody_learns_what_answers(asterisk: HardenedAsterisk) -> None:
    shown = asterisk.cli("pjsip show settings")
    assert re.search(r"user_agent +: PBX\n", shown)
    assert re.search(r"endpoint_identifier_order +: ip,username\n", shown)
    assert "HTTP Server Status" not in asterisk.cli("http show status") or (
        "Server Disabled" in asterisk.cli("http show status")
    )
    for context in ("default", "public"):
        assert "0 extensions" in asterisk.cli(f"dialplan show {context}")


def test_the_manager_user_may_what_bellwire_does_and_no_more(asterisk: HardenedAsterisk) -> None:
    with AmiClient.connect(
        "127.0.0.1", asterisk.ami_port, asterisk.ami_user, asterisk.ami_secret, events="security"
    ) as ami:
        ami.contacts()
        ami.action("Reload", Module="res_pjsip.so")
        ami.collect("CoreShowChannels", "CoreShowChannelsComplete")
        for action in ("Command", "Originate", "UpdateConfig"):
            with pytest.raises(PbxError, match="Permission denied"):
                ami.action(action, Command="core show uptime")


def test_device_limits(asterisk: HardenedAsterisk) -> None:
    for extension, calls in (("100", "4"), ("2214", "2"), ("2900", "1"), ("2950", "1")):
        shown = asterisk.cli(f"pjsip show endpoint {extension}")
        assert re.search(rf"(?m)^ *device_state_busy_at *: {calls}$", shown)
    assert re.search(r"Maximum calls: +50 ", asterisk.cli("core show settings"))


def test_apps_may_come_from_elsewhere_where_the_site_says_so(tmp_path: Path) -> None:
    site = replace(
        aurora(Hardening(soft_phones_from=("127.0.9.0/24",)), "127.0.0.0/24"),
        soft_phones={"2214": 1},
    )
    with HardenedAsterisk(site, tmp_path / "files") as asterisk:
        for user, address, may in (
            ("2214", "127.0.9.1", True), ("2214", "127.0.0.1", True),
            ("2214", "127.0.8.1", False), ("2215", "127.0.9.1", False), ("2215", "127.0.0.1", True),
        ):  # fmt: skip
            with SipPhone(asterisk, user, f"secret-of-{user}", address) as phone:
                assert (phone.register() == OK) is may, (user, address)
        assert asterisk.warnings() == []


def test_tls_and_srtp(tmp_path: Path) -> None:
    made = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *(
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=pbx.example",
            "-keyout",
            "key.pem",
            "-out",
            "c.pem",
        ),
    ]
    subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    port = free_port(socket.SOCK_STREAM)
    tls = SipTls(str(tmp_path / "c.pem"), str(tmp_path / "key.pem"), port)
    site = aurora(Hardening(tls=tls, srtp="required"))
    with HardenedAsterisk(site, tmp_path / "files") as asterisk:
        assert asterisk.warnings() == []
        shown = asterisk.cli("pjsip show endpoint 2214")
        assert re.search(r"(?m)^ *media_encryption *: sdes$", shown)
        assert re.search(r"(?m)^ *media_encryption_optimistic *: false$", shown)
        asked = [*("openssl", "s_client", "-connect", f"127.0.0.1:{port}"), "-tls1_2"]
        done = subprocess.run(asked, input=b"", capture_output=True, check=False, timeout=20)
        assert b"CN = pbx.example" in done.stdout
