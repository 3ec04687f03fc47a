"""Phone books, and room templates of a site's own.

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "site", sa.Column("room_templates", sa.JSON(), server_default="{}", nullable=False)
    )
    op.add_column("site", sa.Column("phonebook", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("account", sa.Column("listed", sa.Boolean(), nullable=True))
    op.add_column("stamp", sa.Column("sites", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Go back."""
    op.drop_column("stamp", "sites")
    op.drop_column("account", "listed")
    op.drop_column("site", "phonebook")
    op.drop_column("site", "room_templates")
