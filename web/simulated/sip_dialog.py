"""The state of a SIP dialog (RFC 3261 section 12): who talks to whom, and by which way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from provisioner.sip.headers import MalformedMessageError, parse_address, tag_of
from provisioner.sip.message import Fields, SipRequest, SipResponse
from provisioner.sip.transport import SocketAddress


@dataclass(slots=True)
class Dialog:
    """Our side of a dialog.

    Attributes:
        call_id: the Call-ID.
        local: From of our requests, with our tag.
        remote: To of our requests, with the other side's tag.
        target: request URI of our requests, the other side's Contact.
        route: values of our Route headers, in order.
        cseq: number of our last request.
        address: where our requests go: the hop that the other side's last message came from.
    """

    call_id: str
    local: str
    remote: str
    target: str
    route: tuple[str, ...]
    cseq: int
    address: SocketAddress

    @classmethod
    def from_response(
        cls, request: SipRequest, response: SipResponse, source: SocketAddress
    ) -> Self:
        """Return the dialog that a response to our request makes (section 12.1.2)."""
        routes = tuple(reversed(response.headers_named("Record-Route")))
        return cls(
            call_id=request.needed("Call-ID"),
            local=request.needed("From"),
            remote=response.needed("To"),
            target=target_of(response) or request.uri,
            route=routes,
            cseq=request.cseq.number,
            address=source,
        )

    @classmethod
    def from_request(cls, request: SipRequest, source: SocketAddress, tag: str) -> Self:
        """Return the dialog that our answer, with our ``tag``, to a request makes (12.1.1).

        Raises:
            MalformedMessageError: the request has no Contact that can be read.
        """
        target = target_of(request)
        if not target:
            raise MalformedMessageError("there is no Contact header")
        to = request.needed("To")
        return cls(
            call_id=request.needed("Call-ID"),
            local=to if tag_of(to) else f"{to};tag={tag}",
            remote=request.needed("From"),
            target=target,
            route=request.headers_named("Record-Route"),
            cseq=0,
            address=source,
        )

    def refresh(self, message: SipRequest | SipResponse, source: SocketAddress) -> None:
        """Take over a new Contact and hop of the other side (section 12.2)."""
        self.target = target_of(message) or self.target
        self.address = source

    def request(
        self,
        method: str,
        headers: Fields = (),
        body: bytes = b"",
        *,
        cseq: int | None = None,
    ) -> SipRequest:
        """Return a request inside the dialog, without Via (section 12.2.1.1).

        Args:
            method: the method.
            headers: beside those of the dialog.
            body: the body.
            cseq: number of the INVITE that an ACK is for; the next number when None.
        """
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        own = (
            *(("Route", value) for value in self.route),
            ("Max-Forwards", "70"),
            ("From", self.local),
            ("To", self.remote),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        )
        return SipRequest(method, self.target, headers=(*own, *headers), body=body)


def target_of(message: SipRequest | SipResponse) -> str:
    """Return the URI of the Contact header, empty when there is none."""
    contact = message.header("Contact")
    return parse_address(contact).text if contact else ""
