"""Users with their sites, sessions, API tokens and one-time codes.

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "user",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("password_hash", sa.String(255), server_default="", nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("all_sites", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("language", sa.String(8), server_default="", nullable=False),
        sa.Column("theme", sa.String(8), server_default="", nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_site",
        _owner(nullable=False),
        sa.Column("site_id", sa.String(64), nullable=False),
        _owned(),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "site_id"),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _owner(nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("user_session_user", "user_session", ["user_id"])
    _tokens_and_codes()


def _tokens_and_codes() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        _owner(nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hint", sa.String(16), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        _owned(),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("api_token_user", "api_token", ["user_id"])
    op.create_table(
        "welcome_code",
        sa.Column("code_hash", sa.String(64), nullable=False),
        _owner(nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        _owned(),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_index("ix_welcome_code_user_id", "welcome_code", ["user_id"])


def _owner(*, nullable: bool) -> sa.Column[int]:
    return sa.Column("user_id", sa.Integer(), nullable=nullable)


def _owned() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE")


def downgrade() -> None:
    """Go back."""
    for table in ("welcome_code", "api_token", "user_session", "user_site", "user"):
        op.drop_table(table)
