"""the journal of remedies.

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
        "remedy_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("open_key", sa.String(length=12), nullable=True),
        sa.Column("remedy", sa.String(length=16), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("switch", sa.String(length=128), nullable=False),
        sa.Column("if_index", sa.Integer(), nullable=False),
        sa.Column("port", sa.String(length=128), nullable=False),
        sa.Column("undo", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("off_at", sa.DateTime(), nullable=True),
        sa.Column("done_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("deadline", sa.DateTime(), nullable=False),
        sa.Column("claimed_by", sa.String(length=100), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("remedy_action", schema=None) as batch_op:
        batch_op.create_index("remedy_action_mac", ["mac", "at"], unique=False)
        batch_op.create_index("remedy_action_site", ["site", "at"], unique=False)
        batch_op.create_index("remedy_action_state", ["state", "deadline"], unique=False)
        batch_op.create_index("remedy_action_switch", ["switch", "off_at"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("remedy_action")
