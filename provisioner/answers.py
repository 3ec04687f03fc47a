"""What a phone is answered, and what is written down about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioner.access import Reason
from provisioner.identify import FetchRequest, Identity
from provisioner.inventory.fetches import FetchEvent, WaitingPhone
from provisioner.phone_secrets import TOKEN_PATTERN
from provisioner.render import RenderedFile
from provisioner.shelf import Entry


class Outcome(StrEnum):
    """What the requester gets; each protocol has its own code for it."""

    SENT = "sent"
    NOT_MODIFIED = "not-modified"
    NOT_FOUND = "not-found"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer; ``digest`` is the body's SHA-256."""

    outcome: Outcome
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    digest: str = ""


NOT_FOUND = Answer(Outcome.NOT_FOUND)
BUSY = Answer(Outcome.BUSY)
_TOKEN = re.compile(TOKEN_PATTERN, re.IGNORECASE)


def answer_with(request: FetchRequest, file: RenderedFile | None) -> Answer:
    """Return the answer that carries a file; without one, the refusal that all look like."""
    if file is None:
        return NOT_FOUND
    if file.digest in request.if_none_match:
        return Answer(Outcome.NOT_MODIFIED, b"", file.media_type, file.digest)
    return Answer(Outcome.SENT, file.body, file.media_type, file.digest)


def events_of(
    request: FetchRequest,
    identity: Identity,
    entry: Entry | None,
    answer: Answer,
    reason: Reason,
    now: datetime,
    took_us: int,
) -> Iterator[FetchEvent | WaitingPhone]:
    """Yield what is written down: the fetch, and an unknown phone as waiting.

    The path is written without its token.
    """
    name = _TOKEN.sub("***", identity.name)  # a token in the wrong place is still a token
    shown = f"/p/***/{name}" if identity.token else f"/{name}"
    mac = entry.mac if entry else identity.mac
    yield FetchEvent(
        at=now,
        mac=mac or "",
        site=entry.site if entry else "",
        protocol=request.protocol,
        path=shown,
        address=request.address,
        agent=request.agent,
        model=identity.model,
        firmware=identity.firmware,
        outcome=str(answer.outcome),
        reason=str(reason),
        digest=answer.digest,
        size_bytes=len(answer.body),
        duration_us=took_us,
    )
    if reason is Reason.UNKNOWN_PHONE and identity.mac and identity.vendor:
        yield WaitingPhone(
            mac=identity.mac,
            vendor=identity.vendor,
            model=identity.model,
            firmware=identity.firmware,
            agent=request.agent,
            address=request.address,
            via=request.protocol,
            first_seen=now,
            last_seen=now,
        )
