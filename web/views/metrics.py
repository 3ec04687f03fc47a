"""``/metrics`` for Prometheus: only where it is switched on, and for those who have its token."""

from __future__ import annotations

import hmac
from datetime import UTC, timedelta
from importlib.metadata import version

from flask import Blueprint, Response, abort, request
from sqlalchemy import select

from monitors.history import Quantity
from monitors.metrics import CONTENT_TYPE, Figures, LatestSample, PhoneFacts, exposition
from monitors.store.incident_pages import all_open
from monitors.store.samples import latest_samples
from monitors.store.statuses import statuses
from monitors.store.tally import tallies
from provisioner.config import Metrics
from provisioner.delivery import utc_now
from provisioner.inventory.tables import PhoneRow
from web.installation import Installation

FRESH = timedelta(minutes=5)
"""A figure older than this is left out: Prometheus would take it for a new one."""


def metrics_pages(installation: Installation) -> Blueprint:
    """Return the view of ``/metrics``; without ``metrics.enabled`` there is no such page."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def metrics() -> Response:
        settings = installation.settings.metrics
        if not settings.enabled:
            abort(404)
        if not may_read(settings, request.headers.get("Authorization", "")):
            refusal = Response("a bearer token is needed (metrics.token)\n", status=401)
            refusal.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
            return refusal
        return Response(exposition(read_figures(installation)), content_type=CONTENT_TYPE)

    return pages


def may_read(settings: Metrics, authorization: str) -> bool:
    """Whether a request with this header may read the figures."""
    wanted = settings.token.get_secret_value()
    if not wanted:
        return True
    scheme, _, given = authorization.partition(" ")
    same = hmac.compare_digest(given.strip().encode(), wanted.encode())
    return scheme.lower() == "bearer" and same


def read_figures(installation: Installation) -> Figures:
    """Read everything that is told."""
    monitoring, settings = installation.monitoring, installation.settings.metrics
    columns = (
        PhoneRow.mac, PhoneRow.site_id, PhoneRow.room_id, PhoneRow.position, PhoneRow.model
    )  # fmt: skip
    with installation.database.read() as session:
        query = select(*columns).order_by(PhoneRow.site_id, PhoneRow.mac)
        phones = tuple(PhoneFacts(*row) for row in session.execute(query))
    since_s = int((utc_now() - FRESH).replace(tzinfo=UTC).timestamp())
    samples = latest_samples(monitoring, since_s) if settings.each_phone else {}
    return Figures(
        version=version("bellwire"),
        phones=phones,
        statuses=statuses(monitoring),
        incidents=all_open(monitoring),
        samples={mac: _sample(values) for mac, values in samples.items()},
        tallies=tallies(monitoring),
        each_phone=settings.each_phone,
    )


def _sample(values: dict[Quantity, int]) -> LatestSample:
    registered = values.get(Quantity.REGISTERED)
    return LatestSample(
        values.get(Quantity.RTT_US),
        values.get(Quantity.POWER_MW),
        None if registered is None else bool(registered),
        values.get(Quantity.MOS_HUNDREDTHS),
    )
