"""YAML with line numbers, without YAML's surprises.

``NO`` stays a country, ``012`` stays an extension and ``00:15:65:00:00:01`` stays a MAC: a number
keeps the text it was written with. ``!env NAME`` and ``!file PATH`` read secrets from outside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import JsonValue

from provisioner.errors import SiteFileError

Path_ = tuple[str | int, ...]
_INT = re.compile(r"[-+]?\d+$")
MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 40
MAX_REPEATED = 250_000  # values that aliases stand for, all together


class WrittenInt(int):
    """An integer that remembers how it was written."""

    written: str

    def __new__(cls, text: str) -> WrittenInt:
        """Keep the text beside the value."""
        made = super().__new__(cls, int(text))
        made.written = text
        return made


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content, and the line of every path in it."""

    file: str
    data: JsonValue
    lines: Mapping[Path_, int]

    def line(self, path: Path_) -> int:
        """Return the line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(
    file: str, text: str, folder: Path | None = None, *, from_outside: bool = False
) -> Document:
    """Parse a site file.

    Args:
        file: its name, for messages.
        text: its content.
        folder: where ``!file`` looks; None refuses it.
        from_outside: it was not written on this machine: ``!env`` is refused too.

    Raises:
        SiteFileError: not YAML, a key given twice, nested or repeated beyond reason, or a
            secret that cannot be read.
    """
    if len(text) > MAX_BYTES:
        raise SiteFileError(file, 0, "", f"larger than {MAX_BYTES} bytes")
    try:
        _check_depth(file, text)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 0
        raise SiteFileError(file, line, "", f"not YAML: {problem.problem}") from problem
    except yaml.reader.ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise SiteFileError(file, line, "", f"not YAML: {problem.reason}") from problem
    builder = _Builder(file, folder, from_outside=from_outside)
    data = builder.build(node, ()) if node is not None else {}
    return Document(file, data, builder.lines)


def _check_depth(file: str, text: str) -> None:
    """Refuse what is nested too deeply, before anything recursive reads it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise SiteFileError(file, line, "", f"nested more than {MAX_DEPTH} deep")


_Fastest: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fastest):  # type: ignore[misc, valid-type]
    """Only what a site file needs: null, true, false and whole numbers."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))


class _Builder:
    """Turns YAML nodes into plain values and notes their lines."""

    def __init__(self, file: str, folder: Path | None, *, from_outside: bool = False) -> None:
        self.lines: dict[Path_, int] = {}
        self._from_outside = from_outside
        self._file = file
        self._folder = folder
        self._open: set[int] = set()
        self._built: set[int] = set()
        self._repeated = 0

    def build(self, node: yaml.Node, path: Path_) -> JsonValue:
        self.lines[path] = node.start_mark.line + 1
        if id(node) in self._open:
            raise self._error(path, "refers to itself")
        self._count(node, path)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return [self.build(child, (*path, n)) for n, child in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _count(self, node: yaml.Node, path: Path_) -> None:
        """Refuse aliases of aliases of aliases: a few lines that stand for millions."""
        if id(node) in self._built:
            self._repeated += 1
        self._built.add(id(node))
        if self._repeated > MAX_REPEATED:
            raise self._error(path, f"aliases stand for more than {MAX_REPEATED} values")

    def _mapping(self, node: yaml.MappingNode, path: Path_) -> dict[str, JsonValue]:
        made: dict[str, JsonValue] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(path, "a key must be a text")
            key = str(key_node.value)
            here = (*path, key)
            if key in made:
                self.lines[here] = key_node.start_mark.line + 1
                raise self._error(here, "given twice")
            made[key] = self.build(value_node, here)
            self.lines[here] = key_node.start_mark.line + 1
        return made

    def _scalar(self, node: yaml.Node, path: Path_) -> JsonValue:
        text, tag = str(node.value), node.tag.rsplit(":", 1)[-1]
        if tag == "!env":
            return self._env(text, path)
        if tag == "!file":
            return self._secret_file(text, path)
        if tag.startswith("!") and tag != "!":
            raise self._error(path, f"unknown tag {tag}; known are !env and !file")
        plain: dict[str, JsonValue] = {"null": None, "bool": text.lower() == "true"}
        if tag == "int":
            return self._int(text, path)
        return plain.get(tag, text)

    def _int(self, text: str, path: Path_) -> WrittenInt:
        try:
            return WrittenInt(text)
        except ValueError as problem:
            raise self._error(path, f"{text[:20]!r} is not a whole number") from problem

    def _env(self, name: str, path: Path_) -> str:
        if self._from_outside:
            raise self._error(path, "!env is not allowed here")
        value = os.environ.get(name)
        if value is None:
            raise self._error(path, f"the environment variable {name} is not set")
        return value

    def _secret_file(self, name: str, path: Path_) -> str:
        if self._folder is None:
            raise self._error(path, "!file is not allowed here")
        try:
            return (self._folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            raise self._error(path, f"cannot read {name}: {problem}") from problem

    def _error(self, path: Path_, problem: str) -> SiteFileError:
        return SiteFileError(self._file, self.lines.get(path, 0), dotted(path), problem)


def dotted(path: Path_) -> str:
    """Write a path for people: ``sites[0].rooms[3].phones.bedside.mac``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
