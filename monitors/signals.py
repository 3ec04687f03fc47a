"""The signals a diagnosis is made of: what each may say, and how it is carried.

One word per value; ``UNKNOWN`` is always possible and never means "bad". A signal carries its
age, so that old news can be told from fresh ones, and its measured value for people to read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar


class Mapping(StrEnum):
    """How sure it is which switch port feeds the phone."""

    PROVEN = "proven"  # LLDP or CDP names the phone's MAC
    LIKELY = "likely"  # the MAC is learned on an access port
    ASSUMED = "assumed"  # by number only: nothing may be written to the port
    NONE = "none"


class SwitchState(StrEnum):
    """Does the switch answer SNMP?"""

    UP = "up"
    DOWN = "down"
    REFUSED = "refused"  # wrong community or key, or an access list
    UNKNOWN = "unknown"


class PortPower(StrEnum):
    """What the port says of power over Ethernet, vendors' words made equal."""

    OFF = "off"  # switched off by somebody
    SEARCHING = "searching"
    DELIVERING = "delivering"
    DENIED = "denied"
    OVERLOAD = "overload"
    SHORT = "short"
    FAULT = "fault"
    HARDWARE = "hardware"  # the port's own power circuit
    NOT_POE = "not-poe"
    UNKNOWN = "unknown"


class Watts(StrEnum):
    """What the device draws, against what such a device draws."""

    NONE = "none"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    UNKNOWN = "unknown"


class Budget(StrEnum):
    """The power supply of the switch."""

    ENOUGH = "enough"
    TIGHT = "tight"
    EXHAUSTED = "exhausted"
    FAULTY = "faulty"
    UNKNOWN = "unknown"


class Link(StrEnum):
    """The Ethernet link of the port."""

    UP = "up"
    DEGRADED = "degraded"  # 10 Mbit/s, half duplex, or errors
    UNSTABLE = "unstable"  # it goes up and down
    DOWN = "down"
    ADMIN_DOWN = "admin-down"
    BLOCKED = "blocked"  # err-disabled: BPDU guard, port security
    UNKNOWN = "unknown"


class Neighbour(StrEnum):
    """What the port sees at the other end of the cable."""

    THIS_PHONE = "this-phone"
    OTHER_PHONE = "other-phone"  # another one of the inventory
    UNKNOWN_PHONE = "unknown-phone"  # a phone that nobody entered
    NOT_A_PHONE = "not-a-phone"
    TWO_PHONES = "two-phones"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


class Whereabouts(StrEnum):
    """Where the phone's MAC was seen."""

    IN_PLACE = "in-place"
    OTHER_PORT = "other-port"
    TWO_PLACES = "two-places"
    GONE = "gone"  # it was seen, and is not any more
    NEVER = "never"
    UNKNOWN = "unknown"


class Vlan(StrEnum):
    """The VLAN the phone is in."""

    VOICE = "voice"
    WRONG = "wrong"
    UNAUTHORISED = "unauthorised"  # 802.1X or MAC authentication failed
    UNKNOWN = "unknown"


class Address(StrEnum):
    """The phone's IP address."""

    GOOD = "good"
    NONE = "none"
    FALLBACK = "fallback"  # 169.254/16 or the maker's own default
    OUTSIDE = "outside"  # not in the site's networks
    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"


class Config(StrEnum):
    """What the fetch log says of the phone's files."""

    CURRENT = "current"
    STALE = "stale"
    NOT_ASSIGNED = "not-assigned"  # asks for a file nobody made: its MAC is in no room
    REFUSED = "refused"
    PARTIAL = "partial"  # the common file only
    BROKEN_OFF = "broken-off"
    WRONG_MODEL = "wrong-model"
    FIRMWARE_LOOP = "firmware-loop"
    RESETS_ITSELF = "resets-itself"
    NOT_RENDERED = "not-rendered"  # bellwire itself could not make its files
    NEVER = "never"
    UNKNOWN = "unknown"


class PhoneEvent(StrEnum):
    """What the phone itself reported last."""

    SETUP = "setup"
    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    REGISTER_FAILED = "register-failed"
    NONE = "none"
    UNKNOWN = "unknown"


class Registration(StrEnum):
    """What the PBX says of the phone's contact."""

    REACHABLE = "reachable"
    UNCHECKED = "unchecked"  # stored, but the PBX does not ask whether it is there
    UNREACHABLE = "unreachable"
    OTHER_ADDRESS = "other-address"
    OTHER_AGENT = "other-agent"
    EXPIRED = "expired"
    REMOVED = "removed"  # the phone logged off
    NONE = "none"
    PBX_UNKNOWN = "pbx-unknown"  # the PBX cannot be asked
    UNKNOWN = "unknown"


class Security(StrEnum):
    """Why the PBX refused the phone."""

    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a word, not a password
    UNKNOWN_EXTENSION = "unknown-extension"
    ACL = "acl"
    TLS = "tls"
    TOO_OFTEN = "too-often"  # 423 or 503 to REGISTER, again and again
    NONE = "none"
    UNKNOWN = "unknown"


class Options(StrEnum):
    """What the phone answers to OPTIONS sent to it directly."""

    ALIVE = "alive"
    NOT_FOUND = "not-found"  # 404: it has no such account
    UNAVAILABLE = "unavailable"  # 480
    OVERLOADED = "overloaded"  # 503
    OTHER_DEVICE = "other-device"  # its User-Agent is not the inventory's model
    REFUSED = "refused"  # ICMP: the host is there, nothing listens
    SILENT = "silent"  # it has answered before, with this very configuration
    NEVER_ANSWERED = "never-answered"
    FILTERED = "filtered"  # 403, or told to obey its registrar only
    UNKNOWN = "unknown"


class Trouble(StrEnum):
    """What has been counted in the last hour."""

    POWER_LOST = "power-lost"  # MPSAbsentCounter
    SHORT = "short"
    OVERLOAD = "overload"
    DENIED = "denied"
    NOT_A_POE_DEVICE = "not-a-poe-device"  # InvalidSignatureCounter
    LINK_ERRORS = "link-errors"
    REBOOTS = "reboots"
    SLOW = "slow"  # round trips over 150 ms, or answers lost


T = TypeVar("T", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Signal(Generic[T]):
    """One thing that is known of a phone.

    Attributes:
        age_s: seconds since it was true for certain; None: not known.
        source: where it comes from, such as ``snmp sw-floor-2`` or ``ami``.
        measured: the value as measured, for people: ``12.4 W``, ``404 for 0c383e000214.cfg``.
    """

    value: T
    age_s: float | None = None
    source: str = ""
    measured: str = ""
