"""The switches of a site: what they feed, and which phone hangs on which port."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from web.overview.narrow import read_some
from web.overview.wording import Voice
from web.pages import language
from web.pages.access import now
from web.pages.desk import desk
from web.pages.network.switches import PortPhone, SwitchView, switch_views
from web.pages.speaking import site_voice

PAGES = Blueprint("switches", __name__)


def _found(site: str, only: str = "") -> tuple[list[SwitchView], Voice]:
    installation = desk().installation
    found = switch_views(installation, site, only)
    if found is None or (only and not found):
        abort(404)
    return found, site_voice(installation, site, now())


@PAGES.get("/sites/<site>/switches")
def all_of_them(site: str) -> ResponseReturnValue:
    """List a site's switches."""
    found, voice = _found(site)
    return render_template("switches.html", switches=found, voice=voice)


@PAGES.get("/sites/<site>/switches/<path:name>")
def one(site: str, name: str) -> ResponseReturnValue:
    """Show the ports of a switch."""
    (found,), voice = _found(site, name)
    whole = request.args.get("ports") == "all"
    ports = [view for view in found.ports if whole or view.is_used]
    macs = [phone.mac for view in ports for phone in view.phones]
    some = read_some(desk().installation, site, macs, language.current(), now(), states=False)

    def place(phone: PortPhone) -> str:
        return some.phones[phone.mac].place

    return render_template(
        "switch.html", switch=found, ports=ports, whole=whole, voice=voice, place=place
    )
