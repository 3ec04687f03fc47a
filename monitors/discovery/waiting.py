"""Finds on the waiting list: what a better source said before is kept. Pure."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from monitors.discovery.finds import Find
from monitors.discovery.sighting import Via
from provisioner.inventory.fetches import WaitingPhone

_RANK = {str(via): number for number, via in enumerate(Via, start=1)}
_ASKED = 0  # it asked the server itself


def waiting_phone(
    find: Find, held: WaitingPhone | None, models: Container[str], now: datetime
) -> WaitingPhone:
    """Return what the waiting list should say of a find.

    Args:
        find: what was found.
        held: what the list says; None: nothing.
        models: ids of models that the catalogue knows.
        now: naive UTC.
    """
    fresh = WaitingPhone(
        mac=str(find.mac),
        vendor=find.vendor,
        model=find.model,
        firmware=find.firmware,
        agent=find.agent,
        address=find.address,
        via=str(find.via),
        first_seen=now,
        last_seen=now,
    )
    if held is None:
        return fresh
    if _rank(held.via) < _rank(fresh.via):
        return replace(
            fresh,
            vendor=held.vendor or fresh.vendor,
            model=held.model or fresh.model,
            firmware=held.firmware or fresh.firmware,
            agent=held.agent or fresh.agent,
            address=fresh.address or held.address,
            via=held.via,
        )
    is_worse = held.model in models and fresh.model not in models
    return replace(fresh, model=held.model if is_worse or not fresh.model else fresh.model)


def _rank(via: str) -> int:
    return _RANK.get(via, _ASKED)
