"""The schema of every JSON answer. The fence around all tests holds each real one against it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runner.cli import call
from runner.show.schema.command import ANSWERS, schema_of
from tests.conftest import hold
from tests.test_docs import commands


def test_every_command_that_answers_has_a_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is one of draft 2020-12, with a version; the others are told which there are."""
    for command in ANSWERS:
        assert call(["schema", *command.split()]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found == schema_of(command)
        assert found["$id"].endswith("/1")
        assert "#/$defs/Failure" in json.dumps(found["anyOf"])
    assert call(["schema"]) == 0
    assert capsys.readouterr().out.count("campaign schema ") == len(ANSWERS)
    assert call(["schema", "stauts"]) == 2
    assert "Did you mean 'status'?" in capsys.readouterr().err


def test_no_command_with_json_is_without_a_schema() -> None:
    known = commands()
    groups = {name.split()[0] for name in ANSWERS if " " in name}
    with_json = {name for name, options in known.items() if "--json" in options}
    assert with_json - groups <= set(ANSWERS)


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.pop("rows"),
        lambda said: said.update(more=1),
        lambda said: said.update(rows=["2"], verdict="maybe"),
        lambda said: said.update(exitCode="0"),
    ],
)
def test_an_answer_of_another_kind_is_noticed(
    change: Callable[[dict[str, object]], object],
) -> None:
    said: dict[str, object] = {
        "campaign": "x",
        "rows": [2],
        "verdict": "sent",
        "exitCode": 0,
    }
    hold("settle 2 --sent", said)
    change(said)
    with pytest.raises(AssertionError, match="no answer of campaign settle"):
        hold("settle 2 --sent", said)
