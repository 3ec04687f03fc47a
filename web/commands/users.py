"""People who may sign in to the pages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
from pydantic import SecretStr

from provisioner.delivery import utc_now
from provisioner.inventory.audit import note
from web.accounts import sessions
from web.accounts.passwords import Passwords
from web.accounts.people import Role
from web.accounts.refusals import AccountError
from web.accounts.users import (
    Reach,
    add_user,
    all_users,
    check_password,
    checked_name,
    remove_user,
    set_active,
    set_password_hash,
    set_reach,
    set_role,
    user_named,
)
from web.accounts.welcome import make_setup_code, make_welcome_code
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation

_NAME = click.argument("name")
_ROLE = click.Choice([str(role) for role in Role])
_SITE = click.option("--site", "sites", multiple=True, help="A site; may be repeated.")
_ALL = click.option("--all-sites", is_flag=True, help="All sites, also those added later.")
_URL = click.option(
    "--url", default="", help="How browsers reach this server, such as https://prov.example."
)
_STDIN = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group(name="users")
def users() -> None:
    """People who may sign in to the pages."""


@users.command("add")
@_NAME
@click.option("--role", type=_ROLE, default=str(Role.VIEWER), show_default=True)
@_SITE
@_ALL
@_STDIN
@_URL
@with_installation
def add(
    installation: Installation,
    name: str,
    role: str,
    sites: tuple[str, ...],
    all_sites: bool,
    password_stdin: bool,
    url: str,
) -> None:
    """Add the user NAME, and write the link by which that person chooses a password."""
    made = _hash(checked_name(name)) if password_stdin else ""
    with installation.database.write() as session:
        row = add_user(
            session, name, Role(role), _reach(sites, all_sites=all_sites), who(), utc_now()
        )
        if made:
            set_password_hash(session, row, made, who(), utc_now())
            code = ""
        else:
            code = make_welcome_code(session, row, who(), utc_now())
    click.echo(f"{row.name} is added as {role}")
    _tell_link(installation, code, url)


def _reach(sites: Sequence[str], *, all_sites: bool) -> Reach:
    if sites and all_sites:
        raise click.UsageError("--site and --all-sites exclude each other")
    return Reach(tuple(sorted(set(sites))), all_sites)


def _hash(name: str) -> str:
    """Read a password from standard input and return its hash."""
    password = SecretStr(sys.stdin.readline().rstrip("\r\n"))
    check_password(password, name)
    return Passwords().hash(password)


def _tell_link(installation: Installation, code: str, url: str) -> None:
    from web.pages.wiring import setup_address

    if code:
        click.echo(
            f"link for choosing a password, good once: {setup_address(installation, code, url)}"
        )


@users.command("list")
@json_option
@with_installation
def list_users(installation: Installation, as_json: bool) -> None:
    """List the users."""
    with installation.database.read() as session:
        rows: list[dict[str, Any]] = [
            {
                "name": row.name,
                "role": row.role,
                "all_sites": row.role == Role.ADMIN or reach.all_sites,
                "sites": list(reach.sites),
                "active": row.active,
                "has_password": bool(row.password_hash),
                "signed_in_at": row.signed_in_at,
            }
            for row, reach in all_users(session)
        ]
    if as_json:
        echo_json(rows)
        return
    for each in rows:
        where = "all sites" if each["all_sites"] else ", ".join(each["sites"]) or "no site"
        notes = [
            *([] if each["active"] else ["disabled"]),
            *([] if each["has_password"] else ["no password yet"]),
        ]
        click.echo(f"{each['name']:<24} {each['role']:<10} {where}  {', '.join(notes)}".rstrip())


@users.command("role")
@_NAME
@click.argument("role", type=_ROLE)
@with_installation
def role_command(installation: Installation, name: str, role: str) -> None:
    """Give the user NAME another role: admin, installer or viewer."""
    with installation.database.write() as session:
        set_role(session, name, Role(role), who(), utc_now())
    click.echo(f"{name} is {role} now")


@users.command("sites")
@_NAME
@click.argument("sites", nargs=-1)
@_ALL
@with_installation
def sites_command(
    installation: Installation, name: str, sites: tuple[str, ...], all_sites: bool
) -> None:
    """Let the user NAME see these sites and no others; none: no site at all."""
    reach = _reach(sites, all_sites=all_sites)
    with installation.database.write() as session:
        set_reach(session, name, reach, who(), utc_now())
    click.echo(f"{name} sees {reach}")


@users.command("password")
@_NAME
@_STDIN
@_URL
@with_installation
def password_command(installation: Installation, name: str, password_stdin: bool, url: str) -> None:
    """Write a link by which the user NAME chooses a new password, or read one."""
    made = _hash(name) if password_stdin else ""
    code = ""
    with installation.database.write() as session:
        row = user_named(session, name)
        if made:
            set_password_hash(session, row, made, who(), utc_now())
            sessions.end_all(session, row.id)
        else:
            code = make_welcome_code(session, row, who(), utc_now())
    if made:
        click.echo(f"{row.name} has a new password and is signed out everywhere")
    _tell_link(installation, code, url)


@users.command("disable")
@_NAME
@with_installation
def disable(installation: Installation, name: str) -> None:
    """Let the user NAME sign in no longer; sessions end, tokens stop working."""
    with installation.database.write() as session:
        set_active(session, name, who(), utc_now(), active=False)
    click.echo(f"{name} is disabled")


@users.command("enable")
@_NAME
@with_installation
def enable(installation: Installation, name: str) -> None:
    """Let the user NAME sign in again."""
    with installation.database.write() as session:
        set_active(session, name, who(), utc_now(), active=True)
    click.echo(f"{name} may sign in again")


@users.command("logout")
@_NAME
@with_installation
def logout(installation: Installation, name: str) -> None:
    """End all sessions of the user NAME."""
    with installation.database.write() as session:
        row = user_named(session, name)
        sessions.end_all(session, row.id)
        note(session, utc_now(), who(), "user-logout", row.name)
    click.echo(f"{name} is signed out everywhere")


@users.command("remove")
@_NAME
@with_installation
def remove(installation: Installation, name: str) -> None:
    """Forget the user NAME, with sessions and tokens; the audit log keeps the name."""
    with installation.database.write() as session:
        remove_user(session, name, who(), utc_now())
    click.echo(f"{name} is removed")


@users.command("setup-link")
@_URL
@with_installation
def setup_link(installation: Installation, url: str) -> None:
    """Write the link by which the first administrator is made, while there is none."""
    from web.pages.wiring import setup_address

    with installation.database.write() as session:
        code = make_setup_code(session, utc_now())
    if code is None:
        raise AccountError("has-admin")
    click.echo(setup_address(installation, code, url))


COMMANDS = (users,)
