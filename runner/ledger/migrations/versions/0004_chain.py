"""The chain over attempts and decisions, begun with all that the ledger has; windows of a quota.

An account gets the time from which on its quota's present window is known to be open. The salt of
forgotten people gets a name that shows whether it has changed.
"""

import sqlalchemy as sa
from alembic import op

from runner.ledger.chain import link_all
from runner.ledger.forgotten import SALT, salt_name

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
    connection = op.get_bind()
    note = sa.table("note", sa.column("name"), sa.column("value"))
    salt = connection.execute(sa.select(note.c.value).where(note.c.name == SALT)).scalar()
    if salt is not None:
        renamed = sa.update(note).where(note.c.name == SALT)
        connection.execute(renamed.values(name=salt_name(salt)))
    link_all(connection)
