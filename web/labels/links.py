"""Links to key sheets: signed, and good for a limited time."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from provisioner.errors import BellwireError
from provisioner.secrets import Box
from web.labels.gathering import Request

_PURPOSE = "bellwire labels link 1"


class WrongLinkError(BellwireError):
    """A link was not made here, or was altered."""


class ExpiredLinkError(BellwireError):
    """A link is too old."""


def sign(box: Box, request: Request, until: datetime) -> str:
    """Return the last part of a link's path.

    Args:
        box: of the installation; the link is good while its newest key is kept.
        request: what the link shows.
        until: when it ends; with a time zone.
    """
    told = {name: value for name, value in asdict(request).items() if value}
    return str(_serializer(box).dumps({"until": int(until.timestamp()), "show": told}))


def read(box: Box, signed: str, now: datetime) -> Request:
    """Return what a link shows.

    Raises:
        WrongLinkError: its signature is not ours.
        ExpiredLinkError: its time is over.
    """
    try:
        told = _serializer(box).loads(signed)
        until, show = told["until"], told["show"]
        lists: dict[str, Any] = {n: tuple(show.pop(n, ())) for n in ("kinds", "languages")}
        request = Request(**show, **lists)
    except (BadData, KeyError, TypeError) as problem:
        raise WrongLinkError("this link is not a link to a key sheet") from problem
    if now.timestamp() >= until:
        raise ExpiredLinkError("this link has expired; ask for a new one")
    return request


def _serializer(box: Box) -> URLSafeSerializer:
    keys = list(reversed(box.derived(_PURPOSE)))  # it signs with the last one
    return URLSafeSerializer(keys, salt=_PURPOSE, signer_kwargs={"digest_method": hashlib.sha256})
