"""Reports on call quality, from a phone's PUBLISH to the reading, through a real process."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitors.call_quality import quality_of
from provisioner.delivery import utc_now
from provisioner.inventory.call_quality import CallQuality, qualities_since
from provisioner.sip.headers import new_token
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.transport import exchange
from tests.integration.conftest import MakeServer
from tests.integration.servers import YEALINK, Server, free_ports, small_site, wait_for
from tests.unit.test_vq_report import AS_SNOM_DOES, BY_THE_RFC
from web.processes import _prune

SNOM_AGENT = "Mozilla/4.0 (compatible; snomD717-SIP 10.1.169.16 000413000104)"


class Collector:
    """A server with the listener, and its port."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port

    def publish(self, body: bytes, method: str = "PUBLISH", **changed: str) -> SipResponse:
        headers = {
            "Max-Forwards": "70",
            "From": f"<sip:2214@127.0.0.1>;tag={new_token()}",
            "To": "<sip:bellwire@127.0.0.1>",
            "Call-ID": new_token(),
            "CSeq": f"1 {method}",
            "Event": "vq-rtcpxr",
            "Content-Type": "application/vq-rtcpxr",
            "User-Agent": "Yealink SIP-T46U 108.86.0.20",
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        uri = f"sip:bellwire@127.0.0.1:{self.port}"
        request = SipRequest(method, uri, headers=tuple(headers.items()), body=body)
        return exchange(request, "127.0.0.1", self.port)

    def kept(self) -> list[CallQuality]:
        with self.server.folder.opened() as installation:
            return qualities_since(installation.events, utc_now() - timedelta(hours=1))


@pytest.fixture(scope="module")
def collector(make_module_server: MakeServer) -> Collector:
    _, port = free_ports()
    environment = {
        "BELLWIRE_QUALITY__ENABLED": "true",
        "BELLWIRE_QUALITY__PORT": str(port),
        "BELLWIRE_QUALITY__REPORTS_PER_S": "100",
    }
    server = make_module_server(small_site, environment=environment)
    wait_for("it listens", lambda: f"call quality on 127.0.0.1 port {port}" in server.log)
    return Collector(server, port)


def test_a_report_is_answered_once_and_kept_once(collector: Collector) -> None:
    via = "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKone;rport"
    headers = {"Via": via, "Call_ID": "one-report", "From": "<sip:2214@127.0.0.1>;tag=1"}
    first = collector.publish(BY_THE_RFC, **headers)
    again = collector.publish(BY_THE_RFC, **headers)  # its answer was lost
    assert (first.status, again.status) == (200, 200)
    assert first.needed("SIP-ETag") == again.needed("SIP-ETag")
    wait_for("it is kept", lambda: bool(collector.kept()))
    (kept,) = collector.kept()
    assert (kept.mac, kept.site, kept.account) == (YEALINK, "casa", "2214")
    assert (kept.mos_lq, kept.mos_cq, kept.loss_percent, kept.rtt_ms) == (4.2, 4.1, 5.0, 200)
    reading = quality_of(collector.kept())
    assert (reading.calls, reading.mos, reading.is_slow) == (1, 4.1, True)


def test_the_phone_by_its_name(collector: Collector) -> None:
    before = len(collector.kept())
    assert collector.publish(AS_SNOM_DOES, User_Agent=SNOM_AGENT).status == 200
    wait_for("it is kept", lambda: len(collector.kept()) == before + 1)
    assert (collector.kept()[0].mac, collector.kept()[0].account) == ("000413000104", "109")
    # nobody's: kept with its address and number
    assert collector.publish(AS_SNOM_DOES).status == 200
    wait_for("it is kept", lambda: len(collector.kept()) == before + 2)
    assert (collector.kept()[0].mac, collector.kept()[0].address) == ("", "127.0.0.1")


@pytest.mark.parametrize(
    ("method", "changed", "body", "status"),
    [
        ("OPTIONS", {}, b"", 200),
        ("REGISTER", {}, b"", 405),
        ("PUBLISH", {"Event": "presence"}, BY_THE_RFC, 489),
        ("PUBLISH", {"Content_Type": "text/plain"}, BY_THE_RFC, 415),
        ("PUBLISH", {}, b"nothing", 400),
        ("PUBLISH", {"Event": "vq-rtcpxr;x=1", "Content_Type": "Application/VQ-RTCPXR"}, AS_SNOM_DOES, 200),
    ],
)  # fmt: skip
def test_what_else_may_come(
    collector: Collector, method: str, changed: dict[str, str], body: bytes, status: int
) -> None:
    assert collector.publish(body, method, **changed).status == status


def test_old_ones_go(collector: Collector) -> None:
    with collector.server.folder.opened() as installation:
        recorder = installation.recorder()
        long_ago = utc_now().replace(year=2020)
        recorder.record(CallQuality(long_ago, "805ec0000999", "casa", "x", "1", "c", "session"))
        recorder.flush()
        assert qualities_since(installation.events, long_ago, "805ec0000999")
        _prune(installation)
        assert not qualities_since(installation.events, long_ago, "805ec0000999")
