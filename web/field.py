"""The field process: TFTP and SIP plug-and-play, over the same delivery as HTTP."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from ipaddress import ip_network

from sqlalchemy import select

from provisioner.access import inside
from provisioner.answers import Outcome
from provisioner.delivery import Delivery, utc_now
from provisioner.errors import SettingsError
from provisioner.identify import FetchRequest
from provisioner.inventory.fetches import FetchEvent, Recorder, WaitingPhone
from provisioner.inventory.tables import SiteRow
from provisioner.mac import parse_mac
from provisioner.sip.pnp import PnpServer
from provisioner.sip.pnp_dialogs import SourceRate
from provisioner.sip.ua_profile import PnpAsk
from provisioner.sip.vq_collector import VqCollector
from provisioner.tftp.answering import Answerer, Content, Refusal
from provisioner.tftp.packets import ErrorCode
from provisioner.tftp.server import TftpServer
from provisioner.tftp.transfer import Outcome as TransferOutcome
from provisioner.tftp.transfer import TransferStats
from web.installation import Installation
from web.quality import QualityDesk

log = logging.getLogger(__name__)

NOT_FOUND = Refusal(ErrorCode.FILE_NOT_FOUND, "file not found")
BUSY = Refusal(ErrorCode.UNDEFINED, "try again")


Waiting = dict[tuple[str, int, str], Callable[[], None]]
"""What to call when a transfer has arrived, by peer and name; only the server's thread uses it."""


def tftp_answerer(delivery: Delivery, waiting: Waiting) -> Answerer:
    """Return the hook that lets TFTP phones read what HTTP phones read."""

    def answer(name: str, address: str, port: int) -> Content | Refusal:
        path, _, query = name.partition("?")
        asked = FetchRequest("tftp", "/" + path.lstrip("/"), address, query=query)
        got = delivery.answer(asked)
        if got.on_sent is not None:
            waiting[address, port, name] = got.on_sent
        if got.outcome is Outcome.BUSY:
            return BUSY
        return got.body if got.outcome is Outcome.SENT else NOT_FOUND

    return answer


def transfer_log(recorder: Recorder, waiting: Waiting) -> Callable[[TransferStats], None]:
    """Return the hook that notes transfers which did not arrive, and tells of those that did."""

    def finished(stats: TransferStats) -> None:
        arrived = waiting.pop((*stats.peer, stats.name), None)
        if stats.outcome is TransferOutcome.OK and arrived is not None:
            arrived()
        if stats.outcome in {TransferOutcome.OK, TransferOutcome.REFUSED}:
            return
        name = stats.name.rsplit("/", 1)[-1]
        recorder.record(
            FetchEvent(
                at=utc_now(), mac=parse_mac(name[:12]) or "", site="", protocol="tftp",
                path=f"/{name}", address=stats.peer[0], agent="", model="", firmware="",
                outcome="not-delivered", reason=str(stats.outcome.value),
                size_bytes=stats.size_bytes, duration_us=int(stats.duration_s * 1_000_000),
            )
        )  # fmt: skip

    return finished


class PnpDesk:
    """Answers plug-and-play: an armed phone gets its token URL, any other its site's address.

    A phone that nobody knows goes on the waiting list.
    """

    def __init__(self, installation: Installation, delivery: Delivery, recorder: Recorder) -> None:
        self._installation = installation
        self._delivery = delivery
        self._recorder = recorder

    def url_for(self, ask: PnpAsk, source: str) -> str | None:
        """Return the URL for a phone at an address; None: it is in no site's network."""
        base = self._base_url(source)
        if base is None:
            return None
        token_url = self._delivery.first_contact_url(ask.mac, source)
        if token_url is not None:
            return token_url
        if self._delivery.shelf.by_mac(ask.mac) is None:
            self._wait(ask, source)
        return base

    def _base_url(self, source: str) -> str | None:
        with self._installation.database.read() as session:
            for site in session.scalars(select(SiteRow)):
                if inside(source, [ip_network(n) for n in site.networks]):
                    return f"{site.url.rstrip('/')}/"
        return None

    def _wait(self, ask: PnpAsk, source: str) -> None:
        catalogue = self._installation.catalogue
        vendors = [v.id for v in catalogue.vendors.values() if ask.vendor in v.pnp_vendors]
        vendor = vendors[0] if vendors else ""
        model = catalogue.model_of_agent(vendor, ask.model)
        now = utc_now()
        self._recorder.record(
            WaitingPhone(
                ask.mac,
                vendor or ask.vendor,
                model.id if model else ask.model,
                ask.version,
                ask.user_agent,
                source,
                "pnp",
                now,
                now,
            )
        )


def run_field(installation: Installation, stop: threading.Event) -> None:
    """Serve TFTP and PnP, as configured, until ``stop`` is set."""
    recorder = installation.recorder()
    recorder.start()
    delivery = installation.delivery(recorder, learner=installation.learner())
    settings = installation.settings
    with ExitStack() as ends:
        ends.callback(delivery.close)
        ends.callback(recorder.close)
        if settings.tftp.enabled:
            _serve_tftp(installation, delivery, recorder, ends)
        if settings.pnp.enabled:
            _serve_pnp(installation, delivery, recorder, stop, ends)
        if settings.quality.enabled:
            _serve_quality(installation, delivery, recorder, stop, ends)
        stop.wait()


def _serve_tftp(
    installation: Installation, delivery: Delivery, recorder: Recorder, ends: ExitStack
) -> None:
    settings = installation.settings.tftp
    waiting: Waiting = {}
    try:
        server = TftpServer(
            (settings.host, settings.port),
            tftp_answerer(delivery, waiting),
            on_finished=transfer_log(recorder, waiting),
        )
    except OSError as problem:
        where = f"{settings.host}:{settings.port}"
        reason = problem.strerror or problem
        raise SettingsError(f"cannot listen on {where} for TFTP: {reason}") from problem
    log.info("TFTP on %s port %d", *server.address)
    thread = threading.Thread(target=server.serve_forever, name="tftp")
    thread.start()
    ends.callback(server.close)
    ends.callback(thread.join)
    ends.callback(server.stop)


def _serve_pnp(
    installation: Installation,
    delivery: Delivery,
    recorder: Recorder,
    stop: threading.Event,
    ends: ExitStack,
) -> None:
    settings = installation.settings.pnp
    listener = PnpServer(
        PnpDesk(installation, delivery, recorder).url_for,
        group=settings.group,
        port=settings.port,
        interfaces=settings.interfaces,
        rate=SourceRate(settings.asks_per_s, settings.burst),
    )
    log.info("PnP on %s port %d", *listener.address)
    thread = threading.Thread(target=listener.serve, args=(stop,), name="pnp")
    thread.start()
    ends.callback(listener.close)
    ends.callback(thread.join)


def _serve_quality(
    installation: Installation,
    delivery: Delivery,
    recorder: Recorder,
    stop: threading.Event,
    ends: ExitStack,
) -> None:
    settings = installation.settings.quality
    desk = QualityDesk(installation, delivery, recorder)
    rate = SourceRate(settings.reports_per_s)
    collector = VqCollector(desk.take, host=settings.host, port=settings.port, rate=rate)
    log.info("call quality on %s port %d", *collector.address)
    thread = threading.Thread(target=collector.serve, args=(stop,), name="quality")
    thread.start()
    ends.callback(collector.close)
    ends.callback(thread.join)
