"""The report: a page that stands alone, names nobody unasked, and tells the ledger's numbers."""

from __future__ import annotations

import itertools
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.action.report import report
from runner.errors import ExitCode, UsageError
from runner.ledger.ledger import Ledger
from runner.result.chart import Series, _marks, _short, bars
from runner.result.report import default_place
from tests.action.test_replies import ACCOUNT, next_day, say
from tests.world import World, crowd

OPTIONS: dict[str, Any] = {"accounts": [ACCOUNT], "now": True, "min_gap": 0}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, crowd(9), limit=5)
    world.people[2] = (HOSTILE, "person-2")
    world.people[3] = ("", "person-3")
    world.people[4] = ("Twin", "person-0")
    return world


def opened(world: World, act: Callable[[Ledger], Any]) -> Any:
    ledger = world.ledger()
    try:
        return act(ledger)
    finally:
        ledger.close()


def written(world: World, *, names: bool = False) -> str:
    done = opened(world, lambda ledger: report(ledger, None, None, world.clock.now(), names=names))
    assert done.written.path == default_place(world.folder / "people.results.csv")
    assert stat.S_IMODE(done.written.path.stat().st_mode) == 0o600
    return str(done.written.path.read_text(encoding="utf-8"))


def test_a_report_needs_nothing_from_elsewhere(world: World) -> None:
    """No script, no font, no picture, no style of another address; and a policy that says so."""
    world.run(**OPTIONS)
    for names in (False, True):
        text = written(world, names=names)
        assert not re.search(r"<script|<link|<iframe|<img|@import|url\(|javascript:", text)
        assert set(re.findall(r"https?://[^/\"]*", text)) <= {
            "http://www.w3.org",
            "https://www.linkedin.com",
        }
        assert "default-src 'none'" in text


def test_a_report_names_nobody_unasked(world: World) -> None:
    """No name, profile ID, URN or cell stands in it, not even in a reason; with names, those whose
    rows need a person are told, with a link, and harmless."""
    world.run(**OPTIONS)
    plain = written(world)
    for person in world.people:
        assert person[1] not in plain
        assert not person[0] or person[0] not in plain
    assert "urn:li" not in plain
    assert '<td class="number">5</td>' in plain
    world.people[3] = ("", "person-3")
    named = written(world, names=True)
    assert "https://www.linkedin.com/in/person-3/" in named
    assert "A5 (First Name)" in named
    assert HOSTILE not in named


def test_a_report_leaves_imports_as_they_were(world: World) -> None:
    """The library of charts adds a finder of modules, which later imports would be warned of."""
    world.run(**OPTIONS)
    written(world)
    assert not [one for one in sys.meta_path if type(one).__module__.startswith("pygal")]


def test_a_reports_numbers_are_the_ledgers(world: World) -> None:
    """Per day, by hour, by status and of those who answered."""
    world.run(**OPTIONS)
    next_day(world)
    say(world, "person-1", "Sure", -0.5)
    world.run(**OPTIONS)
    text = " ".join(re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]*>", " ", written(world)).split())
    assert "7 people have the message, of a list of 9 rows. Nobody waits any more." in text
    assert "7 messages sent to 7 people" in text
    assert "1 answered 14 % of 7" in text
    assert "Mon 2026-11-23 5 Tue 2026-11-24 2" in text
    assert "sent 7 78 %" in text
    assert "invalid 1 11 % skipped 1 11 % in all 9" in text
    assert "1 the same person as an earlier row" in text


def test_a_campaign_that_has_sent_nothing_has_a_report(world: World) -> None:
    """Nothing is drawn, and nothing breaks."""
    world.people = [("", "person-1")]
    world.run(**OPTIONS)
    text = written(world)
    assert "Nobody has the message yet, of a list of 1 row." in text
    assert "Nothing was sent yet, and nothing is forecast." in text


def test_a_run_leaves_a_report_and_replaces_no_other_file(world: World) -> None:
    """Its own page is replaced at each run; a page of somebody else's stays, and that is said."""
    mine, other = world.folder / "mine.html", world.folder / "other.html"
    other.write_text("<html>my notes</html>", encoding="utf-8")
    ended = world.run(**OPTIONS, report=mine)
    assert ended.page is not None
    assert "5 messages" in re.sub(r"</?strong>|\s+", " ", mine.read_text()).replace("  ", " ")
    next_day(world)
    assert world.run(**OPTIONS, report=mine).exit_code == ExitCode.NEEDS_A_PERSON
    assert "7 messages" in re.sub(r"</?strong>|\s+", " ", mine.read_text()).replace("  ", " ")
    ended = world.run(**OPTIONS, report=other)
    assert other.read_text(encoding="utf-8") == "<html>my notes</html>"
    assert ended.page is not None
    assert ended.page.instead_of == other
    with pytest.raises(UsageError, match="cannot be written"):
        world.run(**OPTIONS, report=world.folder / "report.pdf")
    assert len(world.received()) == 7


@pytest.mark.parametrize("highest", [0, 1, 4, 7, 23, 60, 61, 150, 999, 12_345])
def test_a_scale_has_round_marks_and_reaches_the_highest_bar(highest: int) -> None:
    """Its steps are 1, 2 or 5 times a power of ten, and few."""
    marks = _marks(highest)
    steps = {after - before for before, after in itertools.pairwise(marks)}
    assert len(steps) == 1
    assert re.fullmatch("[125]0*", str(*steps))
    assert marks[0] == 0
    assert marks[-1] >= highest
    assert len(marks) <= 7


def test_a_long_label_keeps_its_ends() -> None:
    assert _short("default", 16) == "default"
    short = _short("66a1f0c2e5b7d8f901234567", 16)
    assert (len(short), short[:6], short[-5:]) == (16, "66a1f0", "34567")


def test_a_quota_is_drawn_as_a_line_of_its_own() -> None:
    """It is a mark of the scale, and replaces one that would stand upon it."""
    drawn = bars("Messages", ["Mon"], [Series("sent", "sent", [7])], limit=9)
    assert re.findall(r'<path[^>]*class="major guide line"', drawn)
    assert ">9</text>" in drawn
    assert ">10</text>" not in drawn
