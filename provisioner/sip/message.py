"""SIP messages as values: what arrives is checked once, here, and never raises anything else.

A message is a start line, a tuple of header fields and a body (RFC 3261 section 7). Framing is
ours, because phones send request URIs and reason phrases that a strict grammar refuses; the values
inside a header are read in ``headers.py``, which asks the ``sipmessage`` library.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from sipmessage.message import COMPACT_FORMS

from provisioner.sip.headers import CSeq, MalformedMessageError, Via, parse_cseq, parse_vias

__all__ = [
    "MAX_HEADERS",
    "MAX_MESSAGE_BYTES",
    "MalformedMessageError",
    "SipMessage",
    "SipRequest",
    "SipResponse",
    "parse_message",
]

MAX_MESSAGE_BYTES = 65_535  # RFC 3261 section 18.1.1: the limit of a UDP message
MAX_HEADERS = 128

Fields = tuple[tuple[str, str], ...]

_SIP_VERSION = "SIP/2.0"
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")  # RFC 3261 section 25.1
_URI_TEXT = re.compile(r"[^\x00-\x20\x7f-\xa0\ud800-\udc7f\udd00-\udfff]+")
# The surrogates from U+DC80 carry bytes that were not UTF-8 through us unchanged (PEP 383).
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udc7f\udd00-\udfff]")
_NEEDED = ("Via", "From", "To", "Call-ID", "CSeq")  # RFC 3261 section 8.1.1
_STATUS_LOWEST = 100
_STATUS_HIGHEST = 699
_FINAL = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SipMessage(ABC):
    """What requests and responses share.

    Attributes:
        headers: name and value of every header field in order; names as written, compact forms
            spelled out. ``Content-Length`` is written by ``encode`` and need not be given.
        body: the body, empty for most messages here.
    """

    headers: Fields = ()
    body: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Refuse what would break out of its line (RFC 3261 section 25.1)."""
        if len(self.headers) > MAX_HEADERS:
            raise MalformedMessageError(f"{len(self.headers)} header fields; {MAX_HEADERS} allowed")
        for name, value in self.headers:
            if not _TOKEN.fullmatch(name):
                raise MalformedMessageError(f"{name[:40]!r} is not a header name")
            if _FORBIDDEN.search(value):
                raise MalformedMessageError(f"the {name} header holds a control character")

    def header(self, name: str) -> str | None:
        """Return the first value of header ``name``, in any letter case, or None."""
        return next(iter(self.headers_named(name)), None)

    def headers_named(self, name: str) -> tuple[str, ...]:
        """Return all values of header ``name`` in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def needed(self, name: str) -> str:
        """Return the first value of header ``name``.

        Raises:
            MalformedMessageError: the message has no such header.
        """
        value = self.header(name)
        if value is None:
            raise MalformedMessageError(f"there is no {name} header")
        return value

    @property
    def cseq(self) -> CSeq:
        """The sequence number and method (RFC 3261 section 20.16)."""
        return parse_cseq(self.needed("CSeq"))

    @property
    def top_via(self) -> Via:
        """The topmost Via (RFC 3261 section 20.42)."""
        return parse_vias(self.needed("Via"))[0]

    @property
    @abstractmethod
    def start_line(self) -> str:
        """The first line, without its line end."""

    def encode(self) -> bytes:
        """Return the message as it goes on the wire, with a correct Content-Length.

        Raises:
            MalformedMessageError: it is larger than ``MAX_MESSAGE_BYTES``.
        """
        kept = [f"{name}: {value}" for name, value in self.headers if not _is_length(name)]
        lines = [self.start_line, *kept, f"Content-Length: {len(self.body)}", "", ""]
        data = "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body
        if len(data) > MAX_MESSAGE_BYTES:
            raise MalformedMessageError(f"{len(data)} bytes; {MAX_MESSAGE_BYTES} allowed")
        return data


@dataclass(frozen=True, slots=True)
class SipRequest(SipMessage):
    """A request (RFC 3261 section 7.1).

    Attributes:
        method: for example ``OPTIONS``.
        uri: the request URI as text; phones send some that no grammar accepts.
    """

    method: str
    uri: str

    def __post_init__(self) -> None:
        """Check the start line, then the headers."""
        if not _TOKEN.fullmatch(self.method):
            raise MalformedMessageError(f"{self.method[:40]!r} is not a method")
        if not _URI_TEXT.fullmatch(self.uri):
            raise MalformedMessageError(f"{self.uri[:80]!r} is not a request URI")
        SipMessage.__post_init__(self)

    @property
    def start_line(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} {_SIP_VERSION}"


@dataclass(frozen=True, slots=True)
class SipResponse(SipMessage):
    """A response (RFC 3261 section 7.2).

    Attributes:
        status: 100 to 699.
        reason: the phrase for people; may be empty.
    """

    status: int
    reason: str = ""

    def __post_init__(self) -> None:
        """Check the status line, then the headers."""
        if not _STATUS_LOWEST <= self.status <= _STATUS_HIGHEST:
            raise MalformedMessageError(f"{self.status} is not a SIP status")
        if _FORBIDDEN.search(self.reason):
            raise MalformedMessageError("the reason phrase holds a control character")
        SipMessage.__post_init__(self)

    @property
    def start_line(self) -> str:
        """The status line."""
        return f"{_SIP_VERSION} {self.status} {self.reason}"

    @property
    def is_final(self) -> bool:
        """Whether this ends the transaction (RFC 3261 section 7.2)."""
        return self.status >= _FINAL


def parse_message(data: bytes) -> SipRequest | SipResponse:
    """Read one datagram.

    The five headers that every message needs are present in what is returned, and its CSeq and
    topmost Via can be read.

    Raises:
        MalformedMessageError: it is no SIP message; nothing else is ever raised.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise MalformedMessageError(f"{len(data)} bytes; {MAX_MESSAGE_BYTES} allowed")
    # RFC 3261 section 7.5: line ends before the start line are keep-alives and mean nothing.
    head, separator, rest = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise MalformedMessageError("the headers do not end with an empty line")
    start_line, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    headers = _fields(lines)
    body = _body(headers, rest)
    words = start_line.split(" ", 2)
    message: SipRequest | SipResponse
    if words[0].upper() == _SIP_VERSION:
        message = SipResponse(_status(words), "".join(words[2:]), headers=headers, body=body)
    elif words[-1].upper() == _SIP_VERSION and len(words) == len(("method", "uri", "version")):
        message = SipRequest(words[0], words[1], headers=headers, body=body)
    else:
        raise MalformedMessageError("the first line is neither a request nor a status line")
    _check_needed(message)
    return message


def _fields(lines: Iterable[str]) -> Fields:
    """Return the header fields of ``lines``, folded ones joined (RFC 3261 section 7.3.1)."""
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in {" ", "\t"} and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {_plain(line)}".strip())
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise MalformedMessageError("a header line has no colon")
        name = name.rstrip(" \t")
        fields.append((COMPACT_FORMS.get(name.lower(), name), _plain(value)))
        if len(fields) > MAX_HEADERS:
            raise MalformedMessageError(f"more than {MAX_HEADERS} header fields")
    return tuple(fields)


def _plain(value: str) -> str:
    """Return ``value`` trimmed, its tabs as blanks: both are white space to SIP."""
    return value.replace("\t", " ").strip(" ")


def _body(headers: Fields, rest: bytes) -> bytes:
    """Return the body that Content-Length announces (RFC 3261 section 18.3)."""
    lengths = {value for name, value in headers if _is_length(name)}
    if not lengths:
        return rest
    if len(lengths) > 1:
        raise MalformedMessageError("there are different Content-Length headers")
    length_bytes = _number(lengths.pop(), "Content-Length")
    if length_bytes > len(rest):
        raise MalformedMessageError(f"the body has {len(rest)} of {length_bytes} bytes")
    return rest[:length_bytes]


def _status(words: list[str]) -> int:
    """Return the status of the status line split into ``words``."""
    return _number(words[1] if len(words) > 1 else "", "status")


def _number(text: str, what: str) -> int:
    """Return ``text`` as a number of at most nine ASCII digits."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise MalformedMessageError(f"{text[:20]!r} is not a {what}")
    return int(text)


def _is_length(name: str) -> bool:
    """Return whether ``name`` is the Content-Length header."""
    return name.lower() == "content-length"


def _check_needed(message: SipRequest | SipResponse) -> None:
    """Check the headers that every message needs."""
    for name in _NEEDED:
        message.needed(name)
    _ = message.top_via
    if isinstance(message, SipRequest) and message.cseq.method != message.method:
        raise MalformedMessageError("the CSeq header names another method than the request line")
    _ = message.cseq
