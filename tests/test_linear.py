"""No text of a stranger takes longer than its length allows.

Every regular expression of the program, wherever it stands, is fed with worst cases of growing
length. So are the functions that go through such texts without an expression.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import combinations, product
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import runner
from runner.errors import CampaignError
from runner.intake import cell, column, greeting, placeholder, suspicion, template
from runner.intake.reader import encoding, marks
from runner.intake.recipient import parse
from runner.intake.review import Review

ROOT = Path(runner.__file__).parent
# The lengths that are tried, each four times the one before. The square of the third one is long
# for any expression.
LENGTHS = (500, 2_000, 8_000, 32_000)
SHORTER = LENGTHS[:3]
# Four times the text may take about four times the time. The square would be sixteen times.
MOST = 9.0
# What takes less than this is quick enough, whatever its growth.
QUICK_SECONDS = 0.008


def grows(attack: Callable[[int], Callable[[], object]], lengths: Sequence[int]) -> float:
    """Return how much longer the fourfold text takes, at the first length that takes long at all.

    A busy machine makes one measurement long, not all of them.
    """
    for length in lengths:
        if seconds(attack(length)) < QUICK_SECONDS:
            continue
        ratios = (
            seconds(attack(length)) / max(seconds(attack(length // 4)), 1e-5) for _ in range(4)
        )
        return next((ratio for ratio in ratios if ratio < MOST), MOST)
    return 0.0


def seconds(call: Callable[[], object]) -> float:
    begun = time.process_time()
    with suppress(ValueError, CampaignError):  # refused
        call()
    return time.process_time() - begun


# --- expressions


METHODS = ("search", "match", "fullmatch", "sub", "findall", "finditer", "split")
# Texts of these are cut before the expression sees them, to so many characters.
BOUNDED = {
    # number formats (`code_of`)
    '"[^"]*"|\\\\.|\\[[^\\]]*\\]': 1_000,
    '"[^"]*"|\\\\.|\\[[^\\]hms]*\\]': 1_000,
    # the unit file that this program wrote itself
    '"((?:[^"\\\\]|\\\\.)*)"|([^\\s"]+)': 1_000,
}


def expressions() -> dict[str, tuple[re.Pattern[Any], frozenset[str]]]:
    """Return every regular expression of the program, with the methods it is used by."""
    found: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    used: dict[str, set[str]] = {}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.setdefault(node.value.id, set()).add(node.attr)
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in METHODS
                and isinstance(node.args[0], ast.Constant)
            ):
                pattern = re.compile(node.args[0].value)
                found.setdefault(repr(pattern), (pattern, set()))[1].add(node.func.attr)
    for info in pkgutil.walk_packages(runner.__path__, "runner."):
        if "__main__" in info.name or "migrations" in info.name:
            continue
        for name, value in vars(importlib.import_module(info.name)).items():
            for one in _flat(value):
                pattern = getattr(one, "__self__", one)
                if isinstance(pattern, re.Pattern):
                    methods = {one.__name__} if pattern is not one else used.get(name, {"search"})
                    found.setdefault(repr(pattern), (pattern, set()))[1].update(methods)
    return {
        name: (pattern, frozenset(methods.intersection(METHODS)) or frozenset({"search"}))
        for name, (pattern, methods) in found.items()
    }


def _flat(value: Any) -> Iterator[Any]:
    """Give a value, or what stands in a list or tuple of any depth."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _flat(one)
    else:
        yield value


EXPRESSIONS = expressions()


def words(pattern: re.Pattern[Any]) -> list[str]:
    """Return texts that the pattern's parts match, in its order: its literals, whole runs of them,
    and one character of each of its sets."""
    source = pattern.pattern
    text = source.decode("latin-1") if isinstance(source, bytes) else source
    found, run = dict.fromkeys(["a", "1", "\n", '"']), ""
    for operator, value in _walk(_parser.parse(text, pattern.flags & ~re.UNICODE)):
        if operator is _constants.LITERAL:
            run += chr(value)
            found[chr(value)] = None
            continue
        if run:
            found[run] = None
        run = ""
        if operator is _constants.IN:
            for kind, inner in value:
                if kind is _constants.LITERAL:
                    found[chr(inner)] = None
                elif kind is _constants.RANGE:
                    found[chr(inner[0])] = None
    return [word for word in (*found, run, " ") if word][:20]


def _walk(parsed: Any) -> Iterator[tuple[Any, Any]]:
    for operator, value in parsed:
        yield operator, value
        for inner in value if isinstance(value, tuple | list) else [value]:
            if isinstance(inner, _parser.SubPattern):
                yield from _walk(inner)
            elif isinstance(inner, list):
                for one in inner:
                    if isinstance(one, _parser.SubPattern):
                        yield from _walk(one)


def shapes(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Give the beginnings, repeated parts and ends that worst cases are made of."""
    parts = words(pattern)
    ends = ("", "!")
    for part, end in product(parts, ends):
        yield "", part, end
    for first, part in product(parts[:8], parts[:8]):
        yield first, part, "!"
        yield "", first + part, "!"
    for three in combinations(parts[3:10], 3):
        yield "", "".join(three), "!"
    for start, size in product(range(len(parts)), (2, 3, 4)):
        yield "", "".join(parts[start : start + size]), "!"
        yield "", "".join([*parts[start : start + size], " "]), ""


def attack_on(
    pattern: re.Pattern[Any], method: str, shape: tuple[str, str, str]
) -> Callable[[int], Callable[[], object]]:
    """Return a use of the pattern on a text of this shape, by the text's length."""
    begin, part, end = shape

    def of_length(n: int) -> Callable[[], object]:
        text = begin + part * (n // len(part)) + end
        subject = text.encode("latin-1", "replace") if isinstance(pattern.pattern, bytes) else text
        return lambda: _use(pattern, method, subject)

    return of_length


@pytest.mark.parametrize("name", sorted(EXPRESSIONS))
def test_every_expression_is_linear(name: str) -> None:
    """No worst case of an expression takes longer than its length allows, in any of its uses."""
    pattern, methods = EXPRESSIONS[name]
    longest = BOUNDED.get(str(pattern.pattern), SHORTER[-1])
    for shape, method in product(shapes(pattern), sorted(methods)):
        attack = attack_on(pattern, method, shape)
        if longest < SHORTER[-1]:
            assert seconds(attack(longest)) < 20 * QUICK_SECONDS
        else:
            assert grows(attack, SHORTER) < MOST, (shape, method)


@pytest.mark.parametrize(
    ("source", "method"),
    [
        (r"[\s,;|].*/in/", "search"),
        (r"\S+@\S+\.\w+", "fullmatch"),
        (rb"<(?:\w+:)?t(?: [^>]*)?>[^<]+", "sub"),
        (rb't="s"[^>]*><v>(?!\d+</v>)', "search"),
        (r"(\d+)\s*/\s*(\d+)", "search"),
        (r"(?:start\s+)?(\d{1,6})\s*,?\s*\+\s*(\d{1,6})", "fullmatch"),
    ],
)
def test_an_expression_that_is_not_linear_is_caught(source: Any, method: str) -> None:
    """The worst cases show the square in expressions that are known to have it; a busy machine may
    hide it once."""
    pattern = re.compile(source)
    assert any(
        grows(attack_on(pattern, method, shape), SHORTER) >= MOST
        for _ in range(3)
        for shape in shapes(pattern)
    )


def _use(pattern: re.Pattern[Any], method: str, subject: Any) -> object:
    if method == "sub":
        return pattern.sub(subject[:0], subject)
    found = getattr(pattern, method)(subject)
    return list(found) if method == "finditer" else found


# --- functions without an expression, or with several


def _conversations(n: int) -> Callable[[], object]:
    review = Review()
    for number in range(n // 4):
        review.conversation(
            number, f"urn:li:msg_conversation:(urn:li:fsd_profile:O{number},2-x)", "acc"
        )
    return lambda: list(review.foreign_conversations())


def _links(n: int) -> Callable[[], object]:
    def work() -> None:
        found = marks.Marks()
        for row in range(n):
            found.link((1, 0, 99, row % 3), "https://x.example")

    return work


def _template(text: str) -> Callable[[], object]:
    return lambda: template.parse(text, Path("t.j2"))


FUNCTIONS: dict[str, Callable[[int], Callable[[], object]]] = {
    "identifier of marks": lambda n: lambda: cell.identifier("a" + "\u0315\u0300" * (n // 2)),
    "cell of unsorted marks": lambda n: lambda: cell.clean("a" + "\u0345" * n + "\u0300" * n),
    "cell of marks that fall apart": lambda n: lambda: cell.clean("a" + "\u0f73" * n),
    "header of marks": lambda n: lambda: column.variable_names("a" + "\u0315\u0300" * n),
    "recipient of separators": lambda n: lambda: parse("/in//in/" + "," * n),
    "recipient of escapes": lambda n: lambda: parse("%41" * n),
    "value of at signs": lambda n: lambda: suspicion.suspicion("@.a" * n + "!", "x", ""),
    "guard of separators": lambda n: lambda: cell.unguard(cell.guard(";\n" * n + "=")),
    "guard of formulas": lambda n: lambda: cell.unguard(cell.guard(";=" * n)),
    "end marks": lambda n: lambda: encoding.without_end_mark(b"a\n" + b"\x1a\r\n" * n, "utf-8-sig"),
    "guess of a long name": lambda n: lambda: column.nearest("ab" * n, ["ba" * n, "abab"]),
    "conversations of many accounts": _conversations,
    "links over whole columns": _links,
    "filters on one value": lambda n: _template("{{ a" + "|d" * (n // 3) + " }}"),
    "filters in many lines": lambda n: _template(("{{ a" + "|d" * 18 + " }}\n") * (n // 50)),
    "conditions": lambda n: _template("{% if a %}x{% endif %}" * (n // 25)),
    "sums": lambda n: _template("{{ " + "a ~ " * (n // 5) + "a }}"),
    "placeholders": lambda n: lambda: placeholder.placeholders("{ " * n, placeholder.Fields()),
    "greetings": lambda n: lambda: greeting.greeted("\n" * n + "x"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_long_texts_is_linear(name: str) -> None:
    assert grows(FUNCTIONS[name], LENGTHS) < MOST
