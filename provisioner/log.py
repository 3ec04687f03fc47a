"""Logging: one line per event, as text or JSON, with secrets kept out."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

from provisioner.phone_secrets import TOKEN_PATTERN

# a token in a path, however it got into a message
_TOKEN = re.compile(f"/p/{TOKEN_PATTERN}", re.IGNORECASE)


_FORMATTER = logging.Formatter()


class Redact(logging.Filter):
    """Replaces provisioning tokens in messages and tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; never drops one."""
        text = record.getMessage()
        if "/p/" in text:
            record.msg, record.args = _TOKEN.sub("/p/***", text), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = _TOKEN.sub("/p/***", record.exc_text)
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        entry = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            entry["exception"] = record.exc_text
        return json.dumps(entry, ensure_ascii=False)


def set_up(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Send all logs to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if as_json else plain)
    handler.addFilter(Redact())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("alembic", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
