"""The hotel: floors of rooms with their phones' states, incidents on top; as tiles or as a list."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.overview.narrow import read_some
from web.overview.phones import phone_overview
from web.overview.values import PhoneOverview
from web.pages import language
from web.pages.access import now, person
from web.pages.desk import desk
from web.pages.formats import zone_named
from web.pages.hotel.arranging import Plan, arrange
from web.pages.hotel.board import Board, BoardPhone, read_board
from web.pages.hotel.headlines import Headlines, read_headlines
from web.pages.hotel.marks import mark_of
from web.pages.hotel.wishes import Wanted, wanted_of
from web.pages.views.overview import STALE

PAGES = Blueprint("hotel", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A phone of the list, with its sentence."""

    phone: BoardPhone
    said: PhoneOverview


@PAGES.get("/sites/<site>")
def plan(site: str) -> ResponseReturnValue:
    """Show a site; a tab that has it already, and to which nothing is new, gets 204."""
    installation, who = desk().installation, person()
    wanted, speech = wanted_of(request.args), language.current()
    mark = mark_of(installation, site, now(), who.name, str(who.role), speech, repr(wanted))
    if request.headers.get("HX-Request") and request.args.get("seen") == mark:
        return Response(status=204)
    board = read_board(installation, site, wanted)
    if board is None:
        abort(404)
    g.zone = zone_named(board.timezone)
    made = arrange(board, wanted)
    states = {phone.mac: phone.state for phone in board.phones}
    heads = read_headlines(installation, site, speech, now(), states)
    here = {"site": site, **wanted.but(page=wanted.page)}
    return render_template(
        "hotel.html", board=board, plan=made, wanted=wanted, heads=heads, mark=mark,
        is_stale=board.judged_at is not None and now() - board.judged_at > STALE,
        poll=url_for(".plan", **here, seen=mark), lines=_lines(board, made),  # type: ignore[arg-type]
        in_force=_in_force(heads), models=desk().installation.catalogue.models,
    )  # fmt: skip


def address(wanted: Wanted, site: str, **changes: str | int) -> str:
    """Return the address of the same page with another filter."""
    return url_for("hotel.plan", site=site, **wanted.but(**changes))  # type: ignore[arg-type]


@PAGES.app_context_processor
def _words() -> dict[str, object]:
    return {"hotel_address": address}


def _in_force(heads: Headlines) -> list[object]:
    return [w for w in heads.windows if w.start <= heads.voice.now]


def _lines(board: Board, made: Plan) -> list[Line]:
    """The rows of the list, each with its sentence; only these are read whole."""
    if not made.rows:
        return []
    macs = [phone.mac for phone in made.rows]
    stored = read_some(desk().installation, board.site, macs, language.current(), now())
    return [
        Line(phone, phone_overview(stored, phone.mac))
        for phone in made.rows
        if phone.mac in stored.phones
    ]
