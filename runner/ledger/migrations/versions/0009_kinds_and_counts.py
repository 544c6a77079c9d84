"""What the cells of a list are beyond their texts: numbers with their formats, and links.

What a claim asks is found in indexes, however many rows wait or were settled.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("row", sa.Column("kinds", sa.Text()))
    op.drop_index(op.f("ix_attempt_account_claimed_at"), "attempt")
    op.create_index(
        op.f("ix_attempt_account_claimed_at_settled_at_status_campaign_id"),
        "attempt",
        ["account", "claimed_at", "settled_at", "status", "campaign_id"],
        unique=False,
    )
    waiting = ["campaign_id", "account", "status", "step", "due_at", "position"]
    op.create_index(op.f(f"ix_delivery_{'_'.join(waiting)}"), "delivery", waiting, unique=False)
    is_uncertain = sa.text("status = 'uncertain'")
    op.create_index(
        "ix_delivery_uncertain",
        "delivery",
        ["account"],
        unique=False,
        sqlite_where=is_uncertain,
        postgresql_where=is_uncertain,
    )
    op.create_index(op.f("ix_campaign_read_at"), "campaign", ["read_at"], unique=False)
