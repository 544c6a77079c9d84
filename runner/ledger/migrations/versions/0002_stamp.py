"""A campaign knows the state of the list and the text that it was last read from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("campaign", sa.Column("stamp", sa.Text(), nullable=True))
