"""Which number does what at a site: the decisions behind its dial plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from provisioner.pbx.asterisk_syntax import dialled
from provisioner.pbx.call_plan import CallPlan, call_plan
from provisioner.pbx.endpoints import Endpoint, Use, use_of
from provisioner.pbx.site import PbxSite
from provisioner.settings import PhoneSettings

_DEFAULT_VOICEMAIL = "*97"


@dataclass(frozen=True, slots=True)
class PickupNumber:
    """What is dialled to take the call that rings at an extension."""

    dialled: str
    extension: str


@dataclass(frozen=True, slots=True)
class DialPlan:
    """The numbers of a site.

    Attributes:
        reception: the account that answers for the house; empty when there is none.
        door_calls: accounts that door stations may call.
        remarks: what the dial plan does not do as one might expect, in sentences.
        calls: how guarded calls are written; None: the site's calls are not guarded.
    """

    emergency: tuple[str, ...]
    voicemail: tuple[str, ...]
    pickups: tuple[PickupNumber, ...]
    door_calls: tuple[str, ...]
    reception: str
    remarks: tuple[str, ...]
    calls: CallPlan | None = None


def dial_plan(pbx: PbxSite, made: tuple[Endpoint, ...]) -> DialPlan:
    """Decide what every number of a site does.

    Raises:
        InventoryError: a number cannot stand in a dial plan; the message names it.
    """
    accounts = {endpoint.extension: endpoint for endpoint in made}
    emergency = _emergency(pbx)
    outside = tuple(number for number in emergency if number not in accounts)
    voicemail = tuple(
        number for number in _voicemail(pbx, made) if number not in {*accounts, *outside}
    )
    door_wishes = _door_calls(pbx)
    calls = call_plan(pbx, made, outside, voicemail)
    outside = (*outside, *(calls.emergency if calls else ()))
    taken = {*accounts, *outside, *voicemail}
    remarks = (
        *_number_remarks(pbx, taken),
        *_emergency_remarks(emergency, accounts),
        *_door_remarks(door_wishes, accounts),
        *(calls.remarks if calls else ()),
    )
    reception = _reception(pbx, accounts)
    return DialPlan(
        emergency=outside,
        voicemail=voicemail,
        pickups=tuple(_pickups(pbx, made, taken)),
        door_calls=_unique(n for n in (*door_wishes, *emergency) if n in accounts),
        reception=reception,
        remarks=remarks if reception else (*remarks, _NO_RECEPTION),
        calls=calls,
    )


_NO_RECEPTION = (
    "no reception: site.numbers.reception is no account, so an emergency call that finds no way "
    "out is answered by nobody"
)


def _unique(numbers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dialled(number) for number in dict.fromkeys(numbers))


def _emergency(pbx: PbxSite) -> tuple[str, ...]:
    named = [pbx.site.numbers["emergency"]] if "emergency" in pbx.site.numbers else []
    of_phones = [n for phone in pbx.phones for n in phone.settings.emergency.numbers]
    return _unique([*named, *of_phones] or PhoneSettings().emergency.numbers)


def _voicemail(pbx: PbxSite, made: tuple[Endpoint, ...]) -> tuple[str, ...]:
    if not any(endpoint.mailbox for endpoint in made):
        return ()
    named = [pbx.site.numbers.get("voicemail", "")]
    of_phones = [phone.settings.calls.voicemail for phone in pbx.phones]
    return _unique(filter(None, [*named, *of_phones])) or (_DEFAULT_VOICEMAIL,)


def _door_calls(pbx: PbxSite) -> tuple[str, ...]:
    calls = (p.settings.door.call for p in pbx.phones if use_of(p) is Use.DOOR)
    return _unique(filter(None, calls))


def _reception(pbx: PbxSite, accounts: dict[str, Endpoint]) -> str:
    number = pbx.site.numbers.get("reception", "")
    at_the_desk = (e for p in pbx.phones if p.preset == "reception" for e in p.accounts)
    return number if number in accounts else next(at_the_desk, "")


def _pickups(pbx: PbxSite, made: tuple[Endpoint, ...], taken: set[str]) -> Iterator[PickupNumber]:
    """Every code with every account: exact numbers, so that nothing a caller types is a name."""
    staff = [phone for phone in pbx.phones if use_of(phone) is Use.STAFF]
    codes = _unique(filter(None, (phone.settings.sip.pickup_code for phone in staff)))
    used = set(taken)
    for code in codes:
        for endpoint in made:
            number = code + endpoint.extension
            if number not in used:
                used.add(number)
                yield PickupNumber(number, endpoint.extension)


def _number_remarks(pbx: PbxSite, taken: set[str]) -> Iterator[str]:
    for name, number in sorted(pbx.site.numbers.items()):
        if number and number not in taken:
            yield (
                f"number {name} = {number}: no account of this site, so left out here, "
                f"until a context of yours has it"
            )


def _emergency_remarks(emergency: tuple[str, ...], accounts: dict[str, Endpoint]) -> Iterator[str]:
    for number in emergency:
        if number in accounts:
            yield f"emergency number {number} is an account: it rings there, and goes nowhere else"


def _door_remarks(wishes: tuple[str, ...], accounts: dict[str, Endpoint]) -> Iterator[str]:
    for number in wishes:
        if number not in accounts:
            yield f"a door station calls {number}, which is no account of this site: left out"
