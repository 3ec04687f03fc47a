"""addresses that are shut out for guessing passwords.

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
    op.create_table(
        "shut_out",
        sa.Column("site", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=False),
        sa.Column("problem", sa.String(length=200), nullable=False),
        sa.Column("released_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("site", "address"),
    )
    op.create_index("shut_out_until", "shut_out", ["until"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("shut_out_until", table_name="shut_out")
    op.drop_table("shut_out")
