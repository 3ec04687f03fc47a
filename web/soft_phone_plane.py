"""The part of the web process that gives soft phones their accounts, in front of the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from provisioner.config import Http
from provisioner.soft_phones.answering import SoftPhones, SoftRequest
from provisioner.soft_phones.apps import LINK_FOLDER
from web.phone_plane import WsgiApp, is_for_people, peer_of, send

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PATH = re.compile(rf"(?:/[^/]+)*/{LINK_FOLDER}/(?P<token>[^/]*)/?", re.IGNORECASE)


class SoftPhonePlane:
    """Answers ``/soft/<token>``, also below a folder of the site's URL; passes on the rest."""

    def __init__(self, soft_phones: SoftPhones, pages: WsgiApp, settings: Http) -> None:
        self._soft_phones = soft_phones
        self._pages = pages
        self._proxies = settings.trusted_proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        match = None if is_for_people(path) else _PATH.fullmatch(path)
        if match is None:
            return self._pages(environ, start_response)
        address, scheme, _ = peer_of(environ, self._proxies)
        method = environ["REQUEST_METHOD"]
        request = SoftRequest(
            protocol=scheme,
            token=match["token"],
            method=method,
            address=address,
            agent=environ.get("HTTP_USER_AGENT", ""),
            headers=_header_names(environ),
        )
        return send(self._soft_phones.answer(request), start_response, head=method == "HEAD")


def _header_names(environ: WSGIEnvironment) -> frozenset[str]:
    names = (name.removeprefix("HTTP_") for name in environ if name.startswith("HTTP_"))
    return frozenset(name.replace("_", "-").lower() for name in names)
