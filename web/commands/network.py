"""What is written for the PBX and the DHCP server, and resync."""

from __future__ import annotations

COMMANDS = ()
