"""Errors as pages: what happened, and where to go from here. One table.

Outside the pages an error is plain text, and the one of a path that is not there is the very
answer that phones and those who guess get.
"""

from __future__ import annotations

from flask import Flask, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, NotFound

from provisioner.errors import UnknownThingError
from web.pages.access import is_page
from web.pages.language import N_, gettext
from web.phone_plane import NOT_FOUND_BODY

WORDS: dict[int, tuple[str, str]] = {
    400: (
        N_("That could not be understood"),
        N_("The browser sent something that is not what this page asks for."),
    ),
    403: (
        N_("That is not for you to change"),
        N_("You may look here, but your role is not enough for this."),
    ),
    404: (
        N_("There is no such page"),
        N_("The address may be mistyped, or the thing it stood for is gone."),
    ),
    405: (
        N_("That does not work here"),
        N_("This address cannot be used in this way."),
    ),
    413: (
        N_("That is too large"),
        N_("The form or file is larger than this page takes."),
    ),
    429: (
        N_("Too many attempts"),
        N_("Wait a few minutes, then try again."),
    ),
    500: (
        N_("Something went wrong"),
        N_("It is written in the server's log. Nothing was changed."),
    ),
    503: (
        N_("Too busy just now"),
        N_("Try again in a moment."),
    ),
}
STALE = (
    N_("This page was open for too long"),
    N_("Nothing was changed. Go back, load the page again and repeat it."),
)


def set_up_failures(app: Flask) -> None:
    """Answer every error with a page, or plainly where there are no pages."""

    @app.errorhandler(HTTPException)
    def failed(problem: HTTPException) -> ResponseReturnValue:
        status = problem.code or 500
        if problem.response is not None:
            return problem.get_response()
        if not is_page(request.path) or "person" not in g:
            return _plain(problem, status)
        title, text = STALE if isinstance(problem, CSRFError) else _words(status)
        page = render_template(
            "failure.html", status=status, title=gettext(title), text=gettext(text)
        )
        return Response(page, status, headers=_kept(problem), mimetype="text/html")

    @app.errorhandler(UnknownThingError)
    def missing(_: UnknownThingError) -> ResponseReturnValue:
        return failed(NotFound())


def _words(status: int) -> tuple[str, str]:
    return WORDS.get(status, WORDS[400 if status < 500 else 500])  # noqa: PLR2004 - RFC 9110


def _kept(problem: HTTPException) -> list[tuple[str, str]]:
    """What an error says in headers, such as Allow and Retry-After, but for its page's type."""
    return [(n, v) for n, v in problem.get_headers() if n.lower() != "content-type"]


def _plain(problem: HTTPException, status: int) -> Response:
    body = NOT_FOUND_BODY if status == 404 else f"{problem.name.lower()}\n".encode()  # noqa: PLR2004
    made = Response(body, status, headers=_kept(problem), mimetype="text/plain")
    made.headers["Cache-Control"] = "no-store"
    made.headers["X-Content-Type-Options"] = "nosniff"
    return made
