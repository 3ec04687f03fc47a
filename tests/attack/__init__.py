"""Somebody who wants in: what is tried against a running bellwire, and what leaks."""
