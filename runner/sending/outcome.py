"""The meaning of an answer: one outcome for everything that can be said.

The endpoint says it, or the network in its place. The table is the one of the endpoint's
documentation. When an answer does not say whether the message went out, the outcome is uncertain.
Such a message is never tried again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from runner.errors import ExitCode
from runner.ledger.record import LONGEST_WINDOW, Hold, Outcome, Status, Stop, Told
from runner.sending.client import Answer
from runner.sending.quota import next_midnight, read_headers, read_reset

# A run waits out a pause of up to this length. A longer pause ends the run.
BRIEF: Final = timedelta(minutes=15)
_VELOCITY_PAUSE: Final = timedelta(seconds=60)
_SHOWN: Final = 300
_UPSTREAM_STATUS: Final = re.compile(
    r"(?:status(?:[ _]?code)?|HTTP)\W{0,4}([1-5]\d\d)\b", re.IGNORECASE
)
_UPSTREAM_UNSURE: Final = re.compile(
    r"\btime[d]?[ -]?out|deadline exceeded"
    r"|\b(?:ETIMEDOUT|ECONN\w+|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|ERR_NETWORK)\b"
    r"|ERR_BAD_RESPONSE|socket (?:hang up|closed)|reset by peer|broken pipe|premature "
    r"close|aborted|fetch failed"
    r"|network (?:error|failure|problem|is unreachable|request failed)|bad gateway|gateway "
    r"time|upstream"
    r"|internal server error|service unavailable",
    re.IGNORECASE,
)
# A refusal that speaks of the account's own connection to LinkedIn.
_SESSION: Final = re.compile(
    r"\bre-?connect|\b(?:session|login|cookie|token)s? (?:has |have |is |are )?(?:been )?"
    r"(?:expired|invalid|revoked)|\bexpired session\b|\b(?:challenge|checkpoint)\b"
    r"|\b(?:log|sign) ?in again\b|\bre-?authenticat|\blogged out\b"
    r"|\baccount (?:is |has been |was )?(?:disconnected|not connected|restricted|suspended)\b",
    re.IGNORECASE,
)
_OF_ACCOUNTS: Final = (400, 402, 403, 409, 422)
# 24/7, and numbers of a minute, an hour or a second, are none of the day.
_OTHER_PERIOD: Final = re.compile(
    r"\b24\s?/\s?7\b|(?:per|/|a|each|every)\s?(?:minute|min|hour|second|sec)\b", re.IGNORECASE
)
_SPENT: Final = re.compile(r"(?<!\d)(\d++)\s*+/\s*+(\d+)")
_CREDENTIALS: Final = re.compile(
    r"\s*failed to get LinkedIn authentication credentials", re.IGNORECASE
)
_ACCOUNT_MISSING: Final = re.compile(
    r"\baccount(?:Id)?\b[^.]{0,60}\bnot (?:found|exist)|\bno (?:such )?account\b", re.IGNORECASE
)
_ABOUT_ACCOUNT: Final = re.compile(r"\baccounts?(?:Id)?\b", re.IGNORECASE)
_ABOUT_PROFILE: Final = re.compile(
    r"profile|recipient|member|user|person|conversation", re.IGNORECASE
)
REFUSALS: Final = {
    401: "The API key was refused",
    402: "The plan does not allow this",
    403: "Access was refused",
}
KEY_REMEDY: Final = (
    "Check the API key and the plan in the vendor's dashboard, then run the same command again."
)
_ACCOUNT: Final = (
    "Reconnect the LinkedIn account in the vendor's dashboard, then run the same command again."
)
_ENDPOINT: Final = (
    "Check --base-url and the vendor's announcements; --endpoint conversations/send speaks the "
    "vendor's replacement."
)


def read_answer(answer: Answer, now: datetime) -> Outcome:
    """Return the outcome of an answer whose status line arrived."""
    status, told = answer.status, read_headers(answer.headers, now)
    error = error_text(answer)
    if status == 200:
        return _accepted(answer, error, told)
    reply = _Reply(status, error or f"HTTP {status}", told)
    if status in _OF_ACCOUNTS and _SESSION.search(error or ""):
        said = f"The account was refused: {error}"
        return reply.waiting(stop=Stop("account", ExitCode.ACCESS, said, _ACCOUNT))
    if status == 400:
        return reply.uncertain() if _unsure(answer.text) else reply.failed()
    if status in REFUSALS:
        stop = Stop("run", ExitCode.ACCESS, f"{REFUSALS[status]}: {reply.error}", KEY_REMEDY)
        return reply.waiting(stop=stop, refusal="" if status == 401 else f"HTTP {status}")
    if status in (404, 405, 410):
        return _not_found(reply, answer.value)
    if status in (409, 422):
        unsure = answer.text is not None and _unsure(answer.text)
        return reply.uncertain() if unsure else reply.failed()
    if status == 429:
        hold = _hold(answer.value, error, answer.headers, told, now)
        if hold.brief:
            reply.told = None  # the numbers of a velocity limit are not those of the day
        return reply.waiting(hold=hold)
    if status == 500 and _CREDENTIALS.match(error or ""):
        return reply.waiting(
            stop=Stop("account", ExitCode.ACCESS, f"The account was refused: {error}", _ACCOUNT)
        )
    return reply.uncertain()


def unanswered(error: str, *, on_wire: bool) -> Outcome:
    """Return the outcome when no status line arrived.

    It depends on whether a request byte may have left, not on the kind of error.
    """
    if on_wire:
        return Outcome(Status.UNCERTAIN, error=error)
    return Outcome(Status.WAITING, error=error, unreachable=True)


def error_text(answer: Answer) -> str | None:
    """Return the sentence of an error body, cut short.

    It is looked for in the order of the endpoint's documentation.
    """
    text: object = None
    said = answer.value
    if isinstance(said, dict):
        error, details = said.get("error"), said.get("errorDetails")
        candidates: list[object] = [error]
        if isinstance(error, dict):
            candidates += [error.get("message"), _issue(error.get("issues"))]
        candidates += [
            said.get("message"),
            details.get("message") if isinstance(details, dict) else None,
        ]
        text = next(
            (
                candidate
                for candidate in candidates
                if isinstance(candidate, str) and candidate.strip()
            ),
            None,
        )
    if text is None and answer.text:
        text = re.sub(r"<[^<>]*>", " ", answer.text[:4_000])
    if not isinstance(text, str):
        return None
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return (text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…") or None


class _Reply:
    """One answer on its way to an outcome: the parts that every outcome of it carries."""

    def __init__(self, status: int, error: str, told: Told | None) -> None:
        self.status, self.error, self.told = status, error, told

    def _outcome(self, status: Status, **more: Any) -> Outcome:
        return Outcome(status, error=self.error, http_status=self.status, told=self.told, **more)

    def failed(self) -> Outcome:
        alike = re.sub(r"\d+", "0", self.error)
        return self._outcome(Status.FAILED, refusal=f"{self.status} {alike}")

    def uncertain(self) -> Outcome:
        return self._outcome(Status.UNCERTAIN)

    def waiting(
        self, *, hold: Hold | None = None, stop: Stop | None = None, refusal: str = ""
    ) -> Outcome:
        return self._outcome(Status.WAITING, hold=hold, stop=stop, refusal=refusal)


def _accepted(reply: Answer, error: str | None, told: Told | None) -> Outcome:
    answer = reply.value
    if not isinstance(answer, dict) or answer.get("success") is not True:
        said = (
            f"HTTP 200, but success was not confirmed: {error}"
            if error
            else "HTTP 200 without a readable answer"
        )
        return Outcome(Status.UNCERTAIN, error=said, http_status=200, told=told)
    urn, typing = answer.get("recipientProfileUrn"), answer.get("typingIndicatorSent")
    return Outcome(
        Status.SENT,
        http_status=200,
        typing_indicator_sent=typing if isinstance(typing, bool) else None,
        recipient_urn=_plain(urn) if isinstance(urn, str) else None,
        told=told,
        message_urn=_message_urn(answer.get("sentMessage")),
        is_deprecated=bool(answer.get("_deprecated")) or "deprecation" in reply.headers,
    )


def _message_urn(sent: object) -> str | None:
    """Return the URN of the message that the replacement made, which settles it for good."""
    urn = sent.get("messageUrn") if isinstance(sent, dict) else None
    return _plain(urn) if isinstance(urn, str) else None


def _plain(urn: str) -> str | None:
    """Return what can be seen and typed of a URN, cut short; None when nothing is left."""
    return (
        "".join(sign for sign in urn if sign.isascii() and sign.isprintable()).strip()[:200] or None
    )


def _unsure(text: str | None) -> bool:
    """Tell whether a refusal leaves open what became of the message.

    It does when it wraps trouble behind the endpoint, or when it cannot be read.
    """
    if text is None:
        return True
    wrapped = _UPSTREAM_STATUS.findall(text)
    if wrapped:
        return any(not status.startswith("4") for status in wrapped)
    return bool(_UPSTREAM_UNSURE.search(text))


def _not_found(reply: _Reply, answer: object) -> Outcome:
    if isinstance(answer, dict) and reply.status == 404:
        about_profile = _ABOUT_PROFILE.search(reply.error) and not _ACCOUNT_MISSING.search(
            reply.error
        )
        if about_profile:
            return reply.failed()
        if _ABOUT_ACCOUNT.search(reply.error):
            return reply.waiting(
                stop=Stop(
                    "account",
                    ExitCode.ACCESS,
                    f"The account was not found: {reply.error}",
                    _ACCOUNT,
                )
            )
    reason = f"The endpoint is not there (HTTP {reply.status}): {reply.error}"
    # A path that is gone is gone for all; an answer of the API itself may be about one person.
    is_answer = reply.status == 404 and isinstance(answer, dict)
    return reply.waiting(
        stop=Stop("run", ExitCode.ENDPOINT, reason, _ENDPOINT),
        refusal="HTTP 404" if is_answer else "",
    )


def _hold(
    answer: object, error: str | None, headers: Mapping[str, str], told: Told | None, now: datetime
) -> Hold:
    """Return the hold of an account that was told 429, with the instant until when it pauses."""
    if isinstance(answer, dict) and (until := _hold_until(answer.get("holdUntil"), now)):
        return Hold(until, "the server put the account on hold")
    remaining = told.remaining if told else None
    pause = _retry_after(headers.get("retry-after"), now)
    spent = None if _OTHER_PERIOD.search(error or "") else _SPENT.search(error or "")
    if remaining is None and pause is None and spent:
        # Numbers in a text count only where nothing else speaks of time.
        remaining = max(0, int(spent[2]) - int(spent[1]))
    if remaining == 0 or (remaining is None and pause is None):
        reset_at = read_reset(headers.get("x-ratelimit-reset"), now) or next_midnight(now)
        return Hold(
            reset_at,
            "the daily quota is spent",
            brief=reset_at - now <= BRIEF and pause is not None,
        )
    pause = pause or _VELOCITY_PAUSE
    return Hold(now + pause, "the server asked to slow down", brief=pause <= BRIEF)


def _hold_until(value: object, now: datetime) -> datetime | None:
    return (
        read_reset(str(value), now)
        if isinstance(value, str | int | float) and not isinstance(value, bool)
        else None
    )


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Read seconds or an HTTP date as a pause; None when it is missing, unreadable or absurd."""
    if text is None:
        return None
    try:
        if re.fullmatch(r"\d{1,9}(?:\.\d+)?", text.strip()):
            pause = timedelta(seconds=float(text))
        else:
            instant = parsedate_to_datetime(text)
            pause = (instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return max(pause, timedelta(seconds=1)) if timedelta() <= pause <= LONGEST_WINDOW else None


def _issue(issues: object) -> str | None:
    if not (isinstance(issues, list) and issues and isinstance(issues[0], dict)):
        return None
    path, message = issues[0].get("path"), issues[0].get("message")
    place = ".".join(str(step) for step in path) if isinstance(path, list) else ""
    if not isinstance(message, str):
        return None
    return f"{place}: {message}" if place else message
