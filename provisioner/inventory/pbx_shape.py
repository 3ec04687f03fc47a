"""The part ``pbx`` of a site in a site file: what may be written, and its record."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from provisioner.inventory.file_values import Part, Secret, Text
from provisioner.inventory.pbx_hardening_shape import FileHardening
from provisioner.inventory.records import Pbx
from provisioner.setting_values import Host

_Port = Annotated[int, Field(ge=1, le=65535)]
_PARTS = {"asterisk": "ami", "kamailio": "rpc", "freeswitch": "event_socket"}


class FileAmi(Part):
    """Asterisk's management interface."""

    host: Host
    port: _Port = 5038
    username: Text
    secret: Secret


class FileRpc(Part):
    """Kamailio's JSON-RPC over HTTP (modules jsonrpcs and xhttp)."""

    host: Host
    port: _Port = 5060
    path: Annotated[str, Field(pattern=r"^/[!-~]*$", max_length=200)] = "/RPC"
    tls: bool = False


class FileEventSocket(Part):
    """FreeSWITCH's event socket (mod_event_socket)."""

    host: Host
    port: _Port = 8021
    password: Secret


class FilePbx(Part):
    """The site's PBX, and how it is asked who is registered."""

    kind: Literal["asterisk", "kamailio", "freeswitch"] = "asterisk"
    ami: FileAmi | None = Field(default=None, description="of an asterisk")
    rpc: FileRpc | None = Field(default=None, description="of a kamailio")
    event_socket: FileEventSocket | None = Field(default=None, description="of a freeswitch")
    hardening: FileHardening = Field(
        default=FileHardening(), description="how it is closed to strangers"
    )

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        for kind, part in _PARTS.items():
            if kind != self.kind and getattr(self, part) is not None:
                raise ValueError(f"{part} is for kind {kind}; {self.kind} has {_PARTS[self.kind]}")
        return self

    def record(self) -> Pbx:
        """Return what is stored of it."""
        return replace(self._reached(), hardening=self.hardening.record())

    def _reached(self) -> Pbx:
        """How it is asked."""
        if self.ami is not None:
            ami = self.ami
            return Pbx(self.kind, ami.host, ami.port, ami.username, ami.secret)
        if self.rpc is not None:
            rpc = self.rpc
            return Pbx(self.kind, rpc.host, rpc.port, path=rpc.path, tls=rpc.tls)
        if self.event_socket is not None:
            socket = self.event_socket
            return Pbx(self.kind, socket.host, socket.port, secret=socket.password)
        return Pbx(self.kind)
