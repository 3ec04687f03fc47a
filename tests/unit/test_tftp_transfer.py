"""One transfer under a virtual clock, its retransmission timer and the heap of deadlines."""

from __future__ import annotations

import heapq
import itertools
import math
import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provisioner.tftp.deadlines import Deadlines
from provisioner.tftp.limits import Limits
from provisioner.tftp.options import Terms
from provisioner.tftp.packets import Ack, Data, ErrorPacket, OptionAck, parse
from provisioner.tftp.retransmission import CAP_S, FLOOR_S, INITIAL_S, RetransmissionTimer
from provisioner.tftp.transfer import Outcome, Transfer, refused

PHONE_RETRY_S = 1.0
PEER = ("192.0.2.7", 50000)


def ack(block: int) -> bytes:
    return Ack(block % 65536).encode()


def numbers(datagrams: list[bytes]) -> list[int]:
    """The block numbers of DATA packets."""
    blocks = [parse(datagram) for datagram in datagrams]
    assert all(isinstance(block, Data) for block in blocks)
    return [block.block for block in blocks]


def content_of(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


def begun(size_bytes: int, terms: Terms | None = None, **limits) -> tuple[Transfer, list[bytes]]:
    transfer = Transfer(content_of(size_bytes), terms or Terms(), Limits(**limits), now=0.0)
    return transfer, transfer.begin(0.0)


@pytest.mark.parametrize(
    ("size_bytes", "blocks"), [(0, 1), (1, 1), (511, 1), (512, 2), (513, 2), (1024, 3), (20000, 40)]
)
def test_blocks_go_one_by_one_and_the_last_is_short(size_bytes, blocks):
    transfer, sent = begun(size_bytes)
    received = b""
    for number in range(1, blocks + 1):
        assert transfer.outcome is None
        assert numbers(sent) == [number]
        payload = parse(sent[0]).payload
        assert (len(payload) < 512) == (number == blocks)
        received += payload
        sent = transfer.receive(ack(number), 0.001 * number)
    assert sent == []
    assert transfer.outcome is Outcome.OK
    assert received == content_of(size_bytes)


def test_the_account_of_a_finished_transfer():
    transfer, _ = begun(600)
    with pytest.raises(ValueError, match="still going on"):
        transfer.stats(PEER, "a.cfg", 0.1)
    transfer.tick(0.3)
    transfer.receive(ack(1), 0.4)
    transfer.receive(ack(2), 0.5)
    stats = transfer.stats(PEER, "a.cfg", 0.5)
    assert (stats.peer, stats.name, stats.outcome) == (PEER, "a.cfg", Outcome.OK)
    assert (stats.size_bytes, stats.blksize, stats.windowsize) == (600, 512, 1)
    assert (stats.blocks, stats.retransmits, stats.duration_s) == (2, 1, 0.5)


def test_the_account_of_a_refused_read():
    stats = refused(PEER, "a.cfg", 0.25)
    assert (stats.outcome, stats.size_bytes, stats.blocks) == (Outcome.REFUSED, 0, 0)


def test_options_are_confirmed_before_the_first_block():
    terms = Terms(blksize=1000, accepted=(("blksize", "1000"),))
    transfer, sent = begun(1500, terms)
    assert sent == [OptionAck((("blksize", "1000"),)).encode()]
    assert transfer.receive(ack(1), 0.1) == []
    assert transfer.tick(0.3) == sent
    assert numbers(transfer.receive(ack(0), 0.4)) == [1]
    assert transfer.receive(ack(0), 0.5) == []
    assert transfer.retransmits == 1


def test_a_duplicate_ack_sends_nothing():
    transfer, _ = begun(5000)
    assert numbers(transfer.receive(ack(1), 0.1)) == [2]
    for _ in range(5):
        assert transfer.receive(ack(1), 0.1) == []
    assert numbers(transfer.receive(ack(2), 0.2)) == [3]
    assert transfer.receive(ack(1), 0.2) == []
    assert transfer.receive(ack(2), 0.2) == []
    assert transfer.retransmits == 0


def test_a_duplicate_ack_does_not_put_off_the_timer():
    transfer, _ = begun(5000)
    transfer.receive(ack(1), 0.1)
    deadline = transfer.deadline
    transfer.receive(ack(1), 0.15)
    assert transfer.deadline == deadline


@pytest.mark.parametrize("block", [2, 3, 40, 41, 1000, 32768, 65535])
def test_an_ack_of_a_block_not_sent_is_ignored(block):
    transfer, _ = begun(20000)
    assert transfer.receive(ack(block), 0.1) == []
    assert transfer.outcome is None
    assert numbers(transfer.receive(ack(1), 0.1)) == [2]


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\0\4", b"\xff" * 40, b"\0\1a\0octet\0", Data(1, b"x").encode(), OptionAck(()).encode()],
)
def test_senseless_packets_are_ignored(datagram):
    transfer, _ = begun(20000)
    assert transfer.receive(datagram, 0.1) == []
    assert transfer.outcome is None


def test_an_error_of_the_peer_ends_it():
    transfer, _ = begun(20000)
    assert transfer.receive(ErrorPacket(3, "disk full").encode(), 0.1) == []
    assert transfer.outcome is Outcome.ABORTED
    assert transfer.receive(ack(1), 0.2) == []
    assert transfer.tick(100) == []
    transfer.end(Outcome.STOPPED)
    assert transfer.outcome is Outcome.ABORTED


def test_it_can_be_ended_from_outside():
    transfer, _ = begun(20000)
    transfer.end(Outcome.STOPPED)
    assert transfer.outcome is Outcome.STOPPED


def test_block_numbers_wrap_to_zero_after_65535():
    content = content_of(600_000)
    transfer = Transfer(content, Terms(blksize=8), Limits(), now=0.0)
    sent, received, last = transfer.begin(0.0), bytearray(), 0
    while transfer.outcome is None:
        assert len(sent) == 1
        packet = parse(sent[0])
        assert packet.block == (last + 1) % 65536
        last = packet.block
        received += packet.payload
        sent = transfer.receive(ack(last), 0.0)
    assert transfer.outcome is Outcome.OK
    assert bytes(received) == content
    assert transfer.stats(PEER, "a", 1.0).blocks == 75001


def test_a_window_reaches_across_the_wrap():
    content = content_of(600_000)
    transfer = Transfer(content, Terms(blksize=8, windowsize=64), Limits(), now=0.0)
    sent, received, confirmed = transfer.begin(0.0), bytearray(), 0
    while transfer.outcome is None:
        partial = sent[: max(1, len(sent) - (confirmed % 3))]  # now and then a lost tail
        for datagram in partial:
            received += parse(datagram).payload
        confirmed += len(partial)
        assert transfer.receive(ack(confirmed + 1000), 0.0) == []
        sent = transfer.receive(ack(confirmed), 0.0)
        assert transfer.receive(ack(confirmed), 0.0) == []
    assert transfer.outcome is Outcome.OK
    assert bytes(received) == content


def test_an_ack_inside_the_window_rolls_back_to_the_block_behind_it():
    transfer, sent = begun(512 * 20, Terms(windowsize=4))
    assert numbers(sent) == [1, 2, 3, 4]
    assert numbers(transfer.receive(ack(4), 0.1)) == [5, 6, 7, 8]
    assert numbers(transfer.receive(ack(5), 0.2)) == [6, 7, 8, 9]
    assert transfer.retransmits == 3
    assert transfer.receive(ack(5), 0.2) == []
    assert transfer.receive(ack(4), 0.2) == []
    assert transfer.receive(ack(10), 0.2) == []
    assert numbers(transfer.receive(ack(9), 0.3)) == [10, 11, 12, 13]


def test_the_timer_repeats_the_whole_window():
    transfer, sent = begun(512 * 20, Terms(windowsize=4))
    assert transfer.tick(INITIAL_S) == sent
    assert transfer.retransmits == 4


def test_the_last_window_is_as_long_as_the_file():
    transfer, sent = begun(512 * 5, Terms(windowsize=4))
    assert numbers(sent) == [1, 2, 3, 4]
    sent = transfer.receive(ack(4), 0.1)
    assert numbers(sent) == [5, 6]
    assert parse(sent[1]).payload == b""
    transfer.receive(ack(6), 0.2)
    assert transfer.outcome is Outcome.OK


def send_times(transfer: Transfer) -> list[float]:
    """Let the peer be silent; return when something was sent again."""
    times = []
    while transfer.outcome is None:
        now = transfer.deadline
        assert transfer.tick(now - 0.001) == []
        if transfer.tick(now):
            times.append(pytest.approx(now))
    return times


def test_a_peer_that_never_answered_gets_few_repetitions():
    transfer, _ = begun(20000)
    assert send_times(transfer) == [0.3, 0.9, 2.1, 4.5]
    assert transfer.outcome is Outcome.TIMEOUT
    assert transfer.retransmits == 4


def test_a_peer_that_has_answered_is_given_more_time():
    transfer, _ = begun(20000)
    transfer.receive(ack(1), 0.0)
    assert send_times(transfer) == [0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 10.3]
    assert transfer.outcome is Outcome.TIMEOUT
    assert transfer.stats(PEER, "a", 15.0).blocks == 1


def test_a_negotiated_timeout_is_a_fixed_interval():
    transfer, _ = begun(20000, Terms(timeout_s=3, accepted=(("timeout", "3"),)))
    transfer.receive(ack(0), 1.0)
    assert send_times(transfer) == [4, 7, 10, 13, 16, 19, 22]


def test_no_transfer_lasts_longer_than_allowed():
    transfer, _ = begun(20000, Terms(timeout_s=255, accepted=(("timeout", "255"),)))
    assert send_times(transfer) == []
    assert transfer.outcome is Outcome.TIMEOUT
    assert transfer.deadline == 60.0


def test_a_peer_that_drips_acks_is_cut_off():
    transfer, _ = begun(512 * 900)
    for second in range(1, 60):
        assert transfer.receive(ack(second), float(second))
    assert transfer.tick(60.0) == []
    assert transfer.outcome is Outcome.TIMEOUT


def test_a_large_file_may_take_as_long_as_a_slow_line_needs():
    assert Limits().transfer_s(512) == 60.0
    assert Limits().transfer_s(60 * 2**20) == 60 * 2**20 / 8192  # two hours
    with pytest.raises(ValueError, match="bytes_per_s_min"):
        Limits(bytes_per_s_min=0)
    transfer, _ = begun(512 * 2000)
    for second in range(1, 124):
        assert transfer.receive(ack(second), float(second))
    assert transfer.outcome is None
    assert transfer.tick(126.0) == []
    assert transfer.outcome is Outcome.TIMEOUT


def test_every_step_forward_gives_new_patience():
    transfer, _ = begun(512 * 10, first_sends_max=2, sends_max=3, transfer_s_max=1000)
    for block in range(1, 12):
        now = transfer.deadline
        assert transfer.tick(now)
        transfer.receive(ack(block), now + 0.01)
    assert transfer.retransmits == 11
    assert transfer.outcome is Outcome.OK


def test_a_repeated_packet_is_not_measured():
    transfer, _ = begun(20000)
    transfer.tick(0.3)
    transfer.receive(ack(1), 0.301)  # of which copy? The doubled interval stays (Karn)
    assert transfer.deadline == pytest.approx(0.301 + 0.6)
    transfer.receive(ack(2), 0.311)  # sent once: measured
    assert transfer.deadline == pytest.approx(0.311 + FLOOR_S)


def test_the_interval_follows_the_round_trip():
    timer = RetransmissionTimer()
    assert timer.interval_s == INITIAL_S
    timer.measured(0.2)
    assert timer.interval_s == pytest.approx(0.6)  # RFC 6298, 2.2: R + 4 * R/2
    timer.measured(0.2)
    assert timer.interval_s == pytest.approx(0.5)  # RFC 6298, 2.3: the deviation shrinks by 1/4
    for _ in range(100):
        timer.measured(0.2)
    assert timer.interval_s == pytest.approx(0.2)
    for _ in range(100):
        timer.measured(0.0001)
    assert timer.interval_s == FLOOR_S
    timer.measured(30.0)
    assert timer.interval_s == CAP_S
    timer.expired()
    assert timer.interval_s == CAP_S


def test_a_fixed_interval_stays():
    timer = RetransmissionTimer(7)
    timer.measured(0.001)
    timer.expired()
    assert timer.interval_s == 7


class Receiver:
    """A phone without I/O: confirms windows, tells of holes, repeats its last ACK."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.content = bytearray()
        self.block = 0
        self.unconfirmed = 0
        self.gap_told = False
        self.done = False

    def confirm(self) -> list[bytes]:
        self.unconfirmed = 0
        return [ack(self.block)]

    def take(self, datagram: bytes) -> list[bytes]:
        packet = parse(datagram)
        if isinstance(packet, OptionAck):
            return self.confirm() if self.block == 0 else []
        ahead = (packet.block - self.block) % 65536
        if ahead == 1:
            return self.take_next(packet.payload)
        if ahead == 0 and self.unconfirmed == 0:
            return self.confirm()
        if 1 < ahead <= self.terms.windowsize and not self.gap_told:
            self.gap_told = True
            return self.confirm()
        return []

    def take_next(self, payload: bytes) -> list[bytes]:
        assert not self.done
        self.block += 1
        self.unconfirmed += 1
        self.gap_told = False
        self.content += payload
        self.done = len(payload) < self.terms.blksize
        if self.done or self.unconfirmed == self.terms.windowsize:
            return self.confirm()
        return []


class Network:
    """Carries datagrams both ways with loss, duplication and jitter, in virtual time."""

    def __init__(self, transfer: Transfer, receiver: Receiver, seed: int, loss: float) -> None:
        self.rng = random.Random(seed)
        self.loss = loss
        self.transfer = transfer
        self.receiver = receiver
        self.phone_retries_at = math.inf  # begins with the first packet it gets
        self.under_way: list[tuple[float, int, str, bytes]] = []
        self.order = itertools.count()
        self.carried = 0

    def post(self, now: float, to: str, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self.carried += 1
            copies = 2 if self.rng.random() < self.loss / 4 else 1
            for _ in range(copies):
                if self.rng.random() >= self.loss:
                    arrival = now + self.rng.uniform(0.001, 0.02)
                    heapq.heappush(self.under_way, (arrival, next(self.order), to, datagram))

    def run(self) -> None:
        self.post(0.0, "phone", self.transfer.begin(0.0))
        while self.transfer.outcome is None:
            arrives_at = self.under_way[0][0] if self.under_way else math.inf
            now = min(arrives_at, self.transfer.deadline, self.phone_retries_at)
            if now == self.transfer.deadline:
                self.post(now, "phone", self.transfer.tick(now))
            elif now == self.phone_retries_at:
                self.to_phone(now, self.receiver.confirm())
            else:
                self.deliver()

    def deliver(self) -> None:
        now, _, to, datagram = heapq.heappop(self.under_way)
        if to == "phone":
            self.to_phone(now, self.receiver.take(datagram))
        else:
            self.post(now, "phone", self.transfer.receive(datagram, now))

    def to_phone(self, now: float, replies: list[bytes]) -> None:
        self.phone_retries_at = math.inf if self.receiver.done else now + PHONE_RETRY_S
        self.post(now, "server", replies)


# Here the phone has to repeat an ACK in the middle of a window, or both wait for ever.
@example(seed=5, size_bytes=544, blksize=8, windowsize=8, loss=0.2)
@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    size_bytes=st.integers(0, 30_000),
    blksize=st.sampled_from([8, 512, 1468]),
    windowsize=st.sampled_from([1, 2, 8, 64]),
    loss=st.sampled_from([0.0, 0.02, 0.2]),
)
def test_a_bad_network_loses_no_byte(seed, size_bytes, blksize, windowsize, loss):
    size_bytes = min(size_bytes, blksize * 200)
    options = (("blksize", str(blksize)), ("windowsize", str(windowsize)))
    terms = Terms(blksize=blksize, windowsize=windowsize, accepted=options)
    patient = Limits(first_sends_max=100, sends_max=100, transfer_s_max=1e6)
    content = content_of(size_bytes)
    receiver = Receiver(terms)
    transfer = Transfer(content, terms, patient, now=0.0)
    Network(transfer, receiver, seed, loss).run()
    assert transfer.outcome is Outcome.OK
    assert receiver.done
    assert bytes(receiver.content) == content


@pytest.mark.parametrize("seed", range(5))
def test_without_loss_nothing_is_sent_twice(seed):
    receiver = Receiver(Terms())
    transfer = Transfer(content_of(20000), Terms(), Limits(), now=0.0)
    network = Network(transfer, receiver, seed, loss=0.0)
    network.run()
    assert transfer.retransmits == 0
    assert network.carried == 80


def test_a_deadline_comes_up_once_and_in_order():
    deadlines: Deadlines[str] = Deadlines()
    assert deadlines.next_at() is None
    deadlines.enter("late", 5.0)
    deadlines.enter("soon", 1.0)
    deadlines.enter("sooner later", 4.0)
    deadlines.enter("sooner later", 2.0)
    deadlines.enter("soon", 9.0)  # comes up early all the same; its owner enters it again
    assert deadlines.next_at() == 1.0
    assert deadlines.due(0.5) == []
    assert deadlines.due(4.5) == ["soon", "sooner later"]
    assert deadlines.due(4.5) == []
    assert len(deadlines) == 1
    deadlines.discard("late")
    deadlines.discard("unknown")
    assert deadlines.next_at() is None


def test_forgotten_deadlines_do_not_pile_up():
    deadlines: Deadlines[int] = Deadlines()
    for item in range(10_000):
        deadlines.enter(item, 60.0 + item)
        if item >= 10:
            deadlines.discard(item)
    assert len(deadlines) == 10
    assert len(deadlines._heap) < 200
    assert deadlines.due(100.0) == list(range(10))
