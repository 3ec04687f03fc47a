"""How a site's calls are guarded, as values; and their JSON form for the database.

Numbers, masks and groups stand here as they were written: only a site's numbering plan, which
holds its extensions, can read them (``provisioner.numbering``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any, Literal

from pydantic import TypeAdapter

Does = Literal["voicemail", "forward", "ring_group", "announcement", "busy", "hang_up", "queue"]
Anonymous = Literal["allow", "refuse", "announcement", "reception"]


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """An entry of a list, as a person wrote it: a number, a mask, a range or ``group:NAME``."""

    number: str
    comment: str = ""
    reason: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a site dials, where it differs from its country; see ``provisioner.numbering.Plan``."""

    area: str = ""
    trunk_prefix: str | None = None
    international_prefix: str = ""
    outside: str = ""
    home: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    emergency: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class When:
    """Times in which something holds; wall time of the site.

    Attributes:
        days: 0 is Monday; none: every day. A time over midnight belongs to the day it began.
        start, end: equal: the whole day.
        first, last: days between which it holds, both included.
        negated: it holds outside of these times.
    """

    days: tuple[int, ...] = ()
    start: time = time(0)
    end: time = time(0)
    first: date | None = None
    last: date | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class CallAction:
    """One step of what is done with a call.

    Attributes:
        do: what.
        to: extension, number, ring group, queue or announcement; empty where none is needed.
        when: it is left out unless one of them holds; none: always done.
        ring_s: how long it rings until the next step.
    """

    do: Does
    to: str = ""
    when: tuple[When, ...] = ()
    ring_s: int = 20


@dataclass(frozen=True, slots=True)
class CallerActions:
    """What is done with calls of some callers, in order.

    Attributes:
        callers: numbers, masks, ``group:NAME``, ``anonymous`` or ``any``.
        called: extensions, masks or ``group:NAME`` of extensions; none: the whole site.
    """

    name: str
    callers: tuple[str, ...]
    actions: tuple[CallAction, ...]
    called: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingRule:
    """White and black list of a site, of extensions or of a group of them.

    Attributes:
        called: as in ``CallerActions``; none: the whole site.
        anonymous: None: whatever the wider rule says.
        refusal: what a caller of the black list gets.
    """

    name: str
    called: tuple[str, ...] = ()
    white: tuple[WrittenNumber, ...] = ()
    black: tuple[WrittenNumber, ...] = ()
    anonymous: Anonymous | None = None
    refusal: Literal["busy", "hang_up", "announcement"] = "hang_up"


@dataclass(frozen=True, slots=True)
class TollFree:
    """Protection of toll-free numbers, which the site pays for.

    Attributes:
        numbers: those of the site that are protected; none: there is no protection.
        per_hour, per_day: calls of one caller in the last hour and in the last 24 hours that
            are no trouble yet.
        level: of a caller put on the list by itself; 1 to 5: must key a code, 6 and more: refused.
        interval_s: a call ended within it is not charged by the operator.
        forget_days: so long after the last call a caller comes off the list.
    """

    numbers: tuple[str, ...] = ()
    per_hour: int = 5
    per_day: int = 10
    level: int = 1
    interval_s: int = 10
    forget_days: int = 30


@dataclass(frozen=True, slots=True)
class ScopeLimits:
    """Limits of an account, a room or a site; None: there is none.

    Attributes:
        spend_day, spend_month: in the site's currency.
        international_hour, international_day, international_month: calls.
        simultaneous: calls to the outside at the same time.
    """

    spend_day: Decimal | None = None
    spend_month: Decimal | None = None
    international_hour: int | None = None
    international_day: int | None = None
    international_month: int | None = None
    simultaneous: int | None = None


DEFAULT_LIMITS = ScopeLimits(Decimal(10), Decimal(100), 10, 30, 100, 2)
NO_LIMITS = ScopeLimits()


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of outgoing calls.

    Attributes:
        site, room, account: of the whole site, of each room, of each account.
        accounts: of some accounts in place of ``account``, by extension.
        closed: destinations nobody may call: countries by two letters, ``premium``,
            ``shared-cost``, ``satellite``, masks.
        closed_times: when international calls are closed.
        unrated: what becomes of an international call for which no rate is known, where there
            are rates.
        warn_new_country: tell when an account calls a country for the first time.
    """

    site: ScopeLimits = NO_LIMITS
    room: ScopeLimits = DEFAULT_LIMITS
    account: ScopeLimits = DEFAULT_LIMITS
    accounts: Mapping[str, ScopeLimits] = field(default_factory=dict)
    closed: tuple[str, ...] = ("premium", "satellite")
    closed_times: tuple[When, ...] = ()
    unrated: Literal["refuse", "allow"] = "refuse"
    warn_new_country: bool = True


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """Checks before commercial calls.

    Attributes:
        extensions: those that make commercial calls; none: nothing is checked.
        action: what becomes of a call to a number on a list.
        list_days: a list older than this is said to be stale.
    """

    extensions: tuple[str, ...] = ()
    action: Literal["block", "warn"] = "block"
    list_days: int = 30


@dataclass(frozen=True, slots=True)
class WithoutBellwire:
    """What the PBX does while bellwire does not answer; inside and emergency calls always pass."""

    national: Literal["allow", "refuse"] = "allow"
    international: Literal["allow", "refuse"] = "refuse"
    incoming: Literal["allow", "refuse"] = "allow"


@dataclass(frozen=True, slots=True)
class CallPbx:
    """How the PBX asks bellwire, and how calls leave it.

    Attributes:
        host, port: where bellwire answers, seen from the PBX.
        trunk: PJSIP endpoint by which calls leave; empty: a context of the owner's.
        outgoing: whose phones may call to the outside: ``guests``, ``staff``.
        dial_as: how the operator wants numbers: ``+34...``, ``34...`` or ``0034...``.
        numbers: the site's own numbers, and the extension that each calls; the others call the
            reception.
    """

    host: str = "127.0.0.1"
    port: int = 4573
    trunk: str = ""
    outgoing: tuple[Literal["guests", "staff"], ...] = ("guests", "staff")
    dial_as: Literal["e164", "digits", "double-zero"] = "e164"
    numbers: Mapping[str, str] = field(default_factory=dict)
    without_bellwire: WithoutBellwire = field(default_factory=WithoutBellwire)


@dataclass(frozen=True, slots=True)
class Calls:
    """How a site's calls are guarded.

    Attributes:
        groups: lists of callers, by name.
        extension_groups: lists of extensions and masks of them, by name.
    """

    currency: str = "EUR"
    numbering: Numbering = field(default_factory=Numbering)
    groups: Mapping[str, tuple[WrittenNumber, ...]] = field(default_factory=dict)
    extension_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    incoming: tuple[IncomingRule, ...] = ()
    actions: tuple[CallerActions, ...] = ()
    toll_free: TollFree = field(default_factory=TollFree)
    limits: Limits = field(default_factory=Limits)
    do_not_call: DoNotCall = field(default_factory=DoNotCall)
    pbx: CallPbx = field(default_factory=CallPbx)


_RECORD = TypeAdapter(Calls)


def calls_values(calls: Calls) -> dict[str, Any]:
    """Return the JSON form."""
    values: dict[str, Any] = _RECORD.dump_python(calls, mode="json")
    return values


def calls_of(values: Mapping[str, Any]) -> Calls:
    """Return the record of a JSON form; what is not there keeps its default.

    Raises:
        ValueError: a value is of the wrong type.
    """
    return _RECORD.validate_python(values)
