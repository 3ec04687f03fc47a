"""Logs: one line an event, never a token."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from provisioner.log import JsonFormatter, Redact, set_up

TOKEN = "abcdefghijklmnopqrstuvwx23"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def said(capsys: pytest.CaptureFixture[str], *, as_json: bool, tell) -> str:
    set_up(as_json=as_json)
    tell(logging.getLogger("provisioner.test"))
    return capsys.readouterr().err


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    ("message", "args"),
    [
        (f"GET /p/{TOKEN}/a.cfg", ()),
        ("GET %s", (f"http://x/p/{TOKEN.upper()}/a.cfg",)),
        ("%s and %s", (f"/p/{TOKEN}", f"/p/{TOKEN}/b")),
        ("%(url)s", ({"url": f"/p/{TOKEN}/a.cfg"},)),
    ],
)
def test_a_token_is_never_in_a_message(capsys, as_json: bool, message: str, args) -> None:
    text = said(capsys, as_json=as_json, tell=lambda log: log.warning(message, *args))
    assert TOKEN not in text.lower()
    assert "/p/***" in text


@pytest.mark.parametrize("as_json", [False, True])
def test_a_token_is_never_in_a_traceback(capsys, as_json: bool) -> None:
    def tell(log: logging.Logger) -> None:
        try:
            raise OSError(f"no answer from http://x/p/{TOKEN}/a.cfg")
        except OSError:
            log.exception("fetching failed")

    text = said(capsys, as_json=as_json, tell=tell)
    assert TOKEN not in text
    assert "OSError: no answer from http://x/p/***/a.cfg" in text
    assert "Traceback" in text


def test_other_messages_are_left_alone(capsys) -> None:
    text = said(capsys, as_json=False, tell=lambda log: log.info("%d phones, /p/short", 5))
    assert "INFO" in text
    assert text.endswith("provisioner.test: 5 phones, /p/short\n")


def test_one_object_a_line(capsys) -> None:
    def tell(log: logging.Logger) -> None:
        log.info("line one\nline two ñ")
        log.error("%s", "second")

    lines = said(capsys, as_json=True, tell=tell).splitlines()
    first, second = (json.loads(line) for line in lines)
    assert first["message"] == "line one\nline two ñ"
    assert (second["level"], second["logger"]) == ("error", "provisioner.test")
    assert second["at"].endswith("Z")
    assert "exception" not in first


def test_debug_is_quiet_and_others_libraries_too(capsys) -> None:
    text = said(capsys, as_json=False, tell=lambda log: log.debug("detail"))
    assert text == ""
    logging.getLogger("alembic.runtime").info("migrating")
    logging.getLogger("apscheduler.scheduler").info("running")
    assert capsys.readouterr().err == ""


def test_a_formatter_without_the_filter_still_tells_of_the_exception() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "m", (), sys.exc_info())
    assert "ValueError: why" in json.loads(JsonFormatter().format(record))["exception"]
    assert Redact().filter(record)
