"""Key sheets: inserts, strips and room cards on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import click

from provisioner.errors import UnknownThingError
from provisioner.inventory.phones import require_site
from web.commands.options import with_installation
from web.installation import Installation
from web.labels import links
from web.labels.chromium import make_pdf, program
from web.labels.gathering import MOST_LANGUAGES, Request, gather, request_for
from web.labels.packing import PAPERS
from web.labels.page import write
from web.labels.pieces import Kind

_MM = click.FloatRange(min=10, max=420)


class _Options(TypedDict):
    room: str | None
    floor: str | None
    model: str | None
    kind: tuple[str, ...]
    language: tuple[str, ...]
    paper: str
    width_mm: float | None
    height_mm: float | None
    out: Path | None
    pdf: bool
    link: bool
    hours: float


def _kinds(_context: object, _option: object, value: str | None) -> tuple[str, ...]:
    known = [str(kind) for kind in Kind]
    return _listed(value, lambda each: each in known, f"one or more of {','.join(known)}")


def _languages(_context: object, _option: object, value: str | None) -> tuple[str, ...]:
    code = re.compile(r"[a-z]{2}")
    found = _listed(value, lambda each: bool(code.fullmatch(each)), "codes such as es,en")
    if len(found) > MOST_LANGUAGES:
        raise click.BadParameter(f"{MOST_LANGUAGES} languages at most")
    return found


def _listed(value: str | None, right: Callable[[str], bool], wanted: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(filter(None, (value or "").lower().replace(" ", "").split(","))))
    wrong = [each for each in found if not right(each)]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r}: give {wanted}")
    return found


@click.command()
@click.argument("what")
@click.option("--room", help="Only this room of the site.")
@click.option("--floor", help="Only this floor of the site.")
@click.option("--model", help="Only phones of this model.")
@click.option(
    "--kind",
    metavar="KINDS",
    callback=_kinds,
    help="insert, strip, card, or several with commas; default: what fits each phone.",
)
@click.option(
    "--language",
    metavar="LANGUAGES",
    callback=_languages,
    help="Languages, the most important first: es,en; default: the site's first three.",
)
@click.option("--paper", type=click.Choice(list(PAPERS)), default="a4", show_default=True)
@click.option("--width-mm", type=_MM, help="Width of what is cut out, as measured on the phone.")
@click.option("--height-mm", type=_MM, help="And its height.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File or folder; default: this folder."
)
@click.option("--pdf", is_flag=True, help="Make a PDF, through Chromium.")
@click.option("--link", is_flag=True, help="Print a link to the sheet instead, for a browser.")
@click.option(
    "--hours",
    type=click.FloatRange(min=0, max=168, min_open=True),
    default=1,
    show_default=True,
    help="How long the link is good.",
)
@with_installation
def labels(installation: Installation, what: str, **options: Unpack[_Options]) -> None:
    """Print the keys of phones: WHAT is a site, a room (214 or SITE/214) or a MAC.

    One HTML file, ready to be printed at 100 %: paper inserts, key strips, strips of expansion
    modules, and a card for each guest room.
    """
    request = _request(installation, what, options)
    if options["link"]:
        click.echo(_link(installation, request, options["hours"]))
        return
    kind = "pdf" if options["pdf"] else "html"
    target = _target(options["out"], f"labels-{request.name}.{kind}")
    if target.suffix.lower() != f".{kind}":
        raise click.UsageError(f"--out {target.name}: a name ending in .{kind} is right here")
    if options["pdf"]:
        program()  # said before the work is done
    gathered = gather(installation, request)
    html = write(gathered.printout).html
    body = make_pdf(html) if options["pdf"] else html.encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(body)
    for note in gathered.notes:
        click.echo(f"note: {note}", err=True)
    pages = gathered.printout.pages
    click.echo(f"{target}: {pages} page{'s' * (pages != 1)}; print at 100 %")


def _request(installation: Installation, what: str, options: _Options) -> Request:
    request = request_for(installation, what)
    model = options["model"]
    if options["room"] and request.room:
        raise click.UsageError("--room goes with a site")
    return replace(
        request,
        room=options["room"] or request.room,
        floor=options["floor"] or "",
        model=installation.catalogue.model(model).id if model else "",
        kinds=options["kind"],
        languages=options["language"],
        paper=options["paper"],
        width_mm=options["width_mm"],
        height_mm=options["height_mm"],
    )


def _link(installation: Installation, request: Request, hours: float) -> str:
    gather(installation, request)  # a link to nothing helps nobody
    with installation.database.read() as session:
        base = require_site(session, request.site).url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise UnknownThingError(f"site {request.site} has no HTTP address (url: in its site file)")
    until = datetime.now(UTC) + timedelta(hours=hours)
    return f"{base}/labels/{links.sign(installation.box, request, until)}"


def _target(out: Path | None, name: str) -> Path:
    if out is None:
        return Path(name)
    return out / name if out.is_dir() or not out.suffix else out


COMMANDS = (labels,)
