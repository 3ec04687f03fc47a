"""Key sheets in a browser, behind a signed link that ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from provisioner.errors import InventoryError, UnknownThingError
from web.installation import Installation
from web.labels.gathering import gather
from web.labels.links import ExpiredLinkError, WrongLinkError, read
from web.labels.page import Page, write
from web.labels.words import languages_known

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def labels_pages(
    installation: Installation, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Blueprint:
    """Return the pages below ``/labels/``.

    Args:
        installation: the opened data folder.
        now: the time, with a time zone.
    """
    pages = Blueprint("labels", __name__)

    @pages.get("/labels/<signed>")
    def show(signed: str) -> Response:
        """Show the sheets that a link is good for, with a button to print them."""
        try:
            wanted = read(installation.box, signed, now())
            printout = gather(installation, wanted).printout
        except ExpiredLinkError as problem:
            return _plain(f"{problem}\n", 410)
        except (WrongLinkError, UnknownThingError):
            return _plain("not found\n", 404)
        except InventoryError as problem:
            return _plain(f"{problem}\n", 422)
        return _sheet(write(printout, staff=_staff()))

    return pages


def _staff() -> str:
    """The language of whoever prints: as the page before said, or as their browser wants."""
    known = languages_known()
    accepted = (value.split("-")[0].lower() for value, _ in request.accept_languages)
    wishes = (request.args.get("language", ""), *accepted)
    return next((wish for wish in wishes if wish in known), "en")


def _sheet(page: Page) -> Response:
    policy = f"{_NOTHING}; style-src {page.style_hash}; script-src {page.script_hash}"
    headers = {**_HEADERS, "Content-Security-Policy": policy}
    return Response(page.html, mimetype="text/html", headers=headers)


def _plain(text: str, status: int) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": _NOTHING}
    return Response(text, status, mimetype="text/plain", headers=headers)
