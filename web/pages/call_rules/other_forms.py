"""Forms for the rest of the rules: destinations and times, toll-free numbers, dialling, the PBX."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from provisioner.inventory.calls import Calls, DoNotCall, Limits, TollFree, WithoutBellwire
from provisioner.numbering.countries import known_countries
from provisioner.numbering.destinations import read_destinations
from provisioner.numbering.lists import split_pasted
from provisioner.numbering.number import NumberError
from provisioner.numbering.plan import Plan
from web.pages.call_rules.rule_forms import UNREAD, LongText, read_listed
from web.pages.call_rules.writing import put
from web.pages.forms import Form, FormModel, wrong
from web.pages.language import N_, gettext, retell

Json = dict[str, Any]
DIGITS = N_("Only digits are needed here, at most 12.")
CODES = N_("Codes have only digits, * and #, such as *60.")
CURRENCY = N_("Three letters are needed, such as EUR.")
LANDS = N_("No country with numbers of its own: %(which)s. Two letters are needed, such as FR.")
DAY_IS_LONGER = N_("A day holds the calls of every hour: this must be at least as many.")
NO_TRUNK = "-"
"""What is written for: nothing is dialled before a national number."""
LAND = 2
"""Letters of a country."""
_PARTED = re.compile(r"[,;\s]+")


def _digits(text: str) -> str:
    if not re.fullmatch(r"[0-9]{0,12}", text):
        raise wrong(DIGITS)
    return text


def _digits_or_none(text: str) -> str:
    return text if text == NO_TRUNK else _digits(text)


def _codes(text: str) -> str:
    if not all(re.fullmatch(r"[0-9*#]{1,20}", code) for code in words_of(text)):
        raise wrong(CODES)
    return text


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise wrong(CURRENCY)
    return text.upper()


def words_of(text: str) -> list[str]:
    """Return the words of a short list."""
    return list(dict.fromkeys(filter(None, _PARTED.split(text))))


Digits = Annotated[str, AfterValidator(_digits)]
Codes = Annotated[str, Field(max_length=2000), AfterValidator(_codes)]
AllowRefuse = Literal["allow", "refuse"]


class MoneyForm(FormModel):
    """In which money the site counts."""

    currency: Annotated[str, AfterValidator(_currency)]


class ClosedForm(FormModel):
    """Where and when nobody may call."""

    destinations: LongText = ""
    unrated: AllowRefuse = "refuse"
    warn_new_country: bool = False


class TollFreeForm(FormModel):
    """Protection of toll-free numbers."""

    toll_numbers: LongText = ""
    per_hour: Annotated[int, Field(ge=1, le=10_000)] = TollFree().per_hour
    per_day: Annotated[int, Field(ge=1, le=100_000)] = TollFree().per_day
    level: Annotated[int, Field(ge=1, le=9)] = TollFree().level
    interval_s: Annotated[int, Field(ge=4, le=120)] = TollFree().interval_s
    forget_days: Annotated[int, Field(ge=1, le=3650)] = TollFree().forget_days


class NumberingForm(FormModel):
    """How the site dials, where it differs from its country."""

    area: Digits = ""
    trunk_prefix: Annotated[str, AfterValidator(_digits_or_none)] = ""
    international_prefix: Digits = ""
    outside: Digits = ""
    home: Annotated[str, Field(max_length=1000)] = ""
    services: Codes = ""
    emergency: Codes = ""


class WithoutForm(FormModel):
    """What the PBX does while bellwire does not answer."""

    national: AllowRefuse = WithoutBellwire().national
    international: AllowRefuse = WithoutBellwire().international
    incoming: AllowRefuse = WithoutBellwire().incoming


class DoNotCallForm(FormModel):
    """Whose calls are commercial, and what becomes of them."""

    extensions: LongText = ""
    action: Literal["block", "warn"] = "block"
    list_days: Annotated[int, Field(ge=1, le=3650)] = DoNotCall().list_days


def shown(calls: Calls) -> dict[str, dict[str, Any]]:
    """Return what each form shows of the rules in force, by its name."""
    limits, toll, given, commercial = (
        calls.limits, calls.toll_free, calls.numbering, calls.do_not_call,
    )  # fmt: skip
    trunk = given.trunk_prefix
    return {
        "money": {"currency": calls.currency},
        "closed": {
            "destinations": "\n".join(limits.closed), "unrated": limits.unrated,
            "warn_new_country": limits.warn_new_country,
        },
        "toll_free": {
            "toll_numbers": "\n".join(toll.numbers), "per_hour": toll.per_hour,
            "per_day": toll.per_day, "level": toll.level, "interval_s": toll.interval_s,
            "forget_days": toll.forget_days,
        },
        "numbering": {
            "area": given.area, "trunk_prefix": NO_TRUNK if trunk == "" else trunk or "",
            "international_prefix": given.international_prefix, "outside": given.outside,
            "home": ", ".join(given.home), "services": ", ".join(given.services),
            "emergency": ", ".join(given.emergency),
        },
        "without": {
            name: getattr(calls.pbx.without_bellwire, name) for name in WithoutForm.model_fields
        },
        "commercial": {
            "extensions": "\n".join(commercial.extensions), "action": commercial.action,
            "list_days": commercial.list_days,
        },
    }  # fmt: skip


def put_money(form: Form[MoneyForm], wanted: Json) -> None:
    """Write the currency."""
    if form.data is not None:
        put(
            wanted, "currency", "" if form.data.currency == Calls().currency else form.data.currency
        )


def put_closed(form: Form[ClosedForm], times: list[Json], wanted: Json, plan: Plan) -> None:
    """Write closed destinations and times; an empty list closes nothing."""
    if form.data is None:
        return
    limits = wanted.setdefault("limits", {})
    try:
        closed = _destinations(form.data.destinations, plan)
    except NumberError as problem:
        form.refuse("destinations", gettext(UNREAD) % {"why": retell(problem)})
        return
    limits["closed"] = closed
    if tuple(closed) == Limits().closed:
        del limits["closed"]
    put(limits, "closed_times", times)
    put(limits, "unrated", "" if form.data.unrated == Limits().unrated else form.data.unrated)
    limits["warn_new_country"] = form.data.warn_new_country


def _destinations(text: str, plan: Plan) -> list[str]:
    """Countries, sorts of line and masks.

    Raises:
        NumberError: an entry is none of them.
    """
    found: list[str] = []
    for piece in filter(None, map(str.strip, re.split(r"[,;\n\r]+", text))):
        words = piece.split()
        if all(word.replace("-", "").isalpha() for word in words):
            found += [w.upper() if len(w) == LAND else w.lower() for w in words]
        else:
            found += split_pasted(piece, plan)
    read_destinations(found, plan)
    return list(dict.fromkeys(found))


def put_toll_free(form: Form[TollFreeForm], wanted: Json, plan: Plan) -> None:
    """Write the protection of toll-free numbers; without numbers there is none."""
    numbers = read_listed(form, "toll_numbers", plan, ())
    if form.data is None:
        return
    if form.data.per_day < form.data.per_hour:
        form.refuse("per_day", gettext(DAY_IS_LONGER))
    made = form.data.model_dump(exclude={"toll_numbers"})
    put(wanted, "toll_free", {"numbers": numbers, **made} if numbers else None)


def put_numbering(form: Form[NumberingForm], wanted: Json) -> None:
    """Write how the site dials."""
    if form.data is None:
        return
    home = [word.upper() for word in words_of(form.data.home)]
    if strange := [land for land in home if land not in known_countries()]:
        form.refuse("home", gettext(LANDS) % {"which": ", ".join(strange)})
    made: Json = {}
    for name in ("area", "international_prefix", "outside"):
        put(made, name, getattr(form.data, name))
    trunk = form.data.trunk_prefix
    if trunk:
        made["trunk_prefix"] = "" if trunk == NO_TRUNK else trunk
    put(made, "home", home)
    put(made, "services", words_of(form.data.services))
    put(made, "emergency", words_of(form.data.emergency))
    put(wanted, "numbering", made)


def put_without(form: Form[WithoutForm], wanted: Json) -> None:
    """Write what happens while bellwire does not answer."""
    if form.data is not None:
        wanted.setdefault("pbx", {})["without_bellwire"] = form.data.model_dump()


def put_commercial(form: Form[DoNotCallForm], wanted: Json, plan: Plan) -> None:
    """Write whose calls are commercial; nobody's: nothing is checked."""
    extensions = read_listed(form, "extensions", plan, wanted.get("extension_groups", {}))
    if form.data is None:
        return
    made = {"action": form.data.action, "list_days": form.data.list_days}
    put(wanted, "do_not_call", {"extensions": extensions, **made} if extensions else None)
