"""Registrations, and what a phone answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.faults.fault import Case, Heal
from tests.faults.telephones import Telephone
from web.simulated.sip_user import SipUser


def account(**values: str) -> Callable[[Case], Heal]:
    """The phone uses another account than it was given."""

    def inject(case: Case) -> Heal:
        phone = case.phone
        phone.log_off()
        phone.given = tuple(replace(a, **values) for a in phone.brain.config.accounts)  # type: ignore[arg-type]
        phone.listen()
        phone.register()
        return lambda: _as_its_files_say(phone)

    return inject


def _as_its_files_say(phone: Telephone) -> None:
    phone.given = None
    phone.listen()
    phone.register()


def shut_out_by_pbx(case: Case) -> Heal:
    """The PBX's access list forbids the phone's address."""
    phone, house = case.phone, case.house
    line = f"deny = {phone.plug.address}/32\n"
    phone.log_off()
    house.edit_pbx("acl_bellwire.conf", more=line)
    house.reload_acl()
    phone.register()

    def heal() -> None:
        house.edit_pbx("acl_bellwire.conf", {rf"^{line}": ""})
        house.reload_acl()
        phone.register()

    return heal


def account_off(case: Case) -> Heal:
    """The account is switched off in the phone's menu: it answers, and has no number."""
    phone = case.phone
    phone.log_off()
    _answering(phone, 480)

    def heal() -> None:
        _answering(phone, 200)
        phone.register()

    return heal


def logged_off(case: Case) -> Heal:
    """Somebody logged the phone off."""
    case.phone.log_off()
    return case.phone.register


def pushed_out(case: Case) -> Heal:
    """A soft phone with the same account takes all the places that the PBX has for it."""
    phone, house = case.phone, case.house
    taken = phone.accounts()[:1]
    number = house.intruders = house.intruders + 1
    thieves = [
        SipUser(house.engine, taken, "Softphone/5.2", lambda _n: house.pbx, f"127.30.9.{number}")
        for _ in range(4)
    ]
    for thief in thieves:
        thief.register(timeout_s=4)

    def heal() -> None:
        for thief in thieves:
            thief.close()
        phone.register()

    return heal


def stopped_refreshing(case: Case) -> Heal:
    """The phone hangs, and its registration runs out."""
    phone = case.phone
    phone.log_off()
    phone.expires_s = 5
    phone.listen()
    phone.register()
    phone.hung = True

    def heal() -> None:
        phone.hung, phone.expires_s = False, 0
        phone.listen()
        phone.register()

    return heal


def phone_is(**values: Any) -> Callable[[Case], Heal]:
    """Change how the phone behaves."""

    def inject(case: Case) -> Heal:
        phone = case.phone
        before = {name: getattr(phone, name) for name in values}
        for name, value in values.items():
            setattr(phone, name, value)

        def heal() -> None:
            for name, value in before.items():
                setattr(phone, name, value)

        return heal

    return inject


def new_filter(case: Case) -> Heal:
    """The phone is told, by its files, to obey its registrar only."""
    phone, house = case.phone, case.house
    house.room_changes[phone.room] = {"sip": {"only_from_registrar": True}}
    house.apply()
    phones = [p for p in house.phones.values() if p.room == phone.room]

    def obey(*, only: bool) -> None:
        for each in phones:
            each.resync()
            each.obeys_registrar_only = only

    obey(only=True)

    def heal() -> None:
        del house.room_changes[phone.room]
        house.apply()
        obey(only=False)

    return heal


def _answering(phone: Telephone, status: int) -> None:
    phone.answers_with = status
    if phone.user is not None:
        phone.user.options_status = status


def answers(status: int) -> Callable[[Case], Heal]:
    """The phone answers OPTIONS otherwise."""

    def inject(case: Case) -> Heal:
        _answering(case.phone, status)
        return lambda: _answering(case.phone, 200)

    return inject


def other_agent(case: Case) -> Heal:
    """Another device answers at the phone's address, and the PBX does not notice."""
    user = case.phone.user
    if user is None:
        raise ValueError("the phone has no SIP side")
    before, user._user_agent = user._user_agent, "Linksys/SPA942-6.1.5"

    def heal() -> None:
        user._user_agent = before

    return heal
