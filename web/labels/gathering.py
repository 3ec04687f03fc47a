"""From a data folder to what is printed: which phones, their sheets, and the printout."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.errors import BellwireError, SecretsError, UnknownThingError
from provisioner.inventory.phones import phone_row, require_site
from provisioner.inventory.tables import PhoneRow, RoomRow, SiteRow
from provisioner.key_sheet import KeySheet, key_sheet
from provisioner.mac import MacAddress, parse_mac
from provisioner.room_card import room_card
from web.installation import Installation
from web.labels.cards import CardPage, card_pages
from web.labels.packing import PAPERS, pack
from web.labels.page import Printout
from web.labels.pieces import Kind, Piece, Wish, kinds_for, pieces
from web.labels.words import Words

MOST_LANGUAGES = 3


@dataclass(frozen=True, slots=True)
class Request:
    """Which sheets are wanted; empty fields choose everything.

    Attributes:
        languages: empty: the first three of the site.
        width_mm: of what is cut out, as ``height_mm``; None: as in the vendor data.
    """

    site: str
    room: str = ""
    floor: str = ""
    mac: str = ""
    model: str = ""
    kinds: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    paper: str = "a4"
    width_mm: float | None = None
    height_mm: float | None = None

    @property
    def name(self) -> str:
        """What the request is about, as part of a file name."""
        parts = (self.site, self.floor and f"floor-{self.floor}", self.room, self.mac)
        return re.sub(r"[^\w.-]+", "-", "-".join(filter(None, parts)))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The printout, and sentences about what is not as it could be."""

    printout: Printout
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Sheets:
    all: list[KeySheet] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def request_for(installation: Installation, what: str) -> Request:
    """Return the request for a MAC, a site, a room (``214``), or a site's room (``casa/214``).

    Raises:
        UnknownThingError: nothing is called so, or more than one room.
    """
    mac = parse_mac(what)
    with installation.database.read() as session:
        if mac is not None:
            row = phone_row(session, mac)
            return Request(row.site_id, row.room_id, mac=str(mac))
        site, _, room = what.partition("/")
        if room:
            require_site(session, site)
            return Request(site, room)
        query = select(RoomRow.site_id).where(RoomRow.id == what)
        sites = sorted(session.scalars(query))
        if session.get(SiteRow, what) is not None:
            return Request(what)
        if len(sites) == 1:
            return Request(sites[0], what)
        if sites:
            named = ", ".join(f"{each}/{what}" for each in sites)
            raise UnknownThingError(f"several sites have a room {what!r}; say which: {named}")
    raise UnknownThingError(f"no site, room or phone is called {what!r}; see bellwire status")


def gather(installation: Installation, request: Request) -> Gathered:
    """Read what a request asks for, and lay it out.

    Raises:
        UnknownThingError: there is no such site, room or phone, or nothing to be printed.
        InventoryError: a piece does not fit on the paper.
    """
    with installation.database.read() as session:
        site = require_site(session, request.site)
        languages = request.languages or tuple(site.languages[:MOST_LANGUAGES])
        macs = _macs(session, request)
        sheets = _sheets(installation, session, macs, languages)
        title = site.name
    words = Words(languages)
    wish = Wish(
        paper=PAPERS[request.paper],
        kinds=frozenset(map(Kind, request.kinds)),
        width_mm=request.width_mm,
        height_mm=request.height_mm,
        alone=len(macs) == 1,
    )
    catalogue = installation.catalogue
    found = [p for sheet in sheets.all for p in pieces(catalogue, sheet, wish, words)]
    found.sort(key=lambda piece: (piece.kind, -piece.height_mm, piece.width_mm))
    cards = _cards(installation, sheets.all, wish, words)
    if not found and not cards:
        raise UnknownThingError("; ".join(sheets.notes) or f"nothing to print for {request.name}")
    printout = Printout(title, wish.paper, words, pack(found, wish.paper), cards)
    return Gathered(printout, (*sheets.notes, *_remarks(found)))


def _macs(session: Session, request: Request) -> list[MacAddress]:
    query = select(PhoneRow, RoomRow.floor).join(RoomRow).where(PhoneRow.site_id == request.site)
    if request.room:
        query = query.where(PhoneRow.room_id == request.room)
    if request.floor:
        query = query.where(RoomRow.floor == request.floor)
    if request.mac:
        query = query.where(PhoneRow.mac == request.mac)
    if request.model:
        query = query.where(PhoneRow.model == request.model)
    rows = [(row.PhoneRow, row.floor) for row in session.execute(query)]
    if not rows:
        raise UnknownThingError(_nobody(request))
    rows.sort(key=lambda r: (_natural(r[1]), _natural(r[0].room_id), r[0].position))
    return [MacAddress(phone.mac) for phone, _ in rows]


def _nobody(request: Request) -> str:
    """Say what was looked for in vain."""
    parts = [
        f"site {request.site}",
        f"room {request.room}" if request.room else "",
        f"floor {request.floor}" if request.floor else "",
        f"model {request.model}" if request.model else "",
        f"MAC {request.mac}" if request.mac else "",
    ]
    return f"there is no phone in {', '.join(part for part in parts if part)}"


def _natural(text: str) -> list[tuple[int, str]]:
    """Order that puts room 9 before room 10."""
    parts = re.findall(r"-?\d+|\D+", text)
    return [(int(p), "") if re.fullmatch(r"-?\d+", p) else (0, p) for p in parts]


def _sheets(
    installation: Installation,
    session: Session,
    macs: Sequence[MacAddress],
    languages: tuple[str, ...],
) -> _Sheets:
    """One phone that cannot be resolved is noted; the others are printed all the same."""
    made = _Sheets()
    for mac in macs:
        try:
            kit = installation.press.kit(session, mac)
            sheet = key_sheet(installation.catalogue, kit, languages)
        except SecretsError:
            raise
        except BellwireError as problem:
            made.notes.append(f"{mac.colons} is left out: {problem}")
            continue
        made.all.append(sheet)
        if sheet.hidden:
            made.notes.append(f"{mac.colons}: a text that holds one of its secrets is left out")
    return made


def _cards(
    installation: Installation, sheets: Sequence[KeySheet], wish: Wish, words: Words
) -> list[CardPage]:
    pages: list[CardPage] = []
    for _, group in groupby(sheets, key=lambda sheet: sheet.room_id):
        room = list(group)
        if any(Kind.CARD in kinds_for(installation.catalogue, sheet, wish) for sheet in room):
            pages += card_pages(room_card(room), wish.paper, words)
    return pages


def _remarks(found: Sequence[Piece]) -> list[str]:
    guessed = {piece.model for piece in found if not piece.measured}
    notes = [
        f"the size of the paper of {model} is not verified: measure one, and use "
        "--width-mm and --height-mm"
        for model in sorted(guessed)
    ]
    notes += [f"a text is too long for its place: {p.caption}" for p in found if not p.whole]
    return notes
