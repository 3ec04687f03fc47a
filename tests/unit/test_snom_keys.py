"""Snom's function keys: counted from nought, on over pages and modules, never left over."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest

from provisioner.catalogue.loader import load
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from provisioner.render import render
from tests.kits import make_kit
from tests.snom_phones import MAC, NASTY, booted, serve, wanted_keys

ALL_TYPES = (
    ("line", "", "line", ""),
    ("speed_dial", "9", "speed_dial", "9"),
    ("blf", "1001", "blf", "1001"),
    ("intercom", "102", "intercom", "102"),
    ("park", "701", "speed_dial", "701"),
    ("pickup", "1001", "speed_dial", "*81001"),
    ("group_pickup", "", "speed_dial", "*8"),
    ("voicemail", "", "voicemail", ""),
    ("dnd", "", "dnd", ""),
    ("forward", "200", "forward", "200"),
    ("transfer", "201", "transfer", "201"),
    ("conference", "", "conference", ""),
    ("dtmf", "9#", "dtmf", "9#"),
    ("door_open", "", "dtmf", "*"),
    ("emergency", "", "speed_dial", "112"),
    ("paging", "239.255.1.1:5004", "paging", "239.255.1.1:5004"),
    ("url", "http://a.example/?x=1&y=2", "url", "http://a.example/?x=1&y=2"),
    ("history", "", "history", ""),
    ("record", "", "record", ""),
    ("none", "", "none", ""),
)


def test_every_key_type() -> None:
    keys = tuple(
        PhoneKey(type=KeyType(kind), value=value, label=f"{kind} {NASTY}", slot=f"line-{n}")
        for n, (kind, value, _, _) in enumerate(ALL_TYPES, start=1)
    )
    kit = make_kit("snom/d785", "bathroom", mac=MAC, keys=keys)
    found = {k.slot: k for k in booted(kit).config.keys}
    for n, (kind, _, word, read) in enumerate(ALL_TYPES, start=1):
        key = found[f"line-{n}"]
        assert (key.type, key.value) == (word, read), kind
        assert key.label == f"{kind} {NASTY}"
    assert found["line-3"].pickup == "*8"


def test_park_is_an_orbit_on_the_715() -> None:
    keys = (PhoneKey(type=KeyType.PARK, value="701", slot="line-2"),)
    found = booted(make_kit("snom/715", "bathroom", mac=MAC, keys=keys)).config.keys
    assert ("park", "701") in {(k.type, k.value) for k in found}


def speed(number: int, slot: str = "") -> PhoneKey:
    return PhoneKey(type=KeyType.SPEED_DIAL, value=str(number), label=f"N{number}", slot=slot)


def test_all_keys_and_one_too_many() -> None:
    preset_keys = len(wanted_keys(make_kit("snom/d785", "bathroom", mac=MAC)))
    keys = tuple(speed(100 + n) for n in range(24 - preset_keys + 1))
    kit = make_kit("snom/d785", "bathroom", mac=MAC, keys=keys)
    assert len(kit.plan.left_over) == 1
    assert "all 24 keys" in kit.plan.left_over[0].reason
    found = {k.slot: (k.type, k.value, k.label) for k in booted(kit).config.keys}
    assert found == wanted_keys(kit)
    assert len(found) == 24


def test_module_keys_follow_the_phones_own() -> None:
    keys = (speed(11, "exp1-1"), speed(28, "exp1-18"), speed(21, "exp2-1"))
    kit = make_kit(
        "snom/d785", "bathroom", mac=MAC, keys=keys, accessories=(Accessory("snom/d7c", 2),)
    )
    fkeys = function_keys(kit)
    assert fkeys[24].text == "speed 11"
    assert fkeys[41].text == "speed 28"
    assert fkeys[42].text == "speed 21"
    found = {k.slot: (k.type, k.value, k.label) for k in booted(kit, modules=2).config.keys}
    assert found == wanted_keys(kit)


def function_keys(kit: PhoneKit) -> list[ET.Element]:
    files = {f.role: f for f in render(load().folder, kit)}
    keys = ET.fromstring(files["device"].body).findall("functionKeys/fkey")
    numbers = [int(key.get("idx", "")) for key in keys]
    assert numbers[0] == 0
    assert all(b == a + 1 for a, b in pairwise(numbers))
    return keys


@pytest.mark.parametrize(("model_id", "count"), [("snom/d785", 24), ("snom/d717", 3)])
@pytest.mark.parametrize("modules", [0, 1, 3])
def test_every_index_is_written(model_id: str, count: int, modules: int) -> None:
    """A module that was taken off leaves nothing behind."""
    accessories = (Accessory("snom/d7c", modules),) if modules else ()
    kit = make_kit(model_id, "bathroom", mac=MAC, accessories=accessories)
    assert len(function_keys(kit)) == count + 3 * 18


def test_removed_accounts_keys_and_modules_vanish() -> None:
    before = make_kit(
        "snom/d717", "bathroom", mac=MAC, extensions=("2214", "2215"), keys=(speed(11, "exp1-1"),),
        accessories=(Accessory("snom/d7c", 1),),
    )  # fmt: skip
    device = booted(before, modules=1)
    assert [a.user for a in device.config.accounts] == ["2214", "2215"]
    after = make_kit("snom/d717", "conference", mac=MAC)
    device._fetch = serve(render(load().folder, after))
    assert device.provision(device.server_url)
    assert [a.user for a in device.config.accounts] == ["2214"]
    assert {k.slot for k in device.config.keys} == set(wanted_keys(after))
    assert "Secret-of-2215-xyz" not in device.config.raw.values()


def test_a_model_without_keys_gets_no_key_lines() -> None:
    kit = make_kit("snom/d717", "conference", mac=MAC)
    bare = kit.model.model_copy(update={"keys": (), "expansion": None})
    kit = replace(kit, model=bare, plan=replace(kit.plan, slots=()))
    body = next(f.body for f in render(load().folder, kit) if f.role == "device")
    assert b"<fkey" not in body
    assert booted(kit).config.keys == ()
