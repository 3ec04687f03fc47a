"""A registration brute force against the real Asterisk, and the real nftables that ends it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache

import pytest

from monitors.firewall.desk import FirewallDesk
from monitors.firewall.gate import GateError
from monitors.signals import Security
from monitors.store.incidents import open_incidents
from monitors.store.shut_out import shut_outs
from provisioner.catalogue.loader import load
from provisioner.delivery import utc_now
from provisioner.inventory.tables import AuditRow
from tests.integration.besieged import ATTACKER, HANG_S, PHONE, RULE, SCANNER, House, besieged
from tests.simulators.asterisk import find_asterisk
from tests.simulators.netns import has_namespaces
from tests.simulators.sipp import has_sipp

pytestmark = pytest.mark.skipif(
    not (has_namespaces() and has_sipp() and find_asterisk()),
    reason="needs root, nft (nftables), sipp (sip-tester) and Asterisk",
)

GUESSES = int(os.environ.get("BELLWIRE_GUESSES", "2000"))


@pytest.fixture(scope="module", autouse=True)
def catalogue_once() -> Iterator[None]:
    """Reading it takes a second, and every command would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("web.installation.load", cache(load))
        yield


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with besieged(tmp_path_factory.mktemp("house")) as made:
        yield made


def test_a_brute_force_breaks_nothing_and_ends_at_the_firewall(house: House) -> None:
    assert house.registers("2215", "secret-of-2215", PHONE)
    assert house.registers("2214", "secret-of-2214", PHONE)
    assert house.attack(ATTACKER, ["2214"], GUESSES) == GUESSES
    house.until_shut_out(ATTACKER)
    refused, broken = house.refused(ATTACKER), house.broken(ATTACKER)
    print(f"{GUESSES} guesses: {len(refused)} reached Asterisk, {len(broken)} accounts broken")
    assert broken == []
    assert RULE.tries <= len(refused) < GUESSES / 2, "the rest never reached Asterisk"
    assert not house.registers("2214", "secret-of-2214", ATTACKER), "not even with the password"
    for user in ("2214", "2215"):
        assert house.registers(user, f"secret-of-{user}", PHONE), "the house is not disturbed"
    with house.data.opened() as here:
        one = shut_outs(here.monitoring)[0]
        incidents = open_incidents(here.monitoring, "aurora")
    assert (one.address, one.account, one.times, one.problem) == (ATTACKER, "2214", 1, "")
    assert [(i.key, i.rule) for i in incidents] == [("attack 2214", "L1")]


def test_a_scan_for_extensions_ends_there_too(house: House) -> None:
    house.attack(SCANNER, [str(n) for n in range(7000, 7500)], 500)
    house.until_shut_out(SCANNER)
    with house.data.opened() as here:
        rules = {i.key: i.rule for i in open_incidents(here.monitoring, "aurora")}
    assert rules["attack ?"] == "L2"


def test_our_own_phone_with_a_wrong_password_is_never_shut_out(house: House) -> None:
    with house.phone("2215", "wrong", PHONE) as phone:
        for _ in range(2 * RULE.tries):
            assert phone.register() == "SIP/2.0 401 Unauthorized"
    seen = [e for e in house.heard if e.address == PHONE and e.what is Security.WRONG_PASSWORD]
    limit = time.monotonic() + HANG_S
    while len(seen) < 2 * RULE.tries and time.monotonic() < limit:
        time.sleep(0.05)
        seen = [e for e in house.heard if e.address == PHONE and e.what is Security.WRONG_PASSWORD]
    assert PHONE not in house.shut_out()
    with pytest.raises(GateError, match="never shut out"):
        house.gate.shut_out(PHONE, 600)


def test_a_released_address_is_let_in_at_once(house: House) -> None:
    house.until_shut_out(ATTACKER)
    env = {"BELLWIRE_FIREWALL__SOCKET": str(house.gate.path)}
    shown = house.data.run("firewall", "blocked", env=env)
    assert f"{ATTACKER} " in shown.output
    assert "guessed 2214" in shown.output
    done = house.data.run("firewall", "release", ATTACKER, env=env)
    assert done.exit_code == 0, done.output
    assert ATTACKER not in house.shut_out()
    assert house.registers("2214", "secret-of-2214", ATTACKER)
    assert house.data.run("firewall", "release", ATTACKER, env=env).exit_code == 1
    house.desk.tick()
    with house.data.opened() as here:
        keys = {i.key for i in open_incidents(here.monitoring, "aurora")}
        with here.database.read() as session:
            audited = [(row.action, row.target) for row in session.query(AuditRow)]
    assert "attack 2214" not in keys
    assert ("firewall-release", ATTACKER) in audited


def test_an_address_comes_back_when_its_time_is_over_and_a_new_time_counts(house: House) -> None:
    house.gate.shut_out("10.99.0.77", 600)
    house.gate.shut_out("10.99.0.77", 1)
    limit = time.monotonic() + HANG_S
    while "10.99.0.77" in house.shut_out():
        assert time.monotonic() < limit
        time.sleep(0.05)
    house.gate.release("10.99.0.77")


def test_a_firewall_started_anew_is_told_again(house: House) -> None:
    house.until_shut_out(SCANNER)
    house.cable.run("nft", "flush", "set", "inet", "bellwire_shut", "out4")
    assert house.shut_out() == set()
    with house.data.opened() as here:
        again = FirewallDesk(house.site, here.monitoring, house.gate, utc_now)
        again.tick()
    assert house.shut_out() == {SCANNER}
