"""The API in a Flask application."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect

from web.api.answering import ROOT, answer
from web.api.bearer import Bearers
from web.api.problems import problem_of
from web.api.routing import Routes
from web.api.table import OPERATIONS
from web.installation import Installation
from web.pages.desk import desk

ROUTES = Routes(OPERATIONS)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def add_api(app: Flask, installation: Installation) -> None:
    """Add the API; after the pages, whose desk and clock it shares.

    Args:
        app: with the pages in it.
        installation: the opened data folder.
    """
    bearers = Bearers(installation.database)

    def view(path: str = "") -> ResponseReturnValue:
        operation, names = ROUTES.find(request.method, path)
        return answer(operation, desk(), bearers, request, names)

    routes = Blueprint("api", __name__)
    for rule in ("", "/<path:path>"):
        routes.add_url_rule(
            rule, "operation", view, methods=_METHODS, provide_automatic_options=False,
            merge_slashes=False,
        )  # fmt: skip
    routes.register_error_handler(Exception, _failed)
    routes.after_request(_leave)
    guard: CSRFProtect = app.extensions["csrf"]
    guard.exempt(routes)  # cookies open nothing here, so nobody can misuse them
    app.register_blueprint(routes, url_prefix=ROOT)
    app.before_request(_lost)


def _failed(error: Exception) -> Response:
    return problem_of(error, request.method).response()


def _lost() -> Response | None:
    """Answer what the web framework has no rule for: a slash too many, methods nobody knows."""
    if request.routing_exception is None or not f"{request.path}/".startswith(f"{ROOT}/"):
        return None
    return _leave(_failed(request.routing_exception))


def _leave(made: Response) -> Response:
    for name, value in _HEADERS.items():
        made.headers.setdefault(name, value)
    return made
