"""Traps as values: what datagrams hold, what notifications mean, whose they are, what is kept."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError
from pysnmp.proto.api import v2c

from monitors.signals import PortPower
from monitors.snmp import ber
from monitors.snmp.credentials import User
from monitors.snmp.trap_board import KEEP, TrapBoard
from monitors.snmp.traps_gate import Sender, TrapGate, belongs, senders_of
from monitors.snmp.traps_meaning import Trap, TrapKind, TrapRule, meaning, trap_file
from monitors.snmp.traps_reading import Notice, plain, scoped_notice, sealed, version_of
from monitors.snmp.traps_v3 import Receiver
from monitors.snmp.values import Value, Varbind, oid
from monitors.switches import mibs
from monitors.switches.power import standard_rows
from provisioner.inventory.records import Switch

NOW = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - naive UTC, as the project keeps times
# snmptrap -v 3 -u bell -l authPriv -a SHA-256 -A Signing-123 -x AES -X Hiding-1234
# -e 0x80001f8804626577 ... 4711 1.3.6.1.2.1.105.0.1 1.3.6.1.2.1.105.1.1.1.6.1.3 i 3
SEALED = bytes.fromhex(
    "3081ba020103301102040c7f6c98020300ffe3040103020103043e303c040880001f880462657702010102032f"
    "020f040462656c6c04189789e51f8323b1dbad5ea3ccd4e6fa8e4a87ae9b33c122df0408d670c3951161847c04"
    "626b9ef75ce5675fc8ca7e10409285177b51584c51ca2ba5ac13a469473e96a3ee4d8012717083a07b452674c4"
    "436a7db4e47ca40555f16765d8b85f20f4cfb08d2602ee9ee938c7a37cbe7e290b3aa64d3d34bbc64c45a4eb67"
    "715ecbd0dbf04510c1"
)
BELL = User("bell", SecretStr("Signing-123"), SecretStr("Hiding-1234"))
ON_OFF = oid("1.3.6.1.2.1.105.0.1")


def message(
    name: str, *varbinds: tuple[str, object], tag: int = 0xA7, community: bytes = b"hush"
) -> bytes:
    """A trap or inform of v2c, its variables encoded by pysnmp."""
    from pyasn1.codec.ber import encoder

    pairs = [
        (mibs.SYS_UPTIME, v2c.TimeTicks(4711)),
        (oid("1.3.6.1.6.3.1.1.4.1.0"), v2c.ObjectIdentifier(name)),
        *((oid(which), value) for which, value in varbinds),
    ]
    encoded = b"".join(
        ber.tlv(0x30, ber.object_identifier(which) + encoder.encode(value))
        for which, value in pairs
    )
    body = ber.integer(7) + ber.integer(0) * 2 + ber.tlv(0x30, encoded)
    return ber.tlv(0x30, ber.integer(1) + ber.tlv(0x04, community) + ber.tlv(tag, body))


def of(name: str, *varbinds: tuple[str, Value]) -> Trap:
    notice = Notice(oid(name), tuple(Varbind(oid(k), v) for k, v in varbinds))
    return meaning(notice, NOW, "10.0.0.2", version=2, community=b"hush")


class TestReading:
    def test_a_trap_as_pysnmp_writes_its_variables(self) -> None:
        data = message("1.3.6.1.2.1.105.0.1", ("1.3.6.1.2.1.105.1.1.1.6.1.3", v2c.Integer32(3)))
        found = plain(data)
        assert (found.version, found.community, found.answer) == (1, b"hush", b"")
        assert found.notice == Notice(
            ON_OFF, (Varbind(oid("1.3.6.1.2.1.105.1.1.1.6.1.3"), 3),), 7, uptime_ticks=4711
        )

    def test_an_inform_is_answered_by_the_same_variables(self) -> None:
        data = message("1.3.6.1.6.3.1.1.5.3", ("1.3.6.1.2.1.2.2.1.1.9", v2c.Integer32(9)), tag=0xA6)
        answer = ber.response(plain(data).answer)
        assert (answer.request_id, answer.status, answer.community) == (7, 0, b"hush")
        assert answer.varbinds[-1] == Varbind(oid("1.3.6.1.2.1.2.2.1.1.9"), 9)

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"", "cut off"),
            (b"\x30\x03\x02\x01\x07", "no community"),
            (message("1.3.6.1.6.3.1.1.5.3")[:-3], "beyond"),
            (message("1.3.6.1.6.3.1.1.5.3", tag=0xA0), "neither a trap nor an inform"),
            (b"\x30" * 9000, "too many"),
        ],
    )
    def test_what_is_no_trap_says_why(self, data: bytes, why: str) -> None:
        with pytest.raises(ValueError, match=why):
            plain(data)

    def test_endless_numbers_are_refused(self) -> None:
        name = ber.tlv(0x06, b"\x2b" + b"\xff" * 4000 + b"\x01")
        varbind = ber.tlv(0x30, ber.tlv(0x30, name + ber.integer(1)))
        body = ber.integer(7) + ber.integer(0) * 2 + varbind
        data = ber.tlv(0x30, ber.integer(1) + ber.tlv(4, b"") + ber.tlv(0xA7, body))
        with pytest.raises(ValueError, match="object identifier"):
            plain(data)

    @given(st.binary(max_size=300))
    def test_anything_may_come(self, data: bytes) -> None:
        survive(data)

    @given(
        st.sampled_from(
            [
                SEALED,
                message("1.3.6.1.2.1.105.0.1", ("1.3.6.1.2.1.105.1.1.1.6.1.3", v2c.Integer32(3))),
                message("1.3.6.1.6.3.1.1.5.3", ("1.3.6.1.2.1.2.2.1.2.9", v2c.OctetString("Fa0/9"))),
            ]
        ),
        st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=6),
        st.integers(0, 500),
    )
    def test_damaged_messages_may_come(
        self, data: bytes, changes: list[tuple[int, int]], length: int
    ) -> None:
        damaged = bytearray(data)
        for at, octet in changes:
            damaged[at % len(damaged)] = octet
        survive(bytes(damaged))
        survive(bytes(damaged)[:length])


def survive(data: bytes) -> None:
    """Whatever comes is a trap or a ValueError, and every trap has a meaning."""
    for read in (version_of, sealed, scoped_notice):
        with suppress(ValueError):
            read(data)
    with suppress(ValueError):
        Receiver().open(data, [BELL, User("bell")])
    try:
        found = plain(data)
    except ValueError:
        return
    trap = meaning(found.notice, NOW, "10.0.0.2", version=2, community=found.community)
    assert trap.words
    board = TrapBoard()
    board.take(trap)
    assert board.recent("10.0.0.2") == [trap]


class TestMeaning:
    @pytest.mark.parametrize("status", range(8))
    def test_detection_means_what_a_reading_of_it_means(self, status: int) -> None:
        trap = of("1.3.6.1.2.1.105.0.1", ("1.3.6.1.2.1.105.1.1.1.6.2.17", status))
        row = standard_rows({mibs.PETH_DETECTION: {(2, 17): status}})[2, 17]
        assert (trap.kind, trap.pse, trap.power) == (TrapKind.PORT_POWER, (2, 17), row.detection)

    @pytest.mark.parametrize(
        ("name", "kind", "pse", "if_index", "power", "varbinds"),
        [
            ("1.3.6.1.2.1.105.0.2", "usage-high", (1,), None, None,
             [("1.3.6.1.2.1.105.1.3.1.1.4.1", 340)]),
            ("1.3.6.1.2.1.105.0.3", "usage-normal", (3,), None, None,
             [("1.3.6.1.2.1.105.1.3.1.1.4.3", 40)]),
            ("1.3.6.1.6.3.1.1.5.1", "restarted", None, None, None, []),
            ("1.3.6.1.6.3.1.1.5.2", "restarted", None, None, None, []),
            ("1.3.6.1.6.3.1.1.5.3", "link-down", None, 49, None,
             [("1.3.6.1.2.1.2.2.1.1.49", 49), ("1.3.6.1.2.1.2.2.1.7.49", 1)]),
            ("1.3.6.1.6.3.1.1.5.4", "link-up", None, 49, None,
             [("1.3.6.1.2.1.31.1.1.1.1.49", b"gi1")]),
            ("1.3.6.1.6.3.1.1.5.5", "refused", None, None, None, []),
            ("1.0.8802.1.1.2.0.0.1", "neighbours", None, None, None,
             [("1.0.8802.1.1.2.1.2.2.0", 4)]),
            ("1.3.6.1.4.1.9.9.402.0.1", "port-power", (1, 13), None, PortPower.DENIED,
             [("1.3.6.1.4.1.9.9.402.1.2.1.5.1.13", b"\x80")]),
            ("1.3.6.1.4.1.9.9.402.0.1", "port-power", (1, 13), None, PortPower.OVERLOAD,
             [("1.3.6.1.4.1.9.9.402.1.2.1.5.1.13", b"\x40\x00")]),
            ("1.3.6.1.4.1.9.9.402.0.1", "port-power", (1, 13), None, None,
             [("1.3.6.1.4.1.9.9.402.1.2.1.5.1.13", b"\x20")]),
            ("1.3.6.1.4.1.2011.5.25.195.40.3", "port-power", None, 12, PortPower.DELIVERING,
             [("1.3.6.1.4.1.2011.5.25.195.3.1.4.12", b"GigabitEthernet0/0/7")]),
            ("1.3.6.1.4.1.2011.5.25.195.40.2", "port-power", None, 12, None,
             [("1.3.6.1.4.1.2011.5.25.195.3.1.4.12", b"GigabitEthernet0/0/7")]),
            ("1.3.6.1.4.1.25506.2.14.6.1", "port-power", (4, 9), None, PortPower.SEARCHING,
             [("1.3.6.1.2.1.105.1.1.1.6.4.9", 2)]),
            ("1.3.6.1.4.1.25506.2.14.11.0.1", "port-power", (4, 9), None, PortPower.SHORT,
             [("1.3.6.1.4.1.25506.2.14.11.1.1.0", 4), ("1.3.6.1.4.1.25506.2.14.11.1.2.0", 9),
              ("1.3.6.1.4.1.25506.2.14.11.1.3.0", 7)]),
            ("1.3.6.1.4.1.259.6.10.94.2.1.0.43", "port-power", (1, 5), None, PortPower.OFF,
             [("1.3.6.1.2.1.105.1.1.1.6.1.5", 1)]),
            ("1.3.6.1.4.1.9999.1.2", "other", None, None, None, [("1.3.6.1.4.1.9999.3", b"?")]),
        ],
    )  # fmt: skip
    def test_each_notification(self, name, kind, pse, if_index, power, varbinds) -> None:
        trap = of(name, *varbinds)
        assert (trap.kind, trap.pse, trap.if_index, trap.power) == (kind, pse, if_index, power)

    @pytest.mark.parametrize("name", ["1.3.6.1.2.1.105.1", "1.3.6.1.2.1.105.0.0.1"])
    def test_names_as_agents_of_version_1_write_them(self, name: str) -> None:
        trap = of(name, ("1.3.6.1.2.1.105.1.1.1.6.1.5", 3))
        assert (trap.kind, trap.power) == (TrapKind.PORT_POWER, PortPower.DELIVERING)

    def test_a_notification_is_named_once_and_has_sources(self) -> None:
        file = trap_file()
        names = [t.oid or (t.under, t.ending) for t in file.traps]
        assert len(names) == len(set(names))
        assert all(s.confidence and s.covers for s in file.sources)

    @pytest.mark.parametrize(
        "names", [{}, {"oid": "1.3", "under": "1.3", "ending": "1"}, {"under": "1.3"}]
    )
    def test_a_rule_needs_one_name(self, names: dict[str, str]) -> None:
        with pytest.raises(ValidationError, match="under and ending"):
            TrapRule(name="x", kind=TrapKind.OTHER, **names)  # type: ignore[arg-type]


class TestVersion3:
    def test_a_captured_trap(self) -> None:
        opened = Receiver().open(SEALED, [User("bell", SecretStr("another key")), BELL])
        assert opened.notice is not None
        assert (opened.user, opened.notice.oid, opened.answer) == ("bell", ON_OFF, b"")

    @pytest.mark.parametrize(
        "user",
        [
            User("bell"),
            User("ring", BELL.auth, BELL.priv),
            User("bell", BELL.auth),
            User("bell", SecretStr("Signing-124"), BELL.priv),
            User("bell", BELL.auth, BELL.priv, "sha"),
        ],
    )
    def test_another_name_level_or_key(self, user: User) -> None:
        with pytest.raises(ValueError, match="no user of ours"):
            Receiver().open(SEALED, [user])

    def test_a_wrong_cipher_reveals_nothing(self) -> None:
        with pytest.raises(ValueError, match=r"tag|cut off|beyond|length"):
            Receiver().open(SEALED, [User("bell", BELL.auth, SecretStr("Hiding-9999"))])

    def test_what_was_sent_before_is_refused(self) -> None:
        now = 1000.0
        receiver = Receiver(lambda: now)
        receiver.open(SEALED, [BELL])
        now += 149
        receiver.open(SEALED, [BELL])
        now += 200
        with pytest.raises(ValueError, match="sent before"):
            receiver.open(SEALED, [BELL])

    def test_who_does_not_know_our_engine_is_told(self) -> None:
        question = bytes.fromhex(
            "303a020103300f02021234020300ffe30401040201030410300e0400020100020100040004000400"
            "301204000400a00c020256780201000201003000"
        )
        receiver = Receiver()
        opened = receiver.open(question, [BELL])
        report = sealed(opened.answer)
        assert opened.notice is None
        assert (report.message_id, report.engine_id, report.flags) == (
            0x1234,
            receiver.engine_id,
            0,
        )


class TestGate:
    V2C = Switch("10.0.0.2", community=SecretStr("hush"))
    V3 = Switch("10.0.0.2", snmp_version="3", snmp_user="bell", snmp_auth=SecretStr("Signing-123"))

    def trap(self, address: str = "10.0.0.2", version: int = 2, community: bytes = b"hush") -> Trap:
        return Trap(NOW, address, TrapKind.OTHER, version=version, community=community)

    @pytest.mark.parametrize(
        ("trap", "expected"),
        [
            (("10.0.0.2", 2, b"hush"), True),
            (("10.0.0.2", 1, b"hush"), True),
            (("10.0.0.3", 2, b"hush"), False),
            (("10.0.0.2", 2, b"Hush"), False),
            (("10.0.0.2", 2, b""), False),
            (("10.0.0.2", 3, b"hush"), False),
            (("10.0.0.2", 3, b"bell"), False),
        ],
    )
    def test_a_community(self, trap: tuple[str, int, bytes], expected: bool) -> None:
        assert belongs(self.trap(*trap), [Sender("10.0.0.2", self.V2C)]) is expected

    @pytest.mark.parametrize(
        ("version", "community", "expected"),
        [(3, b"bell", True), (3, b"ring", False), (2, b"bell", False), (2, b"", False)],
    )
    def test_a_user(self, version: int, community: bytes, expected: bool) -> None:
        trap = self.trap(version=version, community=community)
        assert belongs(trap, [Sender("10.0.0.2", self.V3)]) is expected

    def test_a_switch_without_credentials_sends_nothing(self) -> None:
        assert not belongs(self.trap(community=b""), [Sender("10.0.0.2", Switch("10.0.0.2"))])

    def test_two_switches_behind_one_address(self) -> None:
        gate = TrapGate([Sender("10.0.0.2", self.V2C), Sender("10.0.0.2", self.V3)])
        assert gate.admits(self.trap())
        assert [u.name for u in gate.users_at("10.0.0.2")] == ["bell"]
        assert gate.users_at("10.0.0.3") == []
        gate.know([])
        assert not gate.admits(self.trap())

    def test_names_become_addresses(self, caplog: pytest.LogCaptureFixture) -> None:
        switches = [Switch("127.0.0.1:1161"), Switch("no such name"), Switch("x:99999")]
        with caplog.at_level("INFO"):
            assert senders_of(switches) == [Sender("127.0.0.1", switches[0])]
        assert "no such name" in caplog.text


class TestBoard:
    def trap(
        self, minutes: float = 0, kind: TrapKind = TrapKind.LINK_UP, address: str = "a"
    ) -> Trap:
        return Trap(NOW + timedelta(minutes=minutes), address, kind)

    def test_what_gives_no_reason_is_kept_and_not_due(self) -> None:
        board = TrapBoard()
        board.take(self.trap(kind=TrapKind.OTHER))
        board.take(self.trap(kind=TrapKind.REFUSED))
        assert board.due() == set()
        assert len(board.recent("a")) == 2

    def test_old_news_goes(self) -> None:
        board = TrapBoard()
        board.take(self.trap())
        late = self.trap(KEEP.total_seconds() / 60 + 1)
        board.take(late)
        assert board.recent("a") == [late]

    def test_it_is_bounded(self) -> None:
        board = TrapBoard(most=3, switches=2)
        for minute in range(5):
            board.take(self.trap(minute / 10))
        assert len(board.recent("a")) == 3
        board.take(self.trap(address="b"))
        board.take(self.trap(address="c"))
        assert board.due() == {"b", "c"}
        assert board.recent("a") == []
