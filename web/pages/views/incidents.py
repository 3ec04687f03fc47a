"""Incidents of a site: what is wrong, what was, who sees to it; and maintenance."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field

from monitors.policy import Window
from monitors.store.incidents import acknowledge as acknowledge_stored
from monitors.store.maintenance import end_maintenance, set_maintenance
from provisioner.inventory.audit import note
from provisioner.whole_numbers import whole_number
from web.accounts.people import Role
from web.overview.narrow import read_some
from web.pages import language
from web.pages.access import is_inside, needs, now, person
from web.pages.desk import desk
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.hotel.incidents import Desk, Whole, read_desk, read_incident
from web.pages.language import gettext
from web.pages.phone.reading import phone_evidence
from web.pages.phone.words import REMEDIES, person_name

PAGES = Blueprint("incidents", __name__)
PAGES.add_app_template_filter(person_name)
PAGES.add_app_template_global(REMEDIES, "remedy_words")  # type: ignore[arg-type]
_DATABASE_INT_MAX = 2**31 - 1


class AcknowledgeForm(FormModel):
    """Somebody sees to an incident."""

    note: Annotated[str, Field(max_length=400)] = ""


class MaintenanceForm(FormModel):
    """Maintenance from now on.

    Attributes:
        what: empty: all of the site; or ``room 214``, ``switch sw-2``.
    """

    minutes: Literal["30", "60", "120", "240", "480", "1440"] = "120"
    what: Annotated[str, Field(max_length=200)] = ""
    reason: Annotated[str, Field(max_length=200)] = ""


@PAGES.get("/sites/<site>/incidents")
def open_ones(site: str) -> ResponseReturnValue:
    """Show what is wrong now, and page by page what was."""
    return _open_page(site, blank(MaintenanceForm))


def _open_page(site: str, form: Form[MaintenanceForm]) -> str:
    told = whole_number(request.args.get("before", ""))
    number = None if told is None else min(told, _DATABASE_INT_MAX)
    found = read_desk(desk().installation, site, language.current(), now(), number)
    g.zone = found.stored.voice.zone
    return render_template(
        "incidents.html", desk=found, voice=found.stored.voice, form=form,
        scopes=_scopes(found), is_first=number is None,
    )  # fmt: skip


def _scopes(found: Desk) -> list[tuple[str, str]]:
    """What maintenance can be of: the site, a switch; rooms are typed."""
    switches = found.stored.switches
    return [("", gettext("The whole site")), *((f"switch {s}", s) for s in switches)]


@PAGES.get("/sites/<site>/incidents/<int:number>")
def one(site: str, number: int) -> ResponseReturnValue:
    """Show one incident."""
    return _one_page(_found(site, number), blank(AcknowledgeForm))


def _found(site: str, number: int) -> Whole:
    if number > _DATABASE_INT_MAX:
        abort(404)
    found = read_incident(desk().installation, site, number, language.current(), now())
    if found is None:
        abort(404)
    g.zone = found.stored.voice.zone
    return found


def _one_page(found: Whole, form: Form[AcknowledgeForm]) -> str:
    evidence = None
    if len(found.phones) == 1 and found.view.is_open:
        evidence = phone_evidence(desk().installation, found.stored, found.phones[0].mac)
    return render_template(
        "incident.html", found=found, one=found.view, voice=found.stored.voice, form=form,
        evidence=evidence,
    )  # fmt: skip


@PAGES.post("/sites/<site>/incidents/<int:number>/acknowledge")
@needs(Role.INSTALLER)
def acknowledge(site: str, number: int) -> ResponseReturnValue:
    """Note that somebody sees to it: it is not told of again while it goes on."""
    found, form, who = _found(site, number), filled(AcknowledgeForm, request.form), person()
    if form.data is None:
        return _one_page(found, form), 422
    installation, remark = desk().installation, form.data.note
    if acknowledge_stored(installation.monitoring, number, who.signature, now(), remark):
        _audit("acknowledge", f"incident {number}", remark)
        flash(gettext("You see to it. It is not told of again while it goes on."), "good")
    elif found.view.closed_at is not None:
        flash(gettext("It is over already."), "info")
    else:
        name = person_name(found.view.acknowledged_by)
        flash(gettext("%(who)s sees to it already.") % {"who": name}, "info")
    back = request.form.get("back", "")
    inside = back if is_inside(back) else url_for(".one", site=site, number=number)
    return redirect(inside, 303)


@PAGES.post("/sites/<site>/maintenance")
@needs(Role.INSTALLER)
def begin_maintenance(site: str) -> ResponseReturnValue:
    """Begin maintenance: nobody is told of troubles meanwhile, and nothing is mended."""
    form, who = filled(MaintenanceForm, request.form), person()
    wish = form.data
    window = _window(site, form) if wish is not None else None
    if wish is None or window is None:
        return _open_page(site, form), 422
    set_maintenance(desk().installation.monitoring, site, window, wish.reason, who.signature)
    what = ", ".join(sorted(window.rooms | window.switches)) or "everything"
    told = f"{what} until {window.end:%Y-%m-%d %H:%M} UTC; {wish.reason}"
    _audit("maintenance-start", site, told)
    flash(gettext("Maintenance has begun. Nobody is told of troubles meanwhile."), "good")
    return redirect(url_for(".open_ones", site=site), 303)


def _window(site: str, form: Form[MaintenanceForm]) -> Window | None:
    wish = form.data
    if wish is None:
        return None
    kind, _, name = wish.what.partition(" ")
    rooms = frozenset(n.strip() for n in wish.what.removeprefix("room ").split(",") if n.strip())
    stored = read_some(
        desk().installation, site, (), language.current(), now(), states=False, also_rooms=rooms
    )  # fmt: skip
    ends = now() + timedelta(minutes=int(wish.minutes))
    if not wish.what:
        return Window(now(), ends)
    if kind == "switch" and name in stored.switches:
        return Window(now(), ends, switches=frozenset({name}))
    strange = sorted(rooms - stored.rooms.keys())
    if strange:
        form.refuse("what", gettext("There is no room or switch %(name)s.") % {"name": strange[0]})
        return None
    return Window(now(), ends, rooms=rooms)


@PAGES.post("/sites/<site>/maintenance/<int:number>/end")
@needs(Role.INSTALLER)
def finish_maintenance(site: str, number: int) -> ResponseReturnValue:
    """End maintenance that was begun here."""
    stored = read_some(desk().installation, site, (), language.current(), now(), states=False)
    if number not in {window.id for window in stored.windows}:
        abort(404)
    if end_maintenance(desk().installation.monitoring, number, now()):
        _audit("maintenance-end", site, f"number {number}")
        flash(gettext("Maintenance has ended."), "good")
    return redirect(url_for(".open_ones", site=site), 303)


def _audit(action: str, target: str, detail: str) -> None:
    with desk().installation.database.write() as session:
        note(session, now(), person().signature, action, target, detail)
