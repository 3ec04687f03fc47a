"""The pages about a site's calls, side by side; ``parts/calls-nav.html`` shows them."""

from __future__ import annotations

from flask import request

from web.pages.language import N_
from web.pages.site_tabs import Tab, has_page

CALL_PAGES = (
    Tab("calls.today", N_("Today"), also=("calls.refused",)),
    Tab("calls.live", N_("Live")),
    Tab("calls.blocked", N_("Blocked")),
    Tab("calls.reports", N_("Reports"), also=("calls.checks",)),
    Tab("call_rules.incoming", N_("Rules")),
    Tab("call_rules.limits", N_("Limits")),
    Tab("call_rules.lists", N_("Lists")),
    Tab("call_rules.check", N_("Check a number")),
)


def call_pages() -> list[tuple[Tab, bool]]:
    """Return those that exist, and whether each is shown, or one that belongs to it."""
    shown = request.endpoint or ""
    return [
        (tab, any(shown == e or shown.startswith(f"{e}_") for e in (tab.endpoint, *tab.also)))
        for tab in CALL_PAGES
        if has_page(tab.endpoint)
    ]
