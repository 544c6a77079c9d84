"""The sharing of rows among the accounts of a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Shares:
    """The account that each row goes from.

    The accounts have even shares of the rows that wait, so that no account is done while rows wait
    for another. A row stays with the account it has, unless that account has more than its share.
    """

    def __init__(self, accounts: Sequence[str], waiting: Mapping[int, str]) -> None:
        """`waiting` are the accounts of the deliveries that wait, by id, in the sheet's order."""
        self._load = dict.fromkeys(accounts, 0)
        self._kept: dict[int, str] = {}
        share, more = divmod(len(waiting), max(1, len(accounts)))
        for delivery, account in waiting.items():
            load = self._load.get(account)
            if load is not None and load < share + (more > 0):
                more -= load == share
                self._load[account] = load + 1
                self._kept[delivery] = account

    def of_these(self, accounts: Sequence[str]) -> str:
        """Return the account of one more row: that of these with the fewest rows."""
        least = min(accounts, key=lambda account: self._load.get(account, 0))
        self._load[least] = self._load.get(least, 0) + 1
        return least

    def account(self, named: str | None, delivery: int | None) -> str:
        """Return the account of one more waiting row.

        It is the one the row has `named`, the one its delivery has kept, or the one with the fewest
        rows.
        """
        if named or not self._load:
            return named or ""
        if delivery is not None and delivery in self._kept:
            return self._kept[delivery]
        least = min(self._load, key=lambda account: self._load[account])
        self._load[least] += 1
        return least
