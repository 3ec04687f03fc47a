"""The discovery process, ``python -m monitors.discovery``: finds as lines of JSON.

It opens its socket, gives up every privilege, and only then reads what strangers send. Exit codes:
0 done, 1 it could not be done, 2 usage, scapy missing or ``CAP_NET_RAW`` missing.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from monitors.discovery import privileges
from monitors.discovery.arp_sweep import MOST, PER_S, Pace, targets
from monitors.discovery.finds import Find, to_line
from monitors.discovery.listening import Reader, listen
from monitors.discovery.sniffing import Tap, captured
from provisioner.catalogue.loader import load
from provisioner.errors import BellwireError, SettingsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit code."""
    asked = _arguments(arguments)
    try:
        if asked.capture is not None:
            _from_capture(asked.capture)
        else:
            _from_interface(asked)
    except SettingsError as problem:
        return _failed(str(problem), 2)
    except (BellwireError, OSError) as problem:
        return _failed(str(problem), 1)
    except KeyboardInterrupt:
        return 0
    return 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m monitors.discovery",
        description="Listens for phones; writes what it finds as lines of JSON.",
    )
    parser.add_argument("--interface", default="", help="default: the one of the default route")
    parser.add_argument("--listen", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--sweep", type=IPv4Network, action="append", default=[], metavar="NETWORK")
    parser.add_argument("--most", type=int, default=MOST, help="addresses that a sweep may ask")
    parser.add_argument("--rate", type=float, default=PER_S, help="questions in a second")
    parser.add_argument("--capture", type=Path, help="read a capture in place of an interface")
    parser.add_argument("--with-parent", action="store_true", help="end with standard input")
    asked = parser.parse_args(arguments)
    if asked.rate <= 0 or asked.listen < 0:
        parser.error("--rate and --listen are positive")
    return asked


def _from_capture(file: Path) -> None:
    frames = captured(file)
    catalogue = load()
    privileges.give_up()
    with _output():
        reader = Reader(catalogue, _emit)
        for frame in frames:
            reader.take(frame)


def _from_interface(asked: argparse.Namespace) -> None:
    addresses = _targets(asked.sweep, asked.most)
    catalogue = load()
    tap = Tap(asked.interface)
    privileges.give_up()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not any(IPv4Address(tap.address or "0.0.0.0") in n for n in asked.sweep):  # noqa: S104
        tap.address = ""  # hosts answer a probe, but not always somebody from another network
    with _output():
        sys.stderr.write(f"listening on {tap.interface}\n")
        sys.stderr.flush()
        sweep = Pace(addresses, 0.0, asked.rate)
        is_over = _parent_is_gone if asked.with_parent else (lambda: False)
        listen(tap, Reader(catalogue, _emit), asked.listen, sweep, is_over)


def _targets(networks: Iterable[IPv4Network], most: int) -> list[IPv4Address]:
    try:
        return targets(networks, most)
    except ValueError as problem:
        raise SettingsError(str(problem)) from problem


@contextmanager
def _output() -> Iterator[None]:
    """End quietly when nobody reads what is written."""
    try:
        yield
    except BrokenPipeError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)


def _emit(find: Find) -> None:
    sys.stdout.write(to_line(find))
    sys.stdout.flush()


def _parent_is_gone() -> bool:
    """Standard input is a pipe from the parent, who never writes to it."""
    with suppress(OSError):
        while select.select([0], [], [], 0)[0]:
            if not os.read(0, 1024):
                return True
    return False


def _failed(problem: str, code: int) -> int:
    sys.stderr.write(f"discovery: {problem}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
