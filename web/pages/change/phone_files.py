"""The files of a phone as they lie ready, with every secret masked; and what would come next."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioner.errors import BellwireError
from provisioner.inventory.staged import as_if_released
from provisioner.inventory.tables import PhoneRow, RenderedRow
from provisioner.mac import MacAddress
from provisioner.render import render
from provisioner.syntaxes import MASK
from web.installation import Installation

Stored = dict[str, tuple[RenderedRow, bytes]]


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file as it lies ready.

    Attributes:
        aliases: other names under which it is given.
        text: its content; None: it is no text.
        pending: how it will differ when it is rendered anew, as lines of a unified diff.
    """

    name: str
    aliases: tuple[str, ...]
    media_type: str
    size_bytes: int
    version: int
    text: str | None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhoneFiles:
    """All files of a phone.

    Attributes:
        is_pending: something has changed, and they will be rendered anew.
        is_staged: a change in stages will bring this phone new files.
        problem: why they cannot be.
    """

    files: tuple[ShownFile, ...]
    is_pending: bool
    problem: str
    is_staged: bool = False


def read_files(installation: Installation, mac: MacAddress) -> PhoneFiles:
    """Return the files of a phone, secrets masked.

    A stored file is masked by what a rendering of today hides: at the same place, whatever stands
    there. So a secret that was changed meanwhile is hidden too.
    """
    with installation.database.read() as session:
        row = session.get_one(PhoneRow, str(mac))
        stored = _stored(session, installation, mac)
        try:
            masked = _masked(session, installation, mac, stored)
            problem = row.problem
        except BellwireError as refused:
            masked, problem = {}, str(refused)
        is_pending, site = row.dirty, row.site_id
    staged = _staged_files(installation, site, mac, stored)
    coming = staged or (masked if is_pending else {})
    made = []
    for each, body in stored.values():
        text = _text(body)
        like = masked.get(each.name)
        shown = None if text is None or like is None else masked_like(text, like)
        then = coming.get(each.name)
        pending = _diff(shown, then) if shown is not None and then is not None else ()
        made.append(ShownFile(
            each.name, tuple(each.aliases), each.media_type, len(body), each.version, shown, pending
        ))  # fmt: skip
    return PhoneFiles(tuple(made), is_pending, problem, bool(staged))


def _staged_files(
    installation: Installation, site: str, mac: MacAddress, stored: Stored
) -> dict[str, str]:
    """What a change in stages will bring the phone, masked; nothing where there is none."""
    with installation.database.read() as session:
        try:
            if as_if_released(session, installation.box, site, str(mac)):
                return _masked(session, installation, mac, stored)
        except BellwireError:
            return {}
    return {}


def reveal_file(installation: Installation, mac: MacAddress, name: str) -> str | None:
    """Return a stored file as it is, with its secrets; None: there is none, or it is no text."""
    with installation.database.read() as session:
        stored = _stored(session, installation, mac)
    return _text(stored[name][1]) if name in stored else None


def masked_like(text: str, masked: str) -> str:
    """Return a text with everything hidden that a masked rendering hides at the same place. Pure.

    A line that begins and ends as a masked one does is that one; one that only begins so is hidden
    from there on. Any other line
    that differs is shown only if lines of its name are there today and hide nothing. So nothing
    passes that has not been seen to be harmless.
    """
    plain = set(masked.splitlines())
    hiding = [line for line in plain if MASK in line]
    heads = {line.partition(MASK)[0]: line for line in hiding if not line.startswith(MASK)}
    harmless = {_name(line) for line in plain} - {_name(line) for line in hiding} - {""}
    made = []
    for line in text.splitlines():
        head = next((h for h in heads if line.startswith(h)), None)
        if line in plain or not line.strip():
            made.append(line)
        elif head is not None:
            made.append(_hidden(line, heads[head]))
        else:
            made.append(line if _name(line) in harmless else f"{_name(line)}{MASK}")
    return "\n".join(made)


def _hidden(line: str, masked: str) -> str:
    """A line that begins as a masked one: nothing is shown of it but what that one shows."""
    head, _, tail = masked.partition(MASK)
    is_alike = MASK not in tail and line.endswith(tail) and len(line) > len(head) + len(tail)
    return masked if is_alike else head + MASK


def _name(line: str) -> str:
    for sign in ("=", ":", ">"):
        if sign in line:
            return line[: line.index(sign) + 1]
    return ""


def _stored(session: Session, installation: Installation, mac: MacAddress) -> Stored:
    query = select(RenderedRow).where(RenderedRow.mac == str(mac)).order_by(RenderedRow.name)
    return {row.name: (row, installation.box.open_body(row.body)) for row in session.scalars(query)}


def _masked(
    session: Session,
    installation: Installation,
    mac: MacAddress,
    stored: Stored,
) -> dict[str, str]:
    kit = installation.press.kit(session, mac)
    versions = {name: row.version for name, (row, _) in stored.items()}
    made = render(
        installation.catalogue.folder, kit, masked=True,
        version_for=lambda name, _digest: versions.get(name, 1),
    )  # fmt: skip
    return {file.name: text for file in made if (text := _text(file.body)) is not None}


def _diff(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return tuple(lines)[2:]


def _text(body: bytes) -> str | None:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None
