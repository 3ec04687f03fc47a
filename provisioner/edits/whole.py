"""Whole site files, applied so that each site's history knows of it and can take it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from provisioner.apply import Applier, summary
from provisioner.edits.history import Kept, remember, what_changes
from provisioner.edits.preparing import with_secrets
from provisioner.edits.staging import refuse_meanwhile
from provisioner.edits.tables import ChangeRow
from provisioner.inventory.audit import note
from provisioner.inventory.records import Inventory, Site
from provisioner.plan import Action, Change, Plan

ACTION = "apply"


def apply_whole(
    applier: Applier,
    wanted: Inventory,
    *,
    who: str,
    prune: bool = False,
    action: str = ACTION,
    check: Callable[[Session], None] = lambda _session: None,
) -> Plan:
    """Store what is wanted, in one transaction, with an entry in the history of each site.

    Args:
        applier: what stores plans.
        wanted: what the files say.
        who: for the audit log and the history.
        prune: retire what the files no longer name.
        action: what audit log and history call it.
        check: asked first, in the same transaction; what it raises refuses all.

    Raises:
        DuplicateError: a MAC belongs to another site already.
        EditError: a site whose settings change is in the middle of a change in stages.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    with applier.database.write() as session:
        check(session)
        plan = with_secrets(applier.plan_in(session, wanted, prune=prune))
        if not plan.changes:
            return plan
        for change in plan.of(Site):
            refuse_meanwhile(session, _site_of(change))
        kept = [(site, part, _kept(session, applier, part)) for site, part in _by_site(plan)]
        applier.carry_out(session, plan, now)
        note(session, now, who, action, ", ".join(site for site, _, _ in kept), summary(plan))
        for site, part, documents in kept:
            row = ChangeRow(
                site_id=site, at=now, who=who[:100], action=action, note="",
                summary=summary(part)[:1000], targets=list(documents.after),
                affected=len(part.affected),
            )  # fmt: skip
            remember(session, applier.box, row, documents)
    return plan


def _kept(session: Session, applier: Applier, part: Plan) -> Kept:
    """What is to be kept of a site; of one that is new little, as it is not taken back."""
    sites = part.of(Site)
    if sites and sites[0].action is Action.ADD:
        part = replace(part, changes=sites)
    return what_changes(session, applier.box, applier.catalogue, part)


def _by_site(plan: Plan) -> Iterator[tuple[str, Plan]]:
    """The plan of each site that changes."""
    changes: dict[str, list[Change]] = {}
    for change in plan.changes:
        changes.setdefault(_site_of(change), []).append(change)
    homes = {
        phone.mac: phone.site
        for phone in (*plan.before.phones, *plan.after.phones)
    } if len(changes) > 1 else {}  # fmt: skip
    for site, mine in changes.items():
        if len(changes) == 1:
            yield site, plan
            return
        affected = tuple(mac for mac in plan.affected if homes.get(mac) == site)
        yield site, Plan(tuple(mine), affected, _only(plan.before, site), _only(plan.after, site))


def _site_of(change: Change) -> str:
    thing = change.record
    return thing.id if isinstance(thing, Site) else thing.site


def _only(inventory: Inventory, site: str) -> Inventory:
    return Inventory(
        tuple(s for s in inventory.sites if s.id == site),
        tuple(r for r in inventory.rooms if r.site == site),
        tuple(a for a in inventory.accounts if a.site == site),
        tuple(p for p in inventory.phones if p.site == site),
    )
