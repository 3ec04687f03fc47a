"""What was changed, and what is on its way to the phones.

Revision: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "site_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(100), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("note", sa.String(500), server_default="", nullable=False),
        sa.Column("summary", sa.String(1000), server_default="", nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("affected", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        _of_site(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("site_change_site", "site_change", ["site_id", "id"])
    op.create_table(
        "staged_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(100), nullable=False),
        sa.Column("note", sa.String(500), server_default="", nullable=False),
        sa.Column("summary", sa.String(1000), server_default="", nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(1000), server_default="", nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=True),
        _of_site(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("staged_change_site", "staged_change", ["site_id"])
    _phones()


def _phones() -> None:
    op.create_table(
        "staged_phone",
        sa.Column("staged_id", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(12), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(), nullable=True),
        sa.Column("digest", sa.String(64), server_default="", nullable=False),
        sa.Column("before", sa.String(16), server_default="", nullable=False),
        sa.Column("asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(), nullable=True),
        sa.Column("back_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["staged_id"], ["staged_change.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mac"], ["phone.mac"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staged_id", "mac"),
    )
    op.create_index("staged_phone_mac", "staged_phone", ["mac"])


def _of_site() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["site_id"], ["site.id"], ondelete="CASCADE")


def downgrade() -> None:
    """Go back."""
    for table in ("staged_phone", "staged_change", "site_change"):
        op.drop_table(table)
