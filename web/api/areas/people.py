"""Users and tokens, for programs that keep them in step with a directory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from provisioner.inventory.audit import note
from web.accounts import api_tokens, sessions
from web.accounts.people import Role, Scope
from web.accounts.tables import ApiTokenRow, UserRow
from web.accounts.users import (
    Reach,
    add_user,
    all_users,
    reach_of,
    remove_user,
    set_active,
    set_reach,
    set_role,
    user_named,
)
from web.accounts.welcome import make_welcome_code
from web.api.operation import Call, Operation, Reply
from web.api.shapes.values import Answer, Line, Sent, UtcTime
from web.pages.access import PREFIX

TAG = "users"
Json = dict[str, Any]
Sites = Annotated[tuple[Line, ...], Field(max_length=1000)]


class UserEntry(Answer):
    """A user."""

    name: str
    role: Role
    all_sites: bool
    sites: list[str] = Field(description="assigned; empty when all are")
    active: bool
    has_password: bool
    signed_in_at: UtcTime | None


class Users(Answer):
    """All users, by name."""

    users: list[UserEntry]


class NewUser(Sent):
    """A user to be added; the person chooses a password by a link."""

    name: Line
    role: Role = Role.VIEWER
    all_sites: bool = False
    sites: Sites = ()


class UserChange(Sent):
    """What is to be changed of a user; what is left out stays."""

    role: Role | None = None
    all_sites: bool | None = None
    sites: Sites | None = None
    active: bool | None = None


class Welcome(Answer):
    """A link by which a user chooses a password, good once."""

    user: UserEntry
    link: str


class TokenEntry(Answer):
    """A token; what it is nobody can read again."""

    id: int
    user: str
    name: str
    hint: str = Field(description="how it begins")
    scopes: list[str]
    made_at: UtcTime
    expires_at: UtcTime | None
    used_at: UtcTime | None


class Tokens(Answer):
    """Tokens of a user."""

    tokens: list[TokenEntry]


class NewToken(Sent):
    """A token to be made."""

    name: Line = Field(default="", description="what it is for")
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=10)] = (Scope.READ,)
    days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None, description="how long it is good; null: until it is revoked"
    )


class MadeToken(Answer):
    """A new token, shown this once."""

    token: str


def users(call: Call) -> Reply:
    """List the users."""
    with call.installation.database.read() as session:
        return Reply({"users": [_entry(row, reach) for row, reach in all_users(session)]})


def _entry(row: UserRow, reach: Reach) -> Json:
    return {
        "name": row.name,
        "role": row.role,
        "all_sites": row.role == Role.ADMIN or reach.all_sites,
        "sites": list(reach.sites),
        "active": row.active,
        "has_password": bool(row.password_hash),
        "signed_in_at": row.signed_in_at,
    }


def _shown(session: Session, name: str) -> Json:
    row = user_named(session, name)
    return _entry(row, reach_of(session, row.id, all_sites=row.all_sites))


def user(call: Call) -> Reply:
    """Show a user."""
    with call.installation.database.read() as session:
        return Reply(_shown(session, call.path["user"]))


def add(call: Call) -> Reply:
    """Add a user, and answer with the link for a password."""
    wish: NewUser = call.body
    who = call.who.signature
    with call.installation.database.write() as session:
        reach = _reach(wish.role, wish.sites, all_sites=wish.all_sites)
        row = add_user(session, wish.name, wish.role, reach, who, call.now)
        code = make_welcome_code(session, row, who, call.now)
        shown = _shown(session, row.name)
    made = {"user": shown, "link": _link(call, code)}
    return Reply(made, 201, location=f"/users/{shown['name']}")


def _reach(role: Role, sites: Sequence[str], *, all_sites: bool) -> Reach:
    if role is Role.ADMIN:
        return Reach()
    return Reach(all_sites=True) if all_sites else Reach(tuple(sorted(set(sites))))


def _link(call: Call, code: str) -> str:
    return f"{call.base}{PREFIX}/welcome/{code}"


def change(call: Call) -> Reply:
    """Change role, sites, or whether a user may sign in; a disabled user's tokens stop working."""
    wish: UserChange = call.body
    name, who = call.path["user"], call.who.signature
    with call.installation.database.write() as session:
        row = user_named(session, name)
        role = wish.role or Role(row.role)
        before = reach_of(session, row.id, all_sites=row.all_sites)
        everywhere = before.all_sites if wish.all_sites is None else wish.all_sites
        if wish.sites is not None and wish.all_sites is None:
            everywhere = False
        sites = before.sites if wish.sites is None else wish.sites
        set_role(session, name, role, who, call.now)
        set_reach(session, name, _reach(role, sites, all_sites=everywhere), who, call.now)
        if wish.active is not None:
            set_active(session, name, who, call.now, active=wish.active)
        session.flush()
        shown = _shown(session, name)
    return Reply(shown)


def remove(call: Call) -> Reply:
    """Forget a user, with sessions and tokens."""
    with call.installation.database.write() as session:
        remove_user(session, call.path["user"], call.who.signature, call.now)
    return Reply(status=204)


def link(call: Call) -> Reply:
    """Make a link by which a user chooses a new password; earlier ones end."""
    with call.installation.database.write() as session:
        row = user_named(session, call.path["user"])
        code = make_welcome_code(session, row, call.who.signature, call.now)
        shown = _shown(session, row.name)
    return Reply({"user": shown, "link": _link(call, code)}, 201, location=f"/users/{row.name}")


def sign_out(call: Call) -> Reply:
    """End all browser sessions of a user."""
    with call.installation.database.write() as session:
        row = user_named(session, call.path["user"])
        sessions.end_all(session, row.id)
        note(session, call.now, call.who.signature, "user-logout", row.name)
    return Reply(status=204)


def tokens(call: Call) -> Reply:
    """List the tokens of a user."""
    with call.installation.database.read() as session:
        row = user_named(session, call.path["user"])
        found = api_tokens.tokens_of(session, row.id)
    return Reply({"tokens": [_token(each, owner) for each, owner in found]})


def _token(row: ApiTokenRow, owner: str) -> Json:
    names = ("id", "name", "hint", "scopes", "made_at", "expires_at", "used_at")
    return {**{name: getattr(row, name) for name in names}, "user": owner}


def add_token(call: Call) -> Reply:
    """Make a token of a user; it is never good for more than its user."""
    wish: NewToken = call.body
    with call.installation.database.write() as session:
        row = user_named(session, call.path["user"])
        made = api_tokens.make_api_token(
            session, row, wish.name, wish.scopes, wish.days, call.who.signature, call.now
        )
    return Reply({"token": made}, 201, location=f"/users/{row.name}/tokens")


def revoke(call: Call) -> Reply:
    """End a token."""
    with call.installation.database.write() as session:
        row = user_named(session, call.path["user"])
        api_tokens.revoke(session, call.path["number"], call.who.signature, call.now, row.id)
    return Reply(status=204)


_ADMIN: Json = {"tag": TAG, "scope": Scope.USERS, "role": Role.ADMIN}
_ONE = "/users/{user}"
OPERATIONS = (
    Operation(
        id="list_users", method="GET", path="/users", handler=users, summary="All users",
        answers={200: Users}, **_ADMIN,
    ),
    Operation(
        id="add_user", method="POST", path="/users", handler=add, body=NewUser,
        summary="Add a user", answers={201: Welcome}, refusals=(404, 409),
        note="The person chooses a password by the link.", **_ADMIN,
    ),
    Operation(
        id="get_user", method="GET", path=_ONE, handler=user, summary="A user",
        answers={200: UserEntry}, **_ADMIN,
    ),
    Operation(
        id="change_user", method="PATCH", path=_ONE, handler=change, body=UserChange,
        summary="Change role, sites, or whether a user may sign in", answers={200: UserEntry},
        refusals=(409,), **_ADMIN,
    ),
    Operation(
        id="remove_user", method="DELETE", path=_ONE, handler=remove, answers={204: None},
        summary="Forget a user, with all tokens", refusals=(409,), **_ADMIN,
    ),
    Operation(
        id="make_user_link", method="POST", path=f"{_ONE}/link", handler=link,
        summary="A link for a new password, good once", answers={201: Welcome}, **_ADMIN,
    ),
    Operation(
        id="sign_user_out", method="POST", path=f"{_ONE}/sign-out", handler=sign_out,
        summary="End all browser sessions of a user", answers={204: None}, **_ADMIN,
    ),
    Operation(
        id="list_tokens", method="GET", path=f"{_ONE}/tokens", handler=tokens,
        summary="The tokens of a user", answers={200: Tokens}, **_ADMIN,
    ),
    Operation(
        id="add_token", method="POST", path=f"{_ONE}/tokens", handler=add_token, body=NewToken,
        summary="Make a token, shown this once", answers={201: MadeToken}, **_ADMIN,
    ),
    Operation(
        id="revoke_token", method="DELETE", path=f"{_ONE}/tokens/{{number}}", handler=revoke,
        summary="End a token", answers={204: None}, **_ADMIN,
    ),
)  # fmt: skip
