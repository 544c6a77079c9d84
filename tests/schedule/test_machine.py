"""Programs are called and files are written for real, by the one function that does either."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runner.errors import StorageError
from runner.schedule.machine import (
    Delete,
    MissingProgramError,
    Run,
    Write,
    call,
    perform,
    this_machine,
)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows' console programs speak its old code pages"
)
def test_a_program_is_answered_byte_for_byte() -> None:
    """Input and output keep line ends, a missing last one, and bytes that are not text."""
    text = "a\r\nb\n\udce4\nä"
    answer = call(python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"), text)
    assert (answer.code, answer.out, answer.err) == (0, text, "")


def test_programs_speak_the_language_that_is_understood() -> None:
    """Programs speak one language, no matter what the user's own is. "no crontab for" is looked for
    in that language."""
    assert call(python("import os; print(os.environ['LC_ALL'])")).out.strip() == "C"


def test_a_program_that_is_missing_is_told_from_one_that_fails(tmp_path: Path) -> None:
    """A missing program is an error, and a failing one has its exit code and words. A failure stops
    the steps, unless the step may fail."""
    with pytest.raises(MissingProgramError, match="cannot be run on this computer"):
        call((str(tmp_path / "crontab"),))
    fails = python("import sys; sys.exit('no\\n  way')")
    assert call(fails).code == 1
    path = tmp_path / "after"
    with pytest.raises(StorageError, match=r"failed: no way$"):
        perform([Run(fails), Write(path, b"x")], call)
    assert not path.exists()
    perform([Run(fails, may_fail=True), Write(path, b"x")], call)
    assert path.read_bytes() == b"x"


def test_files_are_written_with_their_folders_and_deleted_once(tmp_path: Path) -> None:
    """A file that is deleted may be gone already. A file that cannot be written is an error that
    names it."""
    path = tmp_path / "a" / "b" / "unit"
    perform([Write(path, b"1"), Write(path, b"2")], call)
    assert path.read_bytes() == b"2"
    perform([Delete(path), Delete(path)], call)
    assert not path.exists()
    path.write_bytes(b"")
    with pytest.raises(StorageError, match="unit"):
        perform([Write(path / "below", b"")], call)


def test_this_computer_is_where_the_person_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This computer has the person's home, the configuration folder, moved or not, and the person's
    name as Windows has it."""
    assert this_machine().config == Path.home() / ".config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    machine = this_machine()
    assert (machine.home, machine.config, machine.platform) == (Path.home(), tmp_path, sys.platform)
    monkeypatch.setenv("USERDOMAIN", "DESK")
    monkeypatch.setenv("USERNAME", "jo")
    assert this_machine().user == "DESK\\jo"
