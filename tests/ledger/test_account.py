"""The numbers that the server told of an account are kept when an answer lacks some of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations, product
from pathlib import Path

import pytest

from runner.ledger.account import account_state
from runner.ledger.door import open_ledger
from runner.ledger.ledger import Ledger
from runner.ledger.told import note_told
from runner.sending.quota import DEFAULT_LIMIT, allowance, read_headers

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NUMBERS = ("limit", "used", "remaining", "reset")
SOME = [names for count in range(len(NUMBERS) + 1) for names in combinations(NUMBERS, count)]


def answer(limit: int, used: int) -> Mapping[str, str]:
    numbers = {
        "limit": limit,
        "used": used,
        "remaining": limit - used,
        "reset": "2026-11-24T00:00:00Z",
    }
    return {name: str(number) for name, number in numbers.items()}


def hear(
    ledger: Ledger, account: str, numbers: Mapping[str, str], names: tuple[str, ...], at: datetime
) -> int:
    """Note the named numbers of an answer, and return how many messages may go after it."""
    told = read_headers({f"x-ratelimit-{name}": numbers[name] for name in names}, at)
    with ledger.write() as connection:
        if told:
            note_told(connection, account, told)
        state = account_state(connection, account, 1, at + MINUTE)
        return allowance(state.told, state.charged_after, at + MINUTE).remaining


@pytest.mark.slow
def test_an_answer_that_lacks_numbers_does_not_unsay_what_an_earlier_one_told(
    tmp_path: Path,
) -> None:
    """Once an answer has said how many messages are left, no later answer of the day makes it more.

    This holds for all numbers that three answers can lack.
    """
    ledger = open_ledger(tmp_path / "ledger.db")
    for number, (first, second, third) in enumerate(
        product(SOME, SOME, [("used",), ("limit",), ("remaining",)])
    ):
        account = f"acc_{number}"
        left = DEFAULT_LIMIT
        for minute, names in enumerate((first, second, third)):
            found = hear(ledger, account, answer(20, 15 + minute), names, NOON + minute * MINUTE)
            tells = "remaining" in names or {"limit", "used"} <= {*names}
            assert found <= left, (first, second, third)
            assert not tells or found == 5 - minute
            left = found
    ledger.close()
