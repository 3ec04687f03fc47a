"""Simulated phones: they boot, parse and call as the vendor pages describe.

They stand in for real devices in ``bellwire demo`` and in tests, and are labelled as simulated
wherever a person sees them. They know nothing of bellwire: only what a device would be told by
DHCP or PnP, and what the files it fetches say.
"""
