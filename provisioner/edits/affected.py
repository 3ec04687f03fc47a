"""Which phones an edit reaches, asked for where the plan does not hold them."""

from __future__ import annotations

from dataclasses import replace

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.holdings import Holdings
from provisioner.inventory.records import Account, Room, Site
from provisioner.mac import MacAddress
from provisioner.plan import NO_PHONES_MATTER, Change, Plan, affected_phones
from provisioner.room_keys import WATCHED

_ONLY_SOME = frozenset({"presets", "room_templates"})
"""Fields of a site that reach only the phones which use what changed."""


def affected_by(plan: Plan, catalogue: Catalogue, holdings: Holdings) -> Plan:
    """Return the plan with all phones that it reaches, and no more of a site than it must be.

    Args:
        plan: of one site; either it holds the whole site, or its head reaches no phone.
        catalogue: the vendor knowledge.
        holdings: the stored site.
    """
    heads = [change for change in plan.of(Site) if _matters(change)]
    if heads and all(set(change.fields) <= _ONLY_SOME | NO_PHONES_MATTER for change in heads):
        rest = [change for change in plan.changes if change not in heads]
        macs = dict.fromkeys(affected_phones(catalogue, rest, plan.before, plan.after))
        macs |= dict.fromkeys(_users_of_templates(plan, heads[0]))
        return replace(plan, affected=tuple(macs))
    if heads:
        return plan
    macs = dict.fromkeys(plan.affected)
    macs |= dict.fromkeys(_beyond(plan, catalogue, holdings))
    return replace(plan, affected=tuple(macs))


def _matters(change: Change) -> bool:
    return not change.fields or not set(change.fields) <= NO_PHONES_MATTER


def _users_of_templates(plan: Plan, change: Change) -> list[MacAddress]:
    """Phones whose preset, or whose room's template, is another one now."""
    old, new = change.before, change.after
    if not isinstance(old, Site) or not isinstance(new, Site):
        return [phone.mac for phone in plan.after.phones]
    presets = {n for n in {*old.presets, *new.presets} if old.presets.get(n) != new.presets.get(n)}
    templates = {
        n
        for n in {*old.room_templates, *new.room_templates}
        if old.room_templates.get(n) != new.room_templates.get(n)
    }
    rooms = {room.id for room in plan.after.rooms if room.template in templates}
    return [p.mac for p in plan.after.phones if p.preset in presets or p.room in rooms]


def _beyond(plan: Plan, catalogue: Catalogue, holdings: Holdings) -> list[MacAddress]:
    """Phones outside of the rooms of the edit: users of its accounts, and watchers of rooms."""
    found: list[str] = []
    accounts = [
        c.record.extension
        for c in plan.changes
        if isinstance(c.record, Account) and c.before is not None and _matters(c)
    ]
    found += [use.mac for uses in holdings.users_of(accounts).values() for use in uses]
    if any(isinstance(c.record, Room) and _is_shown(c) for c in plan.changes):
        found += holdings.watchers(_watching(plan, catalogue))
    return [MacAddress(mac) for mac in found]


def _is_shown(change: Change) -> bool:
    return not change.fields or bool(set(change.fields) & WATCHED)


def _watching(plan: Plan, catalogue: Catalogue) -> set[str]:
    """The presets with keys that stand for rooms."""
    presets = dict(catalogue.presets)
    for site in (*plan.before.sites, *plan.after.sites):
        presets |= {f"{name}": preset for name, preset in site.presets.items()}
    return {name for name, preset in presets.items() if any(key.each for key in preset.keys)}
