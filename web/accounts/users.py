"""Users: add, change, disable, remove. Everything is audited in its own transaction."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from provisioner.inventory.tables import SiteRow
from web.accounts.passwords import weakness
from web.accounts.people import Role
from web.accounts.refusals import AccountError
from web.accounts.tables import SessionRow, UserRow, UserSiteRow, WelcomeRow

_NAME = re.compile(r"[^\W_][\w.@-]{1,63}")
FIELDS = frozenset({"language", "theme"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Which sites a user may see.

    Attributes:
        all_sites: also those that are added later; ``sites`` is then empty.
    """

    sites: tuple[str, ...] = ()
    all_sites: bool = False

    def __str__(self) -> str:
        return "all sites" if self.all_sites else ", ".join(self.sites) or "no site"


def normal_name(text: str) -> str:
    """Return a name as it is stored and looked for: one spelling, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def checked_name(text: str) -> str:
    """Return the normal form of a new name; raises AccountError."""
    name = normal_name(text)
    if not _NAME.fullmatch(name):
        raise AccountError("name-form", text.strip()[:64])
    return name


def user_named(session: Session, name: str) -> UserRow:
    """Return a user; raises AccountError."""
    row = session.scalar(select(UserRow).where(UserRow.name == normal_name(name)))
    if row is None:
        raise AccountError("unknown-user", name[:64])
    return row


def all_users(session: Session) -> list[tuple[UserRow, Reach]]:
    """Return all users by name, with their sites; two queries."""
    sites: dict[int, list[str]] = {}
    query = select(UserSiteRow.user_id, UserSiteRow.site_id).order_by(UserSiteRow.site_id)
    for user_id, site in session.execute(query):
        sites.setdefault(user_id, []).append(site)
    rows = session.scalars(select(UserRow).order_by(UserRow.name))
    return [(row, Reach(tuple(sites.get(row.id, ())), row.all_sites)) for row in rows]


def reach_of(session: Session, user_id: int, *, all_sites: bool) -> Reach:
    """Return which sites a user may see."""
    if all_sites:
        return Reach(all_sites=True)
    query = select(UserSiteRow.site_id).where(UserSiteRow.user_id == user_id)
    return Reach(tuple(session.scalars(query.order_by(UserSiteRow.site_id))))


def has_admin(session: Session) -> bool:
    """Whether some administrator exists who is not disabled."""
    return _admins_but(session, 0) > 0


def _admins_but(session: Session, user_id: int) -> int:
    """How many administrators could sign in if this user could not."""
    query = select(func.count()).where(
        UserRow.role == Role.ADMIN,
        UserRow.active,
        UserRow.password_hash != "",
        UserRow.id != user_id,
    )
    return int(session.scalar(query) or 0)


def add_user(
    session: Session, name: str, role: Role, reach: Reach, who: str, now: datetime
) -> UserRow:
    """Add a user without a password.

    Raises:
        AccountError: the name is taken or impossible, or a site is not known.
    """
    wanted = checked_name(name)
    if session.scalar(select(UserRow.id).where(UserRow.name == wanted)):
        raise AccountError("name-taken", wanted)
    row = UserRow(
        name=wanted, password_hash="", role=str(role), all_sites=reach.all_sites, active=True,
        language="", theme="", made_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _keep_sites(session, row.id, reach)
    note(session, now, who, "user-add", wanted, f"{role}, {reach}")
    return row


def set_role(session: Session, name: str, role: Role, who: str, now: datetime) -> None:
    """Give a user another role; raises AccountError."""
    row = user_named(session, name)
    if row.role == role:
        return
    if role is not Role.ADMIN:
        _must_not_be_last(session, row)
    note(session, now, who, "user-role", row.name, f"{row.role} -> {role}")
    row.role = str(role)


def set_reach(session: Session, name: str, reach: Reach, who: str, now: datetime) -> None:
    """Give a user other sites; raises AccountError."""
    row = user_named(session, name)
    before = reach_of(session, row.id, all_sites=row.all_sites)
    reach = Reach(tuple(sorted(reach.sites)), reach.all_sites)
    if before == reach:
        return
    session.execute(delete(UserSiteRow).where(UserSiteRow.user_id == row.id))
    row.all_sites = reach.all_sites
    _keep_sites(session, row.id, reach)
    note(session, now, who, "user-sites", row.name, f"{before} -> {reach}")


def _keep_sites(session: Session, user_id: int, reach: Reach) -> None:
    if reach.all_sites or not reach.sites:
        return
    known = set(session.scalars(select(SiteRow.id).where(SiteRow.id.in_(reach.sites))))
    for site in reach.sites:
        if site not in known:
            raise AccountError("unknown-site", site)
    rows = [{"user_id": user_id, "site_id": site} for site in sorted(known)]
    session.execute(insert(UserSiteRow), rows)


def check_password(password: SecretStr, name: str) -> None:
    """Refuse a password that is not good enough; raises AccountError."""
    reason = weakness(password, name)
    if reason:
        raise AccountError(f"password-{reason}")


def set_password_hash(session: Session, row: UserRow, made: str, who: str, now: datetime) -> None:
    """Store a new password's hash; open links for choosing one lose their worth."""
    row.password_hash = made
    session.execute(delete(WelcomeRow).where(WelcomeRow.user_id == row.id))
    note(session, now, who, "user-password", row.name)


def set_active(session: Session, name: str, who: str, now: datetime, *, active: bool) -> None:
    """Let a user sign in, or no longer; then all sessions end. Raises AccountError."""
    row = user_named(session, name)
    if row.active == active:
        return
    if not active:
        _must_not_be_last(session, row)
        session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
        session.execute(delete(WelcomeRow).where(WelcomeRow.user_id == row.id))
    row.active = active
    note(session, now, who, "user-enable" if active else "user-disable", row.name)


def remove_user(session: Session, name: str, who: str, now: datetime) -> None:
    """Forget a user, with sessions and tokens; the audit log keeps the name."""
    row = user_named(session, name)
    _must_not_be_last(session, row)
    note(session, now, who, "user-remove", row.name)
    session.delete(row)


def _must_not_be_last(session: Session, row: UserRow) -> None:
    can_sign_in = row.role == Role.ADMIN and row.active and row.password_hash
    if can_sign_in and _admins_but(session, row.id) == 0:
        raise AccountError("last-admin", row.name)


def set_preferences(session: Session, user_id: int, **values: str) -> None:
    """Store language and theme of a user's own pages; not audited, nothing depends on them."""
    wanted = {name: value for name, value in values.items() if name in FIELDS}
    session.execute(update(UserRow).where(UserRow.id == user_id).values(**wanted))


def reach_from(sites: Iterable[str], known: Sequence[str], *, all_sites: bool) -> Reach:
    """Return what was chosen in a form; sites that are not known are left out."""
    return Reach(all_sites=True) if all_sites else Reach(tuple(s for s in known if s in set(sites)))
