"""Only a regular file is read, and no more of it than it may have; nothing else is waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.campaign.campaign import load
from runner.errors import CampaignError, StorageError, UsageError
from runner.intake import sheet, template
from runner.result.place import check_path
from runner.schedule.machine import Write, call, perform
from runner.sending.key import find_key
from runner.system.file import FileError, LargeError, MissingError, read_whole
from runner.unattended.log import RunLog

posix = pytest.mark.skipif(os.name != "posix", reason="such files are POSIX's")
READERS: dict[str, Callable[[Path], object]] = {
    "a list": sheet.load,
    "a template": template.load,
    "a campaign file": lambda path: load(path, {}),
    "a key file": lambda path: find_key(path, path.parent),
}
ENDINGS = {"a list": ".csv", "a template": ".j2", "a campaign file": ".toml", "a key file": ".key"}


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 * 1024**3)  # it takes no room on the disk


STRANGE: dict[str, Callable[[Path], object]] = {
    "a pipe": lambda path: os.mkfifo(path),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "3 GB": _large,
    "a link to itself": lambda path: path.symlink_to(path),
}


@posix
@pytest.mark.parametrize("strange", STRANGE)
@pytest.mark.parametrize("kind", READERS)
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str, strange: str) -> None:
    """A pipe that nobody writes to, a device without end, a folder and an enormous file in the
    place of anything that is read give a sentence that names it."""
    path = tmp_path / f"strange{ENDINGS[kind]}"
    STRANGE[strange](path)
    with pytest.raises(CampaignError) as caught:
        READERS[kind](path)
    assert path.name in f"{caught.value.what} {caught.value.where}"
    assert caught.value.remedy


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    with pytest.raises(CampaignError) as caught:
        READERS[kind](tmp_path / f"{name}{ENDINGS[kind]}")
    assert caught.value.remedy


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """As many bytes as may be are read; one more is too many. A missing file is told as such."""
    path = tmp_path / "x"
    path.write_bytes(b"x" * 1_000)
    assert read_whole(path, 1_000)[0] == b"x" * 1_000
    with pytest.raises(LargeError):
        read_whole(path, 999)
    with pytest.raises(MissingError):
        read_whole(tmp_path / "y", 999)
    with pytest.raises(FileError):
        read_whole(tmp_path / "a\0b", 999)


def test_deep_toml_is_refused(tmp_path: Path) -> None:
    """Lists within lists, and names of very many parts, are mistakes of the file."""
    for text in ("a = " + "[" * 50_000, "a." * 1_900 + "b = 1", "x = '" + "y" * 60_000 + "'"):
        path = tmp_path / "deep.toml"
        path.write_text(f'sheet = "p.csv"\n{text}\n', encoding="utf-8")
        with pytest.raises(CampaignError) as caught:
            load(path, {})
        assert caught.value.exit_code == 3


@posix
@pytest.mark.parametrize("strange", ["a pipe", "a device", "a folder"])
def test_results_go_into_no_pipe(tmp_path: Path, strange: str) -> None:
    path = tmp_path / "r.csv"
    STRANGE[strange](path)
    with pytest.raises(UsageError):
        check_path(path, tmp_path / "p.csv")


@pytest.mark.parametrize("name", ["a\0b.csv", "x" * 5_000 + ".csv"])
def test_results_have_a_name_that_a_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        check_path(tmp_path / name, tmp_path / "p.csv")


@posix
def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither a link in the place of the log nor a pipe is written to. Nobody's
    file changes, not even its mode."""
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    victim.chmod(0o644)
    makers: list[Callable[[Path], object]] = [
        lambda path: path.symlink_to(victim),
        lambda path: path.symlink_to(tmp_path / "nothing"),
        STRANGE["a pipe"],
        Path.mkdir,
    ]
    for number, make in enumerate(makers):
        path = tmp_path / f"{number}.log"
        make(path)
        with pytest.raises(StorageError):
            RunLog(path)
    assert (victim.read_text(encoding="utf-8"), victim.stat().st_mode & 0o777) == ("mine", 0o644)
    assert not (tmp_path / "nothing").exists()


@posix
@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o077])
def test_nobody_else_can_change_a_unit_file(tmp_path: Path, mask: int) -> None:
    """A file of the scheduler is 0644 at most, whatever the umask, and whatever lies in its way."""
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    path = tmp_path / "folder" / "campaign.service"
    path.parent.mkdir()
    path.with_name(f".{path.name}.part").symlink_to(victim)
    before = os.umask(mask)
    try:
        perform([Write(path, b"[Unit]\n")], call)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"[Unit]\n"
    assert path.stat().st_mode & 0o777 == 0o644 & ~mask
    assert victim.read_text(encoding="utf-8") == "mine"
