"""For installers: floors and rooms, how far each has come, adding rooms, which one is next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import Field
from sqlalchemy import select

from provisioner.edits.edit import Edit, EditError
from provisioner.inventory.tables import RoomRow
from web.accounts.people import Role
from web.labels.gathering import Request
from web.labels.links import sign
from web.pages.access import needs, person
from web.pages.desk import desk
from web.pages.formats import zone_named
from web.pages.forms import Form, FormModel, blank, filled
from web.pages.install.adding import AddingError, Row, rooms_to_add
from web.pages.install.floors import (
    RoomProgress,
    by_floor,
    next_room,
    read_rooms,
    usual_template,
)
from web.pages.install.ground import Ground, read_ground, worded
from web.pages.language import current, gettext, ngettext

PAGES = Blueprint("install", __name__)
LINK_FOR = timedelta(hours=1)
"""How long a page of key sheets can be opened again."""
NO_FLOOR = "-"
"""What an address calls rooms without a floor."""


class AddForm(FormModel):
    """Rooms to be added."""

    first: Annotated[str, Field(max_length=64)]
    last: Annotated[str, Field(max_length=64)] = ""
    floor: Annotated[str, Field(max_length=32)] = ""
    template: Annotated[str, Field(max_length=64)] = ""
    prefix: Annotated[str, Field(max_length=16, pattern=r"^[A-Za-z0-9]*$")] = ""
    numbered: bool = False


def ground_of(site: str) -> Ground:
    """Return a site, or end with "not found"; times are of its zone from then on."""
    installation = desk().installation
    with installation.database.read() as session:
        ground = read_ground(session, installation, site)
    if ground is None:
        abort(404)
    g.zone = zone_named(ground.site.timezone)
    return ground


def templates_to_choose(ground: Ground) -> list[tuple[str, str]]:
    """Return room templates as pairs of id and words, by their words."""
    found = [(t.id, worded(t.name, current(), t.id)) for t in ground.templates.values()]
    return sorted(found, key=lambda pair: pair[1].casefold())


@PAGES.get("/sites/<site>/install")
@needs(Role.INSTALLER)
def floors(site: str) -> ResponseReturnValue:
    """Show floors and rooms with how far they have come."""
    ground = ground_of(site)
    rooms = read_rooms(desk().installation, ground, current())
    form = blank(AddForm, template=usual_template(rooms) or "guest-room", numbered=True)
    return _floors_page(ground, rooms, form)


def _floors_page(
    ground: Ground, rooms: tuple[RoomProgress, ...], form: Form[AddForm]
) -> ResponseReturnValue:
    wanted = request.args.get("floor")
    chosen = "" if wanted == NO_FLOOR else wanted
    return render_template(
        "install.html", ground=ground, rooms=rooms, floors=by_floor(rooms, chosen), form=form,
        next_room=next_room(rooms), templates=templates_to_choose(ground), no_floor=NO_FLOOR,
    )  # fmt: skip


@PAGES.post("/sites/<site>/install")
@needs(Role.INSTALLER)
def add(site: str) -> ResponseReturnValue:
    """Add a room, or a row of rooms."""
    ground = ground_of(site)
    installation = desk().installation
    form = filled(AddForm, request.form)
    wish = form.data
    added = 0
    if wish is not None:
        try:
            with installation.database.read() as session:
                of_rooms = select(RoomRow.id, RoomRow.extension).where(RoomRow.site_id == site)
                held = {row.id: row.extension for row in session.execute(of_rooms)}
            extensions = {extension: room for room, extension in held.items() if extension}
            documents = rooms_to_add(Row(**wish.model_dump()), held, extensions)
            installation.edits.apply(Edit(site, rooms=documents), who=person().signature)
            added = len(documents)
        except AddingError as problem:
            form.refuse(problem.field, problem.sentence)
        except EditError as problem:
            form.refuse("", problem.problems[0].sentence)
    if not added:
        rooms = read_rooms(installation, ground, current())
        return _floors_page(ground, rooms, form), 422  # type: ignore[return-value]
    flash(
        ngettext("One room is added.", "%(num)s rooms are added.", added) % {"num": added}, "good"
    )
    floor = wish.floor if wish is not None else ""
    return redirect(url_for(".floors", site=site, floor=floor or None), 303)


@PAGES.get("/sites/<site>/install/next")
@needs(Role.INSTALLER)
def after(site: str) -> ResponseReturnValue:
    """Go to the next room without phones; the template is kept."""
    rooms = read_rooms(desk().installation, ground_of(site), current())
    found = next_room(rooms, request.args.get("after", ""))
    if found is None:
        flash(gettext("There is no room without phones any more."), "good")
        return redirect(url_for(".floors", site=site), 303)
    kept = {name: request.args.get(name) for name in ("template", "instead")}
    return redirect(url_for(".room", site=site, room=found, **kept), 303)  # type: ignore[arg-type]


@PAGES.get("/sites/<site>/rooms/<room>/labels")
@needs(Role.INSTALLER)
def labels(site: str, room: str) -> ResponseReturnValue:
    """Open the key sheets of a room, to print."""
    ground_of(site)
    until = datetime.now(UTC) + LINK_FOR
    signed = sign(desk().installation.box, Request(site, room), until)
    return redirect(url_for("labels.show", signed=signed, language=current()), 303)
