"""The hotel of the rig as a site file: three floors, three makers' switches, two voice VLANs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulators.switch_tables import Kind

SITE = "hotel-faults"
SWITCHES: tuple[tuple[str, Kind, int], ...] = (
    ("sw-1", "cisco", 20),
    ("sw-2", "radlan", 20),
    ("sw-3", "procurve", 30),
)
"""Name, maker, and the VLAN of the phones on it."""
WRONG_VLAN = 99
COMMUNITY = "public"
OUIS = {"fanvil": "0c383e", "yealink": "805ec0", "snom": "000413"}
BEDSIDE = {1: "fanvil/h5", 2: "yealink/t31p", 3: "snom/d120"}
SPARE = "8"
"""Rooms that end so have a phone in the inventory that nobody has installed yet."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A phone of the plan."""

    room: str
    template: str
    position: str
    model: str
    extension: str
    floor: int
    port: int

    @property
    def mac(self) -> str:
        """Made up: its maker's OUI, floor and port."""
        return f"{OUIS[self.model.split('/')[0]]}{self.floor:02x}{self.port:04x}"

    @property
    def is_installed(self) -> bool:
        """Whether it hangs there from the beginning."""
        return not (self.room.isdigit() and self.room[1:] >= f"0{SPARE}")


def spots(rooms: int = 6, spares: int = 2) -> tuple[Spot, ...]:
    """Return the phones of the hotel, floor by floor.

    Args:
        rooms: guest rooms of each floor, at most seven; each has two phones.
        spares: rooms of each floor whose one phone is still in its box.
    """
    found = [
        Spot("reception", "reception", "desk", "yealink/t46u", "100", 1, 1),
        Spot("office", "office", "desk", "snom/d717", "101", 1, 2),
        Spot("main-door", "door", "door", "fanvil/i30", "700", 1, 3),
        Spot("corridor-2", "corridor", "wall", "yealink/t19p-e2", "420", 2, 1),
        Spot("corridor-3", "corridor", "wall", "snom/715", "430", 3, 1),
    ]
    for floor, model in BEDSIDE.items():
        port = max((s.port for s in found if s.floor == floor), default=0)
        for number in range(1, rooms + 1):
            room = f"{floor}{number:02}"
            found += [
                Spot(
                    room, "guest-room", "bedside", model, f"2{room}", floor, port + 2 * number - 1
                ),
                Spot(
                    room,
                    "guest-room",
                    "bathroom",
                    "fanvil/h2u-v2",
                    f"2{room}",
                    floor,
                    port + 2 * number,
                ),
            ]
        for number in range(spares):
            room = f"{floor}{8 + number:02}"
            found.append(Spot(room, "guest-room", "bedside", model, f"2{room}", floor, 20 + number))
    return tuple(sorted(found, key=lambda s: (s.floor, s.port)))


def site(
    phones: tuple[Spot, ...],
    url: str,
    switches: dict[str, str],
    changes: dict[str, Any],
) -> dict[str, Any]:
    """Return the site file.

    Args:
        phones: of the hotel.
        url: of bellwire.
        switches: where their agents listen, by name.
        changes: top-level parts with other values, such as ``sip`` and ``pbx``.
    """
    rooms: dict[str, dict[str, Any]] = {}
    for spot in phones:
        room = rooms.setdefault(
            spot.room,
            {
                "id": spot.room, "floor": str(spot.floor), "template": spot.template,
                "extension": spot.extension, "phones": {}, "settings": _settings(spot.floor),
            },
        )  # fmt: skip
        room["phones"][spot.position] = {"model": spot.model, "mac": spot.mac}
    made = {
        "id": SITE, "name": "Hotel Faults", "country": "ES", "timezone": "Europe/Madrid",
        "languages": ["es", "en"], "url": url, "networks": ["127.20.0.0/16", "127.30.0.0/16"],
        "sip": {"registrar": "pbx.faults.example", "port": 5060, "transport": "udp", "expires_s": 600},
        "numbers": {
            "reception": "100", "emergency": "112", "housekeeping": "107", "room_service": "108",
            "spa": "109", "wake_up": "*55", "voicemail": "*97",
        },
        "settings": {"network": {"vlan_id": 20}},
        "monitoring": {"digest_at": None},
        "switches": [
            {"host": at, "name": name, "snmp": {"version": "2c", "community": COMMUNITY}}
            for name, at in switches.items()
        ],
        "rooms": list(rooms.values()),
    }  # fmt: skip
    return {"sites": [{**made, **changes}]}


def _settings(floor: int) -> dict[str, Any]:
    """Floors differ: on the second phones report by action URL, on the third they obey their
    registrar only, as they do when nobody says otherwise."""
    made: dict[str, Any] = {"sip": {"only_from_registrar": floor == 3}}
    if floor == 2:
        made["telemetry"] = {"action_urls": True}
    if floor == 3:
        made["network"] = {"vlan_id": 30}
    return made
