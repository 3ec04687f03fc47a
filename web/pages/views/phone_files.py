"""The files of a phone: masked, revealed to an administrator, and what is pending."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.inventory.audit import note
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Role
from web.pages.access import needs, now, person
from web.pages.change.phone_files import read_files, reveal_file
from web.pages.desk import desk
from web.pages.views.phone_settings import find_phone

PAGES = Blueprint("phone_files", __name__)


@PAGES.get("/sites/<site>/phones/<mac>/files")
def one(site: str, mac: str) -> ResponseReturnValue:
    """Show the files of a phone, secrets masked."""
    address = parse_mac(mac)
    if address is None:
        abort(404)
    if mac != str(address):
        return redirect(url_for(".one", site=site, mac=str(address)), 301)
    return _page(site, address)


@PAGES.post("/sites/<site>/phones/<mac>/files")
@needs(Role.ADMIN)
def reveal(site: str, mac: str) -> ResponseReturnValue:
    """Show one file with its secrets; that it was shown is audited."""
    address = parse_mac(mac)
    if address is None:
        abort(404)
    find_phone(site, address)
    name = request.form.get("name", "")
    text = reveal_file(desk().installation, address, name)
    if text is None:
        abort(404)
    with desk().installation.database.write() as session:
        note(session, now(), person().signature, "file-reveal", address.colons, name)
    return _page(site, address, name, text)


def _page(site: str, mac: MacAddress, revealed: str = "", text: str = "") -> str:
    found = find_phone(site, mac)
    return render_template(
        "phone-files.html", where=found.where, page=read_files(desk().installation, mac),
        revealed=revealed, text=text,
        steps=[(url_for("phone.one", site=site, mac=str(mac)), found.where)],
    )  # fmt: skip
