"""The house as CONTRIBUTING describes it: an empty hall, small modules, a true map."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import runner

ROOT = Path(runner.__file__).parent
MAP = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
LONGEST_MODULE = 300


def test_nothing_stands_in_the_hall() -> None:
    """Each module is in a room, except those that all rooms use."""
    modules = {path.name for path in ROOT.glob("*.py")}
    assert modules == {"__init__.py", "__main__.py", "errors.py", "words.py"}


def test_a_module_is_no_longer_than_a_person_can_hold_in_the_head() -> None:
    """A longer module has a second noun."""
    for path in ROOT.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= LONGEST_MODULE, (path.relative_to(ROOT), lines)


def test_the_map_names_every_room_and_no_other_file_than_there_is() -> None:
    """Each package is a line of the picture, and every path in the text leads somewhere."""
    picture = MAP[MAP.index("```\ncli") : MAP.index("An act takes")]
    for room in ROOT.iterdir():
        if (room / "__init__.py").is_file():
            assert re.search(rf"(?m)^(?:\w+ \| )*{room.name}\b", picture), room.name
    for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|md|toml))`", MAP):
        assert (ROOT / name).is_file() or (ROOT.parent / name).is_file(), name


def test_every_room_says_what_it_is() -> None:
    """A module begins with its docstring."""
    for path in ROOT.rglob("*.py"):
        if "migrations" not in path.parts:
            assert path.read_text(encoding="utf-8").startswith('"""'), path


def test_every_benchmark_finds_what_it_imports() -> None:
    """CI does not run the benchmarks; what they take from the program must be there all the same,
    and each of them is described."""
    described = (ROOT.parent / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    for path in (ROOT.parent / "benchmarks").glob("*.py"):
        if path.stem not in ("density", "every"):
            assert f"**{path.stem}**" in described, path.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("runner"):
                module = import_module(node.module or "")
                for name in node.names:
                    assert hasattr(module, name.name) or import_module(
                        f"{node.module}.{name.name}"
                    ), (path.name, name.name)
