"""The library: files, rollouts of firmware, and what a phone may have of it.

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column(
        "phone", sa.Column("offered", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column(
        "phone",
        sa.Column("version_matters", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column(
        "phone", sa.Column("stored_names", sa.JSON(), server_default="[]", nullable=False)
    )
    op.create_table(
        "library_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("site_id", sa.String(length=64), server_default="", nullable=False),
        sa.Column("vendor", sa.String(length=64), server_default="", nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("fits", sa.String(length=64), server_default="", nullable=False),
        sa.Column("handset", sa.String(length=64), server_default="", nullable=False),
        sa.Column("version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "name", "fits"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rollout",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.String(length=64), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("stage_since", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=1000), server_default="", nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("downgrade", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["library_file.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("rollout_site", "rollout", ["site_id"])
    op.create_table(
        "rollout_phone",
        sa.Column("rollout_id", sa.Integer(), nullable=False),
        sa.Column("mac", sa.String(length=12), nullable=False),
        sa.Column("fetches", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=64), server_default="", nullable=False),
        sa.Column("first_at", sa.DateTime(), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mac"], ["phone.mac"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rollout_id", "mac"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("rollout_phone")
    op.drop_index("rollout_site", "rollout")
    op.drop_table("rollout")
    op.drop_table("library_file")
    op.drop_column("phone", "stored_names")
    op.drop_column("phone", "version_matters")
    op.drop_column("phone", "offered")
