"""Files that a browser sends and takes: CSV and lists."""

from __future__ import annotations

from flask import Response, request

from provisioner.bulk.tables import is_spreadsheet, text_of
from provisioner.numbering.number import NumberError
from web.pages.language import N_, gettext

WORKBOOK = N_("This is a workbook. Save it as CSV and send that.")
NO_FILE = N_("Choose a file.")


def uploaded(name: str) -> str:
    """Return the text of a file that was sent.

    Raises:
        NumberError: there is none, or it is no text.
    """
    file = request.files.get(name)
    data = file.read() if file is not None else b""
    if not data.strip():
        raise NumberError(gettext(NO_FILE))
    if is_spreadsheet(data):
        raise NumberError(gettext(WORKBOOK))
    return text_of(data)


def csv_answer(text: str, name: str) -> Response:
    """Send a list as spreadsheets read it: they take UTF-8 only with its mark."""
    made = Response(text.encode("utf-8-sig"), mimetype="text/csv")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return made
