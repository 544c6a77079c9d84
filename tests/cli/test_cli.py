"""The command as a stranger meets it, in an empty folder.

The tests hold what it says, and where; what to do next; and the exit code.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from runner.campaign.campaign import load
from runner.campaign.kind import rows
from runner.campaign.setting import CampaignSettings
from runner.cli import call
from runner.errors import RefusedError
from runner.rehearsal.endpoint import Answer
from runner.rehearsal.receipt import urn_of
from tests.loopback import KEY, Server, serving
from tests.world import read_results

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "recipients.csv"
TEMPLATE = ROOT / "templates" / "introduction.j2"
JSON_KEYS = [
    "campaign",
    "totals",
    "sentThisRun",
    "accounts",
    "nextSendAt",
    "results",
    "exitCode",
    "stopped",
]


class Shell:
    """Runs `campaign` in this process, in the test's folder, with a ledger of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], server: Server) -> None:
        self.folder, self.server, self._capsys = folder, server, capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        self._capsys.readouterr()
        code = int(call([*arguments]))
        self.out, self.err = self._capsys.readouterr()
        assert "Traceback" not in self.err
        assert KEY not in self.out + self.err
        return code

    def run(self, *arguments: str) -> int:
        return self("run", *arguments, "--now", "--min-gap", "0", "--yes")

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code = self(*arguments, "--json")
        answer: dict[str, Any] = json.loads(self.out)
        return code, answer


@pytest.fixture
def shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    monkeypatch.setenv("CAMPAIGN_TIME_ZONE", "UTC")
    with serving() as server:
        monkeypatch.setenv("CAMPAIGN_BASE_URL", server.url)
        yield Shell(tmp_path, capsys, server)


@pytest.fixture
def people(write: Callable[[str, str], Path]) -> None:
    write("people.csv", "First Name,LinkedIn URL\nJo,jo-doe\nAl,al-doe\nBo,bo-doe\n")
    write("hello.j2", "Hi {{ first_name }}")


@pytest.mark.file
def test_the_whole_day_of_a_user(shell: Shell) -> None:
    """The sample goes through check, preview, run, status, why and results. A second run sends
    nothing more."""
    shutil.copy(SAMPLE, "list.csv")
    shutil.copy(TEMPLATE, "intro.j2")
    assert shell("check", "list.csv", "-t", "intro.j2") == 1
    assert "list.csv: 30 rows; 26 ready, 1 skipped, 3 invalid." in shell.out
    assert "A17 (First Name): blank" in shell.out
    assert shell("preview", "list.csv", "-t", "intro.j2", "--row", "2") == 0
    assert "Hi Jane,\n\nI work with logistics teams" in shell.out
    before = Path("list.csv").read_bytes()
    assert shell.run("list.csv", "-t", "intro.j2", "--account", "acc_1") == 1
    assert "Sent in this run: 26." in shell.out
    assert "LinkedIn's terms" in shell.err
    rows = read_results(Path("list.results.csv"))
    assert Path("list.csv").read_bytes() == before
    assert stat.S_IMODE(Path("list.results.csv").stat().st_mode) == 0o600
    assert {row["status"] for row in rows} == {"sent", "skipped", "invalid"}
    assert [row["typingIndicatorSent"] for row in rows if row["conversationUrn"]] == [
        "true",
        "true",
    ]
    assert shell("status") == 0
    assert "26 sent" in shell.out
    assert f"Ledger: {shell.folder / 'ledger.db'}" in shell.out
    for row, words in (
        (2, "was sent from account acc_1"),
        (16, "same person as row 2"),
        (17, "A17 (First Name): blank"),
    ):
        assert shell("why", str(row)) == 0
        assert words in shell.out
    assert shell("results", "-o", "again.xlsx") == 0
    Path("precious.csv").write_text("a,b\n1,2\n")
    assert shell("results", "-o", "precious.csv") == 2
    assert Path("precious.csv").read_text() == "a,b\n1,2\n"
    assert Path("again.xlsx").exists()
    assert shell.run("list.csv", "-t", "intro.j2", "--account", "acc_1") == 1
    assert len(shell.server.endpoint.receipts) == 26
    assert KEY.encode() not in b"".join(
        path.read_bytes() for path in shell.folder.iterdir() if path.is_file()
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["none.csv", "-t", "hello.j2"], 3, "There is no file none.csv"),
        ([".", "-t", "hello.j2"], 3, "is a folder"),
        (["letter.docx", "-t", "hello.j2"], 3, "Word document"),
        (["empty.csv", "-t", "hello.j2"], 3, "is empty"),
        (["header.csv", "-t", "hello.j2"], 3, "no people"),
        (["people.csv", "-t", "typo.j2"], 3, "Did you mean {{ first_name }}"),
        (["people.csv", "-t", "syntax.j2"], 3, "syntax.j2, line 2"),
        (["people.csv", "-t", "none.j2"], 3, "There is no template none.j2"),
        (["people.csv"], 3, "-t TEMPLATE"),
        (["people.csv", "-t", "hello.j2", "--sheet", "x"], 3, "no worksheets"),
        (["people.csv", "-t", "hello.j2", "-o", "r.txt"], 2, ".csv or .xlsx"),
        (["people.csv", "-t", "hello.j2", "-o", "nowhere/r.csv"], 7, "-o PATH"),
        (["people.csv", "-t", "hello.j2", "--hours", "late"], 2, "09:00-17:00"),
        (["people.csv", "-t", "hello.j2", "--days", "never"], 2, "mon-fri"),
        (["people.csv", "-t", "hello.j2", "--time-zone", "Mars"], 2, "Europe/Berlin"),
        (["people.csv", "-t", "hello.j2", "--daily-limit", "0"], 2, "from 1"),
        (["people.csv", "-t", "hello.j2", "--base-url", "http://example.com"], 2, "https"),
        pytest.param(
            ["people.csv", "-t", "hello.j2", "--ledger", "."],
            7,
            "--ledger PATH",
            marks=pytest.mark.file,
        ),
        pytest.param(
            ["people.csv", "-t", "hello.j2", "--ledger", "garbage.db"],
            7,
            "backup",
            marks=pytest.mark.file,
        ),
        (["people.csv", "-t", "hello.j2", "--ledger", "mysql://h/d"], 2, "not supported"),
        (["people.csv", "-t", "hello.j2", "--nonsense"], 2, "nonsense"),
        (["misspelt.toml"], 3, "Did you mean 'template'"),
        (["broken.toml"], 3, "broken.toml"),
        (["none.toml"], 3, "There is no campaign file"),
    ],
)
@pytest.mark.usefixtures("people")
def test_what_goes_wrong_before_sending(
    shell: Shell, write: Callable[[str, str], Path], arguments: list[str], code: int, words: str
) -> None:
    """Each mistake is told as a sentence that says what to do, with the contract's exit code, as
    text and as one JSON object. Nothing is sent."""
    with zipfile.ZipFile("letter.docx", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    write("empty.csv", "")
    write("header.csv", "First Name,LinkedIn URL\n")
    write("typo.j2", "Hi {{ frist_name }}")
    write("syntax.j2", "Hi\n{{ first_name")
    write("garbage.db", "x" * 5_000)
    write("misspelt.toml", 'sheet = "people.csv"\ntemplat = "hello.j2"\n')
    write("broken.toml", "sheet = \n")
    assert shell.run(*arguments) == code
    assert words in shell.err + shell.out
    assert shell.run(*arguments, "--json") == code
    answer = json.loads(shell.out)
    assert list(answer) == JSON_KEYS
    assert answer["exitCode"] == code
    assert answer["stopped"]["reason"]
    assert shell.server.endpoint.requests == 0


@pytest.mark.usefixtures("people")
def test_without_a_key(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without a key exits 2, and names the variable and how to try without a key. The older
    variable is accepted."""
    monkeypatch.delenv("CONNECTSAFELY_API_KEY")
    assert shell.run("people.csv", "-t", "hello.j2") == 2
    assert "CONNECTSAFELY_API_KEY" in shell.err
    assert "rehearse" in shell.err
    monkeypatch.setenv("CONNECTSAFELY_API_TOKEN", KEY)
    assert shell.run("people.csv", "-t", "hello.j2") == 0


@pytest.mark.usefixtures("people")
def test_a_wrong_key(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key exits 4; every row still waits, and the results are written. With the right key
    the same command goes on."""
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", "wrong-key")
    assert shell.run("people.csv", "-t", "hello.j2") == 4
    assert "The API key was refused" in shell.out
    assert [row["status"] for row in read_results(Path("people.results.csv"))] == ["waiting"] * 3
    assert shell.server.endpoint.requests == 0  # the look before the message was refused
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    assert shell.run("people.csv", "-t", "hello.j2") == 0


@pytest.mark.usefixtures("people")
def test_the_json_answer(shell: Shell) -> None:
    """A pause, a finish and status each print exactly one object on stdout, with the contract's
    keys."""
    code, answer = shell.json(
        "run", "people.csv", "-t", "hello.j2", "--now", "--min-gap", "0", "--yes", "--max", "2"
    )
    assert (code, answer["exitCode"], answer["stopped"], answer["sentThisRun"]) == (75, 75, None, 2)
    assert list(answer)[: len(JSON_KEYS)] == JSON_KEYS
    assert answer["totals"] == {
        "sent": 2,
        "uncertain": 0,
        "failed": 0,
        "skipped": 0,
        "invalid": 0,
        "waiting": 1,
        "rows": 3,
    }
    assert answer["nextSendAt"]
    assert answer["results"].endswith("people.results.csv")
    assert answer["accounts"] == [
        {
            "account": None,
            "limit": 150,
            "used": 2,
            "remaining": 148,
            "resetAt": answer["accounts"][0]["resetAt"],
        }
    ]
    code, answer = shell.json(
        "run", "people.csv", "-t", "hello.j2", "--now", "--min-gap", "0", "--yes"
    )
    assert (code, answer["nextSendAt"], answer["sentThisRun"], answer["totals"]["sent"]) == (
        0,
        None,
        1,
        3,
    )
    code, answer = shell.json("status")
    assert (code, answer["campaign"], answer["totals"]["sent"]) == (0, "people", 3)


@pytest.mark.usefixtures("people")
def test_without_a_terminal_a_run_needs_yes(shell: Shell) -> None:
    """A run without a terminal and without --yes exits 2, and sends nothing."""
    assert shell("run", "people.csv", "-t", "hello.j2", "--now") == 2
    assert "--yes" in shell.err
    assert shell.server.endpoint.requests == 0


@pytest.mark.usefixtures("people")
def test_options_have_environment_twins(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every option of run is set by its twin, and the command line wins. The vendor's account
    variable is the last resort."""
    twins = {
        "TEMPLATE": "hello.j2",
        "NOW": "1",
        "MIN_GAP": "0",
        "YES": "1",
        "JSON": "1",
        "MAX": "1",
        "RESULTS": "r.xlsx",
    }
    for name, value in twins.items():
        monkeypatch.setenv(f"CAMPAIGN_{name}", value)
    monkeypatch.setenv("CONNECTSAFELY_ACCOUNT_ID", "acc_env")
    code, answer = shell.json("run", "people.csv")
    assert (code, answer["sentThisRun"], answer["accounts"][0]["account"]) == (75, 1, "acc_env")
    assert answer["results"].endswith("r.xlsx")
    code, answer = shell.json("run", "people.csv", "--account", "acc_line", "--max", "2")
    assert (
        code,
        answer["sentThisRun"],
        {receipt.account for receipt in shell.server.endpoint.receipts},
    ) == (
        0,
        2,
        {"acc_env", "acc_line"},
    )


def test_every_option_of_run_has_a_twin() -> None:
    """The twin of --some-option is CAMPAIGN_SOME_OPTION."""
    import typer.main

    from runner.cli import app

    group: Any = typer.main.get_command(app)
    command = group.get_command(None, "run")
    for option in command.params:
        if option.param_type_name == "option" and option.name != "help":
            longest = max(option.opts, key=len)
            assert option.envvar == f"CAMPAIGN_{longest.lstrip('-').replace('-', '_').upper()}", (
                option.opts
            )


@pytest.mark.usefixtures("people")
def test_a_campaign_file(shell: Shell, write: Callable[[str, str], Path]) -> None:
    """A campaign file has paths relative to itself, maps columns and names the campaign. Options
    win over it."""
    folder = shell.folder / "campaigns"
    folder.mkdir()
    write("kontakte.csv", "Vorname;Kontakt\nJo;jo-doe\nAl;al-doe\n")
    write("hallo.j2", "Hallo {{ vorname }}")
    (folder / "spring.toml").write_text(
        'name = "Spring"\nsheet = "../kontakte.csv"\ntemplate = "../hallo.j2"\naccounts = '
        '["acc_1"]\n'
        'now = true\nmin_gap = 0\nresults = "out.csv"\n[columns]\nrecipientProfileId = "Kontakt"\n'
    )
    code, answer = shell.json("run", "campaigns/spring.toml", "--yes", "--account", "acc_2")
    assert (code, answer["campaign"], answer["totals"]["sent"]) == (0, "Spring", 2)
    assert {receipt.account for receipt in shell.server.endpoint.receipts} == {"acc_2"}
    assert len(read_results(folder / "out.csv", delimiter=";")) == 2


@pytest.mark.usefixtures("people")
def test_uncertain_rows_are_settled_by_a_person(shell: Shell) -> None:
    """Run and status show an uncertain row, and settle decides it; a sent row cannot be settled.
    After --not-sent, the row is sent once more."""
    shell.server.endpoint.script = lambda fields: (
        Answer(502, b"") if fields["recipientProfileId"] == "al-doe" else None
    )
    assert shell.run("people.csv", "-t", "hello.j2") == 1
    assert shell.out.startswith("1 uncertain, row 3 (al-doe): ")
    assert "campaign settle --check" in shell.out.splitlines()[1]
    assert "campaign settle ROW|PERSON --sent|--not-sent" in shell.out.splitlines()[1]
    assert shell("why", "3") == 0
    assert "may or may not have been delivered" in shell.out
    assert "the request left" in shell.out
    assert shell("settle", "3") == 2
    assert shell("settle", "--sent") == 2
    assert shell("settle", "3", "--sent", "--check") == 2
    assert shell("settle", "2", "--sent") == 2
    assert shell("settle", "99", "--sent") == 2
    assert shell("settle", "3", "--undo") == 2
    assert shell("settle", "--undo", "--all") == 2
    assert shell("settle", "3", "--sent") == 0
    assert shell("settle", "3", "--undo", "--json") == 0
    assert json.loads(shell.out)["verdict"] == "undone"
    assert shell("settle", "3", "--not-sent") == 0
    shell.server.endpoint.script = None
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert shell("why", "3") == 0
    assert "Settled as not-sent by" in shell.out
    assert "Taken back by" in shell.out
    assert shell("settle", "3", "--undo") == 2
    assert [receipt.recipient for receipt in shell.server.endpoint.receipts] == [
        "jo-doe",
        "bo-doe",
        "al-doe",
    ]


@pytest.mark.usefixtures("people")
def test_uncertain_rows_are_told_before_all_else(shell: Shell) -> None:
    """Plan, report, status and workbook begin with the uncertain rows and how to settle them. No
    summary has them once they are settled."""
    shell.server.endpoint.script = lambda fields: (
        Answer(502, b"") if fields["recipientProfileId"] == "al-doe" else None
    )
    arguments = ("people.csv", "-t", "hello.j2", "-o", "out.xlsx")
    assert shell.run(*arguments) == 1
    assert shell.run(*arguments) == 1
    for said in (shell.out, shell.err):
        assert said.startswith("1 uncertain, row 3 (al-doe): ")
        assert "campaign settle --check --name people looks" in said
    assert shell("status") == 0
    assert shell.out.startswith("1 uncertain, row 3 (al-doe): ")
    assert shell.run(*arguments, "--unattended") == 1
    shell.server.endpoint.limit = 0
    Path("people.csv").write_text(
        Path("people.csv").read_text(encoding="utf-8") + "New,new-doe\n", encoding="utf-8"
    )
    assert shell.run(*arguments, "--unattended") == 75  # silent otherwise
    assert shell.out.startswith("1 uncertain, row 3 (al-doe): ")
    assert shell.out.count("\n") == 3
    book = load_workbook("out.xlsx")
    first, second = [[cell.value for cell in row] for row in book["Summary"].iter_rows(max_row=2)]
    assert (first[0], str(first[1])[:18], second[0]) == (
        "Uncertain rows",
        "1 uncertain, row 3",
        "To settle them",
    )
    assert shell("settle", "3", "--sent") == 0
    assert shell("status") == 0
    assert shell.out.startswith("Campaign people: ")
    assert load_workbook("out.xlsx")["Summary"]["A1"].value == "Campaign"


@pytest.mark.usefixtures("people")
def test_evidence_is_looked_for_by_the_command(shell: Shell) -> None:
    """The command has a sentence for a message that arrived and for one that did not, and writes
    the results again. It exits 1 until no row is uncertain."""
    server = shell.server.endpoint
    lost = {"al-doe": "lost-answer", "bo-doe": "lost-request"}
    server.script = lambda fields: (
        server.accept(fields["accountId"], fields, lost[fields["recipientProfileId"]])
        if fields["recipientProfileId"] in lost
        else None
    )
    assert shell.run("people.csv", "-t", "hello.j2", "--account", "acc") == 1
    assert shell("settle", "--check") == 1
    assert "Row 3 was sent" in shell.out
    assert (
        "Row 4: no evidence. The account has no message with this person; that proves nothing"
        in shell.out
    )
    assert "1 still uncertain" in shell.out
    assert [row["status"] for row in read_results(Path("people.results.csv"))] == [
        "sent",
        "sent",
        "uncertain",
    ]
    assert shell("settle", "3", "--check") == 2
    code, answer = shell.json("settle", "4", "--check")
    assert (code, answer["uncertain"], answer["exitCode"], answer["checked"][0]["verdict"]) == (
        1,
        1,
        1,
        "no-evidence",
    )
    assert shell("settle", "4", "--not-sent") == 0
    assert shell("settle", "--check") == 0
    assert "No row is uncertain." in shell.out
    assert len(server.receipts) == 2


@pytest.mark.file
@pytest.mark.usefixtures("people")
def test_the_do_not_contact_list(shell: Shell, write: Callable[[str, str], Path]) -> None:
    """A person is added to the list under any spelling, listed, imported and removed. The list
    holds for every campaign."""
    assert shell("suppress", "add", "https://www.linkedin.com/in/JO-DOE/", "--reason", "asked") == 0
    assert shell.out == "1 added to the do-not-contact list; 0 were on it.\n"
    assert shell("suppress", "add", "jo-doe", "al-doe", "--ledger", "mistyped.db") == 0
    assert shell.err.startswith(f"Note: a new ledger begins at {shell.folder / 'mistyped.db'}")
    write("both.csv", f"Profile,URN\njo-doe,{urn_of('jo-doe')}\n{urn_of('jo-doe')},\n")
    code, answer = shell.json("suppress", "import", "both.csv")
    assert (code, answer["added"], answer["people"]) == (0, 0, 1)
    write("no.csv", "Profile,Why\nbo-doe,x\nsomeone-else,y\nnot a profile,z\n")
    assert shell("suppress", "import", "no.csv") == 1
    assert "A4 (Profile)" in shell.err
    code, answer = shell.json("suppress", "list")
    assert (code, [entry["identity"] for entry in answer["doNotContact"]]) == (
        0,
        ["jo-doe", "bo-doe", "someone-else"],
    )
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert [receipt.recipient for receipt in shell.server.endpoint.receipts] == ["al-doe"]
    assert "2 rows on the do-not-contact list: nobody there is written to." in shell.err
    assert shell("suppress", "remove", "jo-doe") == 0
    assert shell("suppress", "add", "jane doe") == 2
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert [receipt.recipient for receipt in shell.server.endpoint.receipts] == ["al-doe", "jo-doe"]


@pytest.mark.usefixtures("people")
def test_history_from_elsewhere(shell: Shell, write: Callable[[str, str], Path]) -> None:
    """A person who was messaged by another tool is skipped, and a second import adds nothing. A
    cell that cannot be read is told, and the import exits 1."""
    today = datetime.now(UTC)
    write(
        "old.csv",
        (
            "Profile,Last "
            f"contacted\njo-doe,{today - timedelta(days=3):%Y-%m-%d}\nal-doe,soon\nnot a "
            "profile,\n"
        ),
    )
    code, answer = shell.json("import-history", "old.csv")
    assert (code, answer["people"], answer["added"], answer["notAdded"], answer["undated"]) == (
        1,
        2,
        2,
        1,
        1,
    )
    assert answer["dateColumn"] == "Last contacted"
    assert (answer["from"][:10], answer["to"][:10]) == (
        f"{today - timedelta(days=3):%Y-%m-%d}",
        f"{today:%Y-%m-%d}",
    )
    assert "B3 (Last contacted): 'soon'" in shell.err
    assert "A4 (Profile)" in shell.err
    assert shell("import-history", "old.csv") == 1
    assert "2 people in old.csv" in shell.out
    assert "0 messages new" in shell.out
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert "2 rows are skipped for now" in shell.err
    assert [receipt.recipient for receipt in shell.server.endpoint.receipts] == ["bo-doe"]
    assert shell("why", "2") == 0
    assert "according to old.csv; at most one message in 30 days; from " in shell.out
    assert f"{today + timedelta(days=27):%a %Y-%m-%d}" in shell.out
    assert shell("import-history", "people.csv") == 0
    assert "they count as messaged now" in shell.out
    assert shell("import-history", "people.csv") == 0
    assert "0 messages new" in shell.out
    assert shell("import-history", "old.csv", "--date-column", "Last contact") == 3
    assert "'Last contacted'" in shell.err
    assert shell.run("people.csv", "-t", "hello.j2", "--min-days", "2") == 0
    assert "people may be messaged again after 2 days (min_days), not 30." in shell.err
    assert shell.run("people.csv", "-t", "hello.j2", "--min-days", "-1") == 2


def test_an_import_can_be_looked_at_first(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--dry-run` notes nobody, and a person at the terminal is asked about a sheet without times
    before anything is noted."""
    Path("old.csv").write_text("Profile,Name\njo-doe,Jo\nal-doe,Al\n", encoding="utf-8")
    for _ in range(2):
        code, answer = shell.json("import-history", "old.csv", "--dry-run")
        assert (code, answer["added"], answer["noted"]) == (0, 2, False)
    monkeypatch.setattr("runner.show.console.Console.can_ask", True)
    for said, code in (("n", 130), ("y", 0)):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{said}\n"))
        assert shell("import-history", "old.csv") == code
        assert "Note them as messaged now? [y/N]" in shell.err
        assert ("2 messages new" in shell.out) is (said == "y")
    assert shell("import-history", "old.csv", "--yes") == 0
    assert "0 messages new" in shell.out
    assert "[y/N]" not in shell.err


@pytest.mark.usefixtures("people")
def test_results_of_another_ledger_are_history(shell: Shell) -> None:
    """A campaign here leaves alone the people in another computer's results who were written to
    there."""
    assert shell.run("people.csv", "-t", "hello.j2", "--max", "2", "--ledger", "other.db") == 75
    assert "  Next: run the same command again.\n" in shell.out
    code, answer = shell.json("import-history", "people.results.csv")
    assert (code, answer["people"], answer["dateColumn"]) == (0, 2, "sentAt")
    assert shell.run("people.csv", "-t", "hello.j2", "-o", "r.csv") == 0
    assert [receipt.recipient for receipt in shell.server.endpoint.receipts] == [
        "jo-doe",
        "al-doe",
        "bo-doe",
    ]


@pytest.mark.file
@pytest.mark.usefixtures("people")
def test_a_person_is_forgotten(shell: Shell) -> None:
    """A person is erased only after a question, and the answer tells which files still hold them.
    The list holds them without a name, and they are taken off it by name."""
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert shell("forget", "jo-doe") == 2
    assert "--yes" in shell.err
    assert b"jo-doe" in Path("ledger.db").read_bytes()
    code, answer = shell.json("forget", "linkedin.com/in/Jo-Doe", "--yes")
    files = {
        "list": str(shell.folder / "people.csv"),
        "results": str(shell.folder / "people.results.csv"),
    }
    assert (code, answer) == (
        0,
        {
            "people": 1,
            "deliveries": 1,
            "campaigns": [{"campaign": "people", **files}],
            "exitCode": 0,
        },
    )
    for path in shell.folder.glob("ledger.db*"):
        assert path.is_dir() or b"jo-doe" not in path.read_bytes()
    assert shell("forget", "al-doe", "nobody-here", "--yes") == 0
    assert f"{files['list']}, {files['results']}" in shell.out
    assert "campaign results --name people" in shell.out
    assert shell("results", "--name", "people") == 0
    assert [row["LinkedIn URL"] for row in read_results(Path("people.results.csv"))] == [
        "",
        "",
        "bo-doe",
    ]
    assert shell("status") == 0
    assert "3 sent" in shell.out
    assert shell("suppress", "list") == 0
    assert shell.out.count("a forgotten person") == 3
    code, answer = shell.json("suppress", "list")
    assert {(entry["identity"], entry["reason"]) for entry in answer["doNotContact"]} == {
        (None, "forgotten")
    }
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    assert shell("why", "2") == 0
    assert "on the do-not-contact list (forgotten)" in shell.out
    assert shell("suppress", "remove", "jo-doe") == 0
    assert "1 taken off" in shell.out
    assert shell("suppress", "remove", "jo-doe") == 0
    assert "1 were not on it" in shell.out


def test_no_campaign_yet(shell: Shell) -> None:
    """In a new ledger status, why, results and settle say how to begin."""
    for arguments in (["status"], ["why", "2"], ["results"], ["settle", "2", "--sent"]):
        assert shell(*arguments) == 2
        assert "campaign run" in shell.err


@pytest.mark.usefixtures("people")
def test_a_misspelt_campaign_name(shell: Shell) -> None:
    """A misspelt campaign name is answered with the nearest one."""
    shell.run("people.csv", "-t", "hello.j2")
    assert shell("status", "--name", "poeple") == 2
    assert "'people'" in shell.err


@pytest.mark.usefixtures("people")
def test_a_bug_is_told_without_a_traceback(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error leaves through the same door, as exit 7, without the values of any
    row."""

    def broken(*_: Any, **_more: Any) -> None:
        raise ZeroDivisionError("Jo jo-doe")

    monkeypatch.setattr("runner.campaign.material.judge", broken)
    assert shell("check", "people.csv", "-t", "hello.j2") == 7
    assert "ZeroDivisionError" in shell.err
    assert "jo-doe" not in shell.err


@pytest.mark.usefixtures("people")
def test_a_read_only_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """When results cannot go beside the list, the run exits 7 before it sends anything, and tells
    the way out."""

    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("runner.result.place.tempfile.TemporaryFile", refuse)
    assert shell.run("people.csv", "-t", "hello.j2") == 7
    assert "-o PATH" in shell.err
    assert shell.server.endpoint.requests == 0


def test_help_is_light() -> None:
    """--help imports nothing heavy: no HTTP, no database, no workbook library."""
    heavy = "{'httpx', 'sqlalchemy', 'openpyxl', 'jinja2', 'tqdm', 'alembic', 'pandas', 'rich'}"
    code = (
        f"import sys, runner.cli; runner.cli.call(['--help']); sys.exit(len({heavy} & "
        "set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "rehearse" in done.stdout) == (0, True)


@pytest.mark.usefixtures("people")
def test_a_look_is_light(shell: Shell, tmp_path: Path) -> None:
    """What stands in the ledger is shown without the other commands, and without what reads or
    writes sheets, asks the vendor or speaks with a server's ledger."""
    assert shell.run("people.csv", "-t", "hello.j2") == 0
    heavy = (
        "{'httpx', 'openpyxl', 'jinja2', 'alembic', 'sqlalchemy.dialects.postgresql', "
        "'runner.intake.table', 'runner.result.workbook', 'runner.cli.sending'}"
    )
    code = (
        "import sys, runner.cli; ended = runner.cli.call(['status']); "
        f"sys.exit(ended or len({heavy} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b" sent" in done.stdout) == (0, True)


@pytest.mark.usefixtures("people")
def test_names_that_a_terminal_cannot_show_end_nothing(
    shell: Shell, write: Callable[[str, str], Path]
) -> None:
    """With output to a narrow encoding, the run goes to its end, and JSON is plain ASCII."""
    write("名簿.csv", "First Name,LinkedIn URL\n太郎,taro-yamada\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    command = [
        sys.executable,
        "-m",
        "runner",
        "run",
        "名簿.csv",
        "-t",
        "hello.j2",
        "--now",
        "--min-gap",
        "0",
        "--yes",
    ]
    for more in ([], ["--json"]):
        done = subprocess.run([*command, *more], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["campaign"] == "名簿"


def test_version(shell: Shell) -> None:
    """--version names the distribution."""
    assert shell("--version") == 0
    assert shell.out.startswith("campaign-runner ")


@pytest.mark.file
@pytest.mark.usefixtures("people")
def test_the_ledger_never_holds_the_key(shell: Shell) -> None:
    """The ledger never holds the key, not even when the endpoint echoes it."""
    shell.server.endpoint.script = lambda _: Answer(
        400, f'{{"error": "bad header Bearer {KEY}"}}'.encode()
    )
    assert shell.run("people.csv", "-t", "hello.j2") == 1
    with closing(sqlite3.connect("ledger.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert "[key]" in dump
    assert KEY not in dump
    assert KEY not in Path("people.results.csv").read_text()


def leads(path: Path) -> None:
    """Save a workbook as a colleague makes it.

    It has a title above the table, a hidden row, and a column by a name of the colleague's own.
    """
    book = Workbook()
    sheet: Any = book.active
    for row in (
        ["Spring fair"],
        [],
        ["First Name", "Kontakt URL"],
        ["Ana", "in/ana-a"],
        ["Bo", "in/bo-b"],
        ["test", "#N/A"],
    ):
        sheet.append(row)
    sheet.row_dimensions[5].hidden = True
    book.save(path)


@pytest.mark.slow
def test_any_list_is_read_as_its_options_say(
    shell: Shell, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """Each doubt is asked about in one sentence, and the options answer it. The problems come as
    text, JSON and a workbook."""
    leads(tmp_path / "leads.xlsx")
    write("hi.j2", "Hi {{ first_name }}")
    mapped = ("--column", "recipientProfileId=Kontakt URL")
    assert shell("check", "leads.xlsx", "-t", "hi.j2", "--header-row", "3") == 3
    assert "no column says whom to write to" in shell.out
    assert shell("check", "leads.xlsx", "-t", "hi.j2", *mapped) == 3
    assert "--hidden skip" in shell.out
    assert shell.run("leads.xlsx", "-t", "hi.j2", *mapped) == 3
    assert "hidden" in shell.err
    assert not shell.server.endpoint.receipts
    code, answer = shell.json(
        "check", "leads.xlsx", "-t", "hi.j2", *mapped, "--hidden", "skip", "-o", "problems.xlsx"
    )
    assert (code, answer["rows"], answer["ready"], answer["skipped"], answer["invalid"]) == (
        1,
        3,
        1,
        1,
        1,
    )
    assert [(found["code"], found["cell"]) for found in answer["problems"]] == [
        ("cell-error", "B6")
    ]
    assert any("row 1 ('Spring fair')" in notice for notice in answer["notices"])
    sheet = load_workbook("problems.xlsx")["Problems"]
    lines = [[cell.value for cell in row][:6] for row in sheet.iter_rows(min_row=2)]
    assert lines == [
        ["error", "cell-error", "B6", 6, "Kontakt URL", "#N/A"],
        ["skipped", "skipped", "row 5", 5, None, None],
    ]
    assert stat.S_IMODE(Path("problems.xlsx").stat().st_mode) == 0o600
    assert shell("check", "leads.xlsx", "-t", "hi.j2", *mapped, "-o", "leads.xlsx") == 2
    assert shell("check", "leads.xlsx", "-t", "hi.j2", *mapped, "-o", "problems.txt") == 2
    leads(tmp_path / "other.xlsx")
    assert shell("check", "leads.xlsx", "-t", "hi.j2", *mapped, "-o", "other.xlsx") == 2
    assert "left as it is" in shell.err
    assert shell("check", "leads.xlsx", "-t", "hi.j2", *mapped, "-o", "problems.xlsx") == 3
    for wrong in ("Kontakt", "recipientProfileId=", "recipientProfilId=Kontakt"):
        assert shell("check", "leads.xlsx", "-t", "hi.j2", "--column", wrong) == 2
    assert "recipientProfileId" in shell.err


def test_the_environment_maps_columns_too(
    shell: Shell, write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment maps a header with spaces. A variable of several values would be split at
    them."""
    write("list.csv", "First Name,Kontakt URL,Text\nAna,ana-a,Hello there\n")
    monkeypatch.setenv("CAMPAIGN_COLUMN", "recipientProfileId=Kontakt URL message=Text")
    assert shell.json("preview", "list.csv")[1]["messages"][0]["message"] == "Hello there"


def test_an_encoding_is_asked_for_and_taken(
    shell: Shell, write: Callable[[str, str], Path]
) -> None:
    """A list from Excel's plain CSV is refused, and the refusal shows its own names. With
    --encoding the list is sent as it reads."""
    Path("list.csv").write_bytes("First Name;LinkedIn\nJürgen;jw-1\n".encode("cp1252"))
    write("hi.j2", "Hi {{ first_name }}")
    assert shell.run("list.csv", "-t", "hi.j2") == 3
    assert "--encoding cp1252     Jürgen" in shell.err
    assert shell.run("list.csv", "-t", "hi.j2", "--encoding", "cp1252") == 0
    assert [receipt.message for receipt in shell.server.endpoint.receipts] == ["Hi Jürgen"]


@pytest.mark.usefixtures("people")
def test_a_mistyped_ledger_is_told(shell: Shell, tmp_path: Path) -> None:
    """A command that looks makes no ledger. A command that sends tells that its ledger is new."""
    other = tmp_path / "typo" / "ledger.db"
    for look in (["status"], ["why", "2"], ["results"], ["settle", "2", "--sent"]):
        assert shell(*look, "--ledger", str(other)) == 2
        assert "--ledger" in shell.err
    assert not other.parent.exists()
    assert shell.run("people.csv", "-t", "hello.j2", "--ledger", str(other)) == 0
    assert "a new ledger begins" in shell.err
    assert shell.run("people.csv", "-t", "hello.j2", "--ledger", str(other)) == 0
    assert "a new ledger begins" not in shell.err
    assert shell("status", "--ledger", str(other)) == 0


@pytest.mark.usefixtures("people")
def test_a_new_campaign_file_has_every_key_and_loads(
    shell: Shell, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """A new campaign file loads as it is written, and with every line of it taken in. Its paths are
    relative to it, and it replaces no file."""
    (tmp_path / "plans").mkdir()
    assert shell("new", "plans/spring", "people.csv", "-t", "hello.j2") == 0
    path = tmp_path / "plans" / "spring.toml"
    text = path.read_text(encoding="utf-8")
    said = {"sheet": "../people.csv", "template": "../hello.j2", "time_zone": "UTC"}
    assert tomllib.loads(text) == said  # the zone is that of the environment here
    assert shell("check", "plans/spring.toml") == 0
    whole = re.sub(r"^# (?=[a-z_]+ = |\[columns\]|\[\[steps\]\])", "", text, flags=re.MULTILINE)
    assert set(tomllib.loads(whole)) == set(rows(CampaignSettings))
    with pytest.raises(RefusedError, match="no calendar"):  # two of its lines exclude each other
        load(write("plans/whole.toml", whole), {})
    whole = re.sub("^(now|no_look) = true", r"\1 = false", whole, flags=re.MULTILINE)
    campaign = load(write("plans/whole.toml", whole), {})
    assert (campaign.accounts, campaign.pace.daily_limit, campaign.reading.header_row) == (
        ("acc_12345",),
        40,
        4,
    )
    assert shell("new", "plans/spring.toml") == 2
    assert path.read_text(encoding="utf-8") == text
    assert shell("new", "nowhere/spring") == 7
    code, answer = shell.json("new", "autumn")
    assert (code, answer) == (0, {"campaignFile": "autumn.toml", "exitCode": 0})


def test_a_campaign_file_says_how_the_list_is_read(
    shell: Shell, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """A campaign file says the same as the options, and a wrong word in it is an error. The results
    go into a copy of the workbook, beside it."""
    leads(tmp_path / "leads.xlsx")
    write("hi.j2", "Hi {{ first_name }}")
    text = (
        'sheet = "leads.xlsx"\ntemplate = "hi.j2"\nheader_row = 3\nhidden = "skip"\nresults_in = '
        '"copy"\n'
    )
    write("spring.toml", text + '[columns]\nrecipientProfileId = "Kontakt URL"\n')
    assert shell.run("spring.toml") == 1
    book = load_workbook("leads.results.xlsx")
    assert [book.active["A1"].value, book.active["A3"].value] == ["Spring fair", "First Name"]  # type: ignore[index]
    assert [book.active[f"C{row}"].value for row in (3, 4, 5, 6)] == [
        "status",
        "sent",
        "skipped",
        "invalid",
    ]  # type: ignore[index]
    for wrong in ('hidden = "maybe"', "header_row = 0", 'results_in = "place"', "encoding = 8"):
        write("wrong.toml", f'sheet = "leads.xlsx"\n{wrong}\n')
        assert shell("check", "wrong.toml") == 3
        assert wrong.split(" = ")[0] in shell.err


@pytest.mark.usefixtures("people")
def test_no_calendar_and_a_calendar_are_a_contradiction(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No calendar and a calendar contradict each other on the command line, also with a variable,
    and in one file. But the command line may overrule a file."""
    base = ("run", "people.csv", "-t", "hello.j2", "--yes", "--max", "1")
    assert shell(*base, "--now", "--hours", "9-17") == 2
    monkeypatch.setenv("CAMPAIGN_NOW", "1")
    assert shell(*base, "--hours", "9-17") == 2
    assert "CAMPAIGN_..." in shell.err
    monkeypatch.delenv("CAMPAIGN_NOW")
    lines = 'sheet = "people.csv"\ntemplate = "hello.j2"\n'
    Path("both.toml").write_text(f'{lines}now = true\nhours = "9-17"\n', encoding="utf-8")
    assert shell("check", "both.toml") == 3
    assert "both.toml" in shell.err
    Path("hours.toml").write_text(f'{lines}hours = "9-17"\nmin_gap = 0\n', encoding="utf-8")
    assert shell("run", "hours.toml", "--yes", "--now") == 0
    Path("max.toml").write_text(f"{lines}max = 5\n", encoding="utf-8")
    assert shell("check", "max.toml") == 3
    assert "--max on the command line" in shell.err


@pytest.mark.usefixtures("people")
def test_settling_says_one_thing_and_what_comes_of_it(shell: Shell) -> None:
    """A row is settled one way, not both at once, by row or by person. The answer says what will
    come of a row that must not be sent."""
    shell.server.endpoint.script = lambda fields: (
        Answer(502, b"") if fields["recipientProfileId"] == "al-doe" else None
    )
    assert shell.run("people.csv", "-t", "hello.j2") == 1
    assert shell("settle", "3", "--sent", "--not-sent") == 2
    assert shell("settle", "al doe", "--not-sent") == 2
    assert shell("suppress", "add", "al-doe") == 0
    assert shell("settle", "https://www.linkedin.com/in/al-doe", "--not-sent") == 0
    assert "But: al-doe will not be sent: on the do-not-contact list." in shell.out
    assert shell("why", "3") == 0
    assert "waits, but will be skipped when its turn comes: on the do-not-contact list" in shell.out
