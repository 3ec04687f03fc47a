"""How bellwire makes itself known to an agent: a community, or a user of SNMPv3."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import SecretStr

from provisioner.inventory.records import Switch

PORT = 161


@dataclass(frozen=True, slots=True)
class Community:
    """SNMPv2c."""

    name: SecretStr

    def for_vlan(self, vlan: int) -> Community:
        """Return the community that shows the bridge tables of one VLAN on Cisco IOS."""
        return Community(SecretStr(f"{self.name.get_secret_value()}@{vlan}"))


@dataclass(frozen=True, slots=True)
class User:
    """SNMPv3 (RFC 3414). Without ``auth`` nothing is signed, without ``priv`` nothing encrypted.

    Attributes:
        auth_protocol: one of ``AUTH_PROTOCOLS``.
        priv_protocol: one of ``PRIV_PROTOCOLS``.
    """

    name: str
    auth: SecretStr | None = None
    priv: SecretStr | None = None
    auth_protocol: str = "sha256"
    priv_protocol: str = "aes"
    context: str = ""

    def for_vlan(self, vlan: int) -> User:
        """Return the user with the context of one VLAN, as Cisco IOS names it."""
        return replace(self, context=f"vlan-{vlan}")


Credentials = Community | User


def credentials_of(switch: Switch) -> Credentials | None:
    """Return how a switch of the inventory is read; None: nobody said."""
    if switch.snmp_version == "3" and switch.snmp_user:
        return User(
            switch.snmp_user,
            switch.snmp_auth,
            switch.snmp_priv,
            switch.snmp_auth_protocol,
            switch.snmp_priv_protocol,
        )
    return Community(switch.community) if switch.community else None
