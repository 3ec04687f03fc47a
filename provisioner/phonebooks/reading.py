"""A site's phone book out of the database, and whether a phone may have it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.assembly import place_of
from provisioner.catalogue.loader import Catalogue
from provisioner.errors import InventoryError
from provisioner.inventory import store
from provisioner.inventory.records import Site
from provisioner.inventory.tables import AccountRow, PhoneRow, RoomRow, SiteRow
from provisioner.mac import MacAddress
from provisioner.phonebooks.entries import Book, entry, sorted_entries
from provisioner.phonebooks.guests import Use, is_listed, of_guests
from provisioner.resolve import resolve, site_settings
from provisioner.secrets import Box
from provisioner.settings import Directory


def read_book(session: Session, box: Box, catalogue: Catalogue, site_id: str) -> Book | None:
    """Return a site's phone book; None: there is no such site."""
    row = session.get(SiteRow, site_id)
    if row is None:
        return None
    site = store.site_of(row, box)
    guests = of_guests(_uses(session, catalogue, site))
    query = select(AccountRow.extension, AccountRow.name, AccountRow.listed)
    accounts = (
        entry(name, extension)
        for extension, name, listed in session.execute(query.where(AccountRow.site_id == site_id))
        if is_listed(listed, extension, guests)
    )
    contacts = (entry(c.name, c.number, c.group) for c in site.phonebook)
    return Book(_title(site), site.languages, sorted_entries(accounts, contacts))


def may_have_book(session: Session, box: Box, catalogue: Catalogue, mac: MacAddress) -> bool:
    """Whether a phone's settings give it the phone book.

    Raises:
        BellwireError: its settings cannot be resolved.
    """
    row = session.get(PhoneRow, str(mac))
    if row is None:
        return False
    site = store.site_of(session.get_one(SiteRow, row.site_id), box)
    room = store.room_of(session.get_one(RoomRow, (row.site_id, row.room_id)), box)
    place = place_of(catalogue, site, room, store.phone_of(row, box))
    return resolve(place).settings.directory.phonebook


def _uses(session: Session, catalogue: Catalogue, site: Site) -> Iterator[Use]:
    """Every room, phone and handset that uses an extension."""
    for_guests: set[str] = set()
    rooms = select(RoomRow.id, RoomRow.template, RoomRow.extension)
    for room_id, template_id, extension in session.execute(rooms.where(RoomRow.site_id == site.id)):
        template = site.room_templates.get(template_id) or catalogue.rooms.get(template_id)
        if template is not None and template.guests:
            for_guests.add(room_id)
        if extension and template is not None:  # without a template its phones tell
            yield Use(extension, template.guests)
    phones = select(PhoneRow.room_id, PhoneRow.preset, PhoneRow.accounts, PhoneRow.handsets)
    for row in session.execute(phones.where(PhoneRow.site_id == site.id)):
        preset = site.presets.get(row.preset) or catalogue.presets.get(row.preset)
        by_guests = row.room_id in for_guests or (preset is not None and preset.guests)
        for extension in (*row.accounts, *(h["extension"] for h in row.handsets)):
            yield Use(extension, by_guests)


def _title(site: Site) -> str:
    """What the site's own settings call the phone book."""
    try:
        return site_settings(site).directory.phonebook_name
    except InventoryError:  # of another setting; phones say so when they are rendered
        return Directory().phonebook_name
