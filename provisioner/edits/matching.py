"""Whether an edit is still based on what is stored."""

from __future__ import annotations

from typing import Any

from provisioner.catalogue.loader import Catalogue
from provisioner.edits.documents import bare_account, bare_room, etag_of, head_document
from provisioner.edits.edit import Edit, EditError, Problem, StaleError
from provisioner.edits.holdings import Holdings
from provisioner.edits.written import account_as_written, room_as_written, site_as_written
from provisioner.inventory.records import Site

Json = dict[str, Any]


def check_match(edit: Edit, holdings: Holdings, catalogue: Catalogue) -> None:
    """Compare ``if_match`` with what is stored.

    Raises:
        StaleError: something has changed meanwhile; says what.
        EditError: a key of ``if_match`` names nothing that can be compared.
    """
    changed = []
    problems = []
    for key, etag in edit.if_match.items():
        there = document_of(key, holdings, catalogue)
        if (etag_of(there) if there is not None else "") != etag:
            changed.append(key)
            problems.append(Problem(("if_match", key), _sentence(key, etag, there)))
    if changed:
        raise StaleError(tuple(changed), *problems)


def document_of(
    key: str, holdings: Holdings, catalogue: Catalogue, *, whole: bool = False
) -> Json | None:
    """Return the document of ``head``, ``room/214`` or ``account/214``; None: there is none.

    Args:
        key: which.
        holdings: the stored site.
        catalogue: the vendor knowledge.
        whole: with its secrets, and with what templates and shipped presets would say.

    Raises:
        EditError: the key is none of these.
    """
    site = holdings.site()
    kind, _, name = key.partition("/")
    if kind not in {"head", "room", "account"} or bool(name) == (kind == "head"):
        sentence = f"{key!r} names nothing: head, room/ID and account/EXTENSION do"
        raise EditError(Problem(("if_match", key), sentence))
    if site is None:
        return None
    if kind == "head":
        made: Json | None = site_as_written(site, None if whole else catalogue)
    elif kind == "room":
        made = _room(name, holdings, site, catalogue, whole=whole)
    else:
        account = holdings.accounts([name]).get(name)
        made = account_as_written(account) if account else None
    return made if whole or made is None else bare(key, made)


def bare(key: str, document: Json) -> Json:
    """Return a document of ``document_of`` without its secrets."""
    kind = key.partition("/")[0]
    return {"head": head_document, "room": bare_room, "account": bare_account}[kind](document)


def _room(
    name: str, holdings: Holdings, site: Site, catalogue: Catalogue, *, whole: bool
) -> Json | None:
    room = holdings.rooms([name]).get(name)
    if room is None:
        return None
    return room_as_written(room, holdings.phones_in([name]), site, catalogue, whole=whole)


def _sentence(key: str, etag: str, there: Json | None) -> str:
    what = {"head": "the settings of the site"}.get(key, key.replace("/", " "))
    if there is None:
        return f"{what} is not there any more"
    if not etag:
        return f"{what} is there already"
    return f"{what} has been changed meanwhile; look at it again"
