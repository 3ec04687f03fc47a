"""A Fanvil device's memory: parameters by module, sub-heading and name.

Text and XML write one name differently (``Phone Number``, ``PhoneNumber``), so blanks do not
count when a parameter is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping

Place = tuple[str, str, str]
"""Module, sub-heading and name of a parameter; outside the key module there is no sub-heading."""


class Flash:
    """What a device has been told, the last value of each parameter."""

    def __init__(self) -> None:
        self._values: dict[Place, str] = {}
        self._names: dict[Place, Place] = {}

    def write(self, values: Mapping[Place, str]) -> bool:
        """Take values over; returns whether any of them is another one than before."""
        changed = False
        for place, value in values.items():
            key = _key(place)
            changed = changed or self._values.get(key) != value
            self._values[key] = value
            self._names[key] = place
        return changed

    def get(self, place: Place, default: str = "") -> str:
        """Return a parameter's value."""
        return self._values.get(_key(place), default)

    def named(self) -> dict[str, str]:
        """Return every parameter under its name as written: ``<MODULE> --heading-- name``."""
        return {_shown(self._names[key]): value for key, value in self._values.items()}


def _key(place: Place) -> Place:
    module, heading, name = place
    return module, heading, "".join(name.split())


def _shown(place: Place) -> str:
    module, heading, name = place
    return f"<{module}> --{heading}-- {name}" if heading else f"<{module}> {name}"
