"""Whose call quality report is it? Kept when it comes from a site's network."""

from __future__ import annotations

from ipaddress import ip_network

from sqlalchemy import select

from provisioner.access import inside
from provisioner.delivery import Delivery, utc_now
from provisioner.identify import MAX_AGENT, read_agent
from provisioner.inventory.call_quality import CallQuality
from provisioner.inventory.fetches import Recorder
from provisioner.inventory.tables import SiteRow
from provisioner.shelf import Entry
from provisioner.sip.message import SipRequest
from provisioner.sip.vq_report import VqReport
from web.installation import Installation


class QualityDesk:
    """Keeps reports, each with the phone that it is about.

    A report proves nothing of its sender: SIP over UDP carries no secret here. So it says how
    calls sounded, and nothing else is made of it.
    """

    def __init__(self, installation: Installation, delivery: Delivery, recorder: Recorder) -> None:
        self._installation = installation
        self._delivery = delivery
        self._recorder = recorder

    def take(self, report: VqReport, request: SipRequest, address: str) -> None:
        """Keep a report; one from no site's network is dropped."""
        sites = self._sites_of(address)
        if not sites:
            return
        phone = self._phone(report, request)
        known = phone is not None and phone.site in sites
        self._recorder.record(
            CallQuality(
                at=utc_now(),
                mac=phone.mac if phone is not None and known else "",
                site=phone.site if phone is not None and known else sites[0],
                address=address,
                account=report.account,
                call_id=report.call_id,
                kind=report.kind,
                codec=report.codec,
                mos_lq=report.mos_lq,
                mos_cq=report.mos_cq,
                loss_percent=report.loss_percent,
                discard_percent=report.discard_percent,
                jitter_ms=report.jitter_ms,
                rtt_ms=report.rtt_ms,
            )
        )

    def _phone(self, report: VqReport, request: SipRequest) -> Entry | None:
        """The phone whose MAC is in the report or in the User-Agent."""
        agent = read_agent(
            self._installation.catalogue, (request.header("User-Agent") or "")[:MAX_AGENT]
        )
        mac = report.mac or (agent.mac if agent else None)
        if mac is None:
            return None
        self._delivery.shelf.refresh()
        return self._delivery.shelf.by_mac(mac)

    def _sites_of(self, address: str) -> list[str]:
        with self._installation.database.read() as session:
            rows = session.execute(select(SiteRow.id, SiteRow.networks).order_by(SiteRow.id))
            return [r.id for r in rows if inside(address, [ip_network(n) for n in r.networks])]
