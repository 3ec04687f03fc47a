"""Escaping for Asterisk's configuration files, in one place.

Every ``{{ value }}`` of a template passes through ``finalize``. Templates never begin a line with
a value, so what is left to fear is a line break (a new line, so a new section), ``;`` (a comment)
and, in names, the signs by which caller ids and voicemail boxes are taken apart.
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import SecretStr

from provisioner.errors import InventoryError
from provisioner.setting_values import one_line
from provisioner.syntaxes import UnsafeValueError

_EXTENSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")
_DIALLED = re.compile(r"[0-9A-Za-z*#+][0-9A-Za-z*#+._-]*")
_SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_SPECIAL = frozenset("aehiostT")
_LONGEST = 64

# Asterisk knows no escape for these where a name stands, so a look-alike takes their place.
_NAME_SIGNS = str.maketrans({'"': "'", "\\": "/", "<": "(", ">": ")"})


def extension(text: str) -> str:
    """Return ``text`` when it can name an account in every file.

    Raises:
        InventoryError: it cannot; the message names it.
    """
    if text.startswith("bw-"):
        raise InventoryError(f"extension {text!r}: names with bw- belong to bellwire's own objects")
    return _checked("extension", text, _EXTENSION)


def dialled(text: str) -> str:
    """Return ``text`` when it can be dialled as it is, and is no pattern or special extension.

    Raises:
        InventoryError: it cannot; the message names it.
    """
    return _checked("number", text, _DIALLED)


def context_prefix(site_id: str) -> str:
    """Return what the names of a site's sections and contexts begin with.

    Raises:
        InventoryError: the site's id cannot stand there; the message names it.
    """
    if not _SITE_ID.fullmatch(site_id) or len(site_id) > _LONGEST:
        raise InventoryError(f"site id {site_id!r} must be lower-case letters, digits and hyphens")
    return f"bw-{site_id}"


def _checked(what: str, text: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(text) or text in _SPECIAL or len(text) > _LONGEST:
        raise InventoryError(
            f"{what} {text!r} cannot stand in a dial plan: digits, letters, * # + . _ and - can, "
            f"at most {_LONGEST} of them"
        )
    return text


def name(text: str) -> str:
    """Return a person's or room's name without the signs that end a caller id."""
    return text.translate(_NAME_SIGNS).strip()


def box_name(text: str) -> str:
    """Return a name for a voicemail box, whose fields are parted by commas."""
    return " ".join(name(text).replace(",", " ").split())


def environment(folder: Path) -> Environment:
    """Return the Jinja environment of Asterisk's files below ``folder``."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,  # so that a macro's result is known as finished text
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters["name"] = name
    made.filters["box_name"] = box_name
    return made


def _finalize(value: object) -> Markup:
    if isinstance(value, Markup):  # a macro's result: its values have been here already
        return value
    text = _plain(value)
    try:
        one_line(text)
    except ValueError as problem:
        raise UnsafeValueError(str(problem)) from problem
    return Markup(text.replace(";", "\\;"))  # noqa: S704 - no HTML here


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
