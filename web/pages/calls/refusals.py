"""Words for why calls were refused, and where the rule or limit that did it stands."""

from __future__ import annotations

from flask import url_for

from monitors.calls.decision import Because
from monitors.guarding.keeping import reason
from monitors.store.calls_blocks import CallWarning
from web.accounts.people import Role
from web.pages.access import person
from web.pages.call_rules.checking import link_of
from web.pages.calls.words import country_text
from web.pages.language import N_, current, gettext
from web.pages.site_tabs import has_page

RULES = {
    "blocked": N_("Outgoing calls are blocked"),
    "unknown_account": N_("No extension of this site"),
    "unknown_number": N_("No number that can be dialled from here"),
    "closed_destination": N_("Closed destination"),
    "closed_time": N_("Calls abroad are closed at this time"),
    "simultaneous": N_("Too many calls at the same time"),
    "calls_hour": N_("Calls abroad of an hour are used up"),
    "calls_day": N_("Calls abroad of the day are used up"),
    "calls_month": N_("Calls abroad of the month are used up"),
    "spend_day": N_("Money of the day is used up"),
    "spend_month": N_("Money of the month is used up"),
    "no_rate": N_("Nobody knows what it costs"),
    "do_not_call_blocked": N_("On a do-not-call list"),
}
"""Rules that refuse calls to the outside, in a few words: what is kept has no facts of one call."""
_LINKS = {
    "calls.blocked": (Role.VIEWER, N_("Who is blocked")),
    "call_rules.limits": (Role.INSTALLER, N_("Show the limit")),
    "call_rules.lists": (Role.INSTALLER, N_("Show the lists")),
}


def rule_text(rule: str) -> str:
    """Return what a rule is called; one of another version by its name."""
    return gettext(RULES[rule]) if rule in RULES else rule


def rule_link(site: str, rule: str) -> tuple[str, str] | None:
    """Return address and title of where a rule stands, if there is such and this person sees it."""
    link = link_of(Because(rule))
    if link is None or link.endpoint not in _LINKS or not has_page(link.endpoint):
        return None
    role, title = _LINKS[link.endpoint]
    if not person().is_at_least(role):
        return None
    return url_for(link.endpoint, site=site, _anchor=link.anchor or None), gettext(title)


def warning_text(warning: CallWarning) -> str:
    """Return a warning as a sentence, with the name of the country."""
    facts = dict(warning.because.facts)
    if "country" in facts:
        facts["country"] = country_text(facts["country"])
    return reason(Because(warning.because.rule, facts), current())
