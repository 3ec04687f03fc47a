"""How phones are: status and diagnosis, in the shapes of ``bellwire status --json``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from pydantic import Field

from monitors.diagnosis.wording import LANGUAGES
from monitors.store.incident_pages import incidents_of_phone
from web.accounts.people import Scope
from web.api.areas.reading import phone_place
from web.api.operation import Call, Operation, Reply
from web.api.paging import Asked
from web.api.shapes.health import Diagnosis, Status, StatusReport
from web.overview.diagnosis import EARLIER_MAX, read_diagnoses
from web.overview.json_form import diagnosis_json, incident_json, phone_json, site_json
from web.overview.narrow import read_some
from web.overview.phones import site_overview
from web.overview.reading import StoredSite, read_sites
from web.overview.values import SiteOverview

TAG = "health"
Language = Literal[LANGUAGES]  # type: ignore[valid-type]  # a tuple of texts


class InLanguage(Asked):
    """In which language sentences are."""

    language: Language = Field(default="en", description="of the sentences")


class StatusAsked(InLanguage):
    """Which phones are wanted."""

    only: tuple[Status, ...] = Field(default=(), description="only phones of this status")


def status(call: Call) -> Reply:
    """Say how all phones are of the sites that the user of the token sees."""
    found = read_sites(call.installation, None, call.query.language, call.now)
    return _report(call, [one for one in found if call.who.sees(one.id)])


def status_of_site(call: Call) -> Reply:
    """Say how the phones of a site are."""
    return _report(call, read_sites(call.installation, call.site, call.query.language, call.now))


def _report(call: Call, stored: Iterable[StoredSite]) -> Reply:
    sites = [_shown(call, one) for one in stored]
    return Reply(
        {
            "phones": [phone_json(phone) for one in sites for phone in one.phones],
            "sites": [site_json(one) for one in sites],
            "incidents": [incident_json(i) for one in sites for i in one.incidents],
            "simulated": call.installation.simulated_mark.exists(),
        }
    )


def _shown(call: Call, stored: StoredSite) -> SiteOverview:
    site = site_overview(stored, call.installation.settings.monitor.sweep_s)
    only = call.query.only
    return replace(site, phones=tuple(p for p in site.phones if p.status in only)) if only else site


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
        summary="How all phones are, those in trouble first", handler=status, query=StatusAsked,
        answers={200: StatusReport}, note="As `bellwire status --json`; not in pages.",
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
