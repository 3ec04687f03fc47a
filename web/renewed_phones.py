"""Tell phones to fetch their new secrets, and say which of them did and which did not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from provisioner.errors import PbxError
from provisioner.inventory.fetches import fetch_table
from provisioner.inventory.tables import PhoneRow, RenderedRow
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.renewal import HeldContact, held_contacts, renewed
from provisioner.resync import Target, contacts_of, event_for
from web.installation import Installation
from web.rotating import CHUNK, Subject, pbx_session

LOOK_S = 0.5
_DEVICE = "device"
_GOT = ("sent", "not-modified")


class Outcome(StrEnum):
    """What has become of a phone."""

    RENEWED = "renewed"  # it has fetched, and registered with the new secret
    FETCHED = "fetched"  # but has not registered anew so far
    DID_NOT_FETCH = "did-not-fetch"
    NOT_NOTIFIED = "not-notified"


@dataclass(frozen=True, slots=True)
class Rotated:
    """A phone after a rotation; ``detail`` says why, or where it is registered."""

    target: Target
    outcome: Outcome
    detail: str = ""


def call_phones(
    installation: Installation,
    subject: Subject,
    before: dict[str, HeldContact],
    since: datetime,
    wait_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> list[Rotated]:
    """Tell the phones to fetch, wait, and say what became of each.

    Args:
        installation: the opened data folder.
        subject: with the new secrets.
        before: what ``renew_pbx`` returned.
        since: naive UTC, when the new secrets were made.
        wait_s: how long, at most.
        clock: seconds.

    Raises:
        PbxError: the PBX cannot be told.
    """
    until = clock() + wait_s
    with pbx_session(subject.site) as ami:
        problems = _notify(installation, subject, before, ami, since)
        while True:
            found = _outcomes(installation, subject, before, ami, since, problems)
            waited_for = [o for o in found if o.outcome in {Outcome.FETCHED, Outcome.DID_NOT_FETCH}]
            if not waited_for or clock() >= until:
                return found
            time.sleep(LOOK_S)


def _notify(
    installation: Installation,
    subject: Subject,
    before: dict[str, HeldContact],
    ami: AmiClient,
    since: datetime,
) -> dict[str, str]:
    """Notify every phone that has not fetched yet; returns why some could not be, by MAC."""
    problems = {}
    contacts = [contact.as_contact() for contact in before.values()]
    fetched = _fetched(installation, subject.targets, since)
    for target in subject.targets:
        mac = str(target.phone.mac)
        mine = contacts_of(installation.catalogue, target, contacts)
        if mac in fetched:
            continue
        if not mine:
            problems[mac] = "it was not registered; it fetches when it starts, or at its usual time"
            continue
        event = event_for(installation.catalogue, target.phone, reboot=False)
        try:
            for contact in mine:
                ami.pjsip_notify(uri=contact.uri, variables=[f"Event={event}"])
        except PbxError as refused:
            problems[mac] = str(refused)
    return problems


def _outcomes(
    installation: Installation,
    subject: Subject,
    before: dict[str, HeldContact],
    ami: AmiClient,
    since: datetime,
    problems: dict[str, str],
) -> list[Rotated]:
    names = {account.extension for account in subject.accounts}
    fresh = [c for c in held_contacts(ami, names) if renewed(before, c)]
    fetched = _fetched(installation, subject.targets, since)
    found = []
    for target in subject.targets:
        mac = str(target.phone.mac)
        mine = contacts_of(installation.catalogue, target, [c.as_contact() for c in fresh])
        if mac in fetched and mine:
            found.append(Rotated(target, Outcome.RENEWED, ", ".join(c.uri for c in mine)))
        elif mac in fetched:
            found.append(Rotated(target, Outcome.FETCHED, "it has not registered anew so far"))
        elif mac in problems:
            found.append(Rotated(target, Outcome.NOT_NOTIFIED, problems[mac]))
        else:
            detail = "it still has the old secret, and is refused when it registers next"
            found.append(Rotated(target, Outcome.DID_NOT_FETCH, detail))
    return found


def _fetched(installation: Installation, targets: Sequence[Target], since: datetime) -> set[str]:
    """The phones that have got their own file as it is now; one that was on its way is none."""
    macs = [str(target.phone.mac) for target in targets]
    done: set[str] = set()
    for start in range(0, len(macs), CHUNK):
        some = macs[start : start + CHUNK]
        with installation.database.read() as session:
            query = (
                select(RenderedRow.mac, RenderedRow.digest)
                .join(PhoneRow, PhoneRow.mac == RenderedRow.mac)
                .where(PhoneRow.mac.in_(some), PhoneRow.dirty.is_(False))
                .where(RenderedRow.role == _DEVICE)
            )
            wanted = {(mac, digest) for mac, digest in session.execute(query)}
        here = fetch_table.c
        asked = select(here.mac, here.digest).where(
            here.mac.in_(some), here.at >= since, here.outcome.in_(_GOT)
        )
        with installation.events.read() as session:
            done |= {mac for mac, digest in session.execute(asked) if (mac, digest) in wanted}
    return done
