"""A second record keeps what was promised, whatever becomes of its last line or of its disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import StorageError
from runner.ledger.noted import Noted, What, lines_in
from runner.ledger.second import SecondRecord
from tests.world import MONDAY, World, crowd

TEXTS = st.text(max_size=30)


def line(number: int, what: What = What.INTENT, **more: object) -> Noted:
    return Noted(n=number, head=f"{number:064}", what=what, at=MONDAY, **more)  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(1, 99), TEXTS, TEXTS), max_size=8), st.data())
def test_a_record_cut_anywhere_has_all_its_whole_lines(
    said: list[tuple[int, str, str]], data: st.DataObject
) -> None:
    """Lines come back as they went in, and a cut takes only what stands behind it."""
    lines = [line(number, slug=slug, account=account) for number, slug, account in said]
    whole = "".join(f"{one}\n" for one in lines).encode()
    assert list(lines_in(whole)) == lines
    cut = data.draw(st.integers(0, len(whole)))
    kept = whole[:cut].count(b"\n")
    assert list(lines_in(whole[:cut]))[:kept] == lines[:kept]


def test_a_line_that_was_cut_short_is_not_gone_on_with(tmp_path: Path) -> None:
    """The next line begins anew, and the latest event is the one with the highest number."""
    record = SecondRecord(tmp_path / "state" / "identity")
    record.append([line(1), line(3)], "here")
    with record.path.open("ab") as file:
        file.write(b'{"n": 4, "head": "cut sh')
    record.append([line(2, What.OUTCOME)], "here")
    assert [one.n for one in record.lines()] == [1, 3, 2]
    latest = record.latest()
    assert latest is not None
    assert latest.n == 3
    assert record.places() == ["here"]
    if os.name == "posix":
        assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(record.folder.stat().st_mode) == 0o700


def test_the_latest_event_is_found_behind_many_other_lines(tmp_path: Path) -> None:
    """Lines that are no events do not hide the last one, however many they are."""
    record = SecondRecord(tmp_path / "identity")
    record.append([line(7)], "here")
    others = [line(0, What.CAMPAIGN, name="x" * 200) for _ in range(400)]
    record.append(others, "here")
    latest = record.latest()
    assert latest is not None
    assert latest.n == 7


def test_the_latest_event_costs_what_lies_behind_it_not_the_whole_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A campaign that is looked at each day, and has nothing to send, adds lines that are no events
    behind a hundred thousand that are."""
    record = SecondRecord(tmp_path / "identity")
    record.append([line(number) for number in range(1, 5_001)], "here")
    record.append([line(0, What.CAMPAIGN, name="x" * 200) for _ in range(40)], "here")
    read = 0

    def counted(data: bytes) -> Iterator[Noted]:
        nonlocal read
        read += len(data)
        return lines_in(data)

    monkeypatch.setattr("runner.ledger.second.lines_in", counted)
    latest = record.latest(4096)
    assert latest is not None
    assert latest.n == 5_000
    assert read < record.path.stat().st_size / 5


@pytest.mark.file
def test_a_message_that_cannot_be_noted_does_not_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the second record cannot be written, no byte leaves, and the row is not uncertain: it
    waits. When the disk has room again, it goes."""
    world = World(tmp_path, crowd(3))
    real = SecondRecord._append
    promises = 0

    def full(self: SecondRecord, data: bytes, *, sync: bool) -> None:
        nonlocal promises
        promises += sync
        if promises == 2 and sync:
            raise OSError(28, "No space left on device")
        real(self, data, sync=sync)

    monkeypatch.setattr(SecondRecord, "_append", full)
    with pytest.raises(StorageError, match="second record cannot be written"):
        world.run(now=True, min_gap=0)
    assert world.received() == ["person-0"]
    assert world.statuses() == ["sent", "waiting", "waiting"]
    world.clock.advance_to(world.clock.now() + timedelta(minutes=1))
    world.run(now=True, min_gap=0)
    assert world.statuses() == ["sent"] * 3
    world.check_receipts()
