"""The differences in phones' files that an edit would make, secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from provisioner.apply import Applier, file_diffs
from provisioner.edits.holdings import Holdings
from provisioner.edits.rooms import used_by
from provisioner.inventory.records import Inventory
from provisioner.mac import MacAddress
from provisioner.plan import Plan

LOOKED_AT = 200
"""So many phones are rendered at most to find some whose files differ."""


def find_diffs(applier: Applier, plan: Plan, limit: int) -> Iterator[tuple[MacAddress, str]]:
    """Yield up to ``limit`` phones of a plan with the unified diff of their files."""
    macs = plan.affected[:LOOKED_AT]
    if not macs or limit <= 0:
        return
    whole = _with_others(applier, plan, macs)
    found = 0
    for mac, diff in file_diffs(applier, whole, macs):
        if diff:
            yield mac, diff
            found += 1
        if found == limit:
            return


def _with_others(applier: Applier, plan: Plan, macs: Iterable[MacAddress]) -> Plan:
    """Add what the files of phones outside of the edit's own rooms depend on."""
    known = {p.mac for p in (*plan.before.phones, *plan.after.phones)}
    with applier.database.read() as session:
        holdings = Holdings(session, applier.box, _site_of(plan))
        phones = tuple(holdings.phones([str(m) for m in macs if m not in known]).values())
        rooms = holdings.rooms({phone.room for phone in phones})
        others = {room.id: room for room in holdings.all_rooms()} | rooms
        extensions = {e for phone in phones for e in used_by(phone)}
        accounts = tuple(holdings.accounts(extensions).values())
    extra = Inventory((), tuple(others.values()), accounts, phones)
    touched = {r.id for r in (*plan.before.rooms, *plan.after.rooms)}
    extra = replace(extra, rooms=tuple(r for r in extra.rooms if r.id not in touched))
    return replace(plan, before=_more(plan.before, extra), after=_more(plan.after, extra))


def _more(inventory: Inventory, extra: Inventory) -> Inventory:
    """An inventory with more in it; what it says itself counts."""
    accounts = {a.extension for a in inventory.accounts}
    return Inventory(
        inventory.sites,
        (*inventory.rooms, *extra.rooms),
        (*inventory.accounts, *(a for a in extra.accounts if a.extension not in accounts)),
        (*inventory.phones, *extra.phones),
    )


def _site_of(plan: Plan) -> str:
    return (plan.after.sites or plan.before.sites)[0].id
