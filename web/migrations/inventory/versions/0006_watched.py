"""What the monitor must know of a phone's settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("phone", sa.Column("watched", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("phone", "watched")
