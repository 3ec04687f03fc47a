"""The links by which apps fetch accounts: each works once, for some hours. All changes audited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import SecretStr
from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from provisioner.db import Database
from provisioner.errors import UnknownThingError
from provisioner.inventory.audit import note
from provisioner.inventory.phones import require_site
from provisioner.inventory.tables import AccountRow, SoftPhoneRow
from provisioner.secrets import hash_token, make_token

ID_LENGTH = 8
MAX_HOURS = 168


class LinkState(StrEnum):
    """What has become of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SoftLink:
    """A link without its token. Times are naive UTC.

    Attributes:
        id: the beginning of the token's hash; people name the link by it.
    """

    id: str
    site: str
    extension: str
    app: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None

    def state(self, now: datetime) -> LinkState:
        """Return what has become of it."""
        if self.used_at is not None:
            return LinkState.USED
        return LinkState.EXPIRED if self.expires_at <= now else LinkState.OPEN


def site_of_extension(session: Session, extension: str, site: str | None) -> str:
    """Return the site of an account.

    Args:
        session: of the inventory.
        extension: the account's.
        site: where to look; None: it must be in one site only.

    Raises:
        UnknownThingError: there is no such account, or several sites have one.
    """
    if site is not None:
        require_site(session, site)
    query = select(AccountRow.site_id).where(AccountRow.extension == extension)
    sites = sorted(s for s in session.scalars(query) if site is None or s == site)
    if not sites:
        where = f"site {site}" if site else "no site"
        there = "has no account" if site else "has an account"
        raise UnknownThingError(f"{where} {there} {extension!r}")
    if len(sites) > 1:
        raise UnknownThingError(
            f"extension {extension} is in {', '.join(sites)}; say which with --site"
        )
    return sites[0]


def make_link(
    database: Database, account: tuple[str, str], app: str, hours: int, who: str, now: datetime
) -> tuple[SecretStr, SoftLink]:
    """Make a link; links that nobody used in time are forgotten.

    Args:
        database: the inventory.
        account: (site, extension).
        app: id of the app it is for.
        hours: how long it works.
        who: for the audit log.
        now: naive UTC.

    Returns:
        The token, which is kept nowhere, and the link.
    """
    token = make_token()
    site, extension = account
    values: dict[str, Any] = {
        "token_hash": hash_token(token.get_secret_value()),
        "site_id": site,
        "extension": extension,
        "app": app,
        "made_at": now,
        "made_by": who[:100],
        "expires_at": now + timedelta(hours=hours),
        "used_at": None,
    }
    with database.write() as session:
        session.execute(
            delete(SoftPhoneRow).where(
                SoftPhoneRow.used_at.is_(None), SoftPhoneRow.expires_at <= now
            )
        )
        session.execute(insert(SoftPhoneRow).values(values))
        detail = f"for {app}, until {values['expires_at']:%Y-%m-%d %H:%M} UTC"
        note(session, now, who, "softphone-link", f"{site} {extension}", detail)
    return token, link_of(SoftPhoneRow(**values))


def links(database: Database, site: str | None = None) -> list[SoftLink]:
    """Return the links of all sites, or of one, newest first; raises UnknownThingError."""
    with database.read() as session:
        query = select(SoftPhoneRow).order_by(SoftPhoneRow.made_at.desc(), SoftPhoneRow.token_hash)
        if site is not None:
            require_site(session, site)
            query = query.where(SoftPhoneRow.site_id == site)
        return [link_of(row) for row in session.scalars(query)]


def revoke(database: Database, link_id: str, who: str, now: datetime) -> SoftLink:
    """Take a link back. One that was used is only forgotten: its app keeps the account.

    Raises:
        UnknownThingError: no link, or more than one, begins so.
    """
    wanted = link_id.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{4,64}", wanted):
        raise UnknownThingError(f"{link_id!r} is no id of a link; --list shows them")
    with database.write() as session:
        query = select(SoftPhoneRow).where(SoftPhoneRow.token_hash.startswith(wanted))
        rows = list(session.scalars(query))
        if len(rows) != 1:
            why = "several links begin" if rows else "no link begins"
            raise UnknownThingError(f"{why} with {wanted}; bellwire softphone --list shows them")
        link = link_of(rows[0])
        session.delete(rows[0])
        target = f"{link.site} {link.extension}"
        note(session, now, who, "softphone-revoke", target, f"{link.state(now)}, for {link.app}")
    return link


def find(session: Session, token: str) -> SoftPhoneRow | None:
    """Return the row of a token; None: nobody made it."""
    return session.get(SoftPhoneRow, hash_token(token))


def use(session: Session, token: str, now: datetime) -> bool:
    """Use a link up, in the caller's transaction; of several at once only one gets True."""
    done = session.execute(
        update(SoftPhoneRow)
        .where(
            SoftPhoneRow.token_hash == hash_token(token),
            SoftPhoneRow.used_at.is_(None),
            SoftPhoneRow.expires_at > now,
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0)) == 1


def soft_phones_of(session: Session, site: str, now: datetime) -> dict[str, int]:
    """Return how many soft phones each extension of a site has, or may get by an open link."""
    query = select(SoftPhoneRow.extension).where(
        SoftPhoneRow.site_id == site,
        or_(SoftPhoneRow.used_at.is_not(None), SoftPhoneRow.expires_at > now),
    )
    counts: dict[str, int] = {}
    for extension in session.scalars(query):
        counts[extension] = counts.get(extension, 0) + 1
    return counts


def link_of(row: SoftPhoneRow) -> SoftLink:
    """Return the link of a row."""
    return SoftLink(
        row.token_hash[:ID_LENGTH],
        row.site_id,
        row.extension,
        row.app,
        row.made_at,
        row.made_by,
        row.expires_at,
        row.used_at,
    )
