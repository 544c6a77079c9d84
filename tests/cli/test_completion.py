"""Completion in a shell, and the groups of the help."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.cli import call
from runner.cli.completion import answering, names, places
from runner.cli.help import GROUPS
from tests.test_docs import commands
from tests.world import World, crowd


def test_the_help_has_every_command_in_one_group(capsys: pytest.CaptureFixture[str]) -> None:
    grouped = [name for names in GROUPS.values() for name in names]
    assert sorted(grouped) == sorted(commands())
    call(["--help"])
    said = capsys.readouterr().out
    assert all(f"\n{title}:\n" in said for title in GROUPS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["completion", shell]) == 0
    assert "campaign" in capsys.readouterr().out


def test_a_shell_that_is_not_known_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert call(["completion"]) == 2
    assert "Name it: campaign completion bash" in capsys.readouterr().err


@pytest.mark.file
def test_campaigns_and_files_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lock, and without an error where there is no ledger, or one that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "ledger.db"))
    assert names("") == []
    world = World(tmp_path, crowd(1))
    world.run(now=True, min_gap=0)
    world.check_receipts = lambda: None  # type: ignore[method-assign]
    world.run(now=True, min_gap=0, name="spring fair", min_days=0)
    ledger = world.ledger()
    with ledger.write():
        assert sorted(names("")) == ["people", "spring fair"]
    ledger.close()
    assert names("spr") == ["spring fair"]
    with monkeypatch.context() as bash:  # which puts a candidate into the line as it stands
        bash.setenv("_CAMPAIGN_COMPLETE", "complete_bash")
        assert names("spr") == [r"spring\ fair"]
    assert answering("st") == ["status", "stop"]
    assert places("peo")[:2] == ["people", "people.csv"]
    (tmp_path / "ledger.db").write_bytes(b"no ledger")
    assert names("") == []


@pytest.mark.file
def test_an_option_that_names_a_campaign_is_completed(tmp_path: Path) -> None:
    """As a shell asks: wherever a campaign of the ledger may be named."""
    World(tmp_path, crowd(1)).run(now=True, min_gap=0, name="fair")
    program = shutil.which("campaign", path=Path(sys.executable).parent)
    assert program is not None
    for line in ("settle --name ", "retry --name ", "run --after ", "status "):
        asked = {
            "CAMPAIGN_LEDGER": str(tmp_path / "ledger.db"),
            "_CAMPAIGN_COMPLETE": "complete_fish",
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            "_TYPER_COMPLETE_ARGS": f"campaign {line}",
        }
        told = subprocess.run(
            [program], env={**os.environ, **asked}, cwd=tmp_path, capture_output=True, check=False
        )
        assert b"fair" in told.stdout, (line, told.stderr)
