"""Rows are found by the person: who left the list, and the row of a message, without a walk over
the whole list.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        op.f("ix_row_campaign_id_identity"), "row", ["campaign_id", "identity"], unique=False
    )
