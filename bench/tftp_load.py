"""A load of TFTP reads on one event loop: every phone has an address of its own on loopback.

Written from the RFCs, with nothing taken from ``provisioner.tftp``.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

RRQ, DATA, ACK, ERROR, OACK = 1, 3, 4, 5, 6
RETRY_S = 1.0  # a phone asks again after this silence
GIVE_UP_S = 15.0


@dataclass(frozen=True, slots=True)
class Read:
    """A file to read, and what it must hold."""

    name: str
    body: bytes


@dataclass(slots=True)
class Result:
    """What a burst of reads gave."""

    wall_s: float = 0.0
    took_s: list[float] = field(default_factory=list)
    wrong: int = 0
    lost: int = 0
    asked_again: int = 0


class _Phone:
    """One read."""

    def __init__(self, number: int, server: tuple[str, int], read: Read, blksize: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
        self.server: tuple[str, int] = server
        self.read = read
        self.blksize = blksize
        self.got = bytearray()
        self.block = 0
        options = b"" if blksize == 512 else b"blksize\0%d\0" % blksize
        self.last = struct.pack("!H", RRQ) + read.name.encode() + b"\0octet\0" + options
        self.agreed = 512
        self.began = self.heard = time.perf_counter()
        self.ended = False
        self.refused = False

    def send(self) -> None:
        try:
            self.socket.sendto(self.last, self.server)
        except BlockingIOError:
            return  # the retry sends it

    def take(self) -> None:
        while not self.ended:
            try:
                packet, sender = self.socket.recvfrom(2048)
            except BlockingIOError:
                return
            self._take(packet, sender)

    def _take(self, packet: bytes, sender: tuple[str, int]) -> None:
        kind, number = struct.unpack_from("!HH", packet)
        self.server = sender
        if kind == ERROR:
            self.ended = self.refused = True
        elif kind == OACK and self.block == 0:
            words = packet[2:].lower().split(b"\0")
            self.agreed = int(words[words.index(b"blksize") + 1])
            self._confirm(0)
        elif kind == DATA and number == (self.block + 1) % 65536:
            self.block += 1
            self.got += packet[4:]
            self._confirm(number)
            self.ended = len(packet) - 4 < self.agreed
        elif kind == DATA and number == self.block % 65536:
            self.send()  # our ACK was lost

    def _confirm(self, number: int) -> None:
        self.heard = time.perf_counter()
        self.last = struct.pack("!HH", ACK, number)
        self.send()


def burst(server: tuple[str, int], reads: Sequence[Read], blksize: int) -> Result:
    """Read all files at once; every body is compared."""
    result = Result()
    poll = select.epoll()
    phones = {}
    for number, read in enumerate(reads):
        phone = _Phone(number, server, read, blksize)
        phones[phone.socket.fileno()] = phone
        poll.register(phone.socket, select.EPOLLIN)
    started = time.perf_counter()
    for phone in phones.values():
        phone.began = phone.heard = time.perf_counter()
        phone.send()
    while phones:
        for handle, _ in poll.poll(0.02):
            phones[handle].take()
        now = time.perf_counter()
        for handle, phone in list(phones.items()):
            if phone.ended or now - phone.began > GIVE_UP_S:
                _count(phone, result, now)
                poll.unregister(handle)
                phone.socket.close()
                del phones[handle]
            elif now - phone.heard > RETRY_S:
                phone.heard = now
                result.asked_again += phone.block == 0
                phone.send()
    poll.close()
    result.wall_s = time.perf_counter() - started
    return result


def _count(phone: _Phone, result: Result, now: float) -> None:
    if not phone.ended:
        result.lost += 1
    elif phone.refused or bytes(phone.got) != phone.read.body:
        result.wrong += 1
    else:
        result.took_s.append(now - phone.began)
