"""What tells one Snom device from another of its line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Line = Literal["desk", "rtx", "conference", "c620", "m100", "m500", "core", "m3"]


@dataclass(frozen=True, slots=True)
class SnomSpec:
    """A model, as far as it behaves differently from others with the same firmware.

    Attributes:
        model_id: bellwire's id of the model.
        type_string: as in its file names, its User-Agent and its PnP request.
        line: whose firmware it has; ``conference`` to ``core`` are VTech's.
        accounts: how many SIP accounts it has; more are not looked at.
        keys: function keys of its own, over all pages.
        soft_keys: keys under the screen that a file can set.
        soft_first: 0: they are context_key and counted from 0; 1: gui_fkey and from 1.
        firmware: as it leaves the factory.
    """

    model_id: str
    type_string: str
    line: Line = "desk"
    accounts: int = 12
    keys: int = 0
    soft_keys: int = 0
    soft_first: int = 0
    firmware: str = ""
