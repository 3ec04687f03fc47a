"""What SIP responses repeat of their requests, as pure functions."""

from __future__ import annotations

import re

from provisioner.sip.headers import tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    415: "Unsupported Media Type",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    482: "Loop Detected",
    483: "Too Many Hops",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    501: "Not Implemented",
    503: "Service Unavailable",
}


def ack_of_refusal(request: SipRequest, response: SipResponse) -> SipRequest:
    """Return the ACK to a 3xx-6xx, of the INVITE's transaction (RFC 3261 section 17.1.1.3)."""
    headers = (
        ("Via", request.needed("Via")),
        *(("Route", value) for value in request.headers_named("Route")),
        ("Max-Forwards", "70"),
        ("From", request.needed("From")),
        ("To", response.needed("To")),
        ("Call-ID", request.needed("Call-ID")),
        ("CSeq", f"{request.cseq.number} ACK"),
    )
    return SipRequest("ACK", request.uri, headers=headers)


def reply_headers(request: SipRequest, source: SocketAddress, tag: str = "") -> Fields:
    """Return what a response repeats (RFC 3261 sections 8.2.6.2 and 12.1.1)."""
    top, *others = request.headers_named("Via")
    to = request.needed("To")
    return (
        ("Via", stamped(top, source)),
        *(("Via", value) for value in others),
        *(("Record-Route", value) for value in request.headers_named("Record-Route")),
        ("From", request.needed("From")),
        ("To", to if tag_of(to) or not tag else f"{to};tag={tag}"),
        ("Call-ID", request.needed("Call-ID")),
        ("CSeq", request.needed("CSeq")),
    )


def stamped(via: str, source: SocketAddress) -> str:
    """Return a Via with where the request came from (RFC 3581 section 4)."""
    hop, comma, rest = via.partition(",")
    hop, asks_port = re.subn(r"(?i);\s*rport(?=\s*(?:;|$))", f";rport={source[1]}", hop, count=1)
    return f"{hop};received={source[0]}{comma}{rest}" if asks_port else via
