"""A page of a phone book to the bytes that a vendor's phones read."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateError
from markupsafe import Markup, escape

from provisioner.errors import RenderError
from provisioner.phonebooks.entries import Book
from provisioner.phonebooks.formats import BookFormat, words_of
from provisioner.phonebooks.gigaset import GigasetQuery, gigaset_page, gigaset_query
from provisioner.phonebooks.pages import page_of
from provisioner.phonebooks.wanted import Wanted, wanted
from provisioner.placeholders import text_in
from provisioner.resources import DIRECTORY_MARK, Resource
from provisioner.syntaxes import UnsafeValueError, environment

Question = Wanted | GigasetQuery


def question(shape: BookFormat, query: str) -> Question:
    """Return what a query means to a format; queries that mean the same are equal."""
    return gigaset_query(query) if shape.query == "gigaset" else wanted(query)


def written(folder: Path, vendor: str, shape: BookFormat, book: Book, asked: Question) -> Resource:
    """Write one page.

    Args:
        folder: the catalogue's.
        vendor: its id.
        shape: which of its formats.
        book: the site's.
        asked: which part of it.

    Raises:
        RenderError: the template failed; names it.
    """
    template = f"{vendor}/{shape.template}"
    words = words_of(folder)
    page = (
        gigaset_page(book, shape, asked)
        if isinstance(asked, GigasetQuery)
        else page_of(book, shape, asked, words)
    )
    facts = {
        "page": page,
        "here": lambda query="": _here(shape.name, query),
        "name_or_number": text_in(words.name_or_number, book.languages),
    }
    try:
        text = _environment(folder).get_template(template).render(facts)
    except (TemplateError, UnsafeValueError, TypeError, ValueError, LookupError) as problem:
        raise RenderError("phone book", template, str(problem)) from problem
    body = text.encode("utf-8")
    linked = DIRECTORY_MARK in body
    digest = hashlib.sha256(body).hexdigest()
    return Resource(shape.name, shape.media_type, body, digest, linked=linked)


def _here(name: str, query: str) -> Markup:
    """The URL of another page; ``Resource.linked_to`` puts each phone's own directory in."""
    rest = escape(f"{name}?{query}" if query else name)
    return Markup(DIRECTORY_MARK.decode()) + rest  # noqa: S704 - a constant


@cache
def _environment(folder: Path) -> Environment:
    return environment("xml", FileSystemLoader(folder / "phones"), masked=False)
