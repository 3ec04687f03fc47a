"""From an edit to a plan: what is stored is asked for, joined and checked; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.affected import affected_by
from provisioner.edits.checking import check_rooms, check_site, followed, shared
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.heads import site_after
from provisioner.edits.holdings import Holdings
from provisioner.edits.matching import check_match
from provisioner.edits.rooms import (
    Concerned,
    Wanted,
    as_shape,
    concerned_by,
    extensions_of,
    read_rooms,
    renamed,
    shaped_accounts,
    shaped_rooms,
    used_by,
)
from provisioner.edits.sources import FoundError
from provisioner.edits.unused import Leaving, accounts_left
from provisioner.errors import DuplicateError, UnknownThingError
from provisioner.filestore.site_names import check_library_names
from provisioner.inventory.records import Account, Inventory, Site
from provisioner.plan import NO_PHONES_MATTER, Plan, make_plan
from provisioner.secrets import Box, make_sip_secret


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that may be carried out, and what is to be said about it."""

    plan: Plan
    warnings: Mapping[str, int]


def prepare(
    session: Session, box: Box, catalogue: Catalogue, edit: Edit, *, exact: bool = False
) -> Prepared:
    """Return what an edit would do.

    Args:
        session: a reading or a writing one.
        box: opens what is encrypted.
        catalogue: the vendor knowledge.
        edit: what is wanted.
        exact: it is what was stored once: nothing that it leaves out is kept or tidied away.

    Raises:
        StaleError: what it was based on has changed.
        EditError: it cannot be; says where and why.
    """
    holdings = Holdings(session, box, edit.site)
    stored = holdings.site()
    check_match(edit, holdings, catalogue)
    site, head = site_after(edit, stored, catalogue, holdings.extensions, exact=exact)
    concerned = concerned_by(edit, holdings)
    wanted, before = _rooms(edit, site, concerned, holdings, catalogue, exact=exact)
    try:
        check_library_names(session, [s for s in (head, wanted.source) if s])
    except FoundError as found:
        raise EditError(found.problem) from found
    old_sites = (stored,) if stored else ()
    if stored is not None and reaches_phones(stored, site):
        whole = holdings.whole()
        after = followed(whole, _joined(whole, before, wanted.inventory, site), wanted, catalogue)
        warnings = check_site(catalogue, whole, after, wanted)
        warnings |= shared(wanted, holdings, concerned)
        plan = _plan(catalogue, whole, after)
    else:
        warnings = check_rooms(catalogue, wanted, site, holdings, concerned)
        before = replace(before, sites=old_sites)
        plan = _plan(catalogue, before, replace(wanted.inventory, sites=(site,)))
    return Prepared(affected_by(plan, catalogue, holdings), warnings)


def reaches_phones(stored: Site, site: Site) -> bool:
    """Whether a changed head may change the files of phones."""
    return any(
        getattr(stored, name) != getattr(site, name)
        for name in Site.__dataclass_fields__
        if name not in NO_PHONES_MATTER
    )


def _rooms(
    edit: Edit,
    site: Site,
    concerned: Concerned,
    holdings: Holdings,
    catalogue: Catalogue,
    *,
    exact: bool,
) -> tuple[Wanted, Inventory]:
    """The rooms and accounts that are to be, and those that they take the place of."""
    rooms = shaped_rooms(edit, site, concerned, catalogue, exact=exact)
    written = shaped_accounts(edit)
    now = {extension for phone in concerned.phones for extension in used_by(phone)}
    now |= {room.extension for room in concerned.rooms.values() if room.extension}
    mine = {account.extension for _, account in written}
    named = extensions_of(room for _, room in rooms) | mine
    held = holdings.accounts(now | named | set(edit.remove_accounts))
    shapes = {room.id: room for _, room in rooms}
    known = [
        (None, as_shape(renamed(held[e], concerned.rooms, shapes)))
        for e in sorted((named - mine) & set(held))
    ]
    wanted = read_rooms(site, rooms, [*written, *known], catalogue)
    leaving = Leaving(edit, concerned, held, wanted.inventory, exact)
    kept = accounts_left(leaving, holdings)
    inventory = replace(wanted.inventory, accounts=(*wanted.inventory.accounts, *kept))
    rooms_before = tuple(concerned.rooms.values())
    before = Inventory((), rooms_before, tuple(held.values()), concerned.phones)
    return replace(wanted, inventory=inventory), before


def _joined(whole: Inventory, before: Inventory, after: Inventory, site: Site) -> Inventory:
    """The whole site as it would be: what is concerned is replaced, the rest stays."""
    gone_rooms = {room.id for room in before.rooms}
    gone_accounts = {account.extension for account in before.accounts}
    gone_phones = {phone.mac for phone in before.phones}
    new_phones = {phone.mac for phone in after.phones}
    return Inventory(
        (site,),
        (*(r for r in whole.rooms if r.id not in gone_rooms), *after.rooms),
        (*(a for a in whole.accounts if a.extension not in gone_accounts), *after.accounts),
        (*(p for p in whole.phones if p.mac not in gone_phones | new_phones), *after.phones),
    )


def _plan(catalogue: Catalogue, before: Inventory, wanted: Inventory) -> Plan:
    try:
        plan = make_plan(catalogue, before, wanted, prune=True)
    except (DuplicateError, UnknownThingError) as problem:
        raise EditError(Problem((), str(problem))) from problem
    return with_secrets(plan)


def with_secrets(plan: Plan) -> Plan:
    """Give new accounts their secrets now, so that the history knows them."""
    made: dict[tuple[str, str], Account] = {}
    changes = []
    for change in plan.changes:
        after = change.after
        if isinstance(after, Account) and after.secret is None:
            after = replace(after, secret=make_sip_secret())
            made[after.site, after.extension] = after
            change = replace(change, after=after)  # noqa: PLW2901
        changes.append(change)
    if not made:
        return plan
    accounts = tuple(made.get((a.site, a.extension), a) for a in plan.after.accounts)
    return replace(plan, changes=tuple(changes), after=replace(plan.after, accounts=accounts))
