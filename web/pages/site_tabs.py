"""The pages of a site and of a phone, as tabs; one whose page does not exist is left out."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, request
from sqlalchemy import select

from provisioner.inventory.tables import SiteRow
from web.accounts.people import Person, Role
from web.pages.desk import desk
from web.pages.language import N_


@dataclass(frozen=True, slots=True)
class Tab:
    """A page beside others.

    Attributes:
        endpoint: of the page.
        role: who sees it.
        also: blueprints whose pages count as its own.
    """

    endpoint: str
    title: str
    role: Role = Role.VIEWER
    also: tuple[str, ...] = ()


SITE_TABS = (
    Tab("hotel.plan", N_("Rooms")),
    Tab("incidents.open_ones", N_("Incidents")),
    Tab("install.floors", N_("Install"), Role.INSTALLER, ("bulk",)),
    Tab("switches.all_of_them", N_("Switches")),
    Tab("pbx.state", N_("PBX")),
    Tab("calls.today", N_("Calls"), also=("call_rules",)),
    Tab("dhcp.snippets", N_("DHCP")),
    Tab("change.site", N_("Settings"), Role.INSTALLER),
    Tab("change.history", N_("Changes")),
)
PHONE_TABS = (
    Tab("phone.one", N_("Overview")),
    Tab("phone_keys.one", N_("Keys")),
    Tab("phone_settings.one", N_("Settings")),
    Tab("phone_files.one", N_("Files")),
)


def has_page(endpoint: str) -> bool:
    """Whether a page exists."""
    return endpoint in current_app.view_functions


def tabs_of(tabs: tuple[Tab, ...], person: Person | None) -> list[Tab]:
    """Return the tabs that exist and that a person may see."""
    return [
        tab
        for tab in tabs
        if has_page(tab.endpoint) and person is not None and person.is_at_least(tab.role)
    ]


def is_here(tab: Tab) -> bool:
    """Whether the page that is shown is a tab's own, or one of its blueprint below no tab."""
    shown = g.get("tab") or request.endpoint
    if any(each.endpoint == shown for each in (*SITE_TABS, *PHONE_TABS)):
        return tab.endpoint == shown
    return request.blueprint in {tab.endpoint.partition(".")[0], *tab.also}


def is_there(site: str) -> bool:
    """Whether there is a site."""
    return _name(site) is not None


def site_name(site: str) -> str:
    """Return the name of a site as people know it; asked once for a page."""
    return _name(site) or site


def _name(site: str) -> str | None:
    names: dict[str, str | None] = g.setdefault("site_names", {})
    if site not in names:
        with desk().installation.database.read() as reading:
            names[site] = reading.scalar(select(SiteRow.name).where(SiteRow.id == site))
    return names[site]
