"""What would happen to a call from a number and to it, and which rule decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitors.calls.book import Scope
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


class NumberChecker:
    """Says what would happen to numbers at a site, whose rules are read once.

    Args:
        site: what of it decides.
        blocked: scopes whose outgoing calls are blocked just now, and why.
        rooms: the room of each account that has one.

    Raises:
        NumberError: an entry of the site's rules cannot be read.
    """

    def __init__(
        self,
        site: CheckedSite,
        blocked: Mapping[Scope, str] | None = None,
        rooms: Mapping[str, str] | None = None,
    ) -> None:
        self._site = site
        self._blocked = dict(blocked or {})
        self._rooms = rooms or {}
        self._incoming = IncomingRules(site.calls, site.plan, site.timezone)
        self._outgoing = OutgoingRules(site.calls, site.plan, site.rates, site.timezone)

    def check(self, text: str, extension: str, at: datetime) -> NumberCheck:
        """Say what would happen to a number.

        Args:
            text: the number, in any spelling.
            extension: that would be called, or would call; empty: one without rules of its own.
            at: when, with a zone.

        Raises:
            NumberError: longer than any number.
        """
        plan = self._site.plan
        number, dialled = plan.read(text), plan.dialled(text)
        outside = number.kind is not Kind.INTERNAL
        call = IncomingCall(number, extension, at, from_outside=outside)
        guard = CallGuard(self._site.id, self._outgoing, blocked=self._blocked)
        room = self._rooms.get(extension, "")
        outgoing = guard.ask("check", extension, dialled, at, room)
        incoming = self._incoming.decide(call)
        return NumberCheck(number, dialled, spellings(dialled, plan), incoming, outgoing)


def check_number(text: str, site: CheckedSite, extension: str, at: datetime) -> NumberCheck:
    """Say what would happen to one number; see ``NumberChecker``."""
    return NumberChecker(site).check(text, extension, at)
