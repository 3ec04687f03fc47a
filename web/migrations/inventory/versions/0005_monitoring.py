"""How a site is watched and who is told.

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("site", sa.Column("monitoring", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("site", "monitoring")
