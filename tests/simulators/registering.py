"""Registers as a phone does, with any contact, name and password."""

from __future__ import annotations

from provisioner.sip.digest import Credentials, authorization, first_answerable
from provisioner.sip.headers import new_token
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import exchange

HOST = "127.0.0.1"
_NEEDS_PASSWORD = 401


def register(
    port: int,
    extension: str,
    secret: str = "",
    *,
    phone_port: int = 5999,
    agent: str = "Yealink SIP-T46U 108.86.0.20",
    expires_s: int = 300,
    instance: str = "",
) -> int:
    """Register at 127.0.0.1, answering one challenge, and return the last status.

    Args:
        port: UDP port of the registrar.
        extension: the account.
        secret: its password, or a wrong one.
        phone_port: where the phone says that it listens.
        agent: its User-Agent.
        expires_s: for how long; 0 logs off.
        instance: ``+sip.instance``.
    """
    call_id, tag, uri = new_token(), new_token(), f"sip:{HOST}:{port}"
    extra = f';+sip.instance="{instance}"' if instance else ""

    def ask(number: int, *more: tuple[str, str]) -> SipResponse:
        headers = (
            ("Max-Forwards", "70"),
            ("From", f"<sip:{extension}@{HOST}>;tag={tag}"),
            ("To", f"<sip:{extension}@{HOST}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{number} REGISTER"),
            ("Contact", f"<sip:{extension}@{HOST}:{phone_port}>{extra}"),
            ("Expires", str(expires_s)),
            ("User-Agent", agent),
            *more,
        )
        return exchange(SipRequest("REGISTER", uri, headers=headers), HOST, port)

    answer = ask(1)
    challenge = first_answerable(answer.headers_named("WWW-Authenticate"))
    if answer.status != _NEEDS_PASSWORD or challenge is None:
        return answer.status
    value = authorization(challenge, Credentials(extension, secret), "REGISTER", uri)
    return ask(2, ("Authorization", value)).status
