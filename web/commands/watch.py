"""A live view of the phones: ``bellwire watch``."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from provisioner.delivery import utc_now
from web.commands.options import with_installation
from web.commands.status import (
    head_line,
    hints,
    incident_lines,
    language_option,
    phone_lines,
    status_word,
)
from web.installation import Installation
from web.overview.changes import Change, Watcher
from web.overview.values import SiteOverview
from web.overview.wording import Voice

INTERVAL_S = 2.0
CHANGES_MAX = 8
_HOME, _CLEAR_LINE, _CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
_OPEN, _CLOSE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""The other screen without a cursor, and back: what was on the terminal comes back at the end."""


@click.command()
@click.argument("site", required=False)
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 3600),
    default=INTERVAL_S,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option("--once", is_flag=True, help="Show it once and end.")
@language_option
@with_installation
def watch(
    installation: Installation, site: str | None, interval: float, once: bool, language: str
) -> None:
    """Watch phones live: those in trouble, incidents, changes. Ctrl-C ends.

    On a terminal the view is drawn anew in its place. Elsewhere, as in a pipe, only changes are
    written, a line each.
    """
    watcher = Watcher(installation, site, language, utc_now)
    mark = installation.simulated_mark.exists()
    if once:
        for line in view_lines(watcher.sites(), (), simulated=mark):
            click.echo(line)
        return
    with _until_told() as stop:
        if sys.stdout.isatty():
            _draw(watcher, interval, stop, simulated=mark)
        else:
            _append(watcher, interval, stop)


def _append(watcher: Watcher, interval_s: float, stop: threading.Event) -> None:
    sites = watcher.sites()
    several = len(sites) > 1
    for site in sites:
        click.echo(site.voice.say("follow", site=head_line(site)), err=True)
    while not stop.wait(interval_s):
        for change in watcher.look():
            click.echo(change_line(change, several=several))
        sys.stdout.flush()


def _draw(watcher: Watcher, interval_s: float, stop: threading.Event, *, simulated: bool) -> None:
    recent: list[str] = []
    click.echo(_OPEN, nl=False)
    try:
        while True:
            sites = watcher.sites()
            lines = "\n".join(view_lines(sites, recent, simulated=simulated)).split("\n")
            _put(lines, sites[0].voice if sites else None)
            if stop.wait(interval_s):
                return
            several = len(sites) > 1
            recent += [change_line(change, several=several) for change in watcher.look()]
            del recent[:-CHANGES_MAX]
    finally:
        click.echo(_CLOSE, nl=False)
        sys.stdout.flush()


def _put(lines: Sequence[str], voice: Voice | None) -> None:
    """Write lines over those that are there; as many as the terminal has, each cut to its width."""
    width, height = shutil.get_terminal_size()
    shown = list(lines)
    if len(shown) > height and voice is not None:
        shown[height - 1 :] = [voice.say("rest", count=len(shown) - height + 1)]
    told = "\r\n".join(cut(line, width) + _CLEAR_LINE for line in shown)
    click.echo(f"{_HOME}{told}{_CLEAR_BELOW}", nl=False)
    sys.stdout.flush()


def cut(line: str, width: int) -> str:
    """Return a line cut to so many signs; colours have no width and are ended."""
    if len(click.unstyle(line)) <= width:
        return line
    return click.unstyle(line)[: max(0, width - 1)] + "…"


def view_lines(
    sites: Sequence[SiteOverview], recent: Sequence[str], *, simulated: bool
) -> Iterator[str]:
    """Return the view: counts of each site, changes, incidents of groups, phones in trouble."""
    if simulated and sites:
        yield sites[0].voice.say("simulated")
    for site in sites:
        at = site.voice.wall(site.voice.now).strftime("%H:%M:%S")
        yield f"{at}  {head_line(site)}"
        yield from (f"  {hint}" for hint in hints(site))
    if recent:
        yield f"\n{sites[0].voice.say('changes')}"
        yield from (f"  {line}" for line in reversed(recent))
    for site in sites:
        yield f"\n{site.name}"
        yield from _troubles(site)


def _troubles(site: SiteOverview) -> Iterator[str]:
    groups = [incident for incident in site.incidents if incident.grouped]
    yield from (f"  {line}" for i in groups for line in incident_lines(i, site.voice))
    trouble = [phone for phone in site.phones if phone.is_in_trouble]
    if not trouble:
        yield f"  {site.voice.say('all_well')}"
    yield from phone_lines(trouble, site)


def change_line(change: Change, *, several: bool) -> str:
    """Return ``09:12:04 Room 214 bedside: working -> down: sentence``, by the site's clock."""
    voice, phone = change.voice, change.phone
    at = voice.wall(change.at).strftime("%H:%M:%S")
    site = f"{change.site_name}: " if several else ""
    steps = f"{status_word(change.before, voice)} -> {status_word(phone.status, voice)}"
    return f"{at} {site}{phone.place}: {steps}" + (f": {phone.cause}" if phone.cause else "")


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """An event that Ctrl-C or SIGTERM sets: the command ends at a good moment, with code 0."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {n: signal.signal(n, on_signal) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


COMMANDS = (watch,)
