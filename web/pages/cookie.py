"""The one cookie of the pages: signed, unreadable to scripts, and sent by HTTPS only if it can be.

Phones may be served by plain HTTP from the same port, so whether a page came by HTTPS is known
only when it is asked for. By HTTPS the name has the prefix ``__Host-``, with which a browser
lets nobody but this very host set it (RFC 6265bis section 4.1.3.2).
"""

from __future__ import annotations

import hashlib

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from provisioner.config import Http
from provisioner.secrets import Box
from web.accounts.sessions import LONGEST
from web.phone_plane import peer_of

NAME = "bellwire"


def is_https(settings: Http) -> bool:
    """Whether the request came by HTTPS, perhaps to a trusted proxy."""
    return peer_of(request.environ, settings.trusted_proxies)[1] == "https"


class CookieOfPages(SecureCookieSessionInterface):
    """Flask's signed cookie, with flags by request; signed with SHA-256."""

    digest_method = staticmethod(hashlib.sha256)
    salt = "bellwire-pages"

    def __init__(self, settings: Http) -> None:
        self._settings = settings

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002 - Flask's signature
        """The name tells how it may travel."""
        return f"__Host-{NAME}" if is_https(self._settings) else NAME

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        """By HTTPS only, when it came so."""
        return is_https(self._settings)


def set_up_cookie(app: Flask, box: Box, settings: Http) -> None:
    """Sign the cookie with keys of its own, made from those of the key file."""
    keys = box.derived("cookie of the pages")
    app.config.update(
        SECRET_KEY=keys[0],
        SECRET_KEY_FALLBACKS=list(keys[1:]),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LONGEST,
    )
    app.session_interface = CookieOfPages(settings)
