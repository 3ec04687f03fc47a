"""Who did what to what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from provisioner.inventory.tables import AuditRow


def note(
    session: Session, at: datetime, who: str, action: str, target: str, detail: str = ""
) -> None:
    """Write an audit entry in the caller's transaction; ``detail`` must hold no secret."""
    session.execute(
        insert(AuditRow).values(
            at=at, who=who[:100], action=action, target=target[:200], detail=detail[:1000]
        )
    )
