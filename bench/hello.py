"""The smallest Flask application, for what a web process needs at the least."""

from __future__ import annotations

from flask import Flask

app = Flask("hello", static_folder=None)


@app.get("/health")
def health() -> str:
    """Answer."""
    return "ok"
