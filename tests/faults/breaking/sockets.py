"""What is plugged in where: phones taken away, moved, swapped, and other devices."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.building import Device, Place
from tests.faults.fault import Case, Heal
from tests.faults.telephones import Telephone

STRANGER = "805ec0fffe01"
"""A Yealink that nobody has entered."""
COMPUTER = "b0838f000001"


def unplugged(case: Case) -> Heal:
    """Nobody is in the socket any more."""
    place = place_of(case.phone)
    with case.house.changing():
        case.house.building.unplug(case.phone.plug)
    return lambda: _plugged(case, case.phone, place)


def swapped(case: Case) -> Heal:
    """Two rooms' phones are in each other's sockets."""
    one, other = case.phone, case.other
    places = place_of(one), place_of(other)
    _swap(case, one, other, places)
    return lambda: _swap(case, one, other, (places[1], places[0]))


def _swap(case: Case, one: Telephone, other: Telephone, places: tuple[Place, Place]) -> None:
    building = case.house.building
    with case.house.changing():
        building.unplug(one.plug)
        building.unplug(other.plug)
    with case.house.changing():
        building.plug(one.plug, places[1])
        building.plug(other.plug, places[0])


def moved(case: Case) -> Heal:
    """The phone is in another socket of the same floor."""
    place = place_of(case.phone)
    free = case.house.building.free_place(place[0])
    _moved(case, case.phone, free)
    return lambda: _moved(case, case.phone, place)


def _moved(case: Case, phone: Telephone, place: Place) -> None:
    with case.house.changing():
        case.house.building.unplug(phone.plug)
    with case.house.changing():
        case.house.building.plug(phone.plug, place)


def replaced_by(stranger: Callable[[], Device]) -> Callable[[Case], Heal]:
    """Something else is in the phone's socket; the phone is in a cupboard."""

    def inject(case: Case) -> Heal:
        place, device, building = place_of(case.phone), stranger(), case.house.building
        with case.house.changing():
            building.unplug(case.phone.plug)
            building.plug(device, place)

        def heal() -> None:
            with case.house.changing():
                building.unplug(device)
                building.plug(case.phone.plug, place)

        return heal

    return inject


def unknown_phone() -> Device:
    """A phone of a maker that bellwire knows."""
    return Device(STRANGER, needs_mw=3000, tells="yealink", description="SIP-T33G")


def computer() -> Device:
    """A laptop: no PoE, no LLDP, in whatever VLAN is untagged."""
    return Device(COMPUTER, adapter=True, vlan=1)


def two_on_a_port(case: Case) -> Heal:
    """Somebody put a small switch into the room: two phones, each with its own power supply."""
    one, other = case.phone, case.other
    here, there = place_of(one), place_of(other)
    building = case.house.building
    with case.house.changing():
        building.unplug(other.plug)
        one.plug.adapter = other.plug.adapter = True
        building.plug(other.plug, here)

    def heal() -> None:
        with case.house.changing():
            building.unplug(other.plug)
            one.plug.adapter = other.plug.adapter = False
        with case.house.changing():
            building.plug(other.plug, there)

    return heal


def cloned(case: Case) -> Heal:
    """A second device has the phone's MAC address; frames for it go there."""
    phone, building = case.phone, case.house.building
    free = building.free_place(place_of(phone)[0])
    clone = Device(phone.mac, needs_mw=3000, tells=phone.plug.tells, description="copy")
    phone.no_way_to_pbx = phone.hidden = True
    with case.house.changing():
        building.plug(clone, free)

    def heal() -> None:
        with case.house.changing():
            building.unplug(clone)
        phone.no_way_to_pbx = phone.hidden = False

    return heal


def place_of(phone: Telephone) -> Place:
    """The socket a phone is in; the one it belongs in while it is in none."""
    return phone.house.building.where(phone.plug) or phone.home


def _plugged(case: Case, phone: Telephone, place: Place) -> None:
    with case.house.changing():
        case.house.building.plug(phone.plug, place)
