"""Results that say everything are left alone; any others are written again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.action.settle import settle_rows
from runner.ledger.campaign import campaigns
from runner.ledger.erasure import forget
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
    world.run(now=True, min_gap=0)
    assert not is_spoilt(path)
    assert len(read_results(path)) == len(world.people)


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
