"""Who somebody is and what they may do. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a user may do; each may also do what those below it may."""

    VIEWER = "viewer"  # look
    INSTALLER = "installer"  # and work on phones and rooms
    ADMIN = "admin"  # and everything else, on every site


class Scope(StrEnum):
    """What a token may be used for, within what its user may do."""

    READ = "read"
    CHANGE = "change"
    SECRETS = "secrets"  # reveal passwords of phones and accounts
    USERS = "users"  # users, their tokens and the audit log


SCOPE_ROLES = {
    Scope.READ: Role.VIEWER,
    Scope.CHANGE: Role.INSTALLER,
    Scope.SECRETS: Role.ADMIN,
    Scope.USERS: Role.ADMIN,
}
"""The least role that can use a scope for anything."""
_RANK = {Role.VIEWER: 0, Role.INSTALLER: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True)
class Person:
    """A user whose request is being answered.

    Attributes:
        sites: that were assigned; without meaning when ``all_sites``.
        language, theme: empty: as the browser wants it.
        session_id: of the browser; None: a program with a token.
        scopes: of the token; None: a browser, which may do all that the user may.
    """

    id: int
    name: str
    role: Role
    all_sites: bool = False
    sites: frozenset[str] = field(default=frozenset())
    language: str = ""
    theme: str = ""
    session_id: int | None = None
    scopes: frozenset[Scope] | None = None

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return self.role is Role.ADMIN

    @property
    def sees_all(self) -> bool:
        """Whether every site is visible, also those added later."""
        return self.is_admin or self.all_sites

    @property
    def signature(self) -> str:
        """How the audit log names them."""
        return f"{'web' if self.scopes is None else 'api'}:{self.name}"

    def sees(self, site: str) -> bool:
        """Whether a site exists, as far as they can tell."""
        return self.sees_all or site in self.sites

    def is_at_least(self, role: Role) -> bool:
        """Whether they may do what a role may."""
        return _RANK[self.role] >= _RANK[role]

    def may(self, scope: Scope) -> bool:
        """Whether this way in is good for that; the role is asked apart."""
        return self.scopes is None or scope in self.scopes


def scopes_of(role: Role) -> tuple[Scope, ...]:
    """Return the scopes that a token of a user of this role can be good for."""
    return tuple(scope for scope, least in SCOPE_ROLES.items() if _RANK[role] >= _RANK[least])
