"""What a phone asks and is told by the ``ua-profile`` event (RFC 6080), as pure functions.

Vendors write the question in their own ways, so it is read leniently; the answer is built
strictly, and only ever for the address that the question came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote

from provisioner.mac import MacAddress, parse_mac
from provisioner.sip.headers import (
    MAX_CSEQ,
    SIP_PORT,
    MalformedMessageError,
    host_port,
    parse_address,
    parse_parameters,
    parse_uri,
    tag_of,
)
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress

EVENT = "ua-profile"  # RFC 6080 section 5.2

_HEX = "[0-9a-f]"
_MAC_USER = re.compile(rf"sips?:mac:?({_HEX}{{12}}|{_HEX}{{2}}(?:[:-]{_HEX}{{2}}){{5}})\b", re.I)
_MAC_ALONE = re.compile(rf"sips?:({_HEX}{{12}})@", re.I)
_MAC_AGENT = re.compile(rf"(?:\bmac=|[ /;(])({_HEX}{{12}})\b", re.I)
_MAX_FACT_CHARS = 80


@dataclass(frozen=True, slots=True)
class PnpAsk:
    """What a phone says of itself when it asks for its settings.

    Attributes:
        vendor: in lower case; brands of OEM makers and ``oem`` occur; empty when not said.
        model: as the phone writes it, sometimes a generic ``VOIP PHONE``.
        version: the firmware.
        mac: the device.
        contact_uri: where it wants the NOTIFY, empty when it does not say or cannot be read.
        user_agent: the whole ``User-Agent``, which may name the model better.
    """

    vendor: str
    model: str
    version: str
    mac: MacAddress
    contact_uri: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class OwnEnd:
    """Our side of a dialog: the address we send from, our tag and the NOTIFY's branch."""

    address: SocketAddress
    tag: str
    branch: str


def parse_subscribe(request: SipRequest) -> PnpAsk | None:
    """Return what the phone asks, None when this is no device asking for its profile."""
    if request.method != "SUBSCRIBE" or not is_profile_event(request):
        return None
    event = parse_parameters(request.needed("Event"))
    mac = next(_macs(request), None)
    if mac is None or event.get("profile-type", "device").lower() != "device":
        return None
    return PnpAsk(
        vendor=_fact(event.get("vendor")).lower(),
        model=_fact(event.get("model")),
        version=_fact(event.get("version")),
        mac=mac,
        contact_uri=_contact_uri(request),
        user_agent=_fact(request.header("User-Agent")),
    )


def answer(
    request: SipRequest, ask: PnpAsk, url: str, source: SocketAddress, own: OwnEnd
) -> tuple[bytes, bytes]:
    """Return the 200 to the SUBSCRIBE and the NOTIFY that carries ``url``.

    Args:
        request: the SUBSCRIBE.
        ask: what ``parse_subscribe`` read in it.
        url: the body of the NOTIFY, exactly.
        source: where the SUBSCRIBE came from.
        own: our side of the dialog.

    Raises:
        MalformedMessageError: the URL or a value of the SUBSCRIBE cannot be sent.
    """
    if not url or re.search(r"[\x00-\x20\x7f]", url):
        raise MalformedMessageError("the URL is empty or holds a blank or control character")
    headers = (*_echo(request, source, own.tag), _own_contact(own), ("Expires", "0"))
    ok = SipResponse(200, "OK", headers=headers)
    notify = SipRequest(
        "NOTIFY",
        ask.contact_uri or f"sip:{host_port(*source)}",
        headers=_notify_headers(request, own),
        body=url.encode(),
    )
    return ok.encode(), notify.encode()


def bad_event(request: SipRequest, source: SocketAddress, tag: str) -> bytes:
    """Return the 489 to a SUBSCRIBE for another event (RFC 6665 section 8.3.2)."""
    return reply(request, source, tag, 489, "Bad Event", ("Allow-Events", EVENT))


def reply(
    request: SipRequest,
    source: SocketAddress,
    tag: str,
    status: int,
    reason: str,
    *more: tuple[str, str],
) -> bytes:
    """Return a response to any request, with ``more`` headers (RFC 3261 section 8.2.6.2)."""
    headers = (*_echo(request, source, tag), *more)
    return SipResponse(status, reason, headers=headers).encode()


def response_destination(request: SipRequest, source: SocketAddress) -> SocketAddress:
    """Return where a response goes (RFC 3261 section 18.2.2, RFC 3581 section 4).

    The host is always the packet's source: what Via and maddr name could be a third party.
    """
    via = request.top_via
    return source[0], source[1] if "rport" in via.parameters else via.port or SIP_PORT


def notify_destination(contact_uri: str, source: SocketAddress) -> SocketAddress:
    """Return where the NOTIFY goes: the Contact, but only when that is the packet's source.

    A Contact elsewhere would let one forged packet aim ours at a third party; then the source
    itself, host and port, gets the NOTIFY.
    """
    try:
        contact = parse_uri(contact_uri)
        is_source = ip_address(contact.host) == ip_address(source[0])
    except ValueError:
        return source
    return (source[0], contact.port or SIP_PORT) if is_source else source


def is_profile_event(request: SipRequest) -> bool:
    """Return whether the Event header names ``ua-profile``."""
    event = request.header("Event") or ""
    return event.partition(";")[0].strip().lower() == EVENT


def _macs(request: SipRequest) -> Iterator[MacAddress]:
    """Yield the device's MAC as the vendors place it, the most certain place first.

    Yealink and Fanvil write ``MAC<hex>`` as user, Snom ``MAC%3a<hex>``; Snom's DECT bases have
    user 512 and the MAC in the User-Agent.
    """
    names = ("From", "To", "Contact")
    uris = [request.uri, *(value for name in names for value in request.headers_named(name))]
    agent = request.header("User-Agent") or ""
    places = [(_MAC_USER, unquote(uri)) for uri in uris]
    places.append((_MAC_AGENT, agent))
    places += [(_MAC_ALONE, uri) for uri in uris]
    for pattern, text in places:
        found = pattern.search(text)
        mac = parse_mac(found[1]) if found else None
        if mac is not None:
            yield mac


def _fact(text: str | None) -> str:
    """Return what a phone says, cut and without anything that cannot be shown."""
    return "".join(char for char in (text or "")[:_MAX_FACT_CHARS] if char.isprintable()).strip()


def _contact_uri(request: SipRequest) -> str:
    """Return the Contact's URI, empty when there is none that can be read."""
    try:
        return parse_address(request.needed("Contact")).text
    except MalformedMessageError:
        return ""


def _notify_headers(request: SipRequest, own: OwnEnd) -> tuple[tuple[str, str], ...]:
    """Return the NOTIFY's headers: the SUBSCRIBE's dialog seen from our side."""
    return (
        ("Via", f"SIP/2.0/UDP {host_port(*own.address)};branch={own.branch};rport"),
        ("Max-Forwards", "70"),
        ("From", _with_tag(request.needed("To"), own.tag)),
        ("To", request.needed("From")),
        ("Call-ID", request.needed("Call-ID")),
        ("CSeq", f"{min(request.cseq.number + 1, MAX_CSEQ)} NOTIFY"),
        _own_contact(own),
        ("Event", EVENT),
        ("Subscription-State", "terminated;reason=timeout"),
        ("Content-Type", "application/url"),
    )


def _own_contact(own: OwnEnd) -> tuple[str, str]:
    """Return our Contact header."""
    return "Contact", f"<sip:bellwire@{host_port(*own.address)}>"


def _echo(request: SipRequest, source: SocketAddress, tag: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that a response repeats (RFC 3261 section 8.2.6.2)."""
    top, *others = request.headers_named("Via")
    return (
        ("Via", _stamped(top, request, source)),
        *(("Via", value) for value in others),
        ("From", request.needed("From")),
        ("To", _with_tag(request.needed("To"), tag)),
        ("Call-ID", request.needed("Call-ID")),
        ("CSeq", request.needed("CSeq")),
    )


def _stamped(value: str, request: SipRequest, source: SocketAddress) -> str:
    """Return the top Via with received and rport where RFC 3261 18.2.1 and RFC 3581 4 want them."""
    via = request.top_via
    hop, comma, rest = value.partition(",")
    asks_port = via.parameters.get("rport") == ""
    if asks_port:
        hop = re.sub(r"(?i);\s*rport(?=\s*(?:;|$))", f";rport={source[1]}", hop, count=1)
    if (asks_port or via.host != source[0]) and "received" not in via.parameters:
        hop += f";received={source[0]}"
    return hop + comma + rest


def _with_tag(value: str, tag: str) -> str:
    """Return a To header with a tag; the one it has stays."""
    return value if tag_of(value) else f"{value};tag={tag}"
