"""Where a phone stands, as messages say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A phone's place.

    Attributes:
        room: its id, such as ``214``.
        room_name: as people say it; empty: it is only a number.
        position: id of the position: ``bathroom``.
        position_name: in the site's language; empty when the room has but one phone.
        switch: name of the switch that feeds it, as far as known.
    """

    mac: str
    room: str
    position: str
    preset: str
    room_name: str = ""
    position_name: str = ""
    switch: str = ""
