"""How calls sounded, as the phones measured it.

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "call_quality",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("codec", sa.String(length=32), nullable=False),
        sa.Column("mos_lq", sa.Float(), nullable=True),
        sa.Column("mos_cq", sa.Float(), nullable=True),
        sa.Column("loss_percent", sa.Float(), nullable=True),
        sa.Column("discard_percent", sa.Float(), nullable=True),
        sa.Column("jitter_ms", sa.Float(), nullable=True),
        sa.Column("rtt_ms", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("call_quality", schema=None) as batch_op:
        batch_op.create_index("call_quality_at", ["at"], unique=False)
        batch_op.create_index("call_quality_mac_at", ["mac", "at"], unique=False)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("call_quality", schema=None) as batch_op:
        batch_op.drop_index("call_quality_mac_at")
        batch_op.drop_index("call_quality_at")

    op.drop_table("call_quality")
