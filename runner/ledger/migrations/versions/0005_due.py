"""A date for each message, and a word with a campaign's run: to pause, to end.

A message that has a date does not go before it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("paused_at", sa.String(27), nullable=True))
    op.add_column("campaign", sa.Column("stop_asked_at", sa.String(27), nullable=True))
    op.add_column("delivery", sa.Column("due_at", sa.String(27), nullable=True))
    op.drop_index(op.f("ix_delivery_campaign_id_account_status_position"), "delivery")
    op.create_index(
        op.f("ix_delivery_campaign_id_account_status_due_at_position"),
        "delivery",
        ["campaign_id", "account", "status", "due_at", "position"],
        unique=False,
    )
