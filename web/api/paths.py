"""What addresses name: how it is read, and how the document describes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from monitors.firewall.judging import plain_address
from provisioner.mac import parse_mac

NUMBER_MAX = 2**31 - 1
_SLUG = r"^[a-z0-9][a-z0-9-]*$"
_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_WORD = r"^[^/\s\x00-\x1f]+$"
_MAC = r"^[0-9a-fA-F]{2}([:-]?[0-9a-fA-F]{2}){5}$"


@dataclass(frozen=True, slots=True)
class Name:
    """A part of an address.

    Attributes:
        read: returns its value, or None when there can be no such thing.
    """

    description: str
    read: Callable[[str], Any]
    schema: dict[str, Any] = field(default_factory=dict)


def _text(description: str, pattern: str, longest: int = 64) -> Name:
    expression = re.compile(pattern.removesuffix("$") + r"\Z")

    def read(text: str) -> str | None:
        return text if len(text) <= longest and expression.match(text) else None

    schema = {"type": "string", "pattern": pattern, "maxLength": longest}
    return Name(description, read, schema)


def _number(description: str) -> Name:
    def read(text: str) -> int | None:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(NUMBER_MAX))
        return int(text) if is_number and 0 < int(text) <= NUMBER_MAX else None

    return Name(description, read, {"type": "integer", "minimum": 1, "maximum": NUMBER_MAX})


NAMES: dict[str, Name] = {
    "site": _text("id of a site", _SLUG),
    "room": _text("id of a room of the site", _ID),
    "extension": _text("extension of an account of the site", _ID),
    "mac": Name(
        "MAC of a phone, with colons, with hyphens or bare",
        parse_mac,
        {"type": "string", "pattern": _MAC},
    ),
    "switch": _text("name of a switch of the site; without one its host", _WORD, 128),
    "server": _text("kind of a DHCP server", r"^(dnsmasq|kea|isc|mikrotik)$"),
    "vendor": _text("id of a vendor", _SLUG),
    "model": _text("id of a model, without its vendor", _SLUG),
    "preset": _text("id of a preset", _SLUG),
    "number": _number("its number"),
    "scope": _text("account, room or site", r"^(account|room|site)$"),
    "name": _text("extension, id of the room, or id of the site", _ID),
    "caller": _text(
        "a number as the site writes it, or anonymous", r"^(anonymous|\+?[0-9]{3,20})$"
    ),
    "list": _text("name of a do-not-call list", r"^[A-Za-z0-9][A-Za-z0-9_-]*$", 60),
    "address": Name(
        "an IP address",
        lambda text: plain_address(text) or None,
        {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
    ),
    "user": _text("name of a user", _WORD),
}
"""Every name that an address may hold."""
