"""What frames say: built octet by octet here, and by scapy as the other party."""

from __future__ import annotations

import socket
import struct
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib import lldp as scapy_lldp
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import PcapNgWriter, PcapWriter

from monitors.discovery.arp_sweep import Pace, targets
from monitors.discovery.dhcp_frames import read_dhcp
from monitors.discovery.finds import Find, Finds, from_line, merged, recognised, to_line
from monitors.discovery.frames import arp_request, read_frame
from monitors.discovery.listening import Reader, listen
from monitors.discovery.lldp_frames import lldp
from monitors.discovery.sighting import Sighting, Via
from monitors.discovery.sniffing import captured
from monitors.discovery.waiting import waiting_phone
from provisioner.catalogue.loader import load
from provisioner.inventory.fetches import WaitingPhone
from provisioner.mac import MacAddress

CATALOGUE = load()
YEALINK, SNOM, FANVIL = (MacAddress(m) for m in ("805ec0a00001", "000413a11fa7", "0c383ea00003"))
POLYCOM, PRINTER = MacAddress("0004f2000001"), MacAddress("3c2af4000001")
NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as the project keeps times


def ethernet(source: str, kind: int, payload: bytes, *tags: int, to: str = "ff" * 6) -> bytes:
    head = bytes.fromhex(to) + bytes.fromhex(source)
    for vlan in tags:
        head += struct.pack("!HH", 0x8100, vlan)
    return head + struct.pack("!H", kind) + payload


def udp(source: str, target: str, ports: tuple[int, int], payload: bytes, **more: int) -> bytes:
    datagram = struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload
    options = bytes(more.get("options", 0))
    words = 5 + len(options) // 4
    fragment = more.get("fragment", 0)
    head = struct.pack(
        "!BBHHHBBH", 0x40 | words, 0, 4 * words + len(datagram), 1, fragment, 64, 17, 0
    )
    head += socket.inet_aton(source) + socket.inet_aton(target) + options
    total = sum(struct.unpack(f"!{len(head) // 2}H", head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:10] + struct.pack("!H", ~total & 0xFFFF) + head[12:] + datagram


def bootp(mac: str, options: dict[int, bytes], *, op: int = 1, **fields: str) -> bytes:
    addresses = b"".join(
        socket.inet_aton(fields.get(name, "0.0.0.0"))
        for name in ("ciaddr", "yiaddr", "siaddr", "giaddr")
    )
    head = struct.pack("!BBBBIHH", op, 1, 6, 0, 0x1234, 0, 0x8000) + addresses
    told = b"".join(bytes([code, len(value)]) + value for code, value in options.items())
    return head + bytes.fromhex(mac) + bytes(10) + bytes(192) + b"\x63\x82\x53\x63" + told + b"\xff"


def dhcp_frame(mac: str, options: dict[int, bytes], *tags: int, **fields: str) -> bytes:
    message = bootp(mac, options, **fields)
    return ethernet(mac, 0x0800, udp("0.0.0.0", "255.255.255.255", (68, 67), message), *tags)


def element(kind: int, value: bytes) -> bytes:
    return struct.pack("!H", kind << 9 | len(value)) + value


def med(number: int, value: bytes) -> bytes:
    return element(127, b"\x00\x12\xbb" + bytes([number]) + value)


def lldp_frame(*elements: bytes, source: str = YEALINK) -> bytes:
    return ethernet(source, 0x88CC, b"".join(elements) + b"\0\0", to="0180c200000e")


PHONE_LLDP = (
    element(1, b"\x05\x01\x0a\x14\x03\x11"),  # chassis: network address 10.20.3.17
    element(2, b"\x03" + bytes.fromhex(YEALINK)),  # port: MAC
    element(3, b"\0\x78"),
    element(4, b"WAN PORT"),
    element(5, b"yealink"),
    element(6, b"yealink"),
    element(7, b"\0\x24\0\x24"),  # bridge and telephone
    med(1, b"\0\x3f\x03"),
    med(2, b"\x01" + (1 << 22 | 20 << 9 | 5 << 6 | 46).to_bytes(3, "big")),
    med(5, b"66.0.0.128"),
    med(6, b"66.86.0.15"),
    med(7, b"66.86.0.15"),
    med(8, b"3146019091637071"),
    med(9, b"yealink"),
    med(10, b"SIP-T46U"),
)


def find_of(frame: bytes) -> Find | None:
    sighting = read_frame(frame)
    return recognised(sighting, CATALOGUE) if sighting else None


class TestDhcp:
    def test_a_yealink_phone_asks(self) -> None:
        frame = dhcp_frame(
            YEALINK,
            {53: b"\x01", 61: b"\x01" + bytes.fromhex(YEALINK), 12: b"SIP-T46U", 60: b"yealink",
             55: bytes([1, 3, 6, 15, 42, 66, 43]), 50: socket.inet_aton("10.20.3.17")},
        )  # fmt: skip
        assert find_of(frame) == Find(
            YEALINK, "yealink", "yealink/t46u", "", "10.20.3.17", Via.DHCP,
            "class yealink; host SIP-T46U; asks for 1,3,6,15,42,66,43",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("mac", "vendor_class", "host", "model"),
        [
            (SNOM, "snomD735", "", "snom/d735"),
            (SNOM, "snom715", "", "snom/715"),
            (SNOM, "", "snomD785-000413A11FA7", "snom/d785"),
            (SNOM, "", "snomD785-a11fa7", "snom/d785"),
            (FANVIL, "F0V2UV200000", "", "fanvil/h2u-v2"),
            (FANVIL, "F0H5HW1.100", "", "fanvil/h5"),
            (FANVIL, "Fanvil X4U", "", "fanvil/x4u"),
            (FANVIL, "", "", ""),
            (YEALINK, "yealink", "voip", ""),
            ("02aabbccddee", "snomM900", "", "snom/m900"),  # by its class, whatever its MAC
        ],
    )
    def test_classes_and_names(self, mac: str, vendor_class: str, host: str, model: str) -> None:
        options = {53: b"\x01", 60: vendor_class.encode(), 12: host.encode()}
        found = find_of(dhcp_frame(mac, {k: v for k, v in options.items() if v}))
        assert found is not None
        assert found.model == model

    def test_every_class_of_the_catalogue_is_its_maker(self) -> None:
        for vendor in CATALOGUE.vendors.values():
            for name in vendor.dhcp.vendor_classes:
                found = find_of(dhcp_frame("02aabbccddee", {53: b"\x01", 60: name.encode()}))
                assert found is not None
                assert found.vendor == vendor.id
            assert set(vendor.dhcp.class_models.values()) <= set(CATALOGUE.models)

    def test_somebody_else_is_no_find(self) -> None:
        assert find_of(dhcp_frame(PRINTER, {53: b"\x01", 60: b"MSFT 5.0", 12: b"printer"})) is None

    def test_the_servers_grant_is_the_address(self) -> None:
        message = bootp(SNOM, {53: b"\x05"}, op=2, yiaddr="10.20.3.18")
        frame = ethernet("02" * 6, 0x0800, udp("10.20.0.1", "255.255.255.255", (67, 68), message))
        assert read_frame(frame) == Sighting(SNOM, Via.DHCP, "10.20.3.18")
        offer = bootp(SNOM, {53: b"\x02"}, op=2, yiaddr="10.20.3.18")
        assert read_dhcp(offer) is None

    @pytest.mark.parametrize("kind", [4, 7])
    def test_who_gives_an_address_back_has_none(self, kind: int) -> None:
        assert read_dhcp(bootp(SNOM, {53: bytes([kind])}, ciaddr="10.20.3.18")) is None

    def test_the_identifier_stands_in_for_a_missing_address(self) -> None:
        data = bytearray(bootp(SNOM, {53: b"\x01", 61: b"\x01" + bytes.fromhex(YEALINK)}))
        data[28:34] = bytes(6)
        found = read_dhcp(bytes(data))
        assert found is not None
        assert found.mac == YEALINK

    def test_options_in_parts_and_in_the_file_field(self) -> None:
        data = bytearray(bootp(SNOM, {53: b"\x01", 52: b"\x01", 60: b"snom"}))
        data[108:118] = bytes([60, 4]) + b"D735" + bytes([12, 1]) + b"x" + b"\xff"
        found = read_dhcp(bytes(data))
        assert found is not None
        assert found.vendor_class == "snomD735"

    def test_vlan_tags_and_ip_options(self) -> None:
        message = bootp(SNOM, {53: b"\x01", 60: b"snomD735"})
        packet = udp("0.0.0.0", "255.255.255.255", (68, 67), message, options=8)
        found = find_of(ethernet(SNOM, 0x0800, packet, 100, 20))
        assert found is not None
        assert found.model == "snom/d735"

    def test_a_later_fragment_is_left(self) -> None:
        message = bootp(SNOM, {53: b"\x01", 60: b"snomD735"})
        packet = udp("0.0.0.0", "255.255.255.255", (68, 67), message, fragment=10)
        assert read_frame(ethernet(SNOM, 0x0800, packet)) is None

    def test_as_scapy_builds_it(self) -> None:
        frame = (
            Ether(src="00:04:13:a1:1f:a7", dst="ff:ff:ff:ff:ff:ff")
            / Dot1Q(vlan=20)
            / IP(src="0.0.0.0", dst="255.255.255.255")
            / UDP(sport=68, dport=67)
            / BOOTP(chaddr=bytes.fromhex(SNOM))
            / DHCP(
                options=[
                    ("message-type", "request"), ("requested_addr", "10.20.3.18"),
                    ("vendor_class_id", b"snomD735"), ("hostname", b"lobby"),
                    ("param_req_list", [1, 3, 66]), "end",
                ]
            )
        )  # fmt: skip
        assert find_of(bytes(frame)) == Find(
            SNOM, "snom", "snom/d735", "", "10.20.3.18", Via.DHCP,
            "class snomD735; host lobby; asks for 1,3,66",
        )  # fmt: skip


class TestLldp:
    def test_a_phone(self) -> None:
        assert find_of(lldp_frame(*PHONE_LLDP)) == Find(
            YEALINK, "yealink", "yealink/t46u", "66.86.0.15", "10.20.3.17", Via.LLDP,
            "yealink SIP-T46U",
        )  # fmt: skip

    def test_all_that_it_says(self) -> None:
        said = lldp(b"".join(PHONE_LLDP))
        assert (said.med_class, said.voice_vlan, said.is_telephone) == (3, 20, True)
        assert (said.serial, said.maker) == ("3146019091637071", "yealink")

    @pytest.mark.parametrize("policy", [1 << 23, 20 << 9, 1 << 22])
    def test_no_voice_vlan(self, policy: int) -> None:
        """The policy is unknown, the VLAN is untagged, or it is none."""
        assert lldp(med(2, b"\x01" + policy.to_bytes(3, "big"))).voice_vlan is None

    def test_a_phone_of_another_maker_is_a_find(self) -> None:
        frame = lldp_frame(
            element(1, b"\x04" + bytes.fromhex(POLYCOM)),
            element(7, b"\0\x24\0\x24"),
            med(9, b"Polycom"),
            med(10, b"VVX 411"),
            source=POLYCOM,
        )
        found = find_of(frame)
        assert found is not None
        assert (found.vendor, found.model, found.mac) == ("polycom", "VVX 411", POLYCOM)

    def test_a_description_that_looks_like_a_user_agent(self) -> None:
        frame = lldp_frame(
            element(1, b"\x04" + bytes.fromhex(SNOM)),
            element(6, b"Mozilla/4.0 (compatible; snomD735-SIP 10.1.141.15)"),
            element(8, b"\x05\x01\x0a\x14\x03\x12\x02\0\0\0\0\0"),
        )
        found = find_of(frame)
        assert found is not None
        assert (found.model, found.firmware, found.address) == (
            "snom/d735", "10.1.141.15", "10.20.3.18",
        )  # fmt: skip

    def test_what_old_firmware_calls_itself_is_no_model(self) -> None:
        found = find_of(lldp_frame(*PHONE_LLDP[:7]))
        assert found is not None
        assert (found.vendor, found.model, found.agent) == ("yealink", "", "yealink")

    def test_a_switch_is_no_find(self) -> None:
        frame = lldp_frame(
            element(1, b"\x04" + bytes.fromhex(PRINTER)), element(5, b"sw-1"),
            element(7, b"\0\x14\0\x14"), source=PRINTER,
        )  # fmt: skip
        assert find_of(frame) is None

    def test_as_scapy_builds_it(self) -> None:
        frame = (
            Ether(src="0c:38:3e:a0:00:03", dst="01:80:c2:00:00:0e", type=0x88CC)
            / scapy_lldp.LLDPDUChassisID(subtype=5, family=1, id="10.20.3.19")
            / scapy_lldp.LLDPDUPortID(subtype=3, id="0c:38:3e:a0:00:03")
            / scapy_lldp.LLDPDUTimeToLive(ttl=120)
            / scapy_lldp.LLDPDUSystemName(system_name=b"H5")
            / scapy_lldp.LLDPDUSystemCapabilities(telephone_available=1, telephone_enabled=1)
            / scapy_lldp.LLDPDUEndOfLLDPDU()
        )
        found = find_of(bytes(frame))
        assert found == Find(FANVIL, "fanvil", "fanvil/h5", "", "10.20.3.19", Via.LLDP, "H5")


def pnp_frame(mac: str, event: str, agent: str = "", target: str = "224.0.1.75") -> bytes:
    text = (
        f"SUBSCRIBE sip:MAC{mac}@224.0.1.75 SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 10.20.3.17:5059;branch=z9hG4bK1\r\n"
        f"From: <sip:MAC{mac}@224.0.1.75>;tag=1\r\nTo: <sip:MAC{mac}@224.0.1.75>\r\n"
        "Call-ID: 1\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:10.20.3.17:5059>\r\n"
        f'Event: ua-profile;profile-type="device";{event}\r\nUser-Agent: {agent}\r\n'
        "Expires: 0\r\nAccept: application/url\r\nContent-Length: 0\r\n\r\n"
    )
    packet = udp("10.20.3.17", target, (5059, 5060), text.encode())
    return ethernet(mac, 0x0800, packet, to="01005e00014b")


class TestPnp:
    def test_a_phone_asks_the_group(self) -> None:
        frame = pnp_frame(
            YEALINK,
            'vendor="Yealink";model="T46U";version="108.86.0.20"',
            "Yealink SIP-T46U 108.86.0.20",
        )
        assert find_of(frame) == Find(
            YEALINK, "yealink", "yealink/t46u", "108.86.0.20", "10.20.3.17", Via.PNP,
            "Yealink SIP-T46U 108.86.0.20",
        )  # fmt: skip

    def test_a_generic_model_is_told_by_the_agent(self) -> None:
        frame = pnp_frame(
            FANVIL,
            'vendor="fanvil";model="VOIP PHONE";version="2.4"',
            f"Fanvil X4U 2.12.4 {FANVIL}",
        )
        found = find_of(frame)
        assert found is not None
        assert found.model == "fanvil/x4u"

    def test_a_maker_that_nobody_knows(self) -> None:
        found = find_of(pnp_frame("02aabbccddee", 'vendor="PLANET";model="VIP-1";version="1"'))
        assert found is not None
        assert (found.vendor, found.model) == ("planet", "VIP-1")

    def test_other_sip_is_left(self) -> None:
        frame = pnp_frame(YEALINK, 'vendor="Yealink";model="T46U"', target="10.20.0.5")
        assert read_frame(frame) is None


class TestArp:
    def test_a_request_is_an_announcement_of_its_sender(self) -> None:
        request = ARP(op=1, hwsrc="80:5e:c0:a0:00:01", psrc="10.20.3.17", pdst="10.20.3.17")
        frame = Ether(src="80:5e:c0:a0:00:01") / request
        assert find_of(bytes(frame)) == Find(YEALINK, "yealink", "", "", "10.20.3.17", Via.ARP)

    @pytest.mark.parametrize(
        ("mac", "address"), [("3c:2a:f4:00:00:01", "10.20.3.9"), ("80:5e:c0:a0:00:01", "0.0.0.0")]
    )
    def test_other_makers_and_probes_are_no_finds(self, mac: str, address: str) -> None:
        assert find_of(bytes(Ether(src=mac) / ARP(hwsrc=mac, psrc=address))) is None

    @pytest.mark.parametrize("own", ["10.20.0.5", ""])
    def test_our_question_as_scapy_reads_it(self, own: str) -> None:
        asked = Ether(arp_request(MacAddress("02aabbccddee"), own, "10.20.3.17"))
        assert asked.dst == "ff:ff:ff:ff:ff:ff"
        arp = asked[ARP]
        assert (arp.op, arp.hwsrc, arp.psrc, arp.pdst) == (
            1, "02:aa:bb:cc:dd:ee", own or "0.0.0.0", "10.20.3.17",
        )  # fmt: skip


class TestAnythingMayCome:
    @given(st.binary(max_size=400))
    def test_octets(self, frame: bytes) -> None:
        read(frame)

    @given(
        st.sampled_from(
            [
                dhcp_frame(SNOM, {53: b"\x01", 60: b"snomD735", 12: b"x", 55: b"\x01\x02"}),
                lldp_frame(*PHONE_LLDP),
                pnp_frame(YEALINK, 'vendor="Yealink";model="T46U";version="1"', "Yealink"),
                arp_request(YEALINK, "10.20.3.17", "10.20.3.17"),
            ]
        ),
        st.lists(st.tuples(st.integers(0, 800), st.integers(0, 255)), max_size=8),
        st.integers(0, 800),
    )
    def test_damaged_frames(
        self, frame: bytes, changes: list[tuple[int, int]], length: int
    ) -> None:
        damaged = bytearray(frame)
        for at, octet in changes:
            damaged[at % len(damaged)] = octet
        read(bytes(damaged))
        read(bytes(damaged)[:length])

    @given(st.text(max_size=80))
    def test_lines(self, line: str) -> None:
        with pytest.raises(ValueError, match="no find"):
            from_line(line)


def read(frame: bytes) -> None:
    found = find_of(frame)
    if found is not None:
        assert from_line(to_line(found)) == found
        assert "\n" not in to_line(found)[:-1]


class TestFinds:
    ARP_FIND = Find(SNOM, "snom", "", "", "10.20.3.18", Via.ARP)
    DHCP_FIND = Find(SNOM, "snom", "snom/d735", "", "", Via.DHCP, "class snomD735")
    LLDP_FIND = Find(SNOM, "snom", "", "10.1", "10.20.3.19", Via.LLDP, "snom")

    def test_together_they_say_more(self) -> None:
        finds = Finds()
        assert finds.take(self.ARP_FIND) == self.ARP_FIND
        assert finds.take(self.ARP_FIND) is None
        with_model = finds.take(self.DHCP_FIND)
        assert with_model == Find(
            SNOM, "snom", "snom/d735", "", "10.20.3.18", Via.DHCP, "class snomD735"
        )
        assert finds.take(self.LLDP_FIND) == Find(
            SNOM, "snom", "snom/d735", "10.1", "10.20.3.19", Via.LLDP, "snom"
        )
        assert finds.take(self.DHCP_FIND) is None

    def test_a_model_of_another_maker_is_not_taken_over(self) -> None:
        other = Find(SNOM, "yealink", "yealink/t46u", "", "", Via.DHCP)
        assert merged(self.LLDP_FIND, other).model == ""

    def test_they_are_bounded(self) -> None:
        finds = Finds(most=2)
        for number in range(5):
            finds.take(Find(MacAddress(f"00041300000{number}"), "snom", "", "", "", Via.ARP))
        assert finds.take(Find(MacAddress("000413000004"), "snom", "", "", "", Via.ARP)) is None

    @pytest.mark.parametrize(
        "line",
        ['{"mac": "nonsense", "via": "arp"}', '{"mac": "000413000001", "via": "smoke"}', "[]", "1",
         '{"via": "arp"}', "[" * 100_000],
    )  # fmt: skip
    def test_a_line_that_is_no_find(self, line: str) -> None:
        with pytest.raises(ValueError, match="no find"):
            from_line(line)


class TestWaiting:
    MODELS = frozenset({"snom/d735", "snom/d785"})

    def held(self, **values: str) -> WaitingPhone:
        default = {"vendor": "snom", "model": "snom/d735", "firmware": "10.1", "agent": "snomD735-SIP",
                   "address": "10.20.3.18", "via": "http"}  # fmt: skip
        return WaitingPhone(SNOM, **{**default, **values}, first_seen=NOW, last_seen=NOW)

    def test_a_new_one(self) -> None:
        find = Find(SNOM, "snom", "", "", "10.20.3.18", Via.ARP, "")
        assert waiting_phone(find, None, self.MODELS, NOW) == self.held(
            model="", firmware="", agent="", via="arp"
        )

    def test_what_a_better_source_said_is_kept(self) -> None:
        find = Find(SNOM, "snom", "snom/d785", "9", "10.20.3.99", Via.DHCP, "class snomD785")
        later = NOW + timedelta(hours=1)
        kept = waiting_phone(find, self.held(), self.MODELS, later)
        assert (kept.model, kept.firmware, kept.agent, kept.via) == (
            "snom/d735", "10.1", "snomD735-SIP", "http",
        )  # fmt: skip
        assert (kept.address, kept.last_seen) == ("10.20.3.99", later)

    def test_a_better_source_replaces_but_never_wipes(self) -> None:
        find = Find(SNOM, "snom", "", "", "", Via.PNP, "")
        better = waiting_phone(find, self.held(via="arp"), self.MODELS, NOW)
        assert (better.model, better.via) == ("snom/d735", "pnp")
        words = Find(SNOM, "snom", "snom something", "", "", Via.PNP, "")
        assert waiting_phone(words, self.held(via="arp"), self.MODELS, NOW).model == "snom/d735"
        sure = Find(SNOM, "snom", "snom/d785", "", "", Via.PNP, "")
        assert waiting_phone(sure, self.held(via="arp"), self.MODELS, NOW).model == "snom/d785"


@pytest.mark.parametrize("writer", [PcapWriter, PcapNgWriter])
def test_a_capture_gives_back_its_frames(tmp_path: Path, writer: Any) -> None:
    frames = [
        dhcp_frame(SNOM, {53: b"\x01"}, 20),
        lldp_frame(*PHONE_LLDP),
        arp_request(YEALINK, "", "10.20.3.17"),
    ]
    file = tmp_path / "frames.pcap"
    with writer(str(file), **({"linktype": 1} if writer is PcapWriter else {})) as capture:
        for frame in frames:
            capture.write(frame)
    assert list(captured(file)) == frames


class TestSweep:
    def test_hosts_once(self) -> None:
        nets = [
            IPv4Network("10.20.3.0/30"),
            IPv4Network("10.20.3.0/30"),
            IPv4Network("10.20.4.4/32"),
        ]
        assert targets(nets) == [IPv4Address(a) for a in ("10.20.3.1", "10.20.3.2", "10.20.4.4")]

    def test_too_many_are_refused_unless_said(self) -> None:
        net = IPv4Network("10.20.0.0/19")
        with pytest.raises(ValueError, match="8,192 addresses are more than 4,096"):
            targets([net])
        assert len(targets([net], most=8192)) == 8190

    def test_the_pace(self) -> None:
        addresses = targets([IPv4Network("10.20.3.0/24")])
        pace = Pace(addresses, 100.0, per_s=10)
        assert len(pace.due(100.0)) == 1
        assert len(pace.due(100.5)) == 5
        assert pace.due(100.5) == []
        assert len(pace.due(200.0)) == 10  # late, and still polite
        assert pace.length_s == 27.4
        while pace.due(1e6):
            pass
        assert pace.is_over

    def test_listening_asks_and_reads(self) -> None:
        class Wire:
            mac, address = MacAddress("02aabbccddee"), "10.20.3.1"

            def __init__(self) -> None:
                self.asked: list[bytes] = []

            def send(self, frame: bytes) -> None:
                self.asked.append(frame)

            def receive(self, _wait_s: float):
                for frame in self.asked:
                    question = Ether(frame)[ARP]
                    reply = ARP(op=2, hwsrc="80:5e:c0:a0:00:01", psrc=question.pdst)
                    yield bytes(Ether(src="80:5e:c0:a0:00:01") / reply / Raw(b"\0" * 18))

        finds: list[Find] = []
        wire = Wire()
        sweep = Pace(targets([IPv4Network("10.20.3.17/32")]), 0.0)
        listen(wire, Reader(CATALOGUE, finds.append), 1e9, sweep, lambda: bool(finds))
        assert finds == [Find(YEALINK, "yealink", "", "", "10.20.3.17", Via.ARP)]
