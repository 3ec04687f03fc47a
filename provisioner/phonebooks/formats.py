"""How each vendor's phones read a phone book: ``templates/phones/<vendor>/phonebooks.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from provisioner.catalogue.loader import Catalogue
from provisioner.catalogue.reading import read_record
from provisioner.catalogue.record import Pattern, Record, Slug, Source
from provisioner.catalogue.schema import Dialect

FILE_NAME = "phonebooks.toml"
WORDS_FILE = "phonebooks/words.toml"


class BookFormat(Record):
    """One file of a phone book, as some dialects of a vendor read it.

    Attributes:
        name: of the file, below the phone's token.
        dialects: those that read it; none: all of the vendor.
        template: in the vendor's folder.
        query: which questions may stand behind the name.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+\.xml$")]
    dialects: frozenset[Slug] = frozenset()
    template: str
    media_type: str = "text/xml; charset=utf-8"
    query: Literal["plain", "gigaset"] = "plain"
    entries: int = Field(gt=0, description="as many as one file may hold")
    groups: bool = Field(default=False, description="groups are shown as a menu")
    menus: bool = Field(default=False, description="menus that lead to other URLs")
    pages: bool = Field(default=False, description="a key to the next page of a list")
    forms: bool = Field(default=False, description="a form to type a search into")
    name_max: int = Field(default=0, ge=0, description="letters of a name; 0: no limit")
    number_max: int = Field(default=0, ge=0, description="digits of a number; 0: no limit")
    numbers: Pattern = Field(
        default=".+", description="what a number must look like; others are left out"
    )


class VendorBooks(Record):
    """All of one vendor."""

    books: tuple[BookFormat, ...] = ()
    sources: tuple[Source, ...] = ()


class Words(Record):
    """The words around entries, by language."""

    search: dict[str, str]
    name_or_number: dict[str, str]
    everybody: dict[str, str]
    next: dict[str, str]
    previous: dict[str, str]


def formats_for(catalogue: Catalogue, vendor: str, dialect: Dialect) -> Mapping[str, BookFormat]:
    """Return the phone books that a dialect reads, by file name.

    Raises:
        CatalogueError: the vendor's file is wrong; it names file and key.
    """
    books = books_of(catalogue.folder, vendor).books
    return {b.name: b for b in books if not b.dialects or dialect.id in b.dialects}


@lru_cache(maxsize=32)
def books_of(folder: Path, vendor: str) -> VendorBooks:
    """Return what is known of a vendor's phone books; nothing when it has no file for that.

    Raises:
        CatalogueError: the file is wrong; it names file and key.
    """
    file = folder / "phones" / vendor / FILE_NAME
    return read_record(folder, file, VendorBooks) if file.is_file() else VendorBooks()


@lru_cache(maxsize=4)
def words_of(folder: Path) -> Words:
    """Return the words around entries; raises CatalogueError."""
    return read_record(folder, folder / WORDS_FILE, Words)
