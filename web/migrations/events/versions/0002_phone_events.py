"""What phones report by their action URLs.

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
    op.create_table(
        "phone_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("firmware", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("phone_report", schema=None) as batch_op:
        batch_op.create_index("phone_report_at", ["at"], unique=False)
        batch_op.create_index("phone_report_mac_at", ["mac", "at"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("phone_report", schema=None) as batch_op:
        batch_op.drop_index("phone_report_mac_at")
        batch_op.drop_index("phone_report_at")

    op.drop_table("phone_report")
