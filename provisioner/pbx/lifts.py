"""Emergency phones in lifts: what they may call, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provisioner.pbx.asterisk_syntax import dialled
from provisioner.pbx.endpoints import Endpoint, Use, use_of
from provisioner.pbx.site import PbxSite


@dataclass(frozen=True, slots=True)
class LiftPlan:
    """What the phones in lifts of a site may call besides emergency numbers.

    Attributes:
        are_there: the site has such phones.
        calls: accounts of the site.
        remarks: numbers that are no accounts, in sentences.
    """

    are_there: bool
    calls: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def lift_plan(pbx: PbxSite, made: tuple[Endpoint, ...]) -> LiftPlan:
    """Decide what a lift may call: the number that its phone calls when lifted.

    Raises:
        InventoryError: that number cannot stand in a dial plan; the message names it.
    """
    accounts = {endpoint.extension for endpoint in made}
    lifts = [phone for phone in pbx.phones if use_of(phone) is Use.LIFT]
    called = tuple(dict.fromkeys(dialled(n) for n in _hotlines(pbx)))
    return LiftPlan(
        are_there=bool(lifts) or any(endpoint.use is Use.LIFT for endpoint in made),
        calls=tuple(number for number in called if number in accounts),
        remarks=tuple(
            f"a lift calls {number}, which is no account of this site: it needs a way out in the "
            f"context bw-{pbx.site.id}-lift-out"
            for number in called
            if number not in accounts and number not in _emergency(pbx)
        ),
    )


def _hotlines(pbx: PbxSite) -> Iterator[str]:
    for phone in pbx.phones:
        if use_of(phone) is Use.LIFT and phone.settings.calls.hotline:
            yield phone.settings.calls.hotline


def _emergency(pbx: PbxSite) -> set[str]:
    of_phones = {n for phone in pbx.phones for n in phone.settings.emergency.numbers}
    return {pbx.site.numbers.get("emergency", ""), *of_phones}
