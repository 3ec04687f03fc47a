"""Alembic scripts: ``inventory`` for the main database, ``events`` for the fetch log."""
