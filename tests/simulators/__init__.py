"""Simulated parts: phones and PBXs that behave as the vendor pages describe."""
