"""The monitor's words in the language of the page and the time of its site."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from provisioner.inventory.tables import SiteRow
from web.installation import Installation
from web.overview.wording import Voice, voice
from web.pages.formats import zone_named
from web.pages.language import current


def site_voice(installation: Installation, site: str, now: datetime) -> Voice:
    """Return who speaks of a site's phones: the page's language, the site's wall time."""
    with installation.database.read() as reading:
        name = reading.scalar(select(SiteRow.timezone).where(SiteRow.id == site)) or "UTC"
    zone = zone_named(name)
    return voice(current(), zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC"), now)
