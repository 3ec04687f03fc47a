"""May this requester have this file? Pure.

Secrets go out only with the phone's own token or its verified client certificate. A tokenless
request gets at most the first-contact file, and only while its phone is armed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from provisioner.identify import FetchRequest, Identity
from provisioner.mac import MacAddress

Network = IPv4Network | IPv6Network


class Verdict(StrEnum):
    """What the requester may have."""

    FULL = "full"
    FIRST_CONTACT = "first-contact"
    REFUSED = "refused"


class Reason(StrEnum):
    """Why; for the fetch log, never for the requester."""

    TOKEN = "token"  # noqa: S105 - a word, not a password
    CERTIFICATE = "certificate"
    TFTP_ALLOWED = "tftp-allowed"
    ARMED = "armed"
    UNKNOWN_PHONE = "unknown-phone"
    WRONG_TOKEN = "wrong-token"  # noqa: S105
    WRONG_NETWORK = "wrong-network"
    WRONG_MAC = "wrong-mac"
    NOT_ARMED = "not-armed"
    SHUT_OUT = "shut-out"
    NOT_OFFERED = "not-offered"
    BUSY = "busy"


@dataclass(slots=True)  # not frozen: one is made for each request
class Keeper:
    """What access depends on, of one phone.

    Attributes:
        armed_until: naive UTC; None: not armed.
        networks: where its site's phones may fetch from; empty: anywhere.
    """

    mac: MacAddress
    armed_until: datetime | None
    networks: tuple[Network, ...]
    tftp_without_token: bool


def authorise(
    request: FetchRequest, identity: Identity, keeper: Keeper | None, now: datetime
) -> tuple[Verdict, Reason]:
    """Decide.

    Args:
        request: what was asked.
        identity: who asks.
        keeper: the phone its token or MAC leads to; None: no such phone.
        now: naive UTC.
    """
    if keeper is None:
        reason = Reason.WRONG_TOKEN if identity.token else Reason.UNKNOWN_PHONE
        return Verdict.REFUSED, reason
    if identity.path_mac is not None and identity.path_mac != keeper.mac:
        return Verdict.REFUSED, Reason.WRONG_MAC
    if keeper.networks and not inside(request.address, keeper.networks):
        return Verdict.REFUSED, Reason.WRONG_NETWORK
    proof = _proof(request, identity, keeper)
    if proof is not None:
        return Verdict.FULL, proof
    if keeper.armed_until is not None and now < keeper.armed_until:
        return Verdict.FIRST_CONTACT, Reason.ARMED
    return Verdict.REFUSED, Reason.NOT_ARMED


def _proof(request: FetchRequest, identity: Identity, keeper: Keeper) -> Reason | None:
    """What entitles the requester to the whole file; None: nothing does."""
    if identity.token:
        return Reason.TOKEN
    if request.client_mac is not None and request.client_mac == keeper.mac:
        return Reason.CERTIFICATE
    if request.protocol == "tftp" and keeper.tftp_without_token:
        return Reason.TFTP_ALLOWED
    return None


def inside(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; a broken address lies in none."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


@lru_cache(maxsize=65536)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.split("%", 1)[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return mapped or parsed
