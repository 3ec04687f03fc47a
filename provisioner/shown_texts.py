"""Texts for people: in several languages, and never with a secret in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from provisioner.kit import PhoneKit
from provisioner.placeholders import text_in

_GUARDED_LENGTH = 6  # a shorter secret is found in many a number by chance


@dataclass(frozen=True, slots=True)
class Text:
    """A text and the language it is for."""

    language: str
    text: str


class Guard:
    """Passes texts on, and leaves out those that hold one of a phone's secrets.

    Attributes:
        hidden: whether a text was left out.
    """

    def __init__(self, kit: PhoneKit) -> None:
        own = kit.secrets
        known = [own.token, own.admin_password, own.user_password, own.menu_pin, own.dect_pin]
        known += [line.secret for line in kit.lines]
        known += _secrets_in(kit.settings)
        values = {secret.get_secret_value().lower() for secret in known}
        self._secrets = {value for value in values if len(value) >= _GUARDED_LENGTH}
        self.hidden = False

    def __call__(self, text: str) -> str:
        """Return the text, or nothing."""
        low = text.lower()
        if any(secret in low for secret in self._secrets):
            self.hidden = True
            return ""
        return text

    def texts(self, texts: Mapping[str, str] | str, languages: Sequence[str]) -> tuple[Text, ...]:
        """Return a text in each language."""
        return distinct([Text(n, self(text_in(texts, in_front(n, languages)))) for n in languages])


def distinct(texts: Sequence[Text]) -> tuple[Text, ...]:
    """Return the texts that say something, each wording once, in their order."""
    found: dict[str, Text] = {}
    for each in texts:
        if each.text.strip():
            found.setdefault(each.text.strip().casefold(), each)
    return tuple(found.values())


def in_front(language: str, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the languages with this one first."""
    return (language, *(other for other in languages if other != language))


def _secrets_in(section: BaseModel) -> Iterator[SecretStr]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, SecretStr):
            yield value
        elif isinstance(value, BaseModel):
            yield from _secrets_in(value)
