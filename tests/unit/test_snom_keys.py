"""Snom's function keys: counted from nought, on over pages and modules, never left over."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest

from provisioner.catalogue.loader import load
from provisioner.catalogue.models import Model
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from provisioner.render import render
from tests.kits import make_kit
from tests.snom_phones import (
    MAC,
    NASTY,
    booted,
    full_kit,
    keys_read,
    provisioned,
    serve,
    wanted_keys,
)

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
    keys = tuple(speed(100 + n) for n in range(24))
    kit = make_kit("snom/d785", "bathroom", mac=MAC, keys=keys)
    assert kit.plan.left_over
    assert "all 24 keys" in kit.plan.left_over[0].reason
    found = keys_read(booted(kit))
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
    assert keys_read(booted(kit)) == wanted_keys(kit)


def function_keys(kit: PhoneKit) -> list[ET.Element]:
    files = {f.role: f for f in render(load().folder, kit)}
    keys = ET.fromstring(files["device"].body).findall("functionKeys/fkey")
    numbers = [int(key.get("idx", "")) for key in keys]
    assert numbers[0] == 0
    assert all(b == a + 1 for a, b in pairwise(numbers))
    return keys


WITH_KEYS = [m for m in provisioned() if m.keys]
WITH_MODULES = [(m, n) for m in WITH_KEYS for n in ((0, 1, 3) if m.expansion else (0,))]


@pytest.mark.parametrize(
    ("model", "modules"), WITH_MODULES, ids=[f"{m.id}+{n}" for m, n in WITH_MODULES]
)
def test_every_index_is_written(model: Model, modules: int) -> None:
    """A module that was taken off leaves nothing behind."""
    fitting = model.expansion.models if model.expansion else ()
    accessories = (Accessory(fitting[0], modules),) if modules else ()
    kit = make_kit(model.id, "bathroom", mac=MAC, accessories=accessories)
    line = next(group for group in model.keys if group.id == "line")
    spare = 18 * model.expansion.max if model.expansion else 0
    assert len(function_keys(kit)) == line.count + spare


@pytest.mark.parametrize("model", WITH_KEYS, ids=lambda m: m.id)
def test_a_key_for_every_slot(model: Model) -> None:
    kit = full_kit(model, "bathroom", None)
    slots = [p.slot.id for p in kit.plan.slots if p.slot.group != "soft" and p.key is None]
    keys = tuple(speed(n, slot) for n, slot in enumerate(slots))
    kit = full_kit(model, "bathroom", None, keys=keys)
    found = keys_read(booted(kit))
    assert set(slots) <= set(found)
    assert {slot: key[1] for slot, key in found.items() if slot in slots} == {
        slot: str(n) for n, slot in enumerate(slots)
    }


@pytest.mark.parametrize(
    ("model_id", "name"), [("snom/d785", "context_key[1]"), ("snom/725", "gui_fkey2")]
)
def test_a_key_under_the_screen(model_id: str, name: str) -> None:
    keys = (speed(100, "soft-2"), PhoneKey(type=KeyType.VOICEMAIL, slot="soft-4"))
    kit = make_kit(model_id, "office", mac=MAC, keys=keys)
    device = booted(kit)
    found = {k.slot: (k.type, k.value) for k in device.config.keys}
    assert device.config.raw[name] == "speed 100"
    assert found["soft-2"] == ("speed_dial", "100")
    assert found["soft-4"][0] == "voicemail"
    assert found["soft-1"][0] == "directory"
    locked = booted(make_kit(model_id, "guest-room", mac=MAC)).config.keys
    assert {k.type for k in locked if k.slot.startswith("soft-")} == {"none"}


def test_removed_accounts_keys_and_modules_vanish() -> None:
    before = make_kit(
        "snom/d717", "bathroom", mac=MAC, extensions=("2214", "2215"), keys=(speed(11, "exp1-1"),),
        accessories=(Accessory("snom/d7c", 1),),
    )  # fmt: skip
    device = booted(before)
    assert [a.user for a in device.config.accounts] == ["2214", "2215"]
    after = make_kit("snom/d717", "conference", mac=MAC)
    device._fetch = serve(render(load().folder, after))
    assert device.provision(device.server_url)
    assert [a.user for a in device.config.accounts] == ["2214"]
    assert set(keys_read(device)) == set(wanted_keys(after))
    assert "Secret-of-2215-xyz" not in device.config.raw.values()


def test_a_model_without_keys_gets_no_key_lines() -> None:
    kit = make_kit("snom/d717", "conference", mac=MAC)
    bare = kit.model.model_copy(update={"keys": (), "expansion": None})
    kit = replace(kit, model=bare, plan=replace(kit.plan, slots=()))
    body = next(f.body for f in render(load().folder, kit) if f.role == "device")
    assert b"<fkey" not in body
    assert b"context_key" not in body
