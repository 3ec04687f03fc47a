"""SIP over a stream: where one message ends and the next begins (RFC 3261 section 18.3). Pure."""

from __future__ import annotations

import re

from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.message import MAX_MESSAGE_BYTES, SipRequest, SipResponse, parse_message

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*\r?$")


class MessageStream:
    """Takes the bytes of one connection and gives whole messages."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[SipRequest | SipResponse]:
        """Take what has arrived and return the messages that are whole now.

        Raises:
            MalformedMessageError: it is no SIP, or a message has no Content-Length, which a
                stream needs; nothing that follows can be read.
        """
        self._waiting += data
        found: list[SipRequest | SipResponse] = []
        while (message := self._next()) is not None:
            found.append(message)
        return found

    def _next(self) -> SipRequest | SipResponse | None:
        skipped = len(self._waiting) - len(self._waiting.lstrip(b"\r\n"))
        del self._waiting[:skipped]  # keep-alives (RFC 5626 section 3.5.1)
        end = self._waiting.find(_END)
        if end < 0 or end > MAX_MESSAGE_BYTES:
            if len(self._waiting) > MAX_MESSAGE_BYTES:
                raise MalformedMessageError("the headers do not end")
            return None
        length = _LENGTH.search(self._waiting[: end + 2])
        if length is None:
            raise MalformedMessageError("a message on a stream has no Content-Length")
        size = end + len(_END) + int(length[1])
        if size > MAX_MESSAGE_BYTES:
            raise MalformedMessageError(f"{size} bytes; {MAX_MESSAGE_BYTES} allowed")
        if len(self._waiting) < size:
            return None
        message = parse_message(bytes(self._waiting[:size]))
        del self._waiting[:size]
        return message
