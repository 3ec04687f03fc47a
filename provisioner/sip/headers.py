"""The values inside SIP headers: addresses, Via, CSeq and parameters.

The grammar of URIs and Via is the ``sipmessage`` library's, behind our own small values. It
is never given a long text, because some of its patterns take quadratic time, and whatever it
raises becomes a ``MalformedMessageError``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import sipmessage

MAX_VALUE_CHARS = 1024
MAX_CSEQ = 2**31 - 1  # RFC 3261 section 8.1.1.5
SIP_PORT = 5060  # RFC 3261 section 19.1.2
BRANCH_COOKIE = "z9hG4bK"  # RFC 3261 section 8.1.1.7

_HIGHEST_PORT = 65_535
_CSEQ = re.compile(r"([0-9]{1,10}) +([A-Za-z0-9\-.!%*_+`'~]+)")
_PARAMETER = re.compile(
    r';[ ]*(?P<name>[^;="\s]+)[ ]*(?:=[ ]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^;]*)))?'
)
_NAME_ADDR = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*"|[^"<]*)\s*<([^<>]+)>')
_T = TypeVar("_T")


class MalformedMessageError(ValueError):
    """A SIP message, or a part of one, that cannot be read or must not be built."""


@dataclass(frozen=True, slots=True)
class CSeq:
    """A command sequence (RFC 3261 section 20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class SipUri:
    """A ``sip:`` or ``sips:`` URI (RFC 3261 section 19.1).

    Attributes:
        text: the URI as it was written.
        host: name or address; an IPv6 address without its brackets.
        port: None when the URI names none.
        user: percent-decoded, empty when there is none.
    """

    text: str
    host: str
    port: int | None = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class Via:
    """One hop (RFC 3261 section 20.42), its parameters' names in lower case."""

    transport: str
    host: str
    port: int | None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The transaction's name (RFC 3261 section 8.1.1.7), empty when there is none."""
        return self.parameters.get("branch", "")


def parse_cseq(value: str) -> CSeq:
    """Read a CSeq header.

    Raises:
        MalformedMessageError: it is none, or its number is too high.
    """
    found = _CSEQ.fullmatch(value)
    if not found or int(found[1]) > MAX_CSEQ:
        raise MalformedMessageError(f"{value[:40]!r} is not a CSeq")
    return CSeq(int(found[1]), found[2])


def parse_uri(text: str) -> SipUri:
    """Read a ``sip:`` or ``sips:`` URI.

    Raises:
        MalformedMessageError: it is none.
    """
    scheme, colon, rest = text.partition(":")
    if scheme.lower() not in {"sip", "sips"}:
        raise MalformedMessageError(f"{text[:80]!r} is not a SIP URI")
    uri = _ask(sipmessage.URI.parse, scheme.lower() + colon + rest)
    return SipUri(text, uri.host.strip("[]"), _port(uri.port), uri.user or "")


def parse_address(value: str) -> SipUri:
    """Return the first URI of a Contact, From or To header (RFC 3261 section 20.10).

    Raises:
        MalformedMessageError: there is no SIP address in it.
    """
    found = _NAME_ADDR.match(value[:MAX_VALUE_CHARS])
    return parse_uri(found[1].strip() if found else re.split("[;,]", value, maxsplit=1)[0].strip())


def parse_vias(value: str) -> list[Via]:
    """Read the hops of one Via header, topmost first.

    Raises:
        MalformedMessageError: it names no hop, or one of them cannot be read.
    """
    return list(_hops(value))


@lru_cache(maxsize=512)  # a message is asked for its topmost Via several times
def _hops(value: str) -> tuple[Via, ...]:
    hops = _ask(sipmessage.Via.parse_many, value)
    if not hops:
        raise MalformedMessageError("the Via header is empty")
    return tuple(
        Via(hop.transport, hop.host.strip("[]"), _port(hop.port), _lowered(hop.parameters))
        for hop in hops
    )


def parse_parameters(value: str) -> dict[str, str]:
    """Return the parameters after the first ``;`` of a header, quoted or not.

    Names are in lower case; the first of two equal names counts. Meant for what vendors write
    (RFC 6080 section 5.4.1), so it skips what it cannot read.
    """
    parameters: dict[str, str] = {}
    for found in _PARAMETER.finditer(value[:MAX_VALUE_CHARS]):
        quoted = found["quoted"]
        if quoted is None:
            text = (found["bare"] or "").strip().strip('"')
        else:
            text = re.sub(r"\\(.)", r"\1", quoted)
        parameters.setdefault(found["name"].lower(), text)
    return parameters


def tag_of(value: str) -> str:
    """Return the tag of a From or To header (RFC 3261 section 19.3), empty when it has none."""
    return parse_parameters(value[value.rfind(">") + 1 :]).get("tag", "")


def host_port(host: str, port: int) -> str:
    """Return ``host:port`` as it stands in a URI or a Via, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def new_branch() -> str:
    """Return a fresh branch (RFC 3261 section 8.1.1.7)."""
    return BRANCH_COOKIE + secrets.token_hex(12)


def new_token() -> str:
    """Return a fresh tag or Call-ID (RFC 3261 sections 8.1.1.4 and 19.3)."""
    return secrets.token_hex(12)


def _ask(parse: Callable[[str], _T], text: str) -> _T:
    """Let the library read ``text`` and give its complaints our name."""
    if len(text) > MAX_VALUE_CHARS:
        raise MalformedMessageError(f"a header value has more than {MAX_VALUE_CHARS} characters")
    try:
        return parse(text)
    except (ValueError, TypeError) as error:  # TypeError: a parameter that is named "self"
        # The library raises one and the same object each time; its traceback would grow for ever.
        error.__traceback__ = None
        raise MalformedMessageError(f"{text[:80]!r}: {error}") from None


def _port(port: int | None) -> int | None:
    """Return ``port`` when there can be one."""
    if port is not None and not 0 < port <= _HIGHEST_PORT:
        raise MalformedMessageError(f"{port} is not a port")
    return port


def _lowered(parameters: Mapping[str, str | None]) -> dict[str, str]:
    """Return ``parameters`` with names in lower case, those without a value as empty text."""
    return {name.lower(): (value or "").strip('"') for name, value in parameters.items()}
