"""What would happen to a call from a number and to it, and which rule decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitors.calls.decision import Decision
from monitors.calls.guard import CallGuard
from monitors.calls.incoming import IncomingCall, IncomingRules
from monitors.calls.limits import OutgoingRules
from monitors.calls.rates import RateTable
from provisioner.inventory.calls import Calls
from provisioner.numbering.number import Kind, Number
from provisioner.numbering.plan import Plan, spellings


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """A number, and what is decided of calls from it and to it.

    Attributes:
        number: as a caller of the site.
        dialled: as a phone of the site dials it; another one where a line is dialled first.
        spellings: how it may be delivered and dialled.
        incoming: of a call from it.
        outgoing: of a call to it, by an account that has made no call yet.
    """

    number: Number
    dialled: Number
    spellings: tuple[str, ...]
    incoming: Decision
    outgoing: Decision


@dataclass(frozen=True, slots=True)
class CheckedSite:
    """What of a site decides about calls."""

    id: str
    plan: Plan
    timezone: str = "UTC"
    calls: Calls = field(default_factory=Calls)
    rates: RateTable | None = None


def check_number(text: str, site: CheckedSite, extension: str, at: datetime) -> NumberCheck:
    """Say what would happen to a number at a site.

    Args:
        text: the number, in any spelling.
        site: the site.
        extension: that would be called, or would call; empty: one without rules of its own.
        at: when, with a zone.

    Raises:
        NumberError: longer than any number, or an entry of the site's rules cannot be read.
    """
    plan = site.plan
    number, dialled = plan.read(text), plan.dialled(text)
    outside = number.kind is not Kind.INTERNAL
    incoming = IncomingRules(site.calls, plan, site.timezone).decide(
        IncomingCall(number, extension, at, from_outside=outside)
    )
    rules = OutgoingRules(site.calls, plan, site.rates, site.timezone)
    outgoing = CallGuard(site.id, rules).ask("check", extension, dialled, at)
    return NumberCheck(number, dialled, spellings(dialled, plan), incoming, outgoing)
