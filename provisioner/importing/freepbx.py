"""Lists of FreePBX: extensions as its Bulk Handler exports them, and which phone has which.

The Bulk Handler's columns are those of its own sample (``tools/sample bulk handler output.csv`` of
the module): ``extension, name, secret, tech, voicemail_enable, ...``. It knows no phones. What the
Endpoint Manager (commercial) exports is not described in public: a list of phones is taken by what
its columns are called: ``mac``, ``brand``, ``model``, ``extension`` and, where a phone has several
lines, ``account``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from provisioner.importing.found import Found, FoundPhone, Line, Place
from provisioner.importing.sources import Source, Table, csv_of
from provisioner.whole_numbers import whole_number

_MAC = ("mac", "mac_address", "macaddress", "mac_addr")
_BRAND = ("brand", "vendor", "manufacturer", "make")
_MODEL = ("model", "phone_model", "phonemodel", "phone_type")
_EXTENSION = ("extension", "ext", "user_extension", "luid")
_ACCOUNT = ("account", "line", "account_number", "line_number")
_NAME = ("name", "description", "display_name", "label")
_SIP = frozenset({"", "sip", "pjsip"})
_YES = frozenset({"yes", "enabled", "1", "true", "checked"})
_TAKEN = frozenset({
    "extension", "name", "secret", "tech", "voicemail_enable", "voicemail", "description",
    "action", "id", "dial", "user", "devicetype", "callerid", "mailbox", "account", "sipdriver",
})  # fmt: skip
"""Read, or FreePBX's own bookkeeping."""


@dataclass(frozen=True, slots=True)
class _Row:
    place: Place
    cells: Mapping[str, str]

    def first(self, names: Iterable[str]) -> str:
        return next((self.cells[name] for name in names if self.cells.get(name)), "")


def read_freepbx(sources: Iterable[Source]) -> Found:
    """Return what FreePBX's lists hold.

    Raises:
        SiteFileError: a file is no list.
    """
    found = Found()
    lines: dict[str, Line] = {}
    mapped: dict[str, list[_Row]] = {}
    for source in sources:
        table = csv_of(source)
        columns = set(table.columns)
        if columns & set(_MAC):
            _read_phones(source, table, mapped, found)
        elif "extension" in columns:
            _read_extensions(source, table, lines, found)
        else:
            told = "has neither a column extension (Bulk Handler) nor mac (a list of phones)"
            found.refuse(Place(source.name, table.lines[0]), told)
    used = {e for rows in mapped.values() for e in _note_phone(rows, lines, found)}
    found.accounts = [line for user, line in lines.items() if user not in used]
    return found


def _read_extensions(source: Source, table: Table, lines: dict[str, Line], found: Found) -> None:
    for number, cells in table.named():
        place = Place(source.name, number)
        user = cells.get("extension", "")
        tech = cells.get("tech", "").lower()
        if not user:
            found.refuse(place.at("extension"), "the row has none")
        elif tech not in _SIP:
            found.remarks.append(f"{place}: extension {user} is of kind {tech}: no phone has it")
        elif user in lines:
            found.refuse(place.at("extension"), f"{user} is there already")
        else:
            has_box = cells.get("voicemail_enable", "").lower() in _YES
            name = cells.get("name") or cells.get("description", "")
            lines[user] = Line(user, name, cells.get("secret", ""), "", has_box)
            for key in set(cells) - _TAKEN:
                found.leave(key)


def _read_phones(source: Source, table: Table, mapped: dict[str, list[_Row]], found: Found) -> None:
    for number, cells in table.named():
        row = _Row(Place(source.name, number), cells)
        mac = row.first(_MAC)
        if not mac:
            found.refuse(row.place.at("mac"), "the row has none")
            continue
        mapped.setdefault(re.sub(r"[\W_]", "", mac).lower(), []).append(row)
        known = {*_MAC, *_BRAND, *_MODEL, *_EXTENSION, *_ACCOUNT, *_NAME}
        for key in set(cells) - known:
            found.leave(key)


def _note_phone(rows: list[_Row], lines: Mapping[str, Line], found: Found) -> list[str]:
    """Note a phone, which has a row for each of its lines; return its extensions."""
    first = rows[0]
    ordered = sorted(rows, key=lambda row: _ordinal(row.first(_ACCOUNT)))
    users = list(dict.fromkeys(u for row in ordered if (u := row.first(_EXTENSION))))
    if not users:
        found.refuse(first.place.at("extension"), "the phone has no extension")
        return []
    brand, model = first.first(_BRAND), first.first(_MODEL)
    word = model if model.lower().startswith(brand.lower()) else f"{brand} {model}".strip()
    name = first.first(_NAME)
    mine = tuple(lines.get(user, Line(user, name)) for user in users)
    for user in users:
        if lines and user not in lines:
            found.remarks.append(
                f"{first.place}: extension {user} is not in the list of extensions"
            )
    phone = FoundPhone(first.place, first.first(_MAC), word, mine, name=name or mine[0].name)
    found.phones.append(phone)
    return users


def _ordinal(text: str) -> int:
    digits = re.search(r"[0-9]+", text)
    return whole_number(digits[0] if digits else "") or 1
