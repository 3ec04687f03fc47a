"""Soft phones: an account for an app, by a link that works once."""
