"""Reading Fanvil's classic text files as the firmware does.

``<<VOIP CONFIG FILE>>Version:2.0002`` opens a file, ``<<END OF FILE>>`` closes it. Between them
stand modules in angle brackets, sub-headings between dashes and ``Name:Value`` lines, of which
the first colon ends the name. A line that begins with ``###`` is a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from web.simulated.fanvil_flash import Place

_HEADER = "<<VOIP CONFIG FILE>>Version:"
_END = "<<END OF FILE>>"
_MODULE = re.compile(r"<([^<>]+)>")
_HEADING = re.compile(r"-- ?(.+?)-- *:? *")
_VERSION = re.compile(r"\d+(?:\.\d+)?")
_KEY_MODULE = "DSSKEY CONFIG MODULE"


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration file as it was understood, text or XML."""

    version: tuple[int, ...]
    values: dict[Place, str] = field(default_factory=dict)

    @property
    def modules(self) -> frozenset[str]:
        """Names of the modules that the file holds values for."""
        return frozenset(module for module, _, _ in self.values)


def read_text(body: bytes) -> ConfigFile | None:
    """Return what a file says, or None when it is no such file, or cut short."""
    lines = body.decode("utf-8", errors="replace").splitlines()
    if not lines or not lines[0].startswith(_HEADER):
        return None
    version = version_of(lines[0].removeprefix(_HEADER))
    if not version or _END not in lines:
        return None
    return ConfigFile(version, _values(lines[1 : lines.index(_END)]))


def version_of(text: str) -> tuple[int, ...]:
    """Return a file's version as numbers; empty when there is none."""
    match = _VERSION.match(text.strip())
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def read_manifest(body: bytes) -> dict[str, str]:
    """Return the ``Name=Value`` lines of a boot file or a firmware list, names in lower case."""
    found: dict[str, str] = {}
    for line in body.decode("utf-8", errors="replace").splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip().isalpha():
            found[name.strip().lower()] = value.strip()
    return found


def is_html(body: bytes) -> bool:
    """Whether a server's error page stands where a file should be."""
    start = body.lstrip()[:15].lower()
    return start.startswith((b"<!doctype", b"<html"))


def _values(lines: list[str]) -> dict[Place, str]:
    values: dict[Place, str] = {}
    module = heading = ""
    for line in lines:
        opened = _MODULE.fullmatch(line.strip())
        below = _HEADING.fullmatch(line)
        if not line.strip() or line.startswith("###"):
            continue
        if opened:
            module, heading = opened[1], ""
        elif below:
            heading = below[1].strip() if module == _KEY_MODULE else ""
        else:
            name, colon, value = line.partition(":")
            if colon and module:
                values[module, heading, name.strip()] = value
    return values
