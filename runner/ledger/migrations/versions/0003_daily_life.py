"""Contacts outside the ledger's campaigns, what each answer told of the quota, and the results file as it was last written."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("results_written", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("quota_used", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_attempt_claimed_at"), "attempt", ["claimed_at"], unique=False)
    op.create_index(op.f("ix_delivery_sent_to_urn"), "delivery", ["sent_to_urn"], unique=False)
    op.create_table(
        "contact",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("contacted_at", sa.String(27), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("identity", "contacted_at", name=op.f("pk_contact")),
    )
    op.create_table(
        "note",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_note")),
    )
