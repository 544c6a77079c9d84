"""Colour and aligned tables, where a person looks at a terminal. What is said stays the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

_COLOURS: Final = {
    "sent": "green",
    "answered": "green",
    "waiting": "cyan",
    "uncertain": "bold yellow",
    "failed": "red",
    "invalid": "magenta",
    "skipped": "bright_black",
}
_THEME: Final = Theme(
    {
        **{f"said.{name}": colour for name, colour in _COLOURS.items()},
        "said.error": "bold red",
        "said.label": "bold",
        "said.command": "bold",
    }
)
_WIDEST: Final = 48
_NAME: Final = 24


class _Said(RegexHighlighter):
    """Knows counts by status, errors, next steps and commands by how they are worded."""

    base_style = "said."
    highlights = [  # noqa: RUF012 - the library's own name and kind
        # But not "4 of 31 answered", where the first number is meant.
        *(rf"\b(?<!of )(?P<{name}>\d[\d,]* {name})\b" for name in _COLOURS),
        r"^(?P<error>Error:)",
        r"^ *(?P<label>Where:|Next:|Note:|Invalid,|Warning,|Stops the campaign:)",
        r"(?P<command>campaign [a-z-]+(?: --?[\w-]+)*)(?= |$|[.;,])",
    ]


def say(text: str, stream: TextIO) -> None:
    """Print a line; it is broken where the terminal breaks it."""
    _screen(stream).print(text, soft_wrap=True)


def say_table(headers: Sequence[str], rows: Iterable[Sequence[str]], stream: TextIO) -> None:
    """Print a table as wide as the terminal, with long cells broken; the first column, by which a
    person knows a line, is broken last."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    lines = list(rows)
    known_by = max((len(row[0]) for row in (headers, *lines)), default=0)
    for index, header in enumerate(headers):
        least = None if index else min(known_by, _NAME)
        table.add_column(header, overflow="fold", min_width=least, max_width=_WIDEST)
    for row in lines:
        cells = [Text(cell, _COLOURS.get(cell, "")) for cell in row]
        for cell in cells:
            _Said().highlight(cell)
        table.add_row(*cells)
    _screen(stream).print(table)


def _screen(stream: TextIO) -> Console:
    return Console(file=stream, theme=_THEME, highlighter=_Said(), markup=False, emoji=False)
