"""Ask a device whether it is there: OPTIONS outside a dialogue (RFC 3261 section 11)."""

from __future__ import annotations

from provisioner.sip.headers import SIP_PORT, host_port, new_token, parse_uri
from provisioner.sip.message import SipRequest


def request_uri(host: str, port: int, user: str = "", transport: str = "udp") -> str:
    """Return the URI to ask; with the extension as user, for some phones know no other."""
    place = host_port(host, port) if port != SIP_PORT or ":" in host else host
    parameter = "" if transport == "udp" else f";transport={transport}"
    return f"sip:{user}{'@' if user else ''}{place}{parameter}"


def options_request(uri: str, *, from_uri: str) -> SipRequest:
    """Return the OPTIONS; ``with_origin`` adds Via and Contact.

    Call-ID and From tag are new each time, so that no device takes it for one it has answered.

    Raises:
        MalformedMessageError: a value cannot stand in a SIP message.
    """
    return SipRequest(
        "OPTIONS",
        uri,
        headers=(
            ("Max-Forwards", "70"),
            ("From", f"<{parse_uri(from_uri).text}>;tag={new_token()}"),
            ("To", f"<{uri}>"),
            ("Call-ID", new_token()),
            ("CSeq", "1 OPTIONS"),
            ("Accept", "application/sdp"),
            ("User-Agent", "bellwire"),
        ),
    )
