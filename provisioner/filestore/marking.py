"""Marks the phones whose files no longer say what rollouts want of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import update
from sqlalchemy.orm import Session

from provisioner.filestore.offers import wish
from provisioner.filestore.records import phones_of, rollouts_of, taken_by, taken_in
from provisioner.filestore.rollout import in_charge
from provisioner.inventory.stamp import next_generation
from provisioner.inventory.tables import PhoneRow

CHUNK = 500


def mark_differing(session: Session, site: str) -> None:
    """Mark the phones that ``differing`` finds, in the caller's transaction."""
    mark(session, differing(session, site))


def differing(session: Session, site: str) -> list[str]:
    """Return the phones of a site whose files offer something else than they should.

    Whatever changed an offer (a stage, a stop, a version learned from any source), this finds it.
    """
    rollouts = rollouts_of(session, site)
    models = {model for rollout in rollouts for model in rollout.image.models}
    rows = taken_by(session, rollouts)
    found = []
    for phone in phones_of(session, site, models):
        device = phone.device
        charged = in_charge(rollouts, device)
        taken = {r.id: taken_in(rows.get((r.id, phone.mac)), r, device) for r in charged}
        if not phone.dirty and wish(charged, device, taken).text != phone.offered:
            found.append(phone.mac)
    return found


def mark(session: Session, macs: Iterable[str]) -> None:
    """Have the files of these phones made again."""
    wanted = list(macs)
    if not wanted:
        return
    generation = next_generation(session)
    for chunk in _chunks(wanted):
        marked = update(PhoneRow).where(PhoneRow.mac.in_(chunk))
        session.execute(marked.values(dirty=True, generation=generation))


def _chunks(macs: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(macs), CHUNK):
        yield macs[start : start + CHUNK]
