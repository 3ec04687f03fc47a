"""Words of the pages about calls: who, why, where to, how much, in the language of the page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_currency

from monitors.calls.book import Scope
from monitors.calls.decision import Because
from monitors.guarding.keeping import reason
from monitors.store.calls_blocks import BY_HAND, Block
from provisioner.numbering.countries import NOWHERE
from web.calls.acting import ANONYMOUS
from web.calls.using import Meter
from web.pages.language import N_, current, gettext, locale
from web.pages.phone.words import person_name

LIMITS = {
    "spend_day": N_("Money today"),
    "spend_month": N_("Money this month"),
    "international_hour": N_("Abroad, last hour"),
    "international_day": N_("Abroad today"),
    "international_month": N_("Abroad this month"),
    "simultaneous": N_("At the same time"),
}
LEVELS = {"used-up": N_("used up"), "nearly": N_("nearly used up"), "free": ""}
LEVEL_ICONS = {"used-up": "down", "nearly": "warning"}
SCOPES = {"account": N_("Extension"), "room": N_("Room"), "site": N_("The whole site")}
RESULTS = {
    "free": N_("on no list"),
    "consent": N_("on a list, but agreed"),
    "warned": N_("on a list, called with a warning"),
    "blocked": N_("on a list, not called"),
}
GUARD = {
    "never": N_("The guard has never run. Calls are not counted, and no limit holds."),
    "silent": N_("The guard does not answer. The PBX decides alone, as the site file says."),
    "apart": N_("The guard answers, but has no connection with the PBX."),
    "well": N_("The guard answers and is connected with the PBX."),
}
BY = {
    "extension": N_("By extension"),
    "destination": N_("By destination"),
    "day": N_("By day"),
}


def scope_text(scope: Scope, name: str = "") -> str:
    """Return what an account, a room or the site is called.

    Args:
        scope: which.
        name: of the person or place; left out where the number says it already.
    """
    kind, key = scope
    if kind == "site":
        return gettext(SCOPES[kind])
    text = f"{gettext(SCOPES[kind])} {key}"
    return f"{text}, {name}" if name and name.lower() not in key.lower() else text


def block_text(block: Block) -> str:
    """Return why somebody is blocked."""
    if block.rule.startswith(BY_HAND):
        who = person_name(str(block.facts.get("who", "")))
        why = str(block.facts.get("reason", ""))
        if why:
            return gettext("%(who)s has blocked it: %(why)s") % {"who": who, "why": why}
        return gettext("%(who)s has blocked it.") % {"who": who}
    return reason(Because(block.rule, block.facts), current())


def money(amount: Decimal | float, currency: str) -> str:
    """Write an amount of a currency."""
    return format_currency(amount, currency, locale=locale())


def meter_text(meter: Meter, currency: str) -> str:
    """Write what is used, and of how much."""
    used, most = _shown(meter, meter.used, currency), meter.most
    if most is None:
        return used
    return gettext("%(used)s of %(most)s") % {"used": used, "most": _shown(meter, most, currency)}


def _shown(meter: Meter, value: Decimal | int, currency: str) -> str:
    return money(Decimal(value), currency) if meter.is_money else str(value)


def country_text(code: str) -> str:
    """Return the name of a country."""
    if code == NOWHERE:
        return gettext("of no country")
    name: str | None = locale().territories.get(code)
    return name or gettext("country not known")


def caller_text(caller: str) -> str:
    """Return a caller of a toll-free number."""
    return gettext("callers without a number") if caller == ANONYMOUS else caller


def day_of(text: str) -> date:
    """Return a day that the database names."""
    return date.fromisoformat(text)


def day_text(day: date, form: str = "d MMM") -> str:
    """Write a day of the site's clock."""
    return format_date(day, form, locale=locale())
