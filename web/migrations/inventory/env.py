"""Alembic's entry for the inventory tables; ``web.migrate` gives it the connection."""

from web.migrate import run

run("inventory")
