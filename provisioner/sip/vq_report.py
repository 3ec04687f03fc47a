"""Voice quality reports: ``application/vq-rtcpxr`` (RFC 6035 section 4). Pure.

What a phone did not measure it leaves out, or writes as a number that cannot be; both are None
here. Snom writes the report's kind without its colon and ``FromID`` for ``LocalID``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from provisioner.mac import MacAddress, parse_mac
from provisioner.sip.headers import MalformedMessageError, parse_address

MAX_BODY = 16_384
MAX_CALL_ID = 128

_KINDS = {
    "vqsessionreport": "session",
    "vqintervalreport": "interval",
    "vqalertreport": "alert",
}
_LOCAL, _REMOTE = "localmetrics", "remotemetrics"
_PAIR = re.compile(r'([A-Za-z][\w-]*)=("[^"]*"|[^\s;]*)')
_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,4})?")
_CODEC = re.compile(r"[\w./-]{1,32}", re.ASCII)

Lines = dict[str, str]


@dataclass(frozen=True, slots=True)
class VqReport:
    """What the phone that reports measured itself; a value that it did not is None.

    Attributes:
        kind: ``session``, ``interval`` or ``alert``.
        call_id: of the call.
        account: user of the phone's own address in the call.
        mac: as the phone says, if it does.
        address: where its own audio was received.
        mos_lq, mos_cq: 1 to 5 (P.800.1).
        loss_percent, discard_percent: 0 to 100.
    """

    kind: str
    call_id: str = ""
    account: str = ""
    mac: MacAddress | None = None
    address: str = ""
    codec: str = ""
    mos_lq: float | None = None
    mos_cq: float | None = None
    loss_percent: float | None = None
    discard_percent: float | None = None
    jitter_ms: float | None = None
    rtt_ms: float | None = None


def parse_vq_report(body: bytes) -> VqReport:
    """Read the body of a PUBLISH.

    Raises:
        MalformedMessageError: it is no voice quality report, or too long.
    """
    if len(body) > MAX_BODY:
        raise MalformedMessageError(f"{len(body)} bytes of voice quality; {MAX_BODY} allowed")
    first, *lines = body.decode("utf-8", "replace").splitlines() or [""]
    kind = _KINDS.get(first.partition(":")[0].strip().lower())
    if kind is None:
        raise MalformedMessageError(f"{first[:40]!r} begins no voice quality report")
    call, local = _sections(lines)
    loss, delay = _pairs(local.get("packetloss")), _pairs(local.get("delay"))
    quality = _pairs(local.get("qualityest"))
    codec = _pairs(local.get("sessiondesc")).get("PD", "")
    return VqReport(
        kind=kind,
        call_id=_printable(call.get("callid", ""))[:MAX_CALL_ID],
        account=_user(call.get("localid") or call.get("fromid") or ""),
        mac=parse_mac(call.get("localmac")),
        address=_ip(_pairs(call.get("localaddr")).get("IP", "")),
        codec=codec if _CODEC.fullmatch(codec) else "",
        mos_lq=_within(quality, "MOSLQ", 1, 5),
        mos_cq=_within(quality, "MOSCQ", 1, 5),
        loss_percent=_within(loss, "NLR", 0, 100),
        discard_percent=_within(loss, "JDR", 0, 100),
        jitter_ms=_within(delay, "IAJ", 0, 10_000),
        # nothing is that near: 0 stands for a round trip that was not measured
        rtt_ms=_within(delay, "RTD", 0.001, 60_000),
    )


def _sections(lines: list[str]) -> tuple[Lines, Lines]:
    """Return the lines about the call and those the phone measured itself, by lower-case name.

    Some phones write addresses in the section of the local metrics, others before it.
    """
    call: Lines = {}
    local: Lines = {}
    into = call
    for line in lines:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        if key == _REMOTE:
            into = {}
        elif key == _LOCAL:
            into = local
        elif key:
            into.setdefault(key, value.strip())
    return {**local, **call}, local


def _pairs(text: str | None) -> dict[str, str]:
    """Return ``NAME=value`` pairs, names in upper case."""
    return {name.upper(): value.strip('"') for name, value in _PAIR.findall(text or "")}


def _within(pairs: dict[str, str], name: str, lowest: float, highest: float) -> float | None:
    """A number that can be; None for one that cannot (127 and 65535 mean: not measured)."""
    text = pairs.get(name, "")
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if lowest <= number <= highest else None


def _user(address: str) -> str:
    try:
        return _printable(parse_address(address).user)[:64]
    except MalformedMessageError:
        return ""


def _ip(text: str) -> str:
    try:
        return str(ip_address(text.strip("[]")))
    except ValueError:
        return ""


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
