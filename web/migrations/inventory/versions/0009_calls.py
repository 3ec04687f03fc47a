"""How a site's calls are guarded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("site", sa.Column("calls", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("site", "calls")
