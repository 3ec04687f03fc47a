"""The incident of an account that is attacked: open while an address is shut out for it.

One for each account, not for each address: a guesser with a thousand addresses is one trouble.
The sweep knows nothing of these: ``monitors.incidents.decide`` leaves their keys alone.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from monitors.incident_steps import ATTACK, Close, Ending, Keep, Open, OpenIncident, Step
from monitors.store.incidents import open_incidents, take
from monitors.store.shut_out import ShutOut
from provisioner.db import Database

PASSWORDS, EXTENSIONS, NOT_SHUT_OUT = "L1", "L2", "L3"
"""Rows of the diagnosis texts."""
_NO_ACCOUNT = "?"


def incident_key(account: str) -> str:
    """Return what the incident of an attack on an account is called."""
    return f"{ATTACK}{account or _NO_ACCOUNT}"


def open_incident(database: Database, one: ShutOut, now: datetime) -> None:
    """Open the incident of an address that was shut out, or say that now it is."""
    rule = _rule(one)
    facts = {"address": one.address, "extension": one.account, "count": str(one.tries)}
    key = incident_key(one.account)
    known = next((i for i in open_incidents(database, one.site) if i.key == key), None)
    step: Step
    if known is None:
        step = Open(
            key=key, grouped=True, name=one.account or one.address, rule=rule,
            sureness="certain", facts=facts, macs=frozenset(), began_at=now,
        )  # fmt: skip
    elif known.rule != rule:
        step = Keep(known.id, known.rule, rule, "certain", facts, joined=frozenset(), is_found=True)
    else:
        return
    take(database, one.site, (step,), now)


def close_incidents(
    database: Database, site: str, attacked: Collection[str], now: datetime
) -> None:
    """Close the incidents of accounts that are not attacked any more."""
    wanted = {incident_key(account) for account in attacked}
    over = [i for i in open_incidents(database, site) if _is_over(i, wanted)]
    take(database, site, [Close(each.id, Ending.RECOVERED) for each in over], now)


def _is_over(incident: OpenIncident, wanted: Collection[str]) -> bool:
    return incident.key.startswith(ATTACK) and incident.key not in wanted


def _rule(one: ShutOut) -> str:
    if one.problem:
        return NOT_SHUT_OUT
    return PASSWORDS if one.account else EXTENSIONS
