"""The WSGI callable in front of Flask: phones' files take the short way.

A request whose path is a phone's (``/p/<token>/...``, or a name some vendor's devices ask for)
is answered here; everything else goes to the pages. All refusals are the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from provisioner.access import inside
from provisioner.answers import Answer, Outcome
from provisioner.config import Http
from provisioner.delivery import Delivery
from provisioner.identify import FetchRequest, read_name, split_path
from provisioner.mac import MacAddress, parse_mac

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from provisioner.catalogue.loader import Catalogue

WsgiApp = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

NOT_FOUND_BODY = b"not found\n"
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_COMMON = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_STATUS = {
    Outcome.SENT: "200 OK",
    Outcome.NOT_MODIFIED: "304 Not Modified",
    Outcome.NOT_FOUND: "404 Not Found",
    Outcome.BUSY: "503 Service Unavailable",
}


class PhonePlane:
    """Answers phones, and passes people on to the pages.

    Attributes:
        close: to be called at the end, once: it writes down what is still in memory.
    """

    def __init__(
        self,
        delivery: Delivery,
        catalogue: Catalogue,
        pages: WsgiApp,
        settings: Http,
        close: Callable[[], object] = lambda: None,
    ) -> None:
        self.close = close
        self._delivery = delivery
        self._catalogue = catalogue
        self._pages = pages
        self._proxies = settings.trusted_proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if not self.is_for_phones(path):
            return self._pages(environ, start_response)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            headers = [_TEXT, ("Allow", "GET, HEAD"), ("Content-Length", "0"), *_COMMON]
            start_response("405 Method Not Allowed", headers)
            return []
        answer = self._delivery.answer(self._request(environ, path))
        return _send(answer, start_response, head=environ["REQUEST_METHOD"] == "HEAD")

    def is_for_phones(self, path: str) -> bool:
        """Whether a path is a phone's rather than a page's."""
        if path.startswith("/p/"):
            return True
        _, name = split_path(path)
        roles, _, _ = read_name(self._catalogue, name)
        return bool(roles)

    def _request(self, environ: WSGIEnvironment, path: str) -> FetchRequest:
        address, scheme, client_mac = self._peer(environ)
        return FetchRequest(
            protocol=scheme,
            path=path,
            address=address,
            agent=environ.get("HTTP_USER_AGENT", ""),
            if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
            client_mac=client_mac,
        )

    def _peer(self, environ: WSGIEnvironment) -> tuple[str, str, MacAddress | None]:
        """Address, scheme and certificate MAC; headers count only from trusted proxies."""
        address = environ.get("REMOTE_ADDR", "")
        scheme = environ.get("wsgi.url_scheme", "http")
        if not self._proxies or not inside(address, self._proxies):
            return address, scheme, None
        hops = [h.strip() for h in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if h.strip()]
        while hops and inside(address, self._proxies):
            address = hops.pop()
        scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
        return address, "https" if scheme == "https" else "http", _certificate_mac(environ)


def _certificate_mac(environ: dict[str, Any]) -> MacAddress | None:
    """The MAC in a client certificate's name that the proxy has verified."""
    if environ.get("HTTP_X_SSL_CLIENT_VERIFY") != "SUCCESS":
        return None
    name = environ.get("HTTP_X_SSL_CLIENT_S_DN", "")
    for part in name.replace("/", ",").split(","):
        key, _, value = part.strip().partition("=")
        if key.upper() == "CN":
            return parse_mac(value)
    return None


def _send(answer: Answer, start_response: StartResponse, *, head: bool) -> Iterable[bytes]:
    body = NOT_FOUND_BODY if answer.outcome is Outcome.NOT_FOUND else answer.body
    headers = [("Content-Type", answer.media_type), *_COMMON]
    if answer.digest:
        headers.append(("ETag", f'"{answer.digest}"'))
    if answer.outcome is Outcome.BUSY:
        headers.append(("Retry-After", "10"))
    if answer.outcome is not Outcome.NOT_MODIFIED:
        headers.append(("Content-Length", str(len(body))))
    start_response(_STATUS[answer.outcome], headers)
    return [] if head or answer.outcome is Outcome.NOT_MODIFIED else [body]
