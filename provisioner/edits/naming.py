"""What an edit is called in the audit log and the history. Pure."""

from __future__ import annotations

from provisioner.edits.edit import Edit
from provisioner.inventory.records import Account, Phone, Room, Site
from provisioner.plan import Action, Change, Plan

SHOWN = 12
ROTATE = "rotate"
"""New secrets for accounts; what the audit log calls it too."""
LASTING = frozenset({ROTATE})
"""Actions that are not taken back: whoever knew the old secret would get in again."""


def action_of(edit: Edit, plan: Plan) -> str:
    """Return the action: what is the greatest thing that happens."""
    if edit.head is not None and plan.of(Site):
        only_new = plan.of(Site)[0].action is Action.ADD
        return "site-add" if only_new else "site-edit"
    if is_replacement(plan):
        return "phone-replace"
    kinds = {type(change.record) for change in plan.changes}
    if kinds == {Account}:
        return "account-edit"
    if edit.remove_phones and not edit.rooms and not edit.remove_rooms:
        return "phone-retire"
    if edit.remove_rooms and not edit.rooms:
        return "room-remove"
    return "room-edit"


def is_replacement(plan: Plan) -> bool:
    """Whether all that happens is that a phone takes the place of another one."""
    phones = plan.of(Phone)
    if len(phones) != len(plan.changes) or len(phones) != 2:  # noqa: PLR2004 - one out, one in
        return False
    gone, come = (_phone(phones, action) for action in (Action.RETIRE, Action.ADD))
    if gone is None or come is None:
        return False
    return (gone.room, gone.position) == (come.room, come.position)


def target_of(edit: Edit, plan: Plan) -> str:
    """Return site and what was touched: ``casa: room 214, account 2214``."""
    names = touched(plan)
    shown = ", ".join(name.replace("/", " ") for name in names[:SHOWN])
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{edit.site}: {shown}{more}" if names else edit.site


def touched(plan: Plan) -> tuple[str, ...]:
    """Return what a plan changes, by ``head``, ``room/214`` and ``account/214``."""
    found: dict[str, None] = {}
    for change in plan.changes:
        for record in (change.before, change.after):
            if isinstance(record, Site):
                found["head"] = None
            elif isinstance(record, Room):
                found[f"room/{record.id}"] = None
            elif isinstance(record, Phone):
                found[f"room/{record.room}"] = None
            elif isinstance(record, Account):
                found[f"account/{record.extension}"] = None
    return tuple(found)


def _phone(changes: tuple[Change, ...], action: Action) -> Phone | None:
    found = (c.record for c in changes if c.action is action)
    phone = next(found, None)
    return phone if isinstance(phone, Phone) else None
