"""A campaign as it is said: in a file, and beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.campaign.campaign import load
from runner.campaign.target import parse_target
from runner.errors import CampaignError, UsageError

STEP = '[[steps]]\ntemplate = "bump.j2"\nafter_days = 4\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "spring.toml"
    path.write_text(f'sheet = "people.csv"\ntemplate = "hello.j2"\n{text}', encoding="utf-8")
    return path


def test_a_file_says_steps_and_variants(tmp_path: Path) -> None:
    """Their paths are the file's own; one path may stand for a list of one."""
    steps = (
        STEP + '[[steps]]\ntemplate = ["a.j2", "b.j2"]\nafter_days = 7\nwhere = ["Country=DE"]\n'
    )
    campaign = load(written(tmp_path, f'due_steps = "last"\n{steps}'), {})
    assert campaign.templates == (tmp_path / "hello.j2",)
    assert [step.templates for step in campaign.steps] == [
        (tmp_path / "bump.j2",),
        (tmp_path / "a.j2", tmp_path / "b.j2"),
    ]
    assert [(step.after_days, step.where) for step in campaign.steps] == [
        (4, ()),
        (7, ("Country=DE",)),
    ]
    assert campaign.new_people_first


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (STEP.replace("after_days", "after_day"), "Did you mean 'after_days'?"),
        (STEP.replace("4", "0"), "Give 1 to 365"),
        (STEP.replace("4", '"4"'), "Give a whole number of days"),
        (STEP.replace('"bump.j2"', "[]"), "a path in quotes"),
        (STEP.replace('"bump.j2"', '""'), "Leave the key out"),
        (STEP + 'hours = "09:00-12:00"\n', "Move it above the first [[steps]]"),
        ('steps = "bump.j2"\n', "tables: [[steps]]"),
        ("no_look = true\n" + STEP, "Leave no_look out"),
    ],
)
def test_a_step_that_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CampaignError) as caught:
        load(written(tmp_path, text), {})
    assert said in (caught.value.remedy or "")


def test_a_step_outside_the_folder_is_shown(tmp_path: Path) -> None:
    """As every file is that a campaign file reaches beyond its folder."""
    campaign = load(written(tmp_path, STEP.replace("bump.j2", "../elsewhere/bump.j2")), {})
    assert any("template ../elsewhere/bump.j2" in notice for notice in campaign.notices)


@pytest.mark.parametrize(
    ("target", "what"),
    [
        ("slack://token/channel", "begins with slack:// is no webhook"),
        ("http://example.com/hook", "unencrypted"),
        ("'an open quote", "cannot be read"),
        (" ", "names no command"),
    ],
)
def test_what_cannot_be_told_is_refused(target: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse_target(target)
