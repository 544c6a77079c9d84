"""The progress of a run on a terminal: today's goal, and the whole."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest

from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Outcome, Status, Told, Wait
from runner.sending.event import Sending, Sent, Waiting
from runner.show.progress import Goal, Progress

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def claimed(row: int, slug: str | None = None) -> Claim:
    person = Recipient(slug or f"person-{row}")
    return Claim(row, 1, row, "acc", person, "Hi", None, "normal", None)


def sent(row: int, left: int) -> Sent:
    told = Told(AT, 40, 40 - left, left)
    return Sent(claimed(row), Outcome(Status.SENT, http_status=200, told=told))


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_today_has_a_goal_and_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bars where the whole is more; the next day has a goal of its own."""
    terminal = on_terminal(monkeypatch)
    progress = Progress(Goal(2, 7, 2, AT, UTC), print)
    assert "Keep this window open until about 16:00 UTC. Ctrl-C is safe" in terminal.getvalue()
    progress.event(sent(2, 1))
    progress.event(sent(3, 0))
    said = terminal.getvalue()
    assert "Today: 100%" in said
    assert "In all:" in said
    assert "4/7" in said
    progress.event(Waiting("acc", Wait(AT + timedelta(hours=16), "the quota is spent", False)))
    progress.event(sent(4, 39))
    assert "1/3" in terminal.getvalue()
    progress.close()


def test_what_goes_today_alone_has_one_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    progress = Progress(Goal(2, 2), print)
    progress.event(Sending(claimed(2)))
    progress.event(sent(2, 1))
    assert "In all" not in terminal.getvalue()
    assert "Ctrl-C is safe" in terminal.getvalue()
    progress.close()


def test_the_bar_names_the_person_whom_a_message_goes_to_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While it goes, and no longer; a long name is cut."""
    terminal = on_terminal(monkeypatch)
    progress = Progress(Goal(2, 2), print)
    progress.event(Sending(claimed(3, "anna-" + 60 * "x")))
    assert "now row 3, anna-" + 34 * "x" + "…" in terminal.getvalue()
    written = len(terminal.getvalue())
    progress.event(sent(4, 1))  # another account's
    assert "now row 3" in terminal.getvalue()[written:]
    progress.event(Sending(claimed(5)))
    written = len(terminal.getvalue())
    progress.event(sent(5, 0))
    assert "now row" not in terminal.getvalue()[written:]
    assert "quota left 0" in terminal.getvalue()[written:]
    progress.close()
