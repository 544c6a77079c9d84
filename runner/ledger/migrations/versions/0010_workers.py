"""Workers: what they send, which lane is due when, and the name of the key that a call went by."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("campaign", sa.Column("submitted_at", sa.String(27)))
    for table in ("attempt", "account"):
        key = sa.Column("key", sa.Text(), nullable=False, server_default="default")
        op.add_column(table, key)
    called = ["key", "claimed_at"]
    op.create_index(op.f("ix_attempt_key_claimed_at"), "attempt", called, unique=False)
    for column in (
        sa.Column("due_at", sa.String(27)),
        sa.Column("worker_id", big),
        sa.Column("driven_since", sa.String(27)),
        sa.Column("waits_for", sa.Text()),
    ):
        op.add_column("account", column)
    op.create_index(op.f("ix_account_key_due_at"), "account", ["key", "due_at"], unique=False)
    op.create_index(op.f("ix_account_worker_id"), "account", ["worker_id"], unique=False)
    op.create_table(
        "worker",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.String(27), nullable=False),
        sa.Column("beat_at", sa.String(27), nullable=False),
        sa.Column("is_draining", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
