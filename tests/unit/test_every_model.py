"""What must hold for every model that bellwire configures, whatever its maker.

Texts are read back by the plainest parser of each syntax: what a person wrote comes back
identical at every place where it stands, or it is refused before anything is stored.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioner.catalogue.loader import load
from provisioner.inventory.records import Accessory
from provisioner.key_types import KeyType, PhoneKey
from provisioner.kit import PhoneKit
from provisioner.render import render
from provisioner.setting_values import FORBIDDEN_CONTROL
from provisioner.syntaxes import UnsafeValueError, check_text
from tests.kits import SECRETS, make_kit

MODELS = sorted(m.id for m in load().models.values() if m.dialects)
MARKER = "Marker8472"
SMALL_DISPLAY = 10
NASTY = [
    "a & b",
    "<tag> \"quoted\" 'single'",
    "semi;colon=equals#hash%percent",
    "${shell} {{ jinja }} {% raw %}",
    "Ünïcödé Ресепшен 客房",
    "colon:in:it",
    "%NULL%",
    " blank before",
    "back\\slash \\n",
    "]]> -->",
    "!name!: #!version:1.0.0.1",
    "<<END OF FILE>>",
]


def one_of_each_dialect() -> list[tuple[str, str, str | None]]:
    """(dialect, model, firmware) for one model of each dialect."""
    catalogue = load()
    found: dict[tuple[str, str], tuple[str, str, str | None]] = {}
    for model_id in MODELS:
        model = catalogue.models[model_id]
        dialect = catalogue.dialect_of(model, None)
        found.setdefault((model.vendor, dialect.id), (dialect.id, model_id, None))
    return sorted(found.values(), key=lambda f: f[:2])


def kit_with(model_id: str, text: str, what: str) -> PhoneKit:
    """A phone with one text in one place: its name, a key's label, a password."""
    catalogue = load()
    model = catalogue.models[model_id]
    given_: dict[str, Any] = {"settings": {}}
    if what == "account name":
        given_["names"] = dict.fromkeys(("2214", "301", "302"), text)
    if what == "key label":
        given_["keys"] = (
            PhoneKey(type=KeyType.SPEED_DIAL, value="4711", label=text, optional=True),
        )
    if what == "admin password":
        given_["settings"] = {"access": {"admin_password": text}}
    if what == "LDAP password":
        ldap = {"ldap_server": "ldap.example", "ldap_base": "dc=x", "ldap_user": "u"}
        given_["settings"] = {"directory": {**ldap, "ldap_password": text}}
    return make_kit(
        model_id,
        catalogue.main_preset(model).id,
        handsets=min(2, model.dect.handsets) if model.dect else 0,
        **given_,
    )


def fields(syntax: str, body: bytes) -> list[tuple[str, str]]:
    """Every (place, value) of a file, by the plainest reading of its syntax."""
    text = body.decode("utf-8")
    if syntax == "xml" or text.lstrip().startswith("<?xml"):
        found = []
        for number, element in enumerate(ET.fromstring(body).iter()):
            found.append((f"{number} {element.tag}", element.text or ""))
            found += [(f"{number} {element.tag}@{n}", v) for n, v in element.attrib.items()]
        return found
    ends = "\r\n" if syntax.startswith("fanvil") else "\n"
    separator = " = " if syntax == "yealink" else ":"
    lines = [line.partition(separator) for line in text.split(ends)]
    return [(f"{n} {name}", value) for n, (name, sign, value) in enumerate(lines) if sign]


def rendered(kit: PhoneKit) -> list[tuple[str, str]]:
    made: list[tuple[str, str]] = []
    for file in render(load().folder, kit):
        made += [(f"{file.name} {p}", v) for p, v in fields(kit.dialect.syntax, file.body)]
    return made


@cache
def marked(model_id: str, what: str) -> tuple[str, frozenset[str]]:
    """A model's syntax, and the places where one kind of text stands."""
    kit = kit_with(model_id, MARKER, what)
    return kit.dialect.syntax, frozenset(place for place, v in rendered(kit) if v == MARKER)


def comes_back(model_id: str, what: str, text: str) -> bool:
    """Whether a text is refused, or stands wherever the marker stands.

    What is only shown may be cut at the ten characters of a small display, never a password.
    """
    syntax, places = marked(model_id, what)
    try:
        check_text(syntax, text)
    except UnsafeValueError:
        return True
    now = dict(rendered(kit_with(model_id, text, what)))
    shown = "" if what.endswith("password") else text[:SMALL_DISPLAY].strip()
    return all(now.get(place) in {text, shown or text} for place in places)


WHAT = ["account name", "key label", "admin password", "LDAP password"]


@pytest.mark.parametrize("model_id", MODELS)
def test_awkward_texts_come_back_or_are_refused(model_id: str) -> None:
    for number, text in enumerate(NASTY):
        what = WHAT[number % 2]
        assert comes_back(model_id, what, text), (what, text)


texts = st.text(
    st.characters(exclude_characters="".join(FORBIDDEN_CONTROL), exclude_categories=("Cs",)),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize(
    ("dialect", "model_id", "firmware"), one_of_each_dialect(), ids=lambda v: str(v)
)
@pytest.mark.parametrize("what", WHAT)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=texts)
def test_any_text_comes_back_or_is_refused(
    dialect: str, model_id: str, firmware: str | None, what: str, text: str
) -> None:
    if what.endswith("password") and text != text.strip():
        return  # refused as a setting already
    assert comes_back(model_id, what, text)


@pytest.mark.parametrize("control", sorted(FORBIDDEN_CONTROL)[:33])
def test_a_line_break_or_control_is_refused_by_every_syntax(control: str) -> None:
    for syntax in ("yealink", "fanvil-old", "fanvil-new", "snom-m3", "xml"):
        with pytest.raises(UnsafeValueError):
            check_text(syntax, f"a{control}b")


def slots_for(model_id: str, modules: tuple[Accessory, ...]) -> int:
    """How many keys that dial a number a phone has room for."""
    catalogue = load()
    groups = list(catalogue.models[model_id].keys)
    for accessory in modules:
        groups += [g for _ in range(accessory.count) for g in catalogue.model(accessory.model).keys]
    return sum(
        g.count - len(g.reserved) for g in groups if g.fill and KeyType.SPEED_DIAL in g.accepts
    )


@pytest.mark.parametrize("model_id", MODELS)
def test_no_keys_all_keys_and_one_too_many(model_id: str) -> None:
    model = load().models[model_id]
    expansion = model.expansion
    modules = (Accessory(expansion.models[0], expansion.max),) if expansion else ()
    room = slots_for(model_id, modules)
    bare = [k for k in load().main_preset(model).keys if k.type is not KeyType.NONE]
    for wanted in (0, room, room + 1):
        keys = tuple(
            PhoneKey(type=KeyType.SPEED_DIAL, value=str(1000 + n), label=f"K{n}")
            for n in range(wanted)
        )
        kit = make_kit(
            model_id,
            load().main_preset(model).id,
            keys=keys,
            accessories=modules,
            handsets=min(2, model.dect.handsets) if model.dect else 0,
        )
        placed = [p for p in kit.plan.slots if p.key is not None]
        assert len({p.slot.id for p in placed}) == len(placed)
        asked = [k for k in kit.resolved.keys if not k.optional]
        lost = [left.key for left in kit.plan.left_over]
        assert len(placed) + len(lost) >= len(asked)
        assert all(file.body for file in render(load().folder, kit))
        if wanted > room:
            assert lost, f"{wanted} keys on {room} places and none is said to be left over"
        if wanted == 0 and not bare:
            assert not lost


EMPTY: dict[str, Any] = {
    "sip": {"outbound_proxy": "", "backup_registrar": "", "pickup_code": "", "stun_server": ""},
    "calls": {"hotline": "", "voicemail": "", "history": False},
    "paging": {"listen": []},
    "directory": {"phonebook": False, "ldap_server": ""},
    "telemetry": {"syslog_server": "", "rtcp_xr_collector": "", "action_urls": False},
    "screen": {"title": "", "wallpaper": "", "logo": ""},
    "hotel": {"name": "", "address": "", "phone": "", "room": "", "lines": []},
    "locale": {"ntp_servers": []},
    "provisioning": {"repeat_minutes": 0, "window": "", "trust_ca_url": ""},
}


@pytest.mark.parametrize("model_id", MODELS)
def test_nothing_that_is_optional_is_needed(model_id: str) -> None:
    model = load().models[model_id]
    kit = make_kit(model_id, load().main_preset(model).id, settings=EMPTY)
    for file in render(load().folder, kit):
        fields(kit.dialect.syntax, file.body)


@pytest.mark.parametrize("model_id", MODELS)
def test_no_factory_password_and_no_other_phones_secret(model_id: str) -> None:
    model = load().models[model_id]
    handsets = min(2, model.dect.handsets) if model.dect else 0
    kit = make_kit(model_id, load().main_preset(model).id, handsets=handsets)
    body = b"".join(file.body for file in render(load().folder, kit))
    if {"access", "access.admin_password"} & kit.dialect.settings:
        assert SECRETS.admin_password.get_secret_value().encode() in body
    masked = b"".join(file.body for file in render(load().folder, kit, masked=True))
    for secret in (SECRETS.admin_password, SECRETS.user_password, SECRETS.token):
        assert secret.get_secret_value().encode() not in masked
    assert b"Secret-of-" not in masked


@pytest.mark.parametrize("model_id", MODELS)
def test_no_two_files_of_a_phone_have_the_same_name(model_id: str) -> None:
    model = load().models[model_id]
    handsets = min(2, model.dect.handsets) if model.dect else 0
    files = render(
        load().folder, make_kit(model_id, load().main_preset(model).id, handsets=handsets)
    )
    names = [name.lower() for file in files for name in {file.name, *file.aliases}]
    assert sorted(names) == sorted(set(names))


COUNTS = {"fanvil": 60, "snom": 45, "yealink": 80, "gigaset": 2}


@pytest.mark.parametrize("vendor", COUNTS)
def test_as_many_models_as_were_asked_for(vendor: str) -> None:
    assert sum(m.vendor == vendor for m in load().models.values()) >= COUNTS[vendor]


@pytest.mark.parametrize("model_id", MODELS)
def test_a_model_has_a_preset_that_fits_and_sources(model_id: str) -> None:
    model = load().models[model_id]
    assert load().main_preset(model) in load().presets_for(model)
    assert all(source.covers and source.checked for source in model.sources)
