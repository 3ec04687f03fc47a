"""The part ``hardening`` of a PBX in a site file: what may be written, and its record."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from provisioner.inventory.file_values import Part, Text
from provisioner.inventory.pbx_hardening import (
    ANYWHERE,
    Hardening,
    ShutOutRule,
    SipTls,
    Srtp,
)

Networks = tuple[IPv4Network | IPv6Network, ...]
_Port = Annotated[int, Field(ge=1024, le=65535)]
_File = Annotated[Text, Field(pattern=r"^/[A-Za-z0-9._/-]+$")]
_Seconds = Annotated[int, Field(ge=10, le=2_592_000)]
_FEWEST_RTP_PORTS = 20


def _anywhere(value: object) -> object:
    """Put all networks in place of the word; one error for a wrong network, not one of each."""
    if isinstance(value, str):
        if value != "anywhere":
            raise ValueError("must be a list of networks, or the word anywhere")
        return list(ANYWHERE)
    return value


class FileSipTls(Part):
    """SIP over TLS; the files are on the PBX, readable for Asterisk alone."""

    certificate: _File = Field(description="PEM, with its chain")
    key: _File
    port: _Port = 5061

    def record(self) -> SipTls:
        """Return what is stored of it."""
        return SipTls(self.certificate, self.key, self.port)


class FileShutOut(Part):
    """When an address that guesses passwords or extensions is shut out, and for how long."""

    enabled: bool = True
    tries: int = Field(default=10, ge=3, le=10_000, description="refusals within window_s")
    window_s: int = Field(default=60, ge=5, le=3600)
    slow_tries: int = Field(default=40, ge=3, le=10_000, description="refusals in slow_window_s")
    slow_window_s: int = Field(default=3600, ge=60, le=86_400)
    times_s: Annotated[tuple[_Seconds, ...], Field(min_length=1, max_length=10)] = Field(
        default=(600, 3600, 86_400, 604_800),
        description="how long the first time, the second, ...; the last one stays",
    )
    forget_days: int = Field(default=30, ge=1, le=400)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if list(self.times_s) != sorted(self.times_s):
            raise ValueError("times_s must grow: each time at least as long as the one before")
        if self.slow_window_s <= self.window_s:
            raise ValueError("slow_window_s must be longer than window_s")
        return self

    def record(self) -> ShutOutRule:
        """Return what is stored of it."""
        return ShutOutRule(**{name: getattr(self, name) for name in type(self).model_fields})


class FileHardening(Part):
    """How the PBX is closed to strangers; what is left out is closed."""

    soft_phones_from: Annotated[Networks, BeforeValidator(_anywhere)] = Field(
        default=(),
        description="from where apps may register besides the site's networks, or: anywhere",
    )
    tls: FileSipTls | None = Field(default=None, description="write a transport for TLS")
    srtp: Srtp = Field(default="off", description="of every account; a phone may ask for more")
    rtp_first: _Port = Field(default=10_000, description="first port of the voice")
    rtp_last: _Port = 20_000
    trunks: Networks = Field(
        default=(), description="the operators' networks, of signalling and of voice"
    )
    never_shut_out: Networks = Field(
        default=(), description="besides the site's networks and the trunks"
    )
    shut_out: FileShutOut = FileShutOut()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.rtp_last - self.rtp_first < _FEWEST_RTP_PORTS:
            raise ValueError(f"rtp_last must be at least rtp_first + {_FEWEST_RTP_PORTS}")
        return self

    def record(self) -> Hardening:
        """Return what is stored of it."""
        return Hardening(
            soft_phones_from=tuple(map(str, self.soft_phones_from)),
            tls=self.tls.record() if self.tls else None,
            srtp=self.srtp,
            rtp_first=self.rtp_first,
            rtp_last=self.rtp_last,
            trunks=tuple(map(str, self.trunks)),
            never_shut_out=tuple(map(str, self.never_shut_out)),
            shut_out=self.shut_out.record(),
        )
