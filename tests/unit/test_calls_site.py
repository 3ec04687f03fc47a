"""The part ``calls`` of a whole site: errors at their field, and what a change of it touches."""

from __future__ import annotations

import pytest

from provisioner.catalogue.loader import load
from provisioner.errors import SiteFileError
from provisioner.inventory.calls import CallPbx, WithoutBellwire
from provisioner.inventory.records import Inventory
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_records import to_inventory
from provisioner.plan import make_plan

HEAD = """\
sites:
  - id: aurora
    name: Hotel Aurora
    country: ES
    url: http://bellwire.example
    accounts: [{extension: "100"}, {extension: "2214"}]
    rooms:
      - {id: "214", extension: "2214", template: guest-room,
         phones: {bedside: {model: fanvil/h5, mac: "0c:38:3e:00:02:14"}}}
"""


def inventory(calls: str = "") -> Inventory:
    text = HEAD + (f"    calls: {calls}\n" if calls else "")
    return to_inventory([parse_site_file("a.yaml", text)], load())[0]


def test_a_site_without_the_part_is_not_guarded() -> None:
    assert inventory().sites[0].calls is None


def test_an_empty_part_has_the_limits_of_the_product() -> None:
    calls = inventory("{}").sites[0].calls
    assert calls is not None
    assert calls.limits.account.international_hour == 10
    assert calls.pbx == CallPbx()
    assert calls.pbx.without_bellwire == WithoutBellwire("allow", "refuse", "allow")


def test_how_the_pbx_asks() -> None:
    calls = (
        inventory(
            "{pbx: {bellwire: {host: 10.0.0.9}, trunk: provider, dial_as: digits, "
            'numbers: {"+34 911 22 33 44": 100}, without_bellwire: {national: refuse}}}'
        )
        .sites[0]
        .calls
    )
    assert calls is not None
    assert calls.pbx == CallPbx(
        "10.0.0.9", 4573, "provider", ("guests", "staff"), "digits", {"+34 911 22 33 44": "100"},
        WithoutBellwire("refuse"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "field", "problem"),
    [
        ('{groups: {spam: "hello there"}}', "calls.groups.spam", "hello"),
        ('{limits: {accounts: {"999": {spend_day: 1}}}}', "calls.limits.accounts.999", "999"),
        ("{limits: {closed: [nowhere]}}", "calls.limits.closed", "nowhere"),
        ('{pbx: {numbers: {"+34911223344": "999"}}}', "calls.pbx.numbers.+34911223344", "999"),
        ("{pbx: {trunk: 'a]b'}}", "calls.pbx.trunk", "pattern"),
        ("{currency: euro}", "calls.currency", "pattern"),
    ],
)
def test_what_cannot_be_read_is_named(calls: str, field: str, problem: str) -> None:
    with pytest.raises(SiteFileError) as caught:
        inventory(calls)
    assert caught.value.field == f"sites[0].{field}"
    assert problem in str(caught.value)
    assert "a.yaml:" in str(caught.value)


def test_a_change_touches_no_phone() -> None:
    before, after = inventory(), inventory("{limits: {account: {spend_day: 5}}}")
    plan = make_plan(load(), before, after)
    assert [change.fields for change in plan.changes] == [("calls",)]
    assert plan.affected == ()
