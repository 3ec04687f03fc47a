"""Exports of wazo-provd (and of xivo-provd before it): devices and configs as JSON.

The form is that of its REST API, ``/dev_mgr/devices`` and ``/cfg_mgr/configs``, as its published
API description has it (``provd/rest/api/api.yml``, schemas Device and Config): a device names its
config; a config has ``parent_ids`` and ``raw_config`` with ``sip_lines`` and ``funckeys``. Its
older storage, a file with one such document each below ``jsondb``, is the same without a frame.
Function keys are of type ``speeddial``, ``blf`` or ``park``; parents are merged depth first, what
is nearer to the device wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.importing.found import Found, FoundKey, FoundPhone, Json, Line, Place
from provisioner.importing.sources import Source, json_of
from provisioner.importing.wazo_settings import LINE_KEYS, head_of, settings_of
from provisioner.key_types import KeyType
from provisioner.layers import merged
from provisioner.whole_numbers import whole_number

_KEYS = {"speeddial": KeyType.SPEED_DIAL, "blf": KeyType.BLF, "park": KeyType.PARK}
_DEVICE = frozenset({
    "id", "mac", "vendor", "model", "config", "description", "plugin", "version", "ip", "added",
    "configured", "is_new", "tenant_uuid", "sn", "uuid", "remote_state_sip_username",
})  # fmt: skip
"""Keys of a device that are read, or are wazo's own bookkeeping."""


def read_wazo(sources: Iterable[Source]) -> Found:
    """Return what wazo's devices and configs hold.

    Raises:
        SiteFileError: a file is no JSON.
    """
    found = Found()
    devices: list[tuple[Place, Json]] = []
    configs: dict[str, tuple[Place, Json]] = {}
    for source in sources:
        for place, document in _documents(Place(source.name), json_of(source), found):
            if "raw_config" in document:
                configs[str(document.get("id", ""))] = (place, document)
            else:
                devices.append((place, document))
    if not devices and not found.problems:
        found.refuse(Place("the export"), "holds no device: give the answer of /dev_mgr/devices")
    heads = [_phone(place, device, configs, found) for place, device in devices]
    found.head = _agreed([head for head in heads if head is not None])
    return found


def _documents(place: Place, data: Any, found: Found) -> Iterator[tuple[Place, Json]]:  # noqa: ANN401
    """Devices and configs, in whichever frame they are."""
    if isinstance(data, list):
        for number, each in enumerate(data):
            yield from _documents(place.at(number), each, found)
    elif not isinstance(data, dict):
        found.refuse(place, "is no device and no config")
    elif frames := [name for name in ("devices", "configs", "device", "config") if name in data]:
        inner = [name for name in frames if isinstance(data[name], (list, dict))]
        for name in inner:
            yield from _documents(place.at(name), data[name], found)
        if not inner:  # a device names its config by a text
            yield place, data
    elif "raw_config" in data or "mac" in data or "plugin" in data:
        yield place, data
    else:
        found.refuse(place, "is no device (mac, model, config) and no config (id, raw_config)")


def _phone(
    place: Place, device: Json, configs: Mapping[str, tuple[Place, Json]], found: Found
) -> Json | None:
    """Note the phone of a device; return what its config says of the site."""
    called = str(device.get("mac") or device.get("id") or "a device")
    name = device.get("config")
    if not name:
        found.remarks.append(f"{called} has no configuration: it waits for somebody, as in wazo")
        return None
    if str(name) not in configs:
        told = f"there is no config {str(name)!r} in these files: export /cfg_mgr/configs too"
        found.refuse(place.at("config"), told)
        return None
    for key in set(device) - _DEVICE:
        found.leave(f"device.{key}")
    if not device.get("mac"):
        found.refuse(place.at("mac"), "the device has no MAC address")
        return None
    raw = _raw(str(name), configs, found, ())
    lines = tuple(_lines(configs[str(name)][0], raw, found))
    if not lines:
        told = "has a configuration without lines (autoprov): nobody has given it to a room"
        found.remarks.append(f"{called} {told}")
        return None
    words = (device.get("vendor"), device.get("model"))
    model = " ".join(str(word) for word in words if word)
    keys = tuple(_keys(configs[str(name)][0], raw, found))
    settings = settings_of(raw, found)
    description = str(device.get("description") or "")
    found.phones.append(FoundPhone(
        place, str(device["mac"]), model, lines, keys, settings,
        name=description or lines[0].name,
    ))  # fmt: skip
    return head_of(raw)


def _raw(
    name: str,
    configs: Mapping[str, tuple[Place, Json]],
    found: Found,
    above: tuple[str, ...],
) -> Json:
    """The configuration of a config with all that it inherits."""
    if name not in configs or name in above:
        told = f"parent config {name!r} " + ("is its own parent" if name in above else "is missing")
        if told not in found.remarks:
            found.remarks.append(told)
        return {}
    place, config = configs[name]
    parents = config.get("parent_ids") or [config.get("parent_id")]
    made: Json = {}
    for parent in parents if isinstance(parents, list) else ():
        if parent:
            made = merged(made, _raw(str(parent), configs, found, (*above, name)))
    own = config.get("raw_config")
    if not isinstance(own, dict):
        found.refuse(place.at("raw_config"), "must be an object")
        return made
    return merged(made, own)


def _numbered(place: Place, raw: Json, part: str, found: Found) -> Iterator[tuple[Place, Json]]:
    """The entries of ``sip_lines`` or ``funckeys``, in the order of their numbers."""
    entries = raw.get(part) or {}
    here = place.at("raw_config", part)
    if not isinstance(entries, dict) or not all(str(number).isdigit() for number in entries):
        found.refuse(here, 'must be an object by number: {"1": {...}}')
        return
    for number in sorted(entries, key=int):
        if isinstance(entries[number], dict):
            yield here.at(number), entries[number]
        elif entries[number] is not None:
            found.refuse(here.at(number), "must be an object")


def _lines(place: Place, raw: Json, found: Found) -> Iterator[Line]:
    for here, line in _numbered(place, raw, "sip_lines", found):
        user = str(line.get("username") or line.get("auth_username") or "")
        if not user:
            found.refuse(here.at("username"), "the line has no user name")
            continue
        if str(line.get("auth_username") or user) != user:
            found.leave("sip_lines.auth_username (it is another than username)")
        for key in set(line) - LINE_KEYS:
            found.leave(f"sip_lines.{key}")
        yield Line(
            user, str(line.get("display_name") or ""), str(line.get("password") or ""),
            str(line.get("number") or ""), bool(line.get("voicemail")),
        )  # fmt: skip


def _keys(place: Place, raw: Json, found: Found) -> Iterator[FoundKey]:
    for here, key in _numbered(place, raw, "funckeys", found):
        kind, value = str(key.get("type") or ""), str(key.get("value") or "")
        if kind not in _KEYS:
            found.leave(f"funckeys of type {kind}")
        elif not value:
            found.refuse(here.at("value"), f"a key of type {kind} needs a number")
        else:
            line = str(key.get("line") or "1")
            account = whole_number(line) or 1
            yield FoundKey(_KEYS[kind], value, str(key.get("label") or ""), max(account, 1))


def _agreed(heads: list[Json]) -> Json:
    """What all phones say alike of the site."""
    first = heads[0] if heads else {}
    return {n: v for n, v in first.items() if all(head.get(n) == v for head in heads)}
