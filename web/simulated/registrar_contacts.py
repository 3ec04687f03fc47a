"""Who is registered at the simulated PBX, and where (RFC 3261 section 10.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from provisioner.sip.headers import SIP_PORT, parse_address, parse_parameters, parse_uri
from provisioner.sip.message import SipRequest
from provisioner.sip.transport import SocketAddress


@dataclass(frozen=True, slots=True)
class RegisteredContact:
    """One contact.

    Attributes:
        extension: the user it belongs to.
        uri: the contact's URI.
        user_agent: as the phone says.
        expires_at: when it is forgotten.
        address: where its REGISTER came from.
    """

    extension: str
    uri: str
    user_agent: str
    expires_at: datetime
    address: SocketAddress


class Contacts:
    """All contacts, each for as long as it was registered.

    Args:
        longest_s: the longest time that is granted.
    """

    def __init__(self, longest_s: int) -> None:
        self._longest_s = longest_s
        self._contacts: dict[tuple[str, str], RegisteredContact] = {}

    def __iter__(self) -> Iterator[RegisteredContact]:
        """Iterate over the contacts that have not expired."""
        now = datetime.now(UTC)
        self._contacts = {k: v for k, v in self._contacts.items() if v.expires_at > now}
        return iter(list(self._contacts.values()))

    def of(self, extension: str) -> list[RegisteredContact]:
        """Return an extension's contacts, the one that came last first."""
        return [contact for contact in self if contact.extension == extension][::-1]

    def at(self, uri: str) -> RegisteredContact | None:
        """Return the contact at the host and port of ``uri``."""
        place = _place(uri)
        return next((contact for contact in self if _place(contact.uri) == place), None)

    def register(self, request: SipRequest, extension: str, source: SocketAddress) -> None:
        """Add, renew or remove what a REGISTER names.

        Raises:
            MalformedMessageError: one of its contacts cannot be read.
        """
        for value in request.headers_named("Contact"):
            if value.strip() == "*":
                for contact in self.of(extension):
                    del self._contacts[extension, contact.uri]
                continue
            uri = parse_address(value).text
            expires_s = min(_asked_s(request, value, self._longest_s), self._longest_s)
            self._contacts[extension, uri] = RegisteredContact(
                extension=extension,
                uri=uri,
                user_agent=request.header("User-Agent") or "",
                expires_at=datetime.now(UTC) + timedelta(seconds=expires_s),
                address=source,
            )

    def headers_of(self, extension: str) -> tuple[tuple[str, str], ...]:
        """Return the Contact headers of a 200 to a REGISTER (section 10.3, step 8)."""
        now = datetime.now(UTC)
        return tuple(
            ("Contact", f"<{each.uri}>;expires={round((each.expires_at - now).total_seconds())}")
            for each in self.of(extension)
        )


def _asked_s(request: SipRequest, contact: str, default_s: int) -> int:
    """Return how long a contact is to be kept (section 10.2.1.1)."""
    own = parse_parameters(contact[contact.rfind(">") + 1 :]).get("expires", "")
    asked = own or request.header("Expires") or ""
    return int(asked) if re.fullmatch("[0-9]{1,9}", asked) else default_s


def _place(uri: str) -> SocketAddress:
    parsed = parse_uri(uri)
    return parsed.host, parsed.port or SIP_PORT
