"""Ask many phones by OPTIONS whether they are there: UDP, TCP and TLS, politely and at once.

Each UDP target has a connected socket of its own, so that the system reports an ICMP refusal:
a host whose SIP is down is another finding than silence. A probe never raises; what goes wrong
is in its reading.
"""

from __future__ import annotations

import asyncio
import errno
import random
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from monitors.probes.options_reading import OptionsReading, OptionsTarget, Outcome, Transport
from monitors.probes.options_udp import UdpExchange, connected_channel
from provisioner.sip.headers import host_port
from provisioner.sip.message import SipRequest, SipResponse
from provisioner.sip.options import options_request, request_uri
from provisioner.sip.stream import MessageStream
from provisioner.sip.transport import (
    GIVE_UP_T1,
    SEND_AT_T1,
    T1_S,
    SocketAddress,
    answers,
    with_origin,
)

MAX_TEXT = 200
_CHUNK_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard to ask.

    Attributes:
        per_s: probes begun in a second; the default is what one switch's uplink bears with ease
            (the monitoring notes, 6).
        at_once: probes under way together.
    """

    per_s: float = 50.0
    at_once: int = 256


def probe_phones(
    targets: Iterable[OptionsTarget], pace: Pace = Pace(), t1_s: float = T1_S
) -> list[OptionsReading]:
    """Ask all targets and return their readings in the same order; blocks until all are done."""
    return asyncio.run(ask_all(list(targets), pace, t1_s))


async def ask_all(
    targets: Sequence[OptionsTarget], pace: Pace = Pace(), t1_s: float = T1_S
) -> list[OptionsReading]:
    """Ask all targets, their beginnings spread and jittered, and return readings in order."""
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(pace.at_once)
    began = loop.time()
    tasks: list[asyncio.Task[OptionsReading]] = []

    async def one(target: OptionsTarget) -> OptionsReading:
        try:
            return await ask(target, t1_s)
        finally:
            places.release()

    async with asyncio.TaskGroup() as group:
        for number, target in enumerate(targets):
            due = began + (number + random.random()) / pace.per_s  # noqa: S311 - no secret
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            await places.acquire()
            tasks.append(group.create_task(one(target)))
    return [task.result() for task in tasks]


async def ask(target: OptionsTarget, t1_s: float = T1_S) -> OptionsReading:
    """Ask one target; every failure is in the reading."""
    try:
        if target.transport is Transport.UDP:
            return await _ask_by_udp(target, t1_s)
        return await _ask_by_stream(target, t1_s)
    except (OSError, ValueError, OverflowError) as problem:
        return _failed(target, problem, t1_s)


def _failed(target: OptionsTarget, problem: Exception, t1_s: float) -> OptionsReading:
    """Return what a failure says."""
    if isinstance(problem, ConnectionRefusedError):
        place = f"{target.transport.upper()} port {target.port_in_use}"
        return _without(target, Outcome.REFUSED, f"nothing listens on {place}")
    if isinstance(problem, TimeoutError):
        waited = f"no answer within {GIVE_UP_T1 * t1_s:g} s"
        sends = len(SEND_AT_T1) if target.transport is Transport.UDP else 1
        return _without(target, Outcome.SILENT, waited, sends)
    if isinstance(problem, ssl.SSLError):
        return _without(target, Outcome.FAILED, f"TLS: {problem.reason or problem}")
    if isinstance(problem, OSError):
        return _without(target, _outcome_of(problem), problem.strerror or str(problem))
    return _without(target, Outcome.FAILED, f"cannot be asked: {problem}")


def _outcome_of(problem: OSError) -> Outcome:
    """Whether an error of the system tells something of the phone: only that nobody has it."""
    return Outcome.UNREACHABLE if problem.errno == errno.EHOSTUNREACH else Outcome.FAILED


async def _ask_by_udp(target: OptionsTarget, t1_s: float) -> OptionsReading:
    """Send, send again after T1 and 3*T1, and give up after 7*T1 (RFC 3261 section 17.1.2.2)."""
    loop = asyncio.get_running_loop()
    channel = await connected_channel(target.host, target.port_in_use)
    try:
        request = _request(target, channel.getsockname()[:2])
        made = partial(UdpExchange, request, loop)
        transport, exchange = await loop.create_datagram_endpoint(made, sock=channel)
    except BaseException:
        channel.close()
        raise
    try:
        response = await exchange.run(t1_s)
    finally:
        transport.close()
    return _answered(target, response, exchange.took_s, exchange.sends)


async def _ask_by_stream(target: OptionsTarget, t1_s: float) -> OptionsReading:
    """Connect, send once and wait; the stream itself sends again what is lost."""
    loop = asyncio.get_running_loop()
    context = _tls() if target.transport is Transport.TLS else None
    async with asyncio.timeout(GIVE_UP_T1 * t1_s):
        reader, writer = await asyncio.open_connection(target.host, target.port_in_use, ssl=context)
        try:
            request = _request(target, writer.get_extra_info("sockname")[:2])
            sent_at = loop.time()
            writer.write(request.encode())
            response = await _response(reader, request)
            return _answered(target, response, loop.time() - sent_at, 1)
        finally:
            writer.transport.abort()


async def _response(reader: asyncio.StreamReader, request: SipRequest) -> SipResponse:
    stream = MessageStream()
    branch, method = request.top_via.branch, request.cseq.method
    while chunk := await reader.read(_CHUNK_BYTES):
        for message in stream.feed(chunk):
            is_final = isinstance(message, SipResponse) and message.is_final
            if isinstance(message, SipResponse) and is_final and answers(message, branch, method):
                return message
    raise ConnectionError("the connection was closed without an answer")


def _tls() -> ssl.SSLContext:
    """A context that talks to any phone: their certificates are their makers', if not expired.

    Nothing secret is sent; whether a certificate is good is not what is asked here.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


def _request(target: OptionsTarget, local: SocketAddress) -> SipRequest:
    uri = target.uri or request_uri(
        target.host, target.port_in_use, target.user, target.transport.value
    )
    request = options_request(uri, from_uri=f"sip:bellwire@{host_port(*local)}")
    return with_origin(request, local, target.transport.upper())


def _answered(
    target: OptionsTarget, response: SipResponse, took_s: float, sends: int
) -> OptionsReading:
    agent = response.header("User-Agent") or response.header("Server") or ""
    return OptionsReading(
        key=target.key,
        at=_now(),
        outcome=Outcome.ANSWERED,
        status=response.status,
        reason=_shown(response.reason),
        agent=_shown(agent),
        retry_after=_shown(response.header("Retry-After") or ""),
        rtt_s=took_s,
        sends=sends,
    )


def _without(
    target: OptionsTarget, outcome: Outcome, problem: str, sends: int = 1
) -> OptionsReading:
    return OptionsReading(target.key, _now(), outcome, sends=sends, problem=problem)


def _shown(text: str) -> str:
    """A text of the device's, short and printable."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_TEXT])


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
