"""Phones' files are read before they are asked for, in the time that is left."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from provisioner.shelf import Shelf

log = logging.getLogger(__name__)

LOOK_S = 0.5
"""So soon a change is noticed when nobody asks."""
STEP_S = 0.003
"""No request waits longer than this for files of others."""
PAUSE_S = 0.002
AT_ONCE = 4
"""Phones whose files are read in one go."""


async def keep_ahead(shelf: Shelf) -> None:
    """Look for changed phones and read their files, in steps, as long as the loop runs."""
    loop = asyncio.get_running_loop()
    while True:
        has_more = False
        try:
            shelf.refresh()
            until = loop.time() + STEP_S
            while (has_more := shelf.read_ahead(AT_ONCE)) and loop.time() < until:
                pass
        except SQLAlchemyError as problem:  # requests say so too, and loudly
            log.debug("nothing is read ahead: %s", problem)
        await asyncio.sleep(PAUSE_S if has_more else LOOK_S)
