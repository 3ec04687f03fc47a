"""The head of a site after an edit: what is written merged with what is stored. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.edit import Edit, EditError, Problem
from provisioner.edits.secret_places import kept_in_head
from provisioner.edits.sources import EditSource, FoundError, shaped
from provisioner.edits.written import site_as_written
from provisioner.inventory.records import Site
from provisioner.inventory.site_records import to_inventory
from provisioner.inventory.site_shape import FileAccount, FileSite

Json = dict[str, Any]
_FIELD_OF = {"sip": "settings"}
"""Parts of a head that are stored under another name."""


def site_after(
    edit: Edit,
    stored: Site | None,
    catalogue: Catalogue,
    extensions: Callable[[], Iterable[str]],
    *,
    exact: bool = False,
) -> tuple[Site, EditSource | None]:
    """Return the site as it would be, and what its head was read from.

    Args:
        edit: what is wanted.
        stored: the site as it is; None: it is new.
        catalogue: the vendor knowledge.
        extensions: asks for all of the site, which its rules of calls may name.
        exact: secrets that are left out are gone, not kept.

    Raises:
        EditError: says what is wrong with the head.
    """
    if edit.head is None:
        if stored is None:
            raise EditError(Problem(("site",), f"there is no site {edit.site!r}"))
        return stored, None
    _refuse_foreign_keys(edit)
    before = site_as_written(stored, catalogue) if stored else {}
    head = _merged(edit.head, before, exact=exact)
    if edit.head.get("calls") is None:
        head.pop("calls", None)  # they stay as they are stored, or go
    shape, problems = shaped(FileSite, {**head, "id": edit.site}, ("head",))
    if shape is None:
        raise EditError(*problems)
    if shape.calls is not None:
        numbers = [FileAccount.model_construct(extension=number) for number in extensions()]
        shape = shape.model_copy(update={"accounts": tuple(numbers)})
    source = EditSource(shape, {})
    try:
        made = to_inventory([source], catalogue)[0].sites[0]
    except FoundError as found:
        raise EditError(found.problem) from found
    if stored is None:
        return made, source
    return _settled(made, stored, edit.head, before, head), source


def _refuse_foreign_keys(edit: Edit) -> None:
    head = edit.head or {}
    problems = [
        Problem(("head", part), f"{part} are no part of the head: they are edited by themselves")
        for part in ("rooms", "accounts")
        if part in head
    ]
    if head.get("id", edit.site) != edit.site:
        problems.append(Problem(("head", "id"), f"the id of a site stays: {edit.site}"))
    if problems:
        raise EditError(*problems)


def _merged(head: Mapping[str, Any], before: Json, *, exact: bool) -> Json:
    given = {name: value for name, value in head.items() if value is not None}
    kept = dict(given) if exact else kept_in_head(given, before)
    return {n: v for n, v in before.items() if n not in head} | kept


def _settled(made: Site, stored: Site, given: Mapping[str, Any], before: Json, after: Json) -> Site:
    """Keep what nobody wrote exactly as it is stored, whatever a new release would make of it."""
    named = {_FIELD_OF.get(part, part) for part in given}
    same = {f.name: getattr(stored, f.name) for f in fields(Site) if f.name not in named}
    for part in ("presets", "room_templates"):
        old, new = before.get(part) or {}, after.get(part) or {}
        kept: dict[str, Any] = dict(getattr(made, part))
        for name in kept:
            if name in old and old[name] == new.get(name):
                kept[name] = getattr(stored, part)[name]
        if part in named:
            same[part] = kept
    return replace(made, **same)
