"""Finished phone books in memory, shared by all phones of a site, never staler than the last apply.

A page is written once for each (site, format, question) and kept while there is room. On each
request the database's change counter is compared; when site files were applied, a site's book
is read again, and its pages are thrown away only if it is another one.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict

from provisioner.catalogue.loader import Catalogue
from provisioner.db import Database
from provisioner.errors import BellwireError
from provisioner.inventory.stamp import read_sites_stamp
from provisioner.mac import MacAddress
from provisioner.phonebooks.entries import Book
from provisioner.phonebooks.formats import BookFormat, formats_for
from provisioner.phonebooks.reading import may_have_book, read_book
from provisioner.phonebooks.writing import Question, question, written
from provisioner.resources import Resource
from provisioner.secrets import Box
from provisioner.shelf import Entry, Watch

log = logging.getLogger(__name__)

MAX_PAGE_BYTES = 32 * 1024 * 1024
MAX_BOOKS = 64
_OVERHEAD_BYTES = 500  # of a page's key and record
Key = tuple[str, str, str, frozenset[str], Question]


class PhoneBooks:
    """Gives phones their site's book in their own format.

    Args:
        database: the inventory.
        box: opens settings that hold secrets.
        catalogue: vendor knowledge.
        max_bytes: of finished pages in memory.
    """

    def __init__(
        self, database: Database, box: Box, catalogue: Catalogue, max_bytes: int = MAX_PAGE_BYTES
    ) -> None:
        self._database = database
        self._box = box
        self._catalogue = catalogue
        self._max_bytes = max_bytes
        self._watch = Watch(database)
        self._seen = -2
        self._stamp = -1
        self._books: OrderedDict[str, Book | None] = OrderedDict()
        self._fresh: set[str] = set()
        self._may: dict[MacAddress, bool] = {}
        self._pages: OrderedDict[Key, Resource] = OrderedDict()
        self._bytes = 0
        self._lock = threading.RLock()

    def find(self, entry: Entry, name: str, query: str) -> Resource | None:
        """Return a page of the book for a phone; None: this phone reads no book of that name."""
        shape = self._shape(entry, name)
        if shape is None:
            return None
        vendor = self._catalogue.models[entry.model].vendor
        asked = question(shape, query)
        with self._lock:
            self._refresh()
            if not self._may_have(entry.mac):
                return None
            return self.page(entry.site, vendor, shape, asked)

    def may_have(self, entry: Entry, name: str) -> bool:
        """Whether a phone of that model reads a book of that name."""
        return self._shape(entry, name) is not None

    def _shape(self, entry: Entry, name: str) -> BookFormat | None:
        model = self._catalogue.models.get(entry.model)
        if model is None or not model.dialects:
            return None
        dialect = self._catalogue.dialect_of(model, entry.firmware or None)
        return formats_for(self._catalogue, model.vendor, dialect).get(name.lower())

    def page(self, site: str, vendor: str, shape: BookFormat, asked: Question) -> Resource | None:
        """Return a page of a site's book; None: there is no such site, or it cannot be written."""
        with self._lock:
            book = self._book(site)
            if book is None:
                return None
            key = (site, vendor, shape.name, shape.dialects, asked)
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
                return page
            try:
                page = written(self._catalogue.folder, vendor, shape, book, asked)
            except BellwireError:
                log.exception("the phone book of %s cannot be written for %s", site, vendor)
                return None
            self._keep(key, page)
            return page

    def close(self) -> None:
        """Let go of the database."""
        self._watch.close()

    @property
    def size_bytes(self) -> int:
        """How much the finished pages take."""
        return self._bytes

    def _refresh(self) -> None:
        """Notice applied site files; cheap when nothing was committed."""
        seen = self._watch.version()
        if seen == self._seen and seen >= 0:
            return
        with self._database.read() as session:
            stamp = read_sites_stamp(session)
        if stamp != self._stamp:
            self._fresh.clear()
            self._may.clear()
            self._stamp = stamp
        self._seen = seen

    def _may_have(self, mac: MacAddress) -> bool:
        known = self._may.get(mac)
        if known is None:
            try:
                with self._database.read() as session:
                    known = may_have_book(session, self._box, self._catalogue, mac)
            except BellwireError as problem:
                log.warning("%s gets no phone book: %s", mac.colons, problem)
                known = False
            self._may[mac] = known
        return known

    def _book(self, site: str) -> Book | None:
        """A site's book, read again after site files were applied."""
        if site in self._fresh:
            self._books.move_to_end(site)
            return self._books[site]
        with self._database.read() as session:
            book = read_book(session, self._box, self._catalogue, site)
        if self._books.get(site) != book:
            self._drop_pages(site)
        self._books[site] = book
        self._books.move_to_end(site)
        self._fresh.add(site)
        while len(self._books) > MAX_BOOKS:
            gone, _ = self._books.popitem(last=False)
            self._fresh.discard(gone)
            self._drop_pages(gone)
        return book

    def _keep(self, key: Key, page: Resource) -> None:
        self._pages[key] = page
        self._bytes += _size(page)
        while self._bytes > self._max_bytes and len(self._pages) > 1:
            _, gone = self._pages.popitem(last=False)
            self._bytes -= _size(gone)

    def _drop_pages(self, site: str) -> None:
        for key in [key for key in self._pages if key[0] == site]:
            self._bytes -= _size(self._pages.pop(key))


def _size(page: Resource) -> int:
    return len(page.body) + _OVERHEAD_BYTES
