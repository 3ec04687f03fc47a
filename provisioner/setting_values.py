"""The kinds of value that settings are made of: names, hosts, numbers, secrets, URLs."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

# line breaks of any script, and what neither UTF-8 nor XML can carry
FORBIDDEN_CONTROL = frozenset(
    map(chr, [*range(0x20), 0x7F, 0x85, 0x2028, 0x2029, *range(0xD800, 0xE000), 0xFFFE, 0xFFFF])
)


def one_line(text: str) -> str:
    """Return ``text``; raises ValueError when it holds a control character or a line break.

    A line break in a label would become a new parameter in a phone's file.
    """
    bad = [] if text.isprintable() else sorted(FORBIDDEN_CONTROL.intersection(text))
    if bad:
        raise ValueError(f"control character {bad[0]!r} is not allowed")
    return text


def _one_line_secret(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    one_line(value)
    if value != value.strip():
        raise ValueError("a secret must not begin or end with a blank")
    return secret


def _multicast(text: str) -> str:
    address, _, port = text.partition(":")
    IPv4Address(address)
    if not 0 < int(port) <= 65535:  # noqa: PLR2004 - the largest port
        raise ValueError(f"{port} is not a port")
    return text


Line = Annotated[str, Field(max_length=200), AfterValidator(one_line)]
Url = Annotated[
    str, Field(max_length=500, pattern=r"^$|^[a-z][a-z0-9+.-]*://\S+$"), AfterValidator(one_line)
]
FileUrl = Annotated[
    str,
    Field(max_length=500, pattern=r"^$|^[a-z][a-z0-9+.-]*://\S+$|^library:[A-Za-z0-9][\w.-]*$"),
    AfterValidator(one_line),
]
"""A URL, or ``library:NAME``: a file of bellwire's own library, fetched under the phone's token."""
SecretLine = Annotated[SecretStr, AfterValidator(_one_line_secret)]
Host = Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z0-9._:\[\]-]*$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Number = Annotated[
    str, Field(max_length=64, pattern=r"^[0-9A-Za-z*#+._-]*$"), AfterValidator(one_line)
]
Percent = Annotated[int, Field(ge=0, le=100)]
Window = Annotated[
    str, Field(pattern=r"^$|^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")
]
"""Times of day, ``02:00-05:00``; it may reach over midnight."""
MulticastGroup = Annotated[
    str,
    Field(pattern=r"^(22[4-9]|23[0-9])(\.[0-9]{1,3}){3}:[0-9]{1,5}$"),
    AfterValidator(_multicast),
]
