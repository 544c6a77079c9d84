"""The first page: all campaigns, each with how it stands, and the campaign files that wait to be
started."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from runner.action.behind import refuse_behind
from runner.errors import StorageError
from runner.system.file import FileError, read_whole
from runner.web.board import beat_of, name_of
from runner.web.desk import now
from runner.web.view import draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.result.summary import Summary
    from runner.web.desk import Desk

_LONGEST_FILE: Final = 64_000


def index(desk: Desk, request: Request) -> Response:
    """All campaigns of the ledger."""
    trouble = None
    with desk.ledger() as ledger:
        state = name_of(beat_of(ledger, None))
        summaries = desk.board.every(ledger, now())
        try:
            refuse_behind(ledger)
        except StorageError as error:
            trouble = error
    return draw(
        desk,
        request,
        "campaigns.html",
        summaries=summaries,
        state=state,
        files=waiting_files(desk, summaries),
        uncertain=sum(summary.totals.uncertain for summary in summaries),
        trouble=trouble,
        place=desk.place,
    )


def waiting_files(desk: Desk, summaries: Sequence[Summary]) -> list[Path]:
    """The campaign files of the console's folder that no campaign was read from yet."""
    known = {str(summary.campaign.file) for summary in summaries}
    found = (path for path in sorted(desk.folder.glob("*.toml")) if str(path) not in known)
    return [path for path in found if _names_a_sheet(path)]


def _names_a_sheet(path: Path) -> bool:
    """Tell a campaign file from what else is written in TOML."""
    with suppress(FileError, UnicodeDecodeError):
        text = read_whole(path, _LONGEST_FILE)[0].decode("utf-8-sig")
        return re.search(r"(?m)^[ \t]{0,20}sheet[ \t]{0,20}=", text) is not None
    return False
