"""Can every phone be what an edit asks of it? And what will phones not do as asked?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.edit import EditError, Problem
from provisioner.edits.holdings import Holdings
from provisioner.edits.rooms import Concerned, Wanted
from provisioner.edits.sources import FoundError
from provisioner.inventory.records import Inventory, Phone, Site
from provisioner.mac import MacAddress
from provisioner.phone_checks import check_phones
from provisioner.room_keys import watches_rooms


def check_rooms(
    catalogue: Catalogue, wanted: Wanted, site: Site, holdings: Holdings, concerned: Concerned
) -> dict[str, int]:
    """Check the phones that an edit writes.

    Returns:
        Warnings as sentences, with the number of phones.

    Raises:
        EditError: the first problem of each phone that cannot be.
    """
    inventory = replace(wanted.inventory, sites=(site,))
    presets = {**catalogue.presets, **site.presets}
    if any(watches_rooms(presets[phone.preset], phone) for phone in inventory.phones):
        mine = {room.id for room in inventory.rooms} | set(concerned.rooms)
        others = [room for room in holdings.all_rooms() if room.id not in mine]
        inventory = replace(inventory, rooms=(*inventory.rooms, *others))
    told = _checked(catalogue, inventory, wanted)
    return told | shared(wanted, holdings, concerned)


def shared(wanted: Wanted, holdings: Holdings, concerned: Concerned) -> dict[str, int]:
    """Say which rooms newly get an extension that another room has; refuse handsets of two bases.

    Raises:
        EditError: a handset is on another base already.
    """
    _refuse_handsets_elsewhere(wanted, holdings)
    fresh = {
        room.extension: room
        for room in wanted.inventory.rooms
        if room.extension and _is_new_there(room.id, room.extension, concerned)
    }
    told = {}
    there = holdings.rooms_with(fresh)
    for extension, room in fresh.items():
        here = [r.id for r in wanted.inventory.rooms if r.extension == extension]
        others = [r for r in there.get(extension, ()) if r not in concerned.rooms] + here
        names = ", ".join(other for other in others if other != room.id)
        if names:
            phones = sum(extension in phone.accounts for phone in wanted.inventory.phones)
            told[f"extension {extension} of room {room.id} is also that of room {names}"] = phones
    return told


def _is_new_there(room: str, extension: str, concerned: Concerned) -> bool:
    before = concerned.rooms.get(room)
    return before is None or before.extension != extension


def _checked(catalogue: Catalogue, inventory: Inventory, wanted: Wanted) -> dict[str, int]:
    try:
        return check_phones(catalogue, inventory, wanted.where)
    except FoundError as found:
        first = found
    problems = []
    for phone in inventory.phones:
        try:
            check_phones(catalogue, replace(inventory, phones=(phone,)), wanted.where)
        except FoundError as found:
            problems.append(found.problem)
    raise EditError(*(problems or [first.problem]))


def _refuse_handsets_elsewhere(wanted: Wanted, holdings: Holdings) -> None:
    mine = {
        handset.ipui: (phone, number)
        for phone in wanted.inventory.phones
        for number, handset in enumerate(phone.handsets)
        if handset.ipui
    }
    here = {str(phone.mac) for phone in wanted.inventory.phones}
    problems = []
    for ipui, use in holdings.bases_of(mine).items():
        if use.mac in here:
            continue
        phone, number = mine[ipui]
        found = _at(wanted, phone, ("handsets", number, "ipui"), f"{ipui} is on another base, "
                    f"{use.position} of room {use.room}; take it off there first")  # fmt: skip
        problems.append(found)
    if problems:
        raise EditError(*problems)


def _at(wanted: Wanted, phone: Phone, below: tuple[str | int, ...], sentence: str) -> Problem:
    source, path = wanted.where[phone.mac]
    error = source.error((*path, *below), sentence)
    return error.problem if isinstance(error, FoundError) else Problem((), sentence)


def followed(
    before: Inventory, after: Inventory, wanted: Wanted, catalogue: Catalogue
) -> Inventory:
    """Let phones whose preset their room template gave follow a template that changes.

    Args:
        before: the whole site as it is.
        after: the whole site as it would be.
        wanted: the rooms of the edit: they say themselves what is in them.
        catalogue: the vendor knowledge.
    """
    old, new = before.sites[0], after.sites[0]
    names = {room.id: room.template for room in after.rooms}

    def settled(phone: Phone) -> Phone:
        name = names.get(phone.room, "")
        one = old.room_templates.get(name) or catalogue.rooms.get(name)
        two = new.room_templates.get(name) or catalogue.rooms.get(name)
        if phone.mac in wanted.where or one == two or one is None or two is None:
            return phone
        was, place = one.position(phone.position), two.position(phone.position)
        if was is None or place is None or was.preset != phone.preset:
            return phone
        return replace(phone, preset=place.preset)

    return replace(after, phones=tuple(settled(phone) for phone in after.phones))


def check_site(
    catalogue: Catalogue, before: Inventory, after: Inventory, wanted: Wanted
) -> dict[str, int]:
    """Check all phones of a site whose head changes; of those that are alike, one.

    Returns:
        Warnings that the edit brings, as sentences with the number of phones.

    Raises:
        EditError: phones could not be any more what they are; or those of the edit cannot be.
    """
    problems = list(_missing(catalogue, after))
    if problems:
        raise EditError(*problems)
    told: dict[str, int] = {}
    was_there = {phone.mac for phone in before.phones}
    for phone, alike in _alike(after):
        try:
            found = _check_one(catalogue, after, phone, wanted)
        except FoundError as refused:
            if phone.mac in wanted.where or phone.mac not in was_there:
                problems.append(refused.problem)
                continue
            if _fails_already(catalogue, before, phone.mac, wanted, refused.sentence):
                continue
            where = f"{phone.position} of room {phone.room}"
            many = f" (and {alike - 1} more like it)" if alike > 1 else ""
            problems.append(Problem(("head",), f"{where}{many}: {refused.sentence}"))
            continue
        for sentence in set(found) - _said_already(catalogue, before, phone.mac, wanted):
            told[sentence] = told.get(sentence, 0) + alike
    if problems:
        raise EditError(*problems)
    return told


def _said_already(
    catalogue: Catalogue, before: Inventory, mac: MacAddress, wanted: Wanted
) -> set[str]:
    """What was to be said of a phone before; of one that the edit writes, all is said anew."""
    phone = next((phone for phone in before.phones if phone.mac == mac), None)
    if phone is None or mac in wanted.where:
        return set()
    try:
        return set(_check_one(catalogue, before, phone, wanted))
    except FoundError:
        return set()


def _check_one(
    catalogue: Catalogue, inventory: Inventory, phone: Phone, wanted: Wanted
) -> Mapping[str, int]:
    where = wanted.where if phone.mac in wanted.where else {phone.mac: (wanted.anywhere, ())}
    return check_phones(catalogue, replace(inventory, phones=(phone,)), where)


def _fails_already(
    catalogue: Catalogue, before: Inventory, mac: MacAddress, wanted: Wanted, sentence: str
) -> bool:
    phone = next(phone for phone in before.phones if phone.mac == mac)
    try:
        _check_one(catalogue, before, phone, wanted)
    except FoundError as refused:
        return refused.sentence == sentence
    return False


def _alike(inventory: Inventory) -> Iterator[tuple[Phone, int]]:
    """One phone of each kind that a head cannot treat differently, and how many are of it."""
    rooms = {room.id: room for room in inventory.rooms}
    kinds: dict[object, list[Phone]] = {}
    for phone in inventory.phones:
        room = rooms[phone.room]
        own = phone.settings or phone.keys or phone.handsets or phone.accessories or room.settings
        many = len(phone.accounts) > 1
        key = (phone.model, phone.preset, room.template, bool(phone.accounts))
        kinds.setdefault(phone.mac if own or many else key, []).append(phone)
    for phones in kinds.values():
        yield phones[0], len(phones)


def _missing(catalogue: Catalogue, after: Inventory) -> Iterator[Problem]:
    """Presets and room templates that are used and would be gone."""
    site = after.sites[0]
    presets, templates = (
        {*catalogue.presets, *site.presets},
        {*catalogue.rooms, *site.room_templates},
    )
    lost: dict[tuple[str, str], list[str]] = {}
    for phone in after.phones:
        if phone.preset not in presets:
            place = f"{phone.position} of room {phone.room}"
            lost.setdefault(("presets", phone.preset), []).append(place)
    for room in after.rooms:
        if room.template and room.template not in templates:
            lost.setdefault(("room_templates", room.template), []).append(f"room {room.id}")
    for (part, name), users in lost.items():
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        yield Problem(("head", part, name), f"{name} is still used by {users[0]}{more}")
