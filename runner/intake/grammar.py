"""The grammar of message templates: what one may hold, and which names it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from jinja2 import Environment, nodes
from jinja2.meta import TrackingCodeGenerator

from runner.intake.column import nearest
from runner.intake.dialect import foreign_field

_STATEMENTS: Final = {
    nodes.For: "for",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.AssignBlock: "set … endset",
    nodes.With: "with",
}


_LONGEST_CHAIN: Final = 20
_LONGEST_NAME: Final = 100


METHODS: Final = frozenset(
    {
        "upper",
        "lower",
        "title",
        "capitalize",
        "casefold",
        "strip",
        "lstrip",
        "rstrip",
        "split",
        "removeprefix",
        "removesuffix",
    }
    | {"startswith", "endswith", "isdigit", "isalpha", "isupper", "islower", "find", "count"}
)


def forbidden(tree: nodes.Template, filters: Collection[str]) -> Iterator[tuple[str, int, str]]:
    """Find all that a message template may not hold.

    Each is given as a sentence, its line, and what to write instead. `filters` can be used.
    """
    for node in tree.find_all(tuple(_STATEMENTS)):
        word = _STATEMENTS[type(node)]
        yield (
            f"{{% {word} %}} cannot be used in a message template.",
            node.lineno,
            "Use {{ … }}, {% if %} and {% set %}.",
        )
    for filter_ in tree.find_all(nodes.Filter):
        if _chained(filter_) > _LONGEST_CHAIN:
            yield (
                f"The template puts more than {_LONGEST_CHAIN} filters on one value.",
                filter_.lineno,
                "Use fewer.",
            )
        if filter_.name not in filters:
            guess = nearest(filter_.name, filters)
            remedy = f"Did you mean {guess!r}?" if guess else _of_filters(filter_, filters)
            yield (
                f"The template uses the filter {filter_.name!r}, which it cannot.",
                filter_.lineno,
                remedy,
            )
    for name in tree.find_all(nodes.Name):
        if len(name.name) > _LONGEST_NAME:
            yield (
                f"The template reads a name of more than {_LONGEST_NAME} characters.",
                name.lineno,
                'Write row["…"] with the column\'s header, or rename the column.',
            )
    called = set()
    for call in tree.find_all(nodes.Call):
        called.add(id(call.node))
        if isinstance(call.node, nodes.Getattr) and call.node.attr not in METHODS:
            yield (
                f"The template calls .{call.node.attr}(), which it cannot.",
                call.lineno,
                "Use a filter: {{ name|upper }}.",
            )
    for attribute in tree.find_all(nodes.Getattr):
        if id(attribute) not in called and not _is_row(attribute.node):
            if foreign := foreign_field(attribute):
                yield foreign[0], attribute.lineno, foreign[1]
                continue
            yield (
                f"The template reads .{attribute.attr}, which it cannot.",
                attribute.lineno,
                "Use a filter: {{ name|upper }}.",
            )
    for item in tree.find_all(nodes.Getitem):
        constant = item.arg.value if isinstance(item.arg, nodes.Const) else None
        if _is_row(item.node) != isinstance(constant, str):
            yield (
                "[…] takes a place in a text, or a column's name after row.",
                item.lineno,
                'Write row["First Name"].',
            )
    listed = {
        id(operand.expr)
        for operand in tree.find_all(nodes.Operand)
        if operand.op in ("in", "notin")
    }
    for literal in tree.find_all((nodes.List, nodes.Tuple, nodes.Dict)):
        if id(literal) not in listed:
            yield (
                "The template makes a list, which it can only behind `in`.",
                literal.lineno,
                "Write the values one by one.",
            )


def names_read(tree: nodes.Template, environment: Environment) -> dict[str, int]:
    """Find the names that the text reads and does not set itself, each with its line.

    `row["First Name"]` and `row.x` count as such names.
    """
    # `{% set name = name|default("there") %}` both reads and sets the name: Jinja2 knows which
    # comes first.
    tracking = TrackingCodeGenerator(environment)
    tracking.optimizer = None  # it would compute constants in the tree itself
    tracking.visit(tree)
    read = tracking.undeclared_identifiers - {"row"}
    names: dict[str, int] = {}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name in read:
            names.setdefault(name.name, name.lineno)
    for item in tree.find_all(nodes.Getitem):
        if _is_row(item.node) and isinstance(item.arg, nodes.Const):
            names.setdefault(str(item.arg.value), item.lineno)
    for attribute in tree.find_all(nodes.Getattr):
        if _is_row(attribute.node):
            names.setdefault(attribute.attr, attribute.lineno)
    return names


def _of_filters(filter_: nodes.Filter, filters: Collection[str]) -> str:
    """The remedy for an unknown filter: other tools write a fallback as one."""
    known = f"It knows: {', '.join(sorted(filters))}."
    if isinstance(filter_.node, nodes.Name) and not filter_.args:
        return (
            f'For a fallback write {{{{ {filter_.node.name}|default("{filter_.name}") }}}}. {known}'
        )
    return known


def _chained(filter_: nodes.Filter) -> int:
    """Count the filters on one value, as far as it matters."""
    count, node = 1, filter_.node
    while isinstance(node, nodes.Filter) and count <= _LONGEST_CHAIN:
        count, node = count + 1, node.node
    return count


def _is_row(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "row"
