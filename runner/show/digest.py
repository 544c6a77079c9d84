"""The digest, in lines, as JSON, and as a sentence for chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tzlocal import get_localzone

from runner import words
from runner.errors import ExitCode
from runner.show.answer import finished, instant_of
from runner.show.console import Console

if TYPE_CHECKING:
    from runner.action.digest import Digest, News


def show_digest(console: Console, digest: Digest) -> ExitCode:
    """A line for each campaign with news."""
    console.say(f"Since {words.clock(digest.since, get_localzone())}:")
    for one in digest.news:
        console.say(f"  {line_of(one)}")
    if not digest.news:
        console.say("  Nothing happened, and nothing waits.")
    console.answer(digest_answer(digest))
    return digest.exit_code


def digest_answer(digest: Digest) -> dict[str, Any]:
    """The JSON object of a digest; `text` says it in sentences."""
    campaigns = [
        {
            "campaign": one.summary.campaign.name,
            "answered": one.answered,
            "uncertain": one.summary.totals.uncertain,
            "failed": one.summary.totals.failed,
            "invalid": one.summary.totals.invalid,
            "sent": one.sent,
            "waiting": one.summary.totals.waiting,
            "nextSendAt": instant_of(one.summary.next_send_at),
            "people": list(one.people),
        }
        for one in digest.news
    ]
    text = "\n".join(line_of(one) for one in digest.news) or "Nothing happened, and nothing waits."
    said = {"since": instant_of(digest.since), "campaigns": campaigns, "text": text}
    return finished(said, digest.exit_code)


def line_of(one: News) -> str:
    """What is new of a campaign, in a sentence: what needs a person first."""
    counts = one.summary.totals
    parts = [
        (one.answered, "answered"),
        (counts.uncertain, "uncertain (campaign settle --check)"),
        (counts.failed, "failed"),
        (counts.invalid, "invalid"),
        (one.sent, "sent"),
        (counts.waiting, "waiting"),
    ]
    said = ", ".join(f"{number} {what}" for number, what in parts if number)
    paused = "; paused" if one.summary.paused_at is not None else ""
    ahead = f"; {one.summary.finish}" if counts.waiting and not paused else ""
    people = f" ({words.some(one.people)})" if one.people else ""
    return f"{one.summary.campaign.name}: {said}{paused}{ahead}.{people}"
