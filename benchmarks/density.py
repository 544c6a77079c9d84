"""Counts how dense the package's code is: tokens for each code line, long lines, comprehensions.

    python benchmarks/density.py [FOLDER]

A code line holds a token that is neither comment nor docstring. Comprehensions, walruses and
conditional expressions are counted for each hundred code lines.
"""

from __future__ import annotations

import ast
import io
import json
import sys
import tokenize
from pathlib import Path

LONG = 100
SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
CLEVER = (
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
    ast.NamedExpr,
    ast.IfExp,
)


def docstrings(tree: ast.Module) -> set[int]:
    """The lines that docstrings stand on."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            first = body[0]
            if isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runner")
    tokens = lines = long = clever = 0
    for path in folder.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
        silent = docstrings(tree)
        spoken: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type not in SILENT and token.start[0] not in silent:
                tokens += 1
                spoken.update(range(token.start[0], token.end[0] + 1))
        lines += len(spoken)
        long += sum(len(line) > LONG for line in source.splitlines())
        clever += sum(isinstance(node, CLEVER) for node in ast.walk(tree))
    found = {
        "code_lines": lines,
        "tokens_per_line": round(tokens / lines, 2),
        "lines_over_100": long,
        "comprehensions_and_the_like_per_100": round(100 * clever / lines, 1),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
