"""What cells of a list are beyond their texts: a number with its format, a link.

The results hand them back where a file can hold them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from runner.intake.sheet import Row

# A link that leads to a page or a mail; a path on somebody's disk is none. Excel holds 2,079
# characters.
_LINK: Final = re.compile(r"(?:https?://|mailto:)\S{1,2000}", re.IGNORECASE)


class Kind(NamedTuple):
    """A number as a workbook stores it and the code of its format, or a link, or both."""

    number: float | None = None
    code: str = "General"
    link: str | None = None


def written(row: Row, places: Mapping[int, int]) -> str | None:
    """Return the kinds of a row's cells, by their places among those that are kept, as JSON."""
    if not (row.figures or row.links):
        return None
    kinds = {
        place: Kind(value, code)
        for column, value, code in row.figures
        if (place := places.get(column)) is not None
    }
    for column, target in row.links:
        place = places.get(column)
        if place is not None and _LINK.fullmatch(target):
            kinds[place] = kinds.get(place, Kind())._replace(link=target)
    return json.dumps([[place, *kind] for place, kind in kinds.items()]) if kinds else None


def read(text: str | None) -> Mapping[int, Kind]:
    """Return the kinds of a row's cells by their indexes."""
    return {index: Kind(*kind) for index, *kind in json.loads(text)} if text else {}
