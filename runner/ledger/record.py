"""The records that cross the ledger's door: frozen, typed, and the same on every database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol

from runner.errors import ExitCode
from runner.intake.recipient import Recipient
from runner.ledger.setting import DEFAULT_KEY, PaceWords, Stored, file_of

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

# The vendor has no window that is longer than a week. An end beyond that is a mistake, and would
# silence an account.
LONGEST_WINDOW: Final = timedelta(days=8)
# No account has a limit beyond this. A larger number is a mistake, and this one is taken for it.
BELIEVABLE: Final = 2_000


class Status(StrEnum):
    """The status of a row; `sending` exists in the ledger only: a claim without an outcome."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    INVALID = "invalid"


# With these statuses a message left, or may have left. A `failed` message is not tried again by
# itself either.
ATTEMPTED: Final = (Status.SENDING, Status.SENT, Status.FAILED, Status.UNCERTAIN)
# With these statuses a person has, or may have, the message in the inbox.
POSSIBLY_RECEIVED: Final = (Status.SENDING, Status.SENT, Status.UNCERTAIN)
# The reason of a message of a sequence while the one before is not certainly sent.
FOLLOWS: Final = "follows a message that is not certainly sent yet"
# The reason of a delivery whose person has left the list.
WITHDRAWN: Final = "no longer in the sheet"
# `decided_by` begins with this word when evidence decided, not a person. Such a decision stands.
EVIDENCE: Final = "evidence"
NEEDS_A_PERSON: Final = (Status.UNCERTAIN, Status.FAILED, Status.INVALID)


class Verdict(StrEnum):
    """A word on a delivery whose outcome is open; `undone` takes the word before back."""

    SENT = "sent"
    NOT_SENT = "not-sent"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Told:
    """The server's numbers for an account's quota; None for a number that it left out.

    `at` is the time when the server told them. `opened` is the reset before `reset_at`, from which
    on the window is open; None when no such reset was seen to pass.
    """

    at: datetime
    limit: int | None = None
    used: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None
    opened: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A pause of an account: its end and its reason. A run waits out a `brief` hold."""

    until: datetime
    reason: str
    brief: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """The end of sending, for one account or for the whole run.

    It holds the exit code, the reason and the next step. An alarm is told even when nothing waits
    any more.
    """

    scope: Literal["account", "run"]
    exit_code: ExitCode
    reason: str
    remedy: str
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an attempt.

    The status `waiting` means that the message was certainly not sent. The row may then be tried
    again. A refusal that may be about one person, or about all, has its kind as its `refusal`: what
    comes before and after it tells. `is_deprecated` says that the vendor means to take the endpoint
    away.
    """

    status: Status
    error: str | None = None
    http_status: int | None = None
    typing_indicator_sent: bool | None = None
    recipient_urn: str | None = None
    told: Told | None = None
    hold: Hold | None = None
    stop: Stop | None = None
    unreachable: bool = False
    refusal: str = ""
    message_urn: str | None = None
    is_deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Rival:
    """Another campaign with rows for the same account. It is running, or ran so lately that it will
    run again. `pace` is the one it was last run with."""

    campaign: int
    waiting: int
    running: bool
    pace: PaceWords


class Ahead(NamedTuple):
    """So many people, one below the other in the list, have these steps of a sequence before them:
    the first one waits, from `due_at` on where it has a date, and each other one follows the one
    before."""

    steps: tuple[int, ...]
    due_at: datetime | None
    people: int


class AccountState(Protocol):
    """An account as a claim of `campaign` sees it; `last_claim` is when it last sent."""

    @property
    def account(self) -> str: ...

    @property
    def campaign(self) -> int: ...

    @property
    def told(self) -> Told | None: ...

    @property
    def hold(self) -> Hold | None: ...

    @property
    def last_claim(self) -> datetime | None: ...

    def charged_after(self, instant: datetime, campaign: int | None = None) -> int:
        """The messages claimed after `instant` that count against the quota; of one campaign, when
        it is named."""

    def charged_in(self, opened: datetime) -> int:
        """Those that count in the window that opened then: claimed since, or before and not known
        to have been over by then. The latter count on both sides."""

    def charged_before(self, instant: datetime) -> datetime | None:
        """The claim of the last such message before `instant`."""

    def nth_latest(self, number: int, *, by_key: bool) -> datetime | None:
        """The claim of the n-th last request, on this account or `by_key`: by the one it goes by,
        for any account."""

    def waiting(self) -> int:
        """The rows that the campaign still has for the account, and whose date has come."""

    def later(self) -> tuple[tuple[datetime, int], ...]:
        """The rows whose date is to come: each date, and how many have it, the first one first."""

    def ahead(self) -> tuple[Ahead, ...]:
        """The campaign's messages that are still to go, by step."""

    def rivals(self) -> tuple[Rival, ...]:
        """The other campaigns that share the account."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause: no message may go before `until`. With `stay` it is worth waiting in the run."""

    until: datetime
    reason: str
    stay: bool


class Terms(NamedTuple):
    """The terms of a claim: it was made `at` a time, is good for a `lease` from then, and `holds`,
    asked within a later transaction, as long as it would be made again."""

    at: datetime
    lease: timedelta
    holds: Callable[[Connection], bool]


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery chosen for sending: everything the request needs. `step` says which of the
    campaign's messages it is; `key` is the name of the key it goes by.

    The commit of its intent takes it and gives it its `attempt`; until then it is nobody's.
    """

    delivery: int
    campaign: int
    row: int
    account: str
    recipient: Recipient
    text: str
    subject: str | None
    message_type: str
    conversation_urn: str | None
    step: int = 1
    key: str = DEFAULT_KEY
    attempt: int | None = None
    terms: Terms | None = field(default=None, compare=False, repr=False)


class OvertakenError(Exception):
    """A claim does not hold any more, since others were faster: no byte of its message may leave.
    It is to be made anew."""


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign as the ledger keeps it; `settings` are those it was last run with. Workers send it
    since `submitted_at`."""

    id: int
    name: str
    source: str
    template_hash: str
    headers: tuple[str, ...]
    delimiter: str
    settings: Stored
    read_at: datetime
    stamp: str | None
    running_since: datetime | None
    running_pid: int | None
    submitted_at: datetime | None = None

    @property
    def file(self) -> Path:
        """The list or campaign file it was last read from."""
        return file_of(self.source, self.settings.sheet)


class UncertainRow(NamedTuple):
    """A row that may or may not have been delivered.

    `number` is the row's number, or None when the row has left the list. `person` is the
    recipient's profile ID, or else the recipient's URN.
    """

    number: int | None
    person: str

    def __str__(self) -> str:
        person = self.person or "forgotten"
        if self.number is None:
            return f"{person} (no longer in the list)"
        return f"row {self.number} ({person})"


@dataclass(frozen=True, slots=True)
class Totals:
    """The number of the sheet's rows with each status. Their sum is the number of all rows."""

    sent: int = 0
    uncertain: int = 0
    failed: int = 0
    skipped: int = 0
    invalid: int = 0
    waiting: int = 0

    @property
    def rows(self) -> int:
        return self.sent + self.uncertain + self.failed + self.skipped + self.invalid + self.waiting
