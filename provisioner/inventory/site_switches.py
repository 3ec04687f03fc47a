"""A switch of a site file as a record."""

from __future__ import annotations

from dataclasses import replace

from provisioner.inventory.records import Switch
from provisioner.inventory.site_shape import FileSwitch


def switch_of(entry: FileSwitch) -> Switch:
    """Return the switch that an entry describes."""
    snmp = entry.snmp
    read = Switch(
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
    return _with_ssh(_with_write(read, entry), entry)


def _with_write(switch: Switch, entry: FileSwitch) -> Switch:
    write = entry.snmp.write
    if write is None:
        return switch
    return replace(
        switch,
        write_community=write.community,
        write_user=write.user,
        write_auth=write.auth,
        write_priv=write.priv,
        write_auth_protocol=write.auth_protocol,
        write_priv_protocol=write.priv_protocol,
    )


def _with_ssh(switch: Switch, entry: FileSwitch) -> Switch:
    ssh = entry.ssh
    if ssh is None:
        return switch
    return replace(
        switch,
        ssh_username=ssh.username,
        ssh_password=ssh.password,
        ssh_enable_secret=ssh.enable_secret,
        ssh_port=ssh.port,
        ssh_driver=ssh.driver,
    )
