"""Lists of rooms and phones: paste or upload, mend every problem in its cell, store all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from provisioner.bulk.cells import Column, ListRow
from provisioner.bulk.columns import PastedList, list_of
from provisioner.bulk.tables import is_spreadsheet, table_of, text_of
from provisioner.bulk.writing import EXAMPLE, csv_of
from provisioner.whole_numbers import whole_number
from web.accounts.people import Role
from web.overview.wording import by_number
from web.pages.access import needs, person
from web.pages.desk import desk
from web.pages.install.ground import Ground
from web.pages.install.listing import (
    Defaults,
    Looked,
    apply_list,
    known_of,
    look_at_list,
    rows_stored,
)
from web.pages.install.sentences import COLUMNS, say
from web.pages.language import N_, gettext, ngettext
from web.pages.views.install import ground_of, templates_to_choose

PAGES = Blueprint("bulk", __name__)
ROWS_MAX = 500
UNUSED = "-"
NOTHING = N_("There is no row in this list.")
WORKBOOK = N_("This is a workbook. Save it as CSV, or copy its cells and paste them here.")
TOO_MANY = N_("At most %(most)s rows are taken at once; the list has %(rows)s. Send it in parts.")


@dataclass(frozen=True, slots=True)
class Sent:
    """What a browser has sent: a list to be read, or the rows of the page.

    Attributes:
        problem: why nothing can be read of it; empty: it can.
    """

    rows: tuple[ListRow, ...] = ()
    text: str = ""
    pasted: PastedList | None = None
    problem: str = ""


@PAGES.get("/sites/<site>/import")
@needs(Role.INSTALLER)
def paste(site: str) -> ResponseReturnValue:
    """Ask for a list."""
    return _page(ground_of(site), Sent(), Defaults())


@PAGES.post("/sites/<site>/import")
@needs(Role.INSTALLER)
def check(site: str) -> ResponseReturnValue:
    """Read a list, look at it again after it was edited, or store it."""
    ground, installation = ground_of(site), desk().installation
    defaults = Defaults(request.form.get("template", ""), request.form.get("model", ""))
    does = request.form.get("do", "read")
    sent = _read(ground, defaults) if does == "read" else Sent(rows_of_form(request.form))
    if not sent.rows:
        problem = sent.problem or gettext(NOTHING)
        return _page(ground, Sent(text=sent.text, problem=problem), defaults), 422
    looked = look_at_list(installation, ground, sent.rows, defaults)
    if does != "apply":
        return _page(ground, sent, defaults, looked)
    if looked.judgement.is_good and looked.edit is None:
        flash(gettext("Nothing was changed."), "good")
        return redirect(url_for("install.floors", site=site), 303)
    if looked.edit is None or not apply_list(installation, looked, looked.edit, person().signature):
        return _page(ground, sent, defaults, looked), 422
    rooms = len(looked.documents)
    told = ngettext("One room is stored.", "%(num)s rooms are stored.", rooms) % {"num": rooms}
    flash(f"{told} {_phones(looked.new_phones)}".strip(), "good")
    return redirect(url_for("install.floors", site=site), 303)


def _phones(count: int) -> str:
    if not count:
        return ""
    text = ngettext("One phone is new.", "%(num)s phones are new.", count)
    return text % {"num": count}


def _page(ground: Ground, sent: Sent, defaults: Defaults, looked: Looked | None = None) -> str:
    catalogue = ground.catalogue
    models = [(m.id, ground.model_name(m.id)) for m in catalogue.models.values() if m.dialects]
    return render_template(
        "bulk.html", ground=ground, sent=sent, defaults=defaults, looked=looked, say=say,
        columns={column: gettext(words) for column, words in COLUMNS.items()}, unused=UNUSED,
        templates=templates_to_choose(ground),
        models=sorted(models, key=lambda pair: pair[1].casefold()), rows_max=ROWS_MAX,
    )  # fmt: skip


def _read(ground: Ground, defaults: Defaults) -> Sent:
    """The list that was pasted or uploaded."""
    file = request.files.get("file")
    data = file.read() if file is not None else b""
    text = request.form.get("text", "")
    if data:
        if is_spreadsheet(data):
            return Sent(problem=gettext(WORKBOOK))
        text = text_of(data)
    known = known_of(desk().installation, ground, (), defaults)
    pasted = list_of(table_of(text), known, _chosen(request.form) if not data else None)
    if len(pasted.rows) > ROWS_MAX:
        facts = {"most": ROWS_MAX, "rows": len(pasted.rows)}
        return Sent(text=text, problem=gettext(TOO_MANY) % facts)
    return Sent(pasted.rows, text, pasted)


def _chosen(form: Mapping[str, str]) -> dict[int, Column | None]:
    """What a person has said of columns, by ``column-0`` and so on."""
    found: dict[int, Column | None] = {}
    for name, value in form.items():
        part, _, number = name.partition("-")
        at = whole_number(number) if part == "column" else None
        if at is not None and (value in set(Column) or value == UNUSED):
            found[at] = None if value == UNUSED else Column(value)
    return found


def rows_of_form(form: Mapping[str, str]) -> tuple[ListRow, ...]:
    """Return the rows of the page as they were sent, those that are empty left out. Pure."""
    cells: dict[int, dict[Column, str]] = {}
    for name, value in form.items():
        number, _, column = name.partition("-")
        at = whole_number(number[1:]) if number[:1] == "r" else None
        if at is not None and column in set(Column) and value.strip():
            cells.setdefault(at, {})[Column(column)] = value.strip()
    ordered = [cells[number] for number in sorted(cells)][:ROWS_MAX]
    return tuple(ListRow(number, row) for number, row in enumerate(ordered, start=1))


@PAGES.get("/sites/<site>/import/example.csv")
@needs(Role.INSTALLER)
def example(site: str) -> ResponseReturnValue:
    """Send a list to be filled in."""
    ground_of(site)
    return _csv(csv_of(EXAMPLE), "bellwire-rooms.csv")


@PAGES.get("/sites/<site>/import/rooms.csv")
@needs(Role.INSTALLER)
def rooms(site: str) -> ResponseReturnValue:
    """Send the rooms and phones of the site as a list."""
    found = rows_stored(desk().installation, ground_of(site))
    found.sort(key=lambda row: by_number(row[Column.ROOM]))
    return _csv(csv_of(found), f"{site}-rooms.csv")


def _csv(text: str, name: str) -> Response:
    """Send a list as spreadsheets read it: they take UTF-8 only with its mark."""
    made = Response(text.encode("utf-8-sig"), mimetype="text/csv")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return made
