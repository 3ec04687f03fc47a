"""The stamp: one row that tells readers in memory whether anything is new."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from provisioner.inventory.tables import SiteRow, StampRow


def read_stamp(session: Session) -> tuple[int, int]:
    """Return (generation, epoch)."""
    row = session.execute(select(StampRow.generation, StampRow.epoch)).one()
    return row[0], row[1]


def read_sites_stamp(session: Session) -> int:
    """Return a number that rises when site files were applied, and with nothing else."""
    return int(session.scalars(select(StampRow.sites)).one())


def lock_site(session: Session, site: str) -> int:
    """Return what ``read_sites_stamp`` does, and let nobody else edit the site until the end.

    Args:
        session: a writing one. SQLite has locked already; PostgreSQL locks the site's row.
        site: its id.
    """
    session.execute(select(SiteRow.id).where(SiteRow.id == site).with_for_update())
    return read_sites_stamp(session)


def next_generation(session: Session, *, removed: bool = False, sites: bool = False) -> int:
    """Return a new generation, in the transaction that changes something.

    Args:
        session: a writing session.
        removed: phones are gone, so readers must forget what they hold.
        sites: something of a site file was stored.
    """
    session.execute(
        update(StampRow).values(
            generation=StampRow.generation + 1,
            epoch=StampRow.epoch + int(removed),
            sites=StampRow.sites + int(sites),
        )
    )
    return int(session.scalars(select(StampRow.generation)).one())
