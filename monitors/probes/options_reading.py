"""What the OPTIONS probe is asked and what it brings back, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioner.sip.headers import SIP_PORT


class Transport(StrEnum):
    """How the request travels; the phone's own way of registering is the right one."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Outcome(StrEnum):
    """How a probe ended, before anybody asks what that means for the phone."""

    ANSWERED = "answered"
    REFUSED = "refused"  # ICMP or a TCP reset: the host is there, nothing listens
    SILENT = "silent"
    UNREACHABLE = "unreachable"  # a router, or our own system, finds no such host
    FAILED = "failed"  # our own fault, or a connection that broke: says nothing of the phone


@dataclass(frozen=True, slots=True)
class OptionsTarget:
    """Whom to ask.

    Attributes:
        key: what the reading is stored under, normally the phone's MAC.
        host: address, or name; for a phone behind a translator where its registration came from.
        port: 0: the transport's own, 5060 or 5061.
        user: the extension; some phones answer 404 without it.
        uri: the whole request URI, such as a registered contact; empty: made of the others.
    """

    key: str
    host: str
    port: int = 0
    transport: Transport = Transport.UDP
    user: str = ""
    uri: str = ""

    @property
    def port_in_use(self) -> int:
        """The port that is asked (RFC 3261 section 19.1.2)."""
        return self.port or (SIP_PORT + 1 if self.transport is Transport.TLS else SIP_PORT)


@dataclass(frozen=True, slots=True)
class OptionsReading:
    """What one probe brought.

    Attributes:
        key: of the target.
        at: naive UTC, when the probe ended.
        status: SIP status of the answer; 0: there was none.
        reason: its phrase.
        agent: its User-Agent, or Server.
        retry_after: as the device wrote it.
        rtt_s: from the first sending to the answer; None: no answer. With more than one sending
            it is an upper bound: nobody can tell which of them was answered.
        sends: how often it was sent; more than one of an answered probe means a loss or delay.
        problem: for people, when it was not answered.
    """

    key: str
    at: datetime
    outcome: Outcome
    status: int = 0
    reason: str = ""
    agent: str = ""
    retry_after: str = ""
    rtt_s: float | None = None
    sends: int = 1
    problem: str = ""

    @property
    def measured(self) -> str:
        """The reading for people: ``404 Not Found after 12 ms``."""
        if self.outcome is not Outcome.ANSWERED:
            return self.problem
        took = f" after {self.rtt_s * 1000:.0f} ms" if self.rtt_s is not None else ""
        resent = f", sent {self.sends} times" if self.sends > 1 else ""
        return f"{self.status} {self.reason}".strip() + took + resent
