"""A date for each message; a word with a campaign: to pause, to end its run; imports taken back.

A message that has a date does not go before it. A message from elsewhere gets the time when it was
noted, by which those of one import are known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("paused_at", sa.String(27), nullable=True))
    op.add_column("campaign", sa.Column("stop_asked_at", sa.String(27), nullable=True))
    op.add_column("contact", sa.Column("noted_at", sa.String(27), nullable=True))
    op.add_column("delivery", sa.Column("due_at", sa.String(27), nullable=True))
    op.drop_index(op.f("ix_delivery_campaign_id_account_status_position"), "delivery")
    op.create_index(
        op.f("ix_delivery_campaign_id_account_status_due_at_position"),
        "delivery",
        ["campaign_id", "account", "status", "due_at", "position"],
        unique=False,
    )
