"""Networks of all sites: a PBX may serve several, and the phones of one are no strangers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.inventory.pbx_hardening import hardening_of
from provisioner.inventory.tables import SiteRow


def networks_of_all(session: Session) -> tuple[str, ...]:
    """Return the networks of all sites, and those of their trunks."""
    found: dict[str, None] = {}
    for networks, pbx in session.execute(select(SiteRow.networks, SiteRow.pbx)):
        found |= dict.fromkeys(networks)
        found |= dict.fromkeys(hardening_of((pbx or {}).get("hardening")).trunks)
    return tuple(found)
