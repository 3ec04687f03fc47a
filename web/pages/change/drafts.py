"""An edit on its way from its preview to being saved: sealed, for one person and a short time.

It travels in the form of the preview page, so that nothing half-done is stored. Only this server
can open it; it may hold secrets that somebody has typed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from provisioner.edits.edit import Edit
from provisioner.errors import BellwireError, SecretsError
from provisioner.inventory.site_yaml import WrittenInt
from provisioner.mac import MacAddress
from provisioner.secrets import Box

KEEPS = timedelta(hours=2)
_INT = "written int"


class DraftError(BellwireError):
    """A draft cannot be used: it is too old, or it is another person's."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An edit that somebody looks at.

    Attributes:
        back: the page to go to afterwards.
    """

    edit: Edit
    back: str


def seal_draft(box: Box, draft: Draft, who: str, now: datetime) -> str:
    """Return a draft as a text that tells nothing."""
    edit = {each.name: getattr(draft.edit, each.name) for each in fields(Edit)}
    values = {"edit": _packed(edit), "back": draft.back, "who": who, "at": now.isoformat()}
    return box.seal_body(json.dumps(values).encode("utf-8", "surrogatepass")).decode("ascii")


def open_draft(box: Box, text: str, who: str, now: datetime) -> Draft:
    """Return a draft.

    Raises:
        DraftError: it cannot be opened, is another person's, or too old.
    """
    try:
        values = json.loads(box.open_body(text.encode("ascii")).decode("utf-8", "surrogatepass"))
    except (SecretsError, ValueError) as problem:
        raise DraftError("the draft cannot be read") from problem
    age = now - datetime.fromisoformat(values["at"])
    if values["who"] != who or age > KEEPS:
        raise DraftError("the draft is too old")
    given = _unpacked(values["edit"])
    for name, value in given.items():
        if isinstance(value, list):
            given[name] = tuple(value)
    given["remove_phones"] = tuple(MacAddress(mac) for mac in given["remove_phones"])
    return Draft(Edit(**given), values["back"])


def _packed(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A number keeps the text it was written with: an extension may begin with a zero."""
    if isinstance(value, WrittenInt):
        return {_INT: value.written}
    if isinstance(value, dict):
        return {name: _packed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(inner) for inner in value]
    return value


def _unpacked(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        if value.keys() == {_INT}:
            return WrittenInt(value[_INT])
        return {name: _unpacked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_unpacked(inner) for inner in value]
    return value
