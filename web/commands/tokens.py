"""Tokens of the API, for programs."""

from __future__ import annotations

from typing import Any

import click

from provisioner.delivery import utc_now
from web.accounts import api_tokens
from web.accounts.people import Scope
from web.accounts.users import user_named
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation


@click.group(name="tokens")
def tokens() -> None:
    """Tokens for programs that use the API."""


@tokens.command("add")
@click.argument("user")
@click.option("--name", default="", help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(s) for s in Scope]),
    default=[str(Scope.READ)],
    show_default=True,
    help="What it is good for; may be repeated.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long; default: no end.")
@with_installation  # fmt: skip
def add_token(
    installation: Installation, user: str, name: str, scopes: tuple[str, ...], days: int | None
) -> None:
    """Make a token of the user USER and write it, this once."""
    with installation.database.write() as session:
        row = user_named(session, user)
        wanted = [Scope(scope) for scope in scopes]
        made = api_tokens.make_api_token(session, row, name, wanted, days, who(), utc_now())
    click.echo(made)


@tokens.command("list")
@json_option
@with_installation
def list_tokens(installation: Installation, as_json: bool) -> None:
    """List the tokens; what they are nobody can read again."""
    with installation.database.read() as session:
        rows: list[dict[str, Any]] = [
            {
                "id": row.id, "user": owner, "name": row.name, "hint": row.hint,
                "scopes": row.scopes, "expires_at": row.expires_at, "used_at": row.used_at,
            }
            for row, owner in api_tokens.tokens_of(session)
        ]  # fmt: skip
    if as_json:
        echo_json(rows)
        return
    for each in rows:
        ends = f"until {each['expires_at']:%Y-%m-%d}" if each["expires_at"] else "no end"
        used = f"used {each['used_at']:%Y-%m-%d}" if each["used_at"] else "never used"
        click.echo(
            f"{each['id']:>4}  {each['user']:<20} {each['name']:<24} {each['hint']}...  "
            f"{' '.join(each['scopes'])}  {ends}, {used}"
        )


@tokens.command("revoke")
@click.argument("number", type=int)
@with_installation
def revoke_token(installation: Installation, number: int) -> None:
    """End the token NUMBER."""
    with installation.database.write() as session:
        api_tokens.revoke(session, number, who(), utc_now())
    click.echo(f"token {number} is revoked")


COMMANDS = (tokens,)
