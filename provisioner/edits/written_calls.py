"""How a site's calls are guarded, as a site file writes it. Pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from provisioner.inventory.calls import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    CallPbx,
    Calls,
    DoNotCall,
    Limits,
    ScopeLimits,
    TollFree,
    When,
)
from provisioner.inventory.calls_incoming_shape import WEEK

Json = dict[str, Any]


def calls_part(calls: Calls | None) -> Json | None:
    """Return what a site file says of calls; None: they are not guarded."""
    if calls is None:
        return None
    made = _said(calls, Calls(), without=("limits", "toll_free", "do_not_call", "pbx"))
    made["limits"] = _limits(calls.limits)
    made["pbx"] = _pbx(calls.pbx)
    if calls.toll_free != TollFree():
        made["toll_free"] = {
            "numbers": list(calls.toll_free.numbers), **_said(calls.toll_free, TollFree())
        }  # fmt: skip
    if calls.do_not_call != DoNotCall():
        made["do_not_call"] = _said(calls.do_not_call, DoNotCall())
    return {name: value for name, value in made.items() if value not in ({}, [])}


def _limits(limits: Limits) -> Json:
    made = _said(limits, Limits(), without=("site", "room", "account", "accounts"))
    made["site"] = _scope(limits.site, NO_LIMITS)
    made["room"] = _scope(limits.room, DEFAULT_LIMITS)
    made["account"] = _scope(limits.account, DEFAULT_LIMITS)
    made = {name: value for name, value in made.items() if value != {}}
    if limits.accounts:
        made["accounts"] = {n: _scope(s, limits.account) for n, s in limits.accounts.items()}
    return made


def _scope(limits: ScopeLimits, usual: ScopeLimits) -> Json:
    """Only what differs: null takes a limit away."""
    return _said(limits, usual)


def _pbx(pbx: CallPbx) -> Json:
    made = _said(pbx, CallPbx(), without=("host", "port"))
    bellwire = {
        name: getattr(pbx, name)
        for name in ("host", "port")
        if getattr(pbx, name) != getattr(CallPbx(), name)
    }
    return {"bellwire": bellwire, **made} if bellwire else made


def _said(record: Any, usual: Any, without: tuple[str, ...] = ()) -> Json:  # noqa: ANN401 - dataclasses
    """Return the fields of a record that are not as usual; every field when nothing is usual."""
    made: Json = {}
    for each in fields(record):
        value = getattr(record, each.name)
        if each.name not in without and (usual is None or value != getattr(usual, each.name)):
            made[each.name] = _plain(value)
    return made


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of these records
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, When):
        return _when(value)
    if is_dataclass(value):
        whole = _said(value, None)
        return {name: inner for name, inner in whole.items() if inner not in ("", None, [], {})}
    return _text(value)


def _text(value: Any) -> Any:  # noqa: ANN401 - likewise
    if isinstance(value, time):
        return f"{value:%H:%M}"
    return str(value) if isinstance(value, date | Decimal) else value


def _when(when: When) -> Json:
    made = _said(when, When())
    if when.days:
        made["days"] = [WEEK[day] for day in when.days]
    return made
