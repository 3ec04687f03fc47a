"""Session descriptions of one G.711 stream (RFC 4566) with telephone events (RFC 4733)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from provisioner.sip.headers import MalformedMessageError

SDP_TYPE = "application/sdp"
PCMU = 0  # RFC 3551 section 6
PCMA = 8
EVENT_TYPE = 101  # of our offers; RFC 4733 has no fixed one
_NAMES = {PCMU: "PCMU", PCMA: "PCMA"}
_EVENT_NAME = "telephone-event/8000"
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Session:
    """One audio stream as one side describes it.

    Attributes:
        host: where it wants RTP.
        port: 0 when it wants none.
        codecs: payload types of G.711, the wanted one first.
        event_type: payload type of telephone events, None when it takes none.
    """

    host: str
    port: int
    codecs: tuple[int, ...] = (PCMU, PCMA)
    event_type: int | None = EVENT_TYPE

    def encode(self, number: int) -> bytes:
        """Return the description; ``number`` names the session and stays the same in a call."""
        types = [*self.codecs, *([] if self.event_type is None else [self.event_type])]
        lines = [
            "v=0",
            f"o=- {number} 1 IN IP4 {self.host}",
            "s=bellwire",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, types))}",
            *(f"a=rtpmap:{codec} {_NAMES[codec]}/8000" for codec in self.codecs),
        ]
        if self.event_type is not None:
            lines += [
                f"a=rtpmap:{self.event_type} {_EVENT_NAME}",
                f"a=fmtp:{self.event_type} 0-16",
            ]
        return "\r\n".join([*lines, "a=ptime:20", "a=sendrecv", ""]).encode()

    def answer_to(self, offer: Session) -> Session | None:
        """Return our answer to ``offer`` (RFC 3264 section 6.1); None without a common codec."""
        common = tuple(codec for codec in offer.codecs if codec in self.codecs)
        return Session(self.host, self.port, common[:1], offer.event_type) if common else None


def parse_session(body: bytes) -> Session:
    """Read the first audio stream of a description; codecs other than G.711 are left out.

    Raises:
        MalformedMessageError: there is no audio stream in it.
    """
    text = body.decode("utf-8", "replace")
    found = re.search(r"^m=audio ([0-9]{1,5})(?:/[0-9]+)? RTP/\S+((?: +[0-9]{1,3})+)", text, re.M)
    if not found or int(found[1]) > _MAX_PORT:
        raise MalformedMessageError("there is no audio stream in the session description")
    stream = re.split(r"^m=", text[found.end() :], maxsplit=1, flags=re.M)[0]
    head = re.split(r"^m=", text, maxsplit=1, flags=re.M)[0]
    # RFC 4566 section 5.7: the address of the stream goes before that of the session.
    host = re.search(r"^c=IN IP[46] ([^\s/]+)", stream + "\n" + head, re.M)
    event = re.search(rf"^a=rtpmap:([0-9]{{1,3}}) +{_EVENT_NAME}", stream, re.M | re.I)
    return Session(
        host=host[1] if host else "",
        port=int(found[1]),
        codecs=tuple(codec for codec in map(int, found[2].split()) if codec in _NAMES),
        event_type=int(event[1]) if event else None,
    )
