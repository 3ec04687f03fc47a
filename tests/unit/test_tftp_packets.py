"""The TFTP codec, option negotiation and netascii."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner.errors import BellwireError
from provisioner.tftp.limits import Limits
from provisioner.tftp.netascii import to_netascii
from provisioner.tftp.options import Terms, negotiate
from provisioner.tftp.packets import (
    ERROR_TEXT_MAX,
    REQUEST_BYTES_MAX,
    Ack,
    Data,
    ErrorCode,
    ErrorPacket,
    MalformedPacketError,
    Opcode,
    OptionAck,
    ReadRequest,
    WriteRequest,
    acknowledged_block,
    opcode_of,
    parse,
)

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
lower_words = words.map(str.lower)
option_lists = st.dictionaries(lower_words, words, max_size=4).map(
    lambda found: tuple(found.items())
)
numbers = st.integers(0, 0xFFFF)
packets = st.one_of(
    st.builds(ReadRequest, name=words, mode=lower_words, options=option_lists),
    st.builds(WriteRequest, name=words, mode=lower_words, options=option_lists),
    st.builds(Data, block=numbers, payload=st.binary(max_size=1468)),
    st.builds(Ack, block=numbers),
    st.builds(ErrorPacket, code=numbers, message=words),
    st.builds(OptionAck, options=option_lists),
)


@given(packets)
def test_what_is_encoded_is_parsed_back(packet):
    assert parse(packet.encode()) == packet


@given(st.binary(max_size=600))
def test_random_bytes_are_a_packet_or_malformed(datagram):
    try:
        packet = parse(datagram)
    except MalformedPacketError:
        return
    assert opcode_of(datagram) is not None
    assert parse(packet.encode()) is not None


@given(st.sampled_from(list(Opcode)), st.binary(max_size=600))
def test_random_bodies_are_a_packet_or_malformed(opcode, body):
    datagram = opcode.to_bytes(2, "big") + body
    try:
        packet = parse(datagram)
    except MalformedPacketError:
        return
    if isinstance(packet, ReadRequest | WriteRequest):
        assert packet.name.isprintable()
        assert len(packet.encode()) <= REQUEST_BYTES_MAX


@given(packets, st.data())
def test_a_packet_cut_short_never_crashes(packet, data):
    encoded = packet.encode()
    cut = encoded[: data.draw(st.integers(0, len(encoded)))]
    try:
        parse(cut)
    except MalformedPacketError:
        return


@given(st.one_of(packets.map(lambda packet: packet.encode()), st.binary(max_size=6)))
def test_the_short_way_to_an_ack_agrees_with_the_codec(datagram):
    try:
        packet = parse(datagram)
    except MalformedPacketError:
        packet = None
    block = acknowledged_block(datagram)
    assert block == (packet.block if isinstance(packet, Ack) else None)


@pytest.mark.parametrize(
    ("datagram", "packet"),
    [
        (b"\0\1a.cfg\0OcTet\0", ReadRequest("a.cfg", "octet")),
        (b"\0\2a.cfg\0octet\0", WriteRequest("a.cfg", "octet")),
        (
            b"\0\1a\0octet\0BLKSIZE\x001428\0tsize\x000\0",
            ReadRequest("a", "octet", (("blksize", "1428"), ("tsize", "0"))),
        ),
        (b"\0\3\0\1", Data(1, b"")),
        (b"\0\3\xff\xffxy\0", Data(65535, b"xy\0")),
        (b"\0\4\1\2", Ack(258)),
        (b"\0\4\0\7padding", Ack(7)),
        (b"\0\5\0\1no\0", ErrorPacket(1, "no")),
        (b"\0\5\0\1no", ErrorPacket(1, "no")),
        (b"\0\5\0\x63", ErrorPacket(99, "")),
        (b"\0\5\0\0\xff\0", ErrorPacket(0, "\ufffd")),
        (b"\0\6blksize\x001428\0", OptionAck((("blksize", "1428"),))),
        (b"\0\6", OptionAck(())),
    ],
)
def test_known_bytes(datagram, packet):
    assert parse(datagram) == packet


@pytest.mark.parametrize(
    "padding", [b"\0", b"\0\0", b"\0\0\0", b"blksize\x00512\0\0", b"blksize\x00512\0\0\0"]
)
def test_a_request_padded_with_nuls_is_read(padding):
    packet = parse(b"\0\1a\0octet\0" + padding)
    assert isinstance(packet, ReadRequest)
    assert packet.options in ((), (("blksize", "512"),))


def test_an_empty_option_value_is_kept():
    packet = parse(b"\0\1a\0octet\0blksize\0\0")
    assert packet == ReadRequest("a", "octet", (("blksize", ""),))


def test_of_an_option_given_twice_the_first_counts():
    packet = parse(b"\0\1a\0octet\0blksize\x00600\0BlkSize\x00700\0")
    assert packet == ReadRequest("a", "octet", (("blksize", "600"),))


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\0",
        b"\0\0",
        b"\0\7",
        b"\1\0",
        b"\xff\xffabc",
        b"\0\1",
        b"\0\1\0",
        b"\0\1\0\0",
        b"\0\1a",
        b"\0\1a\0",
        b"\0\1a\0octet",
        b"\0\1\0octet\0",
        b"\0\1a\0\0",
        b"\0\1a\0octet\0blksize\0",
        b"\0\1a\0octet\0blksize\x001428",
        b"\0\1a\0octet\0\x001428\0",
        b"\0\1\xc3\xa4.cfg\0octet\0",
        b"\0\1a\nb\0octet\0",
        b"\0\1a\0oct\xe9t\0",
        b"\0\1a\0octet\0blksize\x00\xb2\0",
        b"\0\1" + b"n" * 513 + b"\0octet\0",
        b"\0\1a\0octet\0" + b"x\x001\0" * 200,
        b"\0\3",
        b"\0\3\0",
        b"\0\4\0",
        b"\0\5\0",
        b"\0\6a",
        b"\0\6a\0",
    ],
)
def test_malformed_packets_are_refused(datagram):
    with pytest.raises(MalformedPacketError) as caught:
        parse(datagram)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, BellwireError)


def test_the_longest_request_is_read_and_one_byte_more_is_not():
    name = "n" * (REQUEST_BYTES_MAX - len(b"\0\1\0octet\0"))
    assert parse(ReadRequest(name).encode()) == ReadRequest(name)
    with pytest.raises(MalformedPacketError, match="512"):
        parse(ReadRequest(name + "n").encode())


def test_an_error_text_is_short_ascii_and_ends_once():
    encoded = ErrorPacket(ErrorCode.UNDEFINED, "\xe4\0" + "x" * 1000).encode()
    assert encoded.startswith(b"\0\5\0\0? x")
    assert encoded.index(b"\0", 4) == len(encoded) - 1
    assert len(encoded) == 4 + ERROR_TEXT_MAX + 1


@pytest.mark.parametrize(
    ("asked", "terms"),
    [
        ((), Terms()),
        ((("blksize", "1428"),), Terms(blksize=1428, accepted=(("blksize", "1428"),))),
        ((("blksize", "8"),), Terms(blksize=8, accepted=(("blksize", "8"),))),
        ((("blksize", "65464"),), Terms(blksize=1468, accepted=(("blksize", "1468"),))),
        ((("blksize", "7"),), Terms()),
        ((("blksize", "65465"),), Terms()),
        ((("blksize", "-1"),), Terms()),
        ((("blksize", "1e3"),), Terms()),
        ((("blksize", ""),), Terms()),
        ((("blksize", "9" * 400),), Terms()),
        ((("tsize", "0"),), Terms(accepted=(("tsize", "20000"),))),
        ((("tsize", "x"),), Terms()),
        ((("timeout", "1"),), Terms(timeout_s=1, accepted=(("timeout", "1"),))),
        ((("timeout", "255"),), Terms(timeout_s=255, accepted=(("timeout", "255"),))),
        ((("timeout", "0"),), Terms()),
        ((("timeout", "256"),), Terms()),
        ((("windowsize", "8"),), Terms(windowsize=8, accepted=(("windowsize", "8"),))),
        ((("windowsize", "65535"),), Terms(windowsize=64, accepted=(("windowsize", "64"),))),
        ((("windowsize", "0"),), Terms()),
        ((("windowsize", "65536"),), Terms()),
        ((("multicast", ""), ("utimeout", "100000")), Terms()),
        (
            (("tsize", "0"), ("rollover", "0"), ("blksize", "1024")),
            Terms(blksize=1024, accepted=(("tsize", "20000"), ("blksize", "1024"))),
        ),
    ],
)
def test_negotiation(asked, terms):
    assert negotiate(asked, 20000, Limits()) == terms


def test_a_size_that_cannot_be_told_is_not_answered():
    assert negotiate((("tsize", "0"),), None, Limits()) == Terms()


@given(
    st.lists(st.tuples(st.sampled_from(["blksize", "timeout", "tsize", "windowsize", "x"]), words))
)
def test_any_options_give_terms_within_the_limits(asked):
    terms = negotiate(tuple(asked), 5, Limits())
    assert 8 <= terms.blksize <= 1468
    assert 1 <= terms.windowsize <= 64
    assert terms.timeout_s is None or 1 <= terms.timeout_s <= 255


@pytest.mark.parametrize(
    "wrong",
    [
        {"blksize_max": 511},
        {"blksize_max": 65465},
        {"windowsize_max": 0},
        {"windowsize_max": 65535},
        {"transfers_max": 0},
        {"transfers_per_peer_max": 0},
        {"first_sends_max": 0},
        {"sends_max": 0},
        {"transfer_s_max": 0},
    ],
)
def test_impossible_limits_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        Limits(**wrong)


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"", b""),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\rb", b"a\r\0b"),
        (b"a\r\nb", b"a\r\0\r\nb"),
        (b"\0\xff", b"\0\xff"),
    ],
)
def test_netascii(content, wire):
    assert to_netascii(content) == wire


@given(st.binary())
def test_netascii_gives_every_byte_back(content):
    restored = to_netascii(content).replace(b"\r\n", b"\n").replace(b"\r\0", b"\r")
    assert restored == content
