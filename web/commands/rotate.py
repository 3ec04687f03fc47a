"""New SIP secrets, for the PBX and the phones together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from provisioner.delivery import utc_now
from provisioner.errors import BellwireError, UnknownThingError
from provisioner.mac import MacAddress
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation
from web.renewed_phones import Outcome, Rotated, call_phones
from web.rotating import (
    Subject,
    Unfinished,
    check_pbx,
    find_subject,
    finish,
    make_secrets,
    renew_pbx,
    unfinished,
)


@click.command()
@click.argument("extension_or_site")
@click.option("--site", help="The extension's site, where several sites have it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BELLWIRE_PBX_FOLDER",
    help="Folder that Asterisk includes the files from (or BELLWIRE_PBX_FOLDER).",
)
@click.option(
    "--no-pbx",
    "only",
    flag_value="store",
    help="Only store new secrets; the PBX and the phones are told by hand.",
)
@click.option(
    "--finish", "only", flag_value="finish", help="Finish what was interrupted, or done in part."
)
@click.option("--wait", default=60, help="Seconds to wait for the phones.")
@json_option
@with_installation
def rotate(
    installation: Installation,
    extension_or_site: str,
    site: str | None,
    out: Path | None,
    only: str | None,
    wait: int,
    as_json: bool,
) -> None:
    """Give an extension, or all of a SITE, new secrets, and say which phones did not follow.

    From the moment the PBX has them the old secret opens nothing; a phone that fetches late is
    refused until it does, and is named here.
    """
    subject = find_subject(installation, extension_or_site, site, utc_now())
    if only == "store":
        make_secrets(installation, subject, who(), utc_now())
        _say_the_rest(subject)
        return
    if out is None:
        raise click.UsageError("name the PBX's folder with --out, or say --no-pbx")
    begun = _begin(installation, subject, out, only_finish=only == "finish")
    subject = find_subject(installation, extension_or_site, site, utc_now())
    told = _those(subject, begun.waiting)
    try:
        before = renew_pbx(installation, subject, out)
        found = call_phones(installation, told, before, begun.since, wait)
    except BellwireError as problem:
        raise UnknownThingError(
            f"{problem}; the new secrets are stored, the PBX may have the old ones: put it right, "
            f"then: bellwire rotate {extension_or_site} --finish --out {out}"
        ) from problem
    late = {str(o.target.phone.mac) for o in found if o.outcome is not Outcome.RENEWED}
    finish(installation, subject, late, who(), utc_now())
    _report(subject, found, as_json=as_json)
    if late:
        raise SystemExit(1)


def _begin(
    installation: Installation, subject: Subject, out: Path, *, only_finish: bool
) -> Unfinished:
    """Make new secrets, or find when those were made that are to be brought out."""
    with installation.database.read() as session:
        begun = unfinished(session, subject)
    check_pbx(subject, out, is_up_to_date=begun is None)
    if only_finish:
        if begun is None:
            raise UnknownThingError("there is nothing to finish: the PBX and all phones have it")
        return begun
    now = utc_now()
    make_secrets(installation, subject, who(), now)
    return Unfinished(now, None)


def _those(subject: Subject, waiting: frozenset[str] | None) -> Subject:
    """The subject with the phones that are still waited for alone."""
    if waiting is None:
        return subject
    return replace(
        subject, targets=tuple(t for t in subject.targets if str(t.phone.mac) in waiting)
    )


def _report(subject: Subject, found: list[Rotated], *, as_json: bool) -> None:
    rows = [
        {
            "mac": MacAddress(one.target.phone.mac).colons,
            "room": one.target.phone.room,
            "position": one.target.phone.position,
            "accounts": ", ".join(one.target.accounts),
            "result": str(one.outcome),
            "detail": one.detail,
        }
        for one in found
    ]
    if as_json:
        echo_json(rows)
    else:
        for row in rows:
            where = f"{row['room']} {row['position']}"
            click.echo(f"{row['mac']}  {where:<24} {row['result']:<14} {row['detail']}")
    _notes(subject)


def _notes(subject: Subject) -> None:
    if subject.apps:
        click.echo(f"note: apps use {', '.join(subject.apps)}: each needs a new link", err=True)
    boxes = [account.extension for account in subject.accounts if account.voicemail]
    if boxes:
        click.echo(f"note: the voice mail PIN of {', '.join(boxes[:10])} has changed too", err=True)
    click.echo(
        "note: a site file that names a secret brings the old one back; change it there", err=True
    )


def _say_the_rest(subject: Subject) -> None:
    click.echo(
        f"{len(subject.accounts)} new secrets are stored, {len(subject.targets)} phones marked"
    )
    click.echo("the PBX still has the old ones: give it the new ones, then let the phones fetch:")
    click.echo(f"  bellwire pbx asterisk {subject.site.id} --out DIR, and let Asterisk reload")
    click.echo(f"  bellwire resync {subject.site.id}")
    _notes(subject)


COMMANDS = (rotate,)
