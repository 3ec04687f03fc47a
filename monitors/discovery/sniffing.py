"""Frames from an interface or a capture, by scapy: the only module that imports it.

scapy is GPL-2.0-only and an optional extra; it is imported when it is needed, in the discovery
process alone.
"""

from __future__ import annotations

import ctypes
import logging
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitors.discovery.frames import ARP, IPV4, LLDP, PNP_GROUP, UDP
from provisioner.errors import DeviceError, SettingsError
from provisioner.mac import MacAddress, parse_mac

if TYPE_CHECKING:
    from types import ModuleType

MISSING = "scapy is not installed: pip install 'bellwire[discovery]'"
NOT_ALLOWED = (
    "listening needs the capability CAP_NET_RAW: run this as root (it is given up as soon as the "
    "socket is open), or by setpriv --ambient-caps +net_raw --inh-caps +net_raw"
)
MOST_AT_ONCE = 256
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the socket module has no name for it
_MOST_OCTETS = 2048

# Classic BPF (linux/filter.h): code, jump if true, jump if false, operand. The kernel has taken
# the outer VLAN tag away; frames with another one are let through and sorted out later.
_LDH, _LDB, _LD, _LDX, _LDH_X = 0x28, 0x30, 0x20, 0xB1, 0x48
_JEQ, _JSET, _RET = 0x15, 0x45, 0x06
_PROGRAM = (
    (_LDH, 0, 0, 12),
    (_JEQ, 15, 0, ARP),
    (_JEQ, 14, 0, LLDP),
    (_JEQ, 13, 0, 0x8100),
    (_JEQ, 0, 11, IPV4),
    (_LDB, 0, 0, 23),
    (_JEQ, 0, 9, UDP),
    (_LDH, 0, 0, 20),
    (_JSET, 7, 0, 0x1FFF),  # a later part of a datagram
    (_LDX, 0, 0, 14),
    (_LDH_X, 0, 0, 16),  # the destination's port
    (_JEQ, 5, 0, 67),
    (_JEQ, 4, 0, 68),
    (_JEQ, 0, 2, 5060),
    (_LD, 0, 0, 30),
    (_JEQ, 1, 0, int.from_bytes(PNP_GROUP, "big")),
    (_RET, 0, 0, 0),
    (_RET, 0, 0, _MOST_OCTETS),
)


class NoScapyError(SettingsError):
    """scapy is not installed."""


class NotAllowedError(SettingsError):
    """The process may not open packet sockets."""


def _scapy() -> ModuleType:
    """Return scapy with its sockets.

    Raises:
        NoScapyError: it is not installed.
    """
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    try:
        import scapy.arch
        import scapy.route
        import scapy.utils
    except ImportError as problem:
        raise NoScapyError(MISSING) from problem
    return scapy


class Tap:
    """What passes on an interface.

    Args:
        interface: its name; empty: the one of the default route.

    Raises:
        NoScapyError: scapy is not installed.
        NotAllowedError: ``CAP_NET_RAW`` is missing.
        DeviceError: there is no such interface.
    """

    def __init__(self, interface: str = "") -> None:
        conf = _scapy().config.conf
        self.interface = interface or str(conf.route.route("0.0.0.0")[0])  # noqa: S104
        try:
            # no type: scapy's own sockets are made by the system it runs on
            self._socket: Any = conf.L2socket(iface=self.interface, promisc=True)
        except PermissionError as problem:
            raise NotAllowedError(NOT_ALLOWED) from problem
        except (OSError, ValueError) as problem:
            raise DeviceError(
                self.interface, f"cannot be listened on: {problem}", permanent=True
            ) from problem
        self._filter()
        self.mac, self.address = self._own()

    def _filter(self) -> None:
        """Let the kernel leave out what is not looked at; a server sends and receives a lot."""
        program = b"".join(struct.pack("HBBI", *line) for line in _PROGRAM)
        kept = ctypes.create_string_buffer(program)
        head = struct.pack("HL", len(_PROGRAM), ctypes.addressof(kept))
        self._socket.ins.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, head)

    def _own(self) -> tuple[MacAddress | None, str]:
        """MAC and IPv4 address of the interface."""
        from scapy.arch import get_if_addr, get_if_hwaddr

        mac = address = ""
        with suppress(Exception):  # an interface without one has none
            mac = get_if_hwaddr(self.interface)
        with suppress(Exception):
            address = get_if_addr(self.interface)
        return parse_mac(mac), "" if address == "0.0.0.0" else address  # noqa: S104

    def receive(self, wait_s: float) -> Iterator[bytes]:
        """Yield frames that wait, or come in this time; our own are left out."""
        for _ in range(MOST_AT_ONCE):
            if not select.select([self._socket.ins], [], [], wait_s)[0]:
                return
            with suppress(OSError):  # the interface went down, or the frame is gone
                _, frame, _ = self._socket.recv_raw(_MOST_OCTETS)
                if frame:
                    yield frame
            wait_s = 0

    def send(self, frame: bytes) -> None:
        """Send a frame; what cannot be sent is lost."""
        with suppress(OSError):
            self._socket.send(frame)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


def captured(file: Path) -> Iterator[bytes]:
    """Return the frames of a capture (pcap or pcapng) of an Ethernet interface; it is open then.

    Raises:
        NoScapyError: scapy is not installed.
        DeviceError: the file is no capture, or cannot be read.
    """
    scapy = _scapy()
    try:
        return _frames(scapy.utils.RawPcapReader(str(file)))
    except (OSError, EOFError, scapy.error.Scapy_Exception) as problem:
        raise DeviceError(str(file), f"is no capture: {problem}", permanent=True) from problem


def _frames(reader: Any) -> Iterator[bytes]:  # noqa: ANN401 - scapy's
    with reader:
        for frame, _ in reader:
            yield bytes(frame)
