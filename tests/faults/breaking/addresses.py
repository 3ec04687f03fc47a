"""Addresses and files: what DHCP gives, and what a phone asks bellwire for."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults.fault import Case, Heal

ELSEWHERE = "192.168.1.57"
LINK_LOCAL = "169.254.77.12"


def without_address(case: Case) -> Heal:
    """The phone's lease has ended, and it gets no new one."""
    return _address(case, "")


def fallback_address(case: Case) -> Heal:
    """DHCP gave nothing, so the phone took an address of its own (RFC 3927)."""
    return _address(case, LINK_LOCAL)


def strange_address(case: Case) -> Heal:
    """A second DHCP server, such as a guest's router, gave it an address."""
    return _address(case, ELSEWHERE)


def _address(case: Case, shown: str) -> Heal:
    phone = case.phone
    with case.house.changing():
        phone.plug.shown_address = shown

    def heal() -> None:
        with case.house.changing():
            phone.plug.shown_address = None
        phone.register()

    return heal


def wrong_token(case: Case) -> Heal:
    """The phone was reset, and somebody typed an old URL in: it gets nothing."""
    phone = case.phone
    right = phone.brain.server_url
    head, _, tail = right.partition("/p/")
    token, slash, rest = tail.partition("/")
    phone.log_off()
    phone.brain = phone.new_brain(phone.model)
    phone.url = f"{head}/p/{token[::-1]}{slash}{rest}"
    phone.boot(register=False)

    def heal() -> None:
        phone.url = right
        phone.boot()
        phone.url = ""

    return heal


def unlisted_network(case: Case) -> Heal:
    """The phone's VLAN got a new range of addresses that nobody told bellwire and the PBX."""
    phone, house = case.phone, case.house
    phone.log_off()
    with house.changing():
        phone.plug.address = phone.plug.address.replace("127.", "127.1", 1)
    phone.brain.boot(cycles=1)
    phone.listen()
    phone.register()

    def heal() -> None:
        phone.ask_dhcp()
        phone.brain.boot(cycles=1)
        phone.listen()
        phone.register()

    return heal


def stale(case: Case) -> Heal:
    """The room's settings were changed; its phones have not fetched them yet."""
    house, room = case.house, case.phone.room
    house.room_changes[room] = {"sip": {"expires_s": 900}}
    house.apply()

    def heal() -> None:
        del house.room_changes[room]
        house.apply()
        house.provision_rooms({room})

    return heal


def other_model(model: str) -> Callable[[Case], Heal]:
    """The device in the room is another model than the inventory says."""

    def inject(case: Case) -> Heal:
        phone = case.phone
        url = phone.brain.server_url
        phone.log_off()

        def start(kind: str) -> None:
            phone.brain = phone.new_brain(kind)
            phone.url = url
            phone.boot()
            phone.url = ""

        start(model)
        return lambda: start(phone.model)

    return inject


def resets_itself(case: Case) -> Heal:
    """The phone falls back to factory settings each time somebody has let it in again."""
    phone, house = case.phone, case.house
    for _ in range(2):
        phone.log_off()
        phone.brain = phone.new_brain(phone.model)
        house.bellwire.run("arm", phone.mac)
        phone.boot()
    phone.log_off()
    phone.brain = phone.new_brain(phone.model)
    phone.boot()

    def heal() -> None:
        house.bellwire.run("arm", phone.mac)
        phone.boot()

    return heal


def common_file_only(case: Case) -> Heal:
    """A new phone gets the boot file, and asks for its own under a wrong name."""
    phone = case.phone
    heal = _installed(case, fetches=False)
    url = case.house.bellwire.run("url", phone.mac).strip().rstrip("/") + "/"
    phone.brain.get(f"{url}{phone.mac}.boot")
    phone.brain.get(f"{url}{phone.mac[:-1]}.cfg")
    return heal


def asks_for_nothing_known(case: Case) -> Heal:
    """A new phone asks for files that nobody has made: it is set to another maker's names."""
    heal = _installed(case, fetches=False)
    phone = case.phone
    url = case.house.bellwire.run("url", phone.mac).strip().rstrip("/") + "/"
    for name in (f"{phone.mac}-directory.xml", f"{phone.mac}-phone.cfg", "y000000000044.cfg"):
        phone.brain.get(url + name)
    return heal


def never_asks(case: Case) -> Heal:
    """A new phone has an address, and nobody told it where its files are."""
    return _installed(case, fetches=False)


def not_armed(case: Case) -> Heal:
    """A new phone comes when the time in which it may come for the first time is over."""
    heal = _installed(case, fetches=False)
    phone, house = case.phone, case.house
    url = house.bellwire.run("url", phone.mac).strip().rstrip("/") + "/"
    phone.brain.get(f"{url}{phone.mac}.cfg")  # the first use of its token disarms a phone
    phone.brain.get(f"http://{house.bellwire.http}/{phone.mac}.cfg")
    return heal


def _installed(case: Case, *, fetches: bool) -> Heal:
    phone, house = case.phone, case.house
    with house.changing(starting=False):
        house.building.plug(phone.plug, phone.home)
    phone.boot(fetches=fetches)

    def heal() -> None:
        house.bellwire.run("arm", phone.mac)
        phone.boot()
        phone.is_spare = False

    return heal


def not_there(case: Case) -> Heal:
    """The phone is in the inventory and still in its box."""
    del case
    return lambda: None
