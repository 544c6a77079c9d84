"""A ledger of an earlier version is copied, then migrated, and knows what it knew."""

from __future__ import annotations

import stat
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from runner.ledger import schema, version
from runner.ledger.chain import head
from runner.ledger.door import open_ledger
from runner.ledger.file import begin, finish
from runner.ledger.forgotten import _hash, is_forgotten
from runner.ledger.health import check_tables
from runner.ledger.second import records_of

OLD = "0003"
AT = "2026-11-01T09:00:00.000000Z"
SALT = "ab" * 32
SETTINGS = '{"sheet": "people.csv", "results": "people.results.csv"}'
CONTENT = f"""
INSERT INTO campaign
(id, name, source, template_hash, headers, delimiter, settings, created_at, read_at)
VALUES (1, 'people', 'people.csv', 'x', '[]', ',', '{SETTINGS}', '{AT}', '{AT}');
INSERT INTO delivery
(id, campaign_id, identity, slug, position, row, account, message, message_type, status)
VALUES (1, 1, 'ann', 'ann', 0, 2, '', 'Hi', 'normal', 'sent'),
(2, 1, 'bob', 'bob', 1, 3, '', 'Hi', 'normal', 'waiting');
INSERT INTO attempt
(id, delivery_id, campaign_id, account, claimed_at, deadline, wired_at, settled_at, status)
VALUES (1, 1, 1, '', '{AT}', '{AT}', '{AT}', '{AT}', 'sent'),
(2, 2, 1, '', '{AT}', '{AT}', '{AT}', '{AT}', 'uncertain');
INSERT INTO decision (id, delivery_id, verdict, decided_by, decided_at)
VALUES (1, 2, 'not-sent', 'me', '{AT}');
INSERT INTO note (name, value) VALUES ('salt of forgotten people', '{SALT}')
"""


def old_ledger(path: Path) -> None:
    """Make a ledger as the version before the chain left it."""
    part = begin(path)
    engine = sa.create_engine(f"sqlite:///{part}")
    with engine.begin() as connection:
        config = version._config()
        config.attributes["connection"] = connection
        command.upgrade(config, OLD)
        for statement in CONTENT.split(";\n"):
            connection.exec_driver_sql(statement)
        forgotten = {"identity": _hash("cid", SALT), "reason": "forgotten", "added_at": AT}
        connection.execute(
            sa.text(
                "INSERT INTO do_not_contact (identity, reason, added_at, forgotten) "
                "VALUES (:identity, :reason, :added_at, 'token')"
            ),
            forgotten,
        )
    engine.dispose()
    finish(part, path)


@pytest.mark.file
def test_an_old_ledger_is_copied_and_migrated(tmp_path: Path) -> None:
    """Its chain covers all attempts and decisions, it has an identity, forgotten people are still
    known, and a copy of it as it was is kept."""
    path = tmp_path / "ledger.db"
    old_ledger(path)
    before = path.read_bytes()
    with closing(open_ledger(path, create=False)) as ledger:
        check_tables(ledger)
        assert ledger.second is not None
        with ledger.read() as connection:
            assert version.version_of(connection) == schema.HEAD
            assert head(connection).n == 5  # two intents, two outcomes, one decision
            assert version.identity_of(connection) == ledger.second.identity
            assert is_forgotten(connection, ["cid"])
            assert not is_forgotten(connection, ["ann"])
        (copy,) = ledger.second.copies()
    assert copy.name.endswith(f"-before-{schema.HEAD}.db")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    engine = sa.create_engine(f"sqlite:///{copy}")
    with engine.connect() as connection:
        assert version.version_of(connection) == OLD
    engine.dispose()
    assert path.read_bytes() != before
    assert [record.identity for record in records_of(path)] == [ledger.second.identity]
    with closing(open_ledger(path)) as again:
        assert not again.is_new
        assert again.second is not None
        assert len(again.second.copies()) == 1


@pytest.mark.file
def test_a_migration_that_fails_leaves_the_old_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A migration happens whole or not at all."""
    path = tmp_path / "ledger.db"
    old_ledger(path)

    def fail(*_: object) -> None:
        raise RuntimeError("struck")

    with monkeypatch.context() as patch:
        patch.setattr("runner.ledger.chain.link_all", fail)
        patch.setattr("runner.ledger.chain._rows", fail)
        with pytest.raises(RuntimeError):
            open_ledger(path, create=False)
    with closing(open_ledger(path, create=False)) as ledger:
        check_tables(ledger)
