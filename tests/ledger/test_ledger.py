"""A ledger is made whole and kept private.

A file that is not a ledger is refused, and a ledger is never begun anew over a damaged one.
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

import runner.ledger
from runner.errors import AlreadyRunningError, ExitCode, StorageError, UsageError
from runner.intake.recipient import Recipient
from runner.ledger import chain, schema
from runner.ledger.account import account_state
from runner.ledger.attempt import commit_intent, recover, settle
from runner.ledger.campaign import campaign_named, campaigns
from runner.ledger.claim import claim
from runner.ledger.door import open_ledger
from runner.ledger.health import check_health
from runner.ledger.instant import Instant
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.ledger.person import Spellings, learn, spellings_of
from runner.ledger.record import Claim, Outcome, OvertakenError, Status, Told, Wait
from runner.ledger.share import Shares
from runner.ledger.suppression import Suppressed, suppress, suppressions, unsuppress
from runner.ledger.told import note_told
from runner.ledger.version import migrate, version_of
from runner.sending.quota import allowance
from tests.world import MONDAY, World, crowd

pytestmark = pytest.mark.stores

LEASE = timedelta(minutes=2)


@pytest.mark.file
def test_migrations_and_schema_are_one(tmp_path: Path) -> None:
    """The migrations make the schema that the code believes in, and a new ledger is made with it:
    the same columns, conditions, names and indexes. The order of columns alone may differ.

    The newest migration is the one that the code expects.
    """
    ledger = open_ledger(tmp_path / "ledger.db")
    migrated = sa.create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with ledger.read() as connection, migrated.begin() as other:
        migrate(other)
        assert compare_metadata(MigrationContext.configure(other), schema.metadata) == []
        made = _parts(connection)
        assert "CONSTRAINT ck_delivery_status CHECK" in str(made["table delivery"])
        assert made == _parts(other)
        assert version_of(connection) == version_of(other) == schema.HEAD
    ledger.close()
    config = Config()
    config.set_main_option(
        "script_location", str(Path(runner.ledger.__file__).with_name("migrations"))
    )
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def _parts(connection: Connection) -> dict[str, list[str]]:
    """What each table and index of a ledger is made of, by its name."""
    found = connection.exec_driver_sql(
        "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    ).all()
    outer = re.compile(r",(?![^(]*\))")
    return {
        name: sorted(" ".join(part.split()) for part in outer.split(sql.partition("(")[2][:-1]))
        for name, sql in found
    }


@pytest.mark.file
def test_a_ledger_is_private_and_durable(tmp_path: Path) -> None:
    """The file and its journal have mode 0600, and the folder has mode 0700.

    The ledger uses PERSIST and FULL, with foreign keys on.
    """
    path = tmp_path / "new folder" / "ledger.db"
    ledger = open_ledger(path)
    with ledger.write() as connection:
        suppress(connection, [("jo",)], None, MONDAY)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {"ledger.db": 0o600, "ledger.db-journal": 0o600, "ledger.db.locks": 0o700}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with ledger.read() as connection:
        settings = {
            name: connection.execute(sa.text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "fullfsync")
        }
    assert settings == {
        "journal_mode": "persist",
        "synchronous": 2,
        "foreign_keys": 1,
        "fullfsync": 1,
    }
    assert ledger.place == str(path)
    ledger.close()
    again = open_ledger(f"sqlite:///{path}")
    with again.read() as connection:
        assert campaigns(connection) == []
    again.close()


@pytest.mark.file
@pytest.mark.parametrize(
    "content", [b"this is a letter, not a ledger" * 100, b"SQLite format 3\x00" + b"\xff" * 4096]
)
def test_what_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """Garbage and damage are refused with exit 7, and not a byte of the file changes."""
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(StorageError) as caught:
        open_ledger(path)
    assert caught.value.exit_code is ExitCode.STORAGE
    assert path.read_bytes() == content


def _a_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE customers (id, alembic_version)")


@pytest.mark.file
@pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's here")
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_text("Dear Ann,", encoding="utf-8"),
        lambda path: path.write_bytes(b"PK\x03\x04" * 200),
        lambda path: path.write_bytes(b"\n"),
        _a_database,
        Path.mkdir,
        os.mkfifo,
    ],
)
def test_what_is_not_ours_is_not_touched(
    tmp_path: Path, make: Callable[[Path], object], linked: bool
) -> None:
    """Any file that is no ledger, also behind a link, keeps its bytes, its mode, its time and its
    neighbours, whichever command is told to use it."""
    theirs = tmp_path / "theirs"
    make(theirs)
    theirs.chmod(0o644)
    path = theirs
    if linked:
        path = tmp_path / "link"
        path.symlink_to(theirs)
    before = theirs.stat()
    content = theirs.read_bytes() if theirs.is_file() else None
    around = sorted(tmp_path.iterdir())
    for create in (True, False):
        with pytest.raises(StorageError):
            open_ledger(path, create=create)
    with pytest.raises(StorageError):
        check_health(path)
    after = theirs.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_size,
    )
    assert content is None or theirs.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == around


@pytest.mark.file
@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's here")
def test_a_ledger_under_two_names_has_one_run_lock(tmp_path: Path) -> None:
    """Through a link, to the file or to its folder, the ledger is the same, and so is its lock. A
    second name for the file itself is refused."""
    home = tmp_path / "home"
    path = home / "ledger.db"
    first = open_ledger(path)
    (tmp_path / "to-file.db").symlink_to(path)
    (tmp_path / "to-folder").symlink_to(home)
    names = (tmp_path / "to-file.db", tmp_path / "to-folder" / "ledger.db")
    for name in (*names, f"sqlite:///{names[0]}"):
        again = open_ledger(name)
        assert (again.place, again.lock_folder) == (first.place, first.lock_folder)
        assert not again.is_new
        with (
            run_lock(first, "people", 1),
            pytest.raises(AlreadyRunningError),
            run_lock(again, "people", 1),
        ):
            pass
        again.close()
    first.close()
    os.link(path, tmp_path / "twin.db")
    for name in (path, tmp_path / "twin.db"):
        with pytest.raises(StorageError, match="second name"):
            open_ledger(name)


@pytest.mark.file
def test_another_database_and_a_newer_ledger_are_refused(tmp_path: Path) -> None:
    """Somebody else's tables are not ours to migrate; a version we do not know is not ours to
    write."""
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE customers (id)")
    connection.close()
    with pytest.raises(StorageError, match="no ledger"):
        open_ledger(other)
    path = tmp_path / "ledger.db"
    open_ledger(path).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="newer"):
        open_ledger(path)


@pytest.mark.file
def test_places_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """A folder, another database server and nonsense are refused, each with its own sentence."""
    with pytest.raises(StorageError):
        open_ledger(tmp_path)
    for url in ("mysql://localhost/x", "sqlite://", "://"):
        with pytest.raises(UsageError):
            open_ledger(url)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_instants_keep_their_moment_and_sort_as_text(instant: datetime) -> None:
    """Instants are stored as UTC text of one width."""
    column = Instant()
    dialect = sa.create_engine("sqlite://").dialect
    text = column.process_bind_param(instant, dialect)
    assert text is not None
    assert len(text) == 27
    back = column.process_result_value(text, dialect)
    assert back is not None
    assert back.timestamp() == instant.timestamp()
    with pytest.raises(ValueError, match="time zone"):
        column.process_bind_param(instant.replace(tzinfo=None), dialect)


# --- attempts


def begun(folder: Path, people: int = 2) -> tuple[World, int]:
    """A world whose sheet is in the ledger, with one row sent; and its campaign's id."""
    world = World(folder, crowd(people))
    world.run(most=1, daily_limit=1, now=True)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    ledger.close()
    assert record is not None
    return world, record.id


def claimed(ledger: Ledger, campaign: int, now: datetime) -> Claim:
    taken = claim(ledger, campaign, "", lambda: now, LEASE, lambda _: None)
    assert isinstance(taken, Claim)
    return taken


def test_an_intent_is_committed_once_and_in_time(tmp_path: Path) -> None:
    """A second commit, a commit after the outcome, and one after the claim's time are refused: no
    byte may leave."""
    world, campaign = begun(tmp_path, 4)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    chosen = claimed(ledger, campaign, now)
    taken = commit_intent(ledger, chosen, lambda: now)
    for again in (chosen, taken):
        with pytest.raises(OvertakenError):
            commit_intent(ledger, again, lambda: now)
    settle(ledger, taken, Outcome(Status.SENT), now)
    with pytest.raises(StorageError, match="two outcomes"):
        settle(ledger, taken, Outcome(Status.FAILED), now)
    for again in (chosen, taken):
        with pytest.raises(OvertakenError):
            commit_intent(ledger, again, lambda: now)
    late = claimed(ledger, campaign, now)
    for at in (now + LEASE, now - timedelta(seconds=1)):
        with pytest.raises(OvertakenError):
            commit_intent(ledger, late, lambda at=at: at)
    assert world.statuses() == ["sent", "sent", "waiting", "waiting"]
    ledger.close()


def test_an_outcome_needs_an_intent(tmp_path: Path) -> None:
    """A request that never reached the wire leaves its row waiting, with the error and the time.
    Any other outcome without an intent is refused."""
    world, campaign = begun(tmp_path)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    chosen = claimed(ledger, campaign, now)
    for status in Status:
        if status is not Status.WAITING:
            with pytest.raises(StorageError, match="no intent"):
                settle(ledger, chosen, Outcome(status), now)
    settle(ledger, chosen, Outcome(Status.WAITING, error="no route"), now)
    with ledger.read() as connection:
        chain.verify(connection)
        last = connection.execute(sa.select(schema.attempt)).all()[-1]
        state = account_state(connection, "", campaign, now)
        assert state.last_claim == now  # the next one keeps its distance
        assert state.charged_after(MONDAY - timedelta(days=1)) == 1
    assert (last.wired_at, last.status, last.error) == (None, "waiting", "no route")
    assert [(line.status, line.error) for line in world.lines()] == [
        ("sent", None),
        ("waiting", "no route"),
    ]
    ledger.close()


@settings(max_examples=12)
@given(data=st.data())
def test_a_claim_holds_as_long_as_it_would_be_made_again(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever others change in between, the intent is committed just where a new claim would
    choose the same message again. An account never has two under way."""
    world, campaign = begun(tmp_path_factory.mktemp("w"), 4)
    mine, theirs = world.ledger(), world.ledger()
    now = MONDAY + timedelta(hours=1)
    chosen = claimed(mine, campaign, now)
    for change in data.draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        change(data.draw(st.sampled_from([mine, theirs])), campaign, now)
    again = claim(theirs, campaign, "", lambda: now, LEASE, lambda _: None)
    try:
        commit_intent(mine, chosen, lambda: now)
    except OvertakenError:
        assert again != chosen
    else:
        assert again == chosen
    is_open = schema.attempt.c.settled_at.is_(None)
    with mine.read() as connection:
        assert len(connection.execute(sa.select(schema.attempt).where(is_open)).all()) <= 1
    mine.close()
    theirs.close()


def _another_sends(ledger: Ledger, campaign: int, now: datetime) -> None:
    taken = claim(ledger, campaign, "", lambda: now, LEASE, lambda _: None)
    if isinstance(taken, Claim):
        commit_intent(ledger, taken, lambda: now)


def _another_is_refused(ledger: Ledger, campaign: int, now: datetime) -> None:
    taken = claim(ledger, campaign, "", lambda: now, LEASE, lambda _: None)
    if isinstance(taken, Claim):
        settle(ledger, taken, Outcome(Status.WAITING, error="no route"), now)


def _one_is_barred(ledger: Ledger, _campaign: int, now: datetime) -> None:
    with ledger.write() as connection:
        suppress(connection, [("person-1",)], None, now)


def _one_is_paused(ledger: Ledger, campaign: int, now: datetime) -> None:
    with ledger.write() as connection:
        connection.execute(
            sa.update(schema.campaign).where(schema.campaign.c.id == campaign).values(paused_at=now)
        )


def _a_text_changes(ledger: Ledger, campaign: int, _now: datetime) -> None:
    with ledger.write() as connection:
        connection.execute(
            sa.update(schema.delivery)
            .where(schema.delivery.c.campaign_id == campaign, schema.delivery.c.status == "waiting")
            .values(message="Something else")
        )


def _numbers_are_told(ledger: Ledger, _campaign: int, now: datetime) -> None:
    with ledger.write() as connection:
        note_told(connection, "", Told(now, 100, 1, 99))


CHANGES = (
    _another_sends,
    _another_is_refused,
    _one_is_barred,
    _one_is_paused,
    _a_text_changes,
    _numbers_are_told,
)


def test_one_request_at_a_time_per_account(tmp_path: Path) -> None:
    """Nobody claims on an account with an open attempt until the attempt's deadline has passed.

    Other accounts may claim.
    """
    world, campaign = begun(tmp_path, 4)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    commit_intent(ledger, claimed(ledger, campaign, now), lambda: now)
    second = claim(ledger, campaign, "", lambda: now, LEASE, lambda _: None)
    assert isinstance(second, Wait)
    assert second.stay
    assert claim(ledger, campaign, "acc_other", lambda: now, LEASE, lambda _: None) is None
    assert not isinstance(
        claim(ledger, campaign, "", lambda: now + LEASE, LEASE, lambda _: None), Wait
    )
    ledger.close()


@pytest.mark.file
@pytest.mark.parametrize(("wired", "status"), [(False, "waiting"), (True, "uncertain")])
def test_recovery_tells_what_reached_the_wire(tmp_path: Path, wired: bool, status: str) -> None:
    """An open attempt with intent is uncertain. One without, as older versions left them, waits
    again. Recovering twice changes nothing."""
    world, campaign = begun(tmp_path)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    taken = claimed(ledger, campaign, now)
    if wired:
        commit_intent(ledger, taken, lambda: now)
    else:
        with ledger.write() as connection:
            mine = {"delivery_id": taken.delivery, "campaign_id": campaign, "account": ""}
            times = {"claimed_at": now, "deadline": now + LEASE}
            connection.execute(sa.insert(schema.attempt).values(**mine, **times))
            table = schema.delivery
            takes = sa.update(table).where(table.c.id == taken.delivery)
            connection.execute(takes.values(status=Status.SENDING))
    assert recover(ledger, campaign, now) == ((1, 0) if wired else (0, 1))
    assert recover(ledger, campaign, now) == (0, 0)
    assert world.statuses() == ["sent", status]
    ledger.close()


# --- people


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcd"), unique=True, max_size=4), st.integers(0, 30)),
        min_size=1,
        max_size=4,
    )
)
def test_accounts_share_the_rows_evenly_and_rows_stay_with_theirs(
    readings: list[tuple[list[str], int]],
) -> None:
    """Shares differ by one at most, and a row changes its account only if it must.

    This holds over readings of a list that grows, with accounts that come and go.
    """
    rows: dict[int, str] = {}
    for accounts, more in readings:
        before = rows
        shares = Shares(accounts, rows)
        rows = {
            number: shares.account(None, number if number in before else None)
            for number in range(len(before) + more)
        }
        counts = [list(rows.values()).count(account) for account in accounts] or [0]
        assert max(counts) - min(counts) <= 1
        assert set(rows.values()) <= {*accounts} | ({""} if not accounts else set())
        if (
            not more
            and accounts
            and max(map(list(before.values()).count, accounts)) <= -(-len(before) // len(accounts))
        ):
            assert all(
                rows[number] == account for number, account in before.items() if account in accounts
            )


def test_spellings_are_learned_once_and_hold_everywhere(tmp_path: Path) -> None:
    """A slug and its URN are one person for the list, also through each other.

    Either of the two may be the listed one.
    """
    ledger = open_ledger(tmp_path / "ledger.db")
    now = datetime(2026, 11, 23, tzinfo=UTC)
    with ledger.write() as connection:
        learn(connection, [("jane", "urn:1"), ("urn:1", "jane-doe"), ("jane", "urn:1")], now)
        learn(connection, [("jane", "urn:1")], now)
        assert suppress(connection, [("jane",), ("joe",), ("jane-doe", "urn:1")], "asked", now) == 2
        assert suppress(connection, [("jane",)], None, now) == 0
        spellings = Spellings(connection)
        assert set(spellings.of(["jane-doe"])) == {"jane-doe", "urn:1", "jane"}
        assert set(spellings_of(connection, ["jane-doe"])) == {"jane-doe", "urn:1", "jane"}
        assert Suppressed(connection, spellings).keys == {"jane", "jane-doe", "urn:1", "joe"}
        assert unsuppress(connection, Recipient(urn="urn:1"), MONDAY) == 1
        assert [entry.identity for entry in suppressions(connection)] == ["joe"]
    ledger.close()


def test_a_quota_that_is_read_while_a_message_is_under_way_counts_that_message(
    tmp_path: Path,
) -> None:
    """One message less is left than the server says while another run is just sending one.

    The server's number may be from before that message.
    """
    world, campaign = begun(tmp_path, 4)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    for under_way, left in ((False, 60), (True, 59)):
        if under_way:
            commit_intent(ledger, claimed(ledger, campaign, now), lambda: now)
        later = now + timedelta(seconds=5)
        with ledger.write() as connection:
            note_told(connection, "", Told(later, 100, 40, 60))
            state = account_state(connection, "", campaign, later)
            assert allowance(state.told, state.charged_after, later).remaining == left
    ledger.close()


@pytest.mark.parametrize(
    ("status", "before", "after"),
    [(None, 1, 1), (Status.UNCERTAIN, 1, 1), (Status.SENT, 1, 0), (Status.WAITING, 0, 0)],
)
def test_a_message_over_the_reset_counts_in_both_windows_unless_it_is_known_to_be_over(
    tmp_path: Path, status: Status | None, before: int, after: int
) -> None:
    """Nobody knows in which window the vendor counts a request that was under way at the reset."""
    world, campaign = begun(tmp_path, 4)
    ledger = world.ledger()
    reset = MONDAY + timedelta(hours=2)
    now = reset - timedelta(seconds=20)
    taken = commit_intent(ledger, claimed(ledger, campaign, now), lambda: now)
    if status is not None:
        settle(ledger, taken, Outcome(status), now + timedelta(seconds=5))
    with ledger.read() as connection:
        state = account_state(connection, "", campaign, reset + timedelta(hours=1))
        assert state.charged_in(now - timedelta(minutes=1)) == before
        assert state.charged_in(reset) == after
        assert state.charged_in(reset + LEASE) == 0
    ledger.close()


def test_a_message_that_is_claimed_in_the_instant_the_quota_was_read_is_not_in_it(
    tmp_path: Path,
) -> None:
    """A message that is claimed in the instant of the quota's reading is not in the quota's number.

    A coarse clock shows both the same time. The number is from before the message, so one less is
    left.
    """
    world, campaign = begun(tmp_path, 4)
    ledger = world.ledger()
    now = MONDAY + timedelta(hours=1)
    with ledger.write() as connection:
        note_told(connection, "", Told(now, 100, 99, 1))
    commit_intent(ledger, claimed(ledger, campaign, now), lambda: now)
    with ledger.read() as connection:
        state = account_state(connection, "", campaign, now + timedelta(minutes=1))
        assert allowance(state.told, state.charged_after, now + timedelta(minutes=1)).remaining == 0
    ledger.close()


@pytest.mark.file
def test_others_can_read_while_a_long_list_is_written(tmp_path: Path) -> None:
    """More than SQLite keeps in memory by itself is written in one transaction: until its end
    nobody waits for it."""
    ledger = open_ledger(tmp_path / "ledger.db")
    try:
        with ledger.write() as connection:
            listed = [
                {"identity": f"person-{n:0>200}", "reason": None, "added_at": MONDAY}
                for n in range(30_000)
            ]
            connection.execute(sa.insert(schema.do_not_contact), listed)
            other = sqlite3.connect(tmp_path / "ledger.db", timeout=0)
            assert other.execute("SELECT count(*) FROM do_not_contact").fetchone() == (0,)
            other.close()
        with ledger.read() as connection:
            count = sa.select(sa.func.count()).select_from(schema.do_not_contact)
            assert connection.scalar(count) == 30_000
            assert connection.exec_driver_sql("PRAGMA cache_size").scalar() == -2_000
    finally:
        ledger.close()
