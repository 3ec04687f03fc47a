"""FastAGI (Asterisk's gateway interface over TCP): what the PBX asks, and variables in answer.

The PBX connects, sends lines ``agi_name: value`` and an empty one, and then does one command after
the other; each is answered by a line ``200 result=...``. ``HANGUP`` may come between them when the
caller has gone. Closing the connection sends the call back to its dial plan.
(https://docs.asterisk.org, "Asterisk Gateway Interface".)
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

LIMIT = 16384
"""Bytes of a question: Asterisk asks with some 25 lines."""
ASK_TIMEOUT_S = 5.0
"""So long a peer may take to say what it wants, and to do one command."""
BACKLOG = 1024
_AGI = "agi_"
_ARGUMENT = re.compile(r"agi_arg_[1-9][0-9]?")
_ARG_AT = len("agi_arg_")
_HANGUP = b"HANGUP"
_PLAIN = re.compile(r"[A-Za-z0-9+*#._/-]*")
"""Values that need no quoting anywhere in Asterisk."""


class AgiError(ValueError):
    """What a peer says is no AGI, or it has gone."""


@dataclass(frozen=True, slots=True)
class AgiRequest:
    """What the PBX asks.

    Attributes:
        script: name of what is asked for, without its slash.
        arguments: those of the dial plan, in order.
        headers: all others, without ``agi_``.
        peer: address of the PBX.
    """

    script: str
    arguments: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    peer: str = ""


Answer = Callable[[AgiRequest], Awaitable[Mapping[str, str]]]
"""Gives the variables to set, the last one last: what the dial plan goes by."""


class AgiServer:
    """Answers PBXs; for one event loop.

    Args:
        answer: is called with each question.
        admits: whether an address may ask.
    """

    def __init__(self, answer: Answer, admits: Callable[[str], bool]) -> None:
        self._answer = answer
        self._admits = admits
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Begin to listen; returns address and port.

        Raises:
            OSError: it cannot be listened there.
        """
        self._server = await asyncio.start_server(
            self._serve, host, port, limit=LIMIT, backlog=BACKLOG
        )
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def close(self) -> None:
        """Stop to listen."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        try:
            if not self._admits(peer):
                log.warning("%s asked about calls, and is the PBX of no site", peer)
                return
            variables = await self._answer(await _question(reader, peer))
            for command in commands(variables):
                async with asyncio.timeout(ASK_TIMEOUT_S):
                    await _do(reader, writer, command)
        except (AgiError, OSError, TimeoutError) as problem:
            log.debug("%s: %s", peer, problem)
        except Exception:
            log.exception("a question of %s could not be answered", peer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _question(reader: asyncio.StreamReader, peer: str) -> AgiRequest:
    async with asyncio.timeout(ASK_TIMEOUT_S):
        request = await read_request(reader, peer)
        await asyncio.sleep(0)  # what came after it is read meanwhile
    if reader.at_eof():
        raise AgiError("the PBX waits for no answer any more")
    return request


async def read_request(reader: asyncio.StreamReader, peer: str = "") -> AgiRequest:
    """Read what a PBX asks.

    Raises:
        AgiError: it is no AGI, or breaks off.
    """
    headers: dict[str, str] = {}
    arguments: dict[int, str] = {}
    said = await _until(reader, b"\n\n")  # at once: to wait for each line costs more than to decide
    for line in said.split("\n"):
        name, separator, value = line.partition(":")
        if not separator or not name.startswith(_AGI):
            raise AgiError(f"{line[:40]!r} is no line of AGI")
        if _ARGUMENT.fullmatch(name):
            arguments[int(name[_ARG_AT:])] = value.strip()
        else:
            headers[name[len(_AGI) :]] = value.strip()
    script = headers.get("network_script", "").strip("/").partition("?")[0]
    given = tuple(arguments.get(n, "") for n in range(1, max(arguments, default=0) + 1))
    return AgiRequest(script, given, headers, peer)


def commands(variables: Mapping[str, str]) -> list[bytes]:
    """Return the commands that set variables; those without odd signs all at once, at the end.

    Raises:
        ValueError: a value cannot stand in a line.
    """
    plain = {name: value for name, value in variables.items() if _PLAIN.fullmatch(value)}
    odd = [_single(name, value) for name, value in variables.items() if name not in plain]
    if not plain:
        return odd
    told = ",".join(f"{name}={value}" for name, value in plain.items())
    return [*odd, f'EXEC MSet "{told}"\n'.encode()]


def _single(name: str, value: str) -> bytes:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError(f"{name} cannot be set to {value[:40]!r}")
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'SET VARIABLE {name} "{quoted}"\n'.encode()


async def _do(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes) -> None:
    writer.write(command)
    await writer.drain()
    while (answer := (await _line(reader)).encode()) == _HANGUP:
        continue  # the caller has gone; the variable may still be set
    if not answer.startswith(b"200 "):
        raise AgiError(f"{command!r}: {answer[:80]!r}")


async def _line(reader: asyncio.StreamReader) -> str:
    return await _until(reader, b"\n")


async def _until(reader: asyncio.StreamReader, end: bytes) -> str:
    try:
        said = await reader.readuntil(end)
    except asyncio.IncompleteReadError as problem:
        raise AgiError("the PBX broke off") from problem
    except asyncio.LimitOverrunError as problem:
        raise AgiError(f"more than {LIMIT} bytes") from problem
    return said.decode("utf-8", "replace").rstrip("\r\n")
