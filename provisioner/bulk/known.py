"""What a list is judged against: the site as it stands, and the vendor knowledge. Values."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.models import Model
from provisioner.catalogue.presets import Preset, RoomTemplate
from provisioner.errors import UnknownThingError
from provisioner.mac import MacAddress


@dataclass(frozen=True, slots=True)
class KnownRoom:
    """A room that is stored. ``phones``: MACs by position; ``models``: ids by position."""

    id: str
    floor: str = ""
    template: str = ""
    extension: str = ""
    name: str = ""
    phones: Mapping[str, MacAddress] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A site and what there is to choose from.

    Attributes:
        templates, presets: the shipped ones and the site's own, by id.
        rooms: of the site, by id.
        elsewhere: those MACs of the list that other sites have.
        owners: rooms in which a phone has an extension of its own, by extension.
        waiting: model ids of waiting phones, by MAC.
        template, model: what counts for rows that name none; empty: nothing does.
    """

    catalogue: Catalogue
    templates: Mapping[str, RoomTemplate]
    presets: Mapping[str, Preset]
    rooms: Mapping[str, KnownRoom] = field(default_factory=dict)
    elsewhere: frozenset[MacAddress] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    model: str = ""
    _models: dict[str, Model | None] = field(default_factory=dict, repr=False, compare=False)
    _near: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def stands(self) -> Mapping[MacAddress, tuple[str, str]]:
        """Room and position of every phone of the site."""
        return {
            mac: (room.id, position)
            for room in self.rooms.values()
            for position, mac in room.phones.items()
        }

    @cached_property
    def room_of_extension(self) -> Mapping[str, str]:
        """The room each extension belongs to."""
        return {room.extension: room.id for room in self.rooms.values() if room.extension}

    @cached_property
    def template_words(self) -> Mapping[str, str]:
        """Ids of templates by everything they are called, in lower case."""
        return _words((t.id, (t.id, *t.name.values())) for t in self.templates.values())

    @cached_property
    def position_words(self) -> frozenset[str]:
        """What positions of any template are called, in lower case."""
        words = (positions_of(t) for t in self.templates.values())
        return frozenset(word for some in words for word in some)

    @cached_property
    def makers(self) -> Mapping[str, str]:
        """Vendor ids by the first six digits of a MAC."""
        return {oui: v.id for v in self.catalogue.vendors.values() for oui in v.ouis}

    def find_model(self, word: str) -> Model | None:
        """Return a model by id, name or alias, with or without its maker's name before it."""
        if word not in self._models:
            self._models[word] = self._look_up(word)
        return self._models[word]

    def _look_up(self, word: str) -> Model | None:
        vendor, _, rest = word.partition(" ")
        names = [word, rest] if vendor.lower() in self._vendor_words else [word]
        for name in filter(None, (part.strip() for part in names)):
            try:
                return self.catalogue.model(name)
            except UnknownThingError:
                continue
        return None

    def near_models(self, word: str) -> list[str]:
        """Return ids that look alike."""
        short = word.lower().rsplit("/", 1)[-1].split(" ")[-1]
        if short not in self._near:
            self._near[short] = self._near_ids(short)
        return self._near[short]

    def _near_ids(self, short: str) -> list[str]:
        ids = {m.id.split("/")[1]: m.id for m in self.catalogue.models.values() if m.dialects}
        return [ids[near] for near in difflib.get_close_matches(short, ids, n=3, cutoff=0.5)]

    def near_templates(self, word: str) -> list[str]:
        """Return ids of templates that look alike."""
        near = difflib.get_close_matches(word.lower(), self.template_words, n=3, cutoff=0.6)
        return list(dict.fromkeys(self.template_words[each] for each in near))

    @cached_property
    def _vendor_words(self) -> frozenset[str]:
        vendors = self.catalogue.vendors.values()
        return frozenset(word.lower() for v in vendors for word in (v.id, v.name))


def positions_of(template: RoomTemplate) -> Mapping[str, str]:
    """Return ids of a template's positions by everything they are called, in lower case."""
    return _words((p.id, (p.id, *p.name.values())) for p in template.positions)


def _words(things: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, words in things:
        for word in words:
            found.setdefault(word.lower(), name)
    return found
