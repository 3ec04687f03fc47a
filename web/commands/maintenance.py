"""Maintenance, in which nobody is told: ``bellwire maintenance list|start|end``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from monitors.policy import Window
from monitors.store.maintenance import end_maintenance, set_maintenance
from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.inventory.audit import note
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation
from web.overview.json_form import window_json
from web.overview.reading import StoredSite, read_sites, utc_of
from web.overview.values import WindowView
from web.overview.wording import Voice

WALL = "%Y-%m-%d %H:%M"
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


@click.group()
def maintenance() -> None:
    """Times in which nobody is told of troubles."""


@maintenance.command("list")
@click.argument("site", required=False)
@json_option
@with_installation
def list_windows(installation: Installation, site: str | None, as_json: bool) -> None:
    """List maintenance that goes on or is to come, also what the site file plans."""
    stored = read_sites(installation, site, "en", utc_now())
    if as_json:
        rows = [window_json(window, one.id) for one in stored for window in one.windows]
        echo_json({"maintenance": rows})
        return
    for one in stored:
        for window in one.windows:
            click.echo(f"{one.id}  {_line(window, one.voice)}")
    if not any(one.windows for one in stored):
        click.echo("no maintenance")


@maintenance.command()
@click.argument("site")
@click.option("--rooms", multiple=True, help="Only these rooms; repeatable, or with commas.")
@click.option("--switches", multiple=True, help="Only these switches, with what hangs on them.")
@click.option("--for", "length", help="How long: 2h, 90m, 1d, 1h30m.")
@click.option("--until", help="Until when, wall time of the site: 'YYYY-MM-DD HH:MM'.")
@click.option("--reason", default="", help="What is done.")
@with_installation
def start(
    installation: Installation,
    site: str,
    rooms: tuple[str, ...],
    switches: tuple[str, ...],
    length: str | None,
    until: str | None,
    reason: str,
) -> None:
    """Begin maintenance of SITE now; without rooms and switches of all of it."""
    now = utc_now()
    (stored,) = read_sites(installation, site, "en", now)
    ends = _end(stored, length, until)
    wanted = _known(rooms, stored.rooms, "room", stored.id)
    hardware = _known(switches, stored.switches, "switch", stored.id)
    window = Window(now, ends, frozenset(wanted), frozenset(hardware))
    number = set_maintenance(installation.monitoring, site, window, reason, who())
    view = WindowView(number, now, ends, wanted, hardware, reason, who())
    _audit(installation, "maintenance-start", site, _line(view, stored.voice))
    click.echo(_line(view, stored.voice))


@maintenance.command()
@click.argument("site")
@click.option("--id", "number", type=int, help="Only this one; otherwise all that go on.")
@with_installation
def end(installation: Installation, site: str, number: int | None) -> None:
    """End the maintenance of SITE that was begun here; what the site file plans stays."""
    now = utc_now()
    (stored,) = read_sites(installation, site, "en", now)
    going = [w for w in stored.windows if w.id is not None and number in {None, w.id}]
    if not going:
        which = "" if number is None else f" {number}"
        raise UnknownThingError(
            f"site {site} has no maintenance{which} that was begun here and goes on; "
            "bellwire maintenance list shows all"
        )
    for window in going:
        if window.id is not None and end_maintenance(installation.monitoring, window.id, now):
            _audit(installation, "maintenance-end", site, _line(window, stored.voice))
            click.echo(f"ended: {_line(window, stored.voice)}")


def _end(stored: StoredSite, length: str | None, until: str | None) -> datetime:
    voice = stored.voice
    if (length is None) == (until is None):
        raise click.UsageError("say either --for or --until")
    ends = voice.now + length_of(length) if length is not None else wall_time(until, voice.zone)
    if ends <= voice.now:
        wall = voice.wall(voice.now).strftime(WALL)
        raise click.UsageError(f"--until: that is over; at {stored.id} it is {wall}")
    return ends


def length_of(text: str) -> timedelta:
    """Read ``2h``, ``90m``, ``1d`` or ``1h30m``.

    Raises:
        click.UsageError: it is none of these.
    """
    if not re.fullmatch(r"(\d{1,4}[dhm])+", text):
        raise click.UsageError("--for: write 2h, 90m, 1d or 1h30m")
    parts = re.findall(r"(\d+)([dhm])", text)
    made = sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    if not timedelta() < made <= timedelta(days=366):
        raise click.UsageError("--for: at least a minute, at most a year")
    return made


def wall_time(text: str | None, zone: ZoneInfo) -> datetime:
    """Read a wall time of a site; returns naive UTC.

    Raises:
        click.UsageError: it has another form.
    """
    try:
        wall = datetime.strptime(text or "", WALL)  # noqa: DTZ007 - wall time; the zone follows
    except ValueError as problem:
        raise click.UsageError("--until: write 'YYYY-MM-DD HH:MM'") from problem
    return utc_of(wall, zone)


def _known(given: Iterable[str], there: Iterable[str], what: str, site: str) -> tuple[str, ...]:
    """Names that were given, each once; raises UnknownThingError for one that is not there."""
    wanted = sorted({name.strip() for text in given for name in text.split(",") if name.strip()})
    strange = [name for name in wanted if name not in set(there)]
    if strange:
        raise UnknownThingError(f"site {site} has no {what} {strange[0]!r}")
    return tuple(wanted)


def _line(window: WindowView, voice: Voice) -> str:
    what = ", ".join((*window.rooms, *window.switches)) or "everything"
    start_at, end_at = (voice.wall(at).strftime(WALL) for at in (window.start, window.end))
    origin = f"begun by {window.who}" if window.id is not None else "site file"
    number = "-" if window.id is None else str(window.id)
    line = f"{number:<4} {start_at} to {end_at}  {what}"
    return f"{line}  ({', '.join(filter(None, (window.reason, origin)))})"


def _audit(installation: Installation, action: str, site: str, detail: str) -> None:
    with installation.database.write() as session:
        note(session, utc_now(), who(), action, site, detail)


COMMANDS = (maintenance,)
