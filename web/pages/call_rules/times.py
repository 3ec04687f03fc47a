"""Times in which something holds, as rows of a form: those there are, and an empty one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from provisioner.inventory.calls import When
from provisioner.inventory.calls_incoming_shape import WEEK
from web.pages.call_rules.words import is_day
from web.pages.forms import Form
from web.pages.language import N_, gettext

Json = dict[str, Any]
ROWS_MAX = 20
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
BOTH = N_("Both times are needed, such as 22:00 and 07:00.")
CLOCK = N_("A time such as 07:00 is needed.")
DAY = N_("A day such as 2027-01-31 is needed.")
ORDER = N_("The last day is before the first.")
FIELDS = ("start", "end", "first", "last")


def times_shown(times: Sequence[When]) -> dict[str, Any]:
    """Return the values of the rows of some times."""
    values: dict[str, Any] = {"times": len(times)}
    for n, when in enumerate(times):
        all_day = when.start == when.end
        values |= {
            f"times-{n}-days": [WEEK[day] for day in when.days],
            f"times-{n}-start": "" if all_day else f"{when.start:%H:%M}",
            f"times-{n}-end": "" if all_day else f"{when.end:%H:%M}",
            f"times-{n}-first": when.first.isoformat() if when.first else "",
            f"times-{n}-last": when.last.isoformat() if when.last else "",
            f"times-{n}-negated": when.negated,
        }
    return values


def times_sent(form: Form[Any], sent: MultiDict[str, str]) -> list[Json]:
    """Return the times of the rows that were filled in, as a site file has them.

    What is wrong is said at its field; every row is shown again as it was sent.
    """
    count = min(sent.get("times", default=0, type=int), ROWS_MAX)
    found: list[Json] = []
    kept = 0
    for n in range(max(count, 0) + 1):
        row = _row(sent, n)
        if row is None:
            continue
        for name, value in row.items():
            form.values[f"times-{kept}-{name}"] = value
        found.append(_checked(form, row, f"times-{kept}"))
        kept += 1
    form.values["times"] = kept
    return found


def _row(sent: MultiDict[str, str], n: int) -> Json | None:
    """A row as it was sent; None: it is empty, or to be taken away."""
    here = f"times-{n}"
    row: Json = {name: sent.get(f"{here}-{name}", "").strip() for name in FIELDS}
    row["days"] = [day for day in sent.getlist(f"{here}-days") if day in WEEK]
    if f"{here}-gone" in sent or not any(row.values()):
        return None
    row["negated"] = f"{here}-negated" in sent
    return row


def _checked(form: Form[Any], row: Json, here: str) -> Json:
    for name in ("start", "end"):
        if row[name] and not _CLOCK.fullmatch(row[name]):
            form.refuse(f"{here}-{name}", gettext(CLOCK))
    if bool(row["start"]) != bool(row["end"]):
        form.refuse(f"{here}-{'end' if row['start'] else 'start'}", gettext(BOTH))
    for name in ("first", "last"):
        if row[name] and not is_day(row[name]):
            form.refuse(f"{here}-{name}", gettext(DAY))
    if row["first"] and row["last"] and row["last"] < row["first"]:
        form.refuse(f"{here}-last", gettext(ORDER))
    return {name: value for name, value in row.items() if value}
