"""Names in settings and keys, such as ``{site.numbers.spa}``; texts in several languages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from provisioner.errors import InventoryError
from provisioner.layers import PLACEHOLDER


class UnknownNameError(InventoryError):
    """A placeholder names something the site does not have."""


def fill(text: str, names: Mapping[str, str]) -> str:
    """Replace ``{site.numbers.reception}`` and the like; of names parted by ``|``, the first set.

    Raises:
        UnknownNameError: a name is not known; it says which.
    """

    def value(match: re.Match[str]) -> str:
        known = [names[name] for name in match[1].split("|") if name in names]
        if not known:
            raise UnknownNameError(f"{{{match[1]}}} is not set")
        return next(filter(None, known), "")

    return PLACEHOLDER.sub(value, text)


def text_in(texts: Mapping[str, str] | str, languages: Iterable[str]) -> str:
    """Return the text in the first language it exists in, English otherwise."""
    if isinstance(texts, str):
        return texts
    for language in (*languages, "en"):
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), "")
