"""What the core has said in English, said again in the language of a page. Pure.

The core speaks English: to the log, to programs, to the command line, and into its database. Its
sentences are known by their form; a page that shows one finds its form and says it anew. One that
is not known stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

LANGUAGES = ("es", "ru")
HOLE = "{}"
JOINT = "; "
LINE = "line {}: {}"
"""What stands before any sentence: it is taken off before anything else is looked for."""
_PARTS_MAX = 12
_DEEP = 6
"""Sentences stand inside of one another no deeper than this."""


@dataclass(frozen=True, slots=True)
class Form:
    """A sentence of the core.

    Attributes:
        english: with ``{}`` for what is filled in.
        pattern: matches the whole of such a sentence.
        texts: by language, with ``{0}`` and so on.
    """

    english: str
    pattern: re.Pattern[str]
    texts: dict[str, str]

    def match(self, text: str) -> re.Match[str] | None:
        """Return what is filled in, if a text is this sentence."""
        begin, _, rest = self.english.partition(HOLE)
        end = rest.rpartition(HOLE)[2]
        if not (text.startswith(begin) and text.endswith(end)):
            return None  # sooner known than by the pattern
        return self.pattern.fullmatch(text)

    @property
    def weight(self) -> int:
        """How much it says by itself."""
        return len(self.english) - len(HOLE) * self.english.count(HOLE)


def retold(text: str, language: str) -> str:
    """Return what the core has said, in another language; what is not known as it is.

    Args:
        text: a sentence, or several with ``; `` between them.
        language: two letters; any without texts gets the sentence itself.
    """
    return _retold(str(text), language) if language in LANGUAGES else str(text)


@lru_cache(maxsize=4096)
def _retold(text: str, language: str, depth: int = 0) -> str:
    if depth > _DEEP:
        return text
    parts = text.split(JOINT)
    if len(parts) > _PARTS_MAX:
        return JOINT.join(_retold(part, language, depth + 1) for part in parts)
    return JOINT.join(
        piece if found is None else _filled(*found, language, depth)
        for piece, found in _best(tuple(parts))
    )


def _filled(form: Form, match: re.Match[str], language: str, depth: int) -> str:
    inner = [_retold(part, language, depth + 1) for part in match.groups()]
    return form.texts[language].format(*inner)


Found = tuple[str, tuple[Form, re.Match[str]] | None]


def _best(parts: tuple[str, ...]) -> list[Found]:
    """Cut a text into sentences so that as much of it as can be is known by its form.

    A sentence may hold the joint itself, and several may stand in a row.
    """
    best: list[tuple[int, list[Found]]] = [(0, [])]
    for end in range(1, len(parts) + 1):
        ways = []
        for start in range(end):
            piece = JOINT.join(parts[start:end])
            found = _found(piece)
            weight = _weight(*found) if found else start - end
            ways.append((best[start][0] + weight, [*best[start][1], (piece, found)]))
        best.append(max(ways, key=lambda way: way[0]))
    return best[-1][1]


def _weight(form: Form, match: re.Match[str]) -> int:
    """How much of a text a sentence says; behind the number of a line stands another one."""
    inner = _found(match[2]) if form.english == LINE else None
    return form.weight + (inner[0].weight if inner else 0)


def _found(text: str) -> tuple[Form, re.Match[str]] | None:
    for form in forms():
        match = form.match(text)
        if match is not None:
            return form, match
    return None


@cache
def forms() -> Sequence[Form]:
    """Return all sentences: a line's number, then those first that say the most by themselves."""
    file = resources.files("web.retelling").joinpath("sentences.toml")
    said = tomllib.loads(file.read_text(encoding="utf-8"))["said"]
    made = [
        Form(
            each["en"],
            re.compile("(.+?)".join(map(re.escape, each["en"].split(HOLE))), re.DOTALL),
            {language: each[language] for language in LANGUAGES},
        )
        for each in said
    ]
    return sorted(made, key=lambda form: (form.english != LINE, -form.weight))
