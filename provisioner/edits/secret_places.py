"""Where documents hold secrets: taking them out, and putting those that are kept back in. Pure.

A secret is never in a document that is read. One that is left out of a document that is written
keeps its value; one that is null is removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from provisioner.inventory.site_yaml import Path_
from provisioner.layers import secret_settings
from provisioner.render import hide_secret_parameters

Json = dict[str, Any]

_SWITCH = (
    ("snmp", "community"), ("snmp", "auth"), ("snmp", "priv"),
    ("snmp", "write", "community"), ("snmp", "write", "auth"), ("snmp", "write", "priv"),
    ("ssh", "password"), ("ssh", "enable_secret"),
)  # fmt: skip
_PBX = (("ami", "secret"), ("event_socket", "password"))
_MONITORING = (("webhook", "url"), ("webhook", "secret"))
_HOSTS = ("ami", "rpc", "event_socket")


def secrets_of_head(document: Mapping[str, Any]) -> Iterator[Path_]:
    """Where a site's head holds secrets."""
    yield from (("sip", *path) for path in _of_layer({"sip": document.get("sip")}, below="sip"))
    yield from (("settings", *path) for path in _of_layer(document.get("settings")))
    for part in ("presets", "room_templates"):
        for name, template in (document.get(part) or {}).items():
            here = (part, name, "settings")
            yield from ((*here, *path) for path in _of_layer(template.get("settings")))
    for number, switch in enumerate(document.get("switches") or ()):
        yield from (("switches", number, *path) for path in _there(switch, _SWITCH))
    yield from (("pbx", *path) for path in _there(document.get("pbx"), _PBX))
    yield from (("monitoring", *path) for path in _there(document.get("monitoring"), _MONITORING))


def secrets_of_room(document: Mapping[str, Any]) -> Iterator[Path_]:
    """Where a room holds secrets."""
    yield from (("settings", *path) for path in _of_layer(document.get("settings")))
    for position, phone in (document.get("phones") or {}).items():
        here = ("phones", position, "settings")
        yield from ((*here, *path) for path in _of_layer(phone.get("settings")))


def secrets_of_account(document: Mapping[str, Any]) -> Iterator[Path_]:
    """Where an account holds its secret."""
    return _there(document, (("secret",),))


def without(document: Mapping[str, Any], paths: Iterable[Path_]) -> Json:
    """Return a document without the values at these paths; without any, it is the same one."""
    places = list(paths)
    if not places:
        return document if isinstance(document, dict) else dict(document)
    made: Json = _copy(document)
    for path in places:
        _inside(made, path[:-1]).pop(path[-1], None)
    return made


def kept_in_head(new: Mapping[str, Any], stored: Mapping[str, Any]) -> Json:
    """Return parts of a head with the secrets that they leave out, from the stored head.

    The secrets of a switch and of a PBX are kept only while its host stays the same: they are
    never sent to another one because somebody wrote its address.
    """
    made: Json = _copy(new)
    for part in ("sip", "settings"):
        if isinstance(made.get(part), dict):
            made[part] = kept_in_layer(made[part], stored.get(part), "sip" if part == "sip" else "")
    for part in ("presets", "room_templates"):
        for name, template in _dicts(made.get(part)):
            old = (stored.get(part) or {}).get(name) or {}
            _keep_settings(template, old)
    _keep_switches(made.get("switches"), stored.get("switches") or ())
    _keep_pbx(made.get("pbx"), stored.get("pbx"))
    _keep(made.get("monitoring"), stored.get("monitoring"), _MONITORING)
    return made


def kept_in_room(new: Mapping[str, Any], stored: Mapping[str, Any], phones: Json) -> Json:
    """Return a room with the secrets that it leaves out.

    Args:
        new: the room as written.
        stored: the room as it is, empty when it is new.
        phones: documents of phones as they are, by MAC in lower case without marks.
    """
    made: Json = _copy(new)
    _keep_settings(made, stored)
    for _, phone in _dicts(made.get("phones")):
        mac = "".join(c for c in str(phone.get("mac", "")).lower() if c.isalnum())
        _keep_settings(phone, phones.get(mac) or {})
    return made


def kept_in_layer(new: Json, stored: object, below: str = "") -> Json:
    """Return a layer with the secrets that it leaves out; null removes one.

    Args:
        new: the layer as written.
        stored: as it is.
        below: the section that both are the inside of, or empty.
    """
    if isinstance(stored, dict):
        for path in _of_layer({below: stored} if below else stored, below=below):
            _put_back(new, stored, path)
    for path in _nulls(new, (below,) if below else ()):
        _take_out(new, path)
    return new


def _put_back(new: Json, stored: Json, path: Path_) -> None:
    into, old = new, stored
    for part in path[:-1]:
        old = old[part]  # type: ignore[index]
        inner = into.setdefault(part, {})  # type: ignore[arg-type]
        if not isinstance(inner, dict):
            return  # somebody wrote another thing here: null, or something that is refused later
        into = inner
    into.setdefault(path[-1], old[path[-1]])  # type: ignore[arg-type, index]


def _nulls(layer: Json, above: tuple[str, ...]) -> list[Path_]:
    """Where a layer says null for a secret, or for a section that may hold one."""
    found: list[Path_] = []
    secret = secret_settings()
    prefixes = {path[:n] for path in secret for n in range(1, len(path) + 1)} | {("raw",)}
    for name, value in layer.items():
        here = (*above, name)
        if value is None and (here in prefixes or here[0] == "raw"):
            found.append((name,))
        elif isinstance(value, dict):
            found += [(name, *path) for path in _nulls(value, here)]
    return found


def _take_out(layer: Json, path: Path_) -> None:
    """Remove a value, and the sections that it leaves empty."""
    name = str(path[0])
    if len(path) > 1:
        _take_out(layer[name], path[1:])
    if len(path) == 1 or not layer[name]:
        layer.pop(name)


def _of_layer(layer: object, *, below: str = "") -> Iterator[Path_]:
    """Where a layer holds secrets: those of the settings, and vendor parameters that sound so."""
    if not isinstance(layer, dict):
        return
    start = 1 if below else 0
    for path in secret_settings():
        if _inside(layer, path) is not None:
            yield path[start:]
    for dialect, given in _dicts(layer.get("raw")):
        named = {name: str(value) for name, value in given.items()}
        hidden = hide_secret_parameters(named)
        yield from (("raw", dialect, n) for n, v in hidden.items() if isinstance(v, SecretStr))


def _there(document: object, paths: Iterable[tuple[str, ...]]) -> Iterator[Path_]:
    for path in paths:
        if _inside(document, path) is not None:
            yield path


def _keep_settings(new: Json, stored: Mapping[str, Any]) -> None:
    settings = new.get("settings")
    if settings is None and stored.get("settings"):
        settings = new["settings"] = {}
    if isinstance(settings, dict):
        kept_in_layer(settings, stored.get("settings"))
        if not settings:
            new.pop("settings")


def _keep_switches(new: object, stored: Iterable[Mapping[str, Any]]) -> None:
    by_host = {switch["host"]: switch for switch in stored}
    for switch in new if isinstance(new, list) else ():
        old = by_host.get(switch.get("host")) if isinstance(switch, dict) else None
        if old is not None:
            _keep(switch, old, [path for path in _SWITCH if _asks_alike(switch, old, path)])


def _asks_alike(new: Json, old: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    """Whether a switch is still asked by the same version and user that a secret is of."""
    for depth in range(1, len(path)):
        one, other = _inside(new, path[:depth]), _inside(old, path[:depth])
        if not (_same(one, other, "version") and _same(one, other, "user")):
            return False
        if not _same(one, other, "username"):
            return False
    return True


def _inside(value: Any, path: Path_) -> Any:  # noqa: ANN401 - any JSON
    for part in path:
        if isinstance(value, list) and isinstance(part, int):
            value = value[part]
        else:
            value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _same(one: object, other: object, name: str) -> bool:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return False
    return bool(str(one.get(name) or "") == str(other.get(name) or ""))


def _keep_pbx(new: object, stored: object) -> None:
    if not isinstance(new, dict) or not isinstance(stored, dict):
        return
    for part in _HOSTS:
        one, other = new.get(part), stored.get(part)
        if isinstance(one, dict) and isinstance(other, dict) and _same(one, other, "host"):
            _keep(new, stored, [path for path in _PBX if path[0] == part])


def _keep(new: object, stored: object, paths: Iterable[tuple[str, ...]]) -> None:
    """Fill in what is left out where the part around it is written."""
    if not isinstance(new, dict):
        return
    for path in _there(stored, paths):
        into = _inside(new, path[:-1])
        if isinstance(into, dict):
            into.setdefault(path[-1], _inside(stored, path))
    for path in paths:
        around = _inside(new, path[:-1])
        if isinstance(around, dict) and around.get(path[-1], "") is None:
            around.pop(path[-1])


def _dicts(value: object) -> list[tuple[str, Json]]:
    if not isinstance(value, dict):
        return []
    return [(name, inner) for name, inner in value.items() if isinstance(inner, dict)]


def _copy(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Copy nested values; a number keeps the text it was written with."""
    if isinstance(value, Mapping):
        return {name: _copy(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copy(inner) for inner in value]
    return value
