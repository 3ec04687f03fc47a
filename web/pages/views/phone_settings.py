"""Why is this 60? The settings of a phone with their origin, and setting one at the right layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.edits.edit import EditError
from provisioner.errors import BellwireError
from provisioner.inventory.tables import PhoneRow
from provisioner.kit import PhoneKit
from provisioner.mac import MacAddress, parse_mac
from web.accounts.people import Role
from web.overview.narrow import read_some
from web.pages import language
from web.pages.access import needs, now, person
from web.pages.change.phone_values import (
    LAYER_ROLES,
    LAYER_WORDS,
    LAYERS,
    Field,
    edit_for,
    field_of,
    reach_of,
    rows_of,
    said_of,
)
from web.pages.change.yaml_parts import from_yaml
from web.pages.desk import desk
from web.pages.forms import Form, FormModel
from web.pages.language import N_, gettext
from web.pages.views.change import preview_page

PAGES = Blueprint("phone_settings", __name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A phone: its kit, or why it has none."""

    mac: str
    kit: PhoneKit | None
    where: str
    problem: str = ""


@PAGES.get("/sites/<site>/phones/<mac>/settings")
def one(site: str, mac: str) -> ResponseReturnValue:
    """Show the settings of a phone."""
    address = parse_mac(mac)
    if address is None:
        abort(404)
    if mac != str(address):
        return redirect(url_for(".one", site=site, mac=str(address)), 301)
    found = find_phone(site, address)
    name = request.args.get("setting", "")
    form: Form[FormModel] = Form({"layer": "phone"})
    return _page(site, found, name, form)


@PAGES.post("/sites/<site>/phones/<mac>/settings")
@needs(Role.INSTALLER)
def look(site: str, mac: str) -> ResponseReturnValue:
    """Show what it would do to set a value at a layer; nothing is stored."""
    address = parse_mac(mac)
    if address is None:
        abort(404)
    found = find_phone(site, address)
    name, layer = request.form.get("setting", ""), request.form.get("layer", "")
    field = field_of(found.kit, name) if found.kit else None
    if found.kit is None or field is None or layer not in LAYERS:
        abort(404)
    if not person().is_at_least(LAYER_ROLES[layer]):
        abort(403)
    form: Form[FormModel] = Form({"layer": layer, "value": request.form.get("value", "")})
    if field.kind == "secret":
        form.values.pop("value")
    try:
        value = None if "remove" in request.form else _value(field, request.form.get("value", ""))
    except ValueError as problem:
        form.refuse("value", str(problem))
        return _page(site, found, name, form), 422
    return _preview(site, found, name, form, value)


def _preview(
    site: str, found: Found, name: str, form: Form[FormModel], value: Any  # noqa: ANN401 - any JSON
) -> ResponseReturnValue:  # fmt: skip
    installation, kit = desk().installation, found.kit
    if kit is None:
        abort(404)
    with installation.database.read() as session:
        edit = edit_for(session, installation.box, kit, form.value("layer"), name, value)
    try:
        return preview_page(edit, url_for(".one", site=site, mac=str(kit.phone.mac)))
    except EditError as problem:
        form.refuse("value", "; ".join(each.sentence for each in problem.problems))
        return _page(site, found, name, form), 422


def _value(field: Field, text: str) -> Any:  # noqa: ANN401 - any JSON
    if field.kind in {"text", "choice"}:
        return text.strip()
    if field.kind == "secret":
        if not text:
            raise ValueError(gettext(N_("Write the new value; or remove it.")))
        return text
    written = from_yaml(text)
    if written.error:
        raise ValueError(written.error)
    if written.value is None and field.kind != "yaml":
        raise ValueError(gettext(N_("This is needed.")))
    return [] if written.value is None else written.value


def find_phone(site: str, mac: MacAddress) -> Found:
    """Return a phone of a site with its kit; aborts with 404 when the site has none of this MAC."""
    installation = desk().installation
    with installation.database.read() as session:
        row = session.get(PhoneRow, str(mac))
        if row is None or row.site_id != site:
            abort(404)
        try:
            kit, problem = installation.press.kit(session, mac), ""
        except BellwireError as refused:
            kit, problem = None, str(refused)
    stored = read_some(installation, site, [mac], language.current(), now(), states=False)
    g.zone = stored.voice.zone
    return Found(str(mac), kit, stored.phones[mac].place, problem)


def _page(site: str, found: Found, name: str, form: Form[FormModel]) -> str:
    kit, installation = found.kit, desk().installation
    field = field_of(kit, name) if kit and name else None
    if kit and field:
        with installation.database.read() as session:
            reach = reach_of(session, kit)
        names = {"room": kit.room.id, "preset": kit.phone.preset}
        layers = [
            (layer, gettext(LAYER_WORDS[layer]) % {"name": names.get(layer, "")}, reach[layer])
            for layer in LAYERS
            if person().is_at_least(LAYER_ROLES[layer])
        ]
        form.values.setdefault("value", field.value)
    else:
        layers = []
    return render_template(
        "phone-settings.html", found=found, where=found.where, field=field, form=form,
        sections=rows_of(kit) if kit else {}, layers=layers, everything="all" in request.args,
        said=said_of(installation.catalogue, kit, name) if kit and field else [],
        warnings=kit.warnings if kit else (),
        steps=[(url_for("phone.one", site=site, mac=found.mac), found.where)],
    )  # fmt: skip
