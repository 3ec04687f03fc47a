"""Another server's export against a site: what it would make, and making it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from provisioner.bulk.cells import Column, JudgedRow, Judgement, ListRow, Remark, Said, Trouble
from provisioner.bulk.documents import changed_documents, refused_at, room_documents
from provisioner.bulk.judging import judge
from provisioner.bulk.known import Known
from provisioner.edits.documents import bare_account, etag_of
from provisioner.edits.edit import Edit, EditError, Preview
from provisioner.edits.edit import Problem as EditProblem
from provisioner.edits.written import account_as_written, room_as_written, site_as_written
from provisioner.errors import InventoryError, SiteFileError
from provisioner.importing.documents import Made, add_accounts, complete, settings_named
from provisioner.importing.found import Found, FoundPhone, Json, Place
from provisioner.importing.freepbx import read_freepbx
from provisioner.importing.lists import read_lists
from provisioner.importing.placing import Choices, renamed, rows_of
from provisioner.importing.sources import read_sources
from provisioner.importing.tancredi import read_tancredi
from provisioner.importing.wazo import read_wazo
from provisioner.inventory import store
from provisioner.inventory.site_file import parse_site_file
from provisioner.inventory.site_records import to_inventory
from provisioner.inventory.site_yaml import dotted
from provisioner.inventory.tables import AccountRow
from provisioner.layers import merged
from web.installation import Installation
from web.pages.install.ground import Ground, read_ground
from web.pages.install.listing import Defaults, known_of, stored_rooms

READERS = {"wazo": read_wazo, "tancredi": read_tancredi, "freepbx": read_freepbx}
KINDS = (*READERS, "csv")
_QUIET = frozenset({Remark.IS_THERE, Remark.ROOM_ONLY})


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to take over.

    Attributes:
        head: what a new site's head says for sure; the export fills in the rest.
    """

    kind: str
    files: tuple[Path, ...]
    site: str
    head: Mapping[str, Any] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)


@dataclass(slots=True)
class Looked:
    """What an export would make of a site.

    Attributes:
        problems: one line each; when there are any, nothing else can be done.
        preview: what bellwire would change.
    """

    found: Found
    made: Made
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    edit: Edit | None = None
    preview: Preview | None = None


def look_at_export(installation: Installation, wish: Wish) -> Looked:
    """Return what an export would make; nothing is stored.

    Raises:
        SiteFileError: a file cannot be read as what it should be.
    """
    with installation.database.read() as session:
        ground = read_ground(session, installation, wish.site)
    known = _known(installation, ground, ())
    sources = read_sources(wish.files)
    found = read_lists(sources, known) if wish.kind == "csv" else READERS[wish.kind](sources)
    rows, phones = rows_of(found, known, wish.choices)
    known = _known(installation, ground, rows)
    judgement = judge(rows, known)
    looked = Looked(found, Made())
    looked.problems = [*map(str, found.problems), *_said(judgement.rows, phones)]
    looked.remarks = [*found.remarks, *_said(judgement.rows, phones, problems=False)]
    if not looked.problems:
        _make(installation, wish, ground, known, judgement, phones, looked)
    return looked


def _known(installation: Installation, ground: Ground | None, rows: Sequence[ListRow]) -> Known:
    if ground is not None:
        return known_of(installation, ground, rows, Defaults())
    catalogue = installation.catalogue
    return Known(catalogue, catalogue.rooms, catalogue.presets)


def _make(
    installation: Installation,
    wish: Wish,
    ground: Ground | None,
    known: Known,
    judgement: Judgement,
    phones: Mapping[int, FoundPhone],
    looked: Looked,
) -> None:
    """Fill in rooms, accounts, the edit and what it changes."""
    names = [room.id for room in judgement.rooms]
    stored = stored_rooms(installation, ground, names) if ground else {}
    rooms = room_documents(judgement, stored)
    made = looked.made = complete(rooms, judgement, phones, known, wish.choices)
    add_accounts(made, looked.found, wish.choices, _held(installation, wish.site))
    looked.problems += map(str, made.problems)
    looked.remarks += _remarks(looked, wish, is_new=ground is None)
    changed = changed_documents(made.rooms, stored)
    head = None if ground else _head(wish, looked.found, made.common)
    based = {f"room/{r['id']}": etag_of(stored[r["id"]]) for r in changed if r["id"] in stored}
    looked.edit = Edit(wish.site, head, changed, made.accounts, if_match=based)
    if looked.problems or not (head or changed or made.accounts):
        return
    try:
        _preview(installation, looked)
    except EditError as refusal:
        for each in refusal.problems:
            place = _place(judgement, changed, phones, made, each)
            looked.problems.append(f"{place}: {each.sentence}")


def _preview(installation: Installation, looked: Looked) -> None:
    """Ask what the edit would change; keys that find no place are left out, and remarked on.

    Raises:
        EditError: something else is wrong.
    """
    while looked.edit is not None and looked.preview is None:
        try:
            looked.preview = installation.edits.preview(looked.edit)
        except EditError as refusal:
            rooms = [deepcopy(dict(room)) for room in looked.edit.rooms]
            for each in refusal.problems:
                if each.path[4:5] != ("keys",):
                    raise
                phone = rooms[int(each.path[1])]["phones"][each.path[3]]
                if not phone.get("keys"):
                    raise
                at = each.path[5] if len(each.path) > 5 else -1  # noqa: PLR2004 - behind keys
                phone["keys"].pop(at)
                looked.remarks.append(f"{phone['mac']}: left out: {each.sentence}")
            looked.edit = replace(looked.edit, rooms=tuple(rooms))


def _held(installation: Installation, site: str) -> list[str]:
    with installation.database.read() as session:
        query = select(AccountRow.extension).where(AccountRow.site_id == site)
        return list(session.scalars(query))


def _head(wish: Wish, found: Found, common: Json) -> Json:
    """The head of a new site: what somebody says, then what the export says."""
    rest = {section: dict(values) for section, values in common.items() if section != "sip"}
    made: Json = {"id": wish.site, "name": wish.site, **found.head, **wish.head}
    made["sip"] = merged(common.get("sip", {}), wish.head.get("sip", {}))
    voicemail = rest.get("calls", {}).pop("voicemail", None)  # presets ask for it by its name
    made["numbers"] = {**({"voicemail": voicemail} if voicemail else {}), **made.get("numbers", {})}
    made["settings"] = {section: values for section, values in rest.items() if values}
    return {name: value for name, value in made.items() if value not in ({}, None)}


def _remarks(looked: Looked, wish: Wish, *, is_new: bool) -> Iterator[str]:
    if looked.made.common and not is_new:
        named = ", ".join(settings_named(looked.made.common))
        yield f"the site is there: its own settings stay, and these are not taken over: {named}"
    differing = renamed(looked.found, wish.choices)
    if differing:
        yield (
            f"{differing} lines have a number that is not their user name; phones register by the "
            "user name (--call-by number takes the numbers, for a PBX that bellwire configures)"
        )
    unsaid = {"country": "US", "timezone": "UTC", "languages": "en"}
    unsaid = {
        n: v for n, v in unsaid.items() if is_new and n not in {*wish.head, *looked.found.head}
    }
    if unsaid:
        values = ", ".join(f"{name} {value}" for name, value in unsaid.items())
        yield f"the export does not say it, so these hold for the new site: {values}"
    weak = looked.made.weak
    if weak:
        yield (
            f"{len(weak)} passwords are short or easily guessed ({', '.join(weak[:5])}"
            f"{', ...' if weak[5:] else ''}): --secrets generate makes new ones"
        )


def _said(
    rows: Sequence[JudgedRow], phones: Mapping[int, FoundPhone], *, problems: bool = True
) -> Iterator[str]:
    """What is to be said of rows, each with its place in the export."""
    for row in rows:
        columns = {said.column for said in row.problems}
        for said in row.said:
            follows = said.what is Trouble.TEMPLATE_NEEDED and Column.MODEL in columns
            if said.is_problem == problems and said.what not in _QUIET and not follows:
                yield f"{phones[row.row.number].place.at(said.column)}: {_sentence(said, phones)}"


def _sentence(said: Said, phones: Mapping[int, FoundPhone]) -> str:
    """A sentence about a cell, with rows called as they are in the export."""
    facts = dict(said.facts)
    if facts.get("row", "").isdigit():
        place = phones[int(facts["row"])].place
        facts["row"] = str(place.line) if place.line else dotted(place.path) or place.file
    return replace(said, facts=facts).sentence


def _place(
    judgement: Judgement,
    rooms: tuple[Json, ...],
    phones: Mapping[int, FoundPhone],
    made: Made,
    problem: EditProblem,
) -> str:
    """Where in the export that stands which the inventory refuses."""
    path = problem.path
    if path[:1] == ("rooms",) and judgement.rooms:
        number, said = refused_at(judgement, rooms, path, problem.sentence)
        inner = dotted(path[4:]) if path[2:3] == ("phones",) else str(said.column)
        return f"{phones[number].place}: {inner or Column.ROOM}"
    if path[:1] == ("accounts",) and len(path) > 1 and isinstance(path[1], int):
        extension = made.accounts[path[1]]["extension"]
        place = made.places.get(extension, Place("the export"))
        return f"{place}: line {extension}: {path[-1]}"
    below = path[1:] if path[:1] == ("head",) else path
    is_found = bool(below) and below[0] in {"settings", "sip"} and bool(phones)
    if is_found:  # what all phones say alike: the first one stands for them
        return f"{phones[min(phones)].place}: {dotted(below)}"
    return str(Place("the site", 0, below))


def site_text(installation: Installation, wish: Wish, edit: Edit) -> str:
    """Return the whole site as a site file, with what the export adds.

    Secrets of accounts that the site has already are left out: ``apply`` keeps them.

    Raises:
        SiteFileError: it would not be accepted.
    """
    catalogue = installation.catalogue
    head, rooms, accounts = dict(edit.head or {}), {}, {}
    with installation.database.read() as session:
        held = store.stored(session, installation.box, [wish.site])
    for site in held.sites:
        head = site_as_written(site, catalogue)
        inside: dict[str, list[Any]] = {}
        for phone in held.phones:
            inside.setdefault(phone.room, []).append(phone)
        rooms = {
            r.id: room_as_written(r, inside.get(r.id, []), site, catalogue) for r in held.rooms
        }
        accounts = {a.extension: bare_account(account_as_written(a)) for a in held.accounts}
    rooms |= {room["id"]: room for room in edit.rooms}
    accounts |= {account["extension"]: account for account in edit.accounts}
    whole = {**head, "accounts": list(accounts.values()), "rooms": list(rooms.values())}
    text = yaml.safe_dump({"sites": [whole]}, sort_keys=False, allow_unicode=True, width=100)
    to_inventory([parse_site_file("the new site file", text)], catalogue)
    return text


def write_new(file: Path, text: str) -> None:
    """Write a file that holds secrets: whole or not at all, and never over another one.

    Raises:
        InventoryError: there is such a file.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text.encode("utf-8"))
        os.link(draft, file)
    except FileExistsError:
        told = "is there already: name another file, or move it away"
        raise InventoryError(f"{file} {told}") from None
    except OSError as problem:
        raise SiteFileError(str(file), 0, "", f"cannot be written: {problem.strerror}") from problem
    finally:
        draft.unlink(missing_ok=True)
