"""What a person at a terminal sees: the same words, with colour."""

from __future__ import annotations

import io
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import words
from runner.show.console import Console

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let a person look at what is said."""
    found = Terminal()
    monkeypatch.setattr(sys, "stdout", found)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return found


def test_counts_errors_and_commands_have_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statuses stand out, in lines and in tables, and nothing of long cells is lost."""
    seen, console = terminal(monkeypatch), Console()
    console.say("Campaign x: 5 rows; 1 uncertain, 3 sent. campaign settle --check looks.")
    console.table(("NAME", "STATUS"), [("x" * 200, "failed"), ("[bold]y[/bold]", "2 sent")])
    said = seen.getvalue()
    for coloured in ("\x1b[1;33m1 uncertain", "\x1b[32m3 sent", "\x1b[31mfailed", "\x1b[32m2 sent"):
        assert coloured in said
    plain = ANSI.sub("", said)
    assert "campaign settle --check looks." in plain
    assert plain.count("x") == 200 + 1  # that of the campaign
    said = ANSI.sub("", seen.getvalue())
    console.table(("CAMPAIGN", "ROWS", "LIST"), [("autumn fair", "1 sent " * 9, "/long/" * 20)])
    assert "autumn fair" in ANSI.sub("", seen.getvalue()).removeprefix(said)
    console.say("4 of 31 answered, 2 answered")
    assert "\x1b[32m31 answered" not in seen.getvalue()
    assert "\x1b[32m2 answered" in seen.getvalue()
    assert "[bold]y[/bold]" in plain


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_who_wants_no_colour_gets_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """NO_COLOR and a terminal that cannot show any are kept to."""
    seen = terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    Console().say("1 uncertain, 3 sent")
    assert seen.getvalue() == "1 uncertain, 3 sent\n"


@given(text=st.text(st.characters(exclude_characters="\t\r\n")))
def test_colour_changes_no_word(text: str) -> None:
    """Without its colours a line is what it would be elsewhere; nothing in it steers a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        found = terminal(patch)
        Console().say(text)
    assert ANSI.sub("", found.getvalue()) == f"{words.visible(text)}\n"
