"""The sentence that a notification has for chats."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tzlocal import get_localzone

from runner import words
from runner.show.answer import sentence


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {
                "campaign": "spring",
                "replied": 2,
                "sentThisRun": 40,
                "totals": {"uncertain": 1, "failed": 0, "invalid": 3, "waiting": 60},
                "nextSendAt": "2026-11-24T08:00:00Z",
                "stopped": None,
            },
            (
                "spring: 2 answered, 1 uncertain (campaign settle --check), 3 invalid, 40 sent in "
                "this run, 60 waiting; the next goes on "
                f"{words.clock(datetime(2026, 11, 24, 8, tzinfo=UTC), get_localzone())}."
            ),
        ),
        (
            {"campaign": None, "totals": None, "stopped": {"reason": "The ledger is gone."}},
            "A campaign: stopped: The ledger is gone. It stands at: nothing to send.",
        ),
    ],
)
def test_what_needs_a_person_comes_first(answer: dict[str, Any], said: str) -> None:
    assert sentence(answer) == said
