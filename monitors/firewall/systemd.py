"""The systemd unit of the privileged part, which alone may change the firewall. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from monitors.firewall.openings import Network

UNIT = "bellwire-firewall.service"
SOCKET = "/run/bellwire-firewall/socket"
RULES_FILE = "/etc/bellwire/firewall.nft"


def service_unit(program: str, never: Iterable[Network], group: str = "bellwire") -> str:
    """Return the unit.

    Args:
        program: path of ``bellwire-firewall``.
        never: networks of which no address is ever shut out, whoever asks.
        group: who may ask.
    """
    known = "".join(f" \\\n  --never {network}" for network in never)
    return f"""\
# {UNIT}: puts addresses that guess passwords into two sets of nftables, and out again.
# Written by bellwire. It may do that and nothing else: one capability, no files, no network.
[Unit]
Description=bellwire: shut out who guesses passwords
After=nftables.service

[Service]
ExecStartPre=/usr/sbin/nft -f {RULES_FILE}
ExecStart={program} --socket {SOCKET}{known}
Group={group}
RuntimeDirectory=bellwire-firewall
RuntimeDirectoryMode=0750
Restart=on-failure
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
