"""Mending by hand: what would be done, what was done, and whether it helped."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from monitors.remedies.action import Action, ActionState
from monitors.remedies.choosing import by_rule
from monitors.remedies.kinds import Remedy
from monitors.remedies.performing import OFF_S
from monitors.remedies.surroundings import Patient
from monitors.remedies.treating import Asked, Examined, Result, Treated, examine, treat
from monitors.store.action_pages import action_of, actions_of
from monitors.store.incident_pages import incidents_of_phone
from monitors.store.statuses import statuses
from provisioner.delivery import utc_now
from provisioner.errors import UnknownThingError
from provisioner.inventory.audit import note
from provisioner.inventory.phones import require_site
from provisioner.mac import MacAddress, parse_mac
from web.commands.options import echo_json, json_option, mac_argument, who, with_installation
from web.installation import Installation
from web.mending import Mender

WAIT_S = 20
LOOK_S = 1.0
_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be done, and which diagnosis asks for it."""

    remedy: Remedy
    rule: str
    incident_id: int | None


@click.command()
@click.argument("mac")
@click.option("--remedy", type=click.Choice([str(r) for r in Remedy]), help="Default: what fits "
              "the diagnosis, the gentlest that was not tried.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and what is against.")
@click.option("--confirm", is_flag=True, help="Do it although a guard wants to be sure.")
@click.option("--wait", default=WAIT_S, show_default=True, help="Seconds to wait for its effect.")
@click.option("--off", "off_s", type=click.FloatRange(1, 60), default=OFF_S, show_default=True,
              help="Seconds without power.")  # fmt: skip
@json_option
@with_installation
def mend(  # noqa: PLR0913, PLR0917 - one option each
    installation: Installation,
    mac: str,
    remedy: str | None,
    dry_run: bool,
    confirm: bool,
    wait: int,
    off_s: float,
    as_json: bool,
) -> None:
    """Resync, restart or power-cycle the phone MAC.

    Nothing is done where a guard refuses: a port that is not proven to feed the phone, a
    stranger on it, a call. The exit code is 1 when it may not be done, or did not help.
    """
    stop = threading.Event()
    mender = Mender(installation, stop=stop, off_s=off_s)
    patient = mender.patient(mac_argument(mac))
    if patient is None:
        raise UnknownThingError(f"there is no phone {mac_argument(mac).colons}")
    wanted = _wanted(installation, patient, remedy)
    asked = Asked(who(), confirm, wanted.incident_id, off_s)
    examined = examine(mender.shop, patient, wanted.remedy, asked)
    shown = _shown(patient, wanted, examined, dry_run=dry_run)
    if not as_json:
        _tell(shown)
    if dry_run:
        if as_json:
            echo_json(shown)
        sys.exit(0 if examined.may else 1)
    with undisturbed(stop):
        treated = treat(
            mender.shop, patient, examined, asked,
            lambda: _audit(installation, patient, wanted, examined),
        )  # fmt: skip
        action = _watched(mender, treated, wait, stop)
    _end(shown, treated, action, as_json=as_json)


def _wanted(installation: Installation, patient: Patient, remedy: str | None) -> _Wanted:
    mac = str(patient.phone.mac)
    kept = statuses(installation.monitoring, patient.site.id).get(mac)
    rule = kept.status.rule if kept else ""
    incidents = [i for i in incidents_of_phone(installation.monitoring, mac, 5) if i.is_open]
    incident = incidents[0].id if incidents else None
    if remedy is not None:
        return _Wanted(Remedy(remedy), rule, incident)
    before = actions_of(installation.monitoring, incidents=[incident]) if incident else []
    found = by_rule(rule, (a for a in before if a.mac == mac))
    if found is None:
        told = f"no remedy fits its diagnosis ({rule})" if rule else "it was not judged yet"
        raise UnknownThingError(f"{patient.phone.mac.colons}: {told}; say --remedy")
    return _Wanted(found, rule, incident)


def _shown(
    patient: Patient, wanted: _Wanted, examined: Examined, *, dry_run: bool
) -> dict[str, Any]:
    phone, case = patient.phone, examined.case
    return {
        "mac": phone.mac.colons,
        "site": phone.site,
        "room": phone.room,
        "position": phone.position,
        "model": phone.model,
        "rule": wanted.rule,
        "remedy": str(wanted.remedy),
        "switch": case.switch.name if case.switch else None,
        "port": case.port.name if case.port else None,
        "ways": [{"way": str(w.kind), "words": w.words} for w in case.ways.found],
        "guards": [
            {"guard": g.name, "verdict": str(g.verdict), "sentence": g.sentence}
            for g in examined.guards
        ],
        "may": examined.may,
        "dry_run": dry_run,
    }


def _tell(shown: dict[str, Any]) -> None:
    where = f"{shown['site']} {shown['room']} {shown['position']}"
    cause = f" for {shown['rule']}" if shown["rule"] else ""
    click.echo(f"{shown['remedy']}{cause} of {shown['mac']}, {where}")
    if shown["port"]:
        click.echo(f"at {shown['switch']} port {shown['port']}")
    for number, way in enumerate(shown["ways"], start=1):
        click.echo(f"way {number}: {way['words']}")
    for guard in shown["guards"]:
        click.echo(f"{guard['verdict']:<8} {guard['guard']:<10} {guard['sentence']}")
    if not shown["may"]:
        verdicts = {g["verdict"] for g in shown["guards"]}
        hint = "" if "refused" in verdicts else "; --confirm does it all the same"
        click.echo(f"it may not be done{hint}")


def _audit(
    installation: Installation, patient: Patient, wanted: _Wanted, examined: Examined
) -> None:
    phone, case = patient.phone, examined.case
    at = f" at {case.switch.name} port {case.port.name}" if case.switch and case.port else ""
    told = f"{wanted.remedy}{at}; {examined.objections or 'nothing against it'}"
    with installation.database.write() as session:
        note(session, utc_now(), who(), "mend", f"phone {phone.mac.colons}", told)


def _watched(
    mender: Mender, treated: Treated, wait_s: float, stop: threading.Event
) -> Action | None:
    """Look for the effect for a while; what is not seen then is left to the monitor."""
    if treated.action_id is None:
        return None
    until = time.monotonic() + wait_s
    while True:
        action = action_of(mender.shop.monitoring, treated.action_id)
        if action is None or action.state is not ActionState.DONE:
            return action
        if mender.look_at(action) or time.monotonic() >= until or stop.wait(LOOK_S):
            return action_of(mender.shop.monitoring, treated.action_id)


def _end(
    shown: dict[str, Any], treated: Treated, action: Action | None, *, as_json: bool
) -> None:  # fmt: skip
    state = str(action.state) if action else str(treated.result)
    detail = action.detail if action and action.detail else treated.detail
    if as_json:
        row = action_row(action) if action else None
        echo_json({**shown, "result": state, "detail": detail, "action": row})
    else:
        way = f" by {treated.way}" if treated.way else ""
        click.echo(f"{state}{way}{': ' if detail else ''}{detail}")
        if action and action.state is ActionState.DONE:
            click.echo("whether it helped is seen by the monitor; see bellwire mended")
    is_bad = treated.result is not Result.DONE or state == ActionState.FAILED
    sys.exit(1 if is_bad else 0)


@contextmanager
def undisturbed(stop: threading.Event) -> Iterator[None]:
    """Let nobody end this process while power may be away: it is asked to hurry instead."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stop.is_set():
        click.echo("told to end; what was begun was ended first", err=True)


@click.command()
@click.argument("site_or_mac", required=False)
@click.option("--limit", default=50, show_default=True, help="How many.")
@json_option
@with_installation
def mended(installation: Installation, site_or_mac: str | None, limit: int, as_json: bool) -> None:
    """List what was done to phones, newest first: of a site, of a phone, or all."""
    mac = parse_mac(site_or_mac) if site_or_mac else None
    if site_or_mac and mac is None:
        with installation.database.read() as session:
            require_site(session, site_or_mac)
    site = site_or_mac if mac is None else None
    mac_text = str(mac) if mac else None
    found = actions_of(installation.monitoring, site=site, mac=mac_text, limit=limit)
    if as_json:
        echo_json([action_row(action) for action in found])
        return
    for a in found:
        port = f"{a.switch} {a.port}" if a.switch else ""
        done = f"{a.remedy:<10} {a.way or '-':<11} {port:<24} {a.state:<9}"
        row = f"{a.at:%Y-%m-%d %H:%M:%S}  {MacAddress(a.mac).colons}  {a.site:<16} {done}"
        click.echo(f"{row} {a.who or 'bellwire':<16} {a.detail}".rstrip())


def action_row(action: Action) -> dict[str, Any]:
    """Return a row of the journal as it is shown."""
    return {
        "id": action.id,
        "mac": MacAddress(action.mac).colons,
        "site": action.site,
        "remedy": action.remedy,
        "way": action.way or None,
        "switch": action.switch or None,
        "port": action.port or None,
        "state": str(action.state),
        "who": action.who or "bellwire",
        "incident": action.incident_id,
        "at": action.at,
        "off_at": action.off_at,
        "done_at": action.done_at,
        "ended_at": action.ended_at,
        "seen": dict(action.seen),
        "tries": action.tries,
        "detail": action.detail,
    }


COMMANDS = (mend, mended)
