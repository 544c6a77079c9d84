"""The sandbox that templates run in: what a template may hold, and how long its text may grow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import Any, Final, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from runner.errors import RefusedError
from runner.intake.blank import BlankError, RenderError
from runner.intake.cell import whole
from runner.intake.dialect import mistake, quoted_header, with_whole_lines
from runner.intake.display import Shown
from runner.intake.filter import to_date, to_first_name, to_number, to_percent, to_title
from runner.intake.grammar import METHODS, forbidden, names_read

# Twice LinkedIn's longest message. No text that a template builds on the way may be longer.
MAX_TEXT: Final = 16_000
# No message needs that its filters and methods work through more characters, all in all.
MAX_WORK: Final = 200_000
_LEFT: Final = ContextVar("characters left", default=MAX_WORK)
# The values printed of which it is not sure how the sheet shows them.
_DOUBTED: Final[ContextVar[list[str]]] = ContextVar("values in doubt")
# The errors that an expression of a template can end in.
_FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    AssertionError,
    MemoryError,
)


def _printable(value: object) -> object:
    """Return a value that may stand in a message: a text or a number.

    `True`, `None`, a list or a method would be an embarrassment.
    """
    if isinstance(value, StrictUndefined):
        return str(value)  # raises
    if isinstance(value, Shown) and not value.is_sure:
        _DOUBTED.get().append(str(value))
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise SecurityError(f"it would print {str(value)[:40]!r}")
    if isinstance(value, float) and not isfinite(value):
        raise SecurityError(f"it would print {value}, which is no number")
    return value


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise SecurityError(f"the text grows beyond {MAX_TEXT:,} characters")
    return text


def _concat(parts: Sequence[object]) -> str:
    texts = [str(_printable(part)) for part in parts]
    if sum(map(len, texts)) > MAX_TEXT:
        raise SecurityError(f"the text grows beyond {MAX_TEXT:,} characters")
    return "".join(texts)


def _spend(*texts: object) -> None:
    """Count the characters that filters and methods work through while one row is rendered."""
    left = _LEFT.get() - sum(len(text) for text in texts if isinstance(text, str))
    if left < 0:
        raise SecurityError(f"it works through more than {MAX_WORK:,} characters")
    _LEFT.set(left)


def _counted(function: Callable[..., object]) -> Callable[..., object]:
    @wraps(function)  # it also tells Jinja2 what else the filter is to be given
    def run(*given: object, **named: object) -> object:
        _spend(*given)
        return function(*given, **named)

    return run


def _endless(_value: object) -> NoReturn:
    raise SecurityError("a number grows too large")


def _replace(text: object, old: str, new: str) -> str:
    value = str(text)
    if len(value) + (value.count(old) if old else len(value) + 1) * len(new) > 2 * MAX_TEXT:
        raise SecurityError(f"the text grows beyond {MAX_TEXT:,} characters")
    return value.replace(old, new)


class _Watched(NodeTransformer):
    """`a ~ b` and endless numbers become our filters: Jinja2 offers no other way to watch them."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - the visitor's naming
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "concat", [], [], None, None, lineno=node.lineno)

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802 - the visitor's naming
        if not isinstance(node.value, float) or isfinite(node.value):
            return node
        shown = nodes.Const("", lineno=node.lineno)
        return nodes.Filter(shown, "endless", [], [], None, None, lineno=node.lineno)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(["+", "*", "**", "%", "//", "/"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        texts = isinstance(left, str) and isinstance(right, str) and operator == "+"
        if isinstance(left, StrictUndefined) or isinstance(right, StrictUndefined):
            str(left), str(right)  # one of them raises
        if operator == "**" or not (numbers or texts):
            raise SecurityError(f"{operator} works on numbers only in a message template")
        if numbers and (abs(left) > 1e15 or abs(right) > 1e15):
            raise SecurityError("the numbers grow too large")
        result = super().call_binop(context, operator, left, right)
        return _bounded(result) if isinstance(result, str) else result

    def call(self, context: Any, method: Any, *given: Any, **named: Any) -> Any:
        _spend(getattr(method, "__self__", None))
        return super().call(context, method, *given, **named)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 - Jinja2's signature
        return isinstance(obj, str) and attr in METHODS


def _environment() -> _Sandbox:
    environment = _Sandbox(
        undefined=StrictUndefined,
        finalize=_printable,
        keep_trailing_newline=True,
        autoescape=False,
        # It computes constants anew at each level of an expression, past all our bounds.
        optimized=False,
        # A tag on a line of its own leaves no blank line (see `with_whole_lines`).
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.clear()
    kept = (
        "default d upper lower title capitalize trim first last length int float string truncate "
        "wordcount"
    )
    environment.filters = {name: environment.filters[name] for name in kept.split()}
    environment.filters |= {"concat": _concat, "endless": _endless, "replace": _replace}
    environment.filters |= {
        "date": to_date,
        "first_name": to_first_name,
        "number": to_number,
        "percent": to_percent,
        "title": to_title,
    }
    environment.filters = {
        name: _counted(function) for name, function in environment.filters.items()
    }
    return environment


_ENVIRONMENT: Final = _environment()
FILTERS: Final = frozenset(_ENVIRONMENT.filters) - {"concat", "endless"}


@dataclass(frozen=True, slots=True)
class Part:
    """A compiled text, and the names it reads (`row["…"]` included).

    `texts` are the pieces of it that are printed as they stand, each with its line, and `constants`
    the texts within its expressions.
    """

    compiled: Template
    names: Mapping[str, int]
    texts: Sequence[tuple[int, str]] = ()
    constants: Sequence[tuple[int, str]] = ()

    @property
    def literal(self) -> str:
        return "\0".join(["", *(text for _, text in self.texts)])

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text, at most MAX_TEXT characters. Raises RenderError."""
        pieces, length = [], 0
        _LEFT.set(MAX_WORK)
        _DOUBTED.set([])
        try:
            for piece in self.compiled.generate(values):
                pieces.append(piece)
                length += len(piece)
                if length > MAX_TEXT:
                    break
        except BlankError as error:
            raise RenderError(str(error), error.column) from None
        except _FAILURES as error:
            raise RenderError(f"the template fails on this row: {error}") from None
        if length > MAX_TEXT:
            raise RenderError(f"the message grows beyond {MAX_TEXT:,} characters")
        return whole("".join(pieces))


def doubted() -> list[str]:
    """Return the values that the last rendering printed, and the sheet may show otherwise."""
    return _DOUBTED.get([])


def compile_part(text: str, path: Path, first_line: int) -> Part:
    def refuse(what: str, line: int, remedy: str) -> NoReturn:
        raise RefusedError(
            what, where=f"{path.name}, line {line + first_line - 1}", remedy=remedy
        ) from None

    if found := mistake(text):
        refuse(*found)
    try:
        tree = _ENVIRONMENT.parse(with_whole_lines(text))
        if found := quoted_header(tree):
            refuse(*found)
        for what, line, remedy in forbidden(tree, FILTERS):
            refuse(what, line, remedy)
        names = {
            name: line + first_line - 1 for name, line in names_read(tree, _ENVIRONMENT).items()
        }
        lines = first_line - 1
        texts = [(found.lineno + lines, found.data) for found in tree.find_all(nodes.TemplateData)]
        constants = [
            (found.lineno + lines, found.value)
            for found in tree.find_all(nodes.Const)
            if isinstance(found.value, str)
        ]
        compiled = _ENVIRONMENT.compile(_Watched().visit(tree), path.name, path.name)
        made = Template.from_code(_ENVIRONMENT, compiled, {}, None)
        return Part(made, names, texts, constants)
    except TemplateSyntaxError as error:
        what = f"The template has a mistake: {error.message}".rstrip(".")
        words = str(error.message).startswith("expected token 'end of print statement', got")
        remedy = (
            'A header of several words is written {{ first_name }}, or {{ row["First Name"] }}.'
        )
        refuse(
            f"{what}.",
            error.lineno,
            remedy if words else "Correct it; `campaign preview` shows the result.",
        )
    except TemplateError as error:
        refuse(f"The template cannot be used: {error}.", 1, "Simplify it.")
    except (RecursionError, MemoryError, ValueError, SyntaxError, ArithmeticError):
        refuse("The template is too deeply nested, or holds too large a number.", 1, "Simplify it.")
