"""The one part of bellwire that runs as root: puts addresses into two sets of nftables, or out.

It knows two requests, one on a line, and answers each with ``ok`` or ``error: ...``:

    add ADDRESS SECONDS
    remove ADDRESS

Nothing of a request reaches nft but an address that was read and written again, and a whole
number: no other table, no other set, no rule. Only Python's own library is imported here.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

TABLE = "bellwire_shut"
SETS = {4: "out4", 6: "out6"}
LONGEST_S = 31 * 86_400
LONGEST_LINE = 64
MOST_REQUESTS = 1000
CLIENT_S = 5.0
NFT_S = 10.0
FIRST_PASSED_FD = 3  # sd_listen_fds(3)
SOCKET_MODE = 0o660

_ADD = re.compile(r"add ([0-9a-f:.]{2,39}) ([1-9][0-9]{0,6})")
_REMOVE = re.compile(r"remove ([0-9a-f:.]{2,39})")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RefusedError(ValueError):
    """A request that is not carried out; its text is the answer."""


def command_for(request: str, never: Iterable[Network] = ()) -> str:
    """Return what nft is told for a request.

    Args:
        request: one line without its end.
        never: networks of which no address is added, whoever asks.

    Raises:
        RefusedError: it is not one of the two requests, or its address may not be added.
    """
    if found := _ADD.fullmatch(request):
        address, seconds = _address(found[1]), int(found[2])
        if seconds > LONGEST_S:
            raise RefusedError(f"{LONGEST_S} seconds at most")
        if any(address in network for network in never if network.version == address.version):
            raise RefusedError(f"{address} is never shut out")
        where = f"element inet {TABLE} {SETS[address.version]}"
        # one that is there keeps its old time when it is added again, so it goes first
        return (
            f"add {where} {{ {address} }}\ndelete {where} {{ {address} }}\n"
            f"add {where} {{ {address} timeout {seconds}s }}\n"
        )
    if found := _REMOVE.fullmatch(request):
        address = _address(found[1])
        where = f"element inet {TABLE} {SETS[address.version]}"
        return f"add {where} {{ {address} }}\ndelete {where} {{ {address} }}\n"
    raise RefusedError("write: add ADDRESS SECONDS, or: remove ADDRESS")


def _address(text: str) -> Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise RefusedError("that is no address") from None
    if str(address) != text:
        raise RefusedError(f"write it {address}")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise RefusedError(f"write it {address.ipv4_mapped}")
    if address.is_loopback or address.is_multicast or address.is_unspecified:
        raise RefusedError(f"{address} is nobody's")
    return address


def tell_nft(text: str) -> None:
    """Give nft its commands; all of them count, or none.

    Raises:
        RefusedError: nft is missing or refuses.
    """
    program = shutil.which("nft", path="/usr/sbin:/sbin")
    if program is None:
        raise RefusedError("nft is not installed")
    try:
        done = subprocess.run(
            [program, "-f", "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=NFT_S,
            env={},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise RefusedError(f"nft: {type(problem).__name__}") from None
    if done.returncode != 0:
        raise RefusedError(f"nft: {' '.join(done.stderr.split())[:200]}")


def serve_lines(
    requests: BinaryIO,
    answer: Callable[[str], object],
    never: Sequence[Network] = (),
    tell: Callable[[str], None] = tell_nft,
) -> None:
    """Carry out the requests of one asker until he ends, or writes what no request can be."""
    for _ in range(MOST_REQUESTS):
        line = requests.readline(LONGEST_LINE + 1)
        if not line:
            return
        if not line.endswith(b"\n"):
            answer("error: a request is one short line\n")
            return
        try:
            tell(command_for(line[:-1].decode("ascii", "replace"), never))
        except RefusedError as refused:
            answer(f"error: {refused}\n")
        else:
            answer("ok\n")


def serve_socket(listener: socket.socket, never: Sequence[Network]) -> None:
    """Serve one asker after the other, for ever; one that is slow is cut off."""
    while True:
        channel, _ = listener.accept()
        with channel:
            _serve_one(channel, never)


def _serve_one(channel: socket.socket, never: Sequence[Network]) -> None:
    channel.settimeout(CLIENT_S)
    try:
        with channel.makefile("rb") as requests:
            serve_lines(requests, lambda text: channel.sendall(text.encode()), never)
    except OSError as problem:
        print(f"bellwire-firewall: {problem}", file=sys.stderr, flush=True)  # noqa: T201


def listening(path: str) -> socket.socket:
    """Return the socket that systemd passed, or a new one at ``path`` for owner and group alone."""
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return socket.socket(fileno=FIRST_PASSED_FD)
    Path(path).unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 ^ SOCKET_MODE)
    try:
        made.bind(path)
    finally:
        os.umask(before)
    made.listen()
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a socket, or standard input."""
    reader = argparse.ArgumentParser(
        prog="bellwire-firewall",
        description="Puts addresses into bellwire's sets of nftables. Runs as root.",
    )
    where = reader.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket", metavar="PATH", help="a unix socket, or the one systemd passes")
    where.add_argument("--stdin", action="store_true", help="requests on standard input")
    reader.add_argument(
        "--never",
        metavar="NETWORK",
        action="append",
        default=[],
        type=ipaddress.ip_network,
        help="of which no address is shut out, whoever asks; may be given several times",
    )
    given = reader.parse_args(arguments)
    if given.stdin:
        serve_lines(sys.stdin.buffer, _print, given.never)
    else:
        serve_socket(listening(given.socket), given.never)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
