"""The secrets inside layers of settings: encrypted before they are stored.

A layer is plain JSON. What ``PhoneSettings`` calls a secret, and every raw vendor parameter (it may
hold a password), is stored as ``{"sealed": "..."}``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from provisioner.layers import secret_settings
from provisioner.secrets import Box

Json = dict[str, Any]
_SEALED = "sealed"


def sealed_layer(layer: Mapping[str, Any], box: Box) -> Json:
    """Return a layer as it is stored; numbers lose the text they were written with."""
    plain: Json = json.loads(json.dumps(layer))
    return _seal(plain, (), box)


def opened_layer(layer: Json, box: Box) -> Json:
    """Return a stored layer with its secrets in the clear; raises SecretsError."""
    return _each_sealed(layer, lambda text: box.open(text).get_secret_value())


def resealed_layer(layer: Json, box: Box) -> Json:
    """Return a stored layer encrypted with the newest key; raises SecretsError."""
    return _each_sealed(layer, lambda text: {_SEALED: box.reseal(text)})


def _seal(layer: Json, path: tuple[str, ...], box: Box) -> Json:
    made: Json = {}
    for name, value in layer.items():
        here = (*path, name)
        is_secret = here in secret_settings() or here[0] == "raw"
        if isinstance(value, dict):
            made[name] = _seal(value, here, box)
        elif isinstance(value, str) and is_secret:
            made[name] = {_SEALED: box.seal(value)}
        else:
            made[name] = value
    return made


def _each_sealed(layer: Json, then: Callable[[str], Any]) -> Json:
    made: Json = {}
    for name, value in layer.items():
        if not isinstance(value, dict):
            made[name] = value
        elif value.keys() == {_SEALED} and isinstance(value[_SEALED], str):
            made[name] = then(value[_SEALED])
        else:
            made[name] = _each_sealed(value, then)
    return made
