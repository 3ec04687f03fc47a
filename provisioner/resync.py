"""Making phones fetch again: the vendor's NOTIFY, through the PBX or direct, per contact.

A phone obeys its registrar, so the way through the PBX is the usual one. Accounts are shared by
several phones; only the contact that is the wanted phone's is notified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from provisioner.catalogue.loader import Catalogue
from provisioner.errors import DeviceError
from provisioner.inventory.records import Pbx, Phone
from provisioner.pbx.ami import AmiClient, Contact
from provisioner.sip.notify import check_sync

TIMEOUT_S = 5.0
_MAC = re.compile(r"\b(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """A phone to be notified.

    Attributes:
        address: where it last fetched from; empty when never.
        accounts: its extensions, those of its handsets included.
    """

    phone: Phone
    accounts: tuple[str, ...]
    address: str = ""


@dataclass(frozen=True, slots=True)
class Notified:
    """What came of one phone.

    Attributes:
        contacts: URIs that were notified; empty: none was found.
        problem: why not, or empty.
    """

    target: Target
    contacts: tuple[str, ...]
    problem: str = ""


def event_for(catalogue: Catalogue, phone: Phone, *, reboot: bool) -> str:
    """Return the Event header that this phone's vendor understands."""
    rule = catalogue.vendors[catalogue.models[phone.model].vendor].resync
    return rule.reboot if reboot else rule.fetch


def contacts_of(catalogue: Catalogue, target: Target, contacts: Iterable[Contact]) -> list[Contact]:
    """Return the contacts that are this phone's, surest sign first.

    1. its MAC in the User-Agent; 2. its model's name in it; 3. the address it fetched from.
    A contact that shows another device's MAC is never taken.
    """
    model = catalogue.models[target.phone.model]
    mine = [c for c in contacts if c.aor in target.accounts and c.via_addr]
    agents = {c: _squeezed(c.user_agent) for c in mine}
    by_mac = [c for c in mine if target.phone.mac in agents[c]]
    if by_mac:
        return _one_per_device(by_mac)
    words = [_squeezed(word) for word in (*model.agents, model.name)]
    mine = [c for c in mine if not _MAC.search(c.user_agent)]
    by_model = [c for c in mine if any(word in agents[c] for word in words)]
    here = [c for c in by_model or mine if c.via_addr == target.address]
    return _one_per_device(here or by_model)


def notify_through_pbx(
    catalogue: Catalogue, pbx: Pbx, targets: Sequence[Target], *, reboot: bool
) -> list[Notified]:
    """Notify phones through Asterisk's manager interface.

    Raises:
        PbxError: the PBX cannot be reached or refuses the login.
    """
    secret = pbx.secret.get_secret_value() if pbx.secret else ""
    done = []
    with AmiClient.connect(pbx.host, pbx.port, pbx.username, secret, TIMEOUT_S) as ami:
        held = ami.contacts()
        for target in targets:
            event = event_for(catalogue, target.phone, reboot=reboot)

            def send(contact: Contact, event: str = event) -> None:
                ami.pjsip_notify(uri=contact.uri, variables=[f"Event={event}"])

            done.append(_send_to(target, contacts_of(catalogue, target, held), send))
    return done


def notify_direct(catalogue: Catalogue, target: Target, port: int, *, reboot: bool) -> Notified:
    """Notify a phone at the address it last fetched from, without a PBX."""
    if not target.address:
        return Notified(target, (), "it never fetched, so its address is not known")
    event = event_for(catalogue, target.phone, reboot=reboot)
    user = target.accounts[0] if target.accounts else ""
    try:
        answer = check_sync(
            target.address, port, event=event, from_uri="sip:bellwire@localhost", user=user
        )
    except DeviceError as problem:
        return Notified(target, (), str(problem))
    refused = "" if answer.status < 300 else f"it answered {answer.status}"  # noqa: PLR2004
    return Notified(target, (f"{target.address}:{port}",), refused)


def _send_to(
    target: Target, contacts: Sequence[Contact], send: Callable[[Contact], None]
) -> Notified:
    if not contacts:
        return Notified(target, (), "the PBX has no contact of this phone")
    try:
        for contact in contacts:
            send(contact)
    except DeviceError as problem:
        return Notified(target, (), str(problem))
    return Notified(target, tuple(contact.uri for contact in contacts))


def _one_per_device(contacts: Iterable[Contact]) -> list[Contact]:
    """A DECT base registers many accounts from one place: one NOTIFY is enough."""
    by_place = {(c.via_addr, c.via_port): c for c in contacts}
    return list(by_place.values())


def _squeezed(text: str) -> str:
    return text.lower().replace(":", "").replace("-", "").replace(" ", "")
