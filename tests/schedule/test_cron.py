"""The crontab's line, read as cron reads it, and then as the shell does.

All other lines stay as they are, byte for byte.
"""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from runner.schedule.cron import command_of, line, placed
from runner.schedule.job import Job
from tests.schedule.computer import jobs

LABEL = "campaign-spring-0a1b2c3d"
CRONTABS = st.lists(
    st.sampled_from(
        [
            "# mine",
            "MAILTO=jo",
            "5 5 * * * x\\%",
            "",
            "\t",
            "\r",
            "# \udce4",
            f"# {LABEL}x",
            f"#{LABEL}",
        ]
    )
    | st.text(st.characters(exclude_characters="\n"))
).flatmap(lambda lines: st.sampled_from(["\n".join(lines), "".join(f"{line}\n" for line in lines)]))


def command(line: str, *, halves_backslashes: bool) -> str:
    """Return what cron hands to the shell: all after five fields, up to a bare %.

    \\% is %, and to some crons \\\\ is \\.
    """
    rest = line.rstrip("\n").split(" ", 5)[5]
    handed: list[str] = []
    escaped = False
    for character in rest:
        if escaped and (character == "%" or (halves_backslashes and character == "\\")):
            handed[-1] = character
            escaped = False
            continue
        assert escaped or character != "%", "the command ends here, the rest is its input"
        escaped = character == "\\" and not escaped
        handed.append(character)
    return "".join(handed)


@given(jobs(), st.booleans())
def test_any_path_and_argument_comes_through(job: Job, halves_backslashes: bool) -> None:
    """Time, folder, environment, program and arguments come through, with any characters and in any
    cron."""
    text = line(job, "/home/jo")
    assert text.count("\n") == 1
    assert text.split(" ")[:5] == [str(job.at.minute), str(job.at.hour), "*", "*", "*"]
    environment = ["HOME=/home/jo", *(f"{name}={value}" for name, value in job.environment)]
    words = shlex.split(command(text, halves_backslashes=halves_backslashes), comments=True)
    assert words == ["cd", str(job.folder), "&&", "/usr/bin/env", "-i", *environment, *job.command]
    assert command_of(text) == job.command


@given(CRONTABS)
def test_no_other_byte_of_the_crontab_changes(crontab: str) -> None:
    """A line that is put in stands before all that the crontab sets. A line that is taken out
    leaves the crontab as it was."""
    ours = f"0 9 * * * true # {LABEL}\n"
    with_ours = placed(crontab, LABEL, ours)
    assert with_ours == ours + crontab
    assert placed(with_ours, LABEL) == crontab
    assert placed(crontab, LABEL) == crontab


@given(CRONTABS, CRONTABS)
def test_a_line_is_replaced_where_it_stands(before: str, after: str) -> None:
    """A line is replaced once, where it stands, even when a person has copied or moved it."""
    before = before and before.rstrip("\n") + "\n"
    old, new = f"0 9 * * * true # {LABEL}\n", f"5 9 * * * true # {LABEL}\n"
    assert placed(before + old + after, LABEL, new) == before + new + after
    assert placed(before + old + old + after, LABEL, new) == before + new + after


def test_two_campaigns_share_a_crontab() -> None:
    """Each campaign has its own line in the crontab."""
    other = "1 1 * * * true # campaign-spring-ffffffff\n"
    both = placed(other, LABEL, f"0 9 * * * true # {LABEL}\n")
    assert placed(both, LABEL) == other
    assert placed(both, "campaign-spring-ffffffff") == f"0 9 * * * true # {LABEL}\n"
