"""Probes: each takes a target and returns a reading; a sick device is a value, not an error."""
