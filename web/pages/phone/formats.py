"""How times stand below a chart, and how a MAC is written."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from babel.dates import format_datetime
from flask import g

from provisioner.catalogue.models import Model
from web.pages.language import locale

_DAY_S = 86400


def mac_text(mac: str) -> str:
    """Write twelve digits as people read them."""
    return ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))


def model_text(model: Model | None, name: str = "") -> str:
    """Write a model with its maker; ``name``: when the catalogue does not know it."""
    if model is None:
        return name
    maker = model.vendor.title()
    return model.name if model.name.startswith(maker) else f"{maker} {model.name}"


def axis_time(at: datetime, length_s: int) -> str:
    """Write a naive UTC time for a scale of a length: the clock, or the day.

    A length of nought is a list of times, which want both.
    """
    zone: tzinfo = g.zone
    local = at.replace(tzinfo=UTC).astimezone(zone)
    if not length_s:
        return format_datetime(local, "d MMM, H:mm", locale=locale())
    return format_datetime(local, "H:mm" if length_s <= _DAY_S else "d MMM", locale=locale())
