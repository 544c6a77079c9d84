"""A ledger that is emptied, lost, older than the truth or undone never messages anybody again.

Every damage is done to a campaign that has sent to half of its people. The next run refuses, in
whatever way it is started, until the ledger is mended. Then the others get their one message.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runner.rehearsal.endpoint import Answer
from tests.proof.place import PEOPLE, Damage, Place

HALF = PEOPLE // 2


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Place(tmp_path / "place").open() as place:
        yield place


def half_sent(place: Place, *more: str) -> None:
    """Send to the first half: one message in one run, the others in a second one."""
    assert place.run("--max", "1", *more) == 75
    place.keep("early")
    assert place.run("--max", str(HALF - 1), *more) == 75
    place.keep("now")
    assert len(place.received()) == HALF


def gone(place: Place, *names: str) -> None:
    for name in names:
        path = place.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def older(place: Place, *parts: str) -> None:
    place.bring_back(place.folder.parent / "place.early", *parts)


def zeros(place: Place) -> None:
    place.ledger.write_bytes(b"\0" * place.ledger.stat().st_size)


def cut(place: Place, share: float) -> None:
    data = place.ledger.read_bytes()
    place.ledger.write_bytes(data[: int(len(data) * share)])


def edited_results(place: Place) -> None:
    """The results were opened in a spreadsheet program and saved again, with a note."""
    path = place.folder / "people.results.csv"
    text = path.read_text(encoding="utf-8-sig").replace(",sent,", ",sent,", 1)
    path.write_text(text.replace("Name0", "Name Zero"), encoding="utf-8")


def renamed_results(place: Place) -> None:
    path = place.folder / "people.results.csv"
    path.rename(path.with_name("people.results (2).csv"))


# By kind: what is done to the campaign's files.
DAMAGES: dict[str, Damage] = {
    "V1 emptied": lambda place: place.ledger.write_bytes(b""),
    "V1 one byte": lambda place: place.ledger.write_bytes(b"S"),
    "V1 zeros": zeros,
    "V1 cut in the middle": lambda place: cut(place, 0.5),
    "V1 cut at its end": lambda place: cut(place, 0.97),
    "V1 emptied, no second record": lambda place: (
        place.ledger.write_bytes(b""),
        gone(place, "state"),
    ),
    "V2 deleted": lambda place: place.ledger.unlink(),
    "V2 deleted with its folder": lambda place: gone(place, "data"),
    "V2 deleted, no results": lambda place: gone(place, "data", "people.results.csv"),
    "V2 another computer": lambda place: gone(place, "data", "state"),
    "V2 another computer, results edited": lambda place: (
        gone(place, "data", "state"),
        edited_results(place),
    ),
    "V2 another computer, results renamed": lambda place: (
        gone(place, "data", "state"),
        renamed_results(place),
    ),
    "V2 deleted, only the journal is left": lambda place: (
        place.ledger.unlink(),
        gone(place, "state", "people.results.csv"),
    ),
    "V3 older": lambda place: older(place, "data/ledger.db"),
    "V3 older with its journal": lambda place: older(place, "data"),
    "V3 older, no results": lambda place: (
        older(place, "data"),
        gone(place, "people.results.csv"),
    ),
    "V3 older with its second record": lambda place: older(place, "data", "state"),
    "V3 older, no second record": lambda place: (older(place, "data"), gone(place, "state")),
}
# Here only the results sheet, or the server, knows more; `status` asks neither.
UNTOLD = {"V3 older with its second record", "V3 older, no second record"}
# This leaves nothing on the computer that could mend it: a person has to say.
UNMENDED = {"V2 deleted, only the journal is left"}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_ledger_messages_nobody_again(place: Place, kind: str) -> None:
    """The run refuses with exit 7 and names the one command that mends it, unattended or not. What
    is mended goes on with those who have no message yet."""
    half_sent(place)
    before = place.received()
    DAMAGES[kind](place)
    for more in ((), ("--unattended",), ("--json",), ("--name", "another")):
        assert place.run(*more) == 7, place.err
        assert place.received() == before
    assert place("doctor", "people.csv", "-t", "hello.j2") == 7
    assert place("status") in ((0, 7) if kind in UNTOLD else (2, 7))
    assert place.run() == 7
    (command,) = re.findall(r"campaign (ledger restore .*?) \(it says", place.err)
    former = place.ledger.read_bytes() if place.ledger.exists() else None
    if kind in UNMENDED:
        assert place(*shlex.split(command), "--yes") == 7
        return
    assert place(*shlex.split(command)) == 2  # nobody is there to ask
    assert (place.ledger.read_bytes() if place.ledger.exists() else None) == former
    assert place(*shlex.split(command), "--yes") == 0, place.err
    if former is not None:
        assert former in [path.read_bytes() for path in place.ledger.parent.glob("*.before-*Z")]
    assert place("ledger", "verify") == 0, place.out
    assert place.run() == 0, place.err
    assert sorted(place.received()) == [f"person-{number}" for number in range(PEOPLE)]
    assert place.twice() == []
    assert [row["status"] for row in place.latest_results()] == ["sent"] * PEOPLE


@pytest.mark.parametrize("looks", [True, False])
def test_a_computer_set_back_as_a_whole_is_told_by_the_server(tmp_path: Path, looks: bool) -> None:
    """When ledger, second record and results are all older, the server's count and the
    conversations know more."""
    with Place(tmp_path / "place").open(neighbours=True) as place:
        half_sent(place, "--account", "acc")
        place.bring_back(tmp_path / "place.early")
        if not looks:
            place.endpoint.look_up = _only_quota(place)  # type: ignore[method-assign]
        for _ in range(2):
            assert place.run("--account", "acc") == 7
            assert ("conversation" if looks else "The server counts") in place.err
        assert place.twice() == []
        assert len(place.received()) == HALF
        if looks:
            assert place("ledger", "restore", "--look", "--yes") == 0
            assert f"The conversations add {HALF - 1} messages" in place.err
            assert place.run("--account", "acc") == 0
            assert len(place.received()) == PEOPLE
            assert place.twice() == []


def test_others_may_send_from_the_account(tmp_path: Path) -> None:
    """Messages that the server counts and the ledger does not know stop a run until a person has
    said, once, that others send from the account as well."""
    with Place(tmp_path / "place").open(neighbours=True) as place:
        half_sent(place, "--account", "acc")
        place.endpoint.use("acc", 2)
        for _ in range(2):
            assert place.run("--account", "acc", "--max", "1") == 7
        assert place("ledger", "accept", "--shared", "acc", "--yes") == 0
        assert place.run("--account", "acc", "--max", "1") == 75
        place.endpoint.use("acc", 2)
        assert place.run("--account", "acc") == 0
        assert place.twice() == []


def _only_quota(place: Place) -> object:
    """An endpoint that tells the quota and nothing of conversations."""
    real = type(place.endpoint).look_up
    nothing = type(place.endpoint).look_up

    def look_up(headers: dict[str, str], target: str) -> object:
        answer = real(place.endpoint, headers, target)
        if "conversations" in target:
            place.endpoint.neighbours = False
            answer = nothing(place.endpoint, headers, target)
            place.endpoint.neighbours = True
        return answer

    return look_up


def test_a_new_ledger_needs_a_word_and_is_told(place: Place) -> None:
    """After a person's word a new ledger begins, and messages everybody, as was said."""
    half_sent(place)
    gone(place, "data")
    assert place("ledger", "accept", "--yes") == 0
    assert "also those who were messaged before" in place.err
    assert place.run() == 7  # the results sheet still knows
    assert place("ledger", "accept", "people.results.csv", "--yes") == 0
    assert place.run("--unattended") == 0
    assert len(place.twice()) == HALF


def test_an_older_ledger_adds_nothing_until_it_is_mended(place: Place) -> None:
    """Other commands do not grow an older ledger until it seems to be the newer one."""
    half_sent(place)
    older(place, "data")
    for number in range(12):
        assert place("suppress", "add", f"someone-{number}") == 7
        assert place("settle", "2", "--sent") in (2, 7)
    assert place.run() == 7
    assert place("ledger", "restore", "--yes") == 0
    assert place("suppress", "add", "person-5") == 0
    assert place.run() == 0
    assert place.twice() == []
    assert "person-5" not in place.received()


def test_the_second_record_can_be_said_not_to_count(place: Place) -> None:
    """An older ledger that a person knows to be right goes on from where it is."""
    half_sent(place)
    older(place, "data")
    assert place.run() == 7
    assert "2 messages (2 of 'people')" in place.err
    assert place("ledger", "accept", "--yes") == 0
    assert place("ledger", "accept", "people.results.csv", "--yes") == 0
    assert place.run() == 0
    assert len(place.twice()) == HALF - 1


# --- what is brought back


def mend(place: Place, *more: str) -> None:
    """Run the command that a refused run names."""
    assert place.run(*more) == 7, place.out
    (command,) = re.findall(r"campaign (ledger restore .*?) \(it ", place.err)
    assert place(*shlex.split(command), "--yes") == 0, place.err


def lose(place: Place) -> None:
    gone(place, "data")


def test_another_ledger_in_its_place_is_joined_with_what_stood_there(place: Place) -> None:
    """The messages and the do-not-contact list of both count."""
    half_sent(place)
    assert place("suppress", "add", "person-4") == 0
    other, pace = str(place.folder / "other.db"), ("--now", "--min-gap", "0", "--yes")
    others = "First Name,recipientProfileId\nName7,person-7\nName8,person-8\n"
    (place.folder / "others.csv").write_text(others, encoding="utf-8")
    assert place("run", "others.csv", "-t", "hello.j2", "--ledger", other, *pace) == 0, place.err
    shutil.copy(other, place.ledger)
    gone(place, "people.results.csv")
    mend(place)
    assert place.run() == 0
    assert place.twice() == []
    assert "person-4" not in place.received()


@pytest.mark.parametrize("way", ["lost", "older"])
def test_forgotten_people_stay_forgotten(place: Place, way: str) -> None:
    """Neither the loss of the ledger nor an older copy of it brings a forgotten person back: they
    are not messaged, and their name is in no file that counts."""
    assert place.run("--max", "2") == 75
    place.keep("early")
    assert place("forget", "person-0", "person-5", "--yes") == 0
    assert place("results") == 0
    if way == "lost":
        lose(place)
    else:
        older(place, "data")
    mend(place)
    assert place("forget", "nobody-else", "--yes") == 0
    assert ("a former ledger" in place.out) is (way == "older")
    assert place.run() in (0, 1)
    assert place.twice() == []
    assert "person-5" not in place.received()
    for path in [*place.ledger.parent.rglob("*"), *place.state.rglob("*")]:
        if path.is_file() and ".before-" not in path.name:
            content = path.read_bytes()
            assert b"person-0" not in content, path
            assert b"person-5" not in content, path


def test_lists_words_and_results_survive_two_losses(place: Place) -> None:
    """What was brought back once is brought back again: the do-not-contact list, a person's words,
    imported history, and which results files may be replaced."""
    half_sent(place)
    history = place.folder / "history.csv"
    history.write_text("profile,sent at\nperson-3,2026-11-28\n", encoding="utf-8")
    assert place("import-history", "history.csv") == 0
    assert place("suppress", "add", "person-4") == 0
    place.endpoint.script = lambda _: Answer(502, b"{}")
    assert place.run("--max", "1") == 1
    place.endpoint.script = None
    uncertain = [row for row in place.latest_results() if row["status"] == "uncertain"]
    assert [row["recipientProfileId"] for row in uncertain] == ["person-5"]
    assert place("settle", "person-5", "--sent") == 0
    for _ in range(2):
        lose(place)
        mend(place)
        assert place.run() == 0, place.err
        statuses = [row["status"] for row in place.latest_results()]
        assert statuses == ["sent"] * HALF + ["skipped", "skipped", "sent"]
        assert not (place.folder / "people.results (2).csv").exists()
    assert len(place.received()) == HALF
    assert all(row["sentMessage"] for row in place.latest_results()[:HALF])


@pytest.mark.parametrize("order", [[9, 8, 7, 0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0]])
def test_a_set_back_computer_is_told_whatever_became_of_the_list(
    tmp_path: Path, order: list[int]
) -> None:
    """New people on top of the list, or another order, do not explain what the server counts. The
    look into the conversations finds all of it."""
    with Place(tmp_path / "place").open(neighbours=True) as place:
        half_sent(place, "--account", "acc")
        place.bring_back(tmp_path / "place.early")
        place.write(order)
        for _ in range(2):
            assert place.run("--account", "acc") == 7
        assert place("ledger", "restore", "--look", "--yes") == 0
        assert place.run("--account", "acc") == 0, place.err
        assert place.twice() == []
        assert len(place.received()) == len(order)


def test_a_copy_that_was_used_elsewhere_does_not_hide_the_loss(place: Place) -> None:
    """The second record knows every place where its ledger was used."""
    half_sent(place)
    copy = str(place.folder / "copy.db")
    assert place("ledger", "backup", "-o", copy) == 0
    assert place("suppress", "add", "somebody", "--ledger", copy) == 0
    gone(place, "data", "people.results.csv")
    (place.folder / "people.csv").rename(place.folder / "leads.csv")
    (place.folder / "leads.csv").rename(place.folder / "people.csv")
    assert place.run() == 7
    assert "3 of 'people'" in place.err
    assert place.twice() == []


def test_a_renamed_list_on_another_computer_meets_its_results(place: Place) -> None:
    """Any results sheet in the folder that tells of people of the list is heard."""
    half_sent(place)
    gone(place, "data", "state")
    (place.folder / "people.csv").rename(place.folder / "leads.csv")
    pace = ("--now", "--min-gap", "0", "--yes")
    assert place("run", "leads.csv", "-t", "hello.j2", *pace) == 7
    assert "people.results.csv tells of 3 messages" in place.err
    assert len(place.received()) == HALF


def test_results_elsewhere_bring_a_campaign_back_on_another_computer(place: Place) -> None:
    """Results in a workbook of another name, given with -o, are enough; the same run goes on."""
    half_sent(place, "-o", "out.xlsx")
    gone(place, "data", "state")
    mend(place, "-o", "out.xlsx")
    assert place.run("-o", "out.xlsx") == 0, place.err
    assert place.twice() == []
    assert len(place.received()) == PEOPLE


@pytest.mark.parametrize("same", [True, False])
def test_two_computers_are_merged(tmp_path: Path, same: bool) -> None:
    """Both have sent: to people of the same list, or to others under the same name. Nobody gets the
    message again, nobody is lost, and merging twice changes nothing."""
    with Place(tmp_path / "place").open() as place:
        half_sent(place)
        here, there = str(place.ledger), str(place.folder / "there.db")
        gone(place, "people.results.csv")
        place.write([3, 4, 5] if same else [6, 7, 8])
        assert place.run("--ledger", there, "--max", "1", "-o", "there.csv") == 75
        gone(place, "there.csv")
        before = Path(there).read_bytes()
        for _ in range(2):
            assert place("ledger", "merge", there, "--ledger", here, "--yes") == 0
        assert Path(there).read_bytes() == before
        assert place("ledger", "verify") == 0
        place.write(range(PEOPLE))
        assert place.run("--name", "people") == 0, place.err
        assert place.twice() == []
        assert set(place.received()) >= {f"person-{number}" for number in range(PEOPLE)}


@pytest.mark.skipif(os.name != "posix", reason="SIGSTOP")
def test_locks_taken_away_under_a_run_change_nothing(place: Place) -> None:
    """A run whose folder of locks was deleted is known by its process."""
    begun: list[int] = []

    def received() -> None:
        if not begun:
            shutil.rmtree(place.ledger.with_name("ledger.db.locks"))
            pace = ["--now", "--min-gap", "0", "--yes"]
            command = [sys.executable, "-m", "runner", "run", "people.csv", "-t", "hello.j2", *pace]
            # The server answers nothing else meanwhile.
            own = {"PYTHONPATH": str(Path(__file__).parents[2]), "CAMPAIGN_NO_LOOK": "1"}
            environment = {**os.environ, **own}
            done = subprocess.run(command, env=environment, capture_output=True, check=False)
            begun.append(done.returncode)

    place.server.received = received
    assert place.run() == 0
    assert begun == [6]
    assert place.twice() == []


# --- V5: the journal of another time


def hot_journal(path: Path) -> bytes:
    """The journal of a change that is under way: SQLite would undo it if its process died now."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = PERSIST")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE delivery SET error = 'x'")
        connection.execute("UPDATE attempt SET error = 'x'")
        connection.execute("UPDATE link SET digest = digest")
        journal = path.with_name(f"{path.name}-journal").read_bytes()
        connection.execute("ROLLBACK")
    assert journal.startswith(bytes.fromhex("d9d505f920a163d7"))
    return journal


@pytest.mark.parametrize("first", ["run", "status", "settle", "doctor"])
@pytest.mark.parametrize("ended", ["well", "killed"])
def test_the_journal_of_another_time_undoes_nothing_in_silence(
    place: Place, first: str, ended: str
) -> None:
    """Where the last run ended well, the journal is refused before SQLite uses it. Else the second
    record knows what it has undone."""
    assert place.run("--max", "1") == 75
    journal = hot_journal(place.ledger)
    assert place.run("--max", "2") == 75
    if ended == "killed":
        for about in place.state.rglob("ledger.json"):
            about.write_text(about.read_text().replace('"digest"', '"other"'))
    place.ledger.with_name("ledger.db-journal").write_bytes(journal)
    before = place.received()
    others = {"status": ("status",), "settle": ("settle", "3", "--sent"), "doctor": ("doctor",)}
    if first != "run":
        place(*others[first])
    place.write([5, 4, 3, 2, 1, 0])
    assert place.run() == 7, place.err
    assert place.received() == before
    if "journal of another time" in place.err:
        place.ledger.with_name("ledger.db-journal").unlink()
    else:
        assert place("ledger", "restore", "--yes") == 0
    assert place.run() == 0, place.err
    assert place.twice() == []
    assert len(place.received()) == PEOPLE
