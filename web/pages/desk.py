"""What every page works with: the opened data folder, the door, the clock and the files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app

from web.accounts.signing_in import Door
from web.installation import Installation
from web.pages.assets import Assets

KEY = "bellwire.desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a page needs, made once for a process.

    Attributes:
        now: the time, naive UTC.
    """

    installation: Installation
    door: Door
    assets: Assets
    now: Callable[[], datetime]


def desk() -> Desk:
    """Return the desk of the application that answers."""
    return cast("Desk", current_app.extensions[KEY])
