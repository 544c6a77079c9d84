"""Commands that stand in sentences are true: the real command line takes each of them."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import runner
from runner import words
from runner.cli import app

ROOT = Path(runner.__file__).parent
GROUP: Any = typer.main.get_command(app)
GROUP.get_command(None, "")  # builds all
# Sentences of these modules hold options of other programs.
OF_OTHERS = {"systemd.py", "cron.py", "launchd.py", "task_scheduler.py", "machine.py"}
# This word stands for anything where a text is put together. One word stands for each placeholder.
ANYTHING = "1"
PLACEHOLDERS = {"ROW": "17", "PERSON": "jane-doe", "TEMPLATE": "hello.j2", "NAME": "spring"}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every text of the package, with its module. ANYTHING stands for what is put into it."""
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                inside.update(map(id, node.values))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    str(part.value) if isinstance(part, ast.Constant) else ANYTHING
                    for part in node.values
                ]
                yield path.name, "".join(parts)
            elif isinstance(node, ast.Constant) and id(node) not in inside:
                yield path.name, str(node.value)


def commands(text: str) -> Iterator[list[str]]:
    """Yield every command that a text tells people to type, as the words behind `campaign`."""
    for found in re.finditer(r"\bcampaign ((?:schedule |suppress )?[a-z][a-z-]+)\b(.*)", text):
        name = found[1].split()
        if name[0] not in GROUP.commands:
            continue
        said = []
        for word in re.split(r" +", re.split(r"[.;:`)](?: |$)", found[2])[0].strip()):
            bare = word.strip(",.;:`")
            if not re.fullmatch(r"-.+|[A-Z|]+|[\d:]+", bare):
                break
            said.append(bare)
        for choice in itertools.product(*(word.split("|") for word in said)):
            yield [*name, *(PLACEHOLDERS.get(word, word) for word in choice)]


def worded() -> Iterator[list[str]]:
    """Yield every command that the package words at run time.

    ANYTHING stands for what is not literal.
    """
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "words.command"):
                continue
            texts = [
                str(one.value) if isinstance(one, ast.Constant) else ANYTHING
                for one in node.args
                if not isinstance(one, ast.Starred)  # options, worded from the table of settings
            ]
            options = [f"--{one.arg.replace('_', '-')} 09:00" for one in node.keywords if one.arg]
            yield from commands(" ".join(["campaign", *texts, *options]))


def parse(command: list[str]) -> None:
    """Let the real command line read a command. Nothing is run."""
    found, arguments = GROUP.commands[command[0]], command[1:]
    if arguments and hasattr(found, "commands"):
        found, arguments = found.commands[arguments[0]], arguments[1:]
    if arguments:
        found.make_context("campaign", arguments)


def test_every_command_in_a_text_is_one_that_the_command_line_takes() -> None:
    """The real parser reads the name, the options and their values of every command in a text."""
    told = {tuple(command) for _, text in sentences() for command in commands(text)}
    told |= {tuple(command) for command in worded()}
    assert len(told) > 15
    for command in sorted(told):
        parse([*command])


def test_every_option_in_a_text_exists() -> None:
    """An option that a sentence names is an option of some command."""
    known = {"--help", "--not-sent", "--version"}
    for command in GROUP.commands.values():
        for leaf in getattr(command, "commands", {"": command}).values():
            known.update(option for parameter in leaf.params for option in parameter.opts)
    for module, text in sentences():
        if module not in OF_OTHERS:
            unknown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - known - {"--upgrade"}
            assert not unknown, (module, text)


def test_a_command_is_worded_in_one_place() -> None:
    """A command has its options last, with their values quoted for a shell. The command line takes
    it."""
    worded = words.command("why", "17", name="spring fair", key_file="a b")
    assert worded == "campaign why 17 --name 'spring fair' --key-file 'a b'"
    parse(["why", "17", "--name", "spring fair"])


@pytest.mark.parametrize("command", [["settle", "17", "--sennt"], ["why", "--name", "spring"]])
def test_the_parser_of_these_tests_refuses_what_is_wrong(command: list[str]) -> None:
    """The control: the parser refuses a wrong option and a missing argument."""
    with pytest.raises(typer.TyperException):
        parse(command)
