"""What a Fanvil device makes of the parameters in its flash memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from web.simulated.device import SimAccount, SimKey
from web.simulated.fanvil_flash import Flash

_MEMORY = re.compile(r"(?P<number>[^@]*)@(?P<line>-?\d+)/(?P<kind>b[abcf]|[ficam])(?P<rest>.*)")
_MEMORY_KINDS = {
    "f": "speed_dial",
    "i": "intercom",
    "c": "park",
    "a": "forward",
    "m": "voicemail",
}
_EVENTS = {
    "F_MWI": "voicemail",
    "F_DND": "dnd",
    "F_PICKUP": "pickup",
    "F_CFWD": "forward",
    "F_B_TRANSFER": "transfer",
    "F_RECORD": "record",
    "F_REC": "record",
    "F_LDAPCONTACTS:0": "directory",
    "F_LDAP:1": "directory",
}
_DTMF = {"0": "inband", "1": "rfc4733", "2": "info", "3": "auto"}
_SIP = "SIP CONFIG MODULE"


@dataclass(frozen=True, slots=True)
class KeyBlock:
    """A run of keys as a device has them.

    Attributes:
        slot: bellwire's name of the group.
        heading: sub-heading, with ``{page}`` where there are pages; empty in the old syntax.
        name: what the parameters begin with, ``Fkey`` or ``SoftFkey``.
        shown: the parameter that says how many of its pages are shown; empty: all.
    """

    slot: str
    heading: str
    name: str
    per_page: int
    pages: int = 1
    shown: str = ""


def accounts(flash: Flash, count: int, transports: Mapping[str, str]) -> tuple[SimAccount, ...]:
    """Return the lines that register."""
    return tuple(
        _account(flash, n, transports)
        for n in range(1, count + 1)
        if flash.get((_SIP, "", f"SIP{n} Enable Reg")) == "1"
        and flash.get((_SIP, "", f"SIP{n} Phone Number"))
    )


def _account(flash: Flash, number: int, transports: Mapping[str, str]) -> SimAccount:
    def value(name: str, default: str = "") -> str:
        return flash.get((_SIP, "", f"SIP{number} {name}"), default)

    return SimAccount(
        number=number,
        user=value("Phone Number"),
        auth_user=value("Register User") or value("Phone Number"),
        secret=value("Register Pswd"),
        server=value("Register Addr"),
        port=int(value("Register Port", "5060")),
        transport=transports.get(value("Transport", "0"), "udp"),
        display_name=value("Display Name"),
        expires_s=int(value("Register TTL", "3600")),
        mwi=value("Subscribe") == "1",
        hotline=value("Hotline Num") if value("Enable Hotline") == "1" else "",
        auto_answer=value("Auto Answer") == "1",
        dtmf=_DTMF.get(value("DTMF Mode", "3"), "auto"),
    )


def keys(flash: Flash, module: str, blocks: tuple[KeyBlock, ...]) -> tuple[SimKey, ...]:
    """Return the keys that do something, by the device's own counting."""
    return tuple(key for block in blocks for key in _block(flash, module, block))


def _block(flash: Flash, module: str, block: KeyBlock) -> Iterator[SimKey]:
    told = flash.get((module, "", block.shown), "1") if block.shown else str(block.pages)
    for page in range(1, min(block.pages, int(told)) + 1):
        heading = block.heading.format(page=page)
        for k in range(1, block.per_page + 1):
            slot = f"{block.slot}-{(page - 1) * block.per_page + k}"
            key = _key(slot, [
                flash.get((module, heading, f"{block.name}{k} {part}"), "")
                for part in ("Type", "Value", "Title")
            ])  # fmt: skip
            if key is not None:
                yield key


def _key(slot: str, parts: list[str]) -> SimKey | None:
    kind, value, label = parts
    if kind == "1":
        return _memory_key(slot, value, label)
    if kind == "2" and value.removeprefix("SIP").isdigit():
        return SimKey(slot, "line", label=label, account=int(value.removeprefix("SIP")))
    if kind == "3":
        return SimKey(slot, _EVENTS.get(value, "unknown"), label=label)
    if kind == "14":
        return SimKey(slot, "paging", value.rsplit("/", 1)[0], label)
    if kind == "21":
        return SimKey(slot, "directory", label=label)
    plain = {"4": "dtmf", "7": "url"}.get(kind)
    return SimKey(slot, plain, value, label) if plain else None


def _memory_key(slot: str, value: str, label: str) -> SimKey | None:
    match = _MEMORY.fullmatch(value)
    if match is None or not match["number"]:
        return None
    account = max(int(match["line"]), 1)
    if match["kind"].startswith("b"):
        return SimKey(slot, "blf", match["number"], label, account, match["rest"])
    return SimKey(slot, _MEMORY_KINDS[match["kind"]], match["number"], label, account)


def daylight(flash: Flash, module: str, edge: str) -> tuple[int, int, int, int]:
    """Return month, week, weekday and hour of a daylight change; ``edge``: Start or End."""

    def value(part: str) -> int:
        return int(flash.get((module, "", f"DST {edge} {part}"), "0"))

    return value("Mon"), value("Week"), value("Wday"), value("Hour")


def multicast(flash: Flash) -> tuple[str, ...]:
    """Return the groups listened to, most important first."""
    module = "MCAST CFG MODULE"
    found = []
    for n in range(1, 11):
        host = flash.get((module, "", f"MCAST{n} Host"), "")
        port = flash.get((module, "", f"MCAST{n} Port"), "0")
        if host and port != "0":
            found.append(f"{host}:{port}")
    return tuple(found)
