"""Talking SNMP: which OIDs to ask next, and how. What the answers mean is ``monitors.switches``."""
