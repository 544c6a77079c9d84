"""Forgotten people are in no byte of the ledger, and nobody writes to them again.

The counts stay true.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from runner.errors import AlreadyRunningError, ExitCode
from runner.intake.recipient import URN_PREFIX, Recipient, parse
from runner.ledger import schema
from runner.ledger.attempt import commit_intent
from runner.ledger.campaign import campaign_named
from runner.ledger.claim import claim
from runner.ledger.contact import Contact, note_contacts
from runner.ledger.door import open_ledger
from runner.ledger.erasure import Erased, forget
from runner.ledger.ledger import Ledger
from runner.ledger.lock import run_lock
from runner.ledger.person import learn, spellings_of
from runner.ledger.record import Claim
from runner.ledger.suppression import suppress, suppressions, unsuppress
from runner.rehearsal.endpoint import Answer, urn_of
from runner.result.handback import write_results
from tests.world import MONDAY, World, crowd, read_results

SLUG, URN = "zelda-quixote", urn_of("zelda-quixote")
PERSON = ("Zelda", SLUG)
# These must be in no file: the name and the message with it, the slug, and the URN's token without
# its prefix.
TRACES = (b"Zelda", SLUG.encode(), URN.removeprefix(URN_PREFIX).encode())


class Place(World):
    """A world whose ledger has a folder of its own, apart from list and results."""

    def ledger(self) -> Ledger:
        return open_ledger(self.folder / "ledger" / "ledger.db")

    def check(self, report: Any) -> None:
        """Check that the counts add up.

        Rows of forgotten people are blank, so rows need not be as the list has them.
        """
        assert report.summary.totals.rows == len(self.lines(report.summary.campaign.name))
        self.check_receipts()

    def forget(self, *people: str) -> Erased:
        ledger = self.ledger()
        try:
            return forget(ledger, [parse(person).keys for person in people], self.clock.now())
        finally:
            ledger.close()

    def held(self) -> set[tuple[str, bytes]]:
        """The traces that files of the ledger's folder hold, journal and locks included."""
        files = [path for path in (self.folder / "ledger").rglob("*") if path.is_file()]
        assert len(files) >= 2
        return {
            (path.name, trace) for path in files for trace in TRACES if trace in path.read_bytes()
        }


@pytest.mark.file
@pytest.mark.parametrize(
    "answer",
    [None, Answer(502, b""), Answer(404, b'{"error": "Profile zelda-quixote of Zelda not found"}')],
)
@pytest.mark.parametrize("spelling", [SLUG, URN])
def test_no_byte_of_a_forgotten_person_is_left(
    tmp_path: Path, spelling: str, answer: Answer | None
) -> None:
    """A forgotten person is gone from file and journal alike.

    The message was sent, uncertain or failed, among many others. The person was listed twice, and
    in another campaign too.
    """
    people = [*crowd(30), PERSON, *crowd(30, 30), ("Zelda", URN), ("Zelda", f"{SLUG}, {URN}")]
    world = Place(
        tmp_path, people, script=lambda fields: answer if "Zelda" in fields["message"] else None
    )
    ledger = world.ledger()
    with ledger.write() as connection:
        learn(connection, [(SLUG, URN)], MONDAY)
        note_contacts(
            connection, [Contact((SLUG,), MONDAY - timedelta(days=400))], "old.csv", MONDAY
        )
    ledger.close()
    world.run(now=True, min_gap=0)
    world.sheet, world.template = "other.csv", "Other text for {{ first_name }}"
    world.run(name="other")
    world.sheet, world.template = "people.csv", "Hi {{ first_name }}"
    before = world.statuses()
    assert {trace for _, trace in world.held()} == set(TRACES)
    erased = world.forget(spelling)
    assert erased.deliveries == (
        2 if "failed" in before else 1
    )  # the second may write to a person that the first did not reach
    assert [record.name for record in erased.campaigns] == ["other", "people"]
    assert world.held() == set()
    # Nobody is left to be looked up, so nothing is left for a person to decide.
    after = ["skipped" if status in ("uncertain", "failed") else status for status in before]
    assert world.statuses() == after
    blank = [line.number for line in world.lines() if not any(line.cells)]
    assert blank == [32, 63, 64]
    reasons = (
        {"forgotten", "forgotten; may have been delivered"}
        if "uncertain" in before
        else {"forgotten"}
    )
    assert {line.reason for line in world.lines() if not any(line.cells)} - {None} == reasons
    ledger = world.ledger()
    record = next(record for record in erased.campaigns if record.name == "people")
    summary = world.plans[0].summary
    written = write_results(ledger, summary, Path(record.settings.results))
    ledger.close()
    assert not any(trace in written.path.read_bytes() for trace in TRACES)
    assert [row["status"] for row in read_results(written.path)] == after


@pytest.mark.file
def test_a_list_that_still_names_a_forgotten_person_brings_nothing_back(tmp_path: Path) -> None:
    """A list that still names a forgotten person brings nothing back.

    It is read anew, under any spelling and in a new campaign. The person's row is skipped and its
    cells are blank, no byte is in the ledger, and others go out.
    """
    world = Place(tmp_path, [*crowd(2), PERSON])
    world.run(most=1, now=True)
    assert world.statuses() == ["sent", "waiting", "waiting"]
    world.forget(f"https://www.linkedin.com/in/{SLUG.upper()}/")
    assert world.statuses() == ["sent", "waiting", "skipped"]
    assert world.lines()[2].reason == "forgotten"
    world.people = [
        ("Zelda", URN, SLUG),
        *((name, "", slug) for name, slug in crowd(3)),
        PERSON,
        ("Zelda", URN, ""),
    ]
    world.header = ("First Name", "recipientProfileUrn", "recipientProfileId")
    world.people[4] = ("Zelda", "", SLUG)
    world.run(now=True, min_gap=0)
    assert world.statuses() == ["skipped", "sent", "sent", "sent", "skipped", "skipped"]
    skipped = [line for line in world.lines() if line.status.value == "skipped"]
    assert {(line.reason, line.cells, line.identity) for line in skipped} == {
        ("on the do-not-contact list (forgotten)", ("", "", ""), None)
    }
    assert world.held() == set()
    world.people, world.sheet = (
        [("Zelda", URN, ""), *((n, "", s) for n, s in crowd(1, 80))],
        "new.csv",
    )
    world.run(now=True, name="new")
    assert world.statuses("new") == ["skipped", "sent"]
    assert world.held() == set()


@pytest.mark.file
def test_a_person_who_waited_is_skipped_by_an_unchanged_list(tmp_path: Path) -> None:
    """The next run of the same list sends to the others only."""
    world = Place(tmp_path, [PERSON, *crowd(2)])
    world.run(most=0)
    world.forget(SLUG)
    assert world.run(now=True, min_gap=0).exit_code is ExitCode.DONE
    assert world.plans[-1].taken_in.vanished == 0
    assert world.received() == ["person-0", "person-1"]
    assert world.held() == set()


@pytest.mark.file
def test_what_a_dead_run_left_open_does_not_come_back(tmp_path: Path) -> None:
    """A claim without an outcome is settled before it is erased; recovering later brings nothing
    back."""
    world = Place(tmp_path, [PERSON, *crowd(1)])
    world.run(most=0)
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaign_named(connection, "people")
    assert record
    taken = claim(ledger, record.id, "", lambda: MONDAY, timedelta(minutes=2), lambda _: None)
    assert isinstance(taken, Claim)
    commit_intent(ledger, taken, lambda: MONDAY)
    ledger.close()
    world.clock.advance(3_600)
    world.forget(SLUG)
    assert world.lines()[0].reason == "forgotten; may have been delivered"
    world.run(now=True)
    assert (world.received(), world.held()) == (["person-0"], set())


@pytest.mark.file
def test_nobody_is_forgotten_while_their_campaign_runs(tmp_path: Path) -> None:
    """Forgetting a person whose campaign runs ends with exit 6 and changes nothing.

    It changes nothing of others named with the person. A run of a campaign without the person
    hinders nothing.
    """
    world = Place(tmp_path, [PERSON])
    world.run(now=True)
    world.people, world.sheet, world.template = crowd(1), "other.csv", "Other {{ first_name }}"
    world.run(name="other", now=True)
    ledger = world.ledger()
    with ledger.read() as connection:
        people, other = campaign_named(connection, "people"), campaign_named(connection, "other")
    assert people
    assert other
    with run_lock(ledger, "people", people.id), pytest.raises(AlreadyRunningError):
        world.forget("person-0", SLUG)
    assert [line.cells for line in world.lines("other")] == [("Name0", "person-0")]
    assert world.lines()[0].cells == PERSON
    with run_lock(ledger, "other", other.id):
        world.forget(SLUG)
    ledger.close()
    assert world.held() == set()


def test_the_list_knows_forgotten_people_by_any_spelling(tmp_path: Path) -> None:
    """A forgotten person who was listed by name is listed by hash, and shown without a name.

    Adding the person again keeps nothing. Any spelling removes the person.
    """
    world = Place(tmp_path, [PERSON])
    ledger = world.ledger()
    with ledger.write() as connection:
        learn(connection, [(SLUG, URN)], MONDAY)
        suppress(connection, [(SLUG,), ("joe",)], "Zelda asked", MONDAY)
    forget(ledger, [(URN,), ("never-seen",)], MONDAY)
    with ledger.write() as connection:
        assert suppress(connection, [(SLUG, URN), ("joe",)], None, MONDAY) == 0
        learn(
            connection, [(URN, "zelda-q"), ("zelda-q", "zq")], MONDAY
        )  # a spelling that comes up later is forgotten, too
        assert (
            connection.execute(sa.select(sa.func.count()).select_from(schema.alias)).scalar_one()
            == 0
        )
        shown = [(entry.identity, entry.reason) for entry in suppressions(connection)]
        assert sorted(shown, key=str) == [
            ("joe", "Zelda asked"),
            (None, "forgotten"),
            (None, "forgotten"),
        ]
        listed = connection.execute(sa.select(schema.do_not_contact.c.identity)).scalars().all()
        assert len(listed) == 6
        assert all(identity == "joe" or len(identity) == len("hash:") + 64 for identity in listed)
        assert note_contacts(connection, [Contact((SLUG,), MONDAY)], "old.csv", MONDAY) == 0
        assert unsuppress(connection, Recipient("zq"), MONDAY) == 4
        assert unsuppress(connection, Recipient(urn=URN), MONDAY) == 0
        assert len(list(suppressions(connection))) == 2
    ledger.close()
    assert world.run(now=True).sent == 1


def test_hashes_say_nothing_to_another_ledger(tmp_path: Path) -> None:
    """Each ledger has a salt of its own: the same person has another hash in each."""
    hashes = set()
    for name in ("a.db", "b.db"):
        ledger = open_ledger(tmp_path / name)
        forget(ledger, [(SLUG,)], MONDAY)
        with ledger.read() as connection:
            hashes |= set(connection.execute(sa.select(schema.do_not_contact.c.identity)).scalars())
        ledger.close()
    assert len(hashes) == 2


@pytest.mark.file
def test_a_forgotten_ledger_is_as_durable_as_before(tmp_path: Path) -> None:
    """The journal's mode is PERSIST again, and forgetting twice is the same as once."""
    ledger = open_ledger(tmp_path / "ledger.db")
    for _ in range(2):
        forget(ledger, [(SLUG,)], MONDAY)
        with ledger.read() as connection:
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar_one() == "persist"
            assert connection.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
            assert len(list(suppressions(connection))) == 1
    ledger.close()


SPELLINGS = st.integers(0, 5).map(lambda number: f"spelling-{number}")


@pytest.mark.slow
@hypothesis_settings(max_examples=12)
@given(
    st.lists(st.tuples(SPELLINGS, SPELLINGS), max_size=8),
    SPELLINGS,
    st.lists(SPELLINGS, min_size=1, max_size=4),
    st.booleans(),
)
def test_to_forget_by_any_spelling_forgets_all(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[str, str]],
    given_: str,
    rows: list[str],
    sent: bool,
) -> None:
    """No spelling of a forgotten person is in any byte of the ledger, and all else is untouched.

    This holds for any links between spellings, and for any rows.
    """
    same = {given_}
    for _ in pairs:
        same |= {key for pair in pairs if same & {*pair} for key in pair}
    world = Place(tmp_path_factory.mktemp("w"), [(f"Name-of-{row}", row) for row in rows])
    ledger = world.ledger()
    with ledger.write() as connection:
        learn(connection, pairs, MONDAY)
    ledger.close()
    world.server.script = lambda _: Answer(200, b'{"success": true}')
    world.run(now=True, min_gap=0, most=None if sent else 0)
    before = [(line.cells, line.status) for line in world.lines()]
    world.forget(given_)
    after = [(line.cells, line.status) for line in world.lines()]
    for (cells, status), (left, then) in zip(before, after, strict=True):
        assert left == (("", "") if cells[1] in same else cells)
        assert then == ("skipped" if cells[1] in same and status == "waiting" else status)
    everything = b"".join(
        path.read_bytes() for path in (world.folder / "ledger").rglob("*") if path.is_file()
    )
    for key in same:
        assert key.encode() not in everything
    world.run(now=True, min_gap=0)
    assert {line.cells[1] for line in world.lines()} - {""} == set(rows) - same
    everything = b"".join(
        path.read_bytes() for path in (world.folder / "ledger").rglob("*") if path.is_file()
    )
    assert not any(key.encode() in everything for key in same)
    ledger = world.ledger()
    with ledger.read() as connection:
        assert all(
            set(spellings_of(connection, [row])).isdisjoint(same) for row in set(rows) - same
        )
    ledger.close()


def test_a_ledger_that_is_not_there_forgets_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped --ledger is an error and leaves no file: nobody is told that a person was
    erased."""
    from runner.cli import call

    place = tmp_path / "typo.db"
    for command in (
        ["forget", "jane-doe", "--yes"],
        ["suppress", "list"],
        ["suppress", "remove", "jane-doe"],
    ):
        assert int(call([*command, "--ledger", str(place)])) == 2
        assert "There is no campaign yet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
