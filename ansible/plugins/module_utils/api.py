# MIT License (see LICENSE in the root of the project)
"""bellwire's API, as modules and the inventory plugin speak it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from ansible.module_utils.urls import open_url

ROOT = "/api/v1"
Json = Any
HIDDEN = "********"
WEBHOOK = ("webhook", "url")
NOT_FOUND = 404
STALE = 412
ARGUMENTS = {
    "url": {"type": "str", "required": True},
    "token": {"type": "str", "required": True, "no_log": True},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
}
_SECRET = re.compile(r"(?:.*_)?(?:secret|password|community|pin|auth|priv|local_code|token)")


class ApiError(Exception):
    """The API refused, or did not answer.

    Attributes:
        status: of HTTP; 0: there was no answer.
        errors: what is wrong, each with C(pointer) and C(detail).
    """

    def __init__(
        self, told: str, status: int = 0, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(told)
        self.status = status
        self.errors = errors or []


class Api:
    """A server, and the token that it is asked with.

    Args:
        url: without the path of the API.
        token: of a user.
        validate_certs, ca_path, timeout: as Ansible's own modules take them.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: int = 30,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.username:
            raise ApiError("url must be such as https://prov.aurora.example, without a user")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.rstrip("/")
        self._token = token
        self._options = {
            "validate_certs": validate_certs, "ca_path": ca_path, "timeout": timeout,
        }  # fmt: skip

    def get(self, path: str, **query: object) -> Json:
        """Return a document."""
        return self.ask("GET", path, query=query)[0]

    def pages(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """Yield the items of a list, page by page."""
        found = self.get(path, **query)
        while True:
            yield from found["items"]
            if not found.get("next"):
                return
            # the next page is asked of the same server, whatever the address says
            following = urlsplit(found["next"])
            inner = following.path.rpartition(ROOT)[2] or path
            found = self.ask("GET", inner, raw_query=following.query)[0]

    def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        raw_query: str = "",
    ) -> tuple[Json, str]:
        """Send a request; return the answer's JSON and its ETag, quotes and all.

        Raises:
            ApiError: refused, or no answer.
        """
        written = raw_query or urlencode({n: _written(v) for n, v in (query or {}).items()})
        address = self._origin + self._prefix + ROOT + path + ("?" + written if written else "")
        sent = {"Authorization": "Bearer " + self._token, "Accept": "application/json"}
        sent.update(headers or {})
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode("utf-8")
            sent["Content-Type"] = "application/json"
        try:
            answer = open_url(
                address, method=method, data=data, headers=sent, follow_redirects="none",
                use_netrc=False, http_agent="bellwire.hotel", **self._options
            )  # fmt: skip
            text, tag = answer.read(), answer.headers.get("ETag") or ""
        except HTTPError as problem:
            raise refusal(problem.code, problem.read()) from None
        except (URLError, OSError, ValueError) as problem:
            why = getattr(problem, "reason", None) or problem
            raise ApiError(f"{self._origin} does not answer: {why}") from None
        return _json(text, address), tag


def refusal(status: int, text: bytes) -> ApiError:
    """Return what an error of the API says (RFC 9457); texts of other servers are not shown."""
    try:
        told = json.loads(text)
        detail, errors = told["detail"], told.get("errors", [])
    except (ValueError, KeyError, TypeError):
        return ApiError(f"{status}: this is not bellwire's API; is url right?", status)
    places = [e["pointer"] + ": " + e["detail"] for e in errors if e.get("pointer")]
    more = [place for place in places if place not in detail and place.lstrip("/") not in detail]
    return ApiError("; ".join([detail, *more[:5]]), status, errors)


def _json(text: bytes, address: str) -> Json:
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise ApiError(f"what {address.partition('?')[0]} answers is no JSON") from None


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def hidden(value: Json, inside: str = "") -> Json:
    """Return a part of a site with its secrets hidden, for output."""
    if isinstance(value, dict):
        return {n: HIDDEN if is_secret(n, v, inside) else hidden(v, n) for n, v in value.items()}
    if isinstance(value, list):
        return [hidden(item, inside) for item in value]
    return value


def secrets_in(value: object, inside: str = "") -> Iterator[str]:
    """Yield the secrets of a part of a site."""
    if isinstance(value, list):
        for each in value:
            yield from secrets_in(each, inside)
    for name, each in value.items() if isinstance(value, dict) else ():
        if is_secret(name, each, inside):
            yield str(each)
        else:
            yield from secrets_in(each, name)


def is_secret(name: str, value: object, inside: str = "") -> bool:
    """Whether a value of that name in a site file is a secret; C(inside) is the name above it."""
    is_plain = isinstance(value, str | int) and not isinstance(value, bool)
    return is_plain and (bool(_SECRET.fullmatch(name)) or (inside, name) == WEBHOOK)
