"""Words of remedies and of the guards that refuse them, and whom an entry of a log means."""

from __future__ import annotations

from web.pages.language import N_, gettext
from web.pages.words import ACTIONS

REMEDIES = {
    "resync": N_("Fetch again"),
    "reboot": N_("Restart"),
    "poe-cycle": N_("Power off and on"),
    "poe-on": N_("Switch power on"),
}
RUNGS = {
    "power": (N_("Powered"), "power"),
    "link": (N_("Linked"), "plug"),
    "place": (N_("In its place"), "place"),
    "address": (N_("Address"), "address"),
    "config": (N_("Fetched"), "fetched"),
    "registration": (N_("Registered"), "registered"),
    "reachability": (N_("Reachable"), "reachable"),
}
"""The steps of the ladder as a person ticks them off, with their icons."""
CHARTS = {
    "rtt": (N_("Round trip"), N_("How long the phone takes to answer."), "ms"),
    "power": (N_("Power"), N_("What it draws from its switch port."), "W"),
    "mos": (N_("Call quality"), N_("How calls sounded, from 1 to 5 (MOS)."), ""),
}
SPANS = {"24h": N_("24 hours"), "7d": N_("7 days"), "90d": N_("90 days")}
REPORTS = {
    "setup": N_("It reports that it has started"),
    "registered": N_("It reports that it is registered"),
    "unregistered": N_("It reports that it is not registered any more"),
    "register-failed": N_("It reports that registering failed"),
}
DONE = {
    "planned": N_("%(remedy)s: about to be done"),
    "off": N_("%(remedy)s: under way"),
    "done": N_("%(remedy)s: done; it is not known yet whether it helped"),
    "verified": N_("%(remedy)s: it helped"),
    "failed": N_("%(remedy)s: it did not help"),
    "refused": N_("%(remedy)s: not done"),
}
MEANINGS = {
    "resync": N_("The phone is told to fetch its files; calls go on."),
    "reboot": N_("The phone is told to restart, which takes a minute or two."),
    "poe-cycle": N_("Its switch takes the power away and gives it back: the phone starts anew."),
    "poe-on": N_("PoE was switched off at its port; it is switched on again."),
}
DOUBTS = {
    "way": N_("There is no way to do it from here."),
    "call": N_("Somebody may be in a call."),
    "emergency": N_("Somebody may need this phone in danger."),
    "repeat": N_("The same was done a short time ago."),
    "switch": N_("Its switch cannot be read."),
    "port": N_("It is not proven which port feeds it."),
    "foreign": N_("Something else hangs on its port."),
    "uplink": N_("Its port leads to other devices."),
    "own-port": N_("bellwire itself hangs on its port."),
    "power": N_("Taking its power away there would not restart it."),
    "limit": N_("Power was switched there too often."),
    "maintenance": N_("There is maintenance."),
    "exception": N_("The site leaves this phone alone."),
}
"""What stands against a remedy, by the name of the guard that says so."""
KEY_TYPES = {
    "blf": N_("Busy lamp"),
    "speed_dial": N_("Speed dial"),
    "intercom": N_("Intercom call"),
    "dtmf": N_("Tones in a call"),
    "url": N_("Web address"),
}
"""What keys do, for those types whose names the key sheets do not say."""
_ORIGINS = ("web", "cli", "api", "token")


def person_name(who: str) -> str:
    """Return whom the log means: ``web:maria`` is maria; nobody is bellwire itself."""
    origin, colon, name = who.partition(":")
    return name if colon and origin in _ORIGINS and name else who or "bellwire"


def action_text(action: str) -> str:
    """Return what the log says for one of its codes, in the language of the page."""
    text = ACTIONS.get(action)
    return gettext(text) if text else action
