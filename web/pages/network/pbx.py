"""A site's PBX: how it is reached, what is wrong with it, and what bellwire writes for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import func, select

from monitors.store.tables import incident, status
from provisioner.inventory import store
from provisioner.inventory.tables import AccountRow, SiteRow
from provisioner.pbx.asterisk import PbxFile, export, remarks
from provisioner.pbx.site import PbxSite, pbx_site
from provisioner.soft_phones.links import soft_phones_of
from web.installation import Installation

RULES = ("A1", "A2")
"""Of the decision table: the PBX cannot be asked; no phone reaches it."""
MASK = SecretStr("hidden")
_PIN = "0000"


@dataclass(frozen=True, slots=True)
class PbxView:
    """How bellwire and the PBX stand.

    Attributes:
        kind: asterisk, kamailio or freeswitch; empty: the site names none.
        user: as whom bellwire asks it.
        registrar: where phones register; empty: not set for the whole site.
        accounts: of the site.
        troubles: open incidents about it: number, rule, since.
        judged_at: when the monitor looked last; None: never.
    """

    kind: str
    host: str
    port: int
    user: str
    registrar: str
    accounts: int
    troubles: tuple[tuple[int, str, datetime], ...]
    judged_at: datetime | None


def pbx_view(installation: Installation, site: str) -> PbxView | None:
    """Return how a site's PBX stands; None: there is no such site."""
    with installation.database.read() as reading:
        row = reading.execute(
            select(SiteRow.pbx, SiteRow.settings).where(SiteRow.id == site)
        ).first()
        accounts = reading.scalar(select(func.count()).where(AccountRow.site_id == site)) or 0
    if row is None:
        return None
    with installation.monitoring.read() as reading:
        query = select(incident.c.id, incident.c.rule, incident.c.began_at).where(
            incident.c.site == site, incident.c.closed_at.is_(None), incident.c.rule.in_(RULES)
        )
        troubles = tuple((r.id, r.rule, r.began_at) for r in reading.execute(query))
        judged_at = reading.scalar(
            select(func.max(status.c.judged_at)).where(status.c.site == site)
        )
    told = row.pbx or {}
    sip = row.settings.get("sip") or {}
    return PbxView(
        str(told.get("kind", "")),
        str(told.get("host", "")),
        int(told.get("port") or 0),
        str(told.get("username", "")),
        str(sip.get("registrar", "")),
        accounts,
        troubles,
        judged_at,
    )


def pbx_files(
    installation: Installation, site: str, now: datetime, *, masked: bool
) -> tuple[tuple[PbxFile, ...], tuple[str, ...]]:
    """Return the files for a site's Asterisk, and remarks on them.

    Args:
        installation: the opened data folder.
        site: its id.
        now: naive UTC.
        masked: leave out passwords and PINs.

    Raises:
        InventoryError: something of the site cannot be written; names what.
    """
    with installation.database.read() as reading:
        held = store.stored(reading, installation.box, [site])
        soft_phones = soft_phones_of(reading, site, now)
    made = replace(pbx_site(installation.catalogue, held, site), soft_phones=soft_phones)
    wanted = _masked(made) if masked else made
    return export(wanted, installation.catalogue.folder), remarks(wanted)


def _masked(made: PbxSite) -> PbxSite:
    """The same site with stand-ins for what is secret, so that no file can hold it."""
    accounts = tuple(replace(account, secret=MASK) for account in made.accounts)
    return replace(made, accounts=accounts, voicemail_pins=dict.fromkeys(made.voicemail_pins, _PIN))
