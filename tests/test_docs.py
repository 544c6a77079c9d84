"""The documents say what the program does.

They have every command, option, column, key and exit code, and their commands run.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import re
import tomllib
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

import runner
from runner.campaign.campaign import load
from runner.campaign.kind import rows, table
from runner.campaign.setting import CampaignSettings
from runner.cli import app
from runner.errors import ExitCode
from runner.intake.code import Code
from runner.intake.column import ROLES
from runner.intake.result import RESULT_COLUMNS
from runner.intake.sandbox import FILTERS
from runner.ledger.record import Status
from tests.loopback import KEY, serving

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
DOCUMENTS = [
    README,
    CONTRIBUTING,
    *(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")),
]


def commands() -> dict[str, list[str]]:
    """Return every command with its long options."""
    group: Any = typer.main.get_command(app)
    found: dict[str, list[str]] = {}
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for leaf in getattr(command, "commands", {"": command}).values():
            options = [
                option
                for parameter in leaf.params
                for option in parameter.opts
                if option.startswith("--")
            ]
            found.setdefault(name, []).extend(options)
    return found


def test_every_command_is_documented_and_every_documented_command_exists() -> None:
    """Every command is documented, and every documented command exists, with the options that the
    documents mention."""
    known = commands()
    for name in known:
        assert f"`campaign {name}" in README, name
    shown = re.findall(r"(?:^|`)campaign ([a-z-]+)([^`\n#]*)", README, re.MULTILINE)
    assert shown
    for name, rest in shown:
        assert name in known, name
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in [*known[name], "--not-sent", "--help"], (name, option)


def test_every_option_in_the_documents_exists() -> None:
    """Any `--option` that a document names is an option of some command."""
    known = {option for options in commands().values() for option in options} | {
        "--help",
        "--not-sent",
        "--version",
    }
    for document in DOCUMENTS:
        prose = re.sub(r"```sh\n(?:python3|\.venv)[ /].*?```", "", document, flags=re.DOTALL)
        prose = re.sub(r"`(?:systemctl|journalctl) [^`]*`", "", prose)
        assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", prose)) <= known


def test_every_exit_code_status_and_column_is_documented() -> None:
    """Every exit code, status and column stands in the README's tables."""
    for code in ExitCode:
        assert f"\n| {code.value} | " in README, code
    for status in Status:
        assert status is Status.SENDING or f"`{status.value}`" in README, status
    for column in RESULT_COLUMNS:
        assert f"\n| `{column}` |" in README, column


def test_every_key_role_and_filter_is_documented() -> None:
    """The pages of campaign files and templates have every key, role and filter. Their tables have
    nothing that the code does not know."""
    text = (ROOT / "docs" / "campaign-files.md").read_text(encoding="utf-8")
    assert table(CampaignSettings) in text
    for role in ROLES:
        assert f"`{role}`" in text
    templates = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    for name in FILTERS:
        assert f"`{name}`" in templates, name


def test_every_code_of_a_problem_is_documented() -> None:
    """docs/sheets.md lists all codes of problems, in their order, and no other."""
    text = (ROOT / "docs" / "sheets.md").read_text(encoding="utf-8")
    assert tuple(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE)) == get_args(Code)


def test_the_notebook_of_the_documents_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/sheets.md shows the check of a data frame, and the code does what the page says."""
    text = (ROOT / "docs" / "sheets.md").read_text(encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with redirect_stdout(said):
        for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(code, {})
    assert said.getvalue() == "2 Hi Jane\n"


def test_the_python_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example of docs/python.md, one after the other, does what the page says."""
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    (tmp_path / "hello.j2").write_text("Hi {{ first_name }}", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("runner.ledger.location.user_data_path", lambda *_, **__: tmp_path / "data")
    monkeypatch.setenv("CONNECTSAFELY_API_KEY", KEY)
    said, names = io.StringIO(), {}
    with serving() as server, redirect_stdout(said):
        monkeypatch.setattr("runner.sending.address.BASE_URL", server.url)
        for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(code, names)
    assert said.getvalue().splitlines() == [
        "2 ready, 1 invalid",
        "A4 (First Name): blank, but the template uses it without a default",
        "Hi Jane",
        "2 sent over 2 days",
        said.getvalue().splitlines()[4],
        "2 wait",
        "2 sent; exit code 1 ; results in spring.results.csv",
        "2 sent",
        said.getvalue().splitlines()[8],
        "again.csv",
        "['spring']",
        "spring 2 sent",
        "There is no setting 'daily_limt' here. Did you mean daily_limit?",
    ]
    assert said.getvalue().splitlines()[4].startswith("2 wait, the first at 20")
    assert said.getvalue().splitlines()[8].startswith("Row 2 was sent from account default")


def test_the_acts_are_callable_after_any_import() -> None:
    """No module of the package ever takes the place of a function of the same name."""
    modules = [name for _, name, _ in pkgutil.walk_packages(runner.__path__, "runner.")]
    for name in modules:
        if ".migrations" not in name and name != "runner.__main__":
            importlib.import_module(name)
    for name in set(runner.__all__) - {"__version__"}:
        assert callable(getattr(runner, name)), name


def test_the_sample_campaign_file_loads() -> None:
    """campaigns/introduction.toml uses the samples, by paths relative to itself."""
    path = ROOT / "campaigns" / "introduction.toml"
    assert set(tomllib.loads(path.read_text(encoding="utf-8"))) <= set(rows(CampaignSettings))
    campaign = load(path, {})
    assert campaign.sheet.is_file()
    assert campaign.templates
    assert all(path.is_file() for path in campaign.templates)


def test_links_lead_somewhere() -> None:
    """Every relative link of every document leads somewhere."""
    for folder, document in [
        (ROOT, README),
        (ROOT, CONTRIBUTING),
        *((ROOT / "docs", p.read_text(encoding="utf-8")) for p in (ROOT / "docs").glob("*.md")),
    ]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document):
            assert (folder / target).exists(), target


def test_nothing_is_promised_that_cannot_be() -> None:
    """No text calls this safe for an account, undetectable or like a human."""
    texts = [
        *DOCUMENTS,
        *(path.read_text(encoding="utf-8") for path in (ROOT / "runner").rglob("*.py")),
    ]
    for text in texts:
        assert not re.search(
            r"undetect|human-like|like a human|100 ?% safe|guaranteed? safe|avoid detection",
            text,
            re.IGNORECASE,
        )


def test_ci_runs_the_readmes_commands() -> None:
    """The two commands of .ci/run stand in the README, each as a whole line."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    quoted = re.findall(r"^(?:try_it|run_tests)='(.*)'$", script, re.MULTILINE)
    assert len(quoted) == 2
    for command in quoted:
        assert command in README.splitlines()
