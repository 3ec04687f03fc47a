"""The WSGI callable in front of Flask: phones' files take the short way.

A request whose path is a phone's (``/p/<token>/...``, or a name some vendor's devices ask for)
is answered here; everything else goes to the pages. All refusals are the same bytes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from provisioner.access import Network, inside
from provisioner.answers import Answer, Outcome
from provisioner.catalogue.schema import Role
from provisioner.config import Http
from provisioner.delivery import Delivery
from provisioner.identify import FetchRequest, read_name, split_path
from provisioner.mac import MacAddress, parse_mac

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from provisioner.catalogue.loader import Catalogue

WsgiApp = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]

OTHERS = ("/ui/", "/api/")
"""Where pages and API are: no phone asks there, whatever sites and rooms are called."""
PIECE_BYTES = 256 * 1024
NOT_FOUND_BODY = b"not found\n"
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_COMMON = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_STATUS = {
    Outcome.SENT: "200 OK",
    Outcome.PART: "206 Partial Content",
    Outcome.NO_SUCH_PART: "416 Range Not Satisfiable",
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
        # the server has more threads, for downloads; more than a few at work are no faster
        self._turns = threading.BoundedSemaphore(settings.threads)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if not self.is_for_phones(path):
            with self._turns:
                return self._pages(environ, start_response)
        method = environ["REQUEST_METHOD"]
        allowed = ("GET", "HEAD", "POST") if self.takes_post(path) else ("GET", "HEAD")
        if method not in allowed:
            headers = [_TEXT, ("Allow", ", ".join(allowed)), ("Content-Length", "0"), *_COMMON]
            start_response("405 Method Not Allowed", headers)
            return []
        request = request_of(environ, path, self._proxies)
        if method == "POST":  # conditions are for GET and HEAD (RFC 9110 section 13)
            request = replace(request, if_none_match="", byte_range="")
        with self._turns:
            answer = self._delivery.answer(request)
        return send(answer, start_response, head=method == "HEAD")

    def takes_post(self, path: str) -> bool:
        """Whether a phone may fetch this by POST: a phone book, with a token; the body is unread.

        Desk phones of Snom ask so for an external directory, from firmware 10.1.178 on.
        """
        token, name = split_path(path)
        roles, _, _ = read_name(self._catalogue, name)
        return bool(token) and Role.PHONEBOOK in roles.values()

    def is_for_phones(self, path: str) -> bool:
        """Whether a path is a phone's rather than a page's."""
        return is_phones_path(self._catalogue, path)


def request_of(environ: WSGIEnvironment, path: str, proxies: Sequence[Network]) -> FetchRequest:
    """Return what a phone asks; headers about somebody else count only from trusted proxies."""
    address, scheme, client_mac = peer_of(environ, proxies)
    return FetchRequest(
        protocol=scheme,
        path=path,
        address=address,
        agent=environ.get("HTTP_USER_AGENT", ""),
        if_none_match=environ.get("HTTP_IF_NONE_MATCH", ""),
        client_mac=client_mac,
        query=environ.get("QUERY_STRING", ""),
        byte_range=environ.get("HTTP_RANGE", ""),
        if_range=environ.get("HTTP_IF_RANGE", ""),
        head=environ["REQUEST_METHOD"] == "HEAD",
    )


def is_phones_path(catalogue: Catalogue, path: str) -> bool:
    """Whether a path is a phone's rather than a page's.

    What lies below the pages and the API is theirs, even where its last part is named as
    a phone's file is.
    """
    if is_for_people(path):
        return False
    if path.startswith("/p/"):
        return True
    token, name = split_path(path)
    if token:
        return True
    roles, _, _ = read_name(catalogue, name)
    return bool(roles)


def is_for_people(path: str) -> bool:
    """Whether a path is below the pages or the API."""
    return path.startswith(OTHERS)


def peer_of(
    environ: WSGIEnvironment, proxies: Sequence[Network]
) -> tuple[str, str, MacAddress | None]:
    """Return address, scheme and certificate MAC; headers count only from trusted proxies."""
    address = environ.get("REMOTE_ADDR", "")
    scheme = environ.get("wsgi.url_scheme", "http")
    if not proxies or not inside(address, proxies):
        return address, scheme, None
    hops = [h.strip() for h in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if h.strip()]
    while hops and inside(address, proxies):
        address = hops.pop()
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
    return address, "https" if scheme == "https" else "http", _certificate_mac(environ)


def _certificate_mac(environ: dict[str, Any]) -> MacAddress | None:
    """The MAC in a client certificate's name that the proxy has verified.

    The name is as RFC 2253 writes it, or in OpenSSL's older form with slashes. One with an escaped
    sign, or with two common names, is that of no phone.
    """
    name = environ.get("HTTP_X_SSL_CLIENT_S_DN", "")
    if environ.get("HTTP_X_SSL_CLIENT_VERIFY") != "SUCCESS" or "\\" in name:
        return None
    parts = name[1:].split("/") if name.startswith("/") else name.split(",")
    pairs = (part.strip().partition("=") for part in parts)
    names = [value for key, _, value in pairs if key.upper() == "CN"]
    return parse_mac(names[0]) if len(names) == 1 else None


def send(answer: Answer, start_response: StartResponse, *, head: bool) -> Iterable[bytes]:
    """Answer a request; ``head``: without the body."""
    status, headers, body = reply_of(answer)
    start_response(status, headers)
    if head or answer.outcome is Outcome.NOT_MODIFIED:
        return []
    if isinstance(body, bytes):
        return [body]
    return _Pieces(body, answer.on_sent or _nothing, answer.on_end or _nothing)


def reply_of(answer: Answer) -> tuple[str, list[tuple[str, str]], bytes | memoryview]:
    """Return status line, headers and body of an answer."""
    body = NOT_FOUND_BODY if answer.outcome is Outcome.NOT_FOUND else answer.body
    headers = [("Content-Type", answer.media_type), *_COMMON]
    if answer.digest:
        headers.append(("ETag", f'"{answer.digest}"'))
    if answer.outcome is Outcome.PART:
        last = answer.start + len(body) - 1
        headers.append(("Content-Range", f"bytes {answer.start}-{last}/{answer.size_bytes}"))
    if answer.outcome is Outcome.NO_SUCH_PART:
        headers.append(("Content-Range", f"bytes */{answer.size_bytes}"))
    if answer.outcome is Outcome.BUSY:
        headers.append(("Retry-After", "10"))
    if answer.outcome is not Outcome.NOT_MODIFIED:
        headers.append(("Content-Length", str(len(body))))
    return _STATUS[answer.outcome], headers, body


def _nothing() -> None:
    """What is called when nobody wants to know."""


class _Pieces:
    """A large file, without ever holding all of it.

    Not a generator: one that was never asked for its first piece would not notice its end.
    """

    def __init__(
        self, body: memoryview, on_sent: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        self._body = body
        self._at = 0
        self._on_sent = on_sent
        self._on_end = on_end

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._at >= len(self._body):
            sent, self._on_sent = self._on_sent, _nothing
            self.close()
            sent()
            raise StopIteration
        start, self._at = self._at, self._at + PIECE_BYTES
        return bytes(self._body[start : self._at])

    def close(self) -> None:
        """Note the end; the server calls this too (PEP 3333)."""
        self._on_end()

    def __del__(self) -> None:
        self.close()
