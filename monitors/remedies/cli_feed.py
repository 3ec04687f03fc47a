"""A port's power switched at the command line over SSH, by netmiko.

netmiko takes half a second and much memory to import, so that is done here when it is needed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitors.remedies.dialogues import FLAGS, Dialogue, dialogues, filled
from monitors.remedies.feed import FeedError, Look, Undo
from monitors.remedies.kinds import WayKind
from monitors.snmp.addresses import host_and_port
from provisioner.inventory.records import Switch

if TYPE_CHECKING:
    from netmiko import BaseConnection

MOST_ANSWERS = 3
COMMIT_FACTOR = 8
LEAD = "interface "  # such a command changes nothing
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class SshAccess:
    """Where a switch's command line is, and who types.

    Attributes:
        host_keys: file in which keys are remembered at first sight; another one is refused.
        timeout_s: to connect, to log in, and for each answer.
    """

    switch: Switch
    host_keys: Path
    timeout_s: float = 15.0

    @property
    def host(self) -> str:
        """The address, without SNMP's port."""
        try:
            return host_and_port(self.switch.host)[0]
        except ValueError:
            return self.switch.host


class CliFeed:
    """One port.

    Args:
        access: who types where.
        dialogue: id of the dialogue.
        driver: netmiko's name.
        port: the port's name in SNMP.
    """

    def __init__(self, access: SshAccess, dialogue: str, driver: str, port: str) -> None:
        self._access = access
        self._id = dialogue
        self._driver = driver
        self._port = port
        self._connection: BaseConnection | None = None
        self._wrote = False

    def look(self) -> Look:
        """Read how the port stands."""
        dialogue, port = self._dialogue()
        undo = Undo(WayKind.CLI, dialogue=self._id, driver=self._driver, port=self._port)
        if dialogue.kept is None:
            self._connected()
            return Look(None, replace(undo, commands=filled(dialogue.on, port)))
        kept = dialogue.kept
        shown = self._type(kept.show.replace("{port}", port), dialogue)
        line = re.search(kept.line, shown, FLAGS)
        is_on = line is not None or not re.search(kept.off, shown, FLAGS)
        put_back = line[1].strip() if line else kept.default
        return Look(is_on, replace(undo, commands=filled(dialogue.on, port, put_back)))

    def cycle(self) -> None:
        """Type the command that takes power away and gives it back."""
        dialogue, port = self._dialogue()
        self._wrote = False
        for command in filled(dialogue.cycle, port):
            self._type(command, dialogue, writes=True)

    def off(self) -> None:
        """Take power away; the connection stays open for the other half."""
        dialogue, port = self._dialogue()
        self._do(filled(dialogue.off, port), dialogue)

    def on(self, undo: Undo) -> None:
        """Give power back, over a new connection when the old one broke."""
        dialogue, _ = self._dialogue()
        if not self._is_alive():
            self.close()
        fresh = self._connection is None
        try:
            self._do(undo.commands, dialogue)
        except FeedError:
            self.close()
            if fresh:
                raise
            self._do(undo.commands, dialogue)

    def close(self) -> None:
        """Log off."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.paramiko_cleanup()

    def _is_alive(self) -> bool:
        client = self._connection.remote_conn_pre if self._connection else None
        transport = client.get_transport() if client else None
        return transport is not None and bool(transport.is_active())

    def _do(self, commands: Sequence[str], dialogue: Dialogue) -> None:
        """Type commands where they belong."""
        self._wrote = False
        if dialogue.enter:
            self._type(dialogue.enter, dialogue)
        for command in commands:
            changes = not dialogue.commit and not command.startswith(LEAD)
            self._type(command, dialogue, writes=changes)
        if dialogue.commit:
            self._type(dialogue.commit, dialogue, writes=True)
        with suppress(FeedError):  # it is done, and the other half can come over a new connection
            for command in dialogue.leave:
                self._sent(command, dialogue)

    def _type(self, command: str, dialogue: Dialogue, *, writes: bool = False) -> str:
        """Type one command and return what the switch says; ``writes``: it changes something."""
        wrote_before = self._wrote
        self._wrote = wrote_before or writes
        said = self._sent(command, dialogue)
        for _ in range(MOST_ANSWERS):
            if dialogue.question is None or not re.search(dialogue.question, said, FLAGS):
                break
            said = self._sent(dialogue.answer, dialogue)
        if re.search(dialogue.refused, said, FLAGS):
            raise self._error(f"{command}: {_short(said)}", nothing_done=not wrote_before)
        return said

    def _sent(self, text: str, dialogue: Dialogue) -> str:
        connection = self._connected()
        name = re.escape(connection.base_prompt.rstrip(" >#]"))
        prompt = rf"{name}[^\n>#]*[>#\]]\s*$"
        until = f"(?:{prompt})|(?:{dialogue.question})" if dialogue.question else prompt
        said = self._guarded(
            connection.send_command,
            text,
            expect_string=until,
            read_timeout=self._access.timeout_s * (COMMIT_FACTOR if text == dialogue.commit else 1),
            strip_prompt=False,
            cmd_verify=text != dialogue.answer,
            auto_find_prompt=False,
        )
        return str(said)

    def _connected(self) -> BaseConnection:
        if self._connection is None:
            self._connection = self._guarded(self._connect)
            if not self._guarded(self._connection.check_enable_mode):
                self._guarded(self._connection.enable)
        return self._connection

    def _connect(self) -> BaseConnection:
        from netmiko import ConnectHandler

        logging.getLogger("paramiko").setLevel(logging.WARNING)  # it tells of every connection
        switch, limit = self._access.switch, self._access.timeout_s
        keys = self._access.host_keys
        keys.parent.mkdir(parents=True, exist_ok=True)
        keys.touch(mode=0o600)
        made: BaseConnection = ConnectHandler(
            device_type=self._driver,
            host=self._access.host,
            port=switch.ssh_port,
            username=switch.ssh_username,
            password=switch.ssh_password.get_secret_value() if switch.ssh_password else "",
            secret=switch.ssh_enable_secret.get_secret_value() if switch.ssh_enable_secret else "",
            alt_host_keys=True,
            alt_key_file=str(keys),
            conn_timeout=limit,
            auth_timeout=limit,
            banner_timeout=limit,
            session_timeout=limit,
        )
        return made

    def _guarded(self, what: Any, *args: object, **options: object) -> Any:  # noqa: ANN401 - netmiko's own
        """Do something with netmiko; what it raises becomes a FeedError without its banner."""
        from netmiko import exceptions as told

        try:
            return what(*args, **options)
        except told.NetmikoAuthenticationException:
            problem = f"the switch refuses user {self._access.switch.ssh_username} or its password"
        except told.ReadTimeout:
            problem = "the switch does not come back to its prompt"
        except told.NetmikoTimeoutException as failed:
            problem = self._why_not_connected(failed.__context__)
        except (told.NetmikoBaseException, _ssh_error(), OSError, EOFError, ValueError) as failed:
            problem = _short(str(failed)) or type(failed).__name__
        raise self._error(problem, nothing_done=not self._wrote) from None

    def _why_not_connected(self, cause: BaseException | None) -> str:
        """What stood behind netmiko's time-out: not always one."""
        from paramiko.ssh_exception import BadHostKeyException

        if isinstance(cause, BadHostKeyException):
            return f"the switch shows another key than before ({self._access.host_keys})"
        if isinstance(cause, _ssh_error()):  # such as no algorithm that both sides know
            return _short(str(cause))
        return f"nobody answers at port {self._access.switch.ssh_port}"

    def _dialogue(self) -> tuple[Dialogue, str]:
        dialogue = dialogues().get(self._id)
        port = dialogue.port_called(self._port) if dialogue else None
        if dialogue is None or port is None:
            problem = f"no dialogue {self._id} for port {self._port}"
            raise self._error(problem, nothing_done=True)
        return dialogue, port

    def _error(self, problem: str, *, nothing_done: bool) -> FeedError:
        return FeedError(self._access.host, f"SSH: {problem}", nothing_done=nothing_done)


def _ssh_error() -> type[Exception]:
    from paramiko.ssh_exception import SSHException

    found: type[Exception] = SSHException
    return found


def _short(said: str) -> str:
    """What a switch says in one line."""
    return " ".join(said.split())[:_SHOWN]
