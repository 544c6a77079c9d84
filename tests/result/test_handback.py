"""Results that say everything are left alone; any others are written again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.action.settle import settle_rows
from runner.ledger.campaign import campaigns, note_results
from runner.ledger.erasure import forget
from runner.ledger.standing import progress
from runner.result.left import left
from runner.show.console import Console
from runner.show.run import say_results
from tests.world import World, crowd, read_results


def done(folder: Path) -> tuple[World, Path]:
    """A campaign that is over, and its results file."""
    world = World(folder, crowd(5))
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    return world, report.results.path


def spoil(path: Path) -> None:
    """Change a letter without changing size or time; writing the file again mends it."""
    found = path.stat()
    path.write_bytes(path.read_bytes().replace(b"Name0", b"Spoil"))
    import os

    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def is_spoilt(path: Path) -> bool:
    return any(row["First Name"] == "Spoil" for row in read_results(path))


def test_a_run_with_nothing_to_do_leaves_current_results_alone(tmp_path: Path) -> None:
    """A run leaves the results alone if list, text, ledger and results are as they were.

    Not even the file's time changes.
    """
    world, path = done(tmp_path)
    spoil(path)
    before = path.stat().st_mtime_ns
    assert world.run(now=True, min_gap=0).results is not None
    assert is_spoilt(path)
    assert path.stat().st_mtime_ns == before


def _touched(world: World, path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def _gone(world: World, path: Path) -> None:
    path.unlink()


def _more_people(world: World, path: Path) -> None:
    world.people.append(("Zoe", "person-zoe"))


def _settled(world: World, path: Path) -> None:
    ledger = world.ledger()
    with ledger.read() as connection:
        record = campaigns(connection)[0]
    settle_rows(ledger, record, [2], sent=False, by="Ann", now=world.clock.now())
    ledger.close()


def _forgotten(world: World, path: Path) -> None:
    ledger = world.ledger()
    forget(ledger, [("person-1",)], world.clock.now())
    ledger.close()


@pytest.mark.parametrize("happen", [_touched, _gone, _more_people, _forgotten])
def test_whatever_happens_to_campaign_or_file_the_results_are_written_again(
    tmp_path: Path, happen: Callable[[World, Path], None]
) -> None:
    """The next run writes the results again, as the ledger says, after each of these changes.

    The file was changed or removed, the list is longer, or a person was forgotten.
    """
    world, path = done(tmp_path)
    spoil(path)
    happen(world, path)
    world.check = lambda _report: None  # type: ignore[method-assign]  # a forgotten row comes back without its cells
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    assert not is_spoilt(report.results.path)
    assert len(read_results(report.results.path)) == len(world.people)


def _edited(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"sent", b"SENT", 1))


def _edited_in_secret(path: Path) -> None:
    spoil(path)


def _replaced(path: Path) -> None:
    path.unlink()
    path.write_text("my own list", encoding="utf-8")


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("change", [_edited, _edited_in_secret, _replaced, _emptied])
def test_a_persons_work_on_the_results_is_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[Path], None]
) -> None:
    """Results that somebody has edited or replaced stay as they are. The new ones stand beside
    them, it is said, and the next ones take the place of those, since nobody has touched them."""
    world, path = done(tmp_path)
    change(path)
    theirs = path.read_bytes()
    for number in (1, 2):
        world.people.append((f"Zoe{number}", f"person-zoe-{number}"))
        report = world.run(now=True, min_gap=0)
        assert report.results is not None
        assert report.results.path == path.with_name("people.results (2).csv")
        assert path.read_bytes() == theirs
        assert len(read_results(report.results.path)) == len(world.people)
        say_results(Console(), report.results)
        assert "somebody has changed or replaced it" in capsys.readouterr().out


def test_results_that_are_only_copied_back_are_still_ours(tmp_path: Path) -> None:
    """Another time on the same content, as a sync program leaves it, changes nothing."""
    world, path = done(tmp_path)
    path.write_bytes(path.read_bytes())
    world.people.append(("Zoe", "person-zoe"))
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    assert (report.results.path, report.results.instead_of) == (path, None)


def test_what_version_0_1_noted_is_understood(tmp_path: Path) -> None:
    """Its note is a line: the path, the size, the time and the state of the campaign."""
    world, path = done(tmp_path)
    ledger = world.ledger()
    with ledger.write() as connection:
        found = path.stat()
        record = campaigns(connection)[0]
        state = progress(connection, record.id)
        old = f"{path} {found.st_size} {found.st_mtime_ns} {state}"
        note_results(connection, record.id, old)
    with ledger.read() as connection:
        assert left(old).is_current(path, progress(connection, record.id))
    ledger.close()
    assert left(old).is_ours(path)
    world.people.append(("Zoe", "person-zoe"))
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    assert report.results.path == path


def test_a_persons_word_on_a_row_reaches_the_results(tmp_path: Path) -> None:
    """A row that is settled as not sent from outside the run is sent again.

    The results say so, with two attempts.
    """
    world = World(tmp_path, crowd(2), faults=0.0)
    from runner.rehearsal.endpoint import Answer

    world.server.script = lambda _: Answer(502, b"{}")
    world.run(now=True, min_gap=0, most=1)
    world.server.script = None
    _settled(world, world.path)
    report = world.run(now=True, min_gap=0)
    assert report.results is not None
    assert [(row["status"], row["attempts"]) for row in read_results(report.results.path)] == [
        ("sent", "2"),
        ("sent", "1"),
    ]
