"""New SIP secrets for accounts: for the PBX and the phones together.

1. ``check_pbx``: the PBX can be told and its files can be written; otherwise nothing changes.
2. ``make_secrets``: the new secrets are stored and the phones concerned are marked, in one
transaction. 3. ``renew_pbx``: the PBX's files are written and read again; from here on the old
secret opens nothing, and registrations that are no phone's of the house are forgotten.
4. ``web.renewed_phones``: the phones are told to fetch, and whoever does not, or does not
register anew, is named.

A crash after 2 leaves the PBX with the old secrets: the audit log then has a ``rotate`` without a
``rotate-done``, and doing 3 and 4 again with the secrets that are stored finishes it. So does it
for phones that had not followed, which a ``rotate-part`` names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provisioner.edits.naming import ROTATE
from provisioner.edits.rotated import remember_rotation
from provisioner.errors import InventoryError, PbxError, UnknownThingError
from provisioner.inventory import store
from provisioner.inventory.audit import note
from provisioner.inventory.fetches import last_fetches
from provisioner.inventory.records import Account, Inventory, Site
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import AccountRow, AuditRow, PhoneRow, SiteRow
from provisioner.pbx.ami import AmiClient
from provisioner.pbx.asterisk import export
from provisioner.pbx.renewal import (
    HeldContact,
    forget,
    held_contacts,
    read_again,
    strangers,
    with_other_secrets,
)
from provisioner.resync import Target, contacts_of
from provisioner.secrets import make_sip_secret
from provisioner.soft_phones.links import site_of_extension, soft_phones_of
from web.installation import Installation
from web.pbx_folder import pbx_of, write_pbx_files

BEGUN, PART, DONE = ROTATE, "rotate-part", "rotate-done"
MOST_DETAIL = 900
_MORE = " ..."
_MAC = re.compile(r"\b[0-9a-f]{12}\b")
AMI_TIMEOUT_S = 15.0
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A rotation that is not done.

    Attributes:
        since: naive UTC, when the secrets were made.
        waiting: MACs of the phones that have not followed; None: nobody was told yet.
    """

    since: datetime
    waiting: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Subject:
    """Accounts that get new secrets, as they are stored now.

    Attributes:
        apps: extensions that apps use; each app needs a new link.
        is_site: all accounts of the site.
    """

    site: Site
    accounts: tuple[Account, ...]
    targets: tuple[Target, ...]
    apps: tuple[str, ...] = ()
    is_site: bool = False

    @property
    def name(self) -> str:
        """What stands in the audit log."""
        return self.site.id if self.is_site else f"{self.site.id} {self.accounts[0].extension}"


def find_subject(installation: Installation, what: str, site: str | None, now: datetime) -> Subject:
    """Return the accounts of a site, or one extension.

    Args:
        installation: the opened data folder.
        what: a site's id, or an extension.
        site: of the extension, where several sites have it.
        now: naive UTC.

    Raises:
        UnknownThingError: there is no such site or account, or it is not clear which.
    """
    with installation.database.read() as session:
        is_site = site is None and session.get(SiteRow, what) is not None
        site_id = what if is_site else site_of_extension(session, what, site)
        held = store.stored(session, installation.box, [site_id])
        apps = soft_phones_of(session, site_id, now)
    accounts = tuple(a for a in held.accounts if is_site or a.extension == what)
    if not accounts:
        raise UnknownThingError(f"site {site_id} has no accounts")
    names = {account.extension for account in accounts}
    return Subject(
        held.sites[0],
        accounts,
        tuple(_targets(installation, held, names)),
        tuple(sorted(names & set(apps))),
        is_site=is_site,
    )


def _targets(installation: Installation, held: Inventory, names: set[str]) -> Iterator[Target]:
    last = last_fetches(installation.events, [str(phone.mac) for phone in held.phones])
    for phone in held.phones:
        accounts = (*phone.accounts, *(handset.extension for handset in phone.handsets))
        if names.intersection(accounts):
            seen = last.get(str(phone.mac))
            yield Target(phone, accounts, seen.address if seen else "")


@contextmanager
def pbx_session(site: Site) -> Iterator[AmiClient]:
    """Log in to the site's Asterisk.

    Raises:
        UnknownThingError: the site has none that can be told.
        PbxError: it cannot be reached, or refuses.
    """
    pbx = site.pbx
    if pbx is None or pbx.kind != "asterisk" or not pbx.host:
        raise UnknownThingError(
            f"site {site.id} has no Asterisk that can be told (pbx: ami: in its site file)"
        )
    secret = pbx.secret.get_secret_value() if pbx.secret else ""
    with AmiClient.connect(pbx.host, pbx.port, pbx.username, secret, AMI_TIMEOUT_S) as ami:
        yield ami


def check_pbx(subject: Subject, out: Path, *, is_up_to_date: bool = True) -> None:
    """Make sure that the PBX can be told, before anything changes.

    Args:
        subject: with the secrets that are stored.
        out: the folder from which the PBX reads them.
        is_up_to_date: the PBX should have these secrets; False: a rotation was interrupted.

    Raises:
        InventoryError: the folder is not that from which the PBX reads this site.
        PbxError: it cannot be reached, or holds other secrets than those of this inventory.
    """
    if not (out / "pjsip_bellwire.conf").is_file():
        raise InventoryError(
            f"{out} holds no pjsip_bellwire.conf: name the folder that Asterisk includes the "
            f"files of `bellwire pbx asterisk` from"
        )
    with pbx_session(subject.site) as ami:
        other = with_other_secrets(ami, subject.accounts)
    if other and is_up_to_date:
        raise PbxError(
            subject.site.pbx.host if subject.site.pbx else "",
            f"it holds other secrets than bellwire for {', '.join(other[:5])}: bring it up to "
            f"date first: bellwire pbx asterisk {subject.site.id} --out {out}, and a reload",
            permanent=True,
        )


def make_secrets(installation: Installation, subject: Subject, who: str, now: datetime) -> None:
    """Store new secrets and mark the phones concerned, in one transaction; the history says so."""
    macs = [str(target.phone.mac) for target in subject.targets]
    with installation.database.write() as session:
        for account in subject.accounts:
            sealed = installation.box.seal(make_sip_secret())
            session.execute(
                update(AccountRow)
                .where(
                    AccountRow.site_id == subject.site.id,
                    AccountRow.extension == account.extension,
                )
                .values(secret=sealed)
            )
        generation = next_generation(session, sites=True)
        for start in range(0, len(macs), CHUNK):
            session.execute(
                update(PhoneRow)
                .where(PhoneRow.mac.in_(macs[start : start + CHUNK]))
                .values(dirty=True, generation=generation)
            )
        names = [account.extension for account in subject.accounts]
        remember_rotation(session, installation.box, subject.site.id, names, len(macs), who, now)
        note(session, now, who, BEGUN, subject.name, f"{len(macs)} phones")
    installation.database.sync()


def unfinished(session: Session, subject: Subject) -> Unfinished | None:
    """Return the last rotation of these accounts, if it was interrupted or some did not follow."""
    query = (
        select(AuditRow.at, AuditRow.action, AuditRow.detail)
        .where(AuditRow.target == subject.name, AuditRow.action.in_((BEGUN, PART, DONE)))
        .order_by(AuditRow.id.desc())
    )
    last: str | None = None
    for row in session.execute(query):
        if row.action == DONE:
            return None
        last = row.detail if last is None and row.action == PART else last
        if row.action == BEGUN:
            macs = frozenset(_MAC.findall(last)) if last and not last.endswith(_MORE) else None
            return Unfinished(row.at, macs)
    return None


def renew_pbx(installation: Installation, subject: Subject, out: Path) -> dict[str, HeldContact]:
    """Give the PBX the secrets that are stored, and throw strangers out.

    Returns:
        The registrations of the house's phones, made with the old secret, by their name.

    Raises:
        PbxError: it cannot be told, or does not read what was written.
    """
    files = export(pbx_of(installation, subject.site.id), installation.catalogue.folder)
    write_pbx_files(files, out)
    names = {account.extension for account in subject.accounts}
    with pbx_session(subject.site) as ami:
        read_again(ami)
        other = with_other_secrets(ami, subject.accounts)
        if other:
            raise PbxError(
                subject.site.pbx.host if subject.site.pbx else "",
                f"it still has the old secret of {', '.join(other[:5])}: does it include the "
                f"files from {out}?",
                permanent=True,
            )
        contacts = held_contacts(ami, names)
        ours = {c for c in contacts if _owner(installation, subject, c) is not None}
        gone = strangers(contacts, ours, subject.site)
        forget(ami, gone)
    return {contact.name: contact for contact in contacts if contact not in gone}


def finish(
    installation: Installation, subject: Subject, late: Collection[str], who: str, now: datetime
) -> None:
    """Note in the audit log that the PBX has the new secrets, and which phones have not."""
    detail = " ".join(sorted(late))
    if len(detail) > MOST_DETAIL:
        detail = detail[:MOST_DETAIL] + _MORE
    with installation.database.write() as session:
        note(session, now, who, PART if late else DONE, subject.name, detail)


def _owner(installation: Installation, subject: Subject, contact: HeldContact) -> Target | None:
    """The phone that a registration is of, looked at by itself: a base has one for each handset."""
    known = [contact.as_contact()]
    return next((t for t in subject.targets if contacts_of(installation.catalogue, t, known)), None)
