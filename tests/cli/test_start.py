"""Being led through a first campaign, on a terminal."""

from __future__ import annotations

import shlex
import stat
import tomllib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from runner.cli import call
from runner.intake.blocking import UNWRITTEN
from runner.sending.key import default_key_file
from runner.sending.lookup import Account
from runner.show.console import Console
from tests.loopback import KEY, serving

Ask = Callable[..., int]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Begin with answers given beforehand; an answer that is a function is called first."""
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))

    def begin(*answers: Any, key: str | Iterator[str] = "", arguments: tuple[str, ...] = ()) -> int:
        left = list(answers)

        def read(_self: Console, question: str) -> str:
            assert left, question
            answer = left.pop(0)
            return str(answer() or "") if callable(answer) else str(answer)

        monkeypatch.setattr(Console, "can_ask", property(lambda _: True))
        monkeypatch.setattr(Console, "read", read)
        keys = repeat(key) if isinstance(key, str) else key
        monkeypatch.setattr(Console, "read_hidden", lambda *_: next(keys))
        code = call(["start", *arguments])
        assert not left
        return code

    return begin


def written(folder: Path) -> Callable[[], None]:
    """A person who writes the message."""

    def write() -> None:
        path = folder / "hello.j2"
        text = path.read_text(encoding="utf-8")
        assert UNWRITTEN in text
        path.write_text(text.replace(UNWRITTEN, "How are you?"), encoding="utf-8")

    return write


def test_a_first_campaign_is_ready_to_run(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list is found and its column named, a template with the list's own columns is written,
    the key is stored for this user alone, an account is chosen, and the file rehearses."""
    (tmp_path / "people.csv").write_text(
        "First Name,Kontakt,Company\nAda,https://www.linkedin.com/in/ada-l,Acme\n", encoding="utf-8"
    )
    with serving() as server:
        ended = ask(
            "",  # the list
            "2",  # the column of the profiles
            "",  # the template's name
            "",  # nothing written yet
            written(tmp_path),
            "y",  # as it should be
            "",  # hours
            "",  # days
            "40",
            "spring",
            "linkedin.com/in/me-myself",  # one message, to see it
            "y",  # rehearse
            key=KEY,
            arguments=("--base-url", server.url, "--ledger", str(tmp_path / "ledger.db")),
        )
        assert [one.recipient for one in server.endpoint.receipts] == ["me-myself"]
    said = capsys.readouterr().out
    assert ended == 0
    told = tomllib.loads((tmp_path / "spring.toml").read_text(encoding="utf-8"))
    assert told == {
        "sheet": "people.csv",
        "template": "hello.j2",
        "columns": {"recipientProfileId": "Kontakt"},
        "hours": "09:00-17:00",
        "days": "mon-fri",
        "daily_limit": 40,
    }
    [shown] = [line.strip() for line in said.splitlines() if "campaign new " in line]
    again = shlex.split(shown[shown.index("new spring") :].replace("spring", "autumn"))
    assert call(again) == 0
    assert tomllib.loads((tmp_path / "autumn.toml").read_text(encoding="utf-8")) == told
    assert "{{ company }}" in (tmp_path / "hello.j2").read_text(encoding="utf-8")
    assert "Hi Ada," in said
    assert "Rehearsed: 1 sent" in said
    assert "campaign run spring.toml --test-to me-myself" in said
    assert "campaign run spring.toml" in said
    key = default_key_file()
    assert key.read_text(encoding="utf-8").strip() == KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert KEY not in said


def test_without_a_key_the_campaign_is_written_all_the_same(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("First Name,LinkedIn URL\nAda,ada-l\n", encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    assert ask("", "", "", "y", "", "", "", "", "n") == 0
    assert call(["check", "people.toml"]) == 0


def test_a_list_that_cannot_be_read_is_asked_for_again(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("First Name,LinkedIn URL\nAda,ada-l\n", encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    answers = ("people.csv", "", "", "y", "", "", "x", "30", "spring", "n")
    assert ask(*answers, arguments=("nowhere.csv",)) == 0
    assert tomllib.loads((tmp_path / "spring.toml").read_text())["daily_limit"] == 30


def test_without_a_terminal_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(["start"]) == 2
    assert "campaign new NAME LIST" in capsys.readouterr().err


def test_a_key_that_is_refused_is_not_stored(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is asked for again, and a campaign is written all the same without one."""
    (tmp_path / "people.csv").write_text("First Name,LinkedIn URL\nAda,ada-l\n", encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    keys = iter(["refused-key-0123456789", "not a key", ""])
    with serving() as server:
        arguments = ("--base-url", server.url)
        answers = ("", "", "", "y", "", "", "", "", "n")
        assert ask(*answers, key=keys, arguments=arguments) == 0
    assert "refused" in capsys.readouterr().err
    assert not default_key_file().exists()
    assert not list(keys)


def test_the_column_with_the_profiles_is_found_by_what_it_holds(
    ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the usual answer, and the commands that are said name it."""
    (tmp_path / "people.csv").write_text(
        "First Name,Kontakt\nAda,https://www.linkedin.com/in/ada-l\n", encoding="utf-8"
    )
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    assert ask("", "", "", "", "y", "", "", "", "", "n") == 0
    said = capsys.readouterr().out
    assert "campaign preview people.csv -t hello.j2 --column recipientProfileId=Kontakt" in said
    assert "campaign new people people.csv -t hello.j2" in said


@pytest.mark.parametrize(("last", "asks"), [("acc_south", False), ("", True)])
def test_a_list_that_names_accounts_is_not_overruled(
    ask: Ask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    last: str,
    asks: bool,
) -> None:
    """They are told, with those that the key has not; only rows that name none are asked about."""
    (tmp_path / "people.csv").write_text(
        f"First Name,LinkedIn URL,accountId\nAda,ada-l,acc_north\nBob,bob-l,{last}\n",
        encoding="utf-8",
    )
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    known = [Account(name, None, None, None, None) for name in ("acc_north", "acc_1")]
    monkeypatch.setattr("runner.cli.answers._accounts_of", lambda *_: known)
    chosen = ["2"] if asks else []
    assert ask("", "", "", "y", *chosen, "", "", "", "", "", "n", key=KEY) == 0
    said = capsys.readouterr().out
    assert "acc_north" in said
    assert ("The key has no such account: acc_south" in said) != asks
    told = tomllib.loads((tmp_path / "people.toml").read_text(encoding="utf-8"))
    assert told.get("accounts") == (["acc_1"] if asks else None)
