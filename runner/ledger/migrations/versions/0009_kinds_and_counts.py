"""What the cells of a list are beyond their texts: numbers with their formats, and links. What an
account has sent is counted from an index alone."""

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
