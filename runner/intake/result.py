"""The columns with the results: their names, and how a results sheet is known by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RESULT_COLUMNS: Final = (
    "status",
    "reason",
    "typingIndicatorSent",
    "error",
    "sentAt",
    "sentToUrn",
    "sentFrom",
    "httpStatus",
    "attempts",
    "waitsUntil",
    "sentMessage",
    "repliedAt",
    "reply",
    "conversation",
)
# The columns of a campaign whose messages follow one another, or have variants. They stand behind
# all others.
STEP_COLUMN: Final = "step"
VARIANT_COLUMN: Final = "variant"
# Among the rows that need attention: the number that the row has in the list.
ROW_COLUMN: Final = "rowInList"
# A person's own sheet may well have a column "status" or "error"; only a results sheet has several
# of these.
_RESULT_MARKS: Final = (
    "typingIndicatorSent",
    "sentToUrn",
    "waitsUntil",
    "sentMessage",
    "sentFrom",
    "httpStatus",
)
_ENOUGH_MARKS: Final = 3


def result_columns(*, steps: bool = False, variants: bool = False) -> tuple[str, ...]:
    """Return the names of the columns with the results of a campaign, in their order."""
    further = ((STEP_COLUMN, steps), (VARIANT_COLUMN, variants))
    return (*RESULT_COLUMNS, *(name for name, is_there in further if is_there))


def earlier_columns(forms: Mapping[int, str]) -> dict[str, int]:
    """Find the columns with results in a sheet, by their names; none in a sheet that holds none.

    `forms` are the headers in their form for comparison, by index.
    """
    last = {form: index for index, form in forms.items()}
    if sum(mark.casefold() in last for mark in _RESULT_MARKS) < _ENOUGH_MARKS:
        return {}
    found = {name: last[name.casefold()] for name in RESULT_COLUMNS if name.casefold() in last}
    # Results of an earlier version lack the last ones; such a column is then a person's own.
    sent = found.get("sentMessage")
    for name in RESULT_COLUMNS[RESULT_COLUMNS.index("sentMessage") + 1 :]:
        if name in found and (sent is None or found[name] < sent):
            del found[name]
    # A column that does not come right behind the results is a person's own.
    end = max(found.values())
    for name in (STEP_COLUMN, VARIANT_COLUMN, ROW_COLUMN):
        if forms.get(end + 1) == name.casefold():
            found[name] = end = end + 1
    return found
