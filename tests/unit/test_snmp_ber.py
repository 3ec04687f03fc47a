"""The codec of SNMPv2c, with pysnmp's as the other party."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import rfc1905
from pysnmp.proto.api import v2c

from monitors.snmp import ber
from monitors.snmp.statuses import answer_of
from monitors.snmp.values import Failure, FailureKind, Varbind

sub_identifiers = st.integers(0, 2**32 - 1)
oids = st.builds(
    lambda first, second, rest: (first, second, *rest),
    st.integers(0, 2), st.integers(0, 39), st.lists(sub_identifiers, min_size=1, max_size=20),
)  # fmt: skip
request_ids = st.integers(0, 2**31 - 1)
values = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (v2c.Integer32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (v2c.Counter32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (v2c.Gauge32(n), n)),
    st.integers(0, 2**32 - 1).map(lambda n: (v2c.TimeTicks(n), n)),
    st.integers(0, 2**64 - 1).map(lambda n: (v2c.Counter64(n), n)),
    st.binary(max_size=400).map(lambda b: (v2c.OctetString(b), b)),
    st.binary(min_size=4, max_size=4).map(lambda b: (v2c.IpAddress(hexValue=b.hex()), b)),
    oids.map(lambda o: (v2c.ObjectIdentifier(o), o)),
    st.sampled_from([rfc1905.noSuchObject, rfc1905.noSuchInstance, rfc1905.endOfMibView]).map(
        lambda n: (n, None)
    ),
)


@given(
    st.sampled_from([(ber.GET, v2c.GetRequestPDU), (ber.GET_BULK, v2c.GetBulkRequestPDU)]),
    st.binary(max_size=200),
    request_ids,
    st.lists(oids, max_size=30),
    st.integers(0, 200),
)
def test_a_request_as_pysnmp_reads_it(kind, community, number, names, repetitions) -> None:
    tag, pdu_type = kind
    repetitions = repetitions if tag == ber.GET_BULK else 0
    data = ber.request(tag, community, number, [(n, None) for n in names], repetitions)
    message, rest = decoder.decode(data, asn1Spec=v2c.Message())
    assert not rest
    pdu = v2c.apiMessage.get_pdu(message)
    assert pdu.isSameTypeWith(pdu_type())
    assert bytes(v2c.apiMessage.get_community(message)) == community
    assert int(v2c.apiPDU.get_request_id(pdu)) == number
    assert [tuple(n) for n, _ in v2c.apiPDU.get_varbinds(pdu)] == names
    if tag == ber.GET_BULK:
        assert int(v2c.apiBulkPDU.get_max_repetitions(pdu)) == repetitions


@given(request_ids, oids, st.integers(-(2**31), 2**31 - 1))
def test_a_write_as_pysnmp_reads_it(number, name, value) -> None:
    data = ber.request(ber.SET, b"rw", number, [(name, value)])
    message, _ = decoder.decode(data, asn1Spec=v2c.Message())
    pdu = v2c.apiMessage.get_pdu(message)
    assert pdu.isSameTypeWith(v2c.SetRequestPDU())
    written = v2c.apiPDU.get_varbinds(pdu)
    assert [(tuple(n), int(v)) for n, v in written] == [(name, value)]


def response_of(number: int, status: int, index: int, pairs: list) -> bytes:
    pdu = v2c.ResponsePDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_request_id(pdu, number)
    v2c.apiPDU.set_error_status(pdu, status)
    v2c.apiPDU.set_error_index(pdu, index)
    v2c.apiPDU.set_varbinds(pdu, pairs)
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, "public")
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


@given(request_ids, st.integers(0, 18), st.lists(st.tuples(oids, values), max_size=12))
def test_a_response_as_pysnmp_writes_it(number, status, pairs) -> None:
    index = min(1, len(pairs))
    data = response_of(number, status, index, [(name, value) for name, (value, _) in pairs])
    message = ber.response(data)
    assert message.varbinds == tuple(Varbind(name, plain) for name, (_, plain) in pairs)
    assert (message.community, message.request_id) == (b"public", number)
    assert (message.status, message.index) == (status, index)


@given(st.binary(max_size=60))
def test_what_is_no_response_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        ber.response(data)


@given(st.lists(st.tuples(oids, values), min_size=1, max_size=4), st.data())
def test_a_damaged_response_is_a_value_error_or_a_response(pairs, data) -> None:
    whole = response_of(7, 0, 0, [(name, value) for name, (value, _) in pairs])
    at = data.draw(st.integers(0, len(whole) - 1))
    octet = data.draw(st.integers(0, 255))
    damaged = whole[:at] + bytes([octet]) + whole[at + 1 :]
    for broken in (damaged, whole[:at]):
        try:
            assert isinstance(ber.response(broken), ber.Message)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (ber.request(ber.GET, b"x", 1, []), "tag 0xa0"),
        (bytes.fromhex("3003020100"), "version 0"),
        (bytes.fromhex("30800201010000"), "a length"),
        (bytes.fromhex("30850000000001"), "a length"),
        (bytes.fromhex("3010020101"), "beyond"),
        (b"", "cut off"),
    ],
)
def test_why_it_is_none(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ber.response(data)


def test_a_counter_without_its_leading_zero_is_not_negative() -> None:
    """Some agents encode an unsigned number with the highest bit in four octets."""
    data = response_of(1, 0, 0, [((1, 3, 6), v2c.Counter32(2**32 - 1))])
    assert (
        ber.response(data.replace(b"\x41\x05\x00\xff", b"\x41\x05\x00\xff")).varbinds[0].value
        == 2**32 - 1
    )
    short = bytes.fromhex("3023020101 0406 7075626c6963 a216020101 020100 020100 300b 3009 06 02 2b06 4103ffffff".replace(" ", ""))  # fmt: skip
    assert ber.response(short).varbinds == (Varbind((1, 3, 6), 0xFFFFFF),)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(1, FailureKind.TOO_BIG), (5, FailureKind.AGENT), (6, FailureKind.REFUSED),
     (16, FailureKind.REFUSED), (17, FailureKind.AGENT)],
)  # fmt: skip
def test_error_statuses(status: int, kind: FailureKind) -> None:
    answer = answer_of(status, 2, ())
    assert isinstance(answer, Failure)
    assert answer.kind is kind


def test_no_such_name_is_no_value() -> None:
    assert answer_of(2, 1, (Varbind((1, 3), 5),)) == (Varbind((1, 3), None),)
    assert answer_of(0, 0, (Varbind((1, 3), 5),)) == (Varbind((1, 3), 5),)
