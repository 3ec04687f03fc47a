"""Which contacts are a phone's own: the wrong phone is never told to restart."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.inventory.records import Phone
from provisioner.mac import MacAddress
from provisioner.pbx.ami import Contact
from provisioner.resync import Target, contacts_of, event_for, notify_direct

CATALOGUE = load()
HOME, AWAY = "10.20.0.14", "10.20.0.99"


def target(
    model: str = "yealink/t46u", mac: str = "805ec0000100", *, accounts=("100",), address=HOME
) -> Target:
    phone = Phone(
        "aurora", "reception", "desk", MacAddress(mac), model, "reception", tuple(accounts)
    )
    return Target(phone, tuple(accounts), address)


def contact(agent: str, address: str = HOME, port: int | None = 5060, aor: str = "100") -> Contact:
    return Contact(
        aor, aor, f"sip:{aor}@{address}:{port}", address, port, agent, "Reachable", None, None
    )


MINE = "Yealink SIP-T46U 108.86.0.20 80:5e:c0:00:01:00"
MODEL_ONLY = "Yealink SIP-T46U 108.86.0.20"
OTHER_MODEL = "Yealink SIP-T31P 124.86.0.40"


def chosen(contacts: list[Contact], wanted: Target | None = None) -> list[str]:
    return [c.uri for c in contacts_of(CATALOGUE, wanted or target(), contacts)]


@pytest.mark.parametrize(
    "agent",
    [
        MINE,
        "Yealink SIP-T46U 108.86.0.20 80-5E-C0-00-01-00",
        "Yealink SIP-T46U 108.86.0.20 805EC0000100",
        "something else entirely (805ec0000100)",
    ],
)
def test_its_mac_is_the_surest_sign(agent: str) -> None:
    held = [contact(MODEL_ONLY), contact(agent, AWAY), contact(OTHER_MODEL, HOME, 5070)]
    assert chosen(held) == [f"sip:100@{AWAY}:5060"]


def test_its_model_at_its_address() -> None:
    held = [contact(MODEL_ONLY, AWAY), contact(OTHER_MODEL, HOME, 5070), contact(MODEL_ONLY, HOME)]
    assert chosen(held) == [f"sip:100@{HOME}:5060"]


def test_its_model_where_it_moved_to() -> None:
    assert chosen([contact(MODEL_ONLY, AWAY), contact(OTHER_MODEL, HOME)]) == [
        f"sip:100@{AWAY}:5060"
    ]


def test_an_unknown_agent_at_its_address() -> None:
    held = [contact("Softphone 1.0", AWAY), contact("Branded 2.0", HOME)]
    assert chosen(held) == [f"sip:100@{HOME}:5060"]
    assert chosen([contact("Softphone 1.0", AWAY)]) == []
    assert chosen([contact("", HOME)], target(address="")) == []


@pytest.mark.parametrize("mac", ["80:5e:c0:00:01:01", "805EC0000101", "80-5e-c0-00-01-01"])
def test_another_devices_mac_is_never_taken(mac: str) -> None:
    other = f"Yealink SIP-T46U 108.86.0.20 {mac}"
    assert chosen([contact(other)]) == []
    assert chosen([contact(other), contact(MODEL_ONLY, HOME, 5070)]) == [f"sip:100@{HOME}:5070"]


def test_only_its_own_accounts_and_real_registrations() -> None:
    assert chosen([contact(MINE, aor="101")]) == []
    assert chosen([contact(MINE, "", None)]) == []
    two = target(accounts=("100", "101"))
    held = [contact(MINE), contact(MINE, HOME, 5080, aor="101")]
    assert len(chosen(held, two)) == 2


def test_a_dect_base_gets_one_notify() -> None:
    accounts = tuple(str(300 + n) for n in range(8))
    base = target("snom/m700", "000413000301", accounts=accounts)
    held = [contact("snomM700/03.23 (MAC=000413000301; SER= 00000)", aor=a) for a in accounts]
    assert len(chosen(held, base)) == 1
    nameless = [contact("snomM700/03.23", aor=a) for a in accounts]
    assert len(chosen(nameless, base)) == 1


@pytest.mark.parametrize(
    ("model", "reboot", "event"),
    [
        ("yealink/t46u", False, "check-sync;reboot=false"),
        ("yealink/t46u", True, "check-sync;reboot=true"),
        ("fanvil/h5", False, "check-sync"),
        ("snom/d785", True, "check-sync;reboot=true"),
    ],
)
def test_the_vendors_own_event(model: str, reboot: bool, event: str) -> None:
    assert event_for(CATALOGUE, target(model).phone, reboot=reboot) == event


def test_a_phone_that_never_came_cannot_be_reached() -> None:
    told = notify_direct(CATALOGUE, target(address=""), 5060, reboot=False)
    assert told.contacts == ()
    assert "never fetched" in told.problem
