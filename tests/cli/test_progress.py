"""The progress of a run on a terminal: today's goal, and the whole."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta

import pytest

from runner.intake.recipient import Recipient
from runner.ledger.record import Claim, Outcome, Status, Told, Wait
from runner.sending.event import Sent, Waiting
from runner.show.progress import Goal, Progress

AT = datetime(2026, 11, 23, 16, tzinfo=UTC)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sent(row: int, left: int) -> Sent:
    claim = Claim(row, 1, row, "acc", Recipient(f"person-{row}"), "Hi", None, "normal", None)
    told = Told(AT, 40, 40 - left, left)
    return Sent(claim, Outcome(Status.SENT, http_status=200, told=told))


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    return found


def test_today_has_a_goal_and_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bars where the whole is more; the next day has a goal of its own."""
    terminal = on_terminal(monkeypatch)
    progress = Progress(Goal(2, 5, AT, UTC), print)
    assert "Keep this window open until about 16:00. Ctrl-C is safe" in terminal.getvalue()
    progress.event(sent(2, 1))
    progress.event(sent(3, 0))
    said = terminal.getvalue()
    assert "Today: 100%" in said
    assert "In all:" in said
    assert "2/5" in said
    assert "row=3" in said
    progress.event(Waiting("acc", Wait(AT + timedelta(hours=16), "the quota is spent", False)))
    progress.event(sent(4, 39))
    assert "1/3" in terminal.getvalue()
    progress.close()


def test_what_goes_today_alone_has_one_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(monkeypatch)
    progress = Progress(Goal(2, 2), print)
    progress.event(sent(2, 1))
    assert "In all" not in terminal.getvalue()
    assert "Ctrl-C is safe" in terminal.getvalue()
    progress.close()
