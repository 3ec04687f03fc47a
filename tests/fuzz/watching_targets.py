"""What switches and the wire say: SNMP, traps, LLDP, CDP, DHCP, and Kamailio's JSON-RPC."""

from __future__ import annotations

from functools import cache

from monitors.discovery.frames import read_frame
from monitors.probes.pbx.kamailio import (
    KamailioAccess,
    _contacts_of_record,
    _result,
    contacts_of_dump,
)
from monitors.snmp import ber
from monitors.snmp.traps_meaning import meaning
from monitors.snmp.traps_reading import plain, scoped_notice, sealed, version_of
from monitors.snmp.values import Oid, Value
from monitors.snmp.walk import opened, taken
from monitors.switches import mibs
from monitors.switches.assembly import Asked, assembled
from monitors.switches.interfaces import Interface
from monitors.switches.lldp import lldp_neighbours
from monitors.switches.platform import platforms
from monitors.switches.power_ports import Layout
from monitors.switches.read import vlans_in_use, wanted
from provisioner.errors import PbxError
from tests.fuzz.target import EVIL, NOW, Dough, Target

_ACCESS = KamailioAccess("pbx", 5060)
_LAYOUTS = ("", "cisco_ios", "aruba_procurve")


def snmp_answer(data: bytes) -> None:
    """An answer of SNMPv2c, and what a walk makes of it."""
    message = ber.response(data)
    assert len(message.varbinds) <= len(data)
    cursors = opened([mibs.LLDP_NAME, mibs.LLDP_CHASSIS])
    after, kept = taken(cursors, message.varbinds)
    assert len(after) == len(cursors)
    assert len(kept) <= len(message.varbinds)


def trap(data: bytes) -> None:
    """A trap of any version, and what it means."""
    version = version_of(data)
    if version == 3:
        inside = sealed(data)
        notice, _ = scoped_notice(inside.scoped)
        meaning(notice, NOW, "10.20.0.2", version=version, community=b"")
        return
    found = plain(data)
    meaning(found.notice, NOW, "10.20.0.2", version=version, community=found.community)


def trap_inside(data: bytes) -> None:
    """The inside of an SNMPv3 notice, as whoever has the keys may write it."""
    notice, _ = scoped_notice(data)
    meaning(notice, NOW, "10.20.0.2", version=3, community=b"")


@cache
def _wanted(platform_id: str) -> tuple[Layout, tuple[Oid, ...]]:
    layout = Layout(platforms().get(platform_id))
    return layout, wanted(layout)


def switch_tables(data: bytes) -> None:
    """The tables of a switch, with any index and any value in any column."""
    dough = Dough(data)
    platform_id = (*_LAYOUTS, *sorted(platforms()))[
        dough.octet() % (len(_LAYOUTS) + len(platforms()))
    ]
    platform_id = platform_id if platform_id in platforms() else ""
    layout, names = _wanted(platform_id)
    columns: dict[Oid, dict[Oid, Value]] = {}
    for which in dough.each():
        index = dough.numbers() or (0,)
        columns.setdefault(names[which % len(names)], {})[index] = _value(dough)
    system: dict[Oid, Value] = {mibs.SYS_DESCR: b"x", mibs.SYS_OBJECT_ID: (1, 3, 6)}
    reading = assembled("sw", platform_id, layout, Asked(system, columns, {1: columns}))
    vlans_in_use(columns)
    for port in reading.ports:
        for seen in port.neighbours:
            assert _is_shown(seen.name), seen.name
            assert _is_shown(seen.description), seen.description
            assert _is_shown(seen.ip), seen.ip


def _is_shown(text: str) -> bool:
    return len(text) <= 1024 and not any(ord(sign) < 32 and sign not in "\r\n\t" for sign in text)


def _value(dough: Dough) -> Value:
    kind = dough.octet() % 3
    if kind == 0:
        return dough.number()
    return dough.octets() if kind == 1 else dough.numbers()


def lldp_table(data: bytes) -> None:
    """Neighbours by LLDP and MED alone: the strings that phones themselves send."""
    dough = Dough(data)
    columns: dict[Oid, dict[Oid, Value]] = {}
    for which in dough.each():
        index = (0, which % 4, 1)
        columns.setdefault(mibs.LLDP[dough.octet() % len(mibs.LLDP)], {})[index] = _value(dough)
    known = {n: Interface(n, f"Gi0/{n}", kind=6, oper=1) for n in range(1, 4)}
    lldp_neighbours(columns, known, {})


def frame(data: bytes) -> None:
    """A frame on the wire: ARP, LLDP, DHCP, PnP."""
    seen = read_frame(data)
    if seen is not None:
        assert len(repr(seen)) < 4096


def kamailio(data: bytes) -> None:
    """An answer of Kamailio's JSON-RPC."""
    result = _result(_ACCESS, "ul.dump", 200, data)
    list(contacts_of_dump(result, "location", NOW))
    if isinstance(result, dict):
        list(_contacts_of_record(result, NOW))


def _snmp(*pairs: tuple[Oid, bytes]) -> bytes:
    body = b"".join(ber.tlv(0x30, ber.object_identifier(name) + value) for name, value in pairs)
    inside = ber.integer(7) + ber.integer(0) + ber.integer(0) + ber.tlv(0x30, body)
    return ber.tlv(0x30, ber.integer(1) + ber.tlv(4, b"public") + ber.tlv(0xA2, inside))


_LINK_DOWN = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
_UPTIME = ((1, 3, 6, 1, 2, 1, 1, 3, 0), ber.tlv(0x43, b"\1\2"))
_KIND = ((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), ber.object_identifier(_LINK_DOWN))
_PORT = ((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 3), ber.integer(3))
_V2 = _snmp(_UPTIME, _KIND, _PORT).replace(b"\xa2", b"\xa7", 1)
_V1 = ber.tlv(0x30, ber.integer(0) + ber.tlv(4, b"public") + ber.tlv(0xA4, (
    ber.object_identifier((1, 3, 6, 1, 4, 1, 9)) + ber.tlv(0x40, b"\x0a\x14\0\2") + ber.integer(2)
    + ber.integer(0) + ber.tlv(0x43, b"\1") + ber.tlv(0x30, ber.tlv(0x30, ber.object_identifier(_PORT[0]) + _PORT[1]))
)))  # fmt: skip
_PDU = _V2[_V2.index(b"\xa7") :]
_SCOPED = ber.tlv(0x30, ber.tlv(4, b"\x80\0\0\x09\1") + ber.tlv(4, b"") + _PDU)
_USM = ber.tlv(
    0x30,
    ber.tlv(4, b"\x80\0\0\x09\1")
    + ber.integer(1)
    + ber.integer(2)
    + ber.tlv(4, b"u")
    + ber.tlv(4, bytes(12))
    + ber.tlv(4, bytes(8)),
)
_V3 = ber.tlv(
    0x30,
    ber.integer(3)
    + ber.tlv(0x30, ber.integer(9) + ber.integer(1500) + ber.tlv(4, b"\1") + ber.integer(3))
    + ber.tlv(4, _USM)
    + _SCOPED,
)
_BER = (b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x06\x03\x2b\x06\x01", b"\x02\x01", b"\x04\x82\xff\xff", b"\x05\0", b"\x80\0", b"\x46\x08", b"\x41", b"\xff" * 20)  # fmt: skip
_LLDP = (
    bytes.fromhex("0180c200000e805ec000010088cc") + b"\x02\x06\x05\x01\x0a\x14\x01\x05" + b"\x04\x07\x03\x80\x5e\xc0\0\1\0" + b"\x06\x02\0\x78"
    + b"\x0a\x08SIP-T46U" + b"\x0e\x04\0\x24\0\x24" + b"\xfe\x07\0\x12\xbb\1\0\x33\3" + b"\xfe\x08\0\x12\xbb\2\1\x40\x28\x2e" + b"\0\0"
)  # fmt: skip
_DHCP = (
    bytes.fromhex("ffffffffffff805ec00001000800") + bytes.fromhex("450001240000000040110000") + bytes(4) + b"\xff" * 4
    + bytes.fromhex("00440043011000000101060012345678") + bytes(20) + bytes.fromhex("805ec0000100") + bytes(10) + bytes(192)
    + bytes.fromhex("63825363") + b"\x35\1\1\x3c\x07yealink\x0c\x08SIP-T46U\x37\4\1\3\x42\x2b\x32\4\x0a\x14\1\5\xff"
)  # fmt: skip
_ARP = bytes.fromhex(
    "ffffffffffff805ec000010008060001080006040001805ec00001000a140105000000000000" + "0a140105"
)
_DUMP = (
    b'{"jsonrpc":"2.0","id":1,"result":{"Domains":[{"Domain":{"Domain":"location","AoRs":[{"Info":{"AoR":"2101","Contacts":'
    b'[{"Contact":{"Address":"sip:2101@10.20.1.5:5060","Expires":300,"Received":"sip:10.20.1.5:5060","User-Agent":"x","KA-Roundtrip":900}}]}}]}}]}}'
)

TARGETS = (
    Target("snmp-answer", snmp_answer, (_snmp(((*mibs.LLDP_NAME, 0, 3, 7), ber.tlv(4, b"SIP-T46U")), ((*mibs.LLDP_CHASSIS, 0, 3, 7), ber.tlv(4, b"x"))),), _BER, (ValueError,), 2048),
    Target("snmp-trap", trap, (_V1, _V2, _V3), _BER, (ValueError,), 2048),
    Target("snmp-trap-v3-inside", trap_inside, (_SCOPED,), _BER, (ValueError,), 2048),
    Target("switch-tables", switch_tables, (b"\1" + bytes(range(120)) * 3, b"\5\2\4\1\1\1\2\1\3"), (b"\1\4abcd", b"\0\1\7"), (), 1500),
    Target("lldp-table", lldp_table, (b"\1\0\1\6\x80\x5e\xc0\0\1\0" * 8, b"\2\5\1\x04name\3\7\0\2\1\1"), (b"\1\x06\x80\x5e\xc0\0\1\0", b"\1\5\1\x0a\x14\1\5", *EVIL), (), 1500),
    Target("frame", frame, (_LLDP, _DHCP, _ARP), (b"\x81\0\0\x14", b"\x88\xcc", b"\xfe\x08\0\x12\xbb", b"\x63\x82\x53\x63", b"\x3d\x07\1", b"\x52", *EVIL), (), 1600),
    Target("kamailio", kamailio, (_DUMP, _DUMP.replace(b"300", b'"permanent"'), b'{"result":{"AoR":"2101","Contacts":[]}}'),
           (b'{"error":{"message":"x"}}', b'"Contacts":', b'"Contact":', b'"Expires":', b'"Received":', b"[]", b"{}", b"null", b"true", b"-1", b"1e9", b"86400000000000", *EVIL), (PbxError,)),
)  # fmt: skip
