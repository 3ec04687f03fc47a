"""How phones are: status and diagnosis, in the shapes of ``bellwire status --json``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import Field

from monitors.diagnosis.wording import LANGUAGES
from monitors.store.incident_pages import incidents_of_phone
from web.accounts.people import Scope
from web.api.areas.reading import phone_place
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked, Paged, page
from web.api.shapes.health import Diagnosis, Status, StatusReport
from web.overview.diagnosis import EARLIER_MAX, read_diagnoses
from web.overview.json_form import diagnosis_json, phone_json, site_json
from web.overview.narrow import read_some
from web.overview.status_pages import following, read_page, read_roll, read_summaries

TAG = "health"
Language = Literal[LANGUAGES]  # type: ignore[valid-type]  # a tuple of texts


class InLanguage(Asked):
    """In which language sentences are."""

    language: Language = Field(default="en", description="of the sentences")


class StatusAsked(Paged, InLanguage):
    """Which phones are wanted."""

    only: tuple[Status, ...] = Field(default=(), description="only phones of this status")


def status(call: Call) -> Reply:
    """Say how all phones are of the sites that the user of the token sees."""
    return _report(call, None if call.who.sees_all else call.who.sites)


def status_of_site(call: Call) -> Reply:
    """Say how the phones of a site are."""
    return _report(call, (call.site,))


def _report(call: Call, sites: Collection[str] | None) -> Reply:
    here, asked = call.installation, call.query
    roll = read_roll(here, sites, call.now)
    keys = following(roll.states, _after(asked.after), asked.only)[: asked.limit + 1]
    phones = read_page(here, keys, asked.language, call.now)
    rows = [(f"{p.site} {p.mac}", phone_json(p)) for p in phones]
    summaries = read_summaries(here, sites, roll, call.now)
    return Reply(
        {
            **page(call, rows).value,
            "sites": [site_json(one) for one in summaries],
            "simulated": here.simulated_mark.exists(),
        }
    )


def _after(text: str | None) -> tuple[str, str] | None:
    site, _, mac = (text or "").partition(" ")
    return (site, mac) if text else None


def diagnosis(call: Call) -> Reply:
    """Say why a phone does not work, and what to do."""
    phone_place(call)
    here, mac = call.installation, str(call.path["mac"])
    known = incidents_of_phone(here.monitoring, mac, EARLIER_MAX + 1)
    named = {mac}.union(*(each.macs for each in known))  # their places are said
    stored = read_some(here, call.site, named, call.query.language, call.now)
    (view,) = read_diagnoses(here, stored, [mac])
    return Reply(diagnosis_json(view))


OPERATIONS = (
    Operation(
        id="get_status", method="GET", path="/status", tag=TAG, scope=Scope.READ,
        summary="How all phones are, by site and MAC", handler=status, query=StatusAsked,
        answers={200: StatusReport},
        note="Each as in `bellwire status --json`; incidents are a list of their own.",
    ),
    Operation(
        id="get_site_status", method="GET", path="/sites/{site}/status", tag=TAG,
        scope=Scope.READ, summary="How the phones of a site are", handler=status_of_site,
        query=StatusAsked, answers={200: StatusReport},
    ),
    Operation(
        id="get_diagnosis", method="GET", path="/sites/{site}/phones/{mac}/diagnosis", tag=TAG,
        scope=Scope.READ, summary="Why it does not work, and what to do", handler=diagnosis,
        query=InLanguage, answers={200: Diagnosis}, note="As `bellwire diagnose MAC --json`.",
    ),
)  # fmt: skip
