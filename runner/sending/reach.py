"""The reach of a message: a normal one reaches connections only; others by InMail, or not at all.

The cheapest source comes first: what LinkedIn's own export or an earlier answer said, then the
vendor, whose views of profiles are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from runner.intake.limit import MAX_INMAIL
from runner.ledger.connected import VENDOR, is_connected, note_connected
from runner.ledger.ledger import Ledger
from runner.ledger.look import NO_CONNECTION, Unseen
from runner.sending.lookup import Lookup

AFTER_INMAIL: Final = "an InMail that was not answered is followed by nothing"
NO_CREDIT: Final = "the account has no InMail credit left"
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person is reached: as InMail, or not, since `stranger`; or why that is not known."""

    as_inmail: bool = False
    stranger: str | None = None
    failed: str | None = None


@dataclass(slots=True)
class Reaching:
    """Finds how one person after the other is reached.

    Strangers, whom a normal message does not reach, are skipped, unless `sends_to_strangers`; with
    `uses_inmail` they get it as InMail, where credits allow.
    """

    ledger: Ledger
    lookup: Lookup
    now: Callable[[], datetime]
    sends_to_strangers: bool
    uses_inmail: bool
    # By account: the InMail credits that are left; None where the vendor does not say.
    _credits: dict[str, int | None] = field(default_factory=dict)

    async def read_credits(self, accounts: Iterable[str]) -> dict[str, int]:
        """Return the accounts' InMail credits, as far as they are told. Raises AccessError."""
        for account in accounts:
            self._credits[account] = await self.lookup.credits(account)
        return {account: left for account, left in self._credits.items() if left is not None}

    async def find(self, unseen: Unseen, told: bool | None, *, has_messages: bool) -> Reach:
        """Say whether a message reaches the person: as a connection, as InMail, or not at all.

        Their conversation may have `told` whether they are connected. Else whoever talks with the
        account already is not asked about: a conversation goes on. Raises AccessError.
        """
        if unseen.after_inmail and not (told or self._known(unseen)):
            return Reach(stranger=AFTER_INMAIL)
        if unseen.message_type == "inmail":
            return await self._inmail(unseen)
        if self.sends_to_strangers or (has_messages and told is not False) or told:
            return Reach()
        known = self._known(unseen) if told is None else told
        if known is None:
            asked = await self._ask_connected(unseen)
            if isinstance(asked, str):
                return Reach(failed=asked)
            known = asked
        if known is not False:
            return Reach()
        if not self.uses_inmail:
            return Reach(stranger=f"{NO_CONNECTION} {unseen.account}")
        return await self._inmail(unseen)

    def _known(self, unseen: Unseen) -> bool | None:
        """Whether the two are connected, as far as an export or an earlier answer told."""
        with self.ledger.read() as connection:
            return is_connected(connection, unseen.account, unseen.keys, self.now())

    async def _ask_connected(self, unseen: Unseen) -> bool | str | None:
        """Ask whether the two are connected, and note it; None for not known, or why that failed.

        The views of profiles that the vendor counts are left to people from half of them on.
        """
        slug = slug_of(unseen)
        left = self.lookup.views.get(unseen.account)
        if slug is None or not unseen.account or left == 0:
            return None
        told = await self.lookup.relationship(slug, unseen.account)
        if left is not None:
            self.lookup.views[unseen.account] = left - 1
        if told is None:
            is_unknown = self.lookup.status == _NOT_FOUND
            return None if is_unknown else self.lookup.unanswered("relationship")
        with self.ledger.write() as connection:
            note_connected(
                connection,
                unseen.account,
                [slug],
                self.now(),
                is_connected=told.connected,
                source=VENDOR,
            )
        return told.connected

    async def _inmail(self, unseen: Unseen) -> Reach:
        """Whether an InMail can go: it has a subject, and a credit, or the profile is open."""
        if not unseen.subject:
            return Reach(stranger=f"{NO_CONNECTION} {unseen.account}, and there is no subject")
        if unseen.length > MAX_INMAIL:
            text = f"and the text is longer than an InMail's {MAX_INMAIL:,} characters"
            return Reach(stranger=f"{NO_CONNECTION} {unseen.account}, {text}")
        if unseen.account not in self._credits:
            self._credits[unseen.account] = await self.lookup.credits(unseen.account)
        left = self._credits[unseen.account]
        if left is not None and left <= 0:
            is_free = await self.lookup.is_open(unseen.recipient)
            if not is_free:
                return Reach(failed=NO_CREDIT)
        elif left is not None:
            self._credits[unseen.account] = left - 1
        return Reach(as_inmail=True)


def slug_of(unseen: Unseen) -> str | None:
    """Return a profile ID of the person, where one is known."""
    return next((key for key in unseen.keys if not key.startswith("urn:")), None)
