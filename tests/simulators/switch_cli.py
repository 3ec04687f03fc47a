"""A switch's command line over real SSH: a paramiko server that plays a script.

A script is what a maker documents: prompts by mode, and what each command says and does. The
server echoes what is typed, as a terminal does. It remembers what was typed and which ports have
power, so that a test can judge what a client did by what the switch has become.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import paramiko

HOST = "127.0.0.1"
USER, PASSWORD, ENABLE_SECRET = "bellwire", "Ssh-Password-1", "Enable-1"


@dataclass(frozen=True)
class Rule:
    """One command.

    Attributes:
        typed: the whole line, as a regular expression.
        mode: where it is known; empty: everywhere.
        says: what the switch answers; ``{line}`` is the port's line of configuration, ``{config}``
            all that commands have added.
        to: the mode it leads to; empty: it stays.
        line: the line of configuration that the port has afterwards.
        commits: makes the line that was set before count.
        asks: a question; only after its answer the command counts.
        adds: it becomes a line of the configuration, in the place of one with as many words alike.
    """

    typed: str
    mode: str = ""
    says: str = ""
    to: str = ""
    line: str = ""
    commits: bool = False
    asks: str = ""
    adds: int = 0


@dataclass(frozen=True)
class Script:
    """How a family of switches talks.

    Attributes:
        prompts: by mode; the first one is where a session begins.
        unknown: what it says to what it does not know.
        line: the port's line at the beginning.
        off: the line of a port without power.
        waits_for_commit: lines count only when committed.
        greeting: what is said before the first prompt; with ``any_key`` it waits for one then.
        enable_password: whether ``enable`` asks for one.
    """

    prompts: dict[str, str]
    rules: tuple[Rule, ...]
    unknown: str
    line: str
    off: str
    waits_for_commit: bool = False
    greeting: str = ""
    any_key: bool = False


@dataclass
class Switch:
    """A running one.

    Attributes:
        typed: every line, in order.
        lines: every line of configuration the port has had, oldest first.
        deaf_to: what it never comes back to its prompt from.
        hangs_up_on: at which it closes the connection, having done what it was told.
    """

    script: Script
    port: int = 0
    typed: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    deaf_to: str = ""
    hangs_up_on: str = ""
    pending: str = ""
    config: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def has_power(self) -> bool:
        """Whether the port is fed."""
        return self.lines[-1] != self.script.off

    def set(self, line: str) -> None:
        """Give the port another line."""
        if line and line != self.lines[-1]:
            self.lines.append(line)


class _Door(paramiko.ServerInterface):  # type: ignore[misc] # paramiko has no types
    """Who may come in. The names of arguments are paramiko's."""

    def check_auth_password(self, username: str, password: str) -> int:
        """RouterOS takes options of the terminal behind a plus sign."""
        right = (username.partition("+")[0], password) == (USER, PASSWORD)
        return int(paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED)

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "password"

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_pty_request(self, *_: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:  # noqa: ARG002
        return True


class _Talk:
    """One session."""

    def __init__(self, switch: Switch, channel: paramiko.Channel) -> None:
        self._switch = switch
        self._channel = channel
        self._mode = next(iter(switch.script.prompts))
        self._buffer = b""

    def run(self) -> None:
        script = self._switch.script
        if script.greeting:
            self._say(script.greeting)
        if script.any_key:
            self._channel.recv(1)
        self._prompt()
        while (line := self._line()) is not None:
            self._switch.typed.append(line)
            self._say(f"{line}\r\n")
            if self._switch.deaf_to and re.search(self._switch.deaf_to, line):
                self._obey(line)
                continue
            if not self._answer(line):
                return
            self._prompt()

    def _answer(self, line: str) -> bool:
        said = self._obey(line)
        if self._switch.hangs_up_on and re.search(self._switch.hangs_up_on, line):
            self._channel.close()
            return False
        self._say(said)
        return True

    def _obey(self, line: str) -> str:
        switch = self._switch
        if not line.strip():
            return ""
        for rule in switch.script.rules:
            if rule.mode not in {"", self._mode} or not re.fullmatch(rule.typed, line.strip()):
                continue
            if rule.asks:
                self._say(rule.asks)
                answer = self._line() or ""
                self._say(f"{answer}\r\n")
                if not answer.lower().startswith("y") and answer != ENABLE_SECRET:
                    return "% Not done\r\n"
            self._mode = rule.to or self._mode
            if switch.script.waits_for_commit and not rule.commits:
                switch.pending = rule.line or switch.pending
            else:
                switch.set(switch.pending if rule.commits else rule.line)
            if rule.adds:
                switch.config[tuple(line.split()[: rule.adds])] = line.strip()
            config = "".join(f" {each}\r\n" for each in switch.config.values())
            return rule.says.replace("{line}", switch.lines[-1]).replace("{config}", config)
        return switch.script.unknown

    def _prompt(self) -> None:
        self._say(self._switch.script.prompts[self._mode])

    def _say(self, text: str) -> None:
        with suppress(OSError):
            self._channel.sendall(text.encode())

    def _line(self) -> str | None:
        while True:
            match = re.search(rb"[\r\n]+", self._buffer)
            if match:
                line, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
                return line.replace(b"\0", b"").decode()
            try:
                more = self._channel.recv(4096)
            except OSError:
                return None
            if not more:
                return None
            self._buffer += more


_KEY = paramiko.ECDSAKey.generate()


@contextmanager
def switch_cli(script: Script, key: paramiko.PKey | None = None) -> Iterator[Switch]:
    """Run a switch; its port is free and on loopback."""
    switch = Switch(script, lines=[script.line])
    stop = threading.Event()
    transports: list[paramiko.Transport] = []
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(0.1)
        switch.port = listener.getsockname()[1]
        args = (listener, switch, key or _KEY, stop, transports)
        thread = threading.Thread(target=_listen, args=args)
        thread.start()
        try:
            yield switch
        finally:
            stop.set()
            for transport in transports:
                transport.close()
            thread.join()


def _listen(
    listener: socket.socket,
    switch: Switch,
    key: paramiko.PKey,
    stop: threading.Event,
    transports: list[paramiko.Transport],
) -> None:
    talks: list[threading.Thread] = []
    while not stop.is_set():
        try:
            sock, _ = listener.accept()
        except TimeoutError:
            continue
        transport = paramiko.Transport(sock)
        transport.add_server_key(key)
        transports.append(transport)
        with suppress(paramiko.SSHException, EOFError, OSError):
            transport.start_server(server=_Door())
        talk = threading.Thread(target=_serve, args=(transport, switch, stop))
        talk.start()
        talks.append(talk)
    for talk in talks:
        talk.join()


def _serve(transport: paramiko.Transport, switch: Switch, stop: threading.Event) -> None:
    while not stop.is_set() and transport.is_active():
        channel = transport.accept(0.1)
        if channel is not None:
            with suppress(paramiko.SSHException, EOFError, OSError):  # the other side hangs up
                _Talk(switch, channel).run()
            break
        time.sleep(0.01)
    transport.close()


_IOS_CONFIG = r"interface Gi1/0/5"
CISCO_IOS = Script(
    prompts={"user": "sw-floor-2>", "exec": "sw-floor-2#", "config": "sw-floor-2(config)#",
             "port": "sw-floor-2(config-if)#"},
    rules=(
        Rule("enable", "user", asks="Password: ", to="exec"),
        Rule("terminal (width|length) .*"),
        Rule("show running-config interface Gi1/0/5", "exec",
             says="Building configuration...\r\n\r\nCurrent configuration : 90 bytes\r\n!\r\n"
                  "interface GigabitEthernet1/0/5\r\n switchport voice vlan 20\r\n {line}\r\n"
                  "end\r\n\r\n"),
        Rule("configure terminal", "exec", to="config",
             says="Enter configuration commands, one per line.  End with CNTL/Z.\r\n"),
        Rule(_IOS_CONFIG, "config", to="port"),
        Rule(_IOS_CONFIG, "port"),
        Rule("power inline never", "port", line="power inline never"),
        Rule("power inline auto", "port", line="power inline auto"),
        Rule("power inline static max 7000", "port", line="power inline static max 7000"),
        Rule("end", to="exec"),
    ),
    unknown="                ^\r\n% Invalid input detected at '^' marker.\r\n\r\n",
    line="power inline static max 7000",
    off="power inline never",
)  # fmt: skip

PROCURVE = Script(
    prompts={"exec": "HP-2530# ", "config": "HP-2530(config)# "},
    greeting="HP J9773A 2530-24G-PoEP Switch\r\n (C) Copyright 2019 HP\r\n\r\n"
             "Press any key to continue",
    any_key=True,
    rules=(
        Rule("terminal width .*"),
        Rule("no page"),
        Rule("configure", "exec", to="config"),
        Rule("no interface 12 power-over-ethernet", "config", line="off"),
        Rule("interface 12 power-over-ethernet", "config", line="on"),
        Rule("end", to="exec"),
    ),
    unknown="Invalid input: {}\r\n",
    line="on",
    off="off",
)  # fmt: skip

EXOS = Script(
    prompts={"exec": "* X440-8p.7 # "},
    rules=(
        Rule("disable clipaging"),
        Rule("disable cli prompting"),
        Rule("disable inline-power ports 1:3", line="off"),
        Rule("enable inline-power ports 1:3", line="on"),
        Rule("reset inline-power ports 1:3", line="reset"),
    ),
    unknown="                  ^\r\n%% Invalid input detected at '^' marker.\r\n",
    line="on",
    off="off",
)

JUNOS = Script(
    prompts={"exec": "admin@ex2300> ", "config": "[edit]\r\nadmin@ex2300# "},
    rules=(
        Rule("set cli screen-width .*", says="Screen width set to 511\r\n"),
        Rule("set cli complete-on-space off", says="Disabling complete-on-space\r\n"),
        Rule("set cli screen-length .*", says="Screen length set to 0\r\n"),
        Rule("configure private", "exec", to="config",
             says="warning: uncommitted changes will be discarded on exit\r\n"
                  "Entering configuration mode\r\n\r\n"),
        Rule("set poe interface ge-0/0/5 disable", "config", line="disable;"),
        Rule("delete poe interface ge-0/0/5 disable", "config", line="on"),
        Rule("commit", "config", says="commit complete\r\n\r\n", commits=True),
        Rule("exit configuration-mode", "config", to="exec",
             says="Exiting configuration mode\r\n\r\n"),
    ),
    unknown="                ^\r\nunknown command.\r\n",
    line="on",
    off="disable;",
    waits_for_commit=True,
)  # fmt: skip

HUAWEI = Script(
    prompts={"user": "<sw-huawei>", "system": "[sw-huawei]",
             "port": "[sw-huawei-GigabitEthernet0/0/5]"},
    rules=(
        Rule("screen-length 0 temporary", says="Info: The configuration takes effect on the "
             "current user terminal interface only.\r\n"),
        Rule("system-view", "user", to="system",
             says="Enter system view, return user view with Ctrl+Z.\r\n"),
        Rule("interface GigabitEthernet0/0/5", "system", to="port"),
        Rule("undo poe enable", "port", line="off",
             asks="Warning: This operation will power off the PD connected to this port. "
                  "Continue? [Y/N]:"),
        Rule("poe enable", "port", line="on"),
        Rule("return", to="user"),
    ),
    unknown="Error: Unrecognized command found at '^' position.\r\n",
    line="on",
    off="off",
)  # fmt: skip

ROUTEROS = Script(
    prompts={"exec": "[bellwire@crs328] > "},
    rules=(
        Rule(r":put \[/interface ethernet get ether5 poe-out\]", says="{line}\r\n"),
        Rule("/interface ethernet poe power-cycle ether5 duration=5s", line="cycled"),
        Rule("/interface ethernet set ether5 poe-out=off", line="off"),
        Rule("/interface ethernet set ether5 poe-out=forced-on", line="forced-on"),
    ),
    unknown="bad command name (line 1 column 1)\r\n",
    line="forced-on",
    off="off",
)
