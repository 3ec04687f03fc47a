"""Neighbours as agents really write them: LLDP with MED, CDP, forwarding tables and ARP."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.snmp.values import Oid, Value
from monitors.switches import bridge, mibs
from monitors.switches.cdp import cdp_neighbours
from monitors.switches.interfaces import Interface, interfaces, sockets_of_units
from monitors.switches.lldp import capabilities, lldp_neighbours, local_ports
from monitors.switches.neighbours import merged
from monitors.switches.reading import How, Learned, Neighbour
from monitors.switches.tables import ipv4, ipv4_of, mac, mac_of, text
from provisioner.mac import MacAddress

PHONE = MacAddress("805ec0000100")
OCTETS = bytes.fromhex(PHONE)
GIGABIT = {n: Interface(n, f"Gi0/{n}", kind=6, oper=1) for n in range(1, 5)}


def lldp(index: Oid, **values: Value) -> dict[Oid, dict[Oid, Value]]:
    names = {
        "chassis_kind": mibs.LLDP_CHASSIS_KIND, "chassis": mibs.LLDP_CHASSIS,
        "port_kind": mibs.LLDP_PORT_KIND, "port": mibs.LLDP_PORT, "name": mibs.LLDP_NAME,
        "descr": mibs.LLDP_DESCR, "can": mibs.LLDP_CAN, "does": mibs.LLDP_DOES,
        "med_class": mibs.MED_CLASS, "model": mibs.MED_MODEL,
    }  # fmt: skip
    return {names[name]: {index: value} for name, value in values.items()}


def one(columns: dict[Oid, dict[Oid, Value]], port: int = 3, **more: object) -> Neighbour:
    found = lldp_neighbours(columns, GIGABIT, {}, **more)
    assert list(found) == [port]
    assert len(found[port]) == 1
    return found[port][0]


@pytest.mark.parametrize("time_mark", [0, 22, 998707741])
def test_a_phone_says_its_address_as_chassis_and_its_mac_as_port(time_mark: int) -> None:
    seen = one(
        lldp(
            (time_mark, 3, 7), chassis_kind=5, chassis=b"\x01\x0a\x14\x01\x05", port_kind=3,
            port=OCTETS, name=b"SIP-T46U", does=b"\x24\x00",
        )
    )  # fmt: skip
    assert seen == Neighbour(How.LLDP, PHONE, "10.20.1.5", "SIP-T46U", is_phone=True)


def test_texts_in_place_of_octets() -> None:
    """FortiSwitch and RouterOS write MAC and address as people do."""
    seen = one(
        lldp(
            (1, 3, 7), chassis_kind=5, chassis=b"10.20.1.5", port_kind=3,
            port=b"80:5e:c0:00:01:00", does=b"24 2 5",
        )
    )  # fmt: skip
    assert (seen.mac, seen.ip, seen.is_phone) == (PHONE, "10.20.1.5", True)


def test_one_number_as_index_and_the_port_in_a_table_of_the_makers() -> None:
    columns = lldp((77,), chassis_kind=4, chassis=b"80-5E-C0-00-01-00", name=b"x", does=36)
    assert lldp_neighbours(columns, GIGABIT, {}) == {}
    local = (1, 3, 6, 1, 4, 1, 14988)
    seen = one({**columns, local: {(2, 77): 3}}, local_column=local)
    assert (seen.mac, seen.is_phone) == (PHONE, True)


@pytest.mark.parametrize(
    ("value", "octet"),
    [
        (b"\x24", 0x24),
        (b"\x24\x00", 0x24),
        (b"\x00\x24", 0x24),
        (b"\x00\x14", 0x28),
        (36, 0x24),
        (20, 0x28),
        (b"24 00 2 5", 0x24),
        (b"10 3", 0x10),
        (b"20 2", 0x20),
        (b"00", 0),
        (b"", 0),
        (0, 0),
        (None, 0),
        (b"nonsense", 0),
        ((1, 3), 0),
    ],
)
def test_capabilities(value: Value | None, octet: int) -> None:
    """BITS; on the wire's order; as net-snmp prints them."""
    assert capabilities(value) == octet


@given(st.one_of(st.none(), st.integers(), st.binary(max_size=12)))
def test_capabilities_are_an_octet_whatever_is_written(value: Value | None) -> None:
    assert 0 <= capabilities(value) <= 255


@pytest.mark.parametrize(
    ("values", "is_phone", "is_bridge"),
    [
        ({"does": b"\x20"}, False, True),
        ({"does": b"\x28\x00"}, False, True),
        ({"does": b"\x10"}, False, True),
        ({"does": b"\x24"}, True, False),
        ({"does": b"\x80\x00"}, False, False),
        ({"can": b"\x24"}, True, False),
        ({"does": b"\x01", "med_class": 3}, True, False),
        ({"does": b"\x20", "med_class": 4}, False, True),
        ({"name": b"SEP0015FAFE4806.corp.example"}, True, False),
        ({"name": b"SEPTEMBER"}, False, False),
    ],
)
def test_what_it_is(values: dict[str, Value], is_phone: bool, is_bridge: bool) -> None:
    seen = one(lldp((0, 3, 1), chassis_kind=4, chassis=OCTETS, **values))
    assert (seen.is_phone, seen.is_bridge) == (is_phone, is_bridge)


@pytest.mark.parametrize("bits", [(1, 64), (2, 64, 0)])
def test_who_asks_for_a_voice_policy_is_a_phone_where_the_class_is_missing(bits: Oid) -> None:
    columns = lldp(
        (0, 3, 5), chassis_kind=5, chassis=b"\x01\x0a\x00\x00\x01", port_kind=3, port=OCTETS
    )
    columns[mibs.MED_VLAN] = {(0, 3, 5, *bits): 96, (0, 3, 5, 2, 32, 0): 97}
    seen = one(columns)
    assert (seen.is_phone, seen.voice_vlan) == (True, 96)
    columns[mibs.MED_CLASS] = {(0, 3, 5): 1}
    assert not one(columns).is_phone


def test_a_management_address_stands_in_the_index() -> None:
    columns = lldp((0, 3, 5), chassis_kind=4, chassis=OCTETS)
    columns[mibs.LLDP_ADDRESS] = {
        (0, 3, 5, 1, 4, 0, 0, 0, 0): 2,
        (0, 3, 5, 1, 4, 10, 0, 0, 9): 2,
        (0, 3, 5, 2, 16, *range(16)): 2,
    }
    assert one(columns).ip == "10.0.0.9"


def test_a_local_port_by_its_name_before_its_number() -> None:
    """Huawei: port 1 is GigabitEthernet0/0/1, interface 6; interface 1 is a loopback."""
    known = {1: Interface(1, "InLoopBack0"), 6: Interface(6, "GigabitEthernet0/0/1", kind=6)}
    columns = {mibs.LLDP_LOCAL_ID: {(1,): b"GigabitEthernet0/0/1"}}
    assert local_ports(columns, known, {}) == {1: 6}
    assert local_ports({mibs.LLDP_LOCAL_ID: {(1,): b"1"}}, known, {1: 6}) == {1: 6}
    alias = {6: Interface(6, "Gi1", alias="room 214")}
    assert local_ports({mibs.LLDP_LOCAL_DESCR: {(9,): b"room 214"}}, alias, {}) == {9: 6}
    assert local_ports({mibs.LLDP_LOCAL_ID: {(9,): b"?"}}, alias, {}) == {}


def cdp(**values: Value) -> Neighbour:
    names = {
        "name": mibs.CDP_DEVICE, "platform": mibs.CDP_PLATFORM, "ip": mibs.CDP_ADDRESS,
        "can": mibs.CDP_CAPABILITIES, "vlan": mibs.CDP_VOICE_VLAN,
    }  # fmt: skip
    found = cdp_neighbours({names[n]: {(10011, 2): v} for n, v in values.items()})
    return found[10011][0]


def test_a_phone_by_cdp() -> None:
    seen = cdp(
        name=b"SEP805EC0000100", platform=b"Cisco IP Phone 7941", ip=bytes([10, 0, 0, 5]),
        can=b"\x00\x00\x00\x90", vlan=20,
    )  # fmt: skip
    assert (seen.mac, seen.ip, seen.is_phone, seen.voice_vlan) == (PHONE, "10.0.0.5", True, 20)
    assert cdp(name=b"x", platform=b"Polycom SoundPoint IP", can=b"").is_phone
    assert cdp(name=b"SEP805ec0000100").mac == PHONE


def test_a_switch_by_cdp() -> None:
    seen = cdp(name=b"805ec0000100", platform=b"Cisco SG300", can=b"\x00\x00\x00\x28", vlan=4095)
    assert (seen.mac, seen.is_phone, seen.is_bridge, seen.voice_vlan) == (PHONE, False, True, None)
    assert cdp(name=b"switch").mac is None, "six letters are no address"
    assert cdp(name=OCTETS).mac == PHONE


def test_one_device_that_speaks_both() -> None:
    lldp_seen = Neighbour(How.LLDP, PHONE, name="phone", is_phone=True)
    cdp_seen = Neighbour(How.CDP, PHONE, "10.0.0.5", "SEP", "7941", voice_vlan=20)
    other = Neighbour(How.LLDP, None, "10.0.0.9", "pc")
    both = merged([other, lldp_seen, cdp_seen])
    assert both == (
        Neighbour(How.LLDP, PHONE, "10.0.0.5", "phone", "7941", is_phone=True, voice_vlan=20),
        other,
    )
    assert len(merged([other, Neighbour(How.CDP, None, "10.0.0.9", "x", is_bridge=True)])) == 1
    assert len(merged([lldp_seen, lldp_seen])) == 2, "two rows of one protocol are two devices"


def fdb(index: Oid, port: int, status: int | None = 3) -> dict[Oid, dict[Oid, Value]]:
    made: dict[Oid, dict[Oid, Value]] = {mibs.FDB_PORT: {index: port}}
    return made | ({mibs.FDB_STATUS: {index: status}} if status is not None else {})


@pytest.mark.parametrize("status", [3, None])
def test_learned_on_a_bridge_port(status: int | None) -> None:
    found = bridge.learned(fdb(tuple(OCTETS), 7, status), GIGABIT, {7: 2}, vlan=20)
    assert found == {2: [Learned(PHONE, 20)]}


@pytest.mark.parametrize("status", [1, 2, 4, 5])
def test_not_learned(status: int) -> None:
    assert bridge.learned(fdb(tuple(OCTETS), 7, status), GIGABIT, {7: 2}) == {}


def test_tables_that_number_ports_otherwise() -> None:
    """TP-Link counts ports, RouterOS names interfaces, FortiSwitch numbers its rows."""
    by_port = fdb(tuple(OCTETS), 3)
    assert bridge.learned(by_port, GIGABIT, {}, by_interface=True) == {3: [Learned(PHONE)]}
    assert bridge.learned(by_port, GIGABIT, {99: 1}, others={3: 4}) == {4: [Learned(PHONE)]}
    assert bridge.learned(by_port, GIGABIT, {99: 1}) == {3: [Learned(PHONE)]}
    assert bridge.learned(fdb(tuple(OCTETS), 8), GIGABIT, {99: 1}) == {}
    by_row = fdb((17,), 7) | {mibs.FDB_ADDRESS: {(17,): OCTETS}}
    assert bridge.learned(by_row, GIGABIT, {7: 2}) == {2: [Learned(PHONE)]}


def test_the_vlan_of_a_forwarding_database() -> None:
    """ProCurve numbers its databases from 1: VLAN 95 is the second."""
    table: dict[Oid, dict[Oid, Value]] = {mibs.Q_FDB_PORT: {(2, *OCTETS): 7}}
    told = {mibs.Q_VLAN_FDB: {(0, 95): 2}}
    assert bridge.learned(table | told, GIGABIT, {7: 2}) == {2: [Learned(PHONE, 95)]}
    untagged = {mibs.PVID: {(7,): 2}}
    assert bridge.learned(table | untagged, GIGABIT, {7: 2}) == {2: [Learned(PHONE, 2)]}
    assert bridge.learned(table, GIGABIT, {7: 2}) == {2: [Learned(PHONE, None)]}


def test_tables_of_several_vlans_are_one() -> None:
    parts = [{2: [Learned(PHONE, 20)]}, {2: [Learned(PHONE, 30), Learned(PHONE, 20)]}]
    assert bridge.merged(parts) == {2: (Learned(PHONE, 20), Learned(PHONE, 30))}


def test_arp() -> None:
    old = {mibs.ARP: {(5, 10, 0, 0, 5): OCTETS, (5, 10, 0, 0, 6): b"", (5, 0, 0, 0, 0): OCTETS}}
    assert bridge.addresses(old) == {PHONE: "10.0.0.5"}
    new = {mibs.ARP_ANY: {(5, 1, 4, 10, 0, 0, 7): OCTETS, (5, 2, 16, *range(16)): OCTETS}}
    assert bridge.addresses(new) == {PHONE: "10.0.0.7"}


def test_logical_units_belong_to_their_socket() -> None:
    named = interfaces(
        {mibs.IF_NAME: {(142,): b"ge-0/0/20", (143,): b"ge-0/0/20.0", (9,): b"lo0.1"}}
    )
    assert sockets_of_units(named.values()) == {143: 142}


@given(st.binary(max_size=20))
def test_texts_are_printable(value: bytes) -> None:
    assert all(c.isprintable() for c in text(value))


def test_texts() -> None:
    assert text(b"Cisco  IOS\r\n 12\0") == "Cisco IOS 12"
    assert text(b"\xff\xfe") == text(b"\x01\x02") == text(None) == text(5) == ""


def test_addresses_of_all_kinds() -> None:
    assert mac(b"0C:38:3E:00:02:14") == mac(b"0c383e000214") == "0c383e000214"
    assert mac(b"0C 38 3E 00 02 14") == "0c383e000214"
    assert mac(bytes(6)) is mac(b"room 214") is mac(5) is None
    assert mac_of((1, 300, 0, 0, 0, 0)) is mac_of((1, 2)) is None
    assert ipv4(bytes(4)) == ipv4(b"abc") == ipv4_of((1, 2, 3, 400)) == ""
