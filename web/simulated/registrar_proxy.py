"""Forwarding without memory (RFC 3261 section 16.11), as pure functions."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from provisioner.sip.headers import (
    BRANCH_COOKIE,
    SIP_PORT,
    host_port,
    parse_address,
    parse_vias,
    tag_of,
)
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress
from web.simulated.sip_reply import stamped

HOPS = 70

# Written anew, and the credentials, which are for us alone.
_CHANGED = {"via", "max-forwards", "authorization", "proxy-authorization"}


def hops_left(request: SipRequest) -> int:
    """Return Max-Forwards (RFC 3261 section 16.3)."""
    text = request.header("Max-Forwards") or ""
    return int(text) if text.isdecimal() else HOPS


def forwarded(
    request: SipRequest, uri: str, own: SocketAddress, source: SocketAddress
) -> SipRequest:
    """Return ``request`` as it goes on to ``uri`` (section 16.6).

    Args:
        request: what came; whether it was allowed to is settled.
        uri: the next request URI.
        own: the proxy's address.
        source: where it came from.
    """
    branch = _branch(request)
    headers: list[tuple[str, str]] = [
        ("Via", f"SIP/2.0/UDP {host_port(*own)};branch={branch};rport")
    ]
    if request.method == "INVITE" and not tag_of(request.needed("To")):
        headers.append(("Record-Route", f"<sip:{host_port(*own)};lr>"))
    top, *others = request.headers_named("Via")
    headers += [("Via", stamped(top, source)), *(("Via", value) for value in others)]
    for name, value in request.headers:
        is_own_route = name.lower() == "route" and _is_at(value, own)
        if name.lower() not in _CHANGED and not is_own_route:
            headers.append((name, value))
    headers.append(("Max-Forwards", str(hops_left(request) - 1)))
    return replace(request, uri=uri, headers=tuple(headers))


def returned(response: SipResponse, own: SocketAddress) -> tuple[SipResponse, SocketAddress] | None:
    """Return a response without our Via, and where it goes (sections 16.7 and 18.2.2).

    None when it is not for us to forward: the top Via is not ours, or is the last.
    """
    vias = response.headers_named("Via")
    top = response.top_via
    if (top.host, top.port) != own or len(vias) == 1:
        return None
    following = parse_vias(vias[1])[0]
    host = following.parameters.get("received") or following.host
    port = following.parameters.get("rport", "")
    place = host, int(port) if port.isdecimal() else following.port or SIP_PORT
    return replace(response, headers=_without_first_via(response.headers)), place


def _without_first_via(headers: Fields) -> Fields:
    first = next(at for at, (name, _) in enumerate(headers) if name.lower() == "via")
    return headers[:first] + headers[first + 1 :]


def _branch(request: SipRequest) -> str:
    """Return the branch that this request and its repetitions, CANCEL and ACK get (16.11)."""
    via = request.top_via
    text = f"{via.branch} {via.host} {via.port}"
    return BRANCH_COOKIE + hashlib.sha256(text.encode()).hexdigest()[:24]


def _is_at(route: str, own: SocketAddress) -> bool:
    uri = parse_address(route)
    return (uri.host, uri.port or SIP_PORT) == own
