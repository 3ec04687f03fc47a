"""A switch of a site file as a record."""

from __future__ import annotations

from provisioner.inventory.records import Switch
from provisioner.inventory.site_shape import FileSwitch


def switch_of(entry: FileSwitch) -> Switch:
    """Return the switch that an entry describes."""
    snmp = entry.snmp
    return Switch(
        host=entry.host,
        name=entry.name,
        platform=entry.platform,
        snmp_version=snmp.version,
        community=snmp.community,
        snmp_user=snmp.user,
        snmp_auth=snmp.auth,
        snmp_priv=snmp.priv,
        snmp_auth_protocol=snmp.auth_protocol,
        snmp_priv_protocol=snmp.priv_protocol,
    )
