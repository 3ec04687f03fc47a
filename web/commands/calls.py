"""Guarded calls: ``bellwire calls status|live|block|unblock|report``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from monitors.calls.decision import Because
from monitors.calls.times import at_site
from monitors.guarding.keeping import reason
from monitors.guarding.reporting import Use, write_calls
from monitors.store.calls import live_calls, refusals_between
from monitors.store.calls_blocks import blocks_of, listed_of, warnings_of
from monitors.store.calls_lists import imports_of
from monitors.store.calls_sums import lines_between, sums_between
from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.inventory.calls import Calls
from provisioner.inventory.records import Inventory, Site
from provisioner.inventory.store import stored
from web.calls import acting
from web.calls.ground import Guarded, guarded_site
from web.calls.using import meters_of, read_uses
from web.commands.options import echo_json, json_option, who, with_installation
from web.installation import Installation

site_option = click.option("--site", "site_id", help="Which site. [default: the only one]")


@click.group()
def calls() -> None:
    """Guarded calls: limits, blocks, rates and do-not-call lists."""


def site_of(installation: Installation, site_id: str | None) -> tuple[Site, Inventory]:
    """Return a site, the only one when none is named; raises UnknownThingError."""
    with installation.database.read() as session:
        inventory = stored(session, installation.box, [site_id] if site_id else None)
    if site_id and not inventory.sites:
        raise UnknownThingError(f"there is no site {site_id!r}")
    if len(inventory.sites) != 1:
        raise click.UsageError("name a site with --site")
    return inventory.sites[0], inventory


def audit(installation: Installation, action: str, target: str, detail: str = "") -> None:
    """Write who did what to calls."""
    acting.audit(installation, who(), utc_now(), f"calls-{action}", target, detail)


@calls.command()
@site_option
@json_option
@with_installation
def status(installation: Installation, site_id: str | None, as_json: bool) -> None:
    """Show what was used of the limits, who is blocked, and who is on the toll-free list."""
    site, _ = site_of(installation, site_id)
    used = read_uses(installation, guarded_site(installation, site.id), utc_now())
    blocked = blocks_of(installation.monitoring, site.id)
    shown: dict[str, Any] = {
        "site": site.id,
        "guarded": site.calls is not None,
        "currency": (site.calls or Calls()).currency,
        "use": [_use_json(use) for use in used],
        "blocked": [
            {"scope": b.scope[0], "name": b.scope[1], "since": b.since, "who": b.who,
             "why": reason(Because(b.rule, b.facts))}
            for b in blocked
        ],
        "toll_free": [
            {"caller": each.caller, "level": each.listed.level, "since": each.since}
            for each in listed_of(installation.monitoring, site.id)
        ],
        "refused_today": [
            {"account": r.account, "rule": r.rule, "country": r.country, "calls": r.count}
            for r in refusals_between(installation.monitoring, site.id, *[_today(site)] * 2)
        ],
        "warnings": [
            {"at": w.at, "account": w.account, "text": reason(w.because)}
            for w in warnings_of(installation.monitoring, site.id, _midnight(site))
        ],
        "lists": [
            {"name": each.name or "rates", "entries": each.entries, "at": each.at}
            for each in imports_of(installation.monitoring, site.id)
        ],
    }  # fmt: skip
    if as_json:
        echo_json(shown)
    else:
        _show_status(shown)


@calls.command()
@site_option
@json_option
@with_installation
def live(installation: Installation, site_id: str | None, as_json: bool) -> None:
    """Show the calls to the outside that go on."""
    now_s = datetime.now(UTC).timestamp()
    rows = [
        {
            "site": site, "id": kept.call.id, "account": kept.account, "number": kept.call.to,
            "country": kept.call.country, "answered": kept.call.answered_s is not None,
            "seconds": int(now_s - (kept.call.answered_s or kept.call.started_s)),
            "cost": f"{kept.call.cost_at(now_s):.2f}", "currency": kept.currency,
        }
        for site, kept in live_calls(installation.monitoring, site_id)
    ]  # fmt: skip
    if as_json:
        echo_json({"calls": rows})
        return
    for row in rows:
        doing = "speaks" if row["answered"] else "rings"
        money = f"{row['cost']} {row['currency']}"
        click.echo(
            f"{row['site']} {row['account']} {doing} {row['seconds']} s  {row['number']}  {money}"
        )
    if not rows:
        click.echo("no calls to the outside")


@calls.command()
@click.argument("name")
@site_option
@click.option("--kind", type=click.Choice(acting.KINDS), default="account", show_default=True)
@click.option("--why", default="", help="What people are told.")
@with_installation
def block(installation: Installation, name: str, site_id: str | None, kind: str, why: str) -> None:
    """Block outgoing calls of NAME: an account, a room, or the site.

    Emergency calls, calls inside the house and calls to the reception always work.
    """
    site, _ = site_of(installation, site_id)
    if acting.block(installation, site.id, (kind, name), who(), utc_now(), why):
        click.echo(f"blocked: {kind} {name}")
    else:
        click.echo(f"{kind} {name} is blocked already")


@calls.command()
@click.argument("name")
@site_option
@click.option("--kind", type=click.Choice(acting.KINDS), default="account", show_default=True)
@with_installation
def unblock(installation: Installation, name: str, site_id: str | None, kind: str) -> None:
    """Let NAME call out again; its incident is closed. A limit that is still passed blocks anew."""
    site, _ = site_of(installation, site_id)
    if not acting.unblock(installation, site.id, (kind, name), who(), utc_now()):
        raise UnknownThingError(f"{kind} {name!r} of {site.id} is not blocked")
    click.echo(f"calls out again: {kind} {name}")


@calls.command()
@site_option
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="[default: this month]")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="[default: today]")
@click.option("--by", type=click.Choice(["extension", "destination", "day"]), default="extension")
@click.option("--csv", "as_csv", is_flag=True, help="Every call as CSV.")
@json_option
@with_installation
def report(
    installation: Installation,
    site_id: str | None,
    first: datetime | None,
    last: datetime | None,
    by: Any,  # noqa: ANN401 - one of the words above
    as_csv: bool,
    as_json: bool,
) -> None:
    """Sum up the calls of some days, by extension, destination or day."""
    site, _ = site_of(installation, site_id)
    today = _today(site)
    since = first.date() if first else today.replace(day=1)
    until = last.date() if last else today
    if as_csv:
        for line in write_calls(lines_between(installation.monitoring, site.id, since, until)):
            click.echo(line, nl=False)
        return
    rows = sums_between(installation.monitoring, site.id, since, until, by)
    if as_json:
        fields = ("name", "calls", "answered", "international", "seconds", "cost")
        echo_json({by: [{name: getattr(row, name) for name in fields} for row in rows]})
        return
    for row in rows:
        click.echo(f"{row.name:<12} {row.calls:>6} calls {row.seconds:>8} s {row.cost:>12.2f}")
    if not rows:
        click.echo("no calls")


def _use_json(use: Use) -> dict[str, Any]:
    return {
        "scope": use.scope[0],
        "name": use.scope[1],
        **{
            meter.name: {"used": _plain(meter.used), "most": _plain(meter.most)}
            for meter in meters_of(use.limits, use)
        },
    }


def _plain(value: Decimal | int | None) -> str | int | None:
    return f"{value:.2f}" if isinstance(value, Decimal) else value


def _show_status(shown: dict[str, Any]) -> None:
    if not shown["guarded"]:
        click.echo(f"{shown['site']}: its calls are not guarded (no 'calls' in its site file)")
    for each in shown["blocked"]:
        click.echo(f"BLOCKED {each['scope']} {each['name']}: {each['why']}")
    for use in shown["use"]:
        parts = [
            f"{name.replace('_', ' ')} {use[name]['used']}"
            + (f" of {use[name]['most']}" if use[name]["most"] is not None else "")
            for name in ("spend_day", "spend_month", "international_hour", "international_day")
        ]
        click.echo(f"{use['scope']} {use['name']}: {', '.join(parts)} ({shown['currency']})")
    for each in shown["toll_free"]:
        click.echo(f"toll-free list: {each['caller']} level {each['level']}")
    for each in shown["refused_today"]:
        click.echo(f"refused today: {each['account']} {each['rule']} {each['calls']}")
    for each in shown["warnings"]:
        click.echo(f"note: {each['account']}: {each['text']}")
    sys.stdout.flush()


def _today(site: Site) -> Any:  # noqa: ANN401 - a date
    return at_site(datetime.now(UTC), site.timezone).date()


def _midnight(site: Site) -> datetime:
    """When the day of the site's clock began, naive UTC."""
    return Guarded(site.id, site.timezone, site.calls).begin_of(_today(site))


COMMANDS = (calls,)
