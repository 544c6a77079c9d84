"""A blank cell in a template: it counts as missing, and printing it is an error.

`default`, `if` and `or` treat it as absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from jinja2 import StrictUndefined, UndefinedError


class RenderError(ValueError):
    """One row's message cannot be made.

    `column` is the header of the blank cell, when a blank cell is the reason.
    """

    def __init__(self, text: str, column: str | None = None) -> None:
        super().__init__(text)
        self.column = column


class BlankError(UndefinedError):
    def __init__(self, column: str) -> None:
        super().__init__(f"the column {column!r} is blank in this row")
        self.column = column


class Blank(StrictUndefined):
    """A cell with nothing in it: false, empty, equal to '', and replaced by `default`.

    Anything that would print it is an error.
    """

    __slots__ = ()

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise BlankError(str(self._undefined_name))

    # StrictUndefined types these as never returning; a blank cell answers them.
    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def __len__(self) -> int:  # type: ignore[override]
        return 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        return iter(())

    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return other == "" or isinstance(other, Blank)

    def __ne__(self, other: object) -> bool:  # type: ignore[override]
        return not self == other

    def __hash__(self) -> int:  # type: ignore[override]
        return hash("")

    __str__ = _fail_with_undefined_error
    __contains__ = _fail_with_undefined_error
