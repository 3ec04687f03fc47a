"""How a switch may be written to, in a site file; without it bellwire only reads the switch."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from provisioner.inventory.file_values import Part, Secret, Text

SNMP_KEY_MIN = 8


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SNMP_KEY_MIN:
        raise ValueError(f"needs at least {SNMP_KEY_MIN} characters (RFC 3414, 11.2)")
    return key


SnmpKey = Annotated[Secret, AfterValidator(_long_enough)]
AuthProtocol = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
PrivProtocol = Literal["des", "3des", "aes", "aes192", "aes256"]


class FileSnmpWrite(Part):
    """Who may write to the switch by SNMP: a community of version 2c, or a user of version 3."""

    community: Secret | None = None
    user: Text = ""
    auth: SnmpKey | None = Field(default=None, description="pass phrase that signs")
    priv: SnmpKey | None = Field(default=None, description="pass phrase that encrypts")
    auth_protocol: AuthProtocol = "sha256"
    priv_protocol: PrivProtocol = "aes"

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.community is None) == (not self.user):
            raise ValueError("either a community (version 2c) or a user (version 3) is needed")
        if not self.user and (self.auth or self.priv):
            raise ValueError("auth and priv belong to a user")
        if self.priv is not None and self.auth is None:
            raise ValueError("priv needs auth: what is not signed cannot be encrypted")
        return self


class FileSsh(Part):
    """The switch's command line."""

    username: Text
    password: Secret
    enable_secret: Secret | None = Field(default=None, description="asked for by 'enable'")
    port: int = Field(default=22, ge=1, le=65535)
    driver: Annotated[str, Field(pattern=r"^$|^[a-z0-9_]+$", max_length=64)] = Field(
        default="", description="netmiko's name of it; default: that of its platform"
    )
