"""A delivery for each person and step of a campaign, and the variant of its text.

SQLite cannot change what is unique in a table: the deliveries are written into a new one. What
refers to them is checked when all is done.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_KEPT = (
    "id, campaign_id, identity, slug, urn, position, row, account, due_at, message, subject, "
    "message_type, conversation_urn, status, reason, error, http_status, typing_indicator_sent, "
    "sent_at, sent_to_urn, message_urn"
)


def upgrade() -> None:
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {_KEPT} FROM delivery")  # noqa: S608 - fixed
    op.drop_table("delivery")
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("urn", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("due_at", sa.String(27), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("message_type", sa.String(length=10), nullable=False),
        sa.Column("conversation_urn", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("typing_indicator_sent", sa.Boolean(), nullable=True),
        sa.Column("sent_at", sa.String(27), nullable=True),
        sa.Column("sent_to_urn", sa.Text(), nullable=True),
        sa.Column("message_urn", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('waiting', 'sending', 'sent', 'failed', 'uncertain', 'skipped', 'invalid')",
            name=op.f("ck_delivery_status"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_delivery_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "campaign_id", "identity", "step", name=op.f("uq_delivery_campaign_id_identity_step")
        ),
    )
    op.execute(f"INSERT INTO delivery ({_KEPT}, step) SELECT {_KEPT}, 1 FROM kept")  # noqa: S608 - fixed
    op.execute("DROP TABLE kept")
    op.create_index(
        op.f("ix_delivery_campaign_id_account_status_due_at_position"),
        "delivery",
        ["campaign_id", "account", "status", "due_at", "position"],
        unique=False,
    )
    for column in ("slug", "urn", "sent_to_urn"):
        op.create_index(op.f(f"ix_delivery_{column}"), "delivery", [column], unique=False)
