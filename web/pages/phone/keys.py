"""The key layout of a phone, read for its page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from provisioner.errors import BellwireError
from provisioner.inventory.tables import PhoneRow
from provisioner.key_sheet import KeyLabel, KeySheet, key_sheet
from provisioner.mac import MacAddress
from web.installation import Installation
from web.labels.gathering import MOST_LANGUAGES, Request
from web.labels.links import sign
from web.labels.words import Words
from web.pages.language import gettext
from web.pages.phone.key_drawing import Face, faces
from web.pages.phone.words import KEY_TYPES

LINK_GOOD = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key of the list.

    Attributes:
        name: what stands on it, in the languages of the site.
        kind: what it does, in the language of the page.
    """

    key: KeyLabel
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class KeyPage:
    """The keys of a phone.

    Attributes:
        left_over: keys that have no place, and why.
        problem: why nothing can be shown.
    """

    room: str
    sheet: KeySheet | None = None
    faces: tuple[Face, ...] = ()
    lines: tuple[KeyLine, ...] = ()
    left_over: tuple[str, ...] = ()
    problem: str = ""


def read_keys(installation: Installation, site: str, mac: str, language: str) -> KeyPage | None:
    """Return the keys of a phone; None: the site has none of this MAC."""
    with installation.database.read() as session:
        row = session.get(PhoneRow, mac)
        if row is None or row.site_id != site:
            return None
        try:
            kit = installation.press.kit(session, MacAddress(mac))
            languages = tuple(kit.site.languages[:MOST_LANGUAGES])
            sheet = key_sheet(installation.catalogue, kit, languages)
        except BellwireError as problem:
            return KeyPage(row.room_id, problem=str(problem))
    lines = tuple(_line(key, languages, language) for key in sheet.used)
    names = {line.key.slot: line.name.split(" / ")[0] for line in lines}
    return KeyPage(
        room=row.room_id,
        sheet=sheet,
        faces=tuple(faces(sheet.keys, names, has_screen=bool(sheet.model.screen))),
        lines=lines,
        left_over=tuple(f"{left.key.type} {left.key.label}: {left.reason}"
                        for left in kit.plan.left_over),
    )  # fmt: skip


def _line(key: KeyLabel, languages: tuple[str, ...], language: str) -> KeyLine:
    texts = Words(languages).names_of(key)
    kind = Words((language,)).names_of(replace(key, labels=()))
    own = gettext(KEY_TYPES[str(key.type)]) if str(key.type) in KEY_TYPES else str(key.type)
    name = " / ".join(text.text for text in texts) or key.value
    return KeyLine(key, name, kind[0].text if kind else own)


def sheet_link(
    installation: Installation, site: str, room: str, mac: str, now: datetime
) -> str:  # fmt: skip
    """Return the signed last part of the address of the print sheet; good for an hour."""
    until = now.replace(tzinfo=UTC) + LINK_GOOD
    return sign(installation.box, Request(site, room, mac=mac), until)
