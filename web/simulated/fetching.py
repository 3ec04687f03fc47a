"""How a simulated device reaches servers: HTTP, HTTPS and TFTP."""

from __future__ import annotations

import http.client
import random
from urllib.parse import urlsplit

from web.simulated.device import Fetched
from web.simulated.tftp_client import TftpRefusedError
from web.simulated.tftp_client import fetch as tftp_fetch

TIMEOUT_S = 20.0


def fetch(url: str, user_agent: str) -> Fetched:
    """Fetch a URL as a phone does: a new connection, no redirects, no retries by the library.

    A server that does not answer is status 0. TFTP sends no User-Agent.
    """
    parts = urlsplit(url)
    host, path = parts.hostname or "", parts.path or "/"
    try:
        if parts.scheme == "tftp":
            return _by_tftp(host, parts.port or 69, path.lstrip("/"))
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(host, parts.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"User-Agent": user_agent})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return Fetched(answer.status, answer.read(), headers)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return Fetched(0)


def _by_tftp(host: str, port: int, name: str) -> Fetched:
    try:
        return Fetched(200, tftp_fetch(host, port, name, rng=random.Random(0)))
    except TftpRefusedError:
        return Fetched(404)
