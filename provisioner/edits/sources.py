"""Documents as if they were a site file: read by the same shapes, with errors at their paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from provisioner.edits.edit import Problem
from provisioner.errors import SiteFileError
from provisioner.inventory.records import Site
from provisioner.inventory.site_file import SiteFile, message_of, written_path
from provisioner.inventory.site_shape import FileAccount, FileContent, FileRoom, FileSite
from provisioner.inventory.site_yaml import Document, Path_

T = TypeVar("T", bound=BaseModel)


class FoundError(SiteFileError):
    """Something of an edit that cannot be.

    Attributes:
        path: where, below the edit.
        sentence: why.
    """

    def __init__(self, path: Path_, sentence: str) -> None:
        super().__init__("", 0, "", sentence)
        self.path = path
        self.sentence = sentence

    @property
    def problem(self) -> Problem:
        """The same as a value."""
        return Problem(self.path, self.sentence)


class EditSource(SiteFile):
    """Rooms and accounts of an edit, or its head, in the place of a site file.

    Args:
        site: what would be written in a file.
        places: where its rooms and accounts stand in the edit, by ``("rooms", 0)``; what is not
            there stands below ``head``.
    """

    places: Mapping[Path_, Path_]

    def __init__(self, site: FileSite, places: Mapping[Path_, Path_]) -> None:
        content = FileContent.model_construct(sites=(site,))
        super().__init__(Document("", {}, {}), content)
        object.__setattr__(self, "places", places)

    def error(self, path: Path_, problem: str) -> SiteFileError:
        """Return an error at the place of the edit where ``path`` was written."""
        inner = path[2:]  # without ("sites", 0)
        place = self.places.get(inner[:2])
        return FoundError((*place, *inner[2:]) if place else ("head", *inner), problem)


def shaped(
    kind: type[T], document: Mapping[str, Any], path: Path_
) -> tuple[T | None, list[Problem]]:
    """Return a document in its shape, or all that is wrong with it.

    Args:
        kind: of the shape.
        document: as written.
        path: where it stands.
    """
    try:
        return kind.model_validate(document), []
    except ValidationError as problem:
        return None, [
            Problem((*path, *written_path(dict(document), e["loc"])), _sentence(e))
            for e in problem.errors()
        ]


def _sentence(error: Any) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    if error["type"] == "missing":
        return "this is needed"
    if error["type"] == "extra_forbidden":
        return "nothing of this name is known here"
    if error["type"] == "model_type":  # it would name a class of ours
        return "Input should be a valid dictionary"
    return message_of(error["msg"])


def rooms_source(
    site: Site,
    rooms: Sequence[tuple[Path_, FileRoom]],
    accounts: Iterable[tuple[Path_ | None, FileAccount]],
) -> EditSource:
    """Return rooms and accounts as they would stand in a file of their site."""
    given = list(accounts)
    places: dict[Path_, Path_] = {("rooms", n): path for n, (path, _) in enumerate(rooms)}
    places |= {("accounts", n): path for n, (path, _) in enumerate(given) if path}
    entry = FileSite.model_construct(
        id=site.id,
        name=site.name,
        url=site.url,
        rooms=tuple(room for _, room in rooms),
        accounts=tuple(account for _, account in given),
    )
    return EditSource(entry, places)


def single_phones(rooms: Iterable[tuple[Path_, FileRoom]]) -> Iterator[tuple[Path_, FileRoom]]:
    """Yield each phone alone in its room, so that every one's first problem is found."""
    for path, room in rooms:
        if not room.phones:
            yield path, room
        for position, phone in room.phones.items():
            yield path, room.model_copy(update={"phones": {position: phone}})
