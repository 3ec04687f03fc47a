"""Alembic's entry for the events tables; ``web.migrate` gives it the connection."""

from web.migrate import run

run("events")
