"""What the pages on switches, PBX and DHCP show."""
