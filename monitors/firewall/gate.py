"""Asks the privileged part (``gatekeeper``) to shut an address out, or to let it in again."""

from __future__ import annotations

import socket
from pathlib import Path

from provisioner.errors import BellwireError

TIMEOUT_S = 15.0


class GateError(BellwireError):
    """It could not be done; the text says why, in one line."""


class Gate:
    """The unix socket of a gatekeeper; a connection for each request."""

    def __init__(self, path: Path, timeout_s: float = TIMEOUT_S) -> None:
        self.path = path
        self._timeout_s = timeout_s

    def shut_out(self, address: str, seconds: int) -> None:
        """Shut an address out for so long.

        Raises:
            GateError: nobody answers, or it is refused.
        """
        self._ask(f"add {address} {seconds}")

    def release(self, address: str) -> None:
        """Let an address in again; one that is not shut out stays so.

        Raises:
            GateError: nobody answers, or it is refused.
        """
        self._ask(f"remove {address}")

    def _ask(self, request: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(self._timeout_s)
            try:
                channel.connect(str(self.path))
                channel.sendall(f"{request}\n".encode())
                with channel.makefile("r", encoding="utf-8") as answers:
                    answer = answers.readline(1000).strip()
            except OSError as problem:
                raise GateError(f"{self.path}: {problem.strerror or problem}") from None
        if answer != "ok":
            raise GateError(answer.removeprefix("error: ") or f"{self.path}: no answer")
