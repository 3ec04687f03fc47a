"""Voice quality reports as RFC 6035 and two makers write them, and what is made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.call_quality import QualityReading, quality_of
from provisioner.inventory.call_quality import CallQuality
from provisioner.sip.headers import MalformedMessageError
from provisioner.sip.vq_report import VqReport, parse_vq_report

NOW = datetime(2026, 11, 22, 9, 0)  # noqa: DTZ001 - as stored

# in the shape of RFC 6035 section 4.6
BY_THE_RFC = b"""\
VQSessionReport: CallTerm\r
CallID: 6dg37f1890463\r
LocalID: "Room 214" <sip:2214@pbx.example>\r
RemoteID: <sip:100@pbx.example>\r
LocalAddr: IP=10.20.1.14 PORT=11780 SSRC=1a3b5c7d\r
LocalMAC: 80:5e:c0:00:01:00\r
RemoteAddr: IP=10.20.0.5 PORT=5002 SSRC=0x2468abcd\r
LocalMetrics:\r
Timestamps:START=2026-11-22T08:58:43Z STOP=2026-11-22T08:59:27Z\r
SessionDesc:PT=8 PD=PCMA SR=8000 FD=20 FO=20 FPP=1 PPS=50 PLC=3 SSUP=on\r
JitterBuffer:JBA=3 JBR=2 JBN=40 JBM=80 JBX=120\r
PacketLoss:NLR=5.0 JDR=2.0\r
BurstGapLoss:BLD=0 BD=0 GLD=2.0 GD=500 GMIN=16\r
Delay:RTD=200 ESD=140 SOWD=200 IAJ=2 MAJ=10\r
Signal:SL=-18 NL=-50 RERL=55\r
QualityEst:RLQ=90 RCQ=85 EXTRI=90 MOSLQ=4.2 MOSCQ=4.1 QoEEstAlg=P.564\r
RemoteMetrics:\r
PacketLoss:NLR=77.0 JDR=66.0\r
QualityEst:MOSLQ=1.1 MOSCQ=1.0\r
DialogID:38419823470834;to-tag=8472761;from-tag=9123dh311\r
"""
# no colon after the kind, addresses among the metrics, FromID, and no estimate of quality
AS_SNOM_DOES = b"""\
VQSessionReport\r
LocalMetrics:\r
Timestamps:START=2026-11-22T08:59:42Z STOP=2026-11-22T08:59:46Z\r
SessionDesc:PT=0 PD=G.711U PPS=50 SSUP=off\r
CallID:3c26a8de500f\r
x-UserAgent:snomD717/10.1.169.16\r
FromID:<sip:109@pbx.example>\r
ToID:<sip:100@pbx.example;user=phone>\r
LocalAddr:IP=10.20.1.17 PORT=62754 SSRC=0xCBE3450E\r
JitterBuffer:JBA=0 JBR=0 JBN=0 JBM=0 JBX=65535\r
PacketLoss:NLR=0.0 JDR=0.0\r
Delay:RTD=0 ESD=0 IAJ=4\r
RemoteMetrics:\r
PacketLoss:NLR=9.0 JDR=0.0\r
"""


def test_the_report_of_the_rfc() -> None:
    assert parse_vq_report(BY_THE_RFC) == VqReport(
        kind="session", call_id="6dg37f1890463", account="2214", mac="805ec0000100",  # type: ignore[arg-type]
        address="10.20.1.14", codec="PCMA", mos_lq=4.2, mos_cq=4.1, loss_percent=5.0,
        discard_percent=2.0, jitter_ms=2, rtt_ms=200,
    )  # fmt: skip


def test_the_report_of_a_snom() -> None:
    assert parse_vq_report(AS_SNOM_DOES) == VqReport(
        kind="session", call_id="3c26a8de500f", account="109", address="10.20.1.17",
        codec="G.711U", loss_percent=0, discard_percent=0, jitter_ms=4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        (b"MOSLQ=4.2 MOSCQ=4.1", (4.2, 4.1)),
        (b"MOSLQ=127 MOSCQ=127", (None, None)),
        (b"MOSLQ=0.0 MOSCQ=-1", (None, None)),
        (b"MOSLQ=nan MOSCQ=1e9", (None, None)),
        (b"moslq=3.0", (3.0, None)),
    ],
)
def test_numbers_that_cannot_be(told: bytes, meant: tuple[float | None, float | None]) -> None:
    report = parse_vq_report(BY_THE_RFC.replace(b"MOSLQ=4.2 MOSCQ=4.1", told))
    assert (report.mos_lq, report.mos_cq) == meant


@pytest.mark.parametrize("body", [b"", b"hello", b"VQ", b"x" * 20_000])
def test_what_is_no_report(body: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        parse_vq_report(body)


@given(st.binary(max_size=400))
def test_nothing_else_is_raised(rest: bytes) -> None:
    report = parse_vq_report(b"VQIntervalReport: x\r\n" + rest)
    assert report.kind == "interval"
    assert report.call_id.isprintable()
    assert report.account.isprintable()


def call(number: int, **values: float | None) -> CallQuality:
    at = NOW + timedelta(minutes=number)
    report = CallQuality(at, "805ec0000100", "casa", "10.20.1.14", "2214", f"c{number}", "session")
    return replace(report, **values)  # type: ignore[arg-type]


def test_a_phones_calls() -> None:
    calls = [
        call(1, mos_cq=4.4, loss_percent=0, discard_percent=0, jitter_ms=2, rtt_ms=20),
        call(2, mos_lq=4.0, loss_percent=1, discard_percent=1, jitter_ms=4, rtt_ms=30),
        call(3, mos_cq=2.0, mos_lq=3.0, loss_percent=8, jitter_ms=40, rtt_ms=400),
        replace(call(2, mos_lq=1.0), kind="interval", at=NOW),  # before the call's last word
    ]
    reading = quality_of(calls)
    assert reading == QualityReading(
        NOW + timedelta(minutes=3), 3, 4.0, 2.0, 2.0, 4, pytest.approx(363)
    )
    assert reading.is_slow
    assert not quality_of(calls[:2]).is_slow
    assert quality_of(calls[2:3]).is_slow
    assert quality_of([]) == QualityReading()
    assert not quality_of([call(1)]).is_slow
