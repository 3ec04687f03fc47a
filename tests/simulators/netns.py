"""Two machines on one cable, made of network namespaces: one to protect, one that knocks."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

SKIP_REASON = "network namespaces and nft need root and the packages iproute2 and nftables"
LIMIT_S = 20.0
_CLONE_NEWNET = 0x40000000  # sched.h


def find_nft() -> str | None:
    """Return the path of nft, also when sbin is not on the PATH."""
    places = [os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
    return shutil.which("nft", path=os.pathsep.join(places))


def has_namespaces() -> bool:
    """Whether this process may make network namespaces, and nft works in them."""
    if os.geteuid() != 0 or find_nft() is None or shutil.which("ip") is None:
        return False
    name = f"bwtry{secrets.token_hex(3)}"
    tries = (
        ["ip", "netns", "add", name],
        inside(name, str(find_nft()), "add table inet bellwire_try"),
        ["ip", "netns", "del", name],
    )
    return all(_works(*command) for command in tries)


class Cable:
    """Two namespaces joined by a cable; use it as a context manager.

    Attributes:
        inside: name of the namespace that is protected.
        outside: name of the other.
    """

    def __init__(self, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
        """Prepare a cable.

        Args:
            inside: addresses with their prefix length of the machine that is protected.
            outside: of the other; a machine may have many.
        """
        mark = secrets.token_hex(3)
        self.inside, self.outside = f"bwin{mark}", f"bwout{mark}"
        self._ends = f"bwi{mark}", f"bwo{mark}"
        self._addresses = inside, outside

    def __enter__(self) -> Self:
        try:
            for name in (self.inside, self.outside):
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            here, there = self._ends
            _ip("-n", self.inside, "link", "add", here, "type", "veth", "peer", "name", there)
            _ip("-n", self.inside, "link", "set", there, "netns", self.outside)
            for name, end, addresses in zip(
                (self.inside, self.outside), self._ends, self._addresses, strict=True
            ):
                for address in addresses:
                    _ip("-n", name, "addr", "add", address, "dev", end, "nodad")
                _ip("-n", name, "link", "set", end, "up")
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def run(self, *command: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program on the machine that is protected."""
        return subprocess.run(
            inside(self.inside, *command),
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )

    def nft(self, text: str) -> str:
        """Give nft a file; returns what it printed; it must succeed."""
        done = self.run(str(find_nft()), "-f", "-", given=text)
        if done.returncode != 0:
            raise RuntimeError(f"nft: {done.stderr}")
        return done.stdout

    def ruleset(self) -> str:
        """Return the rules in force."""
        return self.run(str(find_nft()), "list", "ruleset").stdout

    def _close(self) -> None:
        for name in (self.inside, self.outside):
            subprocess.run(
                ["ip", "netns", "del", name], capture_output=True, check=False, timeout=LIMIT_S
            )


def inside(namespace: str, *command: str) -> list[str]:
    """Return the command line that runs a program in a namespace."""
    return ["ip", "netns", "exec", namespace, *command]


def _works(*command: str) -> bool:
    done = subprocess.run(command, capture_output=True, check=False, timeout=LIMIT_S)
    return done.returncode == 0


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=LIMIT_S)


@contextmanager
def entered(namespace: str) -> Iterator[None]:
    """This thread's new sockets belong to a namespace; those that are open stay where they are."""
    with Path("/proc/thread-self/ns/net").open("rb") as home:
        with Path(f"/run/netns/{namespace}").open("rb") as there:
            _set_namespace(there.fileno())
        try:
            yield
        finally:
            _set_namespace(home.fileno())


def _set_namespace(descriptor: int) -> None:
    """``setns(2)``, which Python has from 3.12 on."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
