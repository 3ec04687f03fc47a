"""Site files to records, checked against the catalogue.

Everything that can be wrong is found here, before anything is stored: duplicate MACs,
extensions and rooms, unknown models, templates and presets, and keys that have no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from provisioner.catalogue.advice import why_not
from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import RoomTemplate
from provisioner.errors import UnknownThingError
from provisioner.inventory.own_templates import (
    OwnTemplateError,
    OwnTemplates,
    check_key_templates,
    own_templates,
)
from provisioner.inventory.records import (
    Account,
    Contact,
    Handset,
    Inventory,
    Phone,
    Room,
    Site,
)
from provisioner.inventory.site_accessories import accessories_of
from provisioner.inventory.site_calls import with_calls
from provisioner.inventory.site_file import SiteFile
from provisioner.inventory.site_settings import check_settings
from provisioner.inventory.site_shape import FilePhone, FileRoom, FileSite
from provisioner.inventory.site_switches import switch_of
from provisioner.inventory.site_yaml import Path_
from provisioner.key_types import PhoneKey
from provisioner.layers import merged
from provisioner.mac import MacAddress


@dataclass
class _Seen:
    """Where each thing that must be unique was seen first."""

    things: dict[tuple[str, ...], str] = field(default_factory=dict)

    def once(self, source: SiteFile, path: Path_, what: str, *key: str) -> None:
        first = self.things.get((what, *key))
        if first is not None:
            raise source.error(path, f"{what} {key[-1]!r} is already used at {first}")
        self.things[what, *key] = f"{source.document.file}:{source.document.line(path)}"


Where = Mapping[MacAddress, tuple[SiteFile, Path_]]


def to_inventory(
    files: Iterable[SiteFile], catalogue: Catalogue, held: Mapping[str, Site] | None = None
) -> tuple[Inventory, Where]:
    """Turn site files into records, and say where each phone is written.

    Args:
        files: what was read.
        catalogue: the vendor knowledge.
        held: sites of which only rooms and accounts are read: their heads stay as they are here.

    Raises:
        SiteFileError: names file, line and field of the first thing that cannot be.
    """
    seen = _Seen()
    sites: list[Site] = []
    rooms: list[Room] = []
    accounts: list[Account] = []
    phones: list[Phone] = []
    where: dict[MacAddress, tuple[SiteFile, Path_]] = {}
    for source in files:
        check_settings(source)
        for number, entry in enumerate(source.content.sites):
            known = (held or {}).get(entry.id)
            reader = _SiteReader(source, entry, ("sites", number), catalogue, seen, known)
            sites.append(reader.site())
            phones += reader.phones()
            rooms += reader.rooms()
            accounts += reader.accounts.values()
            where |= reader.where
    return Inventory(tuple(sites), tuple(rooms), tuple(accounts), tuple(phones)), where


class _SiteReader:
    """Reads one site of one file."""

    def __init__(
        self,
        source: SiteFile,
        entry: FileSite,
        path: Path_,
        catalogue: Catalogue,
        seen: _Seen,
        held: Site | None = None,
    ) -> None:
        self.accounts: dict[str, Account] = {}
        self.where: dict[MacAddress, tuple[SiteFile, Path_]] = {}
        self._source = source
        self._entry = entry
        self._path = path
        self._catalogue = catalogue
        self._seen = seen
        self._held = held
        seen.once(source, path, "site", entry.id)
        self._templates = self._own()
        for number, account in enumerate(entry.accounts):
            here = (*path, "accounts", number)
            seen.once(source, here, "extension", entry.id, account.extension)
            self.accounts[account.extension] = Account(
                entry.id,
                account.extension,
                account.name,
                account.secret,
                account.voicemail,
                account.listed,
            )
        self._name_accounts()

    def site(self) -> Site:
        """The site itself."""
        entry = self._entry
        if self._held is not None:
            return self._held
        plain = Site(
            id=entry.id,
            name=entry.name,
            country=entry.country,
            timezone=entry.timezone,
            languages=entry.languages,
            networks=entry.networks,
            url=entry.url,
            numbers=dict(entry.numbers),
            settings=merged({"sip": entry.sip} if entry.sip else {}, entry.settings),
            presets=self._templates.presets,
            room_templates=self._templates.rooms,
            phonebook=tuple(Contact(c.name, c.number, c.group) for c in entry.phonebook),
            switches=tuple(map(switch_of, entry.switches)),
            pbx=entry.pbx.record() if entry.pbx else None,
            monitoring=entry.monitoring.record(),
        )
        return with_calls(plain, entry.calls, self.accounts, self._source, self._path)

    def rooms(self) -> Iterator[Room]:
        """The rooms; their own extensions become accounts."""
        for number, room in enumerate(self._entry.rooms):
            here = (*self._path, "rooms", number)
            self._seen.once(self._source, here, "room", self._entry.id, room.id)
            yield Room(
                site=self._entry.id,
                id=room.id,
                name=room.name,
                floor=room.floor,
                template=room.template or "",
                extension=room.extension or "",
                settings=room.settings,
            )

    def phones(self) -> Iterator[Phone]:
        """The phones of all rooms."""
        for number, room in enumerate(self._entry.rooms):
            here = (*self._path, "rooms", number)
            if room.template and self._template(room) is None:
                known = ", ".join(sorted({*self._catalogue.rooms, *self._templates.rooms}))
                raise self._source.error(
                    (*here, "template"),
                    f"there is no room template {room.template!r}; known are {known}",
                )
            for position, phone in room.phones.items():
                yield self._phone(room, position, phone, (*here, "phones", position))

    def _phone(self, room: FileRoom, position: str, phone: FilePhone, path: Path_) -> Phone:
        self._seen.once(self._source, (*path, "mac"), "MAC", phone.mac)
        model = self._model(phone, path)
        made = Phone(
            site=self._entry.id,
            room=room.id,
            position=position,
            mac=MacAddress(phone.mac),
            model=model.id,
            preset=self._preset(room, position, phone, path),
            accounts=self._phone_accounts(room, phone, model, path),
            keys=tuple(PhoneKey(**key.model_dump()) for key in phone.keys),
            settings=phone.settings,
            handsets=tuple(self._handsets(phone, model, path)),
            accessories=tuple(accessories_of(self._source, self._catalogue, model, phone, path)),
            tftp_without_token=phone.tftp_without_token,
        )
        self.where[made.mac] = (self._source, path)
        used = {*made.accounts, *(handset.extension for handset in made.handsets)}
        if len(used) > model.accounts:
            raise self._source.error(
                (*path, "accounts"),
                f"{model.name} has {model.accounts} accounts, {len(used)} are given",
            )
        return made

    def _model(self, phone: FilePhone, path: Path_) -> Model:
        try:
            model = self._catalogue.model(phone.model)
        except UnknownThingError as problem:
            raise self._source.error((*path, "model"), str(problem)) from problem
        if not model.dialects:
            raise self._source.error((*path, "model"), why_not(model))
        return model

    def _preset(self, room: FileRoom, position: str, phone: FilePhone, path: Path_) -> str:
        preset = phone.preset
        if preset is None:
            template = self._template(room)
            place = template.position(position) if template else None
            if place is None:
                known = ", ".join(p.id for p in template.positions) if template else "none"
                raise self._source.error(
                    path,
                    f"room template {room.template!r} has no position {position!r} "
                    f"(it has: {known}); name a preset",
                )
            preset = place.preset
        if preset not in self._catalogue.presets and preset not in self._templates.presets:
            known = ", ".join(sorted({*self._catalogue.presets, *self._templates.presets}))
            raise self._source.error(
                (*path, "preset"), f"there is no preset {preset!r}; known are {known}"
            )
        return preset

    def _template(self, room: FileRoom) -> RoomTemplate | None:
        name = room.template or ""
        return self._templates.rooms.get(name) or self._catalogue.rooms.get(name)

    def _phone_accounts(
        self, room: FileRoom, phone: FilePhone, model: Model, path: Path_
    ) -> tuple[str, ...]:
        for number, extension in enumerate(phone.accounts):
            if extension not in self.accounts:
                raise self._source.error(
                    (*path, "accounts", number), f"the site has no account {extension!r}"
                )
        if phone.extension:
            return (phone.extension, *(a for a in phone.accounts if a != phone.extension))
        if phone.accounts:
            return phone.accounts
        if phone.handsets or not model.accounts:
            return ()
        if not room.extension and model.dect is not None:
            return ()  # a base whose handsets are yet to come
        if not room.extension:
            raise self._source.error(
                path, "the phone has no extension: give one to the room or to the phone"
            )
        return (room.extension,)

    def _handsets(self, phone: FilePhone, model: Model, path: Path_) -> Iterator[Handset]:
        if phone.handsets and model.dect is None:
            raise self._source.error((*path, "handsets"), f"{model.name} is not a DECT base")
        if model.dect and len(phone.handsets) > model.dect.handsets:
            raise self._source.error(
                (*path, "handsets"), f"{model.name} carries {model.dect.handsets} handsets"
            )
        for slot, handset in enumerate(phone.handsets, start=1):
            here = (*path, "handsets", slot - 1)
            if handset.ipui:
                self._seen.once(self._source, here, "IPUI", handset.ipui.upper())
            yield Handset(
                slot, handset.name, handset.extension, handset.ipui.upper(), handset.model
            )

    def _name_accounts(self) -> None:
        """An extension named by a room, phone or handset is an account, wherever it is used."""
        for room in self._entry.rooms:
            name = room.name or room.id
            phones = list(room.phones.values())
            named = [(e, name) for e in (room.extension, *(p.extension for p in phones)) if e]
            named += [(h.extension, h.name) for p in phones for h in p.handsets]
            for extension, owner in named:
                self.accounts.setdefault(extension, Account(self._entry.id, extension, owner))

    def _own(self) -> OwnTemplates:
        """The site's own presets and room templates."""
        try:
            if self._held is not None:
                own = OwnTemplates(self._held.presets, self._held.room_templates)
                check_key_templates(self._entry, self._catalogue, own)
                return own
            return own_templates(self._entry, self._catalogue)
        except OwnTemplateError as problem:
            raise self._source.error((*self._path, *problem.path), problem.reason) from problem
