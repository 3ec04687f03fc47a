"""Backups: a folder each, made while bellwire runs, checked when made and when put back."""
