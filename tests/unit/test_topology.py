"""Which port feeds which phone: found, moved, swapped, gone, twice there, and strangers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitors.places import Located, Place, Remembered, accepted, strength, weaker
from monitors.signals import Link, Mapping, PortPower, SwitchState, Whereabouts
from monitors.signals import Neighbour as Seen
from monitors.switches.reading import How, Learned, Neighbour, PortReading, SwitchReading
from monitors.topology import is_uplink, locate
from provisioner.mac import MacAddress

A, B, C = (MacAddress(f"805ec00001{n:02x}") for n in range(3))
PC = MacAddress("54bf64936980")
SNOM = MacAddress("000413aabbcc")
MAKERS = frozenset({"805ec0", "000413"})


def phone(mac: MacAddress | None, how: How = How.LLDP, **more: object) -> Neighbour:
    return Neighbour(how, mac, is_phone=True, **more)


def port(index: int, *neighbours: Neighbour, **more: object) -> PortReading:
    made = PortReading(
        pse=(1, index), if_index=index, name=f"Gi{index}", state=PortPower.DELIVERING,
        mapping=Mapping.PROVEN, link=Link.UP, neighbours=neighbours,
    )  # fmt: skip
    return replace(made, **more)


def learned(*macs: MacAddress, vlan: int | None = 20) -> tuple[Learned, ...]:
    return tuple(Learned(m, vlan) for m in macs)


def reading(*ports: PortReading, name: str = "sw1") -> SwitchReading:
    return SwitchReading(name, SwitchState.UP, ports=ports)


def dead(name: str = "sw1", state: SwitchState = SwitchState.DOWN) -> SwitchReading:
    return SwitchReading(name, state)


def home(place: Place, at_s: float = 0.0, sure: Mapping = Mapping.PROVEN) -> Remembered:
    return Remembered(place, sure, place, at_s, sure)


P1, P2, P3 = (Place("sw1", n) for n in (1, 2, 3))


def found(*readings: SwitchReading, phones=(A,), remembered=None, now_s: float = 100.0):
    return locate(readings, phones, remembered or {}, now_s, MAKERS)


def test_a_phone_that_says_who_it_is() -> None:
    located = found(reading(port(1, phone(A, ip="10.0.0.5", voice_vlan=20)))).phones[A]
    assert located == Located(
        A, Whereabouts.IN_PLACE, P1, P1, Mapping.PROVEN, voice_vlan=20, ip="10.0.0.5",
        names_ip=True, since_s=0.0,
    )  # fmt: skip
    assert located.place is not None
    assert located.place.port == "Gi1"


def test_who_says_which_address_a_phone_has() -> None:
    by_arp = replace(phone(A, ip="10.0.0.5"), by_arp=True)
    assert found(reading(port(1, by_arp))).phones[A].names_ip is False
    assert found(reading(port(1, phone(A)))).phones[A].names_ip is False
    silent = replace(reading(port(1, learned=learned(A))), addresses={A: "10.0.0.5"})
    located = found(silent).phones[A]
    assert (located.ip, located.names_ip) == ("10.0.0.5", None)


def test_a_phone_whose_address_was_learned_is_likely() -> None:
    located = found(reading(port(1, learned=learned(A, PC)))).phones[A]
    assert (located.place, located.mapping, located.vlans) == (P1, Mapping.LIKELY, {20})


def test_sureness_is_that_of_the_weaker_link() -> None:
    """LLDP names the port, but which power port it is was only guessed."""
    located = found(reading(port(1, phone(A), mapping=Mapping.ASSUMED))).phones[A]
    assert (located.place, located.mapping) == (P1, Mapping.ASSUMED)
    bare = replace(port(1, phone(A)), pse=None, mapping=Mapping.NONE)
    assert found(reading(bare)).phones[A].mapping is Mapping.PROVEN


def test_an_uplink_feeds_nobody() -> None:
    to_switch = port(9, Neighbour(How.LLDP, None, is_bridge=True), learned=learned(A))
    crowd = port(8, learned=learned(A, B, C, PC, SNOM))
    topology = found(reading(port(1, phone(A)), to_switch), reading(crowd, name="sw2"))
    assert topology.uplinks == {Place("sw1", 9), Place("sw2", 8)}
    assert topology.phones[A].place == P1
    assert topology.phones[A].whereabouts is Whereabouts.IN_PLACE


def test_a_phone_with_a_bridge_inside_is_no_uplink() -> None:
    assert not is_uplink(port(1, phone(A), Neighbour(How.LLDP, PC, is_bridge=True)))
    assert not is_uplink(port(1, learned=learned(A, PC)))


def test_the_port_that_feeds_it_goes_before_one_that_only_saw_it() -> None:
    seen = port(7, learned=learned(A), state=PortPower.NOT_POE)
    fed = port(1, learned=learned(A, PC))
    topology = found(reading(fed), reading(seen, name="sw2"))
    assert (topology.phones[A].place, topology.phones[A].whereabouts) == (P1, Whereabouts.IN_PLACE)


def test_a_phone_that_moved() -> None:
    topology = found(reading(port(1), port(2, phone(A))), remembered={A: home(P1)})
    located = topology.phones[A]
    assert (located.whereabouts, located.place, located.home) == (Whereabouts.OTHER_PORT, P2, P1)
    assert topology.seen_by(A) is Seen.NOTHING
    assert topology.remembered[A].home == P1
    assert topology.remembered[A].last == P2


def test_two_phones_that_were_swapped() -> None:
    topology = found(
        reading(port(1, phone(B)), port(2, phone(A))),
        phones=(A, B),
        remembered={A: home(P1), B: home(P2)},
    )
    assert (topology.phones[A].swapped_with, topology.phones[B].swapped_with) == (B, A)
    assert topology.seen_by(A) is Seen.OTHER_PHONE


def test_three_phones_that_changed_in_a_ring_are_no_swap() -> None:
    topology = found(
        reading(port(1, phone(C)), port(2, phone(A)), port(3, phone(B))),
        phones=(A, B, C),
        remembered={A: home(P1), B: home(P2), C: home(P3)},
    )
    assert {one.swapped_with for one in topology.phones.values()} == {None}
    assert {one.whereabouts for one in topology.phones.values()} == {Whereabouts.OTHER_PORT}


def test_a_phone_on_two_ports() -> None:
    topology = found(reading(port(1, phone(A)), port(2, phone(A))), remembered={A: home(P1)})
    located = topology.phones[A]
    assert located.whereabouts is Whereabouts.TWO_PLACES
    assert {located.place, *located.also_at} == {P1, P2}


def test_an_old_entry_on_a_port_without_link_is_no_second_place() -> None:
    old = port(1, phone(A), link=Link.DOWN, learned=learned(A))
    topology = found(reading(old, port(2, phone(A))), remembered={A: home(P1)})
    assert topology.phones[A].whereabouts is Whereabouts.OTHER_PORT


def test_a_phone_that_is_gone_keeps_its_place() -> None:
    topology = found(reading(port(1, state=PortPower.SEARCHING, link=Link.DOWN)),
                     remembered={A: home(P1, at_s=40.0)})  # fmt: skip
    assert topology.phones[A] == Located(
        A, Whereabouts.GONE, None, P1, Mapping.PROVEN, since_s=60.0
    )
    assert topology.remembered[A] == home(P1, at_s=40.0)


@pytest.mark.parametrize(
    ("readings", "where"),
    [
        ((reading(port(1)),), Whereabouts.NEVER),
        ((reading(port(1)), dead("sw2")), Whereabouts.UNKNOWN),
        ((dead(),), Whereabouts.UNKNOWN),
        ((), Whereabouts.UNKNOWN),
    ],
)
def test_a_phone_nobody_has_seen_yet(readings, where: Whereabouts) -> None:
    assert found(*readings).phones[A].whereabouts is where


@pytest.mark.parametrize("state", [SwitchState.DOWN, SwitchState.REFUSED])
def test_a_switch_that_does_not_answer_hides_its_phones(state: SwitchState) -> None:
    topology = found(dead(state=state), remembered={A: home(P1)})
    assert (topology.phones[A].whereabouts, topology.phones[A].home) == (Whereabouts.UNKNOWN, P1)
    assert topology.seen_by(A) is Seen.UNKNOWN


def test_another_switch_on_the_way_is_no_move_while_its_own_does_not_answer() -> None:
    on_the_way = reading(port(5, learned=learned(A)), name="sw2")
    topology = found(dead(), on_the_way, remembered={A: home(P1)})
    assert topology.phones[A].whereabouts is Whereabouts.UNKNOWN


def test_a_place_of_which_we_are_surer_becomes_home() -> None:
    guessed = home(P1, sure=Mapping.LIKELY)
    topology = found(reading(port(2, phone(A))), remembered={A: guessed})
    assert topology.phones[A].whereabouts is Whereabouts.IN_PLACE
    assert topology.remembered[A].home == P2


def test_what_a_person_said_stays() -> None:
    said = accepted(P1, 0.0)
    topology = found(reading(port(1), port(2, phone(A))), remembered={A: said})
    assert topology.phones[A].whereabouts is Whereabouts.OTHER_PORT
    assert topology.remembered[A].home == P1


def test_an_accepted_move_is_the_new_place() -> None:
    topology = found(reading(port(2, phone(A))), remembered={A: accepted(P2, 0.0)})
    assert topology.phones[A].whereabouts is Whereabouts.IN_PLACE


@pytest.mark.parametrize(
    ("there", "seen"),
    [
        ((phone(A),), Seen.THIS_PHONE),
        ((phone(A), Neighbour(How.LLDP, PC)), Seen.THIS_PHONE),
        ((phone(B),), Seen.OTHER_PHONE),
        ((phone(SNOM),), Seen.UNKNOWN_PHONE),
        ((phone(None, name="ShoreTel"),), Seen.UNKNOWN_PHONE),
        ((Neighbour(How.LLDP, SNOM),), Seen.UNKNOWN_PHONE),
        ((Neighbour(How.LLDP, PC),), Seen.NOT_A_PHONE),
        ((phone(A), phone(SNOM)), Seen.TWO_PHONES),
        ((), Seen.NOTHING),
    ],
)
def test_who_is_on_a_phones_port(there, seen: Seen) -> None:
    topology = found(reading(port(1, *there)), phones=(A, B), remembered={A: home(P1)})
    assert topology.seen_by(A) is seen


def test_a_silent_phone_and_the_computer_behind_it() -> None:
    topology = found(reading(port(1, learned=learned(A, PC))), remembered={A: home(P1)})
    assert topology.seen_by(A) is Seen.THIS_PHONE
    two = found(reading(port(1, learned=learned(A, B))), phones=(A, B))
    assert two.seen_by(A) is Seen.TWO_PHONES


def test_phones_nobody_entered() -> None:
    topology = found(reading(port(1, phone(A)), port(2, phone(SNOM)), port(3, learned=learned(C))))
    assert [(place, o.mac) for place, o in topology.strangers] == [(P2, SNOM), (P3, C)]


def test_a_phone_without_a_place_is_seen_by_nobody() -> None:
    assert found(reading(port(1))).seen_by(A) is Seen.UNKNOWN


def test_of_two_sureness_the_weaker() -> None:
    assert weaker(Mapping.PROVEN, Mapping.ASSUMED) is Mapping.ASSUMED
    assert sorted(Mapping, key=strength)[0] is Mapping.NONE


MACS = st.sampled_from([A, B, C, PC, SNOM])
NEIGHBOURS = st.lists(
    st.builds(
        Neighbour, st.sampled_from(How), st.one_of(st.none(), MACS),
        is_phone=st.booleans(), is_bridge=st.booleans(),
    ),
    max_size=3,
).map(tuple)  # fmt: skip
PORTS = st.builds(
    PortReading, pse=st.one_of(st.none(), st.just((1, 1))), if_index=st.integers(1, 4),
    state=st.sampled_from(PortPower), mapping=st.sampled_from(Mapping), link=st.sampled_from(Link),
    neighbours=NEIGHBOURS,
    learned=st.lists(st.builds(Learned, MACS, st.sampled_from([None, 20])), max_size=6).map(tuple),
)  # fmt: skip
READINGS = st.lists(
    st.builds(
        SwitchReading, st.sampled_from(["sw1", "sw2"]), st.sampled_from(SwitchState),
        ports=st.lists(PORTS, max_size=4, unique_by=lambda p: p.if_index).map(tuple),
    ),
    max_size=2, unique_by=lambda r: r.name,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(READINGS, READINGS)
def test_whatever_switches_say(first, second) -> None:
    """Every phone has one place at most, and memory brings the same answer again."""
    before = locate(first, [A, B], {}, 0.0, MAKERS)
    after = locate(second, [A, B], before.remembered, 60.0, MAKERS)
    assert set(after.phones) == {A, B}
    for mac, one in after.phones.items():
        after.seen_by(mac)
        assert (one.place is None) == (
            one.whereabouts in {Whereabouts.GONE, Whereabouts.NEVER, Whereabouts.UNKNOWN}
        )
        if one.whereabouts is Whereabouts.IN_PLACE:
            assert one.place == one.home
        if mac in before.remembered:
            assert mac in after.remembered
    again = locate(second, [A, B], after.remembered, 60.0, MAKERS)
    assert {m: o.place for m, o in again.phones.items()} == {
        m: o.place for m, o in after.phones.items()
    }
