"""Phone books as phones read them, and as people do."""

from __future__ import annotations

import click

from provisioner.catalogue.loader import Catalogue
from provisioner.errors import UnknownThingError
from provisioner.phonebooks.entries import Book
from provisioner.phonebooks.formats import BookFormat, formats_for
from provisioner.phonebooks.reading import read_book
from provisioner.phonebooks.writing import question, written
from provisioner.syntaxes import MASK
from web.commands.options import echo_json, json_option, with_installation
from web.installation import Installation


@click.command()
@click.argument("site")
@click.option("--vendor", help="Write it as this vendor's phones read it.")
@click.option("--dialect", help="With --vendor: which of its dialects (default: the first).")
@click.option("--file", "name", default="phonebook.xml", help="With --vendor: which file.")
@click.option("--query", default="", help="With --vendor: what stands behind the question mark.")
@json_option
@with_installation
def phonebook(
    installation: Installation,
    site: str,
    vendor: str | None,
    dialect: str | None,
    name: str,
    query: str,
    as_json: bool,
) -> None:
    """Show SITE's phone book: its entries, or the file that phones of a vendor get."""
    with installation.database.read() as session:
        book = read_book(session, installation.box, installation.catalogue, site)
    if book is None:
        raise UnknownThingError(f"there is no site {site!r}")
    if vendor is None:
        _show(book, as_json=as_json)
        return
    shape = _format(installation.catalogue, vendor, dialect, name)
    asked = question(shape, query)
    page = written(installation.catalogue.folder, vendor, shape, book, asked)
    click.echo(bytes(page.linked_to(f"http://.../p/{MASK}/").body).decode(), nl=False)


def _show(book: Book, *, as_json: bool) -> None:
    if as_json:
        echo_json([{"name": e.name, "number": e.number, "group": e.group} for e in book.entries])
        return
    width = max((len(e.number) for e in book.entries), default=0)
    for entry in book.entries:
        group = f"  ({entry.group})" if entry.group else ""
        click.echo(f"{entry.number:<{width}}  {entry.name}{group}")


def _format(catalogue: Catalogue, vendor_id: str, dialect: str | None, name: str) -> BookFormat:
    """The format of a vendor's file; raises UnknownThingError naming those there are."""
    vendor = catalogue.vendors.get(vendor_id)
    if vendor is None:
        known = ", ".join(catalogue.vendors)
        raise UnknownThingError(f"there is no vendor {vendor_id!r}; known are: {known}")
    if dialect is not None and dialect not in {d.id for d in vendor.dialects}:
        known = ", ".join(d.id for d in vendor.dialects)
        raise UnknownThingError(f"{vendor.name} has no dialect {dialect!r}; known are: {known}")
    found: list[str] = []
    for one in vendor.dialects:
        if dialect is None or one.id == dialect:
            formats = formats_for(catalogue, vendor_id, one)
            if name in formats:
                return formats[name]
            found += formats
    known = ", ".join(dict.fromkeys(found)) or "none"
    raise UnknownThingError(f"{vendor.name} reads no {name!r}; its phone books are: {known}")


COMMANDS = (phonebook,)
