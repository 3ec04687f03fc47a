"""Ask one phone to fetch its settings again: an unsolicited NOTIFY, sent straight to its contact.

Which event does what (``check-sync``, ``check-sync;reboot=true``) differs by vendor and is data.
Phones that listen to their registrar only do not obey; those are asked through the PBX.
"""

from __future__ import annotations

from provisioner.errors import SipError
from provisioner.sip.headers import (
    SIP_PORT,
    MalformedMessageError,
    host_port,
    new_token,
    parse_uri,
)
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import GIVE_UP_S, exchange


def check_sync(
    contact: str,
    port: int | None = None,
    *,
    event: str,
    from_uri: str,
    user: str = "",
    timeout_s: float = GIVE_UP_S,
) -> SipResponse:
    """Send a NOTIFY without body and return the phone's final answer, whatever its status.

    Args:
        contact: the phone's address or name, or its whole contact URI.
        port: UDP port; the contact's own, or 5060, when None.
        event: the Event header, for example ``check-sync;reboot=false``.
        from_uri: who asks, for example ``sip:bellwire@pbx.example``.
        user: user of the request URI when ``contact`` is no URI, normally the extension.
        timeout_s: when to give up.

    Raises:
        SipError: nobody answers, or a value given cannot be sent (permanent).
    """
    try:
        if contact.lower().startswith(("sip:", "sips:")):
            target = parse_uri(contact)
            host, port = target.host, port or target.port or SIP_PORT
            request_uri = target.text
        else:
            host, port = contact, port or SIP_PORT
            request_uri = f"sip:{user}{'@' if user else ''}{host_port(host, port)}"
        request = check_sync_request(request_uri, event=event, from_uri=from_uri)
    except MalformedMessageError as error:
        raise SipError(contact, f"the NOTIFY cannot be built: {error}", permanent=True) from None
    return exchange(request, host, port, timeout_s=timeout_s)


def check_sync_request(request_uri: str, *, event: str, from_uri: str) -> SipRequest:
    """Return the NOTIFY; ``exchange`` adds Via and Contact.

    It belongs to no subscription; Subscription-State is there because RFC 6665 section 4.1.3 wants
    one in every NOTIFY.

    Raises:
        MalformedMessageError: a value cannot stand in a SIP message.
    """
    if not event.strip():
        raise MalformedMessageError("the event is empty")
    return SipRequest(
        "NOTIFY",
        request_uri,
        headers=(
            ("Max-Forwards", "70"),
            ("From", f"<{parse_uri(from_uri).text}>;tag={new_token()}"),
            ("To", f"<{request_uri}>"),
            ("Call-ID", new_token()),
            ("CSeq", "1 NOTIFY"),
            ("Event", event),
            ("Subscription-State", "terminated"),
            ("User-Agent", "bellwire"),
        ),
    )
