"""The things that would embarrass: in one message, in one value, and between the rows of a sheet.

One message is judged when it is rendered. Some things only show between rows: a text that many
people get, a greeting with another row's name, a conversation of another account, rows that the
spreadsheet program hides. They are known when all rows have been seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from runner.intake.conversation import conversation_owner

# One text for this many people looks like spam, to them and to LinkedIn.
MANY: Final = 25


class Review:
    """A record of the things seen in a sheet's rows; it is asked at the end."""

    def __init__(self) -> None:
        self._said: set[int] = set()  # the hashes of all texts
        self._again: dict[int, list[int]] = {}
        # By name: the rows that greet it, each with the name that the row itself gives, if any.
        self.greeted: dict[str, list[tuple[int, str]]] = {}
        self._conversations: list[tuple[int, str, str]] = []

    def text(self, row: int, text: str) -> None:
        """Note the text of a message."""
        key = hash(text)
        if key in self._said:
            self._again.setdefault(key, []).append(row)
        else:
            self._said.add(key)

    def greeting(self, row: int, name: str, called: str = "") -> None:
        """Note that a row's own message greets a person that the row does not name.

        `called` is the name of the row's person, where the row says it and the greeting does not
        fit it.
        """
        self.greeted.setdefault(name, []).append((row, called))

    def conversation(self, row: int, urn: str, account: str) -> None:
        """Note a conversation and the account that is to continue it."""
        self._conversations.append((row, conversation_owner(urn), account))

    def repeated(self) -> tuple[int, int] | None:
        """Return the number of people who get the commonest text, and one of their rows.

        Return None when they are not many.
        """
        rows = max(self._again.values(), key=len, default=[])
        return (len(rows) + 1, rows[0]) if len(rows) + 1 >= MANY else None

    def foreign_conversations(self) -> Iterator[tuple[int, str, str]]:
        """Find rows whose conversation does not fit the others: row, owner, account.

        Either it belongs to another account than most others sent from the same account. Or it is
        to be continued from another account than most others of its owner.
        """
        owners: dict[str, Counter[str]] = {}
        accounts: dict[str, Counter[str]] = {}
        for _, owner, account in self._conversations:
            owners.setdefault(account, Counter())[owner] += 1
            accounts.setdefault(owner, Counter())[account] += 1
        owners_top = {account: counts.most_common(2) for account, counts in owners.items()}
        accounts_top = {owner: counts.most_common(2) for owner, counts in accounts.items()}
        for row, owner, account in self._conversations:
            if _is_odd(owner, owners_top[account]) or _is_odd(account, accounts_top[owner]):
                yield row, owner, account


def _is_odd(one: str, commonest: Sequence[tuple[str, int]]) -> bool:
    """Tell whether something is not the one that is by far the commonest, of the first two."""
    if len(commonest) < 2:
        return False
    (usual, most), (_, second) = commonest
    return one != usual or most == second
