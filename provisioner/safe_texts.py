"""Texts that a phone's file format cannot carry, found before anything is stored. Pure.

``syntaxes`` refuses them too, but only when the file is rendered; here the person who wrote the
text is still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, SecretStr

from provisioner.inventory.records import Account, Handset
from provisioner.resolve import Resolved
from provisioner.syntaxes import UnsafeValueError, check_text


def unsafe_text(
    syntax: str, resolved: Resolved, accounts: Iterable[Account], handsets: Iterable[Handset]
) -> str:
    """Return which text of a phone its syntax cannot carry and why, or an empty text.

    Args:
        syntax: of the phone's dialect.
        resolved: its settings and keys.
        accounts: those it uses.
        handsets: its DECT children.
    """
    for name, text in _texts(resolved, accounts, handsets):
        try:
            check_text(syntax, text)
        except UnsafeValueError as problem:
            return f"{name}: {problem}"
    return ""


def _texts(
    resolved: Resolved, accounts: Iterable[Account], handsets: Iterable[Handset]
) -> Iterator[tuple[str, str]]:
    yield from _inside(resolved.settings, "")
    for key in resolved.keys:
        yield f"label of key {key.label!r}", key.label
        yield f"value of key {key.label!r}", key.value
    for account in accounts:
        yield f"name of account {account.extension}", account.name
        if account.secret is not None:
            yield f"secret of account {account.extension}", account.secret.get_secret_value()
    for handset in handsets:
        yield f"name of handset {handset.slot}", handset.name


def _inside(value: object, path: str) -> Iterator[tuple[str, str]]:
    """All texts of nested settings with their dotted names."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _inside(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield path, name
            yield from _inside(inner, f"{path}.{name}")
    elif isinstance(value, tuple):
        for inner in value:
            yield from _inside(inner, path)
