"""What a phone is answered, and what is written down about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

from provisioner.access import Reason
from provisioner.identify import FetchRequest, Identity
from provisioner.inventory.fetches import FetchEvent, WaitingPhone
from provisioner.inventory.phone_reports import PhoneReport
from provisioner.mac import MacAddress
from provisioner.phone_secrets import TOKEN_PATTERN
from provisioner.render import RenderedFile
from provisioner.reports import EVENT_FILE, read_report
from provisioner.resources import Resource, byte_range
from provisioner.shelf import Entry


class Outcome(StrEnum):
    """What the requester gets; each protocol has its own code for it."""

    SENT = "sent"
    PART = "part"
    NO_SUCH_PART = "no-such-part"
    NOT_MODIFIED = "not-modified"
    NOT_FOUND = "not-found"
    BUSY = "busy"


@dataclass(slots=True)  # not frozen: one is made for each request
class Answer:
    """A finished answer.

    Attributes:
        digest: SHA-256 of the whole file.
        start: where in the file the body begins; ``size_bytes`` is the whole file's.
        on_sent: to be called when the whole body has gone out.
        on_end: to be called, once, when nothing more of it will go out, for whatever reason.
    """

    outcome: Outcome
    body: bytes | memoryview = b""
    media_type: str = "text/plain; charset=utf-8"
    digest: str = ""
    start: int = 0
    size_bytes: int = 0
    on_sent: Callable[[], None] | None = field(default=None, compare=False)
    on_end: Callable[[], None] | None = field(default=None, compare=False)


NOT_FOUND = Answer(Outcome.NOT_FOUND)
BUSY = Answer(Outcome.BUSY)
_TOKEN = re.compile(TOKEN_PATTERN, re.IGNORECASE)


def answer_with(request: FetchRequest, file: RenderedFile | Resource | None) -> Answer:
    """Return the answer that carries a file; without one, the refusal that all look like."""
    if file is None:
        return NOT_FOUND
    if file.digest in request.if_none_match:
        return Answer(Outcome.NOT_MODIFIED, b"", file.media_type, file.digest)
    size = len(file.body)
    part = byte_range(request.byte_range, size) if _wants_part(request, file.digest) else None
    if part is None:
        sent = _when_sent(file, 0, size)
        return Answer(Outcome.SENT, file.body, file.media_type, file.digest, 0, size, sent)
    start, end = part
    if start == end:
        return Answer(Outcome.NO_SUCH_PART, b"", file.media_type, "", 0, size)
    body = file.body[start:end]
    sent = _when_sent(file, start, end)
    return Answer(Outcome.PART, body, file.media_type, file.digest, start, size, sent)


def _when_sent(file: RenderedFile | Resource, start: int, end: int) -> Callable[[], None] | None:
    on_sent = file.on_sent if isinstance(file, Resource) else None
    return partial(on_sent, start, end) if on_sent else None


def _wants_part(request: FetchRequest, digest: str) -> bool:
    """Whether a range is asked for, and of this very file (RFC 9110 section 13.1.5)."""
    return bool(request.byte_range) and (not request.if_range or digest in request.if_range)


def events_of(
    request: FetchRequest,
    identity: Identity,
    entry: Entry | None,
    answer: Answer,
    reason: Reason,
    now: datetime,
    took_us: int,
) -> Iterator[FetchEvent | WaitingPhone | PhoneReport]:
    """Yield what is written down: the fetch, and an unknown phone as waiting.

    A phone's report is no fetch and is written down as what it is. The path is written without
    its token.
    """
    report = _report(request, identity, entry, answer, now)
    if report is not None:
        yield report
        return
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
        yield _waiting(request, identity, identity.mac, now)


def _waiting(
    request: FetchRequest, identity: Identity, mac: MacAddress, now: datetime
) -> WaitingPhone:
    return WaitingPhone(
        mac=mac,
        vendor=identity.vendor,
        model=identity.model,
        firmware=identity.firmware,
        agent=request.agent,
        address=request.address,
        via=request.protocol,
        first_seen=now,
        last_seen=now,
    )


def _report(
    request: FetchRequest, identity: Identity, entry: Entry | None, answer: Answer, now: datetime
) -> PhoneReport | None:
    """What a phone reported with a request that was answered; None: it asked for a file."""
    is_report = identity.name.lower() == EVENT_FILE and answer.outcome is not Outcome.NOT_FOUND
    if entry is None or not is_report or answer.outcome is Outcome.BUSY:
        return None
    return read_report(entry, request.query, request.address, now)
