"""What the cells of a list are beyond their texts: numbers with their formats, and links."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("row", sa.Column("kinds", sa.Text()))
