"""Who asks, and may they? Asked once for every page, before it runs; what is not allowed is not.

A page is for people who are signed in unless it is marked ``public``; one with a ``site`` in its
address exists only for those who may see that site.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from flask import Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from provisioner.inventory.tables import SiteRow
from web.accounts import sessions
from web.accounts.people import Person, Role
from web.pages.desk import desk
from web.pages.formats import zone_named
from web.pages.language import LANGUAGES, chosen
from web.pages.site_tabs import is_there
from web.phone_plane import peer_of

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
PREFIX = "/ui"
TOKEN = "token"  # noqa: S105 - the name of a field


def public(view: View) -> View:
    """Mark a page that everybody may see."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def needs(role: Role) -> Callable[[View], View]:
    """Mark a page that needs a role, besides the site in its address."""

    def mark(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return mark


def person() -> Person:
    """Return who is signed in; only for pages that are not public."""
    who: Person = g.person
    return who


def now() -> datetime:
    """Return when the request came, naive UTC: one time for all of an answer."""
    at: datetime = g.now
    return at


def is_page(path: str) -> bool:
    """Whether a path is one of the pages'."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def arrive() -> ResponseReturnValue | None:
    """Find out who asks and whether they may; None: go on to the page."""
    if not is_page(request.path) or request.blueprint == "assets":
        return None
    proxies = desk().installation.settings.http.trusted_proxies
    address, scheme, _ = peer_of(request.environ, proxies)
    g.now, g.address, g.is_https = desk().now(), address, scheme == "https"
    g.person = _signed_in()
    if g.person is None and request.args.get("language") in LANGUAGES:
        session["language"] = request.args["language"]
    wishes = [g.person.language if g.person else "", session.get("language", "")]
    g.language = chosen(wishes, request.accept_languages)
    g.find_zone = _zone
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(400)  # besides the token of the form, which other sites do not know either
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_public", False):
        return None
    if g.person is None:
        return _to_sign_in()
    refusal = refused(g.person, getattr(view, "needed_role", None), request.view_args or {})
    if refusal:
        abort(refusal)
    site = (request.view_args or {}).get("site")
    if site is not None and not is_there(site):
        abort(404)
    return None


def refused(who: Person, role: Role | None, view_args: dict[str, object]) -> int:
    """Return the HTTP status of a refusal, or 0.

    What one may not see is not there (404). Only on a site that one sees may it be said that it
    is one's role that is lacking (403). Pure.
    """
    site = view_args.get("site")
    if site is not None and not who.sees(str(site)):
        return 404
    if role is None or who.is_at_least(role):
        return 0
    return 404 if site is None else 403


def _signed_in() -> Person | None:
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return None
    database = desk().installation.database
    with database.read() as reading:
        found = sessions.person_of(reading, token, g.now)
    if found is None:
        session.pop(TOKEN)
        return None
    who, seen_at = found
    if who.session_id is not None and g.now - seen_at >= sessions.SEEN_EVERY:
        try:
            with database.write() as writing:
                sessions.seen(writing, who.session_id, g.now)
        except OperationalError:  # somebody writes for long; the next request notes it
            log.debug("could not note that session %d is in use", who.session_id)
    return who


def _to_sign_in() -> ResponseReturnValue:
    """Send a browser to sign in, and afterwards back to where it wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for("entry.sign_in", next=wanted)
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": url_for("entry.sign_in")})
    return redirect(address, 303)


def _zone() -> tzinfo:
    """The time zone of the sites somebody sees, when they share one; else UTC."""
    who: Person | None = g.person
    if who is None:
        return UTC
    query = select(SiteRow.timezone).distinct()
    if not who.sees_all:
        query = query.where(SiteRow.id.in_(who.sites))
    with desk().installation.database.read() as reading:
        names = list(reading.scalars(query.limit(2)))
    return zone_named(names[0]) if len(names) == 1 else UTC


def is_inside(address: str) -> bool:
    """Whether an address to go on to is a page of ours, not another server's."""
    plain = address.isprintable() and "\\" not in address and "//" not in address
    return plain and is_page(address.split("?", 1)[0])
