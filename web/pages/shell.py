"""What is around every page: navigation, and the words that templates may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g, request, url_for

from monitors.status import State
from web.accounts.people import Person, Role
from web.pages import language
from web.pages.assets import Assets
from web.pages.formats import FILTERS, is_long_ago
from web.pages.language import LANGUAGES, N_
from web.pages.site_tabs import (
    PHONE_TABS,
    SITE_TABS,
    has_page,
    is_here,
    site_name,
    tabs_of,
)
from web.pages.words import ROLES, SHAPES, STATES

ICONS = "icons.svg"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation.

    Attributes:
        endpoint: of its page.
        blueprint: whose pages count as below it.
        short: the word for the narrow bar of a mobile phone.
        role: who sees it.
    """

    endpoint: str
    blueprint: str
    icon: str
    title: str
    short: str
    role: Role = Role.VIEWER


PLACES = (
    Place("overview.sites", "overview", "sites", N_("Sites"), N_("Sites")),
    Place("users.all_of_them", "users", "users", N_("Users"), N_("Users"), Role.ADMIN),
    Place("audit.log", "audit", "audit", N_("Audit log"), N_("Log"), Role.ADMIN),
    Place("account.mine", "account", "account", N_("My account"), N_("Account")),
)


WORDS: dict[str, Any] = {
    "languages": LANGUAGES,
    "states": STATES,
    "shapes": SHAPES,
    "State": State,
    "Role": Role,
    "SITE_TABS": SITE_TABS,
    "PHONE_TABS": PHONE_TABS,
    "tabs_of": tabs_of,
    "is_here": is_here,
    "has_page": has_page,
    "site_name": site_name,
}
"""What every template may use."""


def places_of(person: Person | None) -> list[Place]:
    """Return the navigation of a person."""
    return [p for p in PLACES if person is not None and person.is_at_least(p.role)]


def set_up_shell(app: Flask, assets: Assets) -> None:
    """Give templates their words, filters and addresses."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        language.gettext,
        language.ngettext,
        newstyle=True,
        pgettext=language.pgettext,
        npgettext=language.npgettext,
    )
    app.jinja_env.filters.update(FILTERS, retell=language.retell)
    app.jinja_env.tests["long_ago"] = is_long_ago

    def asset(name: str) -> str:
        return url_for("assets.send", version=assets.version, name=name)

    app.jinja_env.globals.update(WORDS, asset=asset)
    app.context_processor(_around)


def _around() -> dict[str, Any]:
    """What depends on who asks, and for what."""
    who: Person | None = g.get("person")
    return {
        "person": who,
        "language": language.current(),
        "theme": who.theme if who else "",
        "places": places_of(who),
        "here": request.blueprint,
        "role_words": ROLES,
    }
