"""Alembic's entry for the monitoring tables; ``web.migrate` gives it the connection."""

from web.migrate import run

run("monitoring")
