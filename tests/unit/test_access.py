"""Who may have what: the whole truth table."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from ipaddress import ip_network

import pytest

from provisioner.access import Keeper, Reason, Verdict, authorise, inside
from provisioner.identify import FetchRequest, Identity
from provisioner.mac import MacAddress

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as stored
MAC = MacAddress("0c383e000214")
OTHER = MacAddress("0c383e000215")
TOKEN = "abcdefghijklmnopqrstuvwx23"
NETWORKS = (ip_network("10.20.0.0/16"), ip_network("2001:db8::/32"))

ARMED = {
    "armed": NOW + timedelta(hours=1),
    "expired": NOW - timedelta(seconds=1),
    "now": NOW,
    "never": None,
}


def ask(
    *, token: str = "", path_mac: MacAddress | None = MAC, address: str = "10.20.3.4",
    protocol: str = "http", client: MacAddress | None = None,
) -> tuple[FetchRequest, Identity]:  # fmt: skip
    request = FetchRequest(protocol, "/x", address, client_mac=client)
    return request, Identity(token, "x", path_mac, path_mac, None, {}, "", "", "")


def keeper(armed: str = "never", *, networks=NETWORKS, tftp: bool = False) -> Keeper:
    return Keeper(MAC, ARMED[armed], networks, tftp)


TABLE = list(
    itertools.product(
        ("none", "own"),  # token
        (None, MAC, OTHER),  # MAC in the name
        ("10.20.3.4", "192.0.2.1"),  # source
        ("http", "https", "tftp", "pnp"),
        (None, MAC, OTHER),  # certificate
        ARMED,
        (False, True),  # TFTP without token
    )
)


@pytest.mark.parametrize("row", TABLE)
def test_the_truth_table(row) -> None:
    token, path_mac, address, protocol, client, armed, tftp = row
    request, identity = ask(
        token=TOKEN if token == "own" else "", path_mac=path_mac, address=address,
        protocol=protocol, client=client,
    )  # fmt: skip
    if path_mac == OTHER:
        expected = (Verdict.REFUSED, Reason.WRONG_MAC)
    elif address != "10.20.3.4":
        expected = (Verdict.REFUSED, Reason.WRONG_NETWORK)
    elif token == "own":
        expected = (Verdict.FULL, Reason.TOKEN)
    elif client == MAC:
        expected = (Verdict.FULL, Reason.CERTIFICATE)
    elif protocol == "tftp" and tftp:
        expected = (Verdict.FULL, Reason.TFTP_ALLOWED)
    elif armed == "armed":
        expected = (Verdict.FIRST_CONTACT, Reason.ARMED)
    else:
        expected = (Verdict.REFUSED, Reason.NOT_ARMED)
    assert authorise(request, identity, keeper(armed, tftp=tftp), NOW) == expected


@pytest.mark.parametrize("protocol", ["http", "tftp", "pnp"])
@pytest.mark.parametrize(
    ("token", "reason"),
    [(TOKEN, Reason.WRONG_TOKEN), ("?", Reason.WRONG_TOKEN), ("", Reason.UNKNOWN_PHONE)],
)
def test_without_a_phone_nothing_is_given(protocol: str, token: str, reason: Reason) -> None:
    request, identity = ask(token=token, protocol=protocol, client=MAC)
    assert authorise(request, identity, None, NOW) == (Verdict.REFUSED, reason)


def test_a_certificate_alone_gives_nothing_of_an_unknown_phone() -> None:
    request, identity = ask(path_mac=None, client=MAC)
    assert authorise(request, identity, None, NOW)[0] is Verdict.REFUSED


def test_a_site_without_networks_is_open_to_any_address() -> None:
    for address in ("192.0.2.1", "", "not-an-address"):
        request, identity = ask(token=TOKEN, address=address)
        assert authorise(request, identity, keeper(networks=()), NOW)[0] is Verdict.FULL


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("10.20.0.1", True),
        ("10.21.0.1", False),
        ("::ffff:10.20.0.1", True),
        ("::ffff:10.21.0.1", False),
        ("2001:db8::5", True),
        ("2001:db8::5%eth0", True),
        ("2001:db9::5", False),
        ("", False),
        ("10.20.0.1:5060", False),
        ("10.20.0.1, 192.0.2.1", False),
        ("rubbish", False),
        ("10.20.0.01", False),
    ],
)
def test_addresses_in_networks(address: str, within: bool) -> None:
    assert inside(address, NETWORKS) is within


def test_no_address_is_in_no_network() -> None:
    assert not inside("10.20.0.1", ())
