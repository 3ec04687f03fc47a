"""What many phones suffer from: switches, servers, networks, a bad configuration."""

from __future__ import annotations

from tests.faults.fault import Case, Heal


def switch_dead(case: Case) -> Heal:
    """A switch has lost its power."""
    name, house = case.phone.home[0], case.house

    def put(*, alive: bool) -> None:
        with house.changing():
            house.building.powered[name] = alive
            house.building.switches[name].answers = alive

    put(alive=False)
    return lambda: put(alive=True)


def supply_broken(case: Case) -> Heal:
    """The power supply for PoE has failed; the switch itself runs."""
    switch, house = case.house.building.switches[case.phone.home[0]], case.house

    def put(state: int) -> None:
        with house.changing():
            switch.supply = state

    put(3)
    return lambda: put(1)


def other_community(case: Case) -> Heal:
    """The switch has got another community."""
    switch = case.house.building.switches[case.phone.home[0]]
    before, switch.community = switch.community, "changed"

    def heal() -> None:
        switch.community = before

    return heal


def dhcp_gone(case: Case) -> Heal:
    """No phone of a VLAN gets an address any more."""
    house, vlan = case.house, case.house.building.vlan_of(case.phone.plug) or 0
    prefix = house.dhcp.pop(vlan)
    phones = [p for p in house.phones.values() if house.building.vlan_of(p.plug) == vlan]
    house.do([p.ask_dhcp for p in phones])

    def heal() -> None:
        house.dhcp[vlan] = prefix
        house.do([p.ask_dhcp for p in phones])
        house.do([p.register for p in phones])

    return heal


def no_way_for_vlan(case: Case) -> Heal:
    """A firewall between PBX and one VLAN drops what the PBX sends."""
    house, vlan = case.house, case.house.building.vlan_of(case.phone.plug)
    phones = [p for p in house.phones.values() if house.building.vlan_of(p.plug) == vlan]

    def put(*, blocked: bool) -> None:
        for phone in phones:
            phone.no_way_to_pbx = blocked

    put(blocked=True)
    return lambda: put(blocked=False)


def way_to_pbx_gone(case: Case) -> Heal:
    """SIP between all phones and the PBX is lost; its manager can still be asked."""
    case.house.way_to_pbx = False

    def heal() -> None:
        case.house.way_to_pbx = True

    return heal


def pbx_stopped(case: Case) -> Heal:
    """The PBX has been stopped."""
    rig = case.house.asterisk
    rig._stop()

    def heal() -> None:
        rig._start()
        phones = [p for p in case.house.phones.values() if p.booted]
        case.house.do([p.register for p in phones])

    return heal


def manager_closed(case: Case) -> Heal:
    """The PBX's manager has another password than bellwire."""
    rig = case.house.asterisk
    before, rig.ami_secret = rig.ami_secret, "0" * 32
    rig.reload()

    def heal() -> None:
        rig.ami_secret = before
        rig.reload()

    return heal


def model_fails(case: Case) -> Heal:
    """Every phone of a model hangs after a change of its configuration."""
    house = case.house
    phones = [p for p in house.phones.values() if p.model == case.phone.model and p.booted]
    rooms = {p.room for p in phones}
    for room in rooms:
        house.room_changes[room] = {"sip": {"expires_s": 900}}
    house.apply()
    house.do([p.provision for p in phones])
    for phone in phones:
        phone.hung = True

    def heal() -> None:
        for room in rooms:
            del house.room_changes[room]
        house.apply()
        for phone in phones:
            phone.hung = False
        house.provision_rooms(rooms)
        house.do([p.register for p in phones])

    return heal
