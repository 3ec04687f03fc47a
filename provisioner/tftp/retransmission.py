"""When to send again: the retransmission timer of RFC 6298, scaled to a site's network."""

from __future__ import annotations

INITIAL_S = 0.3  # RFC 6298 says 1 s; a phone on a LAN answers within milliseconds
FLOOR_S = 0.1
CAP_S = 4.0

_SRTT_GAIN = 1 / 8  # RFC 6298, section 2.3: alpha
_RTTVAR_GAIN = 1 / 4  # RFC 6298, section 2.3: beta
_DEVIATIONS = 4  # RFC 6298, section 2: K


class RetransmissionTimer:
    """The interval before a packet is sent again.

    Args:
        fixed_s: the negotiated interval (RFC 2349), which never changes; None to adapt.
    """

    __slots__ = ("_fixed", "_rttvar_s", "_srtt_s", "interval_s")

    def __init__(self, fixed_s: float | None = None) -> None:
        self._fixed = fixed_s is not None
        self._srtt_s: float | None = None
        self._rttvar_s = 0.0
        self.interval_s: float = INITIAL_S if fixed_s is None else fixed_s

    def measured(self, rtt_s: float) -> None:
        """Take in a round trip of something that was sent exactly once (Karn's rule)."""
        if self._fixed:
            return
        if self._srtt_s is None:
            self._srtt_s = rtt_s
            self._rttvar_s = rtt_s / 2
        else:
            deviation_s = abs(self._srtt_s - rtt_s)
            self._rttvar_s += _RTTVAR_GAIN * (deviation_s - self._rttvar_s)
            self._srtt_s += _SRTT_GAIN * (rtt_s - self._srtt_s)
        self.interval_s = min(max(self._srtt_s + _DEVIATIONS * self._rttvar_s, FLOOR_S), CAP_S)

    def expired(self) -> None:
        """Double the interval (RFC 6298, section 5.5); it stays so until the next measurement."""
        if not self._fixed:
            self.interval_s = min(self.interval_s * 2, CAP_S)
