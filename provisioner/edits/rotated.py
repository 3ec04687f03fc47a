"""New secrets of accounts in the history: which, and by whom; neither the old nor the new ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from provisioner.edits.history import Kept, remember
from provisioner.edits.naming import ROTATE
from provisioner.edits.tables import ChangeRow
from provisioner.secrets import Box


def remember_rotation(
    session: Session,
    box: Box,
    site: str,
    extensions: Sequence[str],
    affected: int,
    who: str,
    now: datetime,
) -> int:
    """Add new secrets to the history of a site, in the caller's transaction; returns its number.

    Args:
        session: in which they are stored.
        box: seals what the history keeps.
        site: its id.
        extensions: of the accounts.
        affected: so many phones get other files.
        who: for the history.
        now: naive UTC.
    """
    count = len(extensions)
    row = ChangeRow(
        site_id=site, at=now, who=who[:100], action=ROTATE, note="",
        summary=f"new secrets for {count} account{'s' if count > 1 else ''}",
        targets=[f"account/{extension}" for extension in extensions], affected=affected,
    )  # fmt: skip
    return remember(session, box, row, Kept({}, {}))
