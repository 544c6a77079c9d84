"""The version of a ledger's tables, and its identity: both stand in the ledger itself.

A new ledger is made as it is meant to be, and only an old one goes along the migrations: Alembic
costs a third of a second to import.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runner.errors import StorageError
from runner.ledger import schema
from runner.ledger.note import note_once, noted, set_note

if TYPE_CHECKING:
    from alembic.config import Config

_IDENTITY: Final = "identity"


def version_of(connection: Connection) -> str | None:
    """Return the migration that the ledger stands at; None for a new ledger.

    Raises StorageError for a database that is not a ledger.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if tables:
        raise StorageError(
            "This is a database, but not a ledger.",
            remedy="Choose another place with --ledger PATH.",
        )
    return None


def identity_of(connection: Connection) -> str:
    """Return the identity that a ledger was made with. Raises StorageError."""
    found = noted(connection, _IDENTITY)
    if not isinstance(found, str) or not re.fullmatch(r"[0-9a-f]{32}", found):
        raise StorageError("The ledger is damaged: it has no identity.")
    return found


def is_older(version: str) -> bool:
    """Tell whether a version of the tables is one that this program can bring up to its own."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return any(script.revision == version for script in scripts)


def upgrade(connection: Connection, identity: str) -> None:
    """Bring the tables up to this version, or make them, and give the ledger its identity.

    Raises StorageError for a ledger of a newer version.
    """
    if version_of(connection) is None:
        create(connection)
    else:
        migrate(connection)
    note_once(connection, _IDENTITY, identity)


def create(connection: Connection) -> None:
    """Make the tables of a new ledger."""
    schema.metadata.create_all(connection)
    # As Alembic itself makes and fills it.
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    ).close()
    put = sa.text("INSERT INTO alembic_version (version_num) VALUES (:head)")
    connection.execute(put, {"head": schema.HEAD})


def migrate(connection: Connection) -> None:
    """Go along the migrations from wherever the tables stand.

    Raises StorageError for a ledger of a newer version.
    """
    from alembic import command
    from alembic.util import CommandError

    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise StorageError(
            "The ledger was written by a newer version of Campaign Runner.",
            remedy="Update: pip install --upgrade campaign-runner.",
        ) from None


def take_identity(connection: Connection, identity: str) -> None:
    """Give a ledger the identity of another, whose place it takes."""
    set_note(connection, _IDENTITY, identity)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    migrations = str(Path(__file__).with_name("migrations")).replace("%", "%%")
    config.set_main_option("script_location", migrations)
    return config
