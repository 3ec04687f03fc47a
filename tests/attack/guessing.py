"""Guesses by the thousand, over HTTP and TFTP, and the time that answers take."""

from __future__ import annotations

import math
import random
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from provisioner.secrets import make_token
from tests.attack.stage import FOREIGN_MAC, Stage
from tests.integration.servers import DEVICE_FILE, FANVIL, SNOM, YEALINK

AT_ONCE = 64
HEX = "0123456789abcdef"
REFUSAL = b"not found\n"
OUIS = ("805ec0", "0c383e", "000413")
TRIMMED = 0.05


@dataclass
class Finding:
    """What became of an attack.

    Attributes:
        leaked: one line each.
    """

    attack: str
    tried: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    leaked: list[str] = field(default_factory=list)
    told: str = ""

    def leak(self, what: str) -> None:
        """Note something that should not have been seen."""
        if len(self.leaked) < 20:
            self.leaked.append(what)


def guesses(stage: Stage, rng: random.Random) -> Iterator[str]:
    """Paths that a guesser tries: known and unknown MACs, tokens made up and tokens that are near."""
    known = [*(mac for mac in DEVICE_FILE if mac in (YEALINK, FANVIL, SNOM)), FOREIGN_MAC]
    names = [DEVICE_FILE.get(mac, f"{mac}.cfg") for mac in known]
    while True:
        for oui in OUIS:
            mac = oui + "".join(rng.choices(HEX, k=6))
            yield f"/{mac}.cfg"
            yield f"/p/{make_token().get_secret_value()}/{mac}.cfg"
        name = rng.choice(names)
        yield f"/{name}"
        yield f"/p/{make_token().get_secret_value()}/{name}"
        token = stage.tokens[rng.choice(known)]
        at = rng.randrange(len(token))
        near = token[:at] + rng.choice(
            [c for c in "abcdefghijklmnopqrstuvwxyz234567" if c != token[at]]
        )
        yield f"/p/{near + token[at + 1 :]}/{name}"


def by_http(stage: Stage, count: int, rng: random.Random) -> Finding:
    """Guess over HTTP, many requests in flight on one connection."""
    found = Finding("guesses of MACs and tokens by HTTP")
    paths = guesses(stage, rng)
    left = count
    began_s = time.monotonic()
    with socket.create_connection(("127.0.0.1", stage.server.http_port), 60) as line:
        waiting = b""
        while left > 0:
            some = [next(paths) for _ in range(min(AT_ONCE, left))]
            left -= len(some)
            line.sendall(b"".join(f"GET {p} HTTP/1.1\r\nHost: h\r\n\r\n".encode() for p in some))
            for path in some:
                head, body, waiting = _one_reply(line, waiting)
                status = head[9:12].decode()
                found.answers[status] += 1
                found.tried += 1
                if status != "404" or body != REFUSAL:
                    found.leak(f"{path}: {status} {body[:60]!r}")
    found.told = f"{found.tried / (time.monotonic() - began_s):,.0f} a second"
    return found


def _one_reply(line: socket.socket, waiting: bytes) -> tuple[bytes, bytes, bytes]:
    while b"\r\n\r\n" not in waiting:
        waiting += _more(line)
    head, _, waiting = waiting.partition(b"\r\n\r\n")
    at = head.lower().index(b"content-length:") + 15
    length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else len(head)])
    while len(waiting) < length:
        waiting += _more(line)
    return head, waiting[:length], waiting[length:]


def _more(line: socket.socket) -> bytes:
    part = line.recv(65536)
    if not part:
        raise ConnectionError("the server hung up")
    return part


def by_tftp(stage: Stage, count: int, rng: random.Random) -> Finding:
    """Guess over TFTP; only an ERROR is an answer that tells nothing."""
    found = Finding("guesses of MACs and tokens by TFTP")
    paths, at = guesses(stage, rng), ("127.0.0.1", stage.server.tftp_port)
    began_s, texts = time.monotonic(), Counter[bytes]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        line.settimeout(1.0)
        while found.tried < count:
            some = [next(paths)[1:] for _ in range(min(AT_ONCE, count - found.tried))]
            for name in some:
                line.sendto(b"\0\1" + name.encode() + b"\0octet\0", at)
            found.tried += len(some)
            for _ in some:
                try:
                    answer = line.recv(2048)
                except TimeoutError:
                    found.answers["lost"] += 1
                    continue
                texts[answer] += 1
                kind = "ERROR 1" if answer.startswith(b"\0\5\0\1") else repr(answer[:24])
                found.answers[kind] += 1
                if kind != "ERROR 1":
                    found.leak(kind)
    if len(texts) > 1:
        found.leak(f"{len(texts)} different answers")
    found.told = f"{found.tried / (time.monotonic() - began_s):,.0f} a second"
    return found


@dataclass(frozen=True)
class Timing:
    """The difference of two means in microseconds, and half of its 95 % interval."""

    pair: str
    count: int
    mean_us: float
    difference_us: float
    half_us: float
    deviation_us: float

    @property
    def is_told(self) -> bool:
        """Whether the difference can be told from none."""
        return abs(self.difference_us) > self.half_us


def timings(stage: Stage, count: int, rng: random.Random) -> list[Timing]:
    """How long refusals take, two kinds at a time, in random order on one connection."""
    unknown = [oui + f"{n:06x}" for n, oui in enumerate(OUIS)]
    wrong, theirs = make_token().get_secret_value(), stage.tokens[FOREIGN_MAC]
    pairs: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
        "known MAC, unknown MAC": (
            lambda: f"/{DEVICE_FILE[FANVIL]}", lambda: f"/0c383e{rng.randrange(1 << 24):06x}.cfg",
        ),
        "known MAC, one unknown MAC": (
            lambda: f"/{DEVICE_FILE[FANVIL]}", lambda: f"/{unknown[1]}.cfg",
        ),
        "MAC of another network, unknown MAC": (
            lambda: f"/{FOREIGN_MAC}.cfg", lambda: f"/{unknown[1]}.cfg",
        ),
        "near token, far token": (
            lambda: f"/p/{stage.tokens[FANVIL][:-1]}a/x.cfg", lambda: f"/p/{wrong}/x.cfg",
        ),
        "token of another network, wrong token": (
            lambda: f"/p/{theirs}/x.cfg", lambda: f"/p/{wrong}/x.cfg",
        ),
    }  # fmt: skip
    return [_compare(stage, name, *ways, count, rng) for name, ways in pairs.items()]


def _compare(
    stage: Stage,
    name: str,
    one: Callable[[], str],
    other: Callable[[], str],
    count: int,
    rng: random.Random,
) -> Timing:
    """Pairs in random order; the slowest of the differences are left out on both sides."""
    differences, all_us = [], []
    with socket.create_connection(("127.0.0.1", stage.server.http_port), 60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count + 50):
            took: dict[int, float] = {}
            for which in rng.sample((0, 1), 2):
                data = f"GET {(one, other)[which]()} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
                began = time.perf_counter_ns()
                line.sendall(data)
                answer = line.recv(4096)
                took[which] = (time.perf_counter_ns() - began) / 1000
                assert answer.endswith(REFUSAL), answer[-200:]
            if number >= 50:
                differences.append(took[0] - took[1])
                all_us += took.values()
    cut = int(len(differences) * TRIMMED)
    kept = sorted(differences)[cut : len(differences) - cut]
    spread = statistics.stdev(kept)
    half = 1.96 * spread / math.sqrt(len(kept))
    return Timing(name, count, statistics.median(all_us), statistics.fmean(kept), half, spread)
