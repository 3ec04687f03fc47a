"""Yealink's two kinds of text file, read as its firmware reads them.

A boot file names configuration files and says whether what they leave out goes back to the
factory's value. A configuration file is ``key = value`` lines. Both begin with a version line;
anything else, such as a page of HTML, is no configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Parameters = dict[str, str]

_VERSION = re.compile(r"#!version:\d+(?:\.\d+){3}")
_INCLUDE = re.compile(
    r"(?:\[(?P<product>[^\]]+)\])?include:config\s+[\"<]?(?P<target>[^\">]+?)[\">]?"
)
_OVERWRITE = re.compile(r"overwrite_mode\s*=\s*([01])")
_PER_ROLE = frozenset({"security.user_password", "static.security.user_password"})
_RESET = frozenset({"%NULL%", "%EMPTY%"})


class NotAConfigError(ValueError):
    """The body does not begin with a version line, or is no text."""


@dataclass(frozen=True, slots=True)
class BootFile:
    """What a boot file says.

    Attributes:
        includes: targets as written, top to bottom, relative to the boot file's URL.
        overwrite: whether parameters that the files leave out go back to the factory's value.
    """

    includes: tuple[str, ...]
    overwrite: bool


def read_boot(body: bytes, product: str) -> BootFile:
    """Read a boot file for a device that calls itself ``product``.

    Raises:
        NotAConfigError: the body is something else.
    """
    includes: list[str] = []
    overwrite = False
    for line in _lines(body):
        include = _INCLUDE.fullmatch(line)
        mode = _OVERWRITE.fullmatch(line)
        if include and (include["product"] in {None, product}):
            if include["target"].endswith(".cfg"):
                includes.append(include["target"])
        elif mode:
            overwrite = mode[1] == "1"
    return BootFile(tuple(includes), overwrite)


def read_config(body: bytes) -> Parameters:
    """Read a configuration file; the last of two equal names counts.

    A user password is given once for each role and kept as ``name[role]``.

    Raises:
        NotAConfigError: the body is something else.
    """
    found: Parameters = {}
    for line in _lines(body):
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name:
            continue
        if name in _PER_ROLE:
            role, _, value = value.partition(":")
            name = f"{name}[{role}]"
        found[name] = value
    return found


def merged(
    current: Mapping[str, str], files: Iterable[Parameters], *, overwrite: bool
) -> Parameters:
    """Return the settings after an update; a name that is not in it has the factory's value.

    Args:
        current: settings before.
        files: what was loaded, in order; the later file wins.
        overwrite: names that are left out or empty go back to the factory's value; otherwise
            they stay as they are, and only ``%NULL%`` clears.
    """
    told: Parameters = {}
    for file in files:
        told |= file
    if overwrite:
        return {name: value for name, value in told.items() if value and value not in _RESET}
    after = dict(current)
    for name, value in told.items():
        if value in _RESET:
            after.pop(name, None)
        elif value:
            after[name] = value
    return after


def _lines(body: bytes) -> list[str]:
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError as problem:
        raise NotAConfigError("no text") from problem
    if not lines or not _VERSION.fullmatch(lines[0].strip()):
        raise NotAConfigError("no version line")
    return [line.strip() for line in lines[1:] if line.strip() and not line.startswith("#")]
