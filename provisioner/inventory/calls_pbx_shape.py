"""How the PBX asks bellwire about calls, in the part ``calls`` of a site file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from provisioner.inventory.calls import CallPbx, WithoutBellwire
from provisioner.inventory.calls_words import Number
from provisioner.inventory.file_values import Part, Text, as_written
from provisioner.setting_values import Host

_AsteriskName = Annotated[Text, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$|^$", max_length=64)]
_Extension = Annotated[str, BeforeValidator(as_written), Field(min_length=1, max_length=64)]
_AllowRefuse = Literal["allow", "refuse"]


class FileAsked(Part):
    """Where bellwire answers the PBX (FastAGI)."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 4573


class FileWithoutBellwire(Part):
    """What the PBX does while bellwire does not answer; inside and emergency calls always pass."""

    national: _AllowRefuse = "allow"
    international: _AllowRefuse = "refuse"
    incoming: _AllowRefuse = "allow"

    def record(self) -> WithoutBellwire:
        """Return what is stored of it."""
        return WithoutBellwire(self.national, self.international, self.incoming)


class FileCallPbx(Part):
    """How the PBX asks bellwire, and how calls leave it."""

    bellwire: FileAsked = FileAsked()
    trunk: _AsteriskName = Field(default="", description="PJSIP endpoint by which calls leave")
    outgoing: tuple[Literal["guests", "staff"], ...] = Field(
        default=("guests", "staff"), description="whose phones may call to the outside"
    )
    dial_as: Literal["e164", "digits", "double-zero"] = Field(
        default="e164", description="+34912..., 34912... or 0034912..., as the operator wants it"
    )
    numbers: dict[Number, _Extension] = Field(
        default_factory=dict, description="the site's own numbers, and the extension of each"
    )
    without_bellwire: FileWithoutBellwire = FileWithoutBellwire()

    def record(self) -> CallPbx:
        """Return what is stored of it."""
        return CallPbx(
            host=self.bellwire.host,
            port=self.bellwire.port,
            trunk=self.trunk,
            outgoing=self.outgoing,
            dial_as=self.dial_as,
            numbers=dict(self.numbers),
            without_bellwire=self.without_bellwire.record(),
        )
