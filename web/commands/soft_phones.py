"""Soft phones: a QR code, and the link behind it."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
import segno

from provisioner.delivery import utc_now
from provisioner.errors import InventoryError
from provisioner.inventory import store
from provisioner.inventory.tables import AccountRow, SiteRow
from provisioner.soft_phones import links
from provisioner.soft_phones.accounts import soft_account
from provisioner.soft_phones.apps import SoftPhoneApp, app_of, code_text, link_url
from provisioner.soft_phones.links import SoftLink
from provisioner.soft_phones.writing import written
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation

_FILE_MODE = 0o600
_SAMPLE_TOKEN = "a" * 26


@click.command()
@click.argument("extension", required=False)
@click.option("--site", help="The extension's site, when several have it; with --list: only its.")
@click.option("--app", "app_id", default="linphone", help="linphone, groundwire or acrobits.")
@click.option(
    "--hours", default=24, type=click.IntRange(1, links.MAX_HOURS), help="How long it works."
)
@click.option("--url", help="Where apps reach bellwire, if not at the site's own URL.")
@click.option("--cloud-id", default="", help="CloudID of the portal, for --app acrobits.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write the code here.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write the code here.")
@click.option("--list", "listing", is_flag=True, help="Show the links that were made.")
@click.option("--revoke", metavar="ID", help="Take a link back.")
@json_option
@with_installation
def softphone(  # noqa: PLR0913 - options of a command
    installation: Installation,
    *,
    extension: str | None,
    site: str | None,
    app_id: str,
    hours: int,
    url: str | None,
    cloud_id: str,
    svg: Path | None,
    png: Path | None,
    listing: bool,
    revoke: str | None,
    as_json: bool,
) -> None:
    """Make a QR code by which an app takes over EXTENSION; it works once."""
    if sum((extension is not None, listing, revoke is not None)) != 1:
        raise click.UsageError("give an EXTENSION, or --list, or --revoke ID")
    if listing:
        _show(links.links(installation.database, site), utc_now(), as_json=as_json)
    elif revoke is not None:
        _revoke(installation, revoke)
    elif extension is not None:
        app = app_of(installation.catalogue.folder, app_id)
        base = _check(installation, app, (extension, site), url, cloud_id)
        for file in filter(None, (svg, png)):
            _write(file, b"")  # a file that cannot be written is no reason to lose a link
        _make(installation, app, base, hours, cloud_id, (svg, png), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Base:
    """Whose account, as (site, extension), and below which URL."""

    account: tuple[str, str]
    url: str


def _check(
    installation: Installation,
    app: SoftPhoneApp,
    wanted: tuple[str, str | None],
    url: str | None,
    cloud_id: str,
) -> _Base:
    """Find the account, and see that the app will get a file and a code that works."""
    extension, named = wanted
    with installation.database.read() as session:
        site_id = links.site_of_extension(session, extension, named)
        site = store.site_of(session.get_one(SiteRow, site_id), installation.box)
        row = session.get_one(AccountRow, (site_id, extension))
        account = store.account_of(row, installation.box)
    base = url or site.url
    code_text(app, link_url(base, _SAMPLE_TOKEN), cloud_id)
    written(installation.catalogue.folder, app, soft_account(site, account))
    return _Base((site_id, extension), base)


def _make(
    installation: Installation,
    app: SoftPhoneApp,
    base: _Base,
    hours: int,
    cloud_id: str,
    files: tuple[Path | None, Path | None],
    *,
    as_json: bool,
) -> None:
    now = utc_now()
    token, link = links.make_link(installation.database, base.account, app.id, hours, who(), now)
    url = link_url(base.url, token.get_secret_value())
    code = code_text(app, url, cloud_id)
    drawn = segno.make(code, micro=False)
    for file, kind in zip(files, ("svg", "png"), strict=True):
        if file is not None:
            _save(drawn, file, kind)
    if url.startswith("http://"):
        click.echo("note: by http:// the password travels in the clear", err=True)
    if as_json:
        echo_json({**_row(link, now), "link": url, "code": code})
        return
    if not any(files):
        click.echo(_picture(drawn))
    click.echo(f"{app.name}, extension {link.extension} of {link.site}: {url}")
    click.echo(f"It works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC. {app.hint}")


def _picture(drawn: segno.QRCode) -> str:
    """A code in half blocks, light on dark whatever the terminal's own colours are."""
    stream = io.StringIO()
    drawn.terminal(out=stream, compact=True)
    lines = (line for line in stream.getvalue().splitlines() if line)
    return "\n".join(click.style(line, fg="bright_white", bg="black") for line in lines)


def _write(file: Path, content: bytes) -> None:
    """Write a file for its owner's eyes only; raises InventoryError."""
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
        with os.fdopen(opened, "wb") as out:
            os.fchmod(opened, _FILE_MODE)
            out.write(content)
    except OSError as problem:
        raise InventoryError(f"{file}: {problem.strerror}") from problem


def _save(drawn: segno.QRCode, file: Path, kind: str) -> None:
    stream = io.BytesIO()
    drawn.save(stream, kind=kind, scale=8, border=4)
    _write(file, stream.getvalue())


def _revoke(installation: Installation, link_id: str) -> None:
    now = utc_now()
    link = links.revoke(installation.database, link_id, who(), now)
    click.echo(f"{link.id}: the link to {link.extension} of {link.site} is gone")
    if link.used_at is not None:
        click.echo(
            f"note: it was used, and the app keeps the account until the secret of "
            f"{link.extension} is changed",
            err=True,
        )


def _show(found: list[SoftLink], now: datetime, *, as_json: bool) -> None:
    if as_json:
        echo_json([_row(link, now) for link in found])
        return
    for link in found:
        click.echo(
            f"{link.id}  {link.state(now):<7}  {link.site} {link.extension}  {link.app}  "
            f"until {link.expires_at:%Y-%m-%d %H:%M} UTC, made by {link.made_by}"
        )


def _row(link: SoftLink, now: datetime) -> dict[str, object]:
    return {
        "id": link.id,
        "state": str(link.state(now)),
        "site": link.site,
        "extension": link.extension,
        "app": link.app,
        "made_at": link.made_at,
        "made_by": link.made_by,
        "expires_at": link.expires_at,
        "used_at": link.used_at,
    }


COMMANDS = (softphone,)
