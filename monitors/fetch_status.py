"""What the fetch log alone can say of a phone: has it come for its files, and did it get them?

Registration, power and reachability come from other probes; this one needs nothing but bellwire.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioner.inventory.fetches import FetchEvent

_REFUSALS = {
    "not-armed": "asked without its token and is not armed; arm it, then restart it",
    "wrong-token": "asked with a token that is not its own; arm it, then reset it",
    "wrong-network": "asks from an address outside its site's networks",
    "wrong-mac": "asked for another phone's file with its own token",
    "shut-out": "asks from an address that is shut out for guessing",
    "not-offered": "asked for a file that bellwire does not offer it",
}


class ProvisioningStatus(StrEnum):
    """How far a phone has come."""

    NEVER_SEEN = "never-seen"
    FIRST_CONTACT = "first-contact"
    PROVISIONED = "provisioned"
    REFUSED = "refused"
    NOT_RENDERED = "not-rendered"


@dataclass(frozen=True, slots=True)
class PhoneSeen:
    """What is known of a phone's provisioning. Times are naive UTC.

    Attributes:
        problem: why its files could not be rendered, or empty.
        last: its last request; None: none yet.
    """

    armed_until: datetime | None
    token_seen_at: datetime | None
    problem: str
    last: FetchEvent | None


def provisioning_status(
    seen: PhoneSeen, now: datetime
) -> tuple[ProvisioningStatus, str, datetime | None]:
    """Return status, cause in words (empty when all is well) and since when."""
    last = seen.last
    if seen.problem:
        return ProvisioningStatus.NOT_RENDERED, seen.problem, last.at if last else None
    if last is None:
        armed = seen.armed_until is not None and now < seen.armed_until
        cause = "never asked for its files" if armed else "never asked, and is not armed any more"
        return ProvisioningStatus.NEVER_SEEN, cause, None
    if last.outcome == "not-found" and last.reason in _REFUSALS and not seen.token_seen_at:
        return ProvisioningStatus.REFUSED, _REFUSALS[last.reason], last.at
    if seen.token_seen_at is not None:
        return ProvisioningStatus.PROVISIONED, "", seen.token_seen_at
    return ProvisioningStatus.FIRST_CONTACT, "has its server's address, not yet its files", last.at
