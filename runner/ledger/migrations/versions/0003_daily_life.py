"""Contacts outside the campaigns, forgotten people, quota numbers, the state of the results file.

An attempt gets the number that its answer told of the quota. A campaign gets the state in which its
results file was written.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("results_written", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("quota_used", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_attempt_claimed_at"), "attempt", ["claimed_at"], unique=False)
    op.create_index(op.f("ix_delivery_sent_to_urn"), "delivery", ["sent_to_urn"], unique=False)
    op.add_column("row", sa.Column("person", sa.Text(), nullable=True))
    op.add_column("row", sa.Column("free_at", sa.String(27), nullable=True))
    op.add_column("do_not_contact", sa.Column("forgotten", sa.Text(), nullable=True))
    op.create_index(
        op.f("ix_do_not_contact_forgotten"), "do_not_contact", ["forgotten"], unique=False
    )
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
