"""guarded calls: those that were made, refusals, blocks, lists, rates.

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
    op.create_table(
        "call_block",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("open_key", sa.String(length=150), nullable=True),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("open_key"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("call_block", schema=None) as batch_op:
        batch_op.create_index("call_block_site", ["site", "since"], unique=False)

    op.create_table(
        "call_rates",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "call_stamp",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "call_warning",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("call_warning", schema=None) as batch_op:
        batch_op.create_index("call_warning_site", ["site", "at"], unique=False)

    op.create_table(
        "do_not_call_check",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=150), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("extension", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("found", sa.String(length=64), nullable=False),
        sa.Column("consent", sa.String(length=500), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("site", "call_id"),
    )
    with op.batch_alter_table("do_not_call_check", schema=None) as batch_op:
        batch_op.create_index("do_not_call_check_at", ["site", "at"], unique=False)

    op.create_table(
        "do_not_call_consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("given", sa.DateTime(), nullable=False),
        sa.Column("how", sa.String(length=500), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("withdrawn", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site", "number", "given"),
    )
    op.create_table(
        "do_not_call_list",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "name"),
    )
    op.create_table(
        "guarded_call",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=150), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("room", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("international", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_s", sa.Float(precision=53), nullable=False),
        sa.Column("answered_s", sa.Float(precision=53), nullable=True),
        sa.Column("ended_s", sa.Float(precision=53), nullable=True),
        sa.Column("rate", sa.JSON(), nullable=True),
        sa.Column("cost_micros", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.PrimaryKeyConstraint("site", "call_id"),
    )
    with op.batch_alter_table("guarded_call", schema=None) as batch_op:
        batch_op.create_index("guarded_call_account", ["site", "account", "day"], unique=False)
        batch_op.create_index("guarded_call_day", ["site", "day"], unique=False)

    op.create_table(
        "refused_call",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.String(length=64), nullable=False),
        sa.Column("last_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", "account", "rule", "country"),
    )
    op.create_table(
        "toll_free_call",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=150), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("at_s", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("site", "call_id"),
    )
    with op.batch_alter_table("toll_free_call", schema=None) as batch_op:
        batch_op.create_index("toll_free_call_at", ["site", "at_s"], unique=False)

    op.create_table(
        "toll_free_listed",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last_call", sa.DateTime(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "caller"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("toll_free_listed")
    op.drop_table("toll_free_call")
    op.drop_table("refused_call")
    op.drop_table("guarded_call")
    op.drop_table("do_not_call_list")
    op.drop_table("do_not_call_consent")
    op.drop_table("do_not_call_check")
    op.drop_table("call_warning")
    op.drop_table("call_stamp")
    op.drop_table("call_rates")
    op.drop_table("call_block")
