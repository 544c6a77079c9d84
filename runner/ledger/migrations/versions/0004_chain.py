"""The chain over attempts and decisions, begun with all that the ledger has; windows of a quota.

An account gets the time from which on its quota's present window is known to be open.
"""

import sqlalchemy as sa
from alembic import op

from runner.ledger.chain import link_all

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    op.add_column("account", sa.Column("window_opened_at", sa.String(27), nullable=True))
    link_all(op.get_bind())
