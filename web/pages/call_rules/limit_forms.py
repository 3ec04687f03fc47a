"""Limits of outgoing calls as forms: an empty box is the usual limit, a tick is none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from provisioner.inventory.calls import DEFAULT_LIMITS, NO_LIMITS, Limits, ScopeLimits
from web.pages.call_rules.writing import put
from web.pages.forms import Form, FormModel
from web.pages.language import N_, gettext

Json = dict[str, Any]
MONEY = N_("An amount such as 10 or 12.50 is needed.")
COUNT = N_("A whole number from %(least)s to %(most)s is needed.")
BOTH = N_("Either take the tick away, or leave the box empty.")
COUNT_MAX = 1_000_000
SIMULTANEOUS_MAX = 10_000
_DIGITS_MAX, _PLACES_MAX = 14, 4


@dataclass(frozen=True, slots=True)
class LimitField:
    """One limit.

    Attributes:
        least, most: of a whole number; None: it is money.
    """

    name: str
    words: str
    least: int | None = 0
    most: int = COUNT_MAX

    @property
    def is_money(self) -> bool:
        """Whether it is an amount of the site's currency."""
        return self.least is None

    def read(self, text: str) -> Decimal | int:
        """Return what somebody typed.

        Raises:
            ValueError: it is no such number; the message is for the page.
        """
        return _money(text) if self.least is None else _count(text, self.least, self.most)


FIELDS = (
    LimitField("spend_day", N_("Money in a day"), None),
    LimitField("spend_month", N_("Money in a month"), None),
    LimitField("international_hour", N_("International calls in an hour")),
    LimitField("international_day", N_("International calls in a day")),
    LimitField("international_month", N_("International calls in a month")),
    LimitField("simultaneous", N_("Calls at the same time"), 1, SIMULTANEOUS_MAX),
)
SCOPES = {
    "account": (
        N_("Each account"),
        N_("Of every account that has no limits of its own below."),
    ),
    "room": (N_("Each room"), N_("Of all accounts of a room together.")),
    "site": (N_("The whole site"), N_("Of all accounts together.")),
}


def usual_of(scope: str) -> ScopeLimits:
    """Return the limits of the product."""
    return NO_LIMITS if scope == "site" else DEFAULT_LIMITS


def limits_form(limits: ScopeLimits) -> Form[FormModel]:
    """Return the form of limits in force."""
    values: dict[str, Any] = {}
    for field in FIELDS:
        value = getattr(limits, field.name)
        values[field.name] = "" if value is None else f"{value:f}" if field.is_money else str(value)
        values[f"{field.name}-none"] = value is None
    return Form(values)


def limits_sent(
    sent: Mapping[str, str], shown: ScopeLimits, usual: ScopeLimits
) -> tuple[Form[FormModel], Json]:
    """Return a form as it was sent, and what differs from the usual as a site file has it.

    Args:
        sent: the fields.
        shown: limits that the form showed: a number left standing beside a new tick is gone.
        usual: what an empty box means.
    """
    form, before, made = Form[FormModel](), limits_form(shown), Json()
    for field in FIELDS:
        text, is_none = sent.get(field.name, "").strip(), f"{field.name}-none" in sent
        form.values |= {field.name: text, f"{field.name}-none": is_none}
        default = getattr(usual, field.name)
        value: Decimal | int | None = default
        if is_none:
            value = None
            if text and text != before.value(field.name):
                form.refuse(field.name, gettext(BOTH))
        elif text:
            try:
                value = field.read(text)
            except ValueError as problem:
                form.refuse(field.name, str(problem))
        if value != default:
            made[field.name] = f"{value:f}" if isinstance(value, Decimal) else value
    return form, made


def differing(limits: ScopeLimits, usual: ScopeLimits) -> list[tuple[LimitField, Any]]:
    """Return the limits that are not the usual ones."""
    pairs = [(field, getattr(limits, field.name)) for field in FIELDS]
    return [(field, value) for field, value in pairs if value != getattr(usual, field.name)]


def put_limits(document: Json, scope: str, made: Json, account: str = "") -> None:
    """Write limits into the part ``calls``; the usual ones are not written.

    Args:
        document: the part.
        scope: ``account``, ``room`` or ``site``.
        made: what differs from the usual.
        account: a single one.
    """
    limits = document.setdefault("limits", {})
    if account:
        put(limits.setdefault("accounts", {}), account, made)
    else:
        put(limits, scope, made)


def scope_limits(limits: Limits, scope: str) -> ScopeLimits:
    """Return the limits in force of a scope."""
    found: ScopeLimits = getattr(limits, scope)
    return found


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(gettext(MONEY)) from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(gettext(MONEY))
    _, digits, exponent = amount.as_tuple()
    places = -int(exponent)
    if places > _PLACES_MAX or len(digits) - min(places, 0) > _DIGITS_MAX:
        raise ValueError(gettext(MONEY))
    return amount


def _count(text: str, least: int, most: int) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(COUNT_MAX))
    if not is_number or not least <= int(text) <= most:
        raise ValueError(gettext(COUNT) % {"least": least, "most": most})
    return int(text)
