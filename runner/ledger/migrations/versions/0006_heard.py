"""What was read of conversations: looks before messages, replies, threads; and who is connected."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("message_urn", sa.Text(), nullable=True))
    delivery = ["delivery.id"]
    op.create_table(
        "look",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.String(27), nullable=False),
        sa.Column("conversation_urn", sa.Text(), nullable=True),
        sa.Column("last_at", sa.String(27), nullable=True),
        sa.Column("last_is_ours", sa.Boolean(), nullable=True),
        sa.Column("rests_until", sa.String(27), nullable=True),
        sa.Column("as_inmail", sa.Boolean(), nullable=True),
        sa.Column("under", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], delivery, name=op.f("fk_look_delivery_id_delivery")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_look")),
    )
    op.create_table(
        "reply",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("replied_at", sa.String(27), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("conversation_urn", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.String(27), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], delivery, name=op.f("fk_reply_delivery_id_delivery")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_reply")),
    )
    op.create_table(
        "connected",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("is_connected", sa.Boolean(), nullable=False),
        sa.Column("noted_at", sa.String(27), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "identity", name=op.f("pk_connected")),
    )
    op.create_index(op.f("ix_connected_identity"), "connected", ["identity"], unique=False)
    op.create_table(
        "thread",
        sa.Column("urn", sa.Text(), nullable=False),
        sa.Column("active_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("urn", name=op.f("pk_thread")),
    )
