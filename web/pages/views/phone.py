"""One phone: what is wrong with it and how that is known, what happened, and what can be done."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from monitors.remedies.kinds import Remedy
from monitors.store.wishes import wishes_of
from provisioner.inventory.phones import arm as arm_phone
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Role
from web.pages import language
from web.pages.access import needs, now, person
from web.pages.desk import desk
from web.pages.language import gettext
from web.pages.phone import words
from web.pages.phone.charts import SPANS, read_charts
from web.pages.phone.formats import axis_time, mac_text, model_text
from web.pages.phone.marks import phone_mark
from web.pages.phone.mending import Standing, begin, go_on, read_standing
from web.pages.phone.reading import PhonePage, read_phone_page
from web.pages.phone.timeline import read_timeline

PAGES = Blueprint("phone", __name__)
_DATABASE_INT_MAX = 2**31 - 1
_ASKED_SHOWN = timedelta(minutes=10)
ALWAYS = (Remedy.RESYNC, Remedy.REBOOT, Remedy.POE_CYCLE)
"""What can be asked for whatever is wrong."""
PAGES.add_app_template_filter(axis_time)
PAGES.add_app_template_filter(mac_text)
PAGES.add_app_template_global(model_text)
PAGES.add_app_template_global(words.action_text)


def _mac(text: str) -> MacAddress:
    mac = parse_mac(text)
    if mac is None:
        abort(404)
    return mac


def _page(site: str, text: str) -> PhonePage:
    mac = str(_mac(text))
    found = read_phone_page(desk().installation, site, mac, language.current(), now())
    if found is None:
        abort(404)
    g.zone = found.stored.voice.zone
    return found


@PAGES.get("/sites/<site>/phones/<mac>")
def one(site: str, mac: str) -> ResponseReturnValue:
    """Show a phone; a tab that has it already, and to which nothing is new, gets 204."""
    address = _mac(mac)
    if mac != str(address):
        return redirect(url_for(".one", site=site, mac=str(address)), 301)
    mark = phone_mark(
        desk().installation, mac, now(), person().name, str(person().role), language.current()
    )
    if request.headers.get("HX-Request") and request.args.get("seen") == mark:
        return Response(status=204)
    page = _page(site, mac)
    span = SPANS.get(request.args.get("range", ""), SPANS["24h"])
    installation, before = desk().installation, _time(request.args.get("before", ""))
    fitting = [Remedy(name) for name in page.view.fitting]
    return render_template(
        "phone.html", page=page, phone=page.facts, view=page.view, voice=page.stored.voice,
        model=installation.catalogue.models.get(page.facts.model),
        charts=read_charts(installation, mac, span, now()), span=span, spans=words.SPANS,
        timeline=read_timeline(installation, page.stored, mac, before), before=before,
        fitting=fitting, others=[r for r in ALWAYS if r not in fitting],
        asked=wishes_of(installation.monitoring, mac, now() - _ASKED_SHOWN),
        words=words, poll=url_for(".one", site=site, mac=mac, seen=mark),
        where=page.view.phone.place, is_armed=_is_armed(page),
    )  # fmt: skip


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None


def _is_armed(page: PhonePage) -> bool:
    until = page.facts.armed_until
    return until is not None and until > now()


@PAGES.post("/sites/<site>/phones/<mac>/mend")
@needs(Role.INSTALLER)
def look(site: str, mac: str) -> ResponseReturnValue:
    """Let the monitor look whether a remedy may be done; its page shows what it finds."""
    page, wanted = _page(site, mac), request.form.get("remedy", "")
    if wanted not in set(Remedy):
        abort(400)
    installation = desk().installation
    number = begin(installation, site, page.facts.mac, wanted, person().signature, now())
    return redirect(url_for(".mend", site=site, mac=page.facts.mac, number=number), 303)


@PAGES.get("/sites/<site>/phones/<mac>/mend/<int:number>")
@needs(Role.INSTALLER)
def mend(site: str, mac: str, number: int) -> ResponseReturnValue:
    """Show how a remedy stands: looked at, asked for, done, and whether it helped."""
    page, standing = _page(site, mac), _standing(site, mac, number)
    return render_template(
        "phone-mend.html", page=page, phone=page.facts, voice=page.stored.voice,
        standing=standing, wish=standing.wish, words=words, where=page.view.phone.place,
    )  # fmt: skip


def _standing(site: str, mac: str, number: int) -> Standing:
    address = str(_mac(mac))
    found = None
    if number <= _DATABASE_INT_MAX:
        found = read_standing(desk().installation, site, address, number, now())
    if found is None:
        abort(404)
    return found


@PAGES.post("/sites/<site>/phones/<mac>/mend/<int:number>")
@needs(Role.INSTALLER)
def do(site: str, mac: str, number: int) -> ResponseReturnValue:
    """Ask that it be done; the monitor does it, and this page shows when it has."""
    standing = _standing(site, mac, number)
    if not go_on(desk().installation, standing, person().signature, now()):
        flash(gettext("It was asked for already, or may not be done."), "warn")
    return redirect(url_for(".mend", site=site, mac=str(_mac(mac)), number=number), 303)


@PAGES.post("/sites/<site>/phones/<mac>/arm")
@needs(Role.INSTALLER)
def arm(site: str, mac: str) -> ResponseReturnValue:
    """Let the phone make first contact again, for a limited time."""
    page = _page(site, mac)
    installation, address = desk().installation, MacAddress(page.facts.mac)
    hours = installation.settings.access.armed_hours
    arm_phone(installation.database, address, hours, person().signature)
    flash(gettext("First contact is allowed again. Restart the phone now."), "good")
    return redirect(url_for(".one", site=site, mac=page.facts.mac), 303)
