"""The keys of a phone, drawn as they lie and listed; and the way to the sheet to be printed."""

from __future__ import annotations

from flask import Blueprint, abort, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from provisioner.mac import parse_mac
from web.overview.narrow import read_some
from web.pages import language
from web.pages.access import now
from web.pages.desk import desk
from web.pages.phone.keys import read_keys, sheet_link

PAGES = Blueprint("phone_keys", __name__)


@PAGES.get("/sites/<site>/phones/<mac>/keys")
def one(site: str, mac: str) -> ResponseReturnValue:
    """Show the keys of a phone."""
    address = parse_mac(mac)
    if address is None:
        abort(404)
    if mac != str(address):
        return redirect(url_for(".one", site=site, mac=str(address)), 301)
    installation = desk().installation
    page = read_keys(installation, site, mac, language.current())
    if page is None:
        abort(404)
    stored = read_some(installation, site, [mac], language.current(), now(), states=False)
    g.zone = stored.voice.zone
    signed = sheet_link(installation, site, page.room, mac, now())
    return render_template(
        "phone-keys.html", page=page, where=stored.phones[mac].place,
        link=url_for("labels.show", signed=signed, language=language.current()),
        steps=[(url_for("phone.one", site=site, mac=mac), stored.phones[mac].place)],
    )  # fmt: skip
